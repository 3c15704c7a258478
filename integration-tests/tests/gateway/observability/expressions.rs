//! What is asked of Prometheus, as it stands in the shipped files.

use integration_tests::repository;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

/// A shipped file, as JSON.
pub(super) fn shipped(name: &str) -> Value {
    let file = repository().join("envoy/observability").join(name);
    let text = fs::read_to_string(file).expect("a shipped file");
    yaml_serde::from_str(&text).expect("YAML, or JSON, which is YAML")
}

/// Every rule of a file of rules.
pub(super) fn rules(name: &str) -> Vec<Value> {
    let file = shipped(name);
    let groups = file["groups"].as_array().expect("groups").iter();
    groups.flat_map(|group| group["rules"].as_array().expect("rules").clone()).collect()
}

/// The words of an expression that are neither functions nor values.
pub(super) fn names(expression: &str) -> BTreeSet<String> {
    let unquoted: String = expression.split('"').step_by(2).collect::<Vec<&str>>().join(" ");
    let is_part = |character: char| character.is_alphanumeric() || "_:".contains(character);
    let words = unquoted.split(|character| !is_part(character)).filter(|word| word.contains('_'));
    let is_own = |word: &&str| !FUNCTIONS.contains(word) && !word.starts_with("__");
    words.filter(is_own).map(str::to_owned).collect()
}

/// Words of PromQL itself.
const FUNCTIONS: [&str; 3] = ["group_left", "histogram_quantile", "label_replace"];
