//! How clients are told, each in its own dialect.

use super::{IN_FLIGHT, Stand, any_chat, begin, ended, predict, rule_of, wait_for_crowd};
use integration_tests::{Answer, Call, Reply, eventually};
use prost::Message;
use proto::google_rpc::{self, ErrorInfo, RetryInfo};
use proto::prediction::PredictRequest;
use proto::prediction::prediction_service_client::PredictionServiceClient;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tonic::{Code, Status};

/// One request in each so many milliseconds.
fn one_in(window_ms: u64) -> Value {
    json!({"limits": [{"name": "slow", "requests": {"count": 1, "window_ms": window_ms}}]})
}

/// A stand where nobody is let in for a long time.
async fn used_up() -> Stand {
    let stand = Stand::new(&one_in(100_000), 1, |_| Reply::Echo).await;
    assert_eq!(stand.gateway.http1().await.send(any_chat()).await.status, 200);
    stand
}

/// Where in a dialect's error its message stands.
type Place = fn(&Value) -> Option<&Value>;

fn calls() -> [(Call, Place); 5] {
    let body = json!({"max_tokens": 1, "messages": [], "inputs": []});
    [
        (Call::post("/v1/chat/completions").json(&body), |json| json["error"].get("message")),
        (Call::post("/v1/messages").json(&body), |json| json["error"].get("message")),
        (Call::post("/v2/models/m/infer").json(&body), |json| json.get("error")),
        (Call::post("/v1/models/m:predict").json(&body), |json| json.get("error")),
        (Call::post("/v1/embeddings").json(&body), |json| json["error"].get("message")),
    ]
}

#[tokio::test]
async fn a_used_up_quota_is_429_in_every_dialect() {
    let stand = used_up().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for (call, message) in calls() {
            let answer = client.send(call).await;
            assert_eq!(answer.status, 429, "{answer:?}");
            assert_eq!(rule_of(&answer).as_deref(), Some("request_quota"));
            let json = answer.json();
            let text = message(&json).and_then(Value::as_str).expect("a message");
            assert!(text.starts_with("too many requests: slow; try again in "), "{text}");
            let seconds = answer.header_text("retry-after").expect("a time");
            assert!((90..=100).contains(&seconds.parse::<u32>().unwrap()), "{seconds}");
        }
        let anthropic = client.send(calls()[1].0.clone()).await.json();
        assert_eq!(anthropic["type"], "error");
        assert_eq!(anthropic["error"]["type"], "rate_limit_error");
        let openai = client.send(any_chat()).await;
        let exact: u64 = openai.header_text("retry-after-ms").unwrap().parse().unwrap();
        assert!((90_000..=100_000).contains(&exact));
        assert_eq!(openai.header_text("x-should-retry"), None, "a client may wait that long");
    }
    assert_eq!(stand.server.received().len(), 1);
}

#[tokio::test]
async fn a_crowd_is_503_in_every_dialect() {
    let config = json!({"limits": [{"name": "gpu", "in_flight": {"max": 1}}]});
    let (stand, crowd) = Stand::crowded(&config, 1).await;
    let first = begin(stand.gateway.http1().await, any_chat());
    wait_for_crowd(&crowd, 1).await;
    let mut client = stand.gateway.http2().await;
    for (call, message) in calls() {
        // Anthropic has a status of its own for it.
        let status = if call.path() == "/v1/messages" { 529 } else { 503 };
        let answer = client.send(call).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(rule_of(&answer).as_deref(), Some("in_flight"));
        let json = answer.json();
        let text = message(&json).and_then(Value::as_str).expect("a message");
        assert_eq!(text, "too many requests at the same time: gpu; try again in 1 s");
    }
    let anthropic = client.send(calls()[1].0.clone()).await.json();
    assert_eq!(anthropic["error"]["type"], "overloaded_error");
    crowd.let_go(1);
    assert_eq!(ended(first).await.status, 200);
    stand.gateway.wait_for_metric(IN_FLIGHT, &[], |sum| sum == 0.0).await;
}

async fn refused(stand: &Stand) -> Status {
    let mut client = PredictionServiceClient::new(stand.gateway.grpc().await);
    client.predict(PredictRequest::default()).await.expect_err("a refusal")
}

/// What stands in `grpc-status-details-bin`: why, and when to try again.
fn details(status: &Status) -> (ErrorInfo, Option<Duration>) {
    let told = google_rpc::Status::decode(status.details()).expect("a google.rpc.Status");
    assert_eq!((told.code, &*told.message), (i32::from(status.code()), status.message()));
    let detail = |name: &str| {
        let url = format!("type.googleapis.com/google.rpc.{name}");
        told.details.iter().find(|detail| detail.type_url == url).map(|it| it.value.as_slice())
    };
    let info = ErrorInfo::decode(detail("ErrorInfo").expect("an ErrorInfo")).unwrap();
    let retry = detail("RetryInfo").map(|bytes| RetryInfo::decode(bytes).unwrap());
    let delay = retry.and_then(|retry| retry.retry_delay).map(|delay| {
        let (seconds, nanos) = (delay.seconds.try_into().unwrap(), delay.nanos.try_into().unwrap());
        Duration::new(seconds, nanos)
    });
    (info, delay)
}

