//! Admission control on hosts that can't hold a request's headers back, as under
//! Istio's `WasmPlugin`: with what its README says for them.

use http_body_util::BodyExt;
use integration_tests::{Answer, Call, Gateway, Reply, Upstream, WasmFilter, repository};
use serde_json::{Value, json};
use std::fs;

/// The configuration that the README has for such hosts, with these members more.
fn config(members: Value) -> Value {
    let readme = repository().join("filters/admission-control/README.md");
    let readme = fs::read_to_string(readme).expect("the README");
    let blocks = readme.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    let block = blocks.into_iter().find(|block| block.contains("\"hold_up_to_bytes\": 0"));
    let mut config: Value = serde_json::from_str(block.expect("a block")).expect("JSON");
    let members = members.as_object().expect("members").clone();
    config.as_object_mut().expect("an object").extend(members);
    config
}

async fn gateway(config: &Value, server: &Upstream) -> Gateway {
    let filter = WasmFilter::named("admission-control").configured(config).without_held_headers();
    Gateway::builder()
        .wasm(&filter)
        .cluster("server", &[server.address()])
        .logging("reserved", "%FILTER_STATE(wasm.inference.tokens_reserved:PLAIN)%")
        .logging("used", "%FILTER_STATE(wasm.inference.tokens_used:PLAIN)%")
        .start()
        .await
}

fn chat() -> Call {
    let body = json!({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9});
    Call::post("/v1/chat/completions").json(&body)
}

#[tokio::test]
async fn a_request_is_charged_by_its_length_and_settled_by_its_answer() {
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30});
    let answer = Answer::json_value(&json!({"choices": [], "usage": usage}));
    let server = Upstream::scripted(move |_| Reply::whole(answer.clone())).await;
    let gateway = gateway(&config(json!({})), &server).await;
    let call = chat();
    let length = call.body_bytes().len();
    let passed = gateway.http1().await.send(call.clone()).await;
    assert_eq!(passed.status, 200, "{passed:?}");
    assert_eq!(server.last().body, call.body_bytes());
    let entry = gateway.access_log().wait_for("the request", |_| true).await;
    assert_eq!(entry["reserved"], (length.div_ceil(4) + 512).to_string());
    assert_eq!(entry["used"], "30");
}

#[tokio::test]
async fn a_request_waits_for_room_with_its_body() {
    let room = json!({
        "limits": [{"name": "room", "in_flight": {"max": 1}}],
        "queue": {"max_requests": 1, "max_wait_ms": 30_000},
    });
    let (reply, steps) = Reply::stepwise(Answer::status(200));
    let server = Upstream::scripted(move |head| match head.uri.path() {
        "/v1/completions" => reply.clone(),
        _ => Reply::Echo,
    })
    .await;
    let gateway = gateway(&config(room), &server).await;
    let mut first = gateway.http2().await;
    let first = first.begin(Call::post("/v1/completions").json(&json!({"prompt": "Hi"}))).await;
    let mut client = gateway.http1().await;
    let waiting = tokio::spawn(async move { client.send(chat()).await });
    let length = "inference_admission_queue_length";
    gateway.wait_for_metric(length, &[], |waiting| waiting == 1.0).await;
    drop(steps);
    first.into_body().collect().await.expect("an end");
    let answer = waiting.await.expect("no panic");
    assert_eq!((answer.status.as_u16(), answer.body), (200, chat().body_bytes()));
}
