use std::fs;
use std::path::{Path, PathBuf};

/// What must not stand in a line of Envoy's log: a filter that trapped, a
/// hostcall that failed, or something that only a defect of ours leads to.
const ALARMING: [&str; 7] = [
    "panicked",
    "[critical]",
    "Function: proxy_",
    "wasm_fail",
    "Uncaught RuntimeError",
    "Plugin configuration failed",
    // A filter's shell found that something didn't hold.
    ": fault: ",
];

/// How many lines are shown when a test fails.
const TAIL: usize = 40;

/// Envoy's log, in a file.
#[derive(Clone, Debug)]
pub struct EnvoyLog {
    file: PathBuf,
}

impl EnvoyLog {
    pub(crate) fn in_file(file: &Path) -> Self {
        Self { file: file.to_owned() }
    }

    /// All of it so far.
    pub fn text(&self) -> String {
        let bytes = fs::read(&self.file).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The entries that tell of a filter's failure.
    pub fn alarms(&self) -> Vec<String> {
        entries(&self.text()).into_iter().filter(|entry| is_alarming(entry)).collect()
    }

    /// Its end.
    pub fn tail(&self) -> String {
        let text = self.text();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL)..].join("\n")
    }
}

/// An entry begins with its level in brackets; what doesn't belongs to the one
/// before, as a panic's message does.
fn entries(text: &str) -> Vec<String> {
    text.lines().fold(Vec::new(), |mut entries, line| {
        match entries.last_mut() {
            Some(entry) if !line.starts_with('[') => {
                entry.push('\n');
                entry.push_str(line);
            }
            _ => entries.push(line.to_owned()),
        }
        entries
    })
}

fn is_alarming(line: &str) -> bool {
    let hostcall_failed = line.contains("proxy_on_") && line.contains("failed");
    hostcall_failed || ALARMING.iter().any(|sign| line.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trap_is_alarming_and_a_warning_is_not() {
        for line in [
            "[critical][wasm] wasm log p p: panicked at src/lib.rs:22:9:",
            "[error][wasm] Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable",
            "[error][wasm] wasm log router: model-router: fault: the host did not give the body",
        ] {
            assert!(is_alarming(line), "{line}");
        }
        assert!(!is_alarming("[warning][main] there is no configured limit to the number of"));
    }
}
