//! One test for each kind of limit.

use super::{Stand, chat, chat_of};
use integration_tests::{Answer, Reply};
use serde_json::json;

#[tokio::test]
async fn a_quota_of_requests_is_refused_when_it_is_used_up_and_says_when_it_is_back() {
    let config = json!({
        "limits": [{"name": "two-a-minute", "requests": {"count": 2, "window_ms": 60_000}}],
        "told": {"rate_limit": "answers"},
    });
    let stand = Stand::new(&config, 1, |_| Reply::Echo).await;
    let mut client = stand.gateway.http1().await;
    for left in [1, 0] {
        let answer = client.send(chat(&chat_of(1, 1))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = answer.header_text("ratelimit").unwrap();
        assert!(told.starts_with(&format!("\"two-a-minute\";r={left};t=")), "{told}");
    }
    let answer = client.send(chat(&chat_of(1, 1))).await;
    assert_eq!(answer.status, 429);
    assert_eq!(
        answer.header_text("x-inference-rejected").unwrap(),
        "admission-control;request_quota"
    );
    let seconds: u64 = answer.header_text("retry-after").unwrap().parse().unwrap();
    assert!((28..=30).contains(&seconds), "{answer:?}");
    assert_eq!(answer.json()["error"]["code"], "request_quota");
}

#[tokio::test]
async fn tokens_are_reserved_and_settled_by_what_the_answer_says() {
    let config = json!({
        "limits": [{"name": "budget", "tokens": {"count": 1000, "window_ms": 3_600_000}}],
        "cost": {"bytes_per_token": 1},
    });
    let used = json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}});
    let answer = Answer::json_value(&used);
    let stand = Stand::new(&config, 1, move |_| Reply::whole(answer.clone())).await;
    let mut client = stand.gateway.http2().await;
    for _ in 0..10 {
        let answer = client.send(chat(&chat_of(100, 700))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let metric = |name: &str| format!("inference_admission_tokens_{name}_total");
    let gateway = &stand.gateway;
    gateway.wait_for_metric(&metric("used"), &[("limit", "budget")], |sum| sum == 150.0).await;
    gateway.wait_for_metric(&metric("refunded"), &[("limit", "budget")], |sum| sum == 7850.0).await;
    let answer = client.send(chat(&chat_of(100, 800))).await;
    assert_eq!(answer.status, 429, "150 are used, and 900 are more than what is left");
    assert_eq!(answer.json()["error"]["code"], "token_quota");
}

#[tokio::test]
async fn no_more_are_in_flight_than_may_be() {
    let config = json!({"limits": [{"name": "gpu", "in_flight": {"max": 1}}]});
    let stand = Stand::new(&config, 1, |parts| match parts.uri.path() {
        "/v1/chat/completions" => Reply::Hang,
        _ => Reply::Echo,
    })
    .await;
    let mut first = stand.gateway.http2().await;
    let hanging = tokio::spawn(async move { first.try_send(chat(&chat_of(1, 1))).await });
    stand
        .gateway
        .wait_for_metric("inference_admission_in_flight", &[("limit", "gpu")], |sum| sum == 1.0)
        .await;
    let mut second = stand.gateway.http1().await;
    let answer = second.send(chat(&chat_of(1, 1))).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.json()["error"]["code"], "in_flight");
    hanging.abort();
    let _ = hanging.await;
    stand
        .gateway
        .wait_for_metric("inference_admission_in_flight", &[("limit", "gpu")], |sum| sum == 0.0)
        .await;
}
