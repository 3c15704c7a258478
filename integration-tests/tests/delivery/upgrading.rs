//! A module is replaced by another version under traffic, as envoy/UPGRADING.md says.

use filter_kit::BUILD_INFO;
use http::Response;
use http_body_util::{BodyExt, channel::Sender};
use hyper::body::{Bytes, Incoming};
use inference_metrics::metrics::STARTED;
use integration_tests::{
    Broken, Call, Client, Gateway, Traffic, Upstream, WasmFilter, dist, eventually, in_time,
};
use model_router::metrics::ROUTED;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

const DISCOVERY: &str = "extension_config_discovery.http_filter.discovered";

/// That of the module which is replaced.
const OLD: &str = env!("CARGO_PKG_VERSION");

/// That of the module which replaces it.
const NEW: &str = "1000.0.0";

/// An Envoy that discovers the model router, and where its modules lie.
struct Upgrade {
    gateway: Gateway,
    modules: TempDir,
    _upstream: Upstream,
}

impl Upgrade {
    async fn start() -> Self {
        let upstream = Upstream::echo().await;
        let modules = tempfile::tempdir().expect("a temporary directory");
        let first = put(&modules, "model_router-old.wasm", &dist().join("model_router.wasm"));
        let gateway = Gateway::builder()
            .workers(2)
            .replaceable(&router(&first))
            .cluster("server", &[upstream.address()])
            .start()
            .await;
        Self { gateway, modules, _upstream: upstream }
    }

    /// Another version of the module under a name of its own.
    fn put_new(&self) -> PathBuf {
        put(&self.modules, "model_router-new.wasm", &next_router())
    }

    async fn load(&self, module: &Path) {
        load(&self.gateway, &router(module)).await;
    }

    /// What Envoy tells of the router in this version.
    async fn runs(&self, version: &str) -> Option<f64> {
        let labels = [("filter", "model-router"), ("version", version)];
        self.gateway.admin().metrics().await.sum(BUILD_INFO.name, &labels)
    }
}

fn next_router() -> PathBuf {
    dist().join("test/next_router.wasm")
}

/// Beside it first, then moved to its name, so that nobody reads half of it.
fn put(directory: &TempDir, name: &str, module: &Path) -> PathBuf {
    let (new, file) = (directory.path().join("new"), directory.path().join(name));
    fs::copy(module, &new).unwrap_or_else(|error| panic!("{}: {error}", module.display()));
    fs::rename(new, &file).expect("one file system");
    file
}

fn router(module: &Path) -> WasmFilter {
    let versions = json!([{"name": "v1", "cluster": "server"}]);
    let config = json!({"models": [{"name": "demo", "versions": versions}]});
    WasmFilter::named("model-router").configured(&config).with_module(module)
}

/// Gives Envoy the filter, and waits until it has it.
async fn load(gateway: &Gateway, filter: &WasmFilter) {
    let version = gateway.replace_filter(filter).to_string();
    eventually("the new filter", async || {
        let live = gateway.admin().text_stat(&format!("{DISCOVERY}.version_text")).await;
        (live.as_deref() == Some(&version)).then_some(())
    })
    .await;
}

fn chat() -> Call {
    let messages = json!([{"role": "user", "content": "hi"}]);
    Call::post("/v1/chat/completions").json(&json!({"messages": messages, "model": "demo"}))
}

/// Calls on some connections, each of which must be answered with 200, and how many there were.
async fn traffic(gateway: &Gateway) -> (Traffic, Arc<AtomicU32>) {
    let mut traffic = Traffic::default();
    let sent = Arc::new(AtomicU32::new(0));
    for client in
        [gateway.http1().await, gateway.http1().await, gateway.http2().await, gateway.http2().await]
    {
        let sent = Arc::clone(&sent);
        let next = move || {
            sent.fetch_add(1, Ordering::Relaxed);
            chat()
        };
        traffic.add(client, next, |_, answer| assert_eq!(answer.status, 200, "{answer:?}"));
    }
    (traffic, sent)
}

/// How a chat begins.
const FIRST: &str = r#"{"model": "demo", "#;

/// Begins a chat, of which Envoy has seen the head.
async fn begin(
    upgrade: &Upgrade,
    client: &mut Client,
) -> (Sender<Bytes, Infallible>, impl Future<Output = Result<Response<Incoming>, Broken>> + use<>) {
    let call = Call::post("/v1/chat/completions").header("content-type", "application/json");
    let (mut sender, answer) = client.open(call);
    sender.send_data(FIRST.into()).await.expect("Envoy reads on");
    upgrade.gateway.wait_for_stat("http.gateway.downstream_rq_active", |calls| calls == 1).await;
    (sender, answer)
}

#[tokio::test]
async fn a_module_is_replaced_and_put_back_without_a_failed_request() {
    let upgrade = Upgrade::start().await;
    let (traffic, sent) = traffic(&upgrade.gateway).await;
    traffic.flow(50).await;
    upgrade.load(&upgrade.put_new()).await;
    traffic.flow(50).await;
    assert_eq!(upgrade.runs(NEW).await, Some(1.0));
    upgrade.load(&upgrade.modules.path().join("model_router-old.wasm")).await;
    traffic.flow(50).await;
    traffic.end().await;
    // What is there from a module's start goes on over all of them.
    let sent = f64::from(sent.load(Ordering::Relaxed));
    assert_eq!(upgrade.gateway.metric(ROUTED.name, &[("model", "demo")]).await, sent);
}

