//! How a client is told that it is refused.

use super::*;
use inference_api::dialect::Dialect;
use inference_api::errors::{ErrorKind, status_details};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// One request in a minute.
fn one_a_minute() -> Value {
    json!({"limits": [{"name": "each", "requests": {"count": 1}}]})
}

/// A request in each dialect.
fn requests() -> Vec<(Dialect, Trial)> {
    let predict = "/tensorflow.serving.PredictionService/Predict";
    vec![
        (Dialect::OpenAi, Trial::chat(&chat_of(1, 1))),
        (Dialect::Anthropic, Trial::of("POST", "/v1/messages").body("{}")),
        (Dialect::OpenInferenceRest, Trial::of("POST", "/v2/models/m/infer").body("{}")),
        (Dialect::TensorFlowServingRest, Trial::of("POST", "/v1/models/m:predict").body("{}")),
        (
            Dialect::OpenInferenceGrpc,
            Trial::grpc("/inference.GRPCInferenceService/ModelInfer", b""),
        ),
        (Dialect::TensorFlowServingGrpc, Trial::grpc(predict, b"")),
    ]
}

/// What the second of two requests is told that comes so long after the first.
fn told(config: &Value, trial: &Trial, after_ms: u64) -> Reply {
    let filter = control(config);
    let trial = trial.clone().sharing(local_cells()).sent_at(at(0));
    assert_eq!(rule_of(&trial.through(&filter)), None);
    trial.sent_at(at(after_ms)).through(&filter).replied()
}

/// What is told where the only place is taken by another, that is here for ever.
fn told_in_flight(config: &Value, ask: &Ask) -> Reply {
    let mut worker = Worker::new(config, local_cells());
    assert_eq!(worker.send(1, at(0), ask), Stage::Goes);
    match worker.send(2, at(0), ask) {
        Stage::Refused(reply) => reply,
        other => panic!("{other:?}"),
    }
}

fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

#[test]
fn a_quota_is_refused_with_429_or_resource_exhausted() {
    for (dialect, trial) in requests() {
        let reply = told(&one_a_minute(), &trial, 30_000);
        assert_eq!(reply.reason, "admission-control;request_quota");
        assert_eq!((reply.status, reply.grpc.number()), (429, 8), "{dialect:?}");
        let message = "too many requests: each; try again in 30 s";
        match dialect {
            Dialect::OpenAi => {
                let error = json!({"message": message, "type": "rate_limit_error", "param": null, "code": "request_quota"});
                assert_eq!(body(&reply), json!({"error": error}));
            }
            Dialect::Anthropic => {
                let error = json!({"message": message, "type": "rate_limit_error"});
                assert_eq!(body(&reply), json!({"type": "error", "error": error}));
            }
            Dialect::OpenInferenceRest | Dialect::TensorFlowServingRest => {
                assert_eq!(body(&reply), json!({"error": message}));
            }
            _ => assert_eq!(reply.body, message.as_bytes()),
        }
    }
}

#[test]
fn when_to_try_again_is_exact() {
    for (after_ms, seconds, milliseconds) in
        [(0, "60", "60000"), (30_000, "30", "30000"), (59_500, "1", "500"), (59_999, "1", "1")]
    {
        for (dialect, trial) in requests() {
            let reply = told(&one_a_minute(), &trial, after_ms);
            if dialect.is_grpc() {
                assert_eq!(header(&reply, "grpc-retry-pushback-ms"), Some(milliseconds));
                assert_eq!(header(&reply, "retry-after"), None);
                let message = String::from_utf8(reply.body.clone()).unwrap();
                let mut report = ErrorKind::QuotaExceeded.report(dialect, &message);
                report.code = Some("request_quota");
                report.retry_after_ms = milliseconds.parse().ok();
                let details = header(&reply, "grpc-status-details-bin");
                assert_eq!(details, Some(&*status_details(&report)), "with a RetryInfo");
            } else {
                assert_eq!(header(&reply, "retry-after"), Some(seconds));
                assert_eq!(header(&reply, "grpc-retry-pushback-ms"), None);
            }
            let openai = (dialect == Dialect::OpenAi).then_some(milliseconds);
            assert_eq!(header(&reply, "retry-after-ms"), openai);
            assert_eq!(header(&reply, "x-should-retry"), None);
        }
    }
    let filter = control(&one_a_minute());
    let trial = Trial::chat(&chat_of(1, 1)).sharing(local_cells());
    assert_eq!(rule_of(&trial.clone().sent_at(at(0)).through(&filter)), None);
    let early = trial.clone().sent_at(at(59_999)).through(&filter);
    assert_eq!(rule_of(&early), Some("request_quota"));
    assert_eq!(rule_of(&trial.sent_at(at(60_000)).through(&filter)), None, "as it was told");
}

