//! Ways around a limit that are closed.

use super::costing::infer_request;
use super::*;
use filter_kit::trial::grpc_frame;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const EVENTS: &[(&str, &str)] = &[(":status", "200"), ("content-type", "text/event-stream")];
const GRPC: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/grpc")];

/// One request for each tenant.
fn one_each() -> Value {
    json!({
        "tenant": {"header": "authorization"},
        "limits": [{"name": "one", "per": ["tenant"], "requests": {"count": 1}}],
    })
}

/// What a chat of 10 and 40 tokens is settled with that ends so.
fn used_after(trial: &Ask, ending: impl FnOnce(&mut Worker)) -> String {
    let mut worker = Worker::new(&tokens(1000), local_cells());
    assert_eq!(worker.send(1, at(0), trial), Stage::Goes);
    ending(&mut worker);
    let facts = worker.finish(1, at(9)).facts.clone();
    facts.get("inference.tokens_used").map_or("0", |used| used).to_owned()
}

#[test]
fn a_key_is_one_tenant_however_its_scheme_is_written() {
    let mut worker = Worker::new(&one_each(), local_cells());
    let mut goes = |ticket, key: &str| {
        let ask = Ask::of("/v2/models/m/infer").header("authorization", key);
        worker.send(ticket, at(0), &ask) == Stage::Goes
    };
    assert!(goes(1, "Bearer sk-1"));
    assert!(!goes(2, "bearer sk-1"));
    assert!(!goes(3, "BEARER  sk-1"));
    assert!(goes(4, "Bearer sk-2"));
}

#[test]
fn a_grpc_method_counts_whatever_its_content_type_says() {
    let mut worker = Worker::new(&one_each(), local_cells());
    let infer = "/inference.GRPCInferenceService/ModelInfer";
    let ask = Ask::of(infer).header("content-type", "application/octet-stream");
    assert_eq!(worker.send(1, at(0), &ask), Stage::Goes);
    assert_ne!(worker.send(2, at(0), &ask), Stage::Goes);
    let trial = Trial::of("POST", infer)
        .header("content-type", "application/octet-stream")
        .body(grpc_frame(&infer_request(&[32])));
    let (_, notes) = trial.sharing(local_cells()).noting(&control(&tokens(1000)));
    assert_eq!(fact(&notes, "inference.tokens_reserved"), Some("32"), "a token for each row");
}

#[test]
fn what_nobody_waited_for_was_worked_on() {
    let chat = Ask::chat(&chat_of(10, 40));
    for status in ["408", "499", "504"] {
        let used = used_after(&chat, |worker| {
            worker.answer_headers(1, at(1), &[(":status", status)]);
        });
        assert_eq!(used, "50", "{status}");
    }
    for status in ["1", "4"] {
        let used = used_after(&chat, |worker| {
            worker.answer_headers(1, at(1), GRPC);
            worker.answer_trailers(1, at(1), &[("grpc-status", status)]);
        });
        assert_eq!(used, "50", "{status}");
    }
}

#[test]
fn what_a_stream_says_at_its_start_is_not_all_that_it_used() {
    let message = Ask::of("/v1/messages").with_body(&json!({
        "max_tokens": 40, "stream": true,
        "messages": [{"role": "user", "content": "0123456789"}],
    }));
    let start = br#"data: {"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}}"#;
    let delta =
        br#"data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"abc"}}"#;
    let used = used_after(&message, |worker| {
        worker.answer_headers(1, at(1), EVENTS);
        for event in [&start[..], &delta[..], &delta[..]] {
            worker.answer_body(1, at(2), &[event, b"\n\n"].concat(), false);
        }
    });
    assert_eq!(used, "9", "3 of its prompt, and 6 bytes that came");
}

#[test]
fn an_absurd_usage_does_not_close_a_budget_for_years() {
    let cells = local_cells();
    let filter = control(&tokens(100));
    let said = r#"{"usage":{"prompt_tokens":9007199254740991,"completion_tokens":1}}"#;
    let chat = || Trial::chat(&chat_of(10, 40)).sharing(cells);
    let record = chat().answered("application/json", said).recorded(&filter);
    assert_eq!(added(&record.notes, "inference_admission_tokens_used"), 450);
    let reply = chat().through(&filter).replied();
    assert_eq!(header(&reply, "retry-after"), Some("240"), "450 and 50 of 100 a minute");
}

#[test]
fn answers_come_uncompressed_where_their_usage_counts() {
    let headers = |config: &Value| {
        let chat = Trial::chat(&chat_of(1, 1)).header("accept-encoding", "gzip");
        chat.sharing(local_cells()).through(&control(config)).forwarded().headers
    };
    assert_eq!(headers(&tokens(100)).get("accept-encoding"), Some(&None), "removed");
    assert_eq!(headers(&json!({})).get("accept-encoding"), None, "as it was");
}

#[test]
fn a_clock_that_jumps_frees_nobodys_place() {
    let config = json!({"limits": [{"name": "room", "in_flight": {"max": 2}}]});
    let ask = Ask::of("/v2/models/m/infer");
    let cells = local_cells();
    let [mut one, mut other] = [(), ()].map(|()| Worker::new(&config, cells));
    assert_eq!(one.send(1, at(0), &ask), Stage::Goes);
    assert_eq!(other.send(2, at(0), &ask), Stage::Goes);
    for worker in [&mut one, &mut other] {
        worker.tick(at(2000));
    }
    one.tick(at(90_000));
    assert_ne!(one.send(3, at(90_001), &ask), Stage::Goes, "before the other was heard of");
    other.tick(at(90_002));
    assert_ne!(other.send(4, at(90_003), &ask), Stage::Goes);
    one.finish(1, at(90_004));
    assert_eq!(other.send(5, at(90_005), &ask), Stage::Goes);
}
