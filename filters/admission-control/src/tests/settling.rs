//! What a request is settled with.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const OK: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/json")];
const EVENTS: &[(&str, &str)] = &[(":status", "200"), ("content-type", "text/event-stream")];
const GRPC: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/grpc")];

/// Reserved, used, unspent.
fn facts(notes: &Notes) -> [Option<&str>; 3] {
    ["inference.tokens_reserved", "inference.tokens_used", "inference.tokens_unspent"]
        .map(|name| fact(notes, name))
}

/// What is left of a budget of 1000 after a request of 10 and 40 tokens that ends so.
fn left_after(ending: impl FnOnce(&mut Worker)) -> String {
    let mut config = tokens(1000);
    config["limits"][0]["tokens"]["window_ms"] = json!(3_600_000);
    let mut worker = Worker::new(&config, local_cells());
    worker.send(1, at(0), &Ask::chat(&chat_of(10, 40)));
    ending(&mut worker);
    let facts = worker.finish(1, at(0)).facts.clone();
    let used = facts.get("inference.tokens_used").map_or("0", |used| used).to_owned();
    worker.send(2, at(0), &Ask::chat(&chat_of(1, 0)));
    let reserved = worker.counted["inference_admission_tokens_reserved_total_limit=.=budget;"];
    let refunded = worker.counted.get("inference_admission_tokens_refunded_total_limit=.=budget;");
    let sum = reserved - refunded.copied().unwrap_or(0) - 1;
    assert_eq!(sum.to_string(), used, "what is counted is what is stated");
    used
}

#[test]
fn what_an_answer_says_is_what_was_used() {
    let chat = Trial::chat(&chat_of(10, 40)).sharing(local_cells());
    let said = r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
    let anthropic = Trial::of("POST", "/v1/messages").body(
        json!({"max_tokens": 50, "messages": [{"role": "user", "content": "0123456789"}]})
            .to_string(),
    );
    let whole = r#"{"type":"message","usage":{"input_tokens":5,"cache_read_input_tokens":1,"output_tokens":2}}"#;
    let streamed = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":6}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );
    let responses = Trial::of("POST", "/v1/responses")
        .body(json!({"input": "0123456789", "max_output_tokens": 40}).to_string());
    let completed = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":8,\"output_tokens\":9}}}\n\n";
    for (trial, used) in [
        (chat.clone().answered("application/json", said), "7"),
        (anthropic.clone().answered("application/json", whole), "8"),
        (anthropic.answered("text/event-stream", streamed), "11"),
        (responses.answered("text/event-stream; charset=utf-8", completed), "17"),
    ] {
        for trial in [trial.clone(), trial.clone().cut_at_every(1), trial.cut_at_every(7)] {
            let record = trial.sharing(local_cells()).recorded(&control(&tokens(1000)));
            assert_eq!(facts(&record.notes)[1], Some(used));
        }
    }
}

#[test]
fn more_than_was_reserved_is_owed() {
    let filter = control(&tokens(100));
    let cells = local_cells();
    let said = r#"{"usage":{"prompt_tokens":100,"completion_tokens":150}}"#;
    let chat = |at_ms| Trial::chat(&chat_of(10, 40)).sharing(cells).sent_at(at(at_ms));
    let record = chat(0).answered("application/json", said).recorded(&filter);
    assert_eq!(facts(&record.notes), [Some("50"), Some("250"), Some("0")]);
    assert_eq!(added(&record.notes, "inference_admission_tokens_overdrawn"), 200);
    // 250 of 100 in a minute: 50 more are there when the debt is 50, after 2 minutes.
    let reply = chat(0).through(&filter).replied();
    assert_eq!(header(&reply, "retry-after"), Some("120"));
    assert_eq!(rule_of(&chat(119_999).through(&filter)), Some("token_quota"));
    assert_eq!(rule_of(&chat(120_000).through(&filter)), None);
}

#[test]
fn without_usage_it_is_the_prompt_and_what_was_generated() {
    let text = r#"{"choices":[{"message":{"content":"0123456"}}]}"#;
    let record = Trial::chat(&chat_of(10, 40))
        .sharing(local_cells())
        .answered("application/json", text)
        .recorded(&control(&tokens(1000)));
    assert_eq!(facts(&record.notes), [Some("50"), Some("17"), Some("33")]);
}

