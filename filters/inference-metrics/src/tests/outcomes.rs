//! What becomes of a request: exactly one of the outcomes.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

// Envoy 1.40, `CoreResponseFlag`.
const NO_HEALTHY_UPSTREAM: u64 = 1 << 1;
const UPSTREAM_TIMEOUT: u64 = 1 << 2;
const UPSTREAM_CLOSED: u64 = 1 << 6;
const CLIENT_CLOSED: u64 = 1 << 14;
const IDLE_TIMEOUT: u64 = 1 << 16;
const STREAM_DURATION: u64 = 1 << 19;
const DURATION_TIMEOUT: u64 = 1 << 22;
const CLIENT_RESET: u64 = 1 << 28;
const CLIENT_ERRED: u64 = 1 << 18;
const CONNECTION_FAILED: u64 = 1 << 5;
const DELAYED: u64 = 1 << 9;

const MODEL_INFER: &str = "/inference.GRPCInferenceService/ModelInfer";

fn flags(trial: Trial, flags: u64) -> Trial {
    trial.known(Told { flags: Some(ResponseFlags(flags)), ..Told::default() })
}

/// What it is counted as, which is also what is stated.
fn outcome_of(trial: Trial) -> String {
    let record = recorded(trial, models());
    assert_eq!(fact(&record, "inference.outcome"), Some(outcome(&record)));
    outcome(&record).to_owned()
}

fn status(code: &str) -> Trial {
    chat().answered(JSON, "{}").answer_header(":status", code)
}

fn stream(data: &[&str]) -> Trial {
    chat().answered(SSE, events(data))
}

fn grpc() -> Trial {
    Trial::grpc(MODEL_INFER, b"\x0a\x04demo")
}

fn grpc_status(code: &str) -> Trial {
    grpc().answered_by_grpc(&[b""]).answer_trailer("grpc-status", code)
}

/// An answer over gRPC that is nothing but headers.
fn grpc_trailers_only(code: &str) -> Trial {
    grpc().answered("application/grpc", "").answer_header("grpc-status", code)
}

#[test]
fn a_status_says_whose_fault_it_was() {
    for (code, expected) in [
        ("200", "ok"),
        ("204", "ok"),
        ("302", "ok"),
        ("400", "client_error"),
        ("401", "client_error"),
        ("404", "client_error"),
        ("408", "timeout"),
        ("422", "client_error"),
        ("429", "client_error"),
        ("499", "client_left"),
        ("500", "upstream_error"),
        ("502", "upstream_error"),
        ("503", "upstream_error"),
        ("504", "timeout"),
        ("529", "upstream_error"),
    ] {
        assert_eq!(outcome_of(status(code)), expected, "{code}");
        let head = chat().answered(JSON, "").answer_header(":status", code);
        assert_eq!(outcome_of(head), expected, "{code} without a body");
        let unread = Trial::of("POST", "/v2/models/demo/infer").answered(JSON, "{}");
        assert_eq!(outcome_of(unread.answer_header(":status", code)), expected, "{code} unread");
    }
}

#[test]
fn a_grpc_status_says_whose_fault_it_was() {
    for (code, name, expected) in [
        ("0", "OK", "ok"),
        ("1", "CANCELLED", "client_left"),
        ("2", "UNKNOWN", "upstream_error"),
        ("3", "INVALID_ARGUMENT", "client_error"),
        ("4", "DEADLINE_EXCEEDED", "timeout"),
        ("5", "NOT_FOUND", "client_error"),
        ("6", "ALREADY_EXISTS", "client_error"),
        ("7", "PERMISSION_DENIED", "client_error"),
        ("8", "RESOURCE_EXHAUSTED", "client_error"),
        ("9", "FAILED_PRECONDITION", "client_error"),
        ("10", "ABORTED", "client_error"),
        ("11", "OUT_OF_RANGE", "client_error"),
        ("12", "UNIMPLEMENTED", "upstream_error"),
        ("13", "INTERNAL", "upstream_error"),
        ("14", "UNAVAILABLE", "upstream_error"),
        ("15", "DATA_LOSS", "upstream_error"),
        ("16", "UNAUTHENTICATED", "client_error"),
        ("17", "other", "upstream_error"),
        ("255", "other", "upstream_error"),
        ("256", "other", "upstream_error"),
        ("-1", "other", "upstream_error"),
        ("ok", "other", "upstream_error"),
        ("", "other", "upstream_error"),
    ] {
        for trial in [grpc_status(code), grpc_trailers_only(code)] {
            assert_eq!(outcome_of(trial.clone()), expected, "{code}");
            let record = recorded(trial, models());
            assert_eq!(added(&record, &table::GRPC_RESPONSES), [(name, 1)], "{code}");
        }
    }
}

