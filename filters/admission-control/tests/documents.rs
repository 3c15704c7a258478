//! The README and the schema say what the code does.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "so a test fails")]

use admission_control::refusal::Rule;
use admission_control::{AdmissionControl, Config, metrics::METRICS};
use filter_kit::documents::{
    check_file, check_section, configuration_schema, configuration_table, metric_table,
};
use filter_kit::trial::{Outcome, Trial, local_cells};
use filter_kit::{
    Arrival, Exchange, Filter, HeaderBlock, Headers, Notes, Reply, Timestamp, Verdict, parse_config,
};
use inference_api::dialect::Dialect;
use schemars::schema_for;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// When all requests of the README come in.
const NOW: Timestamp = Timestamp::from_nanos(1_800_000_000_000_000_000);

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A Markdown table of the rules. What each one means is said once, where it
/// is declared.
fn rule_table() -> String {
    let schema = schema_for!(Rule);
    let forms = schema.as_value()["oneOf"].as_array().expect("one form for each rule");
    let meaning = |rule: Rule| {
        let form = forms.iter().find(|form| form["const"] == rule.name());
        let meaning = form.and_then(|form| form["description"].as_str());
        meaning.unwrap_or_else(|| panic!("{rule:?} is not written `{}`", rule.name()))
    };
    let mut table = "| rule | HTTP | gRPC | meaning |\n|---|---|---|---|\n".to_owned();
    for rule in Rule::ALL {
        let row = [
            format!("`{}`", rule.name()),
            rule.kind().http_status(Dialect::Http).to_string(),
            capitals(&format!("{:?}", rule.grpc())),
            meaning(rule).split_whitespace().collect::<Vec<_>>().join(" "),
        ];
        table += &format!("| {} |\n", row.join(" | "));
    }
    table
}

/// `InvalidArgument` is `INVALID_ARGUMENT`.
fn capitals(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.extend(character.to_uppercase());
    }
    words
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    check_file(&file("config.schema.json"), &configuration_schema::<Config>()).unwrap();
}

// One test, because an update writes the file several times.
#[test]
fn the_readme_has_every_key_rule_and_metric_and_what_clients_get() {
    let readme = file("README.md");
    for (section, text) in [
        ("configuration", configuration_table::<Config>()),
        ("rules", rule_table()),
        ("metrics", metric_table(&METRICS)),
        ("a request too many", fenced("http", &a_request_too_many())),
        ("tokens that never fit", fenced("http", &tokens_that_never_fit())),
        ("no room", fenced("http", &no_room())),
        ("a gRPC call too many", fenced("text", &a_grpc_call_too_many())),
        ("an answer", fenced("http", &an_answer())),
    ] {
        check_section(&readme, section, &text).unwrap();
    }
}

fn fenced(kind: &str, text: &str) -> String {
    format!("```{kind}\n{text}```\n")
}

/// The configurations in the README.
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

fn control(written: &Value) -> Rc<AdmissionControl> {
    let parsed = parse_config(written.clone());
    let told: Vec<String> = parsed.problems.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{told:?}\n{written}");
    match AdmissionControl::configure(parsed.config.expect("no problem")) {
        Ok(control) => Rc::new(control),
        Err(error) => panic!("{error}\n{written}"),
    }
}

#[test]
fn every_configuration_in_the_readmes_is_accepted() {
    let configurations = configurations();
    assert!(configurations.len() >= 10, "only {}", configurations.len());
    // In the other one those of all filters stand.
    let of_suite = configurations_in("../../README.md");
    let ours: Vec<Value> =
        of_suite.into_iter().filter(|written| written.get("limits").is_some()).collect();
    assert_eq!(ours.len(), 1);
    for written in configurations.into_iter().chain(ours) {
        control(&written);
    }
}

/// The first configuration in the README with this word in it.
fn configured_with(word: &str) -> Rc<AdmissionControl> {
    let all = configurations();
    let written = all.iter().find(|written| written.to_string().contains(word));
    control(written.unwrap_or_else(|| panic!("no configuration with {word}")))
}

