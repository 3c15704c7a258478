//! What exchanges are shown: requests and answers, good and bad, in pieces.

use filter_kit::{ResponseFlags, Told};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::time::Duration;

/// What an exchange is shown, one after the other.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    RequestHeaders(Vec<(String, Vec<u8>)>, bool),
    RequestBody(Vec<u8>, bool),
    RequestTrailers,
    ResponseHeaders(Vec<(String, Vec<u8>)>, bool),
    ResponseBody(Vec<u8>, bool),
    ResponseTrailers(Vec<(String, Vec<u8>)>),
}

#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) parts: Vec<Part>,
    pub(crate) known: Told,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A request comes in at a worker.
    Begin(usize, Script),
    /// One of those that are here goes on.
    Next(usize),
    /// One of them ends, wherever it is.
    End(usize),
    /// A worker gets a new configuration; what is here is finished by the old one.
    Replace(usize, &'static str),
}

fn header(name: &str, value: &[u8]) -> (String, Vec<u8>) {
    (name.to_owned(), value.to_vec())
}

fn cut(bytes: &[u8], places: &[usize]) -> Vec<Vec<u8>> {
    let mut places: Vec<usize> = places.iter().map(|place| place % (bytes.len() + 1)).collect();
    places.sort_unstable();
    let starts = [0].into_iter().chain(places.iter().copied());
    let ends = places.iter().copied().chain([bytes.len()]);
    starts.zip(ends).map(|(start, end)| bytes[start..end].to_vec()).collect()
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&[u8]> = vec![
        b"",
        br#"{"model":"a","messages":[{"content":"Hello"}]}"#,
        br#"{"model":"b","prompt":["x","y"],"input":"z"}"#,
        br#"{"model":"c;_version=.=1;","messages":[]}"#,
        b"\0\0\0\0\x06\x0a\x01a\x12\x011",
        b"\0\0\0\0\x02\x0a\x01b\0\0\0\0",
        br#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#,
        b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n",
        b"data: {\"choices\":[{\"finish_reason\":\"no;such\"}]}\n\ndata: {\"error\":{}}\n\n",
        b"data: {\"type\":\"message_stop\",\"usage\":{\"output_tokens\":9007199254740991}}\n\n",
    ];
    let known = select(known).prop_map(<[u8]>::to_vec);
    prop_oneof![6 => known, 1 => vec(any::<u8>(), 0..60)]
}

fn request_headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let paths = vec![
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/messages",
        "/v1/responses",
        "/v2/models/a/versions/1/infer",
        "/v2/models/b/generate_stream",
        "/v1/models/c:predict",
        "/inference.GRPCInferenceService/ModelInfer",
        "/inference.GRPCInferenceService/ModelStreamInfer",
        "/my.Service/Method",
        "/v1/models",
        "/v1/audio/transcriptions",
        "nonsense",
        "",
    ];
    let types = vec![
        "application/json",
        "application/grpc",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
    ];
    let more = prop_oneof![
        Just(header("x-kind", b"batch")),
        Just(header("x-model-name", b"a")),
        Just(header("x-model-version", b"\xff")),
        Just(header("content-length", b"18446744073709551616")),
        Just(header("content-encoding", b"gzip")),
        Just(header("inference-header-content-length", b"7")),
        vec(any::<u8>(), 0..9).prop_map(|value| header("x-tenant", &value)),
    ];
    (select(vec!["POST", "POST", "POST", "GET"]), select(paths), select(types), vec(more, 0..4))
        .prop_map(|(method, path, kind, more)| {
            let mut headers = vec![
                header(":method", method.as_bytes()),
                header(":path", path.as_bytes()),
                header("content-type", kind.as_bytes()),
            ];
            headers.extend(more);
            headers
        })
}

const REASONS: [&str; 4] = ["admission-control;limit", "filter;rule", "via_upstream", ";"];