#[test]
fn a_call_over_grpc_without_a_status_has_failed() {
    let trailers = grpc().answered_by_grpc(&[b""]);
    let nothing = grpc().answered("application/grpc", "");
    for trial in [trailers, nothing] {
        let record = recorded(trial, models());
        assert_eq!(outcome(&record), "upstream_error");
        assert_eq!(added(&record, &table::GRPC_RESPONSES), [("UNKNOWN", 1)]);
    }
}

#[test]
fn an_http_error_in_answer_to_grpc_is_one_and_no_grpc_status() {
    let trial = grpc().answered("text/plain", "no").answer_header(":status", "503");
    let record = recorded(trial, models());
    assert_eq!(outcome(&record), "upstream_error");
    assert_eq!(added(&record, &table::GRPC_RESPONSES), []);
}

#[test]
fn an_http_error_counts_before_a_grpc_status_of_zero() {
    for (code, expected) in
        [("404", "client_error"), ("408", "timeout"), ("503", "upstream_error"), ("504", "timeout")]
    {
        let trial = grpc_trailers_only("0").answer_header(":status", code);
        assert_eq!(outcome_of(trial), expected, "{code}");
    }
}

#[test]
fn a_grpc_status_means_nothing_in_an_answer_that_is_not_grpc() {
    let whole = chat().answered(JSON, "{}").answer_header("grpc-status", "13");
    let end = chat().answered(JSON, "{}").answer_trailer("grpc-status", "13");
    let failed = whole.clone().answer_header(":status", "404");
    let called = grpc().answered("text/plain", "no").answer_header("grpc-status", "13");
    for (trial, expected) in [(whole, "ok"), (end, "ok"), (failed, "client_error"), (called, "ok")]
    {
        let record = recorded(trial.clone(), models());
        assert_eq!(outcome(&record), expected, "{trial:?}");
        assert_eq!(added(&record, &table::GRPC_RESPONSES), [], "{trial:?}");
    }
}

#[test]
fn a_call_over_grpc_that_breaks_off_has_no_status() {
    for (bits, expected) in [(UPSTREAM_CLOSED, "cut"), (CLIENT_CLOSED, "client_left")] {
        let broken = grpc().answered_by_grpc(&[b""]).broken_off();
        let record = recorded(flags(broken, bits), models());
        assert_eq!(outcome(&record), expected);
        assert_eq!(added(&record, &table::GRPC_RESPONSES), []);
    }
}

#[test]
fn a_client_that_breaks_the_protocol_errs() {
    let unread = Trial::of("POST", "/v1/audio/speech").answered("audio/mpeg", "abc");
    for trial in [chat(), chat().answered(JSON, "{").broken_off(), unread] {
        let trial = flags(trial, CLIENT_ERRED);
        assert_eq!(outcome_of(trial.clone()), "client_error", "{trial:?}");
    }
}

#[test]
fn an_answer_that_envoy_follows_elsewhere_is_as_good_as_any() {
    let told = |details: &str| Told { details: Some(details.into()), ..Told::default() };
    assert_eq!(outcome_of(chat().known(told("internal_redirect"))), "ok");
    assert_eq!(outcome_of(chat().known(told("route_not_found"))), "upstream_error");
    let failed = status("500").answer_header("x-inference-rejected", "internal_redirect");
    assert_eq!(outcome_of(failed.known(told("internal_redirect"))), "upstream_error");
}

#[test]
fn a_call_that_nobody_answered_has_no_grpc_status() {
    let record = recorded(flags(grpc(), CLIENT_CLOSED), models());
    assert_eq!(outcome(&record), "client_left");
    assert_eq!(added(&record, &table::GRPC_RESPONSES), []);
}

