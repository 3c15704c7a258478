//! Right behind the model router: the contract is that of the model that the
//! router chose, whatever a client says.

use super::refusal::Refusal;
use super::requests::{INFER, PREDICT, ROW, infer_request, typed};
use super::{Answer, Call, Client, Gateway, Reply, Stand, Upstream, json};
use proto::prediction::PredictRequest;
use serde_json::Value;

fn models() -> Value {
    json!({
        "models": [
            {"name": "strict", "aliases": [{"name": "s"}],
             "versions": [{"name": "1", "cluster": "strict", "served_name": "org/strict-model"}]},
            {"name": "lenient", "versions": [
                {"name": "1", "cluster": "lenient-1", "weight": 100},
                {"name": "2", "cluster": "lenient-2", "weight": 0},
            ]},
        ],
    })
}

fn contracts() -> Value {
    let features = json!({"name": "features", "datatype": "FP32", "shape": [-1, 4], "maximum": 10});
    let own = json!({
        "method": PREDICT,
        "inputs": [{"name": "features", "field": "1", "datatype": "FP32", "shape": [4]}],
    });
    json!({"contracts": [
        {"model": "strict", "generative": {"max_tokens": 10}, "tensors": {"inputs": [features]}},
        {"model": "lenient", "generative": {"max_tokens": 1000}},
        {"model": "lenient", "version": "2", "generative": {"max_tokens": 20}, "tensors": own},
    ]})
}

/// Both filters, and a server for each version.
struct Chain {
    gateway: Gateway,
    servers: Vec<(&'static str, Upstream)>,
}

impl Chain {
    async fn new() -> Self {
        let mut servers = Vec::new();
        for name in ["strict", "lenient-1", "lenient-2"] {
            let reply = move |_: &http::request::Parts| Reply::whole(Answer::text(name));
            servers.push((name, Upstream::scripted(reply).await));
        }
        let builder = Gateway::builder()
            .filter("model-router", &models())
            .wasm(&super::validator(&contracts()));
        let gateway = servers
            .iter()
            .fold(builder, |gateway, (name, server)| gateway.cluster(name, &[server.address()]))
            .route_by_header("x-model-cluster")
            .start()
            .await;
        Self { gateway, servers }
    }

    /// Which server gets the call, or the rule for which it is refused.
    async fn fate(&self, client: &mut Client, call: Call) -> String {
        self.servers.iter().for_each(|(_, server)| server.forget());
        let answer = client.send(call).await;
        let got = self.servers.iter().filter(|(_, server)| !server.received().is_empty());
        let got: Vec<&str> = got.map(|(name, _)| *name).collect();
        match answer.header_text("x-inference-rejected") {
            None => got.concat(),
            Some(reason) => {
                assert!(got.is_empty(), "{reason}, and yet {got:?} got a part");
                reason
            }
        }
    }
}

fn chat(model: &str, max_tokens: u32) -> Call {
    // `model` comes last, behind what the validator looks at.
    Call::post("/v1/chat/completions").header("content-type", "application/json").body(format!(
        r#"{{"messages": [{{"role": "user", "content": "hi"}}], "max_tokens": {max_tokens}, "model": "{model}"}}"#
    ))
}

#[tokio::test]
async fn the_contract_is_that_of_the_model_that_the_router_chose() {
    let chain = Chain::new().await;
    for mut client in [chain.gateway.http1().await, chain.gateway.http2().await] {
        for (model, max_tokens, fate) in [
            ("strict", 10, "strict"),
            ("strict", 11, "payload-validator;max_tokens"),
            ("s", 10, "strict"),
            ("s", 11, "payload-validator;max_tokens"),
            ("lenient", 1000, "lenient-1"),
            ("lenient", 1001, "payload-validator;max_tokens"),
            ("lenient@2", 20, "lenient-2"),
            ("lenient@2", 21, "payload-validator;max_tokens"),
            ("absent", 1, "model-router;unknown_model"),
        ] {
            let call = chat(model, max_tokens);
            assert_eq!(chain.fate(&mut client, call.clone()).await, fate, "{model} {max_tokens}");
            let middle = call.body_bytes().len() / 2;
            assert_eq!(chain.fate(&mut client, call.cut_at(middle)).await, fate, "in two");
        }
    }
    let refused = "inference_validator_refused_total";
    for (model, version, count) in [("strict", "other", 8.0), ("lenient", "2", 4.0)] {
        let labels = [("model", model), ("version", version), ("rule", "max_tokens")];
        chain.gateway.wait_for_metric(refused, &labels, |counted| counted == count).await;
    }
}

#[tokio::test]
async fn a_client_can_not_choose_another_contract() {
    let chain = Chain::new().await;
    for mut client in [chain.gateway.http1().await, chain.gateway.http2().await] {
        let named = |model: &str, header: &str| chat(model, 500).header("x-model-name", header);
        for (call, fate) in [
            (named("strict", "lenient"), "model-router;contradiction"),
            (named("strict", "nobody"), "model-router;contradiction"),
            (named("strict", "strict"), "payload-validator;max_tokens"),
            (named("s", "strict").header("x-model-version", "1"), "payload-validator;max_tokens"),
            (chat("lenient@2", 500).header("x-model-version", "1"), "model-router;contradiction"),
            (chat("lenient", 500).header("x-model-version", "2"), "payload-validator;max_tokens"),
        ] {
            assert_eq!(chain.fate(&mut client, call.clone()).await, fate, "{call:?}");
        }
        // Where a path names the model, a header does not name another one.
        let bad = json!({"inputs": [
            {"name": "features", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 11]},
        ]});
        let infer = || Call::post("/v2/models/strict/infer").json(&bad);
        assert_eq!(chain.fate(&mut client, infer()).await, "payload-validator;tensor_range");
        let call = infer().header("x-model-name", "lenient");
        assert_ne!(chain.fate(&mut client, call).await, "strict");
        let twice =
            chat("strict", 500).header("x-model-name", "strict").header("x-model-name", "lenient");
        assert_ne!(chain.fate(&mut client, twice).await, "strict");
    }
}

