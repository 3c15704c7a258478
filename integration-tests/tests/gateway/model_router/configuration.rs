//! What the router takes as its configuration, and what it says about the rest.

use super::{Stand, bare, chat, config, server_of};
use integration_tests::{WasmFilter, validate};
use serde_json::json;

#[tokio::test]
async fn a_json_text_and_a_struct_are_both_understood() {
    let router = WasmFilter::named("model-router");
    for filter in [
        router.clone().configured(&config(json!({}))),
        router.configured_by_struct(&config(json!({}))),
    ] {
        let stand = Stand::with_filter(&filter).await;
        let mut client = stand.gateway.http2().await;
        assert_eq!(server_of(&mut client, chat("demo@v2")).await, "demo-v2");
    }
}

#[test]
fn a_good_configuration_passes_validation() {
    let filter = WasmFilter::named("model-router").configured(&config(json!({})));
    let validation = validate(&bare(&filter));
    assert!(validation.accepted, "{}", validation.log);
}

#[test]
fn a_bad_configuration_is_refused_with_every_problem_and_its_path() {
    let bad = json!({
        "models": [
            {"name": "demo", "versions": [
                {"name": "v1", "cluster": "demo-v1", "weight": 80},
                {"name": "v1", "cluster": "", "weight": 10},
            ]},
            {"name": "a@b", "versions": []},
        ],
        "default_model": "nobody",
        "grpc_methods": [{"path": "Predict", "model_field": "0"}],
        "hold_up_to_byte": 5,
    });
    let filter = WasmFilter::named("model-router").configured(&bad);
    let validation = validate(&bare(&filter));
    assert!(!validation.accepted, "accepted");
    for problem in [
        "models[0].versions: weights add up to 90, must be 100",
        "models[0].versions[1].name: `v1` is here twice",
        "models[0].versions[1].cluster: must be the name of an Envoy cluster",
        "models[1].name: contains an `@`",
        "models[1].versions: is empty",
        "default_model: `nobody` is not among the models",
        "grpc_methods[0].path: must be",
        "grpc_methods[0].model_field: ",
        "hold_up_to_byte: ",
    ] {
        assert!(validation.log.contains(problem), "no `{problem}` in\n{}", validation.log);
    }
}

#[test]
fn what_is_no_configuration_at_all_is_refused() {
    for text in ["", "{", "[]", "{\"models\": \"demo\"}"] {
        let filter = WasmFilter::named("model-router").configured_by_text(text);
        let validation = validate(&bare(&filter));
        assert!(!validation.accepted, "`{text}` was accepted");
        assert!(validation.log.contains("model-router: "), "{}", validation.log);
        assert!(!validation.log.contains("panicked"), "{}", validation.log);
    }
    let validation = validate(&bare(&WasmFilter::named("model-router")));
    assert!(!validation.accepted, "none was accepted");
}
