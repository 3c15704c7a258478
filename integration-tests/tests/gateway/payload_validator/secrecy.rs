//! Nothing of what a client wrote into a payload stands anywhere else.

use super::requests::{
    INFER, ROW, grpc, infer, infer_request, iris, predict, raw, rest, rest_tensor, scores,
    tensorflow, tensorflow_rest, typed,
};
use super::{Answer, Call, Reply, Stand, chat, json};
use proto::inference::model_infer_request::InferInputTensor;
use proto::inference::{InferTensorContents, ModelInferRequest};
use proto::tensorflow::TensorProto;
use serde_json::Value;

/// A word that no program has of its own.
const SECRET: &str = "zxqvjk77";

fn config(mode: &str) -> Value {
    let modes = |mut contract: Value| {
        contract["mode"] = mode.into();
        contract
    };
    let names = json!({
        "model": "names",
        "tensors": {"inputs": [{
            "name": "name", "datatype": "BYTES", "shape": [1], "max_string_bytes": 4,
        }]},
    });
    let chats = json!({
        "generative": {"max_tokens": 100, "max_messages": 1, "max_characters": 20},
        "json_schema": {"properties": {
            "user": {"enum": ["a", "b"]},
            "metadata": {"additionalProperties": {"type": "integer"}},
            "tags": {"items": {"const": "a"}},
        }},
        "limits": {"max_string_bytes": 300, "content_types": ["application/json"]},
    });
    json!({
        "contracts": [modes(iris()), modes(scores()), modes(names), modes(chats)],
        "patches": [{
            "name": "p", "paths": ["/v1/*"], "mode": mode,
            "json_schema": {"properties": {"closed": false}},
        }],
    })
}