fn pushback(status: &Status) -> Option<i64> {
    Some(status.metadata().get("grpc-retry-pushback-ms")?.to_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_grpc_client_gets_resource_exhausted_and_when_to_try_again() {
    let stand = used_up().await;
    let status = refused(&stand).await;
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    assert!(status.message().starts_with("too many requests: slow; try again in "));
    let (info, delay) = details(&status);
    let reason = format!("{} {}", info.reason, info.domain);
    assert!(reason.to_lowercase().contains("request_quota"), "{info:?}");
    let delay = delay.expect("a delay");
    assert!((90..=100).contains(&delay.as_secs()), "{delay:?}");
    assert_eq!(u128::try_from(pushback(&status).unwrap()).unwrap(), delay.as_millis());
}

#[tokio::test]
async fn a_grpc_client_is_told_when_not_to_try_again() {
    let stand = Stand::new(&one_in(1_000_000), 1, |_| Reply::Echo).await;
    assert_eq!(stand.gateway.http1().await.send(any_chat()).await.status, 200);
    assert_eq!(pushback(&refused(&stand).await), Some(-1));
    let answer = stand.gateway.http1().await.send(any_chat()).await;
    assert_eq!(answer.header_text("x-should-retry").as_deref(), Some("false"));
    let config = json!({
        "limits": [{"name": "small", "tokens": {"count": 10, "burst": 10}}],
        "cost": {"bytes_per_token": 1, "default_output_tokens": 11},
    });
    let stand = Stand::new(&config, 1, |_| Reply::Echo).await;
    let never = Call::post("/v1/chat/completions").json(&json!({"messages": []}));
    let answer = stand.gateway.http1().await.send(never).await;
    assert_eq!((answer.status.as_u16(), rule_of(&answer).as_deref()), (429, Some("token_quota")));
    assert_eq!(answer.header_text("x-should-retry").as_deref(), Some("false"));
    assert_eq!(answer.header_text("retry-after"), None);
}

#[tokio::test]
async fn a_grpc_client_gets_unavailable_when_there_is_a_crowd() {
    let config = json!({"limits": [{"name": "gpu", "in_flight": {"max": 1}}]});
    let (stand, crowd) = Stand::crowded(&config, 1).await;
    let first = begin(stand.gateway.http2().await, any_chat());
    wait_for_crowd(&crowd, 1).await;
    let status = refused(&stand).await;
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    let message = "too many requests at the same time: gpu; try again in 1 s";
    assert_eq!(status.message(), message, "how long requests take is not known yet");
    crowd.let_go(1);
    ended(first).await;
}

/// Waits so long.
async fn pass(time: Duration) {
    let begun = Instant::now();
    eventually("the time", async || (begun.elapsed() >= time).then_some(())).await;
}

#[tokio::test]
async fn who_waits_as_long_as_they_are_told_is_let_in() {
    let stand = Stand::new(&one_in(1500), 2, |_| Reply::Echo).await;
    let mut client = stand.gateway.http1().await;
    assert_eq!(client.send(any_chat()).await.status, 200);
    for _ in 0..2 {
        let refusal = client.send(any_chat()).await;
        assert_eq!(refusal.status, 429);
        let told: u64 = refusal.header_text("retry-after-ms").expect("a time").parse().unwrap();
        assert!(told <= 1500, "{told}");
        let seconds: u64 = refusal.header_text("retry-after").unwrap().parse().unwrap();
        assert_eq!(seconds, told.div_ceil(1000), "whole seconds, and never too few");
        pass(Duration::from_millis(told)).await;
        assert_eq!(client.send(any_chat()).await.status, 200, "told to wait {told} ms");
    }
}

#[tokio::test]
async fn a_grpc_client_that_waits_as_long_as_it_is_told_is_let_in() {
    let script = |_: &http::request::Parts| Reply::whole(Answer::grpc(&()));
    let stand = Stand::new(&one_in(1000), 2, script).await;
    assert_eq!(stand.gateway.http2().await.send(predict()).await.grpc_status(), Some(0));
    let (_, delay) = details(&refused(&stand).await);
    let delay = delay.expect("a delay");
    assert!(delay <= Duration::from_secs(1));
    pass(delay).await;
    assert_eq!(stand.gateway.http2().await.send(predict()).await.grpc_status(), Some(0));
}

#[tokio::test]
async fn a_request_that_failed_was_one_all_the_same() {
    for status in [500, 400] {
        let stand =
            Stand::new(&one_in(100_000), 1, move |_| Reply::whole(Answer::status(status))).await;
        let mut client = stand.gateway.http1().await;
        assert_eq!(client.send(any_chat()).await.status, status);
        assert_eq!(rule_of(&client.send(any_chat()).await).as_deref(), Some("request_quota"));
    }
}

#[tokio::test]
async fn a_request_that_is_refused_is_given_back_to_every_quota() {
    let config = json!({"limits": [
        {"name": "wide", "requests": {"count": 2, "window_ms": 1_000_000}},
        {"name": "narrow", "per": ["model"], "requests": {"count": 1, "window_ms": 1_000_000}},
    ]});
    let stand = Stand::new(&config, 1, |_| Reply::Echo).await;
    let mut client = stand.gateway.http1().await;
    let call = |model: &str| Call::post(&format!("/v2/models/{model}/infer")).json(&json!({}));
    assert_eq!(client.send(call("a")).await.status, 200);
    assert_eq!(client.send(call("a")).await.status, 429);
    assert_eq!(client.send(call("b")).await.status, 200, "the one refused took nothing of `wide`");
    assert_eq!(client.send(call("c")).await.status, 429);
}
