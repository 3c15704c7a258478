use std::fmt;
use std::fs;

/// How much memory a process takes, as the kernel counts it, in bytes.
///
/// Source: Linux, `Documentation/filesystems/proc.rst`, `status`.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Now.
    pub resident: u64,
    /// The most so far.
    pub peak: u64,
}

impl Memory {
    /// # Panics
    /// When there is no such process, or no `/proc`.
    pub(crate) fn of(process: u32) -> Self {
        let file = format!("/proc/{process}/status");
        let status = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            kibibytes.map(|count: u64| count << 10).unwrap_or_else(|| panic!("no {name} in {file}"))
        };
        Self { resident: field("VmRSS:"), peak: field("VmHWM:") }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} MiB, at most {} MiB", self.resident >> 20, self.peak >> 20)
    }
}