/// Requests that are wrong in every way that shows text of theirs.
fn bad_http() -> Vec<Call> {
    let message = json!({"role": "user", "content": SECRET});
    let text = |body: String| Call::post("/v1/chat/completions").json(&json!({})).body(body);
    vec![
        chat(&json!({"messages": [{"role": SECRET, "content": "hi"}]})),
        chat(&json!({"messages": [{"role": "user", "content": {SECRET: SECRET}}]})),
        chat(&json!({"messages": [{"role": "user", "content": SECRET.repeat(10)}]})),
        chat(&json!({"messages": [message, message]})),
        chat(&json!({"messages": SECRET})),
        chat(&json!({"temperature": SECRET})),
        chat(&json!({"max_tokens": SECRET})),
        chat(&json!({"tools": [{"type": SECRET}]})),
        chat(&json!({"tool_choice": {SECRET: 1}})),
        chat(&json!({"user": SECRET})),
        chat(&json!({"metadata": {SECRET: SECRET}})),
        chat(&json!({"tags": [SECRET]})),
        chat(&json!({"closed": SECRET})),
        chat(&json!({SECRET: SECRET.repeat(100)})),
        text(format!("{{\"{SECRET}\": {SECRET}")),
        text(SECRET.to_owned()),
        text(format!("{{\"messages\": [], \"{SECRET}\": \"\\u{SECRET}\"}}")),
        text(format!("{{}}{SECRET}")),
        chat(&json!({})).header("content-encoding", SECRET),
        Call::post("/v1/completions").header("content-type", format!("x/{SECRET}")).body("{}"),
        Call::post("/v1/embeddings").json(&json!({"input": {SECRET: SECRET}})),
        Call::post("/v1/responses").json(&json!({"input": [{"type": SECRET, "role": SECRET}]})),
        Call::post("/v1/messages").json(&json!({"messages": [{"role": SECRET}], "max_tokens": 1})),
        rest_tensor(&json!({"name": SECRET})),
        rest_tensor(&json!({"datatype": SECRET})),
        rest_tensor(&json!({"data": [SECRET, SECRET, SECRET, SECRET]})),
        rest_tensor(&json!({"shape": SECRET})),
        rest(&json!({"inputs": [SECRET]})),
        rest(&json!({"inputs": {SECRET: SECRET}})),
        rest_tensor(&json!({})).header("inference-header-content-length", SECRET),
        Call::post("/v2/models/names/infer").json(&json!({"inputs": [
            {"name": "name", "datatype": "BYTES", "shape": [1], "data": [SECRET]},
        ]})),
        tensorflow_rest(&format!(r#"{{"instances": [{{"{SECRET}": [1]}}]}}"#)),
        tensorflow_rest(&format!(r#"{{"instances": [{{"features": ["{SECRET}"]}}]}}"#)),
        tensorflow_rest(&format!(r#"{{"instances": [{{"features": 1}}, {{"{SECRET}": 1}}]}}"#)),
    ]
}

fn bad_grpc() -> Vec<Call> {
    let named = InferInputTensor { name: SECRET.into(), ..typed(&[1, 4], &ROW) };
    let datatype = InferInputTensor { datatype: SECRET.into(), ..typed(&[1, 4], &ROW) };
    let strings = InferInputTensor {
        name: "name".into(),
        datatype: "BYTES".into(),
        shape: vec![1],
        contents: Some(InferTensorContents {
            bytes_contents: vec![SECRET.into()],
            ..InferTensorContents::default()
        }),
        ..InferInputTensor::default()
    };
    let names = ModelInferRequest { id: SECRET.into(), ..infer_request(vec![strings]) };
    vec![
        infer(vec![named.clone()]),
        infer(vec![named, datatype.clone()]),
        infer(vec![datatype]),
        raw(vec![typed(&[1, 4], &ROW)], &[&ROW]),
        grpc(INFER, "names", &names),
        tensorflow(SECRET, TensorProto::default()),
        predict(&[f32::NAN; 4]),
        Call::grpc_bytes(INFER, SECRET.as_bytes()).header("x-model-name", "iris"),
        infer(vec![]).body(SECRET),
    ]
}

/// Everything that an operator and other clients could read.
async fn traces(stand: &Stand) -> String {
    let metrics = stand.gateway.admin().get("/stats").await;
    let prometheus = stand.gateway.admin().get("/stats/prometheus").await;
    let entries = stand.gateway.access_log().entries();
    let log = stand.gateway.log().text();
    format!("{metrics}\n{prometheus}\n{}\n{log}", serde_json::Value::Array(entries))
}

fn told(answer: &Answer) -> String {
    let trailers = answer.trailers.clone().unwrap_or_default();
    let status = tonic::Status::from_header_map(&answer.headers);
    let details = status.as_ref().map(tonic::Status::details).unwrap_or_default();
    let details = String::from_utf8_lossy(details).into_owned();
    format!("{:?} {} {trailers:?} {details}", answer.headers, answer.text_body())
}

#[tokio::test]
async fn a_refusal_repeats_nothing() {
    let stand = Stand::new(&config("enforce")).await;
    for (mut client, calls) in [
        (stand.gateway.http1().await, bad_http()),
        (stand.gateway.http2().await, bad_http()),
        (stand.gateway.http2().await, bad_grpc()),
    ] {
        for call in calls {
            let shown = format!("{call:?}");
            let answer = stand.refused(&mut client, call).await;
            assert!(answer.headers.contains_key("x-inference-rejected"), "{shown}: {answer:?}");
            assert!(!told(&answer).contains(SECRET), "{}", told(&answer));
        }
    }
    let count = 2 * bad_http().len() + bad_grpc().len();
    let log = stand.gateway.access_log();
    log.wait_for("all calls", |_| log.entries().len() == count).await;
    assert!(!traces(&stand).await.contains(SECRET));
}

#[tokio::test]
async fn a_report_repeats_nothing() {
    let stand =
        Stand::answered(&config("report_only"), |_| Reply::whole(Answer::status(200))).await;
    let mut client = stand.gateway.http2().await;
    let calls = [bad_http(), bad_grpc()].concat();
    let count = calls.len();
    for call in calls {
        client.send(call).await;
    }
    let log = stand.gateway.access_log();
    log.wait_for("all calls", |_| log.entries().len() == count).await;
    let reported = "inference_validator_reported_total";
    stand.gateway.wait_for_metric(reported, &[], |count| count > 30.0).await;
    assert!(!traces(&stand).await.contains(SECRET));
}

#[tokio::test]
async fn a_replaced_answer_is_not_repeated() {
    let mut contract = iris();
    contract["answers"] = json!({
        "outputs": [{"name": "scores", "datatype": "FP32"}],
        "unknown": "refuse",
        "on_violation": "replace",
    });
    let config = json!({"contracts": [contract]});
    for body in [
        json!({"outputs": [{"name": SECRET, "datatype": "FP32", "shape": [1], "data": [1]}]}),
        json!({"outputs": [{"name": "scores", "datatype": SECRET, "shape": [1], "data": [1]}]}),
        json!({"outputs": [{"name": "scores", "datatype": "FP32", "shape": [1], "data": [SECRET]}]}),
        json!({"outputs": SECRET}),
        json!(SECRET),
    ] {
        let given = Answer::json_value(&body);
        let stand = Stand::answered(&config, move |_| Reply::whole(given.clone())).await;
        let mut client = stand.gateway.http1().await;
        let answer = client.send(rest_tensor(&json!({}))).await;
        assert_eq!(answer.status, 502, "{body}");
        assert!(!told(&answer).contains(SECRET), "{}", told(&answer));
        stand.gateway.access_log().wait_for("the call", |_| true).await;
        assert!(!traces(&stand).await.contains(SECRET), "{body}");
    }
}
