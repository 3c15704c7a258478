//! When what came.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Streamed chunks, at so many milliseconds.
fn streamed(chunks: &[(u64, &str)], over: u64) -> Trial {
    let pieces: Vec<(Timestamp, &[u8])> =
        chunks.iter().map(|(at, text)| (ms(*at), text.as_bytes())).collect();
    chat().sent_at(ms(1000)).answered_in_pieces(SSE, &pieces).over_at(ms(over))
}

fn event(data: &str) -> String {
    events(&[data])
}

#[test]
fn the_first_event_is_not_the_first_token() {
    let trial = streamed(
        &[
            (1020, &event(ROLE)),
            (1050, &event(HI)),
            (1060, ": still here\n\n"),
            (1090, &event(HI)),
            (1100, &event(STOP)),
            (1110, &event(DONE)),
        ],
        1120,
    );
    let record = recorded(trial, models());
    assert_eq!(values(&record, &table::FIRST_CHUNK), [20]);
    assert_eq!(values(&record, &table::FIRST_TOKEN), [50]);
    assert_eq!(values(&record, &table::CHUNK_GAP), [40_000]);
    assert_eq!(fact(&record, "inference.ttft_ms"), Some("50"));
    assert_eq!(values(&record, &table::DURATION), [120_000]);
    assert_eq!(values(&record, &table::GENERATION), [120]);
}

#[test]
fn a_comment_is_no_event() {
    let record = recorded(streamed(&[(1010, ": wait\n\n"), (1030, &event(HI))], 1040), models());
    assert_eq!(values(&record, &table::FIRST_CHUNK), [30]);
}

#[test]
fn an_event_is_there_when_all_of_it_is() {
    let whole = event(HI);
    let (start, end) = whole.split_at(9);
    let record = recorded(streamed(&[(1010, start), (1030, end)], 1040), models());
    assert_eq!(values(&record, &table::FIRST_TOKEN), [30]);
}

#[test]
fn events_that_come_together_have_no_gap() {
    let two = event(HI).repeat(2);
    let record = recorded(streamed(&[(1010, &two), (1030, &two)], 1040), models());
    assert_eq!(values(&record, &table::CHUNK_GAP), [20_000]);
}

#[test]
fn a_stream_of_nothing_generated_has_no_first_token() {
    let trial = streamed(&[(1010, &event(ROLE)), (1020, &event(DONE))], 1030);
    let record = recorded(trial, models());
    assert_eq!(values(&record, &table::FIRST_CHUNK), [10]);
    assert_eq!(values(&record, &table::FIRST_TOKEN), [0; 0]);
    assert_eq!(values(&record, &table::OUTPUT_TOKEN), [0; 0]);
    assert_eq!(fact(&record, "inference.ttft_ms"), None);
}

#[test]
fn the_time_behind_the_first_token_is_divided_by_the_others() {
    let ends = [event(STOP), event(USAGE), event(DONE)].concat();
    let chunks = [(1100, event(HI)), (1200, event(HI)), (1250, ends)];
    let chunks: Vec<(u64, &str)> = chunks.iter().map(|(at, text)| (*at, &**text)).collect();
    let record = recorded(streamed(&chunks, 1300), models());
    // Three tokens, as the answer says.
    assert_eq!(values(&record, &table::OUTPUT_TOKEN), [100_000]);

    let unsaid = [event(STOP), event(DONE)].concat();
    let chunks = [(1100, &*event(HI)), (1200, &event(HI)), (1250, &unsaid)];
    let record = recorded(streamed(&chunks, 1300), models());
    assert_eq!(values(&record, &table::OUTPUT_TOKEN), [200_000], "two events");
}

#[test]
fn one_token_has_no_others_and_what_failed_has_no_speed() {
    let end = [event(STOP), event(DONE)].concat();
    let one = streamed(&[(1100, &event(HI)), (1200, &end)], 1300);
    assert_eq!(values(&recorded(one, models()), &table::OUTPUT_TOKEN), [0; 0]);
    let cut = streamed(&[(1100, &event(HI)), (1200, &event(HI))], 1300).broken_off();
    assert_eq!(values(&recorded(cut, models()), &table::OUTPUT_TOKEN), [0; 0]);
}

#[test]
fn an_answer_that_comes_whole_has_no_first_token() {
    let answer =
        r#"{"choices":[{"message":{"content":"two words"}}],"usage":{"completion_tokens":9}}"#;
    let record = recorded(chat().answered(JSON, answer).answered_at(ms(5)), models());
    for row in [&table::FIRST_CHUNK, &table::FIRST_TOKEN, &table::CHUNK_GAP, &table::OUTPUT_TOKEN] {
        assert_eq!(values(&record, row), [0; 0], "{}", row.metric.name);
    }
    assert_eq!(values(&record, &table::GENERATION), [5]);
}

#[test]
fn only_what_generates_text_has_a_time_of_generating() {
    for (path, expected) in [
        ("/v1/chat/completions", 1),
        ("/v1/completions", 1),
        ("/v1/responses", 1),
        ("/v1/messages", 1),
        ("/v2/models/demo/generate", 1),
        ("/v2/models/demo/generate_stream", 1),
        ("/v1/embeddings", 0),
        ("/v2/models/demo/infer", 0),
    ] {
        let record = recorded(Trial::of("POST", path).answered(JSON, "{}"), models());
        assert_eq!(values(&record, &table::GENERATION).len(), expected, "{path}");
        assert_eq!(values(&record, &table::DURATION).len(), 1, "{path}");
    }
}