#[test]
fn only_what_envoy_says_a_filter_refused_is_refused() {
    let reason = "admission-control;limit";
    let refused = |reason: &str, details: Option<&str>| {
        let known = Told { details: details.map(Into::into), ..Told::default() };
        status("429").answer_header("x-inference-rejected", reason).known(known)
    };
    let record = recorded(refused(reason, Some(reason)), models());
    assert_eq!(outcome(&record), "refused");
    let labels = "model=.=other;_version=.=other;_class=.=default;_operation=.=chat_completions;";
    let series =
        format!("inference_refused_total_{labels}_filter=.=admission-control;_rule=.=limit;");
    assert_eq!(counted(&record.notes, &series), 1);

    for details in [None, Some("via_upstream"), Some(""), Some("admission-control;other")] {
        let record = recorded(refused(reason, details), models());
        assert_eq!(outcome(&record), "client_error", "{details:?}");
        assert!(!changes(&record).iter().any(|change| change.contains("inference_refused")));
    }
}

#[test]
fn a_server_that_writes_the_details_envoy_will_have_refused_nothing() {
    for details in ["via_upstream", "upstream_reset_after_response_started{remote_reset}", ""] {
        let known = Told { details: Some(details.into()), ..Told::default() };
        let forged = status("500").answer_header("x-inference-rejected", details).known(known);
        assert_eq!(outcome_of(forged), "upstream_error", "{details}");
    }
}

#[test]
fn a_call_over_grpc_is_refused_as_well() {
    let reason = "payload-validator;shape";
    let known = Told { details: Some(reason.into()), ..Told::default() };
    let trial = grpc_trailers_only("3").answer_header("x-inference-rejected", reason);
    assert_eq!(outcome_of(trial.known(known)), "refused");
}

#[test]
fn a_stream_is_as_good_as_its_end() {
    let error = r#"{"error":{"message":"no","type":"server_error"}}"#;
    for (data, expected) in [
        (&[HI, STOP, DONE][..], "ok"),
        (&[HI, STOP], "ok"),
        (&[HI, DONE], "ok"),
        (&[DONE], "ok"),
        (&[HI], "cut"),
        (&[ROLE], "cut"),
        (&[HI, error], "upstream_error"),
        (&[HI, error, DONE], "upstream_error"),
        (&[error], "upstream_error"),
        (&[HI, STOP, error], "upstream_error"),
    ] {
        assert_eq!(outcome_of(stream(data)), expected, "{data:?}");
        let trailers = stream(data).answer_trailer("x", "y");
        assert_eq!(outcome_of(trailers), expected, "{data:?} and trailers");
    }
}

#[test]
fn an_end_that_only_the_trailers_make_certain_is_one() {
    // The byte behind a CR may still be the LF of the same line end.
    let data = format!("data: {HI}\r\rdata: [DONE]\r\r");
    let trial = chat().answered(SSE, data);
    assert_eq!(outcome_of(trial.clone()), "ok");
    assert_eq!(outcome_of(trial.answer_trailer("x", "y")), "ok");
}

