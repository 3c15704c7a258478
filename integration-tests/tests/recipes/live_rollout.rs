//! envoy/recipes/live-rollout: a split that is moved under traffic, by replacing
//! a file as its comments say.

mod load;

use super::prediction;
use http::request::Parts;
use http_body_util::BodyExt;
use integration_tests::{
    Call, Gateway, Reply, ShippedConfig, Upstream, dist, eventually, grpc_frame, in_time,
};
use load::{Load, SESSIONS};
use prost::Message;
use proto::inference::ModelInferRequest;
use serde_json::json;
use std::fs;
use tempfile::TempDir;

const DISCOVERY: &str = "extension_config_discovery.http_filter.model-router";

const STREAM: &str = "/inference.GRPCInferenceService/ModelStreamInfer";

/// The recipe, with a directory of its own for the file that is replaced.
struct Rollout {
    gateway: Gateway,
    directory: TempDir,
    _servers: [Upstream; 2],
}

impl Rollout {
    async fn start(first: &ShippedConfig) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        fs::write(directory.path().join("model-router.yaml"), first.text()).expect("a file");
        Self::start_in(directory).await
    }

    async fn start_in(directory: TempDir) -> Self {
        let servers = [
            Upstream::scripted(|head| answer_as("v1", head)).await,
            Upstream::scripted(|head| answer_as("v2", head)).await,
        ];
        let [v1, v2] = &servers;
        let config = ShippedConfig::recipe("live-rollout")
            .replacing("/etc/envoy/discovery", &directory.path().display().to_string())
            .with("model-v1-a", 9000, v1.address())
            .with("model-v2-a", 9000, v2.address());
        Self { gateway: config.workers(2).start().await, directory, _servers: servers }
    }

    /// What the operator does: another file beside it, then `mv`.
    fn replace(&self, file: &ShippedConfig) {
        let next = self.directory.path().join("next.yaml");
        fs::write(&next, file.text()).expect("a file");
        fs::rename(next, self.directory.path().join("model-router.yaml")).expect("a file system");
    }

    async fn wait_for_version(&self, version: &str) {
        let stat = format!("{DISCOVERY}.version_text");
        eventually(version, async || {
            self.gateway.admin().text_stat(&stat).await.filter(|text| text == version)
        })
        .await;
    }

    async fn wait_for_count(&self, counter: &str, expected: u64) {
        let stat = format!("{DISCOVERY}.{counter}");
        self.gateway.wait_for_stat(&stat, |count| count == expected).await;
    }

    /// Ends it. The only failure in its log is the file that was refused.
    fn stop_after_a_bad_file(self) {
        let log = self.gateway.log().text();
        assert!(log.contains("models[0].versions: weights add up to 90, must be 100"), "{log}");
        let alarms = self.gateway.stop();
        assert!(alarms.iter().all(|alarm| alarm.contains("failed to load")), "{alarms:#?}");
    }
}