fn chat(max_tokens: u64) -> Trial {
    let said = json!([{"role": "user", "content": "Tell me about the rabbit."}]);
    let chat = Trial::chat(&json!({"messages": said, "max_tokens": max_tokens}));
    chat.header("x-model-name", "llama").header("x-tenant-id", "ann").sent_at(NOW)
}

/// The reply to the first one that is refused.
fn refused(trial: &Trial, control: &Rc<AdmissionControl>) -> Reply {
    let trial = trial.clone().sharing(local_cells());
    let mut outcomes = (0..1000).map(|_| trial.through(control));
    let is_refused = |outcome: &Outcome| matches!(outcome, Outcome::Replied(_));
    outcomes.find(is_refused).expect("a refusal").replied()
}

/// A reply as it is read on the wire.
fn on_the_wire(reply: &Reply) -> String {
    let reason = match reply.status {
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        other => panic!("{other}"),
    };
    let mut text = format!("HTTP/1.1 {} {reason}\n", reply.status);
    text += &headers(reply);
    let body = std::str::from_utf8(&reply.body).expect("text");
    format!("{text}\n{body}\n")
}

/// The headers of a reply, but for the details of a gRPC status, which nobody can read.
fn headers(reply: &Reply) -> String {
    let rejected = ("x-inference-rejected".into(), reply.reason.clone().into_bytes());
    let all = reply.headers.iter().chain([&rejected]);
    let shown = all.filter(|(name, _)| name != "grpc-status-details-bin");
    shown
        .map(|(name, value)| format!("{name}: {}\n", std::str::from_utf8(value).expect("text")))
        .collect()
}

fn a_request_too_many() -> String {
    on_the_wire(&refused(&chat(1), &configured_with("\"burst\":20")))
}

fn tokens_that_never_fit() -> String {
    on_the_wire(&refused(&chat(200_000), &configured_with("\"default_output_tokens\"")))
}

/// What a request of the Open Inference Protocol is told while others are here, and
/// an earlier one took 640 ms.
fn no_room() -> String {
    const INFER: &str = "/v2/models/iris/infer";
    let control = configured_with("\"in_flight\":{\"max\":32}");
    let cells = local_cells();
    let began = Timestamp::from_nanos(1_799_999_999_360_000_000);
    let trial = Trial::of("POST", INFER).sharing(cells).sent_at(began);
    trial.answered("application/json", "{}").answered_at(NOW).recorded(&control);
    let headers: Headers = [(":method", "POST"), (":path", INFER)].into_iter().collect();
    let mut here = Vec::new();
    for _ in 0..100 {
        let mut exchange = control.exchange(Arrival { cells, at: NOW, ..Arrival::default() });
        let block = HeaderBlock { headers: &headers, end_of_message: true, at: NOW };
        match exchange.request_headers(block, &mut Notes::default()) {
            Verdict::Reply(reply) => return on_the_wire(&reply),
            _ => here.push(exchange),
        }
    }
    panic!("room for {}", here.len())
}

fn a_grpc_call_too_many() -> String {
    let call = Trial::grpc("/inference.GRPCInferenceService/ModelInfer", b"");
    let call = call.header("x-tenant-id", "ann").sent_at(NOW);
    let reply = refused(&call, &configured_with("\"burst\":20"));
    let sentence = std::str::from_utf8(&reply.body).expect("text");
    let code = reply.grpc.number();
    format!("grpc-status: {code}\ngrpc-message: {sentence}\n{}", headers(&reply))
}

/// What is added to the answer of a request that was let in.
fn an_answer() -> String {
    let control = configured_with("\"x_rate_limit\":\"answers\"");
    let trial = chat(100).sharing(local_cells()).answered("application/json", "{}");
    let record = trial.recorded(&control);
    let added = record.answer.expect("an answer").forwarded().headers;
    added
        .into_iter()
        .map(|(name, value)| format!("{name}: {}\n", value.expect("a value")))
        .collect()
}
