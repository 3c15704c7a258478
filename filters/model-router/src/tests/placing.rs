//! Where a request goes.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn every_source_leads_to_its_version() {
    let predict = "/prediction.PredictionService/Predict";
    let infer = "/inference.GRPCInferenceService/ModelInfer";
    let tensorflow = "/tensorflow.serving.PredictionService/Predict";
    let requests = [
        Trial::of("POST", "/predict").header("x-model-name", "demo@v2").body("anything"),
        Trial::of("POST", "/v2/models/demo/versions/v2/infer").body("{}"),
        Trial::of("GET", "/v2/models/demo/versions/v2"),
        Trial::of("POST", "/v1/models/demo/labels/v2:predict").body("{}"),
        Trial::of("POST", "/v1/models/demo:predict").header("x-model-version", "v2"),
        Trial::chat(&json!({"messages": [], "model": "demo@v2"})),
        Trial::chat(&json!({"model": "demo"})).header("x-model-version", "v2"),
        // features (1) packed, model_name (2)
        Trial::grpc(predict, b"\x0a\x04\0\0\0\0\x12\x07demo@v2"),
        // model_name (1), model_version (2)
        Trial::grpc(infer, b"\x0a\x04demo\x12\x02v2"),
        // model_spec (1) of name (1) and version_label (4)
        Trial::grpc(tensorflow, b"\x0a\x0a\x0a\x04demo\x22\x02v2"),
    ];
    let router = router(json!({}));
    for request in requests {
        let path = request.path();
        let expected = placed("demo", "v2", "demo-v2");
        assert_eq!(placement(request.through(&router)), expected, "{}", path.escape_ascii());
    }
}

#[test]
fn the_answer_does_not_depend_on_the_cuts() {
    let router = router(json!({}));
    let requests = [
        Trial::chat(&json!({"messages": [{"content": "a\"b\\u00e9"}], "model": "demo@v2"})),
        Trial::grpc("/prediction.PredictionService/Predict", b"\x12\x07demo@v2\x0a\x04\0\0\0\0"),
        Trial::chat(&json!({"model": "absent"})),
        Trial::chat(&json!({"model": 7})),
        Trial::of("POST", "/v1/chat/completions").body("{\"model\": \"demo@v2\""),
    ];
    for request in requests {
        let whole = request.through(&router);
        for chunk in 1..request.body_bytes().len() {
            let cut = request.clone().cut_at_every(chunk);
            assert_eq!(cut.through(&router), whole, "cut at every {chunk}");
            assert_eq!(cut.with_trailers().through(&router), whole, "{chunk} with trailers");
        }
    }
}

#[test]
fn the_default_model_stands_in_for_no_model() {
    let requests = || {
        [
            Trial::chat(&json!({"messages": []})),
            Trial::grpc("/prediction.PredictionService/Predict", b"\x0a\x04\0\0\0\0"),
            Trial::grpc("/prediction.PredictionService/Predict", b""),
        ]
    };
    for request in requests() {
        let with_default = router(json!({"default_model": "iris"}));
        assert_eq!(placement(request.through(&with_default)), placed("iris", "3", "iris"));
        let without = refusal(request.through(&router(json!({}))));
        assert_eq!(without, (400, GrpcCode::InvalidArgument, "model-router;no_model".into()));
    }
}

#[test]
fn a_caller_keeps_its_version_and_others_are_split() {
    let router = router(json!({}));
    let body = json!({"model": "demo"});
    let version =
        |request: Trial| placement(request.through(&router))["x-model-version"].clone().unwrap();
    let mut of_v2 = 0;
    for session in 0..2_000 {
        let by_header = |chance| {
            let request = Trial::chat(&body).header("x-session-id", format!("s{session}"));
            version(request.drawing(chance))
        };
        let first = by_header(1);
        assert_eq!(first, by_header(2), "chance has no say about session {session}");
        let cookie = format!("a=b; session=s{session}");
        assert_eq!(first, version(Trial::chat(&body).header("cookie", cookie)));
        of_v2 += u32::from(first == "v2");
    }
    assert!((140..260).contains(&of_v2), "{of_v2} of 2000 sessions got the 10 %");
}

