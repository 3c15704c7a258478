//! Every metric, and every value of the labels that are its own, moved by traffic.

use super::exchanges::{Exchange, over_grpc, over_http};
use super::{
    Stand, answered, chat, config_with, events, group, measuring, predict, streamed, token,
};
use filter_kit::{BUILD_INFO, MetricKind};
use inference_metrics::metrics::{FOLDED, METRICS, REFUSED, ROWS_PER_MODEL, STARTED};
use integration_tests::{Answer, Call, Client, Gateway, Metrics, Reply};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

/// The request headers that say what the server does.
const ANSWER: &str = "x-answer";
const FINISH: &str = "x-finish";
const STATUS: &str = "x-status";
const SERVER: &str = "x-server";

/// Less than anything here waits by itself.
const PATIENCE: Duration = Duration::from_secs(20);

fn script(exchanges: Vec<Answer>) -> impl Fn(&http::request::Parts) -> Reply + Send + Sync {
    move |parts| {
        let said = |name| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        if let Some(position) = said(ANSWER) {
            return Reply::whole(exchanges[position.parse::<usize>().unwrap()].clone());
        }
        if let Some(reason) = said(FINISH) {
            let choice = json!({"message": {"content": "Hi"}, "finish_reason": reason});
            return Reply::whole(Answer::json_value(&json!({"choices": [choice]})));
        }
        if let Some(status) = said(STATUS) {
            let answer = Answer::grpc(&proto::prediction::PredictResponse::default());
            let answer = Answer { trailers: None, ..answer };
            return Reply::whole(answer.trailer("grpc-status", status));
        }
        match said(SERVER).as_deref() {
            Some("400") => Reply::whole(Answer::status(400)),
            Some("503") => Reply::whole(Answer::status(503)),
            Some("504") => Reply::whole(Answer::status(504)),
            Some("499") => Reply::whole(Answer::status(499)),
            Some("cut") => Reply::cut_off(events(token("a"))),
            Some("gzip") => Reply::whole(answered().header("content-encoding", "gzip")),
            _ => Reply::whole(answered()),
        }
    }
}

fn call_for(exchange: &Exchange, position: usize) -> Call {
    exchange.call.clone().header(ANSWER, position.to_string())
}

/// Traffic that moves everything there is.
async fn drive(stand: &Stand, exchanges: &[Exchange]) {
    let mut client = stand.gateway.http2().await;
    for (position, exchange) in exchanges.iter().enumerate() {
        client.send(call_for(exchange, position)).await;
    }
    let row = |name: &str| {
        let found = ROWS_PER_MODEL.iter().find(|row| row.metric.name == name);
        found.unwrap_or_else(|| panic!("{name} is in the table")).values
    };
    for reason in row("inference_finish_reasons_total") {
        client.send(chat(&json!({})).header(FINISH, reason)).await;
    }
    for (code, name) in row("inference_grpc_responses_total").iter().enumerate() {
        let code = if *name == "other" { 99 } else { code };
        client.send(predict().header(STATUS, code.to_string())).await;
    }
    let image = json!([{"role": "user", "content": [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]}]);
    for call in [
        streamed().header(SERVER, "400"),
        streamed().header(SERVER, "503"),
        streamed().header(SERVER, "504"),
        streamed().header(SERVER, "499"),
        streamed().header(SERVER, "cut"),
        chat(&json!({"messages": image})),
        chat(&json!({})).header(SERVER, "gzip"),
        chat(&json!({"max_tokens": 1_000_000})).header("x-model-name", "strict"),
    ] {
        // One of them breaks off.
        _ = client.try_send(call).await;
    }
    send_paused(&mut client).await;
}

/// Messages and tokens, one after the other.
async fn send_paused(client: &mut Client) {
    client.send(Call::grpc_bytes("/of.Theirs/Stream", b"").header(SERVER, "paused")).await;
    client.send(streamed().header(SERVER, "paused")).await;
}

