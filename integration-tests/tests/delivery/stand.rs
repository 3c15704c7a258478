//! A gateway as Kubernetes would have it configured, in front of the two versions of a model,
//! and what is asked of it.

use integration_tests::{
    AccessLog, Answer, Call, EnvoyConfig, Gateway, Listening, Reply, Upstream,
};
use proto::prediction::PredictRequest;
use serde_json::{Value, json};
use std::path::Path;

pub(crate) const REQUESTS: &str = "inference_requests_total";

/// It runs until it is dropped.
pub(crate) struct Stand {
    pub(crate) gateway: Gateway,
    pub(crate) v1: Upstream,
    pub(crate) v2: Upstream,
}

impl Stand {
    /// With these clusters for the model's versions, these filters, and these routes.
    pub(crate) async fn of(clusters: [&str; 2], filters: Vec<Value>, routes: Vec<Value>) -> Self {
        Self::changed(clusters, filters, routes, |bootstrap, _| bootstrap).await
    }

    /// The same, with a change to Envoy's bootstrap, which may put files into a directory.
    pub(crate) async fn changed(
        clusters: [&str; 2],
        filters: Vec<Value>,
        routes: Vec<Value>,
        change: impl FnOnce(Value, &Path) -> Value + 'static,
    ) -> Self {
        let (v1, v2) = (server().await, server().await);
        let config = config(clusters.into_iter().zip([&v1, &v2]), filters, routes);
        let gateway = config.start_changed(change).await;
        Self { gateway, v1, v2 }
    }

    pub(crate) async fn send(&self, call: Call) -> Answer {
        self.gateway.http2().await.send(call).await
    }

    pub(crate) fn access_log(&self) -> AccessLog {
        self.gateway.access_log()
    }
}

fn config<'a>(
    clusters: impl Iterator<Item = (&'a str, &'a Upstream)>,
    filters: Vec<Value>,
    routes: Vec<Value>,
) -> EnvoyConfig {
    let listening =
        Listening { buffer_bytes: 1 << 19, stream_window_bytes: 1 << 19, http1_trailers: false };
    let config = Gateway::builder().listening(listening);
    let config = clusters
        .fold(config, |config, (cluster, server)| config.cluster(cluster, &[server.address()]));
    let config = filters.into_iter().fold(config, EnvoyConfig::other_filter);
    routes.into_iter().fold(config, EnvoyConfig::route)
}

async fn server() -> Upstream {
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30});
    let answer = Answer::json_value(&json!({"choices": [], "usage": usage}));
    Upstream::scripted(move |_| Reply::whole(answer.clone())).await
}

/// A chat that names no model, with these members more.
pub(crate) fn chat(members: &Value) -> Call {
    let mut body = json!({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9});
    let members = members.as_object().expect("members").clone();
    body.as_object_mut().expect("an object").extend(members);
    Call::post("/v1/chat/completions").json(&body)
}

/// The same call, for this version of the model by its headers.
pub(crate) fn for_version(version: &str, call: Call) -> Call {
    call.header("x-model-name", "demo").header("x-model-version", version)
}

/// A call with four features a row, for this version by its path.
pub(crate) fn infer(version: &str) -> Call {
    let tensor =
        json!({"name": "features", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 4]});
    Call::post(&format!("/v2/models/demo/versions/{version}/infer"))
        .json(&json!({"inputs": [tensor]}))
}

/// A gRPC call for the model, by its message.
pub(crate) fn predict() -> Call {
    let request =
        PredictRequest { features: vec![1.0, 2.0, 3.0, 4.0], model_name: "demo".to_owned() };
    Call::grpc("/prediction.PredictionService/Predict", &request)
}

pub(crate) async fn check_that_headers_and_paths_route(stand: &Stand) {
    for (version, server) in [("v1", &stand.v1), ("v2", &stand.v2)] {
        let calls = [
            for_version(version, chat(&json!({}))),
            for_version(version, predict()),
            infer(version),
        ];
        for call in calls {
            server.forget();
            let answer = stand.send(call.clone()).await;
            assert_eq!(answer.status, 200, "{version} {}: {answer:?}", call.path());
            let received = server.last();
            assert_eq!(received.header_text("x-model-version").as_deref(), Some(version));
            assert_eq!(received.body, call.body_bytes(), "{}", call.path());
        }
    }
}

/// A lie about the cluster, in either spelling, gets a client nowhere.
pub(crate) async fn check_that_nobody_else_routes(stand: &Stand) {
    let call = for_version("v2", chat(&json!({})))
        .header("x-model-cluster", "demo-v1")
        .header("x_model_version", "v1");
    assert_eq!(stand.send(call).await.status, 200);
    assert_eq!(stand.v1.received().len(), 0);
    assert_eq!(stand.v2.last().header_text("x_model_version"), None);
}

pub(crate) async fn check_that_a_body_alone_names_no_model(stand: &Stand) {
    let answer = stand.send(chat(&json!({"model": "demo"}))).await;
    assert_eq!(rejected(&answer), "model-router;no_model", "{answer:?}");
    assert!(stand.v1.received().is_empty() && stand.v2.received().is_empty());
}

/// The server never has all of it.
pub(crate) async fn check_that_what_breaks_the_contract_is_cut_off(stand: &Stand) {
    stand.v1.forget();
    let answer = stand.send(for_version("v1", chat(&json!({"max_tokens": 1025})))).await;
    assert_eq!(rejected(&answer), "payload-validator;max_tokens", "{answer:?}");
    assert!(!stand.v1.received().iter().any(integration_tests::Received::is_complete));
}

/// A tenant has ten requests at once, and then one in a second.
pub(crate) async fn check_that_a_quota_ends(stand: &Stand) {
    let mut client = stand.gateway.http2().await;
    let mut passed = 0;
    let refusal = loop {
        let call = for_version("v1", chat(&json!({}))).header("x-tenant-id", "trial");
        let answer = client.send(call).await;
        if answer.status != 200 {
            break answer;
        }
        passed += 1;
        assert!(passed < 100, "never refused");
    };
    assert_eq!(rejected(&refusal), "admission-control;request_quota", "{refusal:?}");
    assert!(passed >= 10, "refused after {passed}");
}

pub(crate) async fn check_that_requests_are_counted(stand: &Stand) {
    let call = for_version("v2", chat(&json!({})));
    assert_eq!(stand.send(call).await.status, 200);
    let is_one = |count| count == 1.0;
    let of_v2 = [("model", "demo"), ("version", "v2"), ("outcome", "ok")];
    stand.gateway.wait_for_metric(REQUESTS, &of_v2, is_one).await;
    // 10 tokens and 20, in whole millionths.
    let cost = "inference_cost_microunits_total";
    stand.gateway.wait_for_metric(cost, &of_v2[..2], |cost| cost == 13.0).await;
}

pub(crate) async fn check_that_other_paths_are_not_served(stand: &Stand) {
    assert_eq!(stand.send(Call::get("/elsewhere")).await.status, 404);
    assert!(stand.v1.received().is_empty() && stand.v2.received().is_empty());
}

pub(crate) async fn check_that_health_is_asked_of_any(stand: &Stand) {
    assert_eq!(stand.send(Call::get("/v2/health/ready")).await.status, 200);
    assert_eq!(stand.v1.last().path, "/v2/health/ready");
}

pub(crate) fn rejected(answer: &Answer) -> String {
    answer.header_text("x-inference-rejected").unwrap_or_default()
}