#[test]
fn headers_of_the_client_never_pass_unchecked() {
    let router = router(json!({}));
    let ours = ["x-model-name", "x-model-version", "x-model-cluster", "x-model-shadow"];
    let dressed = |request: Trial| {
        ours.into_iter().skip(2).fold(request, |request, name| request.header(name, "evil"))
    };
    let health = dressed(Trial::grpc("/grpc.health.v1.Health/Check", b""))
        .header("x-model-name", "demo")
        .header("x-model-version", "v2");
    let removed = ours.map(|name| (name.to_owned(), None)).into();
    assert_eq!(placement(health.through(&router)), removed);

    let chat = dressed(Trial::chat(&json!({"model": "demo@v2"})));
    let edits = placement(chat.through(&router));
    assert_eq!(edits["x-model-cluster"].as_deref(), Some("demo-v2"));
    assert_eq!(edits["x-model-shadow"], None);
}

#[test]
fn what_is_no_inference_call_passes_untouched() {
    let router = router(json!({}));
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    for request in [
        Trial::grpc(reflection, b"\x3a\x00"),
        Trial::grpc("/grpc.health.v1.Health/Check", b""),
        Trial::of("GET", "/v1/models"),
        Trial::of("GET", "/v2/health/ready"),
        Trial::of("GET", "/"),
        Trial::of("POST", "/upload").body("x"),
    ] {
        assert_eq!(request.through(&router).forwarded(), Forwarded::default());
    }
}

#[test]
fn a_grpc_stream_is_decided_by_its_first_message() {
    let router = router(json!({}));
    let stream = "/inference.GRPCInferenceService/ModelStreamInfer";
    let first = Trial::grpc(stream, b"\x0a\x04iris");
    let length = first.body_bytes().len();
    let both = [first.body_bytes(), b"\0\0\0\0\x06\x0a\x04demo"].concat();
    let placed = placement(first.body(both).cut_at_every(length).through(&router));
    assert_eq!(placed["x-model-name"].as_deref(), Some("iris"), "the rest flows by unseen");
}

#[test]
fn decisions_are_counted_and_stated() {
    let router = router(json!({}));
    let (_, notes) = Trial::chat(&json!({"model": "demo@v2"})).noting(&router);
    let facts: Vec<_> = notes.facts().iter().map(|fact| (fact.name, fact.value.as_str())).collect();
    assert_eq!(
        facts,
        [("inference.model", "demo"), ("inference.version", "v2"), ("inference.rule", "named")]
    );
    let routed = "inference_router_requests_total_model=.=demo;_version=.=v2;";
    assert_eq!(counted(&notes, routed), 1);
    let (_, notes) = Trial::chat(&json!({"model": "absent"})).noting(&router);
    assert_eq!(counted(&notes, "inference_router_refused_total_rule=.=unknown_model;"), 1);
    let (_, notes) = Trial::of("GET", "/healthz").noting(&router);
    assert_eq!(counted(&notes, "inference_router_passed_total"), 1);
}

#[test]
fn administration_is_never_placed() {
    let router = router(json!({"default_model": "demo"}));
    for request in [
        Trial::of("POST", "/v2/models/demo/trace/setting").body("{}"),
        Trial::of("POST", "/v2/repository/models/demo/unload").body("{}"),
        Trial::grpc("/inference.GRPCInferenceService/RepositoryModelUnload", b"\x12\x04demo"),
        Trial::of("POST", "/invocations").body("{}"),
    ] {
        let path = request.path().escape_ascii().to_string();
        assert_eq!(request.through(&router).forwarded(), Forwarded::default(), "{path}");
        let wishing = request.header("x-model-name", "demo");
        let removed = BTreeMap::from([("x-model-name".to_owned(), None)]);
        assert_eq!(placement(wishing.through(&router)), removed, "{path}");
    }
}