fn response_headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let statuses = vec!["200", "200", "200", "204", "400", "429", "500", "504", "0", "99999", "x"];
    let types = vec!["application/json", "text/event-stream", "application/grpc", "text/plain", ""];
    let more = prop_oneof![
        select(vec!["0", "4", "14", "99", "x"])
            .prop_map(|status| header("grpc-status", status.as_bytes())),
        select(REASONS.to_vec())
            .prop_map(|reason| header("x-inference-rejected", reason.as_bytes())),
        Just(header("content-encoding", b"br")),
    ];
    (select(statuses), select(types), vec(more, 0..3)).prop_map(|(status, kind, more)| {
        let mut headers =
            vec![header(":status", status.as_bytes()), header("content-type", kind.as_bytes())];
        headers.extend(more);
        headers
    })
}

fn known() -> impl Strategy<Value = Told> {
    let fact = prop_oneof![
        select(vec!["a", "b", "c", "z", "other", ""])
            .prop_map(|model| ("inference.model", model.as_bytes().to_vec())),
        Just(("inference.version", b"1".to_vec())),
        Just(("inference.version", b"\xff;".to_vec())),
        Just(("inference.output_tokens", b"12".to_vec())),
        Just(("inference.input_tokens", b"18446744073709551615".to_vec())),
    ];
    let number = proptest::option::of(any::<u64>());
    let flags =
        proptest::option::of(prop_oneof![Just(0_u64), (0..30_u32).prop_map(|bit| 1 << bit)]);
    let details = proptest::option::of(select(REASONS.to_vec()));
    (vec(fact, 0..4), flags, details, number.clone(), number.clone(), number).prop_map(
        |(facts, flags, details, upstream, request_bytes, response_bytes)| Told {
            facts,
            flags: flags.map(ResponseFlags),
            details: details.map(Into::into),
            upstream_time: upstream.map(Duration::from_nanos),
            request_bytes,
            response_bytes,
        },
    )
}

fn message(headers: Part, body: &[u8], places: &[usize], end: u8, trailers: Part) -> Vec<Part> {
    let is_request = matches!(headers, Part::RequestHeaders(..));
    let mut parts = vec![headers];
    let pieces = cut(body, places);
    let count = pieces.len();
    for (position, bytes) in pieces.into_iter().enumerate() {
        let is_last = end == 0 && position + 1 == count;
        parts.push(match is_request {
            true => Part::RequestBody(bytes, is_last),
            false => Part::ResponseBody(bytes, is_last),
        });
    }
    if end == 1 {
        parts.push(trailers);
    }
    parts
}

fn script() -> impl Strategy<Value = Script> {
    let places = || vec(0..200_usize, 0..4);
    let request = (request_headers(), body(), places(), 0..3_u8);
    let response = (response_headers(), body(), places(), 0..4_u8);
    let trailers = select(vec![None, Some("0"), Some("14"), Some("x")]);
    (request, response, trailers, known()).prop_map(|(request, response, trailers, known)| {
        let (headers, body, places, end) = request;
        let is_all = body.is_empty() && end == 0;
        let mut parts = match is_all {
            true => vec![Part::RequestHeaders(headers, true)],
            false => {
                let headers = Part::RequestHeaders(headers, false);
                message(headers, &body, &places, end, Part::RequestTrailers)
            }
        };
        let (headers, body, places, end) = response;
        let trailers = trailers.map(|status| header("grpc-status", status.as_bytes()));
        let trailers = Part::ResponseTrailers(trailers.into_iter().collect());
        parts.extend(match end {
            3 => vec![Part::ResponseHeaders(headers, true)],
            _ => message(Part::ResponseHeaders(headers, false), &body, &places, end, trailers),
        });
        Script { parts, known }
    })
}

/// Steps, each at a time: no order of these is certain.
pub(crate) fn steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let step = prop_oneof![
        4 => (0..3_usize, script()).prop_map(|(worker, script)| Step::Begin(worker, script)),
        20 => (0..8_usize).prop_map(Step::Next),
        2 => (0..8_usize).prop_map(Step::End),
        1 => (0..3_usize, select(vec!["router", "headers", "request"]))
            .prop_map(|(worker, model_from)| Step::Replace(worker, model_from)),
    ];
    vec((prop_oneof![0..1_000_000_000_u64, Just(u64::MAX)], step), 1..150)
}
