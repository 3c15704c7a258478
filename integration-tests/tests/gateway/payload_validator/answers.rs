//! What comes back from a model server.

use super::requests::{ROW, infer, iris, rest_tensor, typed};
use super::{Answer, Call, Client, Reply, Stand, chat, json};
use bytes::Bytes;
use integration_tests::in_time;
use proto::inference::model_infer_response::InferOutputTensor;
use proto::inference::{InferTensorContents, ModelInferResponse};
use serde_json::Value;

/// The header by which a request says which answer it is for.
const WANTED: &str = "x-wanted-answer";

fn config(on_violation: &str) -> Value {
    let mut contract = iris();
    contract["answers"] = json!({
        "outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, 3], "finite": true}],
        "on_violation": on_violation,
        "hold_up_to_bytes": 10_000,
    });
    let chats = json!({"answers": {"on_violation": on_violation}});
    json!({"contracts": [contract, chats]})
}

/// A stand whose server gives the answers that requests ask for by number.
async fn stand(on_violation: &str, answers: &[Answer]) -> Stand {
    let answers = answers.to_vec();
    Stand::answered(&config(on_violation), move |head| {
        let wanted = head.headers.get(WANTED).and_then(|number| number.to_str().ok());
        let wanted: usize = wanted.and_then(|number| number.parse().ok()).expect("a number");
        Reply::whole(answers[wanted].clone())
    })
    .await
}

fn wanting(call: Call, number: usize) -> Call {
    call.header(WANTED, number.to_string())
}