#[test]
fn what_was_streamed_before_the_client_left_is_what_it_got() {
    let event = b"data: {\"choices\":[{\"delta\":{\"content\":\"abc\"}}]}\n\n";
    let used = left_after(|worker| {
        worker.answer_headers(1, at(1), EVENTS);
        worker.answer_body(1, at(2), event, false);
        worker.answer_body(1, at(3), event, false);
        worker.answer_body(1, at(3), b"data: {\"choices\":[{\"delta\"", false);
    });
    assert_eq!(used, "16");
}

#[test]
fn a_whole_answer_that_was_cut_off_costs_what_was_reserved() {
    assert_eq!(left_after(|_| {}), "50", "before it began");
    let used = left_after(|worker| {
        worker.answer_headers(1, at(1), OK);
        worker.answer_body(1, at(2), b"{\"choices\":[", false);
    });
    assert_eq!(used, "50");
}

#[test]
fn a_stream_that_was_left_before_it_began_costs_its_prompt() {
    let mut worker = Worker::new(&tokens(1000), local_cells());
    let mut body = chat_of(10, 40);
    body["stream"] = json!(true);
    worker.send(1, at(0), &Ask::chat(&body));
    assert_eq!(worker.finish(1, at(1)).facts["inference.tokens_used"], "10");
}

#[test]
fn what_failed_used_nothing() {
    for status in ["400", "404", "429", "500", "503"] {
        let used = left_after(|worker| {
            worker.answer_headers(1, at(1), &[(":status", status)]);
        });
        assert_eq!(used, "0", "{status}");
    }
    let headers: &[(&str, &str)] = &[GRPC[0], GRPC[1], ("grpc-status", "14")];
    let in_headers = left_after(|worker| {
        worker.answer_headers(1, at(1), headers);
    });
    let in_trailers = left_after(|worker| {
        worker.answer_headers(1, at(1), GRPC);
        worker.answer_trailers(1, at(1), &[("grpc-status", "13")]);
    });
    assert_eq!([in_headers, in_trailers], ["0", "0"]);
}

#[test]
fn an_answer_to_tensors_costs_what_they_do() {
    let mut config = tokens(1000);
    config["cost"]["tensors"] = json!("elements");
    let body = json!({"inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 3], "data": [1, 2, 3, 4, 5, 6]}]});
    let trial = Trial::of("POST", "/v2/models/m/infer").body(body.to_string());
    for answer in ["{\"outputs\":[]}", "not json"] {
        let trial = trial.clone().sharing(local_cells()).answered("application/json", answer);
        let record = trial.recorded(&control(&config));
        assert_eq!(facts(&record.notes), [Some("6"), Some("6"), Some("0")]);
    }
}

#[test]
fn a_compressed_answer_costs_what_was_reserved() {
    let trial = Trial::chat(&chat_of(10, 40)).sharing(local_cells());
    let trial = trial.answered("application/json", "xx").answer_header("content-encoding", "gzip");
    let record = trial.recorded(&control(&tokens(1000)));
    assert_eq!(facts(&record.notes), [Some("50"), Some("50"), Some("0")]);
}

#[test]
fn a_request_that_failed_was_a_request() {
    for limits in [
        json!([{"name": "r", "requests": {"count": 1}}]),
        json!([{"name": "r", "requests": {"count": 1}}, {"name": "i", "in_flight": {"max": 5}}]),
    ] {
        let filter = control(&json!({"limits": limits}));
        let cells = local_cells();
        let chat = || Trial::chat(&chat_of(1, 1)).sharing(cells);
        let failed = chat().answered("application/json", "{}").answer_header(":status", "400");
        assert_eq!(rule_of(&failed.through(&filter)), None);
        assert_eq!(rule_of(&chat().through(&filter)), Some("request_quota"));
    }
}

#[test]
fn a_request_that_did_not_go_on_counts_for_nothing() {
    let config = json!({
        "limits": [
            {"name": "r", "requests": {"count": 2, "window_ms": 3_600_000}},
            {"name": "t", "tokens": {"count": 100_000}},
            {"name": "i", "in_flight": {"max": 1}},
        ],
    });
    let mut worker = Worker::new(&config, local_cells());
    let ask = Ask::chat(&chat_of(1, 1));
    assert_eq!(worker.send(1, at(0), &ask), Stage::Goes);
    for ticket in 2..10 {
        worker.send(ticket, at(0), &ask);
        assert_eq!(worker.refused_by(ticket).as_deref(), Some("in_flight"));
    }
    worker.answer(1, at(1));
    assert_eq!(worker.send(10, at(2), &ask), Stage::Goes, "the second of two");
    worker.answer(10, at(3));
    worker.send(11, at(4), &ask);
    assert_eq!(worker.refused_by(11).as_deref(), Some("request_quota"));
}
