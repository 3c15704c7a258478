//! The README and the schema say what the code does.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "so a test fails")]

use filter_kit::documents::{
    check_file, check_section, configuration_schema, configuration_table, metric_table,
};
use filter_kit::trial::Trial;
use filter_kit::{Filter, parse_config};
use inference_api::dialect::Dialect;
use payload_validator::rules::Rule;
use payload_validator::{Config, PayloadValidator, metrics::METRICS};
use schemars::schema_for;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::rc::Rc;

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
    let mut table =
        "| rule | HTTP | gRPC | by default | meaning |\n|---|---|---|---|---|\n".to_owned();
    for rule in Rule::ALL {
        let [mode, code] = [format!("{:?}", rule.default_mode()), format!("{:?}", rule.grpc())];
        let row = [
            format!("`{}`", rule.name()),
            rule.kind().http_status(Dialect::Http).to_string(),
            words(&code).to_uppercase(),
            format!("`{}`", words(&mode)),
            meaning(rule).split_whitespace().collect::<Vec<_>>().join(" "),
        ];
        table += &format!("| {} |\n", row.join(" | "));
    }
    table
}

/// `InvalidArgument` is `invalid_argument`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.extend(character.to_lowercase());
    }
    words
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    check_file(&file("config.schema.json"), &configuration_schema::<Config>()).unwrap();
}

// One test, because an update writes the file several times.
#[test]
fn the_readme_has_every_key_every_rule_and_every_metric() {
    let readme = file("README.md");
    check_section(&readme, "configuration", &configuration_table::<Config>()).unwrap();
    check_section(&readme, "rules", &rule_table()).unwrap();
    check_section(&readme, "metrics", &metric_table(&METRICS)).unwrap();
}

/// What stands in the README in fences of this kind.
fn fenced(kind: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(file("README.md")).unwrap();
    let fence = format!("```{kind}\n");
    let blocks = readme.split(&fence).skip(1);
    blocks.map(|block| block.split_once("```").expect("an end").0.to_owned()).collect()
}

/// The configurations in the README.
fn configurations() -> Vec<Value> {
    let parsed = |text: &String| serde_json::from_str(text);
    fenced("json")
        .iter()
        .map(|text| parsed(text).unwrap_or_else(|error| panic!("{error}: {text}")))
        .collect()
}

fn validator(written: &Value) -> Rc<PayloadValidator> {
    let parsed = parse_config(written.clone());
    let told: Vec<String> = parsed.problems.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{told:?}\n{written}");
    match PayloadValidator::configure(parsed.config.expect("no problem")) {
        Ok(validator) => Rc::new(validator),
        Err(error) => panic!("{error}\n{written}"),
    }
}

#[test]
fn every_configuration_in_the_readme_is_accepted() {
    let configurations = configurations();
    assert!(configurations.len() > 8, "only {}", configurations.len());
    for written in configurations {
        validator(&written);
    }
}

/// The first configuration in the README with this word in it.
fn configured_with(word: &str) -> Rc<PayloadValidator> {
    let all = configurations();
    let written = all.iter().find(|written| written.to_string().contains(word));
    validator(written.unwrap_or_else(|| panic!("no configuration with {word}")))
}

#[test]
fn the_refusals_in_the_readme_are_what_clients_get() {
    let said = json!([{"role": "user", "content": "Hi"}]);
    let chat = json!({"messages": said, "max_tokens": 1, "temperature": 1.8});
    let message = json!({"messages": said, "max_tokens": 4096});
    let tensor =
        json!({"name": "features", "datatype": "FP32", "shape": [1, 5], "data": vec![0; 5]});
    let to = |path: &str, body: Value| {
        Trial::of("POST", path).header("x-model-name", "llama").body(body.to_string())
    };
    let prompts = configured_with("require_max_tokens");
    let refused = [
        (&prompts, to("/v1/chat/completions", chat)),
        (&prompts, to("/v1/messages", message)),
        (
            &configured_with("max_batch"),
            Trial::of("POST", "/v2/models/iris/infer")
                .body(json!({"inputs": [tensor]}).to_string()),
        ),
    ];
    let told = fenced("http");
    assert_eq!(told.len(), refused.len());
    for ((validator, trial), told) in refused.into_iter().zip(told) {
        let reply = trial.through(validator).replied();
        let (head, body) = told.split_once("\n\n").expect("a head and a body");
        assert!(head.contains(&format!(" {} ", reply.status)), "{head}\n{reply:?}");
        assert!(head.contains(&format!("x-inference-rejected: {}", reply.reason)), "{head}");
        let [told, real] = [body.as_bytes(), &reply.body]
            .map(|body| serde_json::from_slice::<Value>(body).expect("JSON"));
        assert_eq!(told, real);
    }
}

#[test]
fn the_refusal_of_a_grpc_call_in_the_readme_is_what_clients_get() {
    // Field 1: five floats.
    let message = [&[0x0a, 20][..], &[0; 20]].concat();
    let call = Trial::grpc("/prediction.PredictionService/Predict", &message);
    let call = call.header("x-model-name", "iris");
    let reply = call.through(&configured_with("\"field\"")).replied();
    let sentence = String::from_utf8(reply.body).expect("text");
    let told = format!(
        "x-inference-rejected: {}\ngrpc-status: {}\ngrpc-message: {sentence}\n",
        reply.reason,
        reply.grpc.number()
    );
    assert_eq!(fenced("text"), [told]);
}