/// The file that is shipped, with this split.
fn split(v1: u32, v2: u32) -> ShippedConfig {
    ShippedConfig::read("envoy/recipes/live-rollout/model-router.yaml")
        .replacing("/etc/envoy/filters", &dist().display().to_string())
        .replacing(r#""weight": 95}"#, &format!(r#""weight": {v1}}}"#))
        .replacing(r#""weight": 5}"#, &format!(r#""weight": {v2}}}"#))
        .replacing("version_info: v2 gets 5 percent", &format!("version_info: {}", version(v2)))
}

fn version(v2: u32) -> String {
    format!("v2 gets {v2} percent")
}

fn answer_as(version: &'static str, head: &Parts) -> Reply {
    match head.uri.path() {
        STREAM => Reply::EchoAtOnce,
        _ => Reply::whole(prediction::answer_to(head).header("x-served-version", version)),
    }
}

#[tokio::test]
async fn a_split_moves_without_a_failed_request() {
    let rollout = Rollout::start(&split(95, 5)).await;
    let load = Load::on(&rollout.gateway).await;
    load.assert_share_becomes(0.05).await;
    rollout.replace(&split(50, 50));
    load.assert_share_becomes(0.5).await;
    rollout.wait_for_version(&version(50)).await;
    rollout.replace(&split(0, 100));
    load.assert_share_becomes(1.0).await;
    rollout.wait_for_version(&version(100)).await;

    let sessions = load.sessions();
    assert_eq!(sessions.len(), 6 * SESSIONS);
    for (session, versions) in sessions {
        assert!(versions.is_sorted(), "{session} was moved back: {versions:?}");
        assert_eq!(versions.last(), Some(&true), "{session} was left behind");
    }
    load.traffic.end().await;
    let failed = rollout.gateway.admin().stat("http.inference.downstream_rq_5xx").await;
    assert_eq!(failed, Some(0));
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_shows_in_the_metrics() {
    let rollout = Rollout::start(&split(0, 100)).await;
    let load = Load::on(&rollout.gateway).await;
    load.assert_share_becomes(1.0).await;
    rollout.replace(&ShippedConfig::of_text("{ no YAML".into()));
    rollout.wait_for_count("update_failure", 1).await;
    rollout.replace(&split(10, 80));
    rollout.wait_for_count("update_rejected", 1).await;
    rollout.wait_for_count("config_fail", 2).await;
    load.assert_share_is(1.0).await;
    rollout.wait_for_version(&version(100)).await;

    rollout.replace(&split(50, 50));
    rollout.wait_for_version(&version(50)).await;
    load.assert_share_becomes(0.5).await;
    load.traffic.end().await;
    rollout.stop_after_a_bad_file();
}

#[tokio::test]
async fn a_stream_that_is_under_way_goes_on() {
    let rollout = Rollout::start(&split(100, 0)).await;
    let mut client = rollout.gateway.http2().await;
    let call = Call::post(STREAM).header("content-type", "application/grpc");
    let (mut sender, answer) = client.open(call);
    let request = ModelInferRequest { model_name: "demo".into(), ..ModelInferRequest::default() };
    let message = grpc_frame(&request.encode_to_vec());
    sender.send_data(message.clone()).await.unwrap();
    let mut answer = in_time("the answer", answer).await.expect("an answer");
    for v2 in [50, 100, 50] {
        let echoed = in_time("the echo", answer.body_mut().frame()).await.unwrap().unwrap();
        assert_eq!(echoed.data_ref(), Some(&message));
        rollout.replace(&split(100 - v2, v2));
        rollout.wait_for_version(&version(v2)).await;
        sender.send_data(message.clone()).await.unwrap();
    }
    in_time("the echo", answer.body_mut().frame()).await.unwrap().unwrap();
}

#[tokio::test]
async fn while_there_was_no_good_file_every_request_is_answered_500() {
    let rollout = Rollout::start(&split(10, 80)).await;
    rollout.wait_for_count("config_fail", 1).await;
    let mut client = rollout.gateway.http1().await;
    let call = Call::post("/v1/chat/completions").json(&json!({"model": "demo"}));
    assert_eq!(client.send(call.clone()).await.status, 500);
    let log = rollout.gateway.access_log();
    log.wait_for("the reason", |entry| entry["flags"] == "NFCF").await;

    rollout.replace(&split(0, 100));
    let served = eventually("a good file's effect", async || {
        Some(client.send(call.clone()).await).filter(|answer| answer.status == 200)
    });
    assert_eq!(served.await.header_text("x-served-version").as_deref(), Some("v2"));
    rollout.stop_after_a_bad_file();
}

#[tokio::test]
#[should_panic(expected = "Envoy ended with")]
async fn without_a_file_envoy_does_not_start() {
    Rollout::start_in(tempfile::tempdir().expect("a temporary directory")).await;
}
