//! How many series there may be, whatever clients send and however many workers count.

use super::{REQUESTS, STARTED, Stand, answered, chat, config_with, group, measuring, predict};
use fastrand::Rng;
use inference_metrics::metrics::{FOLDED, ROWS_PER_MODEL};
use integration_tests::{Call, Gateway, Metrics, Reply};
use serde_json::json;
use std::collections::BTreeSet;

/// The values of a label in any series of ours.
fn values(metrics: &Metrics, label: &str) -> BTreeSet<String> {
    let names = ROWS_PER_MODEL.iter().map(|row| row.metric.name);
    let series = names.flat_map(|name| {
        [name.to_owned(), format!("{name}_count")]
            .into_iter()
            .flat_map(|name| metrics.series(&name))
    });
    let found = series.flat_map(|labels| labels.into_iter().filter(|(name, _)| name == label));
    found.map(|(_, value)| value).collect()
}

/// How many series of ours there are per model: a histogram is one.
fn count(metrics: &Metrics) -> usize {
    let names = ROWS_PER_MODEL.iter().map(|row| row.metric.name);
    names
        .map(|name| metrics.series(name).len() + metrics.series(&format!("{name}_count")).len())
        .sum()
}

fn hostile_name(random: &mut Rng) -> String {
    let letters = ['a', 'Z', '0', '_', '=', '.', ';', '"', '\\', '{', '\n', 'é', '🙂', ' ', '/'];
    let length = random.usize(1..60);
    (0..length).map(|_| letters[random.usize(..letters.len())]).collect()
}

#[tokio::test]
async fn names_that_clients_make_up_are_no_labels() {
    let chain = Gateway::builder().workers(2).wasm(&measuring(&config_with(&json!({
        "tenant": {"header": "x-tenant"},
        "class_rules": [{"class": "gold", "tenants": ["gold"]}],
    }))));
    let stand = Stand::of(chain, |_| Reply::whole(answered())).await;
    let seed = 7;
    let mut random = Rng::with_seed(seed);
    let mut requests = 0;
    for mut client in stand.clients().await {
        for turn in 0..150 {
            let name = hostile_name(&mut random);
            let request =
                proto::prediction::PredictRequest { features: vec![0.5], model_name: name.clone() };
            let call = match turn % 4 {
                0 => chat(&json!({"model": name})),
                1 => Call::post(&format!("/v2/models/made-up-{turn}/versions/{turn}/infer")),
                2 => Call::post(&format!("/v2/models/iris/versions/made-up-{turn}/infer")),
                _ => Call::grpc("/prediction.PredictionService/Predict", &request),
            };
            let call = call
                .header("x-tenant", format!("tenant-{turn}"))
                .header("x-model-name", format!("header-{turn}"))
                .header("x-model-version", format!("header-{turn}"));
            client.send(call).await;
            requests += 1;
        }
    }
    stand.wait_for(REQUESTS, &[], requests).await;
    let metrics = stand.gateway.admin().metrics().await;
    let known = |values: &[&str]| values.iter().map(|it| (*it).to_owned()).collect::<BTreeSet<_>>();
    // A name that is not text names nobody.
    assert!(values(&metrics, "model").is_subset(&known(&["iris", "other", "none"])), "{seed}");
    assert!(values(&metrics, "version").is_subset(&known(&["other", "none"])), "{seed}");
    assert_eq!(values(&metrics, "class"), known(&["default"]));
    assert_eq!(values(&metrics, "operation"), known(&["chat_completions", "infer", "predict"]));
    let text = stand.text().await;
    assert!(!text.contains("made-up") && !text.contains("header-") && !text.contains("tenant-"));
}

/// As many combinations as there may not be, from many connections at once.
async fn crowd(workers: u32, max_series: u32) {
    let models: Vec<_> = (0..8).map(|number| json!({"name": format!("m{number}")})).collect();
    let rules: Vec<_> = (0..4)
        .map(|class| {
            let name = format!("c{class}");
            json!({"class": name, "header": {"name": "x-class", "value": name}})
        })
        .collect();
    let config = json!({
        "models": models, "class_rules": rules, "model_from": "request", "max_series": max_series,
    });
    let chain = Gateway::builder().workers(workers).balanced().wasm(&measuring(&config));
    let stand = Stand::of(chain, |_| Reply::whole(answered())).await;
    let mut callers = Vec::new();
    for number in 0..8 {
        let mut client = stand.gateway.http2().await;
        callers.push(tokio::spawn(async move {
            for turn in 0..64 {
                // Each caller goes through all of them, and begins at another one.
                let place = (turn + number * 8) % 64;
                let (model, class) = (place % 8, place / 8 % 5);
                let call = match place % 2 {
                    0 => chat(&json!({"model": format!("m{model}")})),
                    _ => Call::post(&format!("/v2/models/m{model}/infer")).json(&json!({})),
                };
                let answer = client.send(call.header("x-class", format!("c{class}"))).await;
                assert_eq!(answer.status, 200);
            }
        }));
    }
    for caller in callers {
        caller.await.expect("no panic");
    }
    stand.wait_for(REQUESTS, &[], 512).await;
    stand.wait_for("inference_request_duration_us_count", &[], 512).await;
    stand.wait_for(STARTED, &[], 512).await;
    let metrics = stand.gateway.admin().metrics().await;
    let there = count(&metrics);
    assert!(there <= usize::try_from(max_series).unwrap(), "{workers} workers: {there}");
    let groups: BTreeSet<_> = metrics
        .series(REQUESTS)
        .into_iter()
        .map(|labels| labels.into_iter().filter(|(name, _)| name != "outcome").collect::<Vec<_>>())
        .collect();
    // Without the one of all others, and a quarter for models that are not listed.
    let room = usize::try_from(max_series / group() - 1).unwrap();
    assert_eq!(groups.len(), 1 + room - room.div_ceil(4), "{groups:?}");
    let others: Vec<_> =
        ["model", "version", "class", "operation"].iter().map(|label| (*label, "other")).collect();
    let folded = metrics.sum(FOLDED.name, &[]);
    assert!(folded.is_some_and(|sum| sum > 0.0));
    assert_eq!(metrics.sum(REQUESTS, &others), folded);
}

#[tokio::test]
async fn two_workers_make_no_more_series_than_there_may_be() {
    crowd(2, 12 * group()).await;
}

#[tokio::test]
async fn four_workers_make_no_more_series_than_there_may_be() {
    crowd(4, 6 * group()).await;
}

#[tokio::test]
async fn a_group_that_another_worker_knows_is_counted_by_all() {
    let chain = Gateway::builder()
        .workers(2)
        .balanced()
        .wasm(&measuring(&config_with(&json!({"max_series": 3 * group()}))));
    let stand = Stand::of(chain, |_| Reply::Echo).await;
    for _ in 0..8 {
        let answer = stand.gateway.http2().await.send(predict()).await;
        assert_eq!(answer.grpc_status(), Some(0));
    }
    stand.wait_for(REQUESTS, &[("model", "demo"), ("operation", "predict")], 8).await;
    stand.wait_for(FOLDED.name, &[], 0).await;
}
