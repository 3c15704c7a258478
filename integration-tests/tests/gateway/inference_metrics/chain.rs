//! Together with the other filters: who refused what, and who keeps what from whom.

use super::{
    DONE, REQUESTS, ROLE, STARTED, STOP, Stand, USAGE, answered, chat, config_with, events,
    measuring, predict, streamed, token,
};
use integration_tests::{Call, EnvoyConfig, Gateway, Reply};
use serde_json::{Value, json};

/// The filters in the order in which they are shipped.
fn chain(admission: &Value) -> EnvoyConfig {
    let version = |name: &str| json!({"name": name, "cluster": "server"});
    let models = json!({"models": [
        {"name": "demo", "aliases": [{"name": "also-demo"}], "versions": [version("1")]},
        {"name": "iris", "versions": [version("3")]},
    ]});
    let contracts = json!({"contracts": [{"model": "demo", "generative": {"max_tokens": 50}}]});
    Gateway::builder()
        .workers(2)
        .wasm(&measuring(&config_with(&json!({"model_from": "router"}))))
        .filter("model-router", &models)
        .filter("payload-validator", &contracts)
        .filter("admission-control", admission)
}

fn narrow() -> Value {
    let day = 86_400_000;
    json!({"limits": [
        {"name": "few", "requests": {"count": 1, "window_ms": day}, "only": {"models": ["iris"]}},
    ]})
}

fn infer() -> Call {
    let tensor = json!({"name": "x", "datatype": "FP32", "shape": [1], "data": [1]});
    Call::post("/v2/models/iris/infer").json(&json!({"inputs": [tensor]}))
}

#[tokio::test]
async fn each_filter_is_named_that_refuses() {
    let stand = Stand::of(chain(&narrow()), |_| Reply::whole(answered())).await;
    let mut client = stand.gateway.http1().await;
    assert_eq!(client.send(infer()).await.status, 200);
    let mut requests = 1;
    let mut reasons = Vec::new();
    for mut client in stand.clients().await {
        for call in
            [chat(&json!({"model": "nobody-knows"})), chat(&json!({"max_tokens": 51})), infer()]
        {
            let answer = client.send(call).await;
            assert!(answer.status.is_client_error(), "{answer:?}");
            reasons.push(answer.header_text("x-inference-rejected").expect("a reason"));
            requests += 1;
        }
    }
    for filter in ["model-router", "payload-validator", "admission-control"] {
        let reasons: Vec<_> = reasons.iter().filter(|it| it.starts_with(filter)).collect();
        assert_eq!(reasons.len(), 2, "{filter}: {reasons:?}");
        let (filter, rule) = reasons[0].split_once(';').expect("filter and rule");
        stand.wait_for("inference_refused_total", &[("filter", filter), ("rule", rule)], 2).await;
    }
    stand.wait_for("inference_refused_total", &[], 6).await;
    let outcomes = stand.outcomes(requests).await;
    assert_eq!(outcomes.get("refused"), Some(&6), "{outcomes:?}");
    assert_eq!(outcomes.get("ok"), Some(&1), "{outcomes:?}");
    let refused = |model, version| [("outcome", "refused"), ("model", model), ("version", version)];
    stand.wait_for(REQUESTS, &refused("iris", "3"), 2).await;
    // Of chats that no server ever answered no series are made for a model.
    stand.wait_for(REQUESTS, &refused("other", "other"), 2).await;
    stand.wait_for(REQUESTS, &refused("none", "none"), 2).await;
}

#[tokio::test]
async fn calls_over_grpc_are_refused_as_well() {
    let stand = Stand::of(chain(&narrow()), |_| Reply::whole(answered())).await;
    let mut client = stand.gateway.http2().await;
    let unknown = proto::prediction::PredictRequest {
        features: vec![0.5],
        model_name: "nobody-knows".to_owned(),
    };
    let call = Call::grpc("/prediction.PredictionService/Predict", &unknown);
    let answer = client.send(call).await;
    assert_eq!(answer.grpc_status(), Some(5), "{answer:?}");
    let outcomes = stand.outcomes(1).await;
    assert_eq!(outcomes.get("refused"), Some(&1), "{outcomes:?}");
    let status = [("grpc_status", "NOT_FOUND"), ("operation", "predict")];
    stand.wait_for("inference_grpc_responses_total", &status, 1).await;
    stand.wait_for("inference_refused_total", &[("filter", "model-router")], 1).await;
}

#[tokio::test]
async fn a_server_cannot_say_that_a_filter_refused() {
    for reason in ["payload-validator;limits", "model-router;model_unknown"] {
        let stand = Stand::of(chain(&narrow()), move |_| {
            Reply::whole(answered().header("x-inference-rejected", reason))
        })
        .await;
        for mut client in stand.clients().await {
            assert_eq!(client.send(chat(&json!({}))).await.status, 200);
        }
        let outcomes = stand.outcomes(2).await;
        assert_eq!(outcomes.get("ok"), Some(&2), "{outcomes:?}");
        stand.wait_for("inference_refused_total", &[], 0).await;
    }
}

