//! Configurations that are replaced while requests are here, and VMs that die.

use super::{
    REQUESTS, STARTED, Stand, answered, chat, config, config_with, events, measuring, predict,
    streamed, token,
};
use http_body_util::BodyExt;
use integration_tests::{Gateway, Reply, Traffic, WasmFilter, eventually, whole};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

async fn replace(stand: &Stand, filter: &WasmFilter) {
    let version = stand.gateway.replace_filter(filter).to_string();
    let name = "extension_config_discovery.http_filter.discovered.version_text";
    eventually("the new configuration", async || {
        let live = stand.gateway.admin().text_stat(name).await;
        (live.as_deref() == Some(&version)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn replacing_the_configuration_under_traffic_loses_no_request() {
    let chain = Gateway::builder().workers(2).replaceable(&measuring(&config()));
    let stand = Stand::of(chain, |parts| match parts.uri.path() {
        "/v1/chat/completions" => Reply::whole(answered()),
        _ => Reply::Echo,
    })
    .await;
    let sent = Arc::new(AtomicU32::new(0));
    let mut traffic = Traffic::default();
    let clients = stand.clients().await.into_iter().chain(stand.clients().await);
    for (number, client) in clients.enumerate() {
        let sent = Arc::clone(&sent);
        let call = if number == 3 { predict() } else { chat(&json!({})) };
        let next = move || {
            sent.fetch_add(1, Ordering::Relaxed);
            call.clone()
        };
        traffic.add(client, next, |_, answer| assert_eq!(answer.status, 200));
    }
    for round in 0..6 {
        traffic.flow(20).await;
        let class = format!("class-{round}");
        replace(&stand, &measuring(&config_with(&json!({"default_class": class})))).await;
    }
    traffic.flow(20).await;
    traffic.end().await;
    let sent = sent.load(Ordering::Relaxed);
    stand.wait_for(REQUESTS, &[("outcome", "ok")], sent).await;
    stand.wait_for(STARTED, &[], sent).await;
    let last = stand.gateway.metric(REQUESTS, &[("class", "class-5")]).await;
    assert!(last >= 80.0, "the last configuration counts: {last}");
}

#[tokio::test]
async fn a_stream_that_a_configuration_outlives_is_counted_to_its_end() {
    let ends = Arc::new(std::sync::Mutex::new(Vec::new()));
    let theirs = Arc::clone(&ends);
    let stand = Stand::new(&config(), move |_| {
        let (reply, steps) = Reply::stepwise(events(""));
        theirs.lock().unwrap().push(steps);
        reply
    })
    .await;
    let mut answers = Vec::new();
    let [mut one, mut two] = stand.clients().await;
    for client in [&mut one, &mut two] {
        answers.push(client.begin(streamed()).await);
    }
    let mut steps: Vec<_> = std::mem::take(&mut *ends.lock().unwrap());
    for (answer, steps) in answers.iter_mut().zip(&mut steps) {
        steps.send_data(token("a").into()).await.unwrap();
        answer.body_mut().frame().await.unwrap().unwrap();
    }
    replace(&stand, &measuring(&config_with(&json!({"default_class": "new"})))).await;
    let rest = format!("{}{}{}", super::STOP, super::USAGE, super::DONE);
    for (answer, mut steps) in answers.into_iter().zip(steps) {
        steps.send_data(rest.clone().into()).await.unwrap();
        drop(steps);
        assert_eq!(whole(answer).await.unwrap().text_body(), rest);
    }
    stand.wait_for(REQUESTS, &[("outcome", "ok"), ("class", "default")], 2).await;
    stand.wait_for("inference_tokens_total", &[("token_type", "output")], 10).await;
}

#[tokio::test]
async fn a_worker_that_dies_takes_no_counts_with_it() {
    let filter = WasmFilter::named("crashing-metrics").configured(&config()).reloading();
    let chain = Gateway::builder().wasm(&filter);
    let stand = Stand::of(chain, |_| Reply::whole(answered())).await;
    let mut served = 0;
    for round in 1..=3 {
        for mut client in stand.clients().await {
            assert_eq!(client.send(chat(&json!({}))).await.status, 200);
            served += 1;
            let crash = chat(&json!({})).header("x-panic", "yes");
            assert_eq!(client.send(crash).await.status, 503, "{round}");
            eventually("a new VM", async || {
                let answer = client.send(chat(&json!({}))).await;
                (answer.status == 200).then_some(())
            })
            .await;
            served += 1;
        }
    }
    stand.wait_for(REQUESTS, &[("model", "demo"), ("outcome", "ok")], served).await;
    stand.wait_for(STARTED, &[], served).await;
    stand.wait_for("inference_metrics_folded_total", &[], 0).await;
    let alarms = stand.gateway.stop();
    assert!(alarms.iter().any(|alarm| alarm.contains("the client asked for it")), "{alarms:?}");
}
