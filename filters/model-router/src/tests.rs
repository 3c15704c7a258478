//! What the router decides, shown the same request in every possible way.

use crate::ModelRouter;
use filter_kit::{
    Arrival, BodyChunk, Edits, Exchange, Filter, GrpcCode, HeaderBlock, HeaderEdit, Headers, Notes,
    Problem, Reply, Timestamp, Trailers, Verdict, parse_config,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn router(changes: Value) -> Rc<ModelRouter> {
    let mut config = json!({
        "models": [
            {"name": "demo", "versions": [
                {"name": "v1", "cluster": "demo-v1", "weight": 90},
                {"name": "v2", "cluster": "demo-v2", "weight": 10},
            ]},
            {"name": "iris", "versions": [{"name": "3", "cluster": "iris"}]},
        ],
        "sticky_by": [{"header": "X-Session-Id"}, {"cookie": "session"}],
    });
    config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Rc::new(ModelRouter::configure(parse_config(config).config.unwrap()).unwrap())
}

fn problems(config: Value) -> Vec<String> {
    let parsed = parse_config(config);
    let error = ModelRouter::configure(parsed.config.expect("well-formed")).unwrap_err();
    error.problems().iter().map(Problem::to_string).collect()
}

/// A request, and how it is shown to the router.
#[derive(Clone, Default)]
struct Request {
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    chunk: usize,
    trailers: bool,
    chance: u64,
}

/// What became of it.
#[derive(Debug, PartialEq)]
enum Outcome {
    Forwarded(BTreeMap<String, Option<String>>),
    Replied(Reply),
}

impl Request {
    fn new(method: &str, path: &str) -> Self {
        let headers = vec![(":method".into(), method.into()), (":path".into(), path.into())];
        Self { headers, chunk: usize::MAX, ..Self::default() }
    }

    fn chat(body: &Value) -> Self {
        Self::new("POST", "/v1/chat/completions").body(body.to_string())
    }

    fn grpc(path: &str, message: &[u8]) -> Self {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let frame = [&[0], &length[..], message].concat();
        Self::new("POST", path).header("content-type", "application/grpc").body(frame)
    }

    fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn cut_at_every(mut self, chunk: usize) -> Self {
        self.chunk = chunk;
        self
    }

    fn with_trailers(mut self) -> Self {
        self.trailers = true;
        self
    }

    fn drawing(mut self, chance: u64) -> Self {
        self.chance = chance;
        self
    }

    /// Shows it to the router until there is a decision.
    fn through(&self, router: &Rc<ModelRouter>) -> Outcome {
        self.noting(router).0
    }

    fn noting(&self, router: &Rc<ModelRouter>) -> (Outcome, Notes) {
        let mut notes = Notes::default();
        let arrival = Arrival { at: Timestamp::default(), chance: self.chance };
        let mut exchange = router.exchange(arrival);
        let headers: Headers = self.headers.iter().map(|(name, value)| (name, value)).collect();
        let last = self.body.is_empty() && !self.trailers;
        let block = HeaderBlock { headers: &headers, end_of_message: last };
        let mut verdict = exchange.request_headers(block, &mut notes);
        let mut chunks = self.body.chunks(self.chunk.max(1)).peekable();
        while let (Verdict::Hold, Some(bytes)) = (&verdict, chunks.next()) {
            let end_of_message = chunks.peek().is_none() && !self.trailers;
            verdict = exchange.request_body(BodyChunk { bytes, end_of_message }, &mut notes);
        }
        if verdict == Verdict::Hold {
            assert!(self.trailers, "held at the end of the message");
            let trailers = Trailers { trailers: &Headers::default() };
            verdict = exchange.request_trailers(trailers, &mut notes);
        }
        let outcome = match verdict {
            Verdict::Forward(edits) => Outcome::Forwarded(edited(&edits)),
            Verdict::Reply(reply) => Outcome::Replied(reply),
            Verdict::Hold => panic!("held for ever"),
        };
        (outcome, notes)
    }
}

fn edited(edits: &Edits) -> BTreeMap<String, Option<String>> {
    let text = |value: &Vec<u8>| String::from_utf8(value.clone()).unwrap();
    edits
        .headers()
        .iter()
        .map(|edit| match edit {
            HeaderEdit::Set(name, value) => (name.to_string(), Some(text(value))),
            HeaderEdit::Remove(name) => (name.to_string(), None),
        })
        .collect()
}

fn placed(model: &str, version: &str, cluster: &str) -> Outcome {
    let set = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    Outcome::Forwarded(BTreeMap::from([
        set("x-model-name", model),
        set("x-model-version", version),
        set("x-model-cluster", cluster),
    ]))
}

fn refusal(outcome: Outcome) -> (u16, GrpcCode, String) {
    match outcome {
        Outcome::Replied(reply) => (reply.status, reply.grpc, reply.reason),
        Outcome::Forwarded(edits) => panic!("forwarded with {edits:?}"),
    }
}

fn refused_by(outcome: Outcome) -> String {
    refusal(outcome).2
}

#[test]
fn every_source_leads_to_its_version() {
    let predict = "/prediction.PredictionService/Predict";
    let infer = "/inference.GRPCInferenceService/ModelInfer";
    let tensorflow = "/tensorflow.serving.PredictionService/Predict";
    let requests = [
        Request::new("POST", "/predict").header("x-model-name", "demo@v2").body("anything"),
        Request::new("POST", "/v2/models/demo/versions/v2/infer").body("{}"),
        Request::new("GET", "/v2/models/demo/versions/v2"),
        Request::new("POST", "/v1/models/demo/labels/v2:predict").body("{}"),
        Request::new("POST", "/v1/models/demo:predict").header("x-model-version", "v2"),
        Request::chat(&json!({"messages": [], "model": "demo@v2"})),
        Request::chat(&json!({"model": "demo"})).header("x-model-version", "v2"),
        // features (1) packed, model_name (2)
        Request::grpc(predict, b"\x0a\x04\0\0\0\0\x12\x07demo@v2"),
        // model_name (1), model_version (2)
        Request::grpc(infer, b"\x0a\x04demo\x12\x02v2"),
        // model_spec (1) of name (1) and version_label (4)
        Request::grpc(tensorflow, b"\x0a\x0a\x0a\x04demo\x22\x02v2"),
    ];
    let router = router(json!({}));
    for request in requests {
        let path = &request.headers[1].1.clone();
        let expected = placed("demo", "v2", "demo-v2");
        assert_eq!(request.through(&router), expected, "{}", path.escape_ascii());
    }
}

#[test]
fn the_answer_does_not_depend_on_the_cuts() {
    let router = router(json!({}));
    let requests = [
        Request::chat(&json!({"messages": [{"content": "a\"b\\u00e9"}], "model": "demo@v2"})),
        Request::grpc("/prediction.PredictionService/Predict", b"\x12\x07demo@v2\x0a\x04\0\0\0\0"),
        Request::chat(&json!({"model": "absent"})),
        Request::chat(&json!({"model": 7})),
        Request::new("POST", "/v1/chat/completions").body("{\"model\": \"demo@v2\""),
    ];
    for request in requests {
        let whole = request.through(&router);
        for chunk in 1..request.body.len() {
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
            Request::chat(&json!({"messages": []})),
            Request::grpc("/prediction.PredictionService/Predict", b"\x0a\x04\0\0\0\0"),
            Request::grpc("/prediction.PredictionService/Predict", b""),
        ]
    };
    for request in requests() {
        let with_default = router(json!({"default_model": "iris"}));
        assert_eq!(request.through(&with_default), placed("iris", "3", "iris"));
        let without = refusal(request.through(&router(json!({}))));
        assert_eq!(without, (400, GrpcCode::InvalidArgument, "model-router;no_model".into()));
    }
}

#[test]
fn a_methods_model_field_can_be_configured() {
    let router = router(json!({
        "grpc_methods": [{"path": "/team.Scorer/Score", "model_field": "3.1", "version_field": "4"}]
    }));
    let message = b"\x1a\x06\x0a\x04demo\x22\x02v2";
    let request = Request::grpc("/team.Scorer/Score", message);
    assert_eq!(request.through(&router), placed("demo", "v2", "demo-v2"));
}

#[test]
fn a_caller_keeps_its_version_and_others_are_split() {
    let router = router(json!({}));
    let body = json!({"model": "demo"});
    let version = |request: Request| match request.through(&router) {
        Outcome::Forwarded(edits) => edits["x-model-version"].clone().unwrap(),
        Outcome::Replied(reply) => panic!("{reply:?}"),
    };
    let mut of_v2 = 0;
    for session in 0..2_000 {
        let by_header = |chance| {
            let request = Request::chat(&body).header("x-session-id", format!("s{session}"));
            version(request.drawing(chance))
        };
        let first = by_header(1);
        assert_eq!(first, by_header(2), "chance has no say about session {session}");
        let cookie = format!("a=b; session=s{session}");
        assert_eq!(first, version(Request::chat(&body).header("cookie", cookie)));
        of_v2 += u32::from(first == "v2");
    }
    assert!((140..260).contains(&of_v2), "{of_v2} of 2000 sessions got the 10 %");
}

#[test]
fn headers_of_the_client_never_pass_unchecked() {
    let router = router(json!({}));
    let ours = ["x-model-name", "x-model-version", "x-model-cluster", "x-model-shadow"];
    let dressed = |request: Request| {
        ours.into_iter().skip(2).fold(request, |request, name| request.header(name, "evil"))
    };
    let health = dressed(Request::grpc("/grpc.health.v1.Health/Check", b""))
        .header("x-model-name", "demo")
        .header("x-model-version", "v2");
    let removed = ours.map(|name| (name.to_owned(), None)).into();
    assert_eq!(health.through(&router), Outcome::Forwarded(removed));

    match dressed(Request::chat(&json!({"model": "demo@v2"}))).through(&router) {
        Outcome::Forwarded(edits) => {
            assert_eq!(edits["x-model-cluster"].as_deref(), Some("demo-v2"));
            assert_eq!(edits["x-model-shadow"], None);
        }
        Outcome::Replied(reply) => panic!("{reply:?}"),
    }
}

#[test]
fn what_is_no_inference_call_passes_untouched() {
    let router = router(json!({}));
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    for request in [
        Request::grpc(reflection, b"\x3a\x00"),
        Request::grpc("/grpc.health.v1.Health/Check", b""),
        Request::new("GET", "/v1/models"),
        Request::new("GET", "/v2/health/ready"),
        Request::new("GET", "/"),
        Request::new("POST", "/upload").body("x"),
    ] {
        assert_eq!(request.through(&router), Outcome::Forwarded(BTreeMap::new()));
    }
}

#[test]
fn unknown_models_and_versions_are_not_found() {
    let router = router(json!({}));
    for (name, rule) in [
        ("absent", "unknown_model"),
        ("Demo", "unknown_model"),
        ("demo@v3", "unknown_version"),
        ("demo@", "unknown_model"),
        ("iris@v1", "unknown_version"),
    ] {
        let refused = refusal(Request::chat(&json!({"model": name})).through(&router));
        assert_eq!(refused, (404, GrpcCode::NotFound, format!("model-router;{rule}")), "{name}");
    }
}

#[test]
fn sources_that_disagree_are_refused_unless_told_otherwise() {
    let request = || Request::chat(&json!({"model": "iris"})).header("x-model-name", "demo@v1");
    let repeated = || Request::new("POST", "/v1/completions");
    assert_eq!(refused_by(request().through(&router(json!({})))), "model-router;contradiction");
    let follows = router(json!({"on_contradiction": "follow_precedence"}));
    assert_eq!(request().through(&follows), placed("demo", "v1", "demo-v1"));
    let twice = repeated().body(r#"{"model": "iris", "model": "demo"}"#);
    assert_eq!(refused_by(twice.through(&follows)), "model-router;contradiction");
    let same = repeated().body(r#"{"mod\u0065l": "iris", "model": "iris"}"#);
    assert_eq!(same.through(&follows), placed("iris", "3", "iris"));
}

#[test]
fn what_can_not_be_read_is_refused() {
    let router = router(json!({}));
    let chat = || Request::new("POST", "/v1/chat/completions");
    let predict = "/prediction.PredictionService/Predict";
    for (request, rule) in [
        (chat(), "malformed_body"),
        (chat().with_trailers(), "malformed_body"),
        (chat().body("{broken"), "malformed_body"),
        (chat().body(r#"["array"]"#), "malformed_body"),
        (chat().body("\u{feff}{\"model\": \"demo\"}"), "malformed_body"),
        (chat().body(r#"{"model": "demo"} x"#), "malformed_body"),
        (chat().body(r#"{"model": ["demo"]}"#), "malformed_body"),
        (chat().body(b"{\"model\": \"\xff\"}".to_vec()), "malformed_body"),
        (chat().header("content-encoding", "gzip").body("\x1f"), "encoded_body"),
        (chat().header("x-model-name", b"\xff".to_vec()).body("{}"), "bad_header"),
        (chat().header("x-model-name", "a").header("x-model-name", "a").body("{}"), "bad_header"),
        (Request::new("POST", "/v2/models/%ff/infer"), "bad_path"),
        (Request::grpc(predict, b"\x12\x7fdemo"), "malformed_body"),
        (Request::grpc(predict, b"").body("\x02\0\0\0\0"), "malformed_body"),
        (Request::grpc(predict, b"").body("\x01\0\0\0\0"), "malformed_body"),
        (Request::grpc(predict, b"").body("\0\0\0"), "malformed_body"),
    ] {
        let body = request.body.escape_ascii().to_string();
        let reason = refused_by(request.through(&router));
        assert_eq!(reason, format!("model-router;{rule}"), "{body}");
    }
}

#[test]
fn a_path_that_can_not_be_read_is_told_in_the_clients_dialect() {
    let router = router(json!({}));
    let body = |request: Request| match request.through(&router) {
        Outcome::Replied(reply) => String::from_utf8(reply.body).unwrap(),
        Outcome::Forwarded(edits) => panic!("forwarded with {edits:?}"),
    };
    let sentence = "malformed percent-encoding in the path";
    assert_eq!(body(Request::grpc("/a.B/%zz", b"")), sentence);
    let json: Value = serde_json::from_str(&body(Request::new("POST", "/a/%zz"))).unwrap();
    assert_eq!(json["error"], sentence);
}

#[test]
fn a_body_that_does_not_name_its_model_in_time_is_refused() {
    let router = router(json!({"hold_up_to_bytes": 1000}));
    let chat = |content: usize| {
        Request::chat(&json!({"messages": "m".repeat(content), "model": "demo@v2"}))
    };
    assert_eq!(chat(900).cut_at_every(64).through(&router), placed("demo", "v2", "demo-v2"));
    let refused = refusal(chat(1000).cut_at_every(64).through(&router));
    let expected = (413, GrpcCode::ResourceExhausted, "model-router;body_too_large".into());
    assert_eq!(refused, expected);
    let large = [&b"\x12\x07demo@v2"[..], b"\x0a\xd0\x0f", &[0; 2000]].concat();
    let large = Request::grpc("/prediction.PredictionService/Predict", &large);
    for chunk in [64, 999, 1000, 1001, usize::MAX] {
        let refused = refusal(large.clone().cut_at_every(chunk).through(&router));
        assert_eq!(refused, expected, "cut at every {chunk}");
    }
}

#[test]
fn what_lies_beyond_the_limit_takes_no_part() {
    let router = router(json!({"hold_up_to_bytes": 100}));
    let broken_late = format!("{{\"a\": \"{}\", broken", "x".repeat(200));
    let broken_early = format!("{{broken {}", "x".repeat(200));
    for chunk in [1, 99, 100, 101, usize::MAX] {
        let reason = |body: &str| {
            let chat = Request::new("POST", "/v1/chat/completions").body(body);
            refused_by(chat.cut_at_every(chunk).through(&router))
        };
        assert_eq!(reason(&broken_late), "model-router;body_too_large", "cut at every {chunk}");
        assert_eq!(reason(&broken_early), "model-router;malformed_body", "cut at every {chunk}");
    }
}

#[test]
fn a_grpc_stream_is_decided_by_its_first_message() {
    let router = router(json!({}));
    let mut request =
        Request::grpc("/inference.GRPCInferenceService/ModelStreamInfer", b"\x0a\x04iris");
    let first = request.body.len();
    request.body.extend_from_slice(b"\0\0\0\0\x06\x0a\x04demo");
    let mut exchange = router.exchange(Arrival { at: Timestamp::default(), chance: 0 });
    let headers: Headers = request.headers.iter().map(|(name, value)| (name, value)).collect();
    let mut notes = Notes::default();
    let block = HeaderBlock { headers: &headers, end_of_message: false };
    assert_eq!(exchange.request_headers(block, &mut notes), Verdict::Hold);
    let chunk = BodyChunk { bytes: &request.body[..first], end_of_message: false };
    match exchange.request_body(chunk, &mut notes) {
        Verdict::Forward(edits) => {
            assert_eq!(edited(&edits)["x-model-name"].as_deref(), Some("iris"));
            assert!(!edits.watching(), "the rest flows by unseen");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn decisions_are_counted_and_stated() {
    let router = router(json!({}));
    let (_, notes) = Request::chat(&json!({"model": "demo@v2"})).noting(&router);
    let facts: Vec<_> = notes.facts().iter().map(|fact| (fact.name, fact.value.as_str())).collect();
    assert_eq!(
        facts,
        [("inference.model", "demo"), ("inference.version", "v2"), ("inference.rule", "named")]
    );
    let counted = |notes: &Notes| format!("{:?}", notes.changes());
    assert!(
        counted(&notes).contains("inference_router_requests_total_model=.=demo;_version=.=v2;")
    );
    let (_, notes) = Request::chat(&json!({"model": "absent"})).noting(&router);
    assert!(counted(&notes).contains("inference_router_refused_total_rule=.=unknown_model;"));
    let (_, notes) = Request::new("GET", "/healthz").noting(&router);
    assert!(counted(&notes).contains("inference_router_passed_total"));
}

#[test]
fn every_problem_of_a_configuration_is_told_with_its_path() {
    let found = problems(json!({
        "models": [
            {"name": "a@b", "versions": []},
            {"name": "demo", "versions": [
                {"name": "v1", "cluster": "c", "weight": 80},
                {"name": "v1", "cluster": "", "weight": 10},
            ]},
            {"name": "demo", "versions": [{"name": "v 1", "cluster": "c"}]},
            {"name": "unweighted", "versions": [
                {"name": "v1", "cluster": "c"}, {"name": "v2", "cluster": "c"},
            ]},
        ],
        "default_model": "absent",
        "sticky_by": [{"header": "no spaces"}, {"cookie": ""}],
        "grpc_methods": [
            {"path": "Predict", "model_field": "2.x"},
            {"path": "/a.B/C", "model_field": "1", "version_field": "1.2"},
        ],
        "hold_up_to_bytes": 0,
    }));
    assert_eq!(
        found,
        [
            "models[0].name: contains an `@`, which stands between a name and a version",
            "models[0].versions: is empty, must name at least one version",
            "models[1].versions[1].name: `v1` is here twice",
            "models[1].versions[1].cluster: must be the name of an Envoy cluster",
            "models[1].versions: weights add up to 90, must be 100",
            "models[2].name: `demo` is here twice",
            "models[2].versions[0].name: must be visible ASCII characters without spaces",
            "models[3].versions: weights add up to 0, must be 100",
            "default_model: `absent` is not among the models",
            "sticky_by[0]: must be a header's or cookie's name",
            "sticky_by[1]: must be a header's or cookie's name",
            "grpc_methods[0].path: must be `/package.Service/Method`",
            "grpc_methods[0].model_field: `x` is not a field number; a field path looks like `1.2.1`",
            "grpc_methods[1].version_field: must not lead through `model_field`, nor that through this",
            "hold_up_to_bytes: is 0, must be at least 1",
        ]
    );
    assert_eq!(problems(json!({"models": []})), ["models: is empty, must name at least one model"]);
}
