//! What workers share, and requests that wait: the shell's promises to a filter.
//!
//! The filter `sharing` does what a request's header `x-do` says.

mod cells;
mod going_by;
mod leaving;
mod replacing;
mod ticking;
mod trailers;
mod waiting;
mod waking;

use integration_tests::{Answer, Call, Client, EnvoyConfig, Gateway, Reply, Upstream, WasmFilter};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

const BEGUN: &str = "sharing_begun_total";
const FINISHED: &str = "sharing_finished_total";
const WAITED: &str = "sharing_waited_total";
const WOKEN: &str = "sharing_woken_total";
const SHOWN: &str = "sharing_shown_bytes_total";

fn filter(config: &Value) -> WasmFilter {
    WasmFilter::named("sharing").configured(config)
}

fn around(upstream: &Upstream, config: &Value) -> EnvoyConfig {
    Gateway::builder().wasm(&filter(config)).cluster("server", &[upstream.address()])
}

/// One worker, so that everybody can wake everybody, before a server that sends
/// back what it gets.
async fn echoing() -> (Upstream, Gateway) {
    let upstream = Upstream::echo().await;
    let gateway = around(&upstream, &json!({})).start().await;
    (upstream, gateway)
}

/// A server that answers with this.
async fn answering(answer: Answer) -> (Upstream, Gateway) {
    let upstream = Upstream::scripted(move |_| Reply::whole(answer.clone())).await;
    let gateway = around(&upstream, &json!({})).start().await;
    (upstream, gateway)
}

fn told(call: Call, plan: &Value) -> Call {
    call.header("x-do", plan.to_string())
}

/// Waits under this name when its headers came, among other things.
fn waiting_as(name: &str, others: Value) -> Value {
    let mut plan = json!({"name": name, "wait": "headers"});
    let Value::Object(others) = others else { panic!("an object") };
    plan.as_object_mut().unwrap().extend(others);
    plan
}

/// A call whose filter wakes these, and answers.
fn waking(names: &[&str]) -> Call {
    told(Call::get("/waking"), &json!({"wake": names, "answer": true}))
}

/// A call that is under way on a connection of its own.
fn begin(mut client: Client, call: Call) -> JoinHandle<Answer> {
    tokio::spawn(async move { client.send(call).await })
}

/// Waits until so many requests have begun to wait.
async fn waited(gateway: &Gateway, count: u32) {
    gateway.wait_for_metric(WAITED, &[], |waited| waited == f64::from(count)).await;
}

async fn wake(gateway: &Gateway, names: &[&str]) {
    assert_eq!(gateway.http1().await.send(waking(names)).await.status, 200);
}