#[test]
fn streams_of_other_apis_end_in_their_own_way() {
    let claude = |data: &[&str]| {
        let chat = json!({"model": "demo", "messages": []}).to_string();
        Trial::of("POST", "/v1/messages").body(chat).answered(SSE, events(data))
    };
    let triton = Trial::of("POST", "/v2/models/demo/generate_stream").body(r#"{"text_input":"a"}"#);
    let response =
        |data: &[&str]| Trial::of("POST", "/v1/responses").body("{}").answered(SSE, events(data));
    let text = r#"{"type":"response.output_text.delta","delta":"a"}"#;
    for (trial, expected) in [
        (claude(&[r#"{"type":"message_start"}"#, r#"{"type":"message_stop"}"#]), "ok"),
        (claude(&[r#"{"type":"message_start"}"#]), "cut"),
        (claude(&[r#"{"type":"error","error":{"type":"overloaded_error"}}"#]), "upstream_error"),
        // Its end is not announced.
        (triton.clone().answered(SSE, events(&[r#"{"text_output":"a"}"#])), "ok"),
        (triton.answered(SSE, events(&[r#"{"error":"a"}"#])), "upstream_error"),
        (
            response(&[text, r#"{"type":"response.completed","response":{"status":"completed"}}"#]),
            "ok",
        ),
        (response(&[r#"{"type":"response.incomplete","response":{"status":"incomplete"}}"#]), "ok"),
        (
            response(&[r#"{"type":"response.failed","response":{"status":"failed"}}"#]),
            "upstream_error",
        ),
        (
            response(&[r#"{"type":"response.created","response":{"status":"in_progress"}}"#, text]),
            "cut",
        ),
    ] {
        assert_eq!(outcome_of(trial.clone()), expected, "{trial:?}");
    }
}

#[test]
fn an_error_in_a_whole_answer_of_200_is_the_servers() {
    let error = r#"{"error":{"message":"no"}}"#;
    assert_eq!(outcome_of(chat().answered(JSON, error)), "upstream_error");
    let none = r#"{"error":null,"choices":[]}"#;
    assert_eq!(outcome_of(chat().answered(JSON, none)), "ok");
}

#[test]
fn who_leaves_before_an_answer_comes_is_told_from_who_waited_too_long() {
    for (bits, expected) in [
        (0, "upstream_error"),
        (CLIENT_CLOSED, "client_left"),
        (CLIENT_RESET, "client_left"),
        (CLIENT_CLOSED | UPSTREAM_TIMEOUT, "client_left"),
        (UPSTREAM_TIMEOUT, "timeout"),
        (IDLE_TIMEOUT, "timeout"),
        (STREAM_DURATION, "timeout"),
        (DURATION_TIMEOUT, "timeout"),
        (NO_HEALTHY_UPSTREAM, "upstream_error"),
    ] {
        assert_eq!(outcome_of(flags(chat(), bits)), expected, "{bits}");
    }
    assert_eq!(outcome_of(chat()), "upstream_error", "nothing is known");
}

#[test]
fn an_answer_that_breaks_off_is_cut_unless_somebody_left_or_waited_too_long() {
    let whole = chat().answered(JSON, "{").broken_off();
    let begun = chat().answered(SSE, "").broken_off();
    let events = stream(&[HI]).broken_off();
    for trial in [whole, begun, events] {
        for (bits, expected) in [
            (0, "cut"),
            (UPSTREAM_CLOSED, "cut"),
            (CLIENT_CLOSED, "client_left"),
            (CLIENT_RESET, "client_left"),
            (IDLE_TIMEOUT, "timeout"),
            (UPSTREAM_TIMEOUT, "timeout"),
        ] {
            assert_eq!(outcome_of(flags(trial.clone(), bits)), expected, "{bits} {trial:?}");
        }
    }
}

#[test]
fn a_stream_whose_last_event_came_is_complete_whoever_leaves_then() {
    let of = |path: &str, data: &[&str]| {
        Trial::of("POST", path).body(r#"{"model":"demo"}"#).answered(SSE, events(data))
    };
    let completed = r#"{"type":"response.completed","response":{"status":"completed"}}"#;
    let failed = r#"{"type":"response.failed","response":{"status":"failed"}}"#;
    let error = r#"{"error":{"message":"no"}}"#;
    for (trial, expected) in [
        (of("/v1/chat/completions", &[HI, DONE]), "ok"),
        (of("/v1/completions", &[HI, DONE]), "ok"),
        (of("/v1/messages", &[r#"{"type":"message_stop"}"#]), "ok"),
        (of("/v1/responses", &[completed]), "ok"),
        (of("/v1/responses", &[failed]), "upstream_error"),
        (of("/v1/chat/completions", &[HI, error]), "upstream_error"),
    ] {
        for bits in [CLIENT_CLOSED, CLIENT_RESET, UPSTREAM_CLOSED, 0] {
            let trial = flags(trial.clone().broken_off(), bits);
            assert_eq!(outcome_of(trial.clone()), expected, "{bits} {trial:?}");
        }
    }
    let unended = flags(of("/v1/chat/completions", &[HI, STOP, USAGE]).broken_off(), CLIENT_CLOSED);
    assert_eq!(outcome_of(unended), "client_left");
}

#[test]
fn the_last_event_of_a_response_may_be_too_long_to_be_read() {
    for (name, expected) in [
        ("response.completed", "ok"),
        ("response.incomplete", "ok"),
        ("response.failed", "upstream_error"),
        ("response.output_text.delta", "cut"),
    ] {
        let long = "a".repeat(2 << 20);
        let event = format!("event: {name}\ndata: {{\"type\":\"{name}\",\"text\":\"{long}\"}}\n\n");
        let response = Trial::of("POST", "/v1/responses").body("{}").answered(SSE, event);
        assert_eq!(outcome(&recorded(response.clone(), models())), expected, "{name}");
        let left = recorded(flags(response.broken_off(), CLIENT_CLOSED), models());
        let expected = if expected == "cut" { "client_left" } else { expected };
        assert_eq!(outcome(&left), expected, "{name}");
    }
}

#[test]
fn of_an_answer_that_is_not_read_envoy_knows_how_it_ended() {
    let infer = Trial::of("POST", "/v2/models/demo/infer").answered(JSON, "{}");
    let failed = infer.clone().answer_header(":status", "500");
    // It has no trailers, which may be all of it.
    let messages = grpc().answered_by_grpc(&[b""]).broken_off();
    for (trial, bits, expected) in [
        (&messages, 0, "upstream_error"),
        (&messages, UPSTREAM_CLOSED, "cut"),
        (&messages, CLIENT_RESET, "client_left"),
        (&messages, IDLE_TIMEOUT, "timeout"),
        (&infer, 0, "ok"),
        (&infer, UPSTREAM_CLOSED, "cut"),
        (&infer, CLIENT_CLOSED, "client_left"),
        (&infer, IDLE_TIMEOUT, "timeout"),
        (&infer, CONNECTION_FAILED, "ok"),
        (&infer, DELAYED, "ok"),
        (&failed, UPSTREAM_CLOSED, "upstream_error"),
    ] {
        assert_eq!(outcome_of(flags(trial.clone(), bits)), expected, "{bits} {trial:?}");
    }
}

#[test]
fn an_answer_that_lasts_as_long_as_a_stream_may_has_no_flag_but_details() {
    let late = |trial: Trial| {
        let details = Some(b"max_duration_timeout".to_vec());
        outcome_of(trial.known(Told { flags: Some(ResponseFlags(0)), details, ..Told::default() }))
    };
    let infer = Trial::of("POST", "/v2/models/demo/infer").answered(JSON, "{}");
    for trial in [
        infer,
        grpc().answered_by_grpc(&[b""]).broken_off(),
        stream(&[HI]).broken_off(),
        chat().answered(JSON, "{").broken_off(),
    ] {
        assert_eq!(late(trial.clone()), "timeout", "{trial:?}");
    }
    for trial in [stream(&[HI, STOP, DONE]), stream(&[HI, DONE]).broken_off()] {
        assert_eq!(late(trial.clone()), "ok", "all of it came: {trial:?}");
    }
}

#[test]
fn an_answer_over_http_needs_no_grpc_status_whatever_its_path() {
    for path in ["/", "/predict", "/nobody/knows"] {
        let trial = Trial::of("POST", path).header("content-type", JSON).answered(JSON, "{}");
        assert_eq!(outcome_of(trial), "ok", "{path}");
    }
}

#[test]
fn a_timeout_of_envoys_is_one_whatever_its_answer_says() {
    let failed = chat().answered(JSON, r#"{"error":{}}"#);
    for trial in [
        status("504"),
        status("503"),
        // Its clients see UNAVAILABLE.
        grpc_trailers_only("14"),
        grpc_trailers_only("4"),
        stream(&[HI]),
        failed,
    ] {
        assert_eq!(outcome_of(flags(trial.clone(), UPSTREAM_TIMEOUT)), "timeout", "{trial:?}");
    }
    assert_eq!(outcome_of(flags(grpc_trailers_only("14"), UPSTREAM_CLOSED)), "upstream_error");
}

#[test]
fn what_went_wrong_before_or_behind_a_good_answer_does_not_matter() {
    let whole = chat().answered(JSON, "{}");
    for trial in [whole, stream(&[HI, STOP, DONE]), grpc_status("0"), grpc_trailers_only("0")] {
        for bits in [UPSTREAM_TIMEOUT, UPSTREAM_CLOSED, CLIENT_CLOSED] {
            assert_eq!(outcome_of(flags(trial.clone(), bits)), "ok", "{bits} {trial:?}");
        }
    }
}