#[tokio::test]
async fn requests_are_counted_for_the_model_that_the_router_chose() {
    let stand = Stand::of(chain(&narrow()), |_| Reply::whole(answered())).await;
    for mut client in stand.clients().await {
        for model in ["demo", "also-demo"] {
            assert_eq!(client.send(chat(&json!({"model": model}))).await.status, 200);
        }
    }
    let chosen = [("model", "demo"), ("version", "1"), ("outcome", "ok")];
    stand.wait_for(REQUESTS, &chosen, 4).await;
    stand.wait_for(STARTED, &[("operation", "chat_completions")], 4).await;
}

#[tokio::test]
async fn usage_that_only_the_gateway_asked_for_is_known() {
    let budget = json!({
        "limits": [{"name": "budget", "tokens": {"count": 1_000_000, "window_ms": 86_400_000}}],
        "cost": {"include_usage": "inject"},
    });
    let tokens = ["a", "b", "c", "d", "e"].map(token).concat();
    let shown = format!("{ROLE}{tokens}{STOP}{DONE}");
    let sent = format!("{ROLE}{tokens}{STOP}{USAGE}{DONE}");
    let stand = Stand::of(chain(&budget), move |_| Reply::whole(events(sent.clone()))).await;
    for (turn, mut client) in stand.clients().await.into_iter().enumerate() {
        let answer = client.send(streamed()).await;
        assert_eq!(answer.text_body(), shown, "what it did not ask for is taken out");
        let entry = stand.entry(turn).await;
        let said = (&entry["input_tokens"], &entry["output_tokens"], &entry["outcome"]);
        assert_eq!(said, (&json!("10"), &json!("5"), &json!("ok")), "{entry}");
        assert_eq!(entry["cost_microunits"], "170", "{entry}");
    }
    stand.wait_for("inference_tokens_total", &[("token_type", "input")], 20).await;
    stand.wait_for("inference_tokens_total", &[("token_type", "output")], 10).await;
    stand.wait_for("inference_estimated_tokens_total", &[], 0).await;
    stand.wait_for("inference_cost_microunits_total", &[("model", "demo")], 340).await;
}

#[tokio::test]
async fn time_in_a_queue_is_the_gateways() {
    let crowd = integration_tests::Crowd::default();
    let inside = crowd.clone();
    let queue = json!({
        "limits": [{"name": "gpu", "in_flight": {"max": 1}}],
        "queue": {"max_requests": 9, "max_wait_ms": 50_000},
    });
    let stand = Stand::of(chain(&queue), move |_| Reply::crowded(answered(), &inside)).await;
    let mut clients = stand.clients().await.into_iter();
    let mut send = |call: Call| {
        let mut client = clients.next().unwrap();
        tokio::spawn(async move { client.send(call).await })
    };
    let first = send(chat(&json!({})));
    stand.server.wait_for("the first", |_| true).await;
    let second = send(chat(&json!({})));
    stand.wait_for("inference_admission_queued_total", &[], 1).await;
    let wait = std::time::Duration::from_millis(300);
    tokio::time::sleep(wait).await;
    crowd.let_go(2);
    for call in [first, second] {
        assert_eq!(call.await.unwrap().status, 200);
    }
    stand.wait_for("inference_gateway_time_us_count", &[], 2).await;
    let sum = stand.gateway.metric("inference_gateway_time_us_sum", &[]).await;
    assert!(sum >= 270_000.0, "{sum}");
    let sum = stand.gateway.metric("inference_upstream_time_us_sum", &[]).await;
    assert!(sum >= 270_000.0, "the first one was with the server all that time: {sum}");
    let both = stand.gateway.metric("inference_request_duration_us_sum", &[]).await;
    assert!(both >= 540_000.0, "{both}");
}

#[tokio::test]
async fn what_is_refused_in_front_is_not_measured() {
    let models =
        json!({"models": [{"name": "demo", "versions": [{"name": "1", "cluster": "server"}]}]});
    let chain = Gateway::builder()
        .filter("model-router", &models)
        .wasm(&measuring(&config_with(&json!({"model_from": "router"}))));
    let stand = Stand::of(chain, |_| Reply::Echo).await;
    for mut client in stand.clients().await {
        assert_eq!(client.send(chat(&json!({"model": "nobody"}))).await.status, 404);
        assert_eq!(client.send(chat(&json!({}))).await.status, 200);
    }
    assert_eq!(stand.gateway.http2().await.send(predict()).await.grpc_status(), Some(0));
    let outcomes = stand.outcomes(3).await;
    assert_eq!(outcomes.get("ok"), Some(&3), "{outcomes:?}");
    stand.wait_for(REQUESTS, &[("model", "demo"), ("version", "1")], 3).await;
    stand.wait_for(STARTED, &[], 3).await;
}