#[tokio::test]
async fn tensors_over_grpc_are_held_against_the_contract_of_their_model() {
    let chain = Chain::new().await;
    let mut client = chain.gateway.http2().await;
    let infer = |model: &str, values: &[f32]| {
        let mut request = infer_request(vec![typed(&[1, 4], values)]);
        request.model_name = model.into();
        Call::grpc(INFER, &request)
    };
    let predict = |model: &str, features: &[f32]| {
        let request = PredictRequest { features: features.to_vec(), model_name: model.into() };
        Call::grpc(PREDICT, &request)
    };
    let high = [11.0; 4];
    for (call, fate) in [
        (infer("strict", &ROW), "strict"),
        (infer("s", &ROW), "strict"),
        (infer("strict", &high), "payload-validator;tensor_range"),
        (infer("s", &high), "payload-validator;tensor_range"),
        (predict("lenient@2", &ROW), "lenient-2"),
        (predict("lenient@2", &ROW[..3]), "payload-validator;tensor_shape"),
    ] {
        assert_eq!(chain.fate(&mut client, call).await, fate);
    }
}

#[tokio::test]
async fn what_the_router_wrote_anew_is_checked_and_arrives() {
    let chain = Chain::new().await;
    let strict = &chain.servers[0].1;
    for mut client in [chain.gateway.http1().await, chain.gateway.http2().await] {
        assert_eq!(chain.fate(&mut client, chat("s", 10)).await, "strict");
        let received = strict.last();
        assert_eq!(received.body, chat("org/strict-model", 10).body_bytes());
        assert_eq!(received.header_text("x-model-name").as_deref(), Some("strict"));
    }
}

#[tokio::test]
async fn a_refusal_behind_the_router_is_logged_with_its_model() {
    let chain = Chain::new().await;
    let mut client = chain.gateway.http1().await;
    chain.fate(&mut client, chat("s", 11)).await;
    let log = chain.gateway.access_log();
    let entry = log.wait_for("the call", |entry| entry["code"] == 422).await;
    assert_eq!((&entry["model"], &entry["version"]), (&json!("strict"), &json!("1")));
    assert_eq!(entry["details"], "payload-validator;max_tokens");
}

#[tokio::test]
async fn without_a_router_headers_can_be_ignored() {
    let mut config = contracts();
    config["model_headers"] = "ignore".into();
    let stand = Stand::new(&config).await;
    for mut client in stand.clients().await {
        let bad = json!({"inputs": [
            {"name": "features", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 11]},
        ]});
        let call = Call::post("/v2/models/strict/infer").header("x-model-name", "lenient");
        let answer = stand.refused(&mut client, call.json(&bad)).await;
        assert_eq!(Refusal::of(&answer).rule, "tensor_range");
    }
}
