//! The names that servers know, in the place of those that clients write.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn with_served_names() -> Rc<ModelRouter> {
    router(json!({"models": [
        {
            "name": "demo",
            "served_name": "org/demo-8b",
            "aliases": [{"name": "prod"}, {"name": "next", "version": "v2"}],
            "labels": {"stable": "v1"},
            "versions": [
                {"name": "v1", "cluster": "demo-v1", "weight": 100, "served_version": "1"},
                {"name": "v2", "cluster": "demo-v2", "served_name": "demo-new", "served_version": "2"},
            ],
        },
        {"name": "sql", "base": "demo", "aliases": [{"name": "demo-sql"}]},
        {"name": "plain", "labels": {"live": "v1"}, "versions": [
            {"name": "v1", "cluster": "plain"},
        ]},
    ]}))
}

fn body_of(request: &Trial) -> String {
    let body = request.through(&with_served_names()).forwarded().body;
    String::from_utf8(body.unwrap_or_else(|| request.body_bytes().to_vec())).unwrap()
}

#[test]
fn a_json_body_gets_the_served_name_and_no_other_byte_changes() {
    for (name, served) in [
        ("demo", "org/demo-8b"),
        ("prod", "org/demo-8b"),
        ("prod@v2", "demo-new"),
        ("next", "demo-new"),
        ("demo@stable", "org/demo-8b"),
        ("sql", "sql"),
        ("demo-sql@v2", "sql"),
        ("plain", "plain"),
        ("plain@v1", "plain"),
    ] {
        let body = |name: &str| {
            format!("{{ \"messages\" : [\"\\u00e9 model\"],\t\"model\":\"{name}\" ,\"n\":1.0}}\n")
        };
        let request = Trial::of("POST", "/v1/chat/completions").body(body(name));
        assert_eq!(body_of(&request), body(served), "{name}");
        for chunk in 1..request.body_bytes().len() {
            let cut = request.clone().cut_at_every(chunk);
            assert_eq!(body_of(&cut), body(served), "{name} cut at every {chunk}");
            assert_eq!(body_of(&cut.with_trailers()), body(served), "{name} cut at every {chunk}");
        }
    }
}

#[test]
fn what_the_servers_know_already_is_left_alone() {
    for name in ["plain", "pl\\u0061in"] {
        let body = format!("{{\"model\": \"{name}\"}}");
        let request = Trial::of("POST", "/v1/completions").body(body);
        assert_eq!(request.through(&with_served_names()).forwarded().body, None, "{name}");
    }
}

#[test]
fn a_grpc_message_gets_the_served_names() {
    let infer = "/inference.GRPCInferenceService/ModelInfer";
    let tensorflow = "/tensorflow.serving.PredictionService/Predict";
    let predict = "/prediction.PredictionService/Predict";
    let frame = |message: &[u8]| Trial::grpc("/", message).body_bytes().to_vec();
    for (path, written, served) in [
        (infer, &b"\x0a\x04demo\x1a\x01i"[..], &b"\x0a\x0borg/demo-8b\x1a\x01i"[..]),
        (infer, b"\x0a\x04prod\x12\x06stable", b"\x0a\x0borg/demo-8b\x12\x011"),
        (infer, b"\x0a\x04next\x2a\x00", b"\x0a\x08demo-new\x2a\x00"),
        (infer, b"\x0a\x05plain\x12\x04live", b"\x0a\x05plain\x12\x02v1"),
        (predict, b"\x0a\x04\0\0\0\0\x12\x07demo@v2", b"\x0a\x04\0\0\0\0\x12\x08demo-new"),
        // model_spec (1) of name (1) and version_label (4): becomes version (2) of value (1).
        (
            tensorflow,
            b"\x0a\x0e\x0a\x04prod\x22\x06stable\x12\x00",
            b"\x0a\x11\x0a\x0borg/demo-8b\x12\x02\x08\x01\x12\x00",
        ),
    ] {
        let request = Trial::grpc(path, written);
        for chunk in 1..=request.body_bytes().len() {
            let body =
                request.clone().cut_at_every(chunk).through(&with_served_names()).forwarded().body;
            assert_eq!(body, Some(frame(served)), "{path} cut at every {chunk}");
        }
    }
    let known = Trial::grpc(predict, b"\x12\x05plain");
    assert_eq!(known.through(&with_served_names()).forwarded().body, None);
}

