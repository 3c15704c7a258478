//! What is counted and stated.

use super::*;
use filter_kit::{Change, MetricKind};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const LABELS: &str = "_model=.=iris;_version=.=other;";

fn chat(max_tokens: u32) -> Trial {
    let body = json!({"messages": [{"role": "user", "content": "x"}], "max_tokens": max_tokens});
    Trial::chat(&body).header("x-model-name", "iris")
}

fn notes(max_tokens: u32) -> Notes {
    let validator = with_contract(json!({"model": "iris", "generative": {"max_tokens": 10}}));
    chat(max_tokens).noting(&validator).1
}

fn facts(notes: &Notes) -> Vec<(&str, &str)> {
    notes.facts().iter().map(|fact| (fact.name, fact.value.as_str())).collect()
}

#[test]
fn a_request_that_passes_is_counted_with_its_bytes_and_its_time() {
    let notes = notes(10);
    assert_eq!(counted(&notes, &format!("inference_validator_checked_total{LABELS}")), 1);
    assert_eq!(facts(&notes), [("inference.validation", "passed")]);
    let bytes = format!("inference_validator_body_bytes_total{LABELS}");
    let length = i64::try_from(chat(10).body_bytes().len()).unwrap();
    let has_bytes = notes.changes().iter().any(|change| match change {
        Change::Add(series, amount) => series.stat_name() == bytes && *amount == length,
        Change::Set(..) | Change::Record(..) => false,
    });
    assert!(has_bytes, "{:?}", notes.changes());
    let held = |change: &&Change| matches!(change, Change::Record(series, _) if matches!(series.kind(), MetricKind::Histogram(_)));
    assert_eq!(notes.changes().iter().filter(held).count(), 1);
}

#[test]
fn a_request_that_is_refused_is_counted_by_its_rule() {
    let notes = notes(11);
    let counter = format!("inference_validator_refused_total{LABELS}_rule=.=max_tokens;");
    assert_eq!(counted(&notes, &counter), 1);
    assert_eq!(counted(&notes, &format!("inference_validator_checked_total{LABELS}")), 1);
    assert_eq!(facts(&notes), [("inference.validation", "refused:max_tokens")]);
}

#[test]
fn every_series_stands_at_zero_from_the_start_but_those_of_rules() {
    let validator = with_contract(json!({"model": "iris"}));
    let names: Vec<&str> = validator.series().map(filter_kit::Series::stat_name).collect();
    for metric in ["checked_total", "unchecked_total", "body_bytes_total", "answers_total"] {
        let name = format!("inference_validator_{metric}{LABELS}");
        assert!(names.contains(&name.as_str()), "{name}");
    }
}