/// A gateway with the validator, which refuses, and a stream with a pause in it.
async fn stand(exchanges: &[Exchange], max_series: u32) -> Stand {
    let answers = exchanges.iter().map(|exchange| exchange.answer.clone()).collect();
    let answering = script(answers);
    let contracts = json!({"contracts": [{"model": "strict", "generative": {"max_tokens": 50}}]});
    let chain = Gateway::builder()
        .wasm(&measuring(&config_with(&json!({"max_series": max_series}))))
        .filter("payload-validator", &contracts);
    Stand::of(chain, move |parts| {
        if parts.headers.get(SERVER).is_none_or(|server| server != "paused") {
            return answering(parts);
        }
        let (head, piece) = match parts.uri.path() {
            "/v1/chat/completions" => (events(""), token("a").into()),
            _ => {
                let head = Answer::status(200).header("content-type", "application/grpc");
                (head, integration_tests::grpc_frame(b""))
            }
        };
        let (reply, mut steps) = Reply::stepwise(head);
        tokio::spawn(async move {
            for _ in 0..2 {
                steps.send_data(piece.clone()).await.expect("a reader");
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        });
        reply
    })
    .await
}

fn series_of(name: &str, kind: MetricKind) -> String {
    match kind {
        MetricKind::Histogram(_) => format!("{name}_count"),
        MetricKind::Counter | MetricKind::Gauge => name.to_owned(),
    }
}

fn has_moved(metrics: &Metrics, name: &str, kind: MetricKind, labels: &[(&str, &str)]) -> bool {
    metrics.sum(&series_of(name, kind), labels).is_some_and(|sum| sum > 0.0)
}

/// What nobody has moved.
fn unmoved(metrics: &Metrics) -> Vec<String> {
    let mut unmoved = Vec::new();
    for metric in METRICS {
        if metric.name != FOLDED.name && !has_moved(metrics, metric.name, metric.kind, &[]) {
            unmoved.push(metric.name.to_owned());
        }
    }
    for row in ROWS_PER_MODEL {
        let Some(own) = row.metric.labels.get(4) else { continue };
        for value in row.values {
            if !has_moved(metrics, row.metric.name, row.metric.kind, &[(own, value)]) {
                unmoved.push(format!("{} {own}={value}", row.metric.name));
            }
        }
    }
    unmoved
}

/// Series have the labels that the table says, each with a value that is known.
fn assert_labels(metrics: &Metrics) {
    for metric in METRICS {
        let expected: BTreeSet<&str> = metric.labels.iter().copied().collect();
        for labels in metrics.series(&series_of(metric.name, metric.kind)) {
            let names: BTreeSet<&str> = labels.iter().map(|(label, _)| label.as_str()).collect();
            assert_eq!(names, expected, "{}", metric.name);
            assert!(
                labels.iter().all(|(_, value)| !value.is_empty()),
                "{}: {labels:?}",
                metric.name
            );
        }
    }
    for row in ROWS_PER_MODEL {
        let Some(own) = row.metric.labels.get(4) else { continue };
        for labels in metrics.series(&series_of(row.metric.name, row.metric.kind)) {
            let value = labels.iter().find(|(label, _)| label == own).map(|(_, value)| &**value);
            assert!(value.is_some_and(|value| row.values.contains(&value)), "{labels:?}");
        }
    }
}

#[tokio::test]
async fn every_metric_moves_with_every_value_of_its_own_label() {
    let exchanges: Vec<Exchange> = over_http().into_iter().chain(over_grpc()).collect();
    let stand = stand(&exchanges, 10_000).await;
    drive(&stand, &exchanges).await;
    let last = RefCell::default();
    let told = stand.wait_until("every metric", |metrics| {
        let unmoved = unmoved(metrics);
        let metrics = unmoved.is_empty().then(|| metrics.clone());
        last.replace(unmoved);
        metrics
    });
    let metrics = tokio::time::timeout(PATIENCE, told).await;
    let metrics = metrics.unwrap_or_else(|_| panic!("nobody moved {:#?}", last.take()));
    assert_labels(&metrics);
    assert_eq!(metrics.sum(FOLDED.name, &[]), Some(0.0));
    let refused = [("filter", "payload-validator")];
    assert_eq!(metrics.sum(REFUSED.name, &refused), Some(1.0));
    for operation in ["chat_completions", "embeddings", "messages", "infer", "predict", "other"] {
        let labels = [("operation", operation), ("class", "default")];
        assert!(metrics.sum(STARTED.name, &labels).is_some_and(|sum| sum > 0.0), "{operation}");
    }
    for name in metrics.names("inference_").into_iter().chain(metrics.names("gen_ai_")) {
        let mut known = METRICS.into_iter().chain([&BUILD_INFO]);
        let is_known = known.any(|metric| name.starts_with(metric.name));
        let is_ours =
            !name.starts_with("inference_validator") && !name.starts_with("inference_validation");
        assert!(is_known || !is_ours, "{name} is in no table");
    }
}

#[tokio::test]
async fn what_is_beyond_the_series_that_there_may_be_is_counted_together() {
    let exchanges: Vec<Exchange> = over_http();
    let stand = stand(&exchanges, 3 * group()).await;
    drive(&stand, &exchanges).await;
    let folded = stand
        .wait_until("the folded", |metrics| metrics.sum(FOLDED.name, &[]).filter(|sum| *sum > 0.0))
        .await;
    let other =
        [("model", "other"), ("version", "other"), ("class", "other"), ("operation", "other")];
    let counted = stand.gateway.metric(super::REQUESTS, &other).await;
    assert!(folded > 10.0, "{folded}");
    assert_eq!(counted, folded);
}