#[test]
fn a_retry_that_is_pointless_is_told_so() {
    let mut config = tokens(10);
    config["cost"]["tensors"] = json!("elements");
    let filter = control(&config);
    let chat = Trial::chat(&chat_of(5, 6)).sharing(local_cells());
    let reply = chat.through(&filter).replied();
    assert_eq!(reply.reason, "admission-control;token_quota");
    assert_eq!((reply.status, header(&reply, "x-should-retry")), (429, Some("false")));
    assert_eq!([header(&reply, "retry-after"), header(&reply, "retry-after-ms")], [None; 2]);
    assert_eq!(
        body(&reply)["error"]["message"],
        "too many tokens: budget never allows so many at once"
    );

    let tensor = json!({"inputs": [{"name": "x", "datatype": "UINT8", "shape": [11], "data": [1,2,3,4,5,6,7,8,9,10,11]}]});
    let rest = Trial::of("POST", "/v2/models/m/infer").body(tensor.to_string());
    let reply = rest.sharing(local_cells()).through(&filter).replied();
    assert_eq!(header(&reply, "x-should-retry"), None, "only OpenAI's clients know it");
    // Compressed, so it costs its length.
    let frame = [&[1, 0, 0, 0, 200][..], &[0; 200]].concat();
    let grpc = Trial::of("POST", "/inference.GRPCInferenceService/ModelInfer")
        .header("content-type", "application/grpc")
        .body(frame)
        .sharing(local_cells());
    for trial in [grpc.clone(), grpc.cut_at_every(5)] {
        let reply = trial.through(&filter).replied();
        assert_eq!(header(&reply, "grpc-retry-pushback-ms"), Some("-1"));
    }
}

#[test]
fn a_client_that_would_wait_for_minutes_does_not_try_by_itself() {
    let mut config = one_a_minute();
    config["limits"][0]["requests"]["window_ms"] = json!(600_000);
    for (dialect, trial) in requests() {
        let reply = told(&config, &trial, 0);
        if dialect.is_grpc() {
            assert_eq!(header(&reply, "grpc-retry-pushback-ms"), Some("-1"));
        } else {
            assert_eq!(header(&reply, "retry-after"), Some("600"));
            let openai = (dialect == Dialect::OpenAi).then_some("false");
            assert_eq!(header(&reply, "x-should-retry"), openai);
        }
    }
}

#[test]
fn no_room_is_refused_with_503_or_529_or_unavailable() {
    let config = json!({"limits": [{"name": "room", "in_flight": {"max": 1}}]});
    for (path, status) in [
        ("/v1/chat/completions", 503),
        ("/v1/messages", 529),
        ("/v2/models/m/infer", 503),
        ("/v1/models/m:predict", 503),
    ] {
        let reply = told_in_flight(&config, &Ask::of(path));
        assert_eq!((reply.status, &*reply.reason), (status, "admission-control;in_flight"));
        assert_eq!(header(&reply, "retry-after"), Some("1"), "nobody knows better");
        assert_eq!(header(&reply, "x-should-retry"), None);
    }
    let infer = Ask::of("/inference.GRPCInferenceService/ModelInfer");
    let reply = told_in_flight(&config, &infer.header("content-type", "application/grpc"));
    assert_eq!(reply.grpc.number(), 14);
    assert_eq!(reply.body, b"too many requests at the same time: room; try again in 1 s");
    assert_eq!(header(&reply, "grpc-retry-pushback-ms"), Some("1000"));
}

#[test]
fn how_long_there_will_be_no_room_is_told_once_it_is_known() {
    let config = json!({"limits": [{"name": "room", "in_flight": {"max": 2}}]});
    let mut worker = Worker::new(&config, local_cells());
    let ask = Ask::of("/v1/chat/completions");
    worker.send(1, at(0), &ask);
    worker.answer(1, at(3000));
    worker.send(2, at(3000), &ask);
    worker.send(3, at(3000), &ask);
    let Stage::Refused(reply) = worker.send(4, at(3000), &ask) else { panic!() };
    // One of two that take 3 s each is done every 1.5 s.
    assert_eq!(header(&reply, "retry-after-ms"), Some("1500"));
    assert_eq!(header(&reply, "retry-after"), Some("2"));
}

#[test]
fn what_fails_at_once_does_not_count_as_quick() {
    let config = json!({"limits": [{"name": "room", "in_flight": {"max": 1}}]});
    let mut worker = Worker::new(&config, local_cells());
    let ask = Ask::of("/v1/chat/completions");
    worker.send(1, at(0), &ask);
    worker.answer(1, at(4000));
    for ticket in 2..10 {
        worker.send(ticket, at(4000), &ask);
        worker.answer_headers(ticket, at(4000), &[(":status", "503")]);
        worker.finish(ticket, at(4000));
    }
    worker.send(10, at(4000), &ask);
    let Stage::Refused(reply) = worker.send(11, at(4000), &ask) else { panic!() };
    assert_eq!(header(&reply, "retry-after"), Some("4"));
}

#[test]
fn what_can_not_be_read_in_one_way_is_refused() {
    let filter = control(&one_a_minute());
    let twice = Trial::of("POST", "/v2/models/m/infer")
        .header("x-model-name", "a")
        .header("x-model-name", "b")
        .sharing(local_cells());
    let reply = twice.through(&filter).replied();
    assert_eq!((reply.status, &*reply.reason), (400, "admission-control;malformed"));
    assert_eq!(body(&reply)["error"], "the request can't be read: two of `x-model-name`");
}

#[test]
fn a_refusal_is_counted_by_rule_limit_and_class() {
    let filter = control(&one_a_minute());
    let trial = Trial::chat(&chat_of(1, 1)).sharing(local_cells());
    trial.through(&filter);
    let (_, notes) = trial.noting(&filter);
    let refused =
        "inference_admission_refused_total_rule=.=request_quota;_limit=.=each;_class=.=default;";
    assert_eq!(added(&notes, refused), 1);
    assert_eq!(added(&notes, "inference_admission_admitted"), 0);
    assert_eq!(fact(&notes, "inference.admission"), Some("refused:request_quota"));
}