fn scores(shape: &[i64], data: &str) -> Answer {
    let output =
        format!(r#"{{"name": "scores", "datatype": "FP32", "shape": {shape:?}, "data": {data}}}"#);
    Answer::status(200)
        .header("content-type", "application/json")
        .body(format!(r#"{{"model_name": "iris", "outputs": [{output}] }}"#))
}

fn scores_grpc(values: &[f32]) -> Answer {
    let contents =
        InferTensorContents { fp32_contents: values.to_vec(), ..InferTensorContents::default() };
    let output = InferOutputTensor {
        name: "scores".into(),
        datatype: "FP32".into(),
        shape: vec![1, 3],
        contents: Some(contents),
        ..InferOutputTensor::default()
    };
    Answer::grpc(&ModelInferResponse { outputs: vec![output], ..ModelInferResponse::default() })
}

/// Sends a call whose answer comes to the client as the server gave it.
async fn assert_untouched(client: &mut Client, call: Call, given: &Answer) {
    let answer = client.send(call).await;
    assert_eq!(answer.status, given.status, "{answer:?}");
    assert!(answer.body == given.body, "{} became {}", given.text_body(), answer.text_body());
    assert_eq!(answer.header_text("x-inference-rejected"), None);
    assert_eq!(answer.header_text("content-type"), given.header_text("content-type"));
    assert_eq!(answer.grpc_status(), given.grpc_status());
}

fn bad_json() -> [(Answer, &'static str); 6] {
    [
        (scores(&[3], "[0.1, 0.2, 0.7]"), "tensor_shape"),
        (scores(&[1, 3], "[0.1, 0.2]"), "tensor_protocol"),
        (scores(&[1, 3], "[NaN, 0.2, 0.7]"), "malformed"),
        (scores(&[1, 3], "[1e300, 0.2, 0.7]"), "tensor_finite"),
        (Answer::json_value(&json!({"outputs": []})), "tensor_missing"),
        (Answer::text("<html>"), "malformed"),
    ]
}

#[tokio::test]
async fn a_good_answer_goes_through_byte_for_byte() {
    let good = [
        scores(&[1, 3], "[0.1, 0.2, 0.7]"),
        scores(&[2, 3], "[[0.1, 0.2, 0.7], [1.0e-3,0,0]]"),
        scores_grpc(&[0.1, 0.2, 0.7]),
        // Longer than is held.
        scores(&[6000, 3], &format!("{:?}", vec![0.5; 18_000])),
    ];
    for on_violation in ["replace", "count"] {
        let stand = stand(on_violation, &good).await;
        for mut client in stand.clients().await {
            for number in [0, 1, 3] {
                let call = wanting(rest_tensor(&json!({})), number);
                assert_untouched(&mut client, call, &good[number]).await;
            }
        }
        let mut client = stand.gateway.http2().await;
        let call = wanting(infer(vec![typed(&[1, 4], &ROW)]), 2);
        assert_untouched(&mut client, call, &good[2]).await;
        let labels = [("model", "iris"), ("version", "other")];
        let answers = "inference_validator_answers_total";
        stand.gateway.wait_for_metric(answers, &labels, |count| count == 7.0).await;
        assert_eq!(stand.gateway.metric("inference_validator_bad_answers_total", &[]).await, 0.0);
    }
}

#[tokio::test]
async fn a_bad_answer_is_replaced() {
    let bad = bad_json();
    let answers: Vec<Answer> = bad.iter().map(|(answer, _)| answer.clone()).collect();
    let stand = stand("replace", &answers).await;
    for mut client in stand.clients().await {
        for (number, (_, rule)) in bad.iter().enumerate() {
            let answer = client.send(wanting(rest_tensor(&json!({})), number)).await;
            assert_eq!(answer.status, 502, "{answer:?}");
            let reason = answer.header_text("x-inference-rejected");
            assert_eq!(reason, Some(format!("payload-validator;{rule}")));
            assert_eq!(answer.header_text("content-type").as_deref(), Some("application/json"));
            let text = answer.json()["error"].as_str().expect("a sentence").to_owned();
            assert!(text.starts_with("the model's answer is not as it must be: "), "{text}");
            assert_eq!(answer.json()["violation"]["rule"], *rule);
        }
    }
    let metric = "inference_validator_bad_answers_total";
    for (rule, count) in [("tensor_shape", 2.0), ("malformed", 4.0)] {
        let labels = [("model", "iris"), ("version", "other"), ("rule", rule), ("mode", "enforce")];
        stand.gateway.wait_for_metric(metric, &labels, |counted| counted == count).await;
    }
    let log = stand.gateway.access_log();
    let entry = log.wait_for("a replaced answer", |entry| entry["code"] == 502).await;
    assert_eq!(entry["details"], "payload-validator;tensor_shape");
    assert_eq!(entry["answer"], "enforce:tensor_shape");
}

#[tokio::test]
async fn a_bad_answer_over_grpc_is_replaced_by_a_status() {
    let stand = stand("replace", &[scores_grpc(&[0.1, f32::NAN, 0.7])]).await;
    let mut client = stand.gateway.http2().await;
    let answer = client.send(wanting(infer(vec![typed(&[1, 4], &ROW)]), 0)).await;
    assert_eq!((answer.status.as_u16(), answer.grpc_status()), (200, Some(13)), "{answer:?}");
    assert!(answer.body.is_empty(), "a part of the answer went on");
    let status = tonic::Status::from_header_map(&answer.headers).expect("a status");
    assert_eq!(
        status.message(),
        "the model's answer is not as it must be: outputs[0].data: a value that is infinite or \
         not a number; allowed: finite values"
    );
    assert!(!status.details().is_empty(), "no details");
}

#[tokio::test]
async fn a_bad_answer_is_counted_only_where_that_is_configured() {
    let bad = bad_json();
    let answers: Vec<Answer> = bad.iter().map(|(answer, _)| answer.clone()).collect();
    let stand = stand("count", &answers).await;
    for mut client in stand.clients().await {
        for (number, given) in answers.iter().enumerate() {
            assert_untouched(&mut client, wanting(rest_tensor(&json!({})), number), given).await;
        }
    }
    for (rule, count) in [("tensor_finite", 2.0), ("malformed", 4.0)] {
        let labels = [("model", "iris"), ("version", "other"), ("rule", rule), ("mode", "count")];
        let metric = "inference_validator_bad_answers_total";
        stand.gateway.wait_for_metric(metric, &labels, |counted| counted == count).await;
    }
    let entries = stand.gateway.access_log();
    entries.wait_for("the fact", |entry| entry["answer"] == "count:tensor_finite").await;
}

#[tokio::test]
async fn an_answer_that_is_longer_than_is_held_goes_on_and_is_counted() {
    let late = scores(&[6000, 3], &format!("{:?}", vec!["7"; 18_000]));
    let early = scores(&[3], &format!("{:?}", vec![0.5; 18_000]));
    let stand = stand("replace", &[late.clone(), early.clone()]).await;
    for mut client in stand.clients().await {
        // What is wrong shows when the tensor has ended, behind what is held.
        for (number, given) in [&late, &early].into_iter().enumerate() {
            assert_untouched(&mut client, wanting(rest_tensor(&json!({})), number), given).await;
        }
    }
    let metric = "inference_validator_bad_answers_total";
    for rule in ["tensor_datatype", "tensor_protocol"] {
        let labels = [("model", "iris"), ("rule", rule), ("mode", "count")];
        stand.gateway.wait_for_metric(metric, &labels, |count| count == 2.0).await;
    }
}

#[tokio::test]
async fn errors_streams_and_compressed_answers_are_left_alone() {
    let answers = [
        Answer::status(400).header("content-type", "application/json").body("{broken"),
        Answer::status(500).header("content-type", "text/plain").body("{broken"),
        Answer::status(204),
        Answer::status(200)
            .header("content-type", "application/json")
            .header("content-encoding", "gzip")
            .body(&b"\x1f\x8b\x08\0"[..]),
        Answer::status(200).header("content-type", "text/event-stream").body("data: {broken\n\n"),
        Answer::status(200).header("content-type", "image/png").body("png"),
    ];
    let stand = stand("replace", &answers).await;
    for mut client in stand.clients().await {
        for (number, given) in answers.iter().enumerate() {
            assert_untouched(&mut client, wanting(chat(&json!({})), number), given).await;
        }
        for number in [0, 1, 2, 3, 4] {
            let call = wanting(rest_tensor(&json!({})), number);
            assert_untouched(&mut client, call, &answers[number]).await;
        }
    }
    let metric = "inference_validator_bad_answers_total";
    let labels = [("rule", "unreadable"), ("mode", "count")];
    stand.gateway.wait_for_metric(metric, &labels, |count| count == 4.0).await;
    assert_eq!(stand.gateway.metric(metric, &[]).await, 4.0, "nothing else is wrong");
}

#[tokio::test]
async fn a_failure_over_grpc_is_left_alone() {
    let failed = Answer::status(200)
        .header("content-type", "application/grpc")
        .header("grpc-status", "5")
        .header("grpc-message", "no such model");
    let late =
        Answer::status(200).header("content-type", "application/grpc").trailer("grpc-status", "9");
    let stand = stand("replace", &[failed.clone(), late.clone()]).await;
    let mut client = stand.gateway.http2().await;
    for (number, given) in [&failed, &late].into_iter().enumerate() {
        let call = wanting(infer(vec![typed(&[1, 4], &ROW)]), number);
        assert_untouched(&mut client, call, given).await;
    }
}

#[tokio::test]
async fn a_chat_that_is_no_json_is_replaced_in_the_clients_dialect() {
    let broken = Answer::status(200).header("content-type", "application/json").body("{broken");
    let stand = stand("replace", &[broken, Answer::json_value(&json!({"choices": []}))]).await;
    for mut client in stand.clients().await {
        let answer = client.send(wanting(chat(&json!({})), 0)).await;
        assert_eq!(answer.status, 502);
        assert_eq!(answer.json()["error"]["type"], "server_error");
        assert_eq!(answer.json()["error"]["code"], "malformed");
        let good = client.send(wanting(chat(&json!({})), 1)).await;
        assert_eq!(good.json(), json!({"choices": []}));
    }
}

#[tokio::test]
async fn a_good_answer_in_pieces_waits_for_its_end() {
    let good = scores(&[1, 3], "[0.1, 0.2, 0.7]");
    let body = good.body.clone();
    let (reply, mut steps) = Reply::stepwise(good.body(Bytes::new()));
    let stand = Stand::answered(&config("replace"), move |_| reply.clone()).await;
    let mut client = stand.gateway.http2().await;
    let answer = tokio::spawn(async move { client.send(rest_tensor(&json!({}))).await });
    let middle = body.len() / 2;
    steps.send_data(body.slice(..middle)).await.expect("somebody who reads");
    let stat = "cluster.server.upstream_cx_rx_bytes_total";
    stand.gateway.wait_for_stat(stat, |bytes| bytes > 0).await;
    assert!(!answer.is_finished(), "answered before the end");
    steps.send_data(body.slice(middle..)).await.expect("somebody who reads");
    drop(steps);
    assert_eq!(in_time("the answer", answer).await.unwrap().body, body);
}
