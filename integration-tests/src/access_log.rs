use crate::waiting::eventually;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Envoy's access log: a JSON object for each request that is over.
#[derive(Clone, Debug)]
pub struct AccessLog {
    file: PathBuf,
}

impl AccessLog {
    pub(crate) fn in_file(file: &Path) -> Self {
        Self { file: file.to_owned() }
    }

    /// What is written so far.
    ///
    /// # Panics
    /// When a line is no JSON.
    pub fn entries(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        // The last line may not be written to its end.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    /// Waits for an entry of this kind.
    ///
    /// # Panics
    /// With `what`, when none comes in time.
    pub async fn wait_for(&self, what: &str, kind: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || self.entries().into_iter().find(|entry| kind(entry))).await
    }
}
