//! Bodies and paths with other names put in: the same but for these.

use super::changes::{change, changed};
use super::json_texts::{json_text, text};
use super::messages::wire_message;
use super::oracle;
use inference_api::dialect::RequestLine;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Request lines that name a model in their path, or nearly.
fn request_line() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "POST ",
        "GET ",
        "/",
        "v2",
        "v1",
        "V1",
        "/models/",
        "/versions/",
        "/labels/",
        "/Labels/",
        "predictions",
        "m",
        "7",
        "%2F",
        "%6d",
        ":",
        ":predict",
        ":explain",
        "/infer",
        "/ready",
        "/metadata",
        "/config",
        "/stats",
        "?model=m",
        "#",
        "openai",
        "stats",
        "é",
    ]);
    let template = select(vec![
        "POST /v2/models/{M}/versions/{V}/infer",
        "POST /v2/models/{M}/generate?x=M/V",
        "GET /v2/models/{M}/versions/{V}",
        "POST /v1/models/{M}:predict",
        "POST /v1/models/{M}/versions/{V}:predict",
        "POST /V1/models/{M}/Labels/{V}:Regress?{V}",
        "GET /v1/models/{M}/versions/{V}/metadata",
        "GET /v1/models/{M}/labels/{V}",
        "GET /v1/models/{M}",
        "PUT /predictions/{M}/{V}",
        "GET /explanations/{M}",
    ]);
    prop_oneof![
        vec(piece, 0..9).prop_map(|pieces| format!("POST {}", pieces.concat())),
        (template, path_name(), path_name()).prop_map(|(template, model, version)| {
            let encode = |name: &str| name.replace('%', "%25").replace(['/', '?', '#'], "%2f");
            template.replace("{M}", &encode(&model)).replace("{V}", &encode(&version))
        }),
    ]
}

fn path_name() -> impl Strategy<Value = String> {
    let word = select(vec!["metadata", "versions", "labels", "predict", "infer", "v2", "7", "07"]);
    prop_oneof![
        word.prop_map(str::to_owned),
        "[a-z0-9:/%?# é&+=.-]{1,8}",
        "[0-9]{1,20}",
        any::<String>(),
    ]
}

/// Names near the length at which its varint grows, and names of odd letters.
fn served_model() -> impl Strategy<Value = String> {
    prop_oneof![text().prop_map(|text| format!("m{text}")), "[a-z]{110,130}"]
}

/// Numbers of every length, and what is nearly one.
fn served_version() -> impl Strategy<Value = Option<String>> {
    let version = prop_oneof![
        (0..20_i64).prop_map(|version| version.to_string()),
        any::<i64>().prop_map(|version| version.to_string()),
        select(vec!["stable", "007", "+7", "-0", "9223372036854775808"]).prop_map(str::to_owned),
        "[a-z]{1,200}",
    ];
    proptest::option::of(version)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        // What fails once becomes a unit test with a name.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn json_with_another_model_is_the_same_but_for_that(
        text in json_text(),
        changes in vec(change(), 0..2),
        model in served_model(),
    ) {
        oracle::rewriting::json_agrees(&changed(text, &changes), &model);
    }

    #[test]
    fn a_message_with_other_names_is_the_same_but_for_these(
        message in wire_message(),
        changes in vec(change(), 0..2),
        model in served_model(),
        version in served_version(),
    ) {
        oracle::rewriting::grpc_agrees(&message, &model, version.as_deref());
        oracle::rewriting::grpc_agrees(&changed(message, &changes), &model, version.as_deref());
    }

    #[test]
    fn a_path_with_other_names_is_the_same_but_for_these(
        line in request_line(),
        model in path_name(),
        version in path_name(),
    ) {
        let (method, path) = line.split_once(' ').unwrap();
        for content_type in [None, Some(&b"application/json"[..])] {
            let (method, path) = (method.as_bytes(), path.as_bytes());
            let line = RequestLine { method, path, content_type };
            oracle::dialect::agrees(&line, &model, &version);
        }
    }
}
