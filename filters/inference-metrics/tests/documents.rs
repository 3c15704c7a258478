//! The README and the schema say what the code does.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "so a test fails")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::integer_division,
    reason = "so a test fails"
)]

use filter_kit::documents::{
    check_file, check_section, configuration_schema, configuration_table, metric_table,
};
use filter_kit::trial::{Record, Trial, local_cells};
use filter_kit::{Change, Filter, MetricKind, Timestamp, parse_config};
use inference_metrics::metrics::{CONVENTIONS, METRICS, MOST_REASONS, REFUSED, ROWS_PER_MODEL};
use inference_metrics::outcome::Outcome;
use inference_metrics::{Config, FACTS, InferenceMetrics};
use schemars::schema_for;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// When all requests come in.
const NOW: Timestamp = Timestamp::from_nanos(1_800_000_000_000_000_000);

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    check_file(&file("config.schema.json"), &configuration_schema::<Config>()).unwrap();
}

// One test, because an update writes the file several times.
#[test]
fn the_readme_has_every_key_metric_outcome_and_fact() {
    let readme = file("README.md");
    for (section, text) in [
        ("configuration", configuration_table::<Config>()),
        ("outcomes", outcome_table()),
        ("metrics", metric_table(&METRICS)),
        ("conventions", convention_table()),
        ("facts", fact_table()),
        ("cardinality", cardinality_table()),
    ] {
        check_section(&readme, section, &text).unwrap();
    }
}

/// A Markdown table of the outcomes. What each one means is said once, where it is declared.
fn outcome_table() -> String {
    let schema = schema_for!(Outcome);
    let forms = schema.as_value()["oneOf"].as_array().expect("one form for each outcome");
    let mut table = "| outcome | meaning |\n|---|---|\n".to_owned();
    for form in forms {
        let [name, meaning] = ["const", "description"].map(|key| form[key].as_str().expect("text"));
        let meaning = meaning.split_whitespace().collect::<Vec<_>>().join(" ");
        table += &format!("| `{name}` | {meaning} |\n");
    }
    table
}

/// A Markdown table of what OpenTelemetry calls our metrics.
fn convention_table() -> String {
    let mut table =
        "| our metric | semantic convention | its unit | divide by | buckets, in its unit |\n\
         |---|---|---|--:|---|\n"
            .to_owned();
    for convention in &CONVENTIONS {
        let MetricKind::Histogram(bounds) = convention.metric.kind else { panic!("no histogram") };
        let bounds = bounds.iter().map(|bound| quotient(*bound, convention.divisor));
        let row = [
            format!("`{}`", convention.metric.name),
            format!("`{}`", convention.name),
            format!("`{}`", convention.unit),
            convention.divisor.to_string(),
            bounds.collect::<Vec<_>>().join(", "),
        ];
        table += &format!("| {} |\n", row.join(" | "));
    }
    table
}

