//! What a line holds.

use super::recipe::{Stand, chat_with};
use crate::prediction::predict;
use integration_tests::{Call, repository};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;

const FILTERS: [&str; 4] =
    ["model-router", "payload-validator", "admission-control", "inference-metrics"];

#[tokio::test]
async fn tokens_times_and_costs_are_numbers() {
    let stand = Stand::sampling(100).await;
    let call = chat_with(json!({"stream": true, "max_tokens": 50})).header("x-wanted", "stream");
    let entry = stand.entry_of(call.header("authorization", "Bearer key")).await;
    for (member, value) in [
        ("input_tokens", 10),
        ("output_tokens", 20),
        ("cached_tokens", 4),
        ("reasoning_tokens", 5),
        ("tokens_used", 30),
        ("status", 200),
    ] {
        assert_eq!(entry[member], value, "{member} {entry}");
    }
    let reserved = entry["tokens_reserved"].as_i64().expect("a number");
    assert_eq!(entry["tokens_unspent"], reserved - 30, "{entry}");
    assert_eq!(entry["cost_microunits"], 10.0 * 0.15 + 20.0 * 0.6);
    assert!(entry["ttft_ms"].as_f64().is_some_and(|it| it >= 0.0), "{entry}");
    for (member, value) in [
        ("model", "demo"),
        ("version", "v1"),
        ("validation", "passed"),
        ("admission", "admitted"),
        ("outcome", "ok"),
        ("operation", "chat_completions"),
        ("finish_reason", "stop"),
        ("cluster", "demo"),
    ] {
        assert_eq!(entry[member], value, "{member} {entry}");
    }
    assert!(entry["tenant"].is_string() && entry["input_hash"].is_string(), "{entry}");
}

#[tokio::test]
async fn what_is_not_known_is_null() {
    let stand = Stand::sampling(100).await;
    let entry = stand.entry_of(predict()).await;
    for member in ["output_tokens", "ttft_ms", "finish_reason", "rejected", "reported_rule"] {
        assert!(entry.get(member).is_some_and(serde_json::Value::is_null), "{member} {entry}");
    }
    assert_eq!(entry["grpc_status"], 0, "{entry}");
}

#[tokio::test]
async fn a_line_holds_the_path_without_its_query() {
    let stand = Stand::sampling(100).await;
    let entry = stand.entry_of(Call::get("/v1/unknown?key=1")).await;
    assert_eq!(entry["path"], "/v1/unknown");
}

/// As their READMEs list them.
fn facts_of_all_filters() -> BTreeSet<String> {
    let readme = |filter| repository().join("filters").join(filter).join("README.md");
    let texts = FILTERS.map(|filter| fs::read_to_string(readme(filter)).expect("a README"));
    let rows = texts.iter().flat_map(|text| text.lines());
    rows.filter(|row| row.starts_with("| `inference."))
        .flat_map(|row| row.split('|').nth(1).expect("a first column").split('`'))
        .filter(|word| word.starts_with("inference."))
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn every_fact_of_every_filter_is_in_a_line() {
    let recipe = repository().join("envoy/recipes/access-log/envoy.yaml");
    let recipe = fs::read_to_string(recipe).expect("the recipe");
    let facts = facts_of_all_filters();
    assert!(facts.len() > 20, "{facts:?}");
    for fact in facts {
        let name = fact.trim_start_matches("inference.");
        let member = recipe.lines().find(|line| line.trim().starts_with(&format!("{name}: ")));
        let member = member.unwrap_or_else(|| panic!("{fact} is not there"));
        let shown = [format!("wasm.{fact}:PLAIN"), format!("'wasm.{fact}'")];
        assert!(shown.iter().any(|shown| member.contains(shown)), "{member}");
    }
}