#[test]
fn only_what_is_answered_well_took_time_to_generate() {
    let known = Told { details: Some(b"f;r".to_vec()), ..Told::default() };
    let failed = chat().answered(JSON, "{}").answer_header(":status", "429");
    let refused = failed.clone().answer_header("x-inference-rejected", "f;r").known(known);
    let cut = chat().answered(SSE, events(&[HI, HI])).broken_off();
    let error = chat().answered(SSE, events(&[HI, HI, r#"{"error":{}}"#, DONE]));
    for trial in [failed, refused, cut, error, chat()] {
        let record = recorded(trial.clone().over_at(ms(7)), models());
        assert_eq!(values(&record, &table::GENERATION), [0; 0], "{trial:?}");
        assert_eq!(values(&record, &table::OUTPUT_TOKEN), [0; 0], "{trial:?}");
        assert_eq!(values(&record, &table::DURATION), [7000], "{trial:?}");
    }
}

#[test]
fn events_of_an_api_that_nobody_knows_are_not_watched() {
    let known = Told { response_bytes: Some(88), ..Told::default() };
    let speech = Trial::of("POST", "/v1/audio/speech").answered(SSE, events(&[HI, DONE]));
    let record = recorded(speech.known(known), json!({}));
    assert_eq!(values(&record, &table::FIRST_CHUNK), [0; 0]);
    assert_eq!(values(&record, &table::RESPONSE_BYTES), [88], "Envoy says it");
}

#[test]
fn times_are_the_nearest_milliseconds() {
    for (late, expected) in [(499, 0), (500, 1), (1499, 1), (1500, 2)] {
        let pieces = [(us(late), events(&[HI, DONE]))];
        let pieces = pieces.each_ref().map(|(at, text)| (*at, text.as_bytes()));
        let record = recorded(chat().answered_in_pieces(SSE, &pieces), models());
        assert_eq!(values(&record, &table::FIRST_TOKEN), [expected], "{late}");
        assert_eq!(values(&record, &table::FIRST_CHUNK), [expected], "{late}");
        assert_eq!(values(&record, &table::GENERATION), [expected], "{late}");
        let stated = expected.to_string();
        assert_eq!(fact(&record, "inference.ttft_ms"), Some(&*stated), "{late}");
    }
}

#[test]
fn the_messages_of_a_stream_over_grpc_have_times_of_their_own() {
    let frame = filter_kit::trial::grpc_frame(b"abc");
    let (head, tail) = frame.split_at(6);
    let both = [tail, &frame].concat();
    let pieces = [(us(10), head), (us(30), &*both), (us(75), &*frame), (us(80), &[][..])];
    for path in ["/inference.GRPCInferenceService/ModelStreamInfer", "/my.Service/Method"] {
        let call = Trial::grpc(path, b"").answered_in_pieces("application/grpc", &pieces);
        let record = recorded(call.answer_trailer("grpc-status", "0"), models());
        assert_eq!(values(&record, &table::FIRST_MESSAGE), [30], "{path}");
        assert_eq!(values(&record, &table::MESSAGE_GAP), [45], "{path}");
        for row in [&table::FIRST_CHUNK, &table::FIRST_TOKEN, &table::CHUNK_GAP] {
            assert_eq!(values(&record, row), [0; 0], "{path}");
        }
    }
}

#[test]
fn one_message_in_answer_to_one_has_only_its_end() {
    let call = Trial::grpc("/inference.GRPCInferenceService/ModelInfer", b"");
    let call = call.answered_by_grpc(&[b"abc"]).answer_trailer("grpc-status", "0");
    let record = recorded(call.answered_at(us(9)), models());
    assert_eq!(values(&record, &table::FIRST_MESSAGE), [0; 0]);
    assert_eq!(values(&record, &table::DURATION), [9]);
}

#[test]
fn the_gateways_time_is_what_is_not_the_servers() {
    let known =
        |us| Told { upstream_time: Some(core::time::Duration::from_micros(us)), ..Told::default() };
    let trial = chat().answered(JSON, "{}").over_at(us(100));
    for (upstream, gateway) in [(30, 70), (100, 0), (130, 0)] {
        let record = recorded(trial.clone().known(known(upstream)), models());
        assert_eq!(values(&record, &table::UPSTREAM_TIME), [upstream]);
        assert_eq!(values(&record, &table::GATEWAY_TIME), [gateway]);
    }
    let mut config = models();
    config["split_time"] = json!(false);
    let record = recorded(trial.known(known(30)), config);
    assert_eq!(values(&record, &table::UPSTREAM_TIME), [0; 0]);
    assert_eq!(values(&record, &table::GATEWAY_TIME), [0; 0]);
}

#[test]
fn a_clock_that_is_set_back_gives_no_time_at_all() {
    let end = [event(STOP), event(DONE)].concat();
    let chunks = [(500, &*event(HI)), (400, &event(HI)), (300, &event(HI)), (200, &end)];
    let known =
        Told { upstream_time: Some(core::time::Duration::from_micros(5)), ..Told::default() };
    let record = recorded(streamed(&chunks, 100).known(known), models());
    for (row, expected) in [
        (&table::FIRST_CHUNK, &[0][..]),
        (&table::FIRST_TOKEN, &[0]),
        (&table::CHUNK_GAP, &[0, 0]),
        (&table::DURATION, &[0]),
        (&table::GENERATION, &[0]),
        (&table::OUTPUT_TOKEN, &[0]),
        (&table::GATEWAY_TIME, &[0]),
    ] {
        assert_eq!(values(&record, row), expected, "{}", row.metric.name);
    }
    assert_eq!(fact(&record, "inference.ttft_ms"), Some("0"));
}
