//! Rules, tenants, clusters by condition and versions in place of others, as
//! Envoy routes by them.

use super::{Stand, chat, server_of};
use integration_tests::{Call, Client};
use proto::prediction::PredictRequest;
use serde_json::{Value, json};

fn demo(changes: &Value) -> Value {
    let mut model = json!({
        "name": "demo",
        "versions": [
            {"name": "v1", "cluster": "demo-v1", "weight": 100},
            {"name": "v2", "cluster": "demo-v2"},
        ],
    });
    let changes = changes.as_object().expect("an object").clone();
    model.as_object_mut().expect("an object").extend(changes);
    model
}

fn rule(name: &str, condition: &Value) -> Value {
    json!({"name": name, "when": [condition], "version": "v2"})
}

async fn goes_to(stand: &Stand, client: &mut Client, call: Call) -> String {
    let server = server_of(client, call).await;
    stand.server(&server).forget();
    server
}

#[tokio::test]
async fn rules_choose_by_what_is_true_of_the_request() {
    let model = demo(&json!({"rules": [
        rule("beta", &json!({"header": {"name": "x-beta", "one_of": ["1"]}})),
        rule("cohort", &json!({"cookie": {"name": "cohort", "prefix": "canary"}})),
        rule("prompt", &json!({"prompt_version": ["8"]})),
        rule("path", &json!({"path_prefix": "/v1/completions"})),
    ]}));
    let stand = Stand::configured(json!({"models": [model]})).await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for (call, expected) in [
            (chat("demo"), "demo-v1"),
            (chat("demo").header("x-beta", "1"), "demo-v2"),
            (chat("demo").header("x-beta", "2"), "demo-v1"),
            (chat("demo").header("cookie", "a=b; cohort=canary-7"), "demo-v2"),
            (chat("demo").header("x-prompt-version", "8"), "demo-v2"),
            (Call::post("/v1/completions").json(&json!({"model": "demo"})), "demo-v2"),
            (chat("demo@v1").header("x-beta", "1"), "demo-v1"),
        ] {
            let shown = format!("{call:?}");
            assert_eq!(goes_to(&stand, &mut client, call).await, expected, "{shown}");
        }
    }
    let labels = [("model", "demo"), ("rule", "beta"), ("mode", "enforce")];
    let metric = "inference_router_rule_matches_total";
    stand.gateway.wait_for_metric(metric, &labels, |count| count == 2.0).await;
}

#[tokio::test]
async fn a_rule_knows_the_clients_address() {
    let by_network = async |network: &str| {
        let model = demo(&json!({"rules": [rule("office", &json!({"source": [network]}))]}));
        let stand = Stand::configured(json!({"models": [model]})).await;
        let mut client = stand.gateway.http2().await;
        goes_to(&stand, &mut client, chat("demo")).await
    };
    assert_eq!(by_network("127.0.0.0/8").await, "demo-v2");
    assert_eq!(by_network("10.0.0.0/8").await, "demo-v1");
}

#[tokio::test]
async fn a_rule_that_only_reports_changes_nothing() {
    let mut rule = rule("trial", &json!({"header": {"name": "x-beta"}}));
    rule["mode"] = "report_only".into();
    let stand = Stand::configured(json!({"models": [demo(&json!({"rules": [rule]}))]})).await;
    let mut client = stand.gateway.http1().await;
    let call = chat("demo").header("x-beta", "1");
    assert_eq!(goes_to(&stand, &mut client, call).await, "demo-v1");
    let labels = [("model", "demo"), ("rule", "trial"), ("mode", "report_only")];
    let metric = "inference_router_rule_matches_total";
    stand.gateway.wait_for_metric(metric, &labels, |count| count == 1.0).await;
}

#[tokio::test]
async fn a_version_has_a_cluster_for_each_protocol() {
    let model = json!({"name": "demo", "versions": [
        {"name": "v1", "cluster": "demo-v1", "clusters": [
            {"when": [{"protocol": "grpc"}], "cluster": "demo-v2"},
            {"when": [{"header": {"name": "x-region", "one_of": ["eu"]}}], "cluster": "iris"},
        ]},
    ]});
    let stand = Stand::configured(json!({"models": [model]})).await;
    let mut client = stand.gateway.http2().await;
    let predict = PredictRequest { features: vec![1.0], model_name: "demo".into() };
    let predict = Call::grpc("/prediction.PredictionService/Predict", &predict);
    assert_eq!(goes_to(&stand, &mut client, predict).await, "demo-v2");
    assert_eq!(goes_to(&stand, &mut client, chat("demo")).await, "demo-v1");
    let europe = chat("demo").header("x-region", "eu");
    assert_eq!(goes_to(&stand, &mut client, europe).await, "iris");
}

#[tokio::test]
async fn tenants_get_what_they_may_use() {
    let stand = Stand::configured(json!({
        "models": [
            demo(&json!({})),
            {"name": "iris", "versions": [{"name": "3", "cluster": "iris"}]},
        ],
        "tenants": {"list": [{"name": "acme", "models": ["demo@v2"]}, {"name": "ops"}]},
    }))
    .await;
    let of = |tenant: &str, model: &str| chat(model).header("x-tenant-id", tenant);
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        assert_eq!(goes_to(&stand, &mut client, of("acme", "demo")).await, "demo-v2");
        assert_eq!(goes_to(&stand, &mut client, of("ops", "demo")).await, "demo-v1");
        for (call, rule) in [
            (of("acme", "iris"), "forbidden_model"),
            (of("acme", "demo@v1"), "forbidden_model"),
            (of("stranger", "iris"), "unknown_tenant"),
            (chat("iris"), "unknown_tenant"),
        ] {
            let answer = client.send(call).await;
            assert_eq!(answer.status, 403, "{answer:?}");
            let reason = format!("model-router;{rule}");
            assert_eq!(answer.header_text("x-inference-rejected"), Some(reason));
            assert_eq!(answer.json()["error"]["type"], "permission_error");
        }
    }
}

#[tokio::test]
async fn a_retired_version_is_answered_by_another() {
    let model = demo(&json!({
        "labels": {"stable": "v1"},
        "retired": {"v0": "v2"},
        "unknown_version": {"use": "stable"},
    }));
    let stand = Stand::configured(json!({"models": [model]})).await;
    let mut client = stand.gateway.http1().await;
    assert_eq!(goes_to(&stand, &mut client, chat("demo@v0")).await, "demo-v2");
    assert_eq!(goes_to(&stand, &mut client, chat("demo@v77")).await, "demo-v1");
    let infer = Call::post("/v2/models/demo/versions/v0/infer").json(&json!({"inputs": []}));
    assert_eq!(server_of(&mut client, infer).await, "demo-v2");
    assert_eq!(stand.server("demo-v2").last().path, "/v2/models/demo/versions/v2/infer");
}

#[tokio::test]
async fn query_parameters_and_adapters_name_models() {
    let stand = Stand::configured(json!({
        "models": [demo(&json!({})), {"name": "sql", "base": "demo"}],
        "query": {"model": "model", "version": "v"},
    }))
    .await;
    let mut client = stand.gateway.http2().await;
    let call = Call::post("/v1/completions?model=demo&v=v2").json(&json!({}));
    assert_eq!(goes_to(&stand, &mut client, call).await, "demo-v2");
    assert_eq!(server_of(&mut client, chat("sql@v2")).await, "demo-v2");
    let received = stand.server("demo-v2").last();
    assert_eq!(received.header_text("x-model-name").as_deref(), Some("sql"));
    assert_eq!(received.body, chat("sql").body_bytes(), "the adapter's own name");
}