/// Envoy keeps a series for as long as there is a machine that has defined it.
#[tokio::test]
async fn the_old_version_is_told_until_its_last_request_has_ended() {
    let upgrade = Upgrade::start().await;
    assert_eq!(upgrade.runs(NEW).await, None);
    let mut client = upgrade.gateway.http2().await;
    let (sender, answer) = begin(&upgrade, &mut client).await;
    upgrade.load(&upgrade.put_new()).await;
    assert_eq!(upgrade.runs(NEW).await, Some(1.0));
    assert_eq!(upgrade.runs(OLD).await, Some(1.0));
    drop(sender);
    in_time("the answer", answer).await.expect("an answer");
    eventually("the end of the old version", async || {
        upgrade.runs(OLD).await.is_none().then_some(())
    })
    .await;
    assert_eq!(upgrade.runs(NEW).await, Some(1.0));
}

#[tokio::test]
async fn the_configuration_dump_names_the_module_that_runs() {
    let upgrade = Upgrade::start().await;
    upgrade.load(&upgrade.put_new()).await;
    let dump = upgrade.gateway.admin().get_json("/config_dump?resource=ecds_filters").await;
    let path = "/ecds_filter/typed_config/config/vm_config/code/local/filename";
    let files: Vec<&str> = dump["configs"]
        .as_array()
        .expect("what was discovered")
        .iter()
        .filter_map(|filter| filter.pointer(path).and_then(Value::as_str))
        .collect();
    assert_eq!(files, [upgrade.modules.path().join("model_router-new.wasm").to_str().unwrap()]);
}

#[tokio::test]
async fn a_request_that_is_under_way_is_not_cut_off() {
    let upgrade = Upgrade::start().await;
    let mut client = upgrade.gateway.http2().await;
    let rest = r#""messages": []}"#;
    let (mut sender, answer) = begin(&upgrade, &mut client).await;
    upgrade.load(&upgrade.put_new()).await;
    sender.send_data(rest.into()).await.expect("Envoy reads on");
    drop(sender);
    let answer = in_time("the answer", answer).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let body = in_time("its body", answer.into_body().collect()).await.expect("all of it");
    assert_eq!(body.to_bytes(), format!("{FIRST}{rest}"));
}

/// Envoy compares the text of configurations, not the modules that they name.
#[tokio::test]
async fn a_module_under_the_old_name_is_not_loaded() {
    let upgrade = Upgrade::start().await;
    let file = put(&upgrade.modules, "model_router-old.wasm", &next_router());
    upgrade.load(&file).await;
    assert_eq!(upgrade.gateway.http1().await.send(chat()).await.status, 200);
    assert_eq!(upgrade.runs(NEW).await, None);
}

#[tokio::test]
async fn a_module_that_can_not_be_loaded_changes_nothing() {
    let upgrade = Upgrade::start().await;
    upgrade.gateway.replace_filter(&router(&upgrade.modules.path().join("missing.wasm")));
    let refused = format!("{DISCOVERY}.config_fail");
    upgrade.gateway.wait_for_stat(&refused, |count| count == 1).await;
    assert_eq!(upgrade.gateway.http1().await.send(chat()).await.status, 200);
    upgrade.gateway.stop();
}

/// Another module with the same `vm_id` finds what the workers share.
#[tokio::test]
async fn what_was_used_of_a_budget_counts_for_the_next_module() {
    let upstream = Upstream::echo().await;
    let limit = json!({"name": "two", "requests": {"count": 2, "window_ms": 3_600_000}});
    let filter = WasmFilter::named("admission-control").configured(&json!({"limits": [limit]}));
    let gateway = Gateway::builder()
        .replaceable(&filter)
        .cluster("server", &[upstream.address()])
        .start()
        .await;
    let mut client = gateway.http1().await;
    assert_eq!(client.send(chat()).await.status, 200);
    load(&gateway, &filter.with_module(&dist().join("test/crashing.wasm"))).await;
    assert_eq!(client.send(chat()).await.status, 200);
    assert_eq!(client.send(chat()).await.status, 429);
}

/// Those of inference metrics come into being with their first request.
#[tokio::test]
async fn a_series_that_only_the_old_module_has_defined_begins_anew() {
    let upstream = Upstream::echo().await;
    let config = json!({"models": [{"name": "demo", "versions": ["v1"]}]});
    let filter = WasmFilter::named("inference-metrics").configured(&config);
    let gateway = Gateway::builder()
        .replaceable(&filter)
        .cluster("server", &[upstream.address()])
        .start()
        .await;
    let mut client = gateway.http1().await;
    for _ in 0..2 {
        assert_eq!(client.send(chat()).await.status, 200);
    }
    gateway.wait_for_metric(STARTED.name, &[], |count| count == 2.0).await;
    load(&gateway, &filter.with_module(&dist().join("test/crashing_metrics.wasm"))).await;
    eventually("the end of the old module's series", async || {
        let metrics = gateway.admin().metrics().await;
        metrics.sum(STARTED.name, &[]).is_none().then_some(())
    })
    .await;
    assert_eq!(client.send(chat()).await.status, 200);
    gateway.wait_for_metric(STARTED.name, &[], |count| count == 1.0).await;
}