#[test]
fn a_form_gets_the_served_name() {
    let form = |model: &str| {
        let part = |disposition: &str, content: &str| {
            format!("--xyz\r\ncontent-disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
        };
        let model = part("name=\"model\"", model);
        let file = part("name=\"file\"; filename=\"a.wav\"", "RIFF\0\r\n--xy model");
        format!("{model}{file}--xyz--\r\n")
    };
    let request = Trial::of("POST", "/v1/audio/transcriptions")
        .header("content-type", "multipart/form-data; boundary=xyz")
        .body(form("prod@v2"));
    for chunk in 1..=request.body_bytes().len() {
        assert_eq!(body_of(&request.clone().cut_at_every(chunk)), form("demo-new"), "{chunk}");
    }
    let json = Trial::of("POST", "/v1/audio/transcriptions")
        .header("content-type", "application/json")
        .body(r#"{"model": "prod"}"#);
    assert_eq!(refused_by(json.through(&with_served_names())), "model-router;malformed_body");
}

#[test]
fn a_path_gets_the_served_names() {
    for (written, served) in [
        ("/v2/models/demo/infer", Some("/v2/models/org%2Fdemo-8b/infer")),
        (
            "/v2/models/prod/versions/stable/infer",
            Some("/v2/models/org%2Fdemo-8b/versions/1/infer"),
        ),
        ("/v2/models/next/infer?x=demo", Some("/v2/models/demo-new/infer?x=demo")),
        (
            "/v1/models/demo/labels/stable:predict",
            Some("/v1/models/org%2Fdemo-8b/versions/1:predict"),
        ),
        ("/v1/models/demo/versions/v2:predict", Some("/v1/models/demo-new/versions/2:predict")),
        ("/v2/models/plain/infer", None),
        ("/v1/models/plain:predict", None),
    ] {
        let request = Trial::of("POST", written).body("{}");
        let headers = request.through(&with_served_names()).forwarded().headers;
        assert_eq!(headers.get(":path").cloned().flatten().as_deref(), served, "{written}");
    }
}

#[test]
fn the_source_that_counts_is_written_over_the_others() {
    let follows = router(json!({"on_contradiction": "follow_precedence"}));
    let chat = Trial::chat(&json!({"model": "iris"})).header("x-model-name", "demo@v1");
    let through = chat.through(&follows).forwarded();
    assert_eq!(through.body.as_deref(), Some(&br#"{"model":"demo"}"#[..]));
    let infer = Trial::of("POST", "/v2/models/iris/infer").header("x-model-name", "demo@v1");
    let path = infer.body("{}").through(&follows).forwarded().headers[":path"].clone();
    assert_eq!(path.as_deref(), Some("/v2/models/demo/infer"));
}

#[test]
fn an_alias_that_was_rewritten_may_not_be_repeated() {
    let repeated = |body: &str| Trial::of("POST", "/v1/completions").body(body);
    let twice = repeated(r#"{"model": "prod", "model": "prod"}"#);
    for chunk in 1..=twice.body_bytes().len() {
        let refused = refused_by(twice.clone().cut_at_every(chunk).through(&with_served_names()));
        assert_eq!(refused, "model-router;duplicate_model", "cut at every {chunk}");
    }
    let known = repeated(r#"{"model": "plain", "model": "plain"}"#);
    assert_eq!(placement(known.through(&with_served_names())), placed("plain", "v1", "plain"));
}

#[test]
fn an_alias_that_stands_at_too_many_places_is_refused() {
    let tasks = |model: &str, count: usize| {
        // tasks (1) of model_spec (1) of name (1)
        let name = [b"\x0a".as_slice(), &[u8::try_from(model.len()).unwrap()], model.as_bytes()];
        let within = |inner: &[u8]| {
            [b"\x0a".as_slice(), &[u8::try_from(inner.len()).unwrap()], inner].concat()
        };
        let task = within(&within(&name.concat()));
        Trial::grpc("/tensorflow.serving.PredictionService/MultiInference", &task.repeat(count))
    };
    let router = with_served_names();
    assert_eq!(
        tasks("prod", 3).through(&router).forwarded().body,
        Some(tasks("org/demo-8b", 3).body_bytes().to_vec())
    );
    assert_eq!(refused_by(tasks("prod", 40).through(&router)), "model-router;duplicate_model");
    assert_eq!(tasks("plain", 40).through(&router).forwarded().body, None);
}

#[test]
fn a_shadows_router_takes_all_for_one() {
    let shadow = router(json!({
        "models": [{"name": "demo", "versions": [
            {"name": "v3", "cluster": "demo-v3", "served_name": "demo-next"},
        ]}],
        "take_all_for": "demo@v3",
    }));
    let chat = Trial::chat(&json!({"model": "another@v1"}))
        .header("x-model-name", "another")
        .header("x-model-version", "v1");
    let through = chat.through(&shadow).forwarded();
    assert_eq!(through.body.as_deref(), Some(&br#"{"model":"demo-next"}"#[..]));
    assert_eq!(through.headers, placed("demo", "v3", "demo-v3"));
    let infer = Trial::of("POST", "/v2/models/another/infer").body("{}");
    let path = infer.through(&shadow).forwarded().headers[":path"].clone();
    assert_eq!(path.as_deref(), Some("/v2/models/demo-next/infer"));
}
