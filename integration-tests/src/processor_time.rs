//! Processor time of another process, in nanoseconds.

use std::fs;
use std::time::Duration;

/// A process, and what it had used up at a moment.
#[derive(Clone, Copy, Debug)]
pub struct ProcessorTime {
    process: u32,
    before: Duration,
}

impl ProcessorTime {
    /// Of the process with this number, from now on.
    ///
    /// # Panics
    /// When there is none.
    pub fn of(process: u32) -> Self {
        Self { process, before: used(process) }
    }

    /// What it has used since.
    ///
    /// # Panics
    /// When it has ended.
    pub fn spent(&self) -> Duration {
        used(self.process).saturating_sub(self.before)
    }
}

/// The sum over all its threads. `schedstat` counts nanoseconds, where
/// `/proc/PID/stat` counts hundredths of a second.
///
/// Source: Linux, `Documentation/scheduler/sched-stats.rst`.
fn used(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("a running process");
    threads
        .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok())
        .map(|line| {
            let on_processor = line.split_whitespace().next().and_then(|field| field.parse().ok());
            Duration::from_nanos(on_processor.expect("nanoseconds"))
        })
        .sum()
}
