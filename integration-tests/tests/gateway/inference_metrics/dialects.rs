//! Every dialect that the gateway speaks.

use super::exchanges::{Exchange, over_grpc, over_http};
use super::{REQUESTS, STARTED, Stand, config, is_about};
use integration_tests::{Client, Metrics, Reply};

/// The request header that chooses the answer.
const ANSWER: &str = "x-answer";

async fn stand(exchanges: &[Exchange]) -> Stand {
    let answers: Vec<_> = exchanges.iter().map(|exchange| exchange.answer.clone()).collect();
    Stand::new(&config(), move |parts| {
        let chosen = parts.headers[ANSWER].to_str().unwrap().parse::<usize>().unwrap();
        Reply::whole(answers[chosen].clone())
    })
    .await
}

/// Sends each call and gets what the server gave, unchanged.
async fn send_all(client: &mut Client, exchanges: &[Exchange]) {
    for (position, exchange) in exchanges.iter().enumerate() {
        let call = exchange.call.clone().header(ANSWER, position.to_string());
        let answer = client.send(call).await;
        assert_eq!(answer.status, 200, "{}: {answer:?}", exchange.name);
        assert_eq!(answer.body, exchange.answer.body, "{}", exchange.name);
    }
}

/// The sum over exchanges that are counted in the same series as this one.
fn expected(all: &[Exchange], one: &Exchange, of: impl Fn(&Exchange) -> u32) -> u32 {
    let same = |other: &&Exchange| other.operation == one.operation && other.target == one.target;
    all.iter().filter(same).map(of).sum()
}

fn assert_counted(metrics: &Metrics, all: &[Exchange], times: u32) {
    for exchange in all {
        let (model, version) = exchange.target;
        let labels = vec![
            ("model", model),
            ("version", version),
            ("class", "default"),
            ("operation", exchange.operation),
        ];
        let with = |label, value| [labels.clone(), vec![(label, value)]].concat();
        let sum = |name: &str, labels: &[(&str, &str)]| metrics.sum(name, labels).unwrap_or(0.0);
        let name = exchange.name;
        let count = |of: &dyn Fn(&Exchange) -> u32| f64::from(times * expected(all, exchange, of));
        assert_eq!(sum(REQUESTS, &with("outcome", "ok")), count(&|_| 1), "{name}");
        for (place, kind) in
            ["input", "output", "cached", "cache_write", "reasoning"].into_iter().enumerate()
        {
            let told = sum("inference_tokens_total", &with("token_type", kind));
            assert_eq!(told, count(&|it| it.tokens[place]), "{name}: {kind}");
        }
        if !exchange.finish_reason.is_empty() {
            let reason = with("finish_reason", exchange.finish_reason);
            assert!(sum("inference_finish_reasons_total", &reason) > 0.0, "{name}: {reason:?}");
        }
        let workloads =
            ["inference_batch_size", "inference_tensor_elements", "inference_prompt_characters"];
        for (place, metric) in workloads.into_iter().enumerate() {
            let told = sum(&format!("{metric}_sum"), &labels);
            let expected = count(&|it| it.workload[place]);
            assert!(is_about(told, expected), "{name}: {metric}: {told} and not {expected}");
        }
        for (metric, bytes) in [
            ("inference_request_bytes", count(&|it| length(&it.call.body_bytes()))),
            ("inference_response_bytes", count(&|it| length(&it.answer.body))),
        ] {
            let told = sum(&format!("{metric}_sum"), &labels);
            assert!(is_about(told, bytes), "{name}: {metric}: {told} and not {bytes}");
            assert_eq!(sum(&format!("{metric}_count"), &labels), count(&|_| 1), "{name}");
        }
        for metric in ["request_duration_us", "upstream_time_us", "gateway_time_us"] {
            let told = sum(&format!("inference_{metric}_count"), &labels);
            assert_eq!(told, count(&|_| 1), "{name}: {metric}");
        }
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

async fn check(exchanges: Vec<Exchange>, http1: bool) {
    let stand = stand(&exchanges).await;
    let [mut one, mut two] = stand.clients().await;
    let mut times = 0;
    for (is_sent, client) in [(http1, &mut one), (true, &mut two)] {
        if is_sent {
            send_all(client, &exchanges).await;
            times += 1;
        }
    }
    let requests = times * u32::try_from(exchanges.len()).unwrap();
    stand.wait_for(STARTED, &[], requests).await;
    // The last that a flush brings.
    stand.wait_for("inference_gateway_time_us_count", &[], requests).await;
    let metrics = stand.gateway.admin().metrics().await;
    assert_counted(&metrics, &exchanges, times);
}

#[tokio::test]
async fn every_dialect_over_http_is_counted_for_what_it_is() {
    check(over_http(), true).await;
}

#[tokio::test]
async fn every_dialect_over_grpc_is_counted_for_what_it_is() {
    check(over_grpc(), false).await;
}
