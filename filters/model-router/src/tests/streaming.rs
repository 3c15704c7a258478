//! Bodies that are decided before their end.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A chat whose model stands first, with so many bytes behind it.
fn chat(model: &str, bytes: usize, end: &str) -> Trial {
    let body = format!(r#"{{"model": "{model}", "messages": ["{}"]{end}"#, "m".repeat(bytes));
    Trial::of("POST", "/v1/chat/completions").body(body)
}

#[test]
fn a_body_of_any_length_goes_on_when_its_model_is_known() {
    let router = router(json!({"hold_up_to_bytes": 100}));
    for chunk in [1, 10, 99, 100, 101, usize::MAX] {
        let long = chat("demo@v2", 5_000, "}").cut_at_every(chunk);
        let through = long.through(&router).forwarded();
        assert_eq!(through.headers, placed("demo", "v2", "demo-v2"));
        let expected =
            String::from_utf8(long.body_bytes().to_vec()).unwrap().replace("demo@v2", "demo");
        assert_eq!(through.body, Some(expected.into_bytes()), "cut at every {chunk}");
    }
}

#[test]
fn it_goes_on_before_its_end() {
    let router = router(json!({}));
    let mut exchange = router.exchange(Arrival::default());
    let headers: Headers =
        [(":method", "POST"), (":path", "/v1/chat/completions")].into_iter().collect();
    let mut notes = Notes::default();
    let block = HeaderBlock { headers: &headers, end_of_message: false, at: Timestamp::default() };
    assert_eq!(exchange.request_headers(block, &mut notes), Verdict::Hold);
    let mut show = |bytes: &[u8]| {
        exchange.request_body(
            BodyChunk { bytes, end_of_message: false, at: Timestamp::default() },
            &mut notes,
        )
    };
    assert_eq!(show(br#"{"model": "iri"#), Verdict::Hold);
    match show(br#"s", "#) {
        Verdict::Forward(edits) => {
            assert_eq!(
                edits.watching(),
                filter_kit::Watching::Everything,
                "the rest is looked at as it passes"
            )
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(show(br#""messages": []"#), Verdict::Forward(Edits::none().watch()));
    assert!(matches!(show(br#", "model": "demo"#), Verdict::Forward(_)));
    assert!(matches!(show(b"\"}"), Verdict::Reply(_)), "cut before its end");
}

#[test]
fn a_contradiction_that_comes_late_cuts_the_request() {
    let router = router(json!({"hold_up_to_bytes": 100}));
    for (end, rule) in [
        (r#", "model": "demo"}"#, "duplicate_model"),
        (r#", "mod\u0065l": "demo"}"#, "duplicate_model"),
        (r#", "model": null}"#, "duplicate_model"),
        (r#", broken}"#, "malformed_body"),
        ("} {}", "malformed_body"),
        ("", "malformed_body"),
    ] {
        for chunk in [1, 64, usize::MAX] {
            let (outcome, notes) = chat("iris", 500, end).cut_at_every(chunk).noting(&router);
            assert_eq!(refused_by(outcome), format!("model-router;{rule}"), "{end}");
            let cut = format!("inference_router_cut_total_rule=.={rule};");
            if chunk < 500 {
                assert_eq!(counted(&notes, &cut), 1, "{end} cut at every {chunk}");
            }
        }
        let with_trailers = chat("iris", 500, end).cut_at_every(64).with_trailers();
        assert_eq!(refused_by(with_trailers.through(&router)), format!("model-router;{rule}"));
    }
    let repeated = chat("iris", 500, r#", "model": "iris"}"#).cut_at_every(64);
    assert_eq!(placement(repeated.through(&router)), placed("iris", "3", "iris"));
}

#[test]
fn what_the_model_decides_goes_before_what_is_wrong_behind_it() {
    let router = router(json!({}));
    for chunk in [1, 20, usize::MAX] {
        let request = chat("absent", 10, ", broken").cut_at_every(chunk);
        assert_eq!(refused_by(request.through(&router)), "model-router;unknown_model");
    }
}

#[test]
fn a_long_message_is_decided_by_what_stands_first_in_it() {
    let router = router(json!({"hold_up_to_bytes": 1000}));
    let infer = |message: &[u8]| Trial::grpc("/inference.GRPCInferenceService/ModelInfer", message);
    let raw = [&b"\x3a\x88\x27"[..], &[7; 5_000]].concat();
    let named = [&b"\x0a\x04demo\x12\x02v2"[..], &raw].concat();
    let late = [&b"\x0a\x04demo"[..], &raw, b"\x12\x02v2"].concat();
    for chunk in [1, 100, usize::MAX] {
        let through = infer(&named).cut_at_every(chunk).through(&router);
        assert_eq!(placement(through), placed("demo", "v2", "demo-v2"), "cut at every {chunk}");
        let refused = refused_by(infer(&late).cut_at_every(chunk).through(&router));
        assert_eq!(refused, "model-router;duplicate_model", "cut at every {chunk}");
    }
}

#[test]
fn what_a_message_has_named_when_no_more_can_be_held_counts() {
    let router = router(json!({"hold_up_to_bytes": 1000}));
    // model_name (2) before features (1), in an order that no library writes.
    let features = [&b"\x0a\x88\x27"[..], &[0; 5_000]].concat();
    let predict = |message: &[u8]| Trial::grpc("/prediction.PredictionService/Predict", message);
    let named = [b"\x12\x04iris", features.as_slice()].concat();
    let contradictory = [named.as_slice(), b"\x12\x04demo"].concat();
    for chunk in [1, 100, 1000, usize::MAX] {
        let through = predict(&named).cut_at_every(chunk).through(&router);
        assert_eq!(placement(through), placed("iris", "3", "iris"), "cut at every {chunk}");
        let refused = refused_by(predict(&contradictory).cut_at_every(chunk).through(&router));
        assert_eq!(refused, "model-router;duplicate_model", "cut at every {chunk}");
    }
}

/// A chat that names its model behind so many bytes.
fn chat_with_model_last(model: &str, bytes: usize) -> Trial {
    Trial::chat(&json!({"a": "m".repeat(bytes), "model": model}))
}

#[test]
fn a_header_places_what_is_too_long_to_be_held() {
    let router = router(json!({"hold_up_to_bytes": 100}));
    for chunk in [1, 64, 100, usize::MAX] {
        let through = |name: &str| {
            let chat = chat_with_model_last(name, 500).header("x-model-name", "demo@v2");
            chat.cut_at_every(chunk).through(&router)
        };
        assert_eq!(placement(through("demo")), placed("demo", "v2", "demo-v2"));
        assert_eq!(refused_by(through("iris")), "model-router;contradiction");
        // It would have to be rewritten, and is gone.
        assert_eq!(refused_by(through("demo@v2")), "model-router;body_too_large");
    }
}

#[test]
fn a_version_that_comes_too_late_must_be_the_one_that_was_drawn() {
    let raw = [&b"\x3a\x88\x27"[..], &[7; 5_000]].concat();
    let through = |served_version: &str, version: &[u8]| {
        let router = router(json!({"hold_up_to_bytes": 1000, "models": [
            {"name": "demo", "versions": [
                {"name": "v1", "cluster": "demo-v1", "weight": 100, "served_version": served_version},
                {"name": "v2", "cluster": "demo-v2"},
            ]},
        ]}));
        let message = [raw.as_slice(), b"\x12\x02", version].concat();
        let infer = Trial::grpc("/inference.GRPCInferenceService/ModelInfer", &message);
        infer.header("x-model-name", "demo").cut_at_every(64).through(&router)
    };
    assert_eq!(placement(through("v1", b"v1")), placed("demo", "v1", "demo-v1"));
    let too_late = "model-router;body_too_large";
    assert_eq!(refused_by(through("v1", b"v2")), too_late);
    // What the servers call v1 is not what the client calls v2.
    assert_eq!(refused_by(through("v2", b"v2")), too_late);
    assert_eq!(refused_by(through("v2", b"v1")), too_late, "it would have to be rewritten");
}

#[test]
fn what_is_named_late_is_judged_like_what_is_named_early() {
    let router = router(json!({
        "hold_up_to_bytes": 100,
        "beyond_hold": {"cluster": "any-model"},
        "parser_differentials": {"escaped_model": "refuse"},
    }));
    let chat = |filler: usize| {
        let body = format!(r#"{{"a": "{}", "mod\u0065l": "iris"}}"#, "x".repeat(filler));
        Trial::of("POST", "/v1/chat/completions").body(body)
    };
    for filler in [10, 500] {
        for chunk in [1, 64, usize::MAX] {
            let refused = refused_by(chat(filler).cut_at_every(chunk).through(&router));
            assert_eq!(refused, "model-router;escaped_model", "{filler} cut at every {chunk}");
        }
    }
}

#[test]
fn a_cluster_can_take_what_names_no_model_in_time() {
    let router = router(json!({
        "hold_up_to_bytes": 100,
        "beyond_hold": {"cluster": "any-model"},
        "tenants": {"list": [{"name": "acme", "models": ["demo"]}]},
    }));
    for chunk in [1, 64, 100, usize::MAX] {
        let chat = |name: &str| {
            let chat = chat_with_model_last(name, 500).header("x-tenant-id", "acme");
            chat.cut_at_every(chunk)
        };
        let edits = placement(chat("demo@v2").through(&router));
        let expected = BTreeMap::from([("x-model-cluster".into(), Some("any-model".into()))]);
        assert_eq!(edits, expected, "without a name that is not established");
        let (_, notes) = chat("demo@v2").noting(&router);
        assert_eq!(counted(&notes, "inference_router_beyond_hold_total"), 1);
        let routed = "inference_router_requests_total_model=.=demo;_version=.=v2;";
        assert_eq!(counted(&notes, routed), 0, "it did not go to that version");
        assert_eq!(refused_by(chat("iris").through(&router)), "model-router;forbidden_model");
        assert_eq!(refused_by(chat("absent").through(&router)), "model-router;unknown_model");
        let unnamed = Trial::chat(&json!({"a": "m".repeat(500)})).header("x-tenant-id", "acme");
        assert_eq!(
            refused_by(unnamed.cut_at_every(chunk).through(&router)),
            "model-router;no_model"
        );
    }
}