/// An exact decimal: 25 of 1000 is `0.025`.
fn quotient(number: u64, divisor: u64) -> String {
    let digits = usize::try_from(divisor.ilog10()).unwrap();
    let rest = format!("{:0digits$}", number % divisor);
    let text = format!("{}.{rest}", number / divisor);
    if digits == 0 {
        number.to_string()
    } else {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

fn fact_table() -> String {
    let rows = FACTS.iter().map(|(name, says)| format!("| `{name}` | {says} |\n"));
    format!("| fact | says |\n|---|---|\n{}", rows.collect::<String>())
}

/// How many series and lines one model, version, class and operation takes.
fn cardinality_table() -> String {
    let mut table =
        "| one model, version, class and operation | counters | histograms | lines for \
                     Prometheus |\n|---|--:|--:|--:|\n"
            .to_owned();
    let most = ROWS_PER_MODEL.iter().flat_map(|row| row.values.iter().map(|_| row.metric.kind));
    let most = most.chain([REFUSED.kind; MOST_REASONS + 1]);
    let grpc = Trial::grpc("/inference.GRPCInferenceService/ModelInfer", b"")
        .answered_by_grpc(&[b""])
        .answer_trailer("grpc-status", "0");
    for (name, kinds) in [
        ("whatever may happen", most.collect()),
        ("chats that are streamed and succeed", kinds_of(&recorded(&streamed_chat()))),
        ("gRPC `ModelInfer`s that succeed", kinds_of(&recorded(&grpc))),
    ] {
        let kinds: Vec<MetricKind> = kinds;
        let lines: usize = kinds.iter().map(|kind| lines(*kind)).sum();
        let counters = kinds.iter().filter(|kind| **kind == MetricKind::Counter).count();
        table += &format!("| {name} | {counters} | {} | {lines} |\n", kinds.len() - counters);
    }
    table
}

/// How many lines a series has in Prometheus' text: each bucket, the one without an end,
/// sum and count.
fn lines(kind: MetricKind) -> usize {
    match kind {
        MetricKind::Histogram(bounds) => bounds.len() + 3,
        MetricKind::Counter | MetricKind::Gauge => 1,
    }
}

/// The series per model that were touched.
fn kinds_of(record: &Record) -> Vec<MetricKind> {
    let touched = record.notes.changes().iter().map(|change| match change {
        Change::Add(series, _) | Change::Set(series, _) | Change::Record(series, _) => series,
    });
    let of_model = touched.filter(|series| series.stat_name().contains("_model=.="));
    let kinds: BTreeMap<&str, MetricKind> =
        of_model.map(|series| (series.stat_name(), series.kind())).collect();
    kinds.into_values().collect()
}

fn streamed_chat() -> Trial {
    let chat = json!({"messages": [{"role": "user", "content": "Hi"}], "stream": true});
    let piece =
        |text: &str| format!("data: {}\n\n", json!({"choices": [{"delta": {"content": text}}]}));
    let last = json!({
        "choices": [{"delta": {}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 8, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}},
    });
    let body = [piece("A"), piece("B"), format!("data: {last}\n\ndata: [DONE]\n\n")].concat();
    Trial::chat(&chat).answered("text/event-stream", body).cut_at_every(40)
}

/// With the first configuration of the README.
fn recorded(trial: &Trial) -> Record {
    let known = filter_kit::Told {
        upstream_time: Some(core::time::Duration::from_millis(1)),
        ..filter_kit::Told::default()
    };
    trial
        .clone()
        .known(known)
        .sharing(local_cells())
        .sent_at(NOW)
        .recorded(&metrics(&configurations()[0]))
}

fn configurations() -> Vec<Value> {
    configurations_in("README.md")
}

fn configurations_in(name: &str) -> Vec<Value> {
    let readme = std::fs::read_to_string(file(name)).unwrap();
    let blocks = readme.split("```json\n").skip(1);
    let texts = blocks.map(|block| block.split_once("```").expect("an end").0);
    texts
        .map(|text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")))
        .collect()
}

fn metrics(written: &Value) -> Rc<InferenceMetrics> {
    let parsed = parse_config(written.clone());
    let told: Vec<String> = parsed.problems.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{told:?}\n{written}");
    match InferenceMetrics::configure(parsed.config.expect("no problem")) {
        Ok(metrics) => Rc::new(metrics),
        Err(error) => panic!("{error}\n{written}"),
    }
}

#[test]
fn every_configuration_in_the_readmes_is_accepted() {
    let configurations = configurations();
    assert!(configurations.len() >= 7, "only {}", configurations.len());
    // In the other one those of all filters stand.
    let of_suite = configurations_in("../../README.md").into_iter();
    let ours: Vec<Value> = of_suite.filter(|written| written.get("models").is_some()).collect();
    assert_eq!(ours.len(), 1);
    for written in configurations.into_iter().chain(ours) {
        metrics(&written);
    }
}

#[test]
fn every_fact_that_is_stated_is_in_the_table() {
    let record = recorded(&streamed_chat());
    let stated: Vec<&str> = record.notes.facts().iter().map(|fact| fact.name).collect();
    assert!(stated.len() >= 8, "only {stated:?}");
    for name in stated {
        assert!(FACTS.iter().any(|(known, _)| *known == name), "{name}");
    }
}

/// What each one is called there follows from what it is called here.
#[test]
fn conventions_have_our_names_with_dots_for_underscores() {
    for convention in &CONVENTIONS {
        let plain = |name: &str| name.replace(['.', '_'], "");
        let ours = convention.metric.name;
        let ours = ours.strip_suffix("_ms").or(ours.strip_suffix("_us")).unwrap_or(ours);
        assert_eq!(plain(ours), plain(convention.name));
    }
}

#[test]
fn every_metric_of_a_convention_has_one() {
    let named = METRICS.iter().filter(|metric| metric.name.starts_with("gen_ai_"));
    for metric in named {
        assert!(CONVENTIONS.iter().any(|it| it.metric.name == metric.name), "{}", metric.name);
    }
}

/// A number in a doc comment is not generated.
#[test]
fn the_key_for_series_says_how_many_there_are() {
    let rows: usize = ROWS_PER_MODEL.iter().map(|row| row.values.len()).sum();
    let most = rows + MOST_REASONS + 1;
    let text = configuration_table::<Config>();
    assert!(text.contains(&format!("takes up to {most} of them")), "{most}");
}
