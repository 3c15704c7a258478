//! The readers against their oracles: valid bytes, valid bytes with something
//! changed, and noise; cut anywhere.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod json_texts;
mod oracle;

use inference_api::dialect::RequestLine;
use json_texts::{json_number, json_numbers, json_salad, json_string, json_text, text};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![vec(0..4_usize, 0..40), vec(any::<usize>(), 0..6)]
}

#[derive(Clone, Debug)]
enum Change {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    CutOff(Index),
    Repeat(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = prop_oneof![
        any::<u8>(),
        select(b"{}[]\",:\\/u0123456789eE+-.tfn \n\t\x80\xc3\xe2\xed\xf0\xff".to_vec()),
    ];
    prop_oneof![
        (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<Index>(), byte).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<Index>().prop_map(Change::Remove),
        any::<Index>().prop_map(Change::CutOff),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Repeat(from, to)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let length = bytes.len();
        match change {
            Change::Insert(at, byte) => bytes.insert(at.index(length + 1), *byte),
            _ if length == 0 => {}
            Change::Replace(at, byte) => bytes[at.index(length)] = *byte,
            Change::Remove(at) => {
                bytes.remove(at.index(length));
            }
            Change::CutOff(at) => bytes.truncate(at.index(length)),
            Change::Repeat(from, to) => {
                let (from, to) = (from.index(length), to.index(length));
                let part = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.splice(from.min(to)..from.min(to), part);
            }
        }
    }
    bytes
}

/// Fields of every wire type, nested, some of them the wanted ones.
fn wire_message() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        (1..6_u32, any::<u64>())
            .prop_map(|(number, value)| [key(number, 0), varint(value)].concat()),
        (1..6_u32, 0..20_u64).prop_map(|(number, value)| [key(number, 0), varint(value)].concat()),
        (1..6_u32, any::<[u8; 8]>())
            .prop_map(|(number, value)| [key(number, 1), value.to_vec()].concat()),
        (1..6_u32, any::<[u8; 4]>())
            .prop_map(|(number, value)| [key(number, 5), value.to_vec()].concat()),
        (1..6_u32, text()).prop_map(|(number, text)| delimited(number, text.as_bytes())),
        (5..400_u32, vec(any::<u8>(), 0..300))
            .prop_map(|(number, bytes)| delimited(number, &bytes)),
        (1..5_u32, text(), 0..4_usize).prop_map(|(number, text, missing)| {
            delimited(number, &text.as_bytes()[..text.len().saturating_sub(missing)])
        }),
        (3..6_u32, 95..103_usize).prop_map(|(number, depth)| {
            [key(number, 3).repeat(depth), key(number, 4).repeat(depth)].concat()
        }),
        // Varints written longer than they need to be.
        (1..6_u32, 1..10_usize)
            .prop_map(|(number, more)| { [key(number, 0), vec![0x80; more], vec![0]].concat() }),
    ];
    let fields = vec(leaf, 0..6).prop_map(|fields| fields.concat());
    let nested = fields.prop_recursive(4, 48, 5, |inner| {
        let field = prop_oneof![
            (1..5_u32, inner.clone()).prop_map(|(number, message)| delimited(number, &message)),
            (3..9_u32, inner.clone()).prop_map(|(number, inside)| [
                key(number, 3),
                inside,
                key(number, 4)
            ]
            .concat()),
            inner,
        ];
        vec(field, 0..5).prop_map(|fields| fields.concat())
    });
    prop_oneof![nested, wanted_message()]
}

/// Only fields of their own types: what prost accepts.
fn wanted_message() -> impl Strategy<Value = Vec<u8>> {
    let member = prop_oneof![
        text().prop_map(|text| delimited(1, text.as_bytes())),
        any::<u64>().prop_map(|value| delimited(2, &[key(1, 0), varint(value)].concat())),
        Just(delimited(2, b"")),
        text().prop_map(|text| delimited(4, text.as_bytes())),
        Just(delimited(4, b"")),
        text().prop_map(|text| delimited(3, text.as_bytes())),
    ];
    let spec = vec(member, 0..6).prop_map(|members| delimited(1, &members.concat()));
    let field = prop_oneof![
        3 => spec,
        1 => text().prop_map(|text| delimited(2, text.as_bytes())),
        1 => any::<u64>().prop_map(|value| [key(3, 0), varint(value)].concat()),
        1 => (7..30_u32, vec(any::<u8>(), 0..200)).prop_map(|(number, bytes)| delimited(number, &bytes)),
    ];
    vec(field, 0..6).prop_map(|fields| fields.concat())
}

/// Repeated numbers, packed and not, some of them in other types than their own.
fn numbers() -> impl Strategy<Value = Vec<u8>> {
    let long = prop_oneof![
        any::<u64>().prop_map(varint),
        (0..200_u64).prop_map(varint),
        (1..11_usize, 0..3_u8).prop_map(|(more, last)| [vec![0x80; more], vec![last]].concat()),
    ];
    let varints = vec(long.clone(), 0..40).prop_map(|varints| varints.concat());
    let field = prop_oneof![
        (1..3_u32, 0..12_usize, 0..8_usize).prop_map(|(number, count, size)| {
            delimited(number, &vec![0xab; count * if size == 0 { 3 } else { 8 }])
        }),
        (3..6_u32, varints).prop_map(|(number, varints)| delimited(number, &varints)),
        (3..8_u32, long).prop_map(|(number, varint)| [key(number, 0), varint].concat()),
        any::<[u8; 4]>().prop_map(|value| [key(1, 5), value.to_vec()].concat()),
        any::<[u8; 8]>().prop_map(|value| [key(2, 1), value.to_vec()].concat()),
    ];
    vec(field, 0..6).prop_map(|fields| fields.concat())
}

/// Request lines that name a model in their path, or nearly.
fn request_line() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "POST ",
        "GET ",
        "/",
        "v2",
        "v1",
        "V1",
        "/models/",
        "/versions/",
        "/labels/",
        "/Labels/",
        "predictions",
        "m",
        "7",
        "%2F",
        "%6d",
        ":",
        ":predict",
        ":explain",
        "/infer",
        "/ready",
        "/metadata",
        "/config",
        "/stats",
        "?model=m",
        "#",
        "openai",
        "stats",
        "é",
    ]);
    let template = select(vec![
        "POST /v2/models/{M}/versions/{V}/infer",
        "POST /v2/models/{M}/generate?x=M/V",
        "GET /v2/models/{M}/versions/{V}",
        "POST /v1/models/{M}:predict",
        "POST /v1/models/{M}/versions/{V}:predict",
        "POST /V1/models/{M}/Labels/{V}:Regress?{V}",
        "GET /v1/models/{M}/versions/{V}/metadata",
        "GET /v1/models/{M}/labels/{V}",
        "GET /v1/models/{M}",
        "PUT /predictions/{M}/{V}",
        "GET /explanations/{M}",
    ]);
    prop_oneof![
        vec(piece, 0..9).prop_map(|pieces| format!("POST {}", pieces.concat())),
        (template, path_name(), path_name()).prop_map(|(template, model, version)| {
            let encode = |name: &str| name.replace('%', "%25").replace(['/', '?', '#'], "%2f");
            template.replace("{M}", &encode(&model)).replace("{V}", &encode(&version))
        }),
    ]
}

fn path_name() -> impl Strategy<Value = String> {
    let word = select(vec!["metadata", "versions", "labels", "predict", "infer", "v2", "7", "07"]);
    prop_oneof![
        word.prop_map(str::to_owned),
        "[a-z0-9:/%?# é&+=.-]{1,8}",
        "[0-9]{1,20}",
        any::<String>(),
    ]
}

/// Names near the length at which its varint grows, and names of odd letters.
fn served_model() -> impl Strategy<Value = String> {
    prop_oneof![text().prop_map(|text| format!("m{text}")), "[a-z]{110,130}"]
}

/// Numbers of every length, and what is nearly one.
fn served_version() -> impl Strategy<Value = Option<String>> {
    let version = prop_oneof![
        (0..20_i64).prop_map(|version| version.to_string()),
        any::<i64>().prop_map(|version| version.to_string()),
        select(vec!["stable", "007", "+7", "-0", "9223372036854775808"]).prop_map(str::to_owned),
        "[a-z]{1,200}",
    ];
    proptest::option::of(version)
}

fn key(number: u32, wire_type: u32) -> Vec<u8> {
    varint(u64::from(number << 3 | wire_type))
}

fn varint(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(value, &mut bytes);
    bytes
}

fn delimited(number: u32, payload: &[u8]) -> Vec<u8> {
    [key(number, 2), varint(u64::try_from(payload.len()).unwrap()), payload.to_vec()].concat()
}

fn grpc_body() -> impl Strategy<Value = Vec<u8>> {
    let message = (0..2_u8, vec(any::<u8>(), 0..300)).prop_map(|(flag, payload)| {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [vec![flag], length.to_vec(), payload].concat()
    });
    vec(message, 0..5).prop_map(|messages| messages.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        // What fails once becomes a unit test with a name.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn valid_json_is_read_as_serde_json_reads_it(text in json_text(), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
        oracle::identity::json_agrees(&text, &cuts);
    }

    #[test]
    fn changed_json_is_judged_as_serde_json_judges_it(
        text in json_text(),
        changes in vec(change(), 1..4),
        cuts in cuts(),
    ) {
        let text = changed(text, &changes);
        oracle::json::agrees(&text, &cuts);
        oracle::identity::json_agrees(&text, &cuts);
    }

    #[test]
    fn pieces_of_json_are_judged_as_serde_json_judges_them(text in json_salad(), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
    }

    #[test]
    fn long_strings_are_judged_as_serde_json_judges_them(text in json_string(), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
    }

    #[test]
    fn rows_of_numbers_are_judged_as_serde_json_judges_them(
        text in json_numbers(),
        cuts in cuts(),
    ) {
        oracle::json::agrees(&text, &cuts);
    }

    #[test]
    fn numbers_are_judged_as_serde_json_judges_them(text in json_number(), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
        oracle::json::agrees(&[&b"[["[..], &text, b",1]]"].concat(), &cuts);
    }

    #[test]
    fn noise_is_judged_as_serde_json_judges_it(text in vec(any::<u8>(), 0..64), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
        oracle::json::agrees(&[&b"\""[..], &text, b"\""].concat(), &cuts);
    }

    #[test]
    fn messages_are_read_as_prost_reads_them(message in wire_message(), cuts in cuts()) {
        oracle::protobuf::agrees(&message, &cuts);
        oracle::identity::grpc_agrees(&message, &cuts);
    }

    #[test]
    fn changed_messages_are_judged_as_prost_judges_them(
        message in wire_message(),
        changes in vec(change(), 1..4),
        cuts in cuts(),
    ) {
        let message = changed(message, &changes);
        oracle::protobuf::agrees(&message, &cuts);
        oracle::identity::grpc_agrees(&message, &cuts);
    }

    #[test]
    fn numbers_are_counted_as_prost_counts_them(
        message in numbers(),
        changes in vec(change(), 0..3),
        cuts in cuts(),
    ) {
        oracle::elements::agrees(&message, &cuts);
        oracle::elements::agrees(&changed(message, &changes), &cuts);
    }

    #[test]
    fn noise_is_judged_as_prost_judges_it(message in vec(any::<u8>(), 0..64), cuts in cuts()) {
        oracle::protobuf::agrees(&message, &cuts);
        oracle::identity::grpc_agrees(&message, &cuts);
    }

    #[test]
    fn the_model_of_a_form_is_its_field(
        form in form(),
        changes in vec(change(), 0..2),
        cuts in cuts(),
        model in "[a-z/:é]{1,20}",
    ) {
        let (boundary, body) = form;
        oracle::identity::form_agrees(&boundary, &body, &cuts, &model);
        oracle::identity::form_agrees(&boundary, &changed(body, &changes), &cuts, &model);
    }

    #[test]
    fn json_with_another_model_is_the_same_but_for_that(
        text in json_text(),
        changes in vec(change(), 0..2),
        model in served_model(),
    ) {
        oracle::rewriting::json_agrees(&changed(text, &changes), &model);
    }

    #[test]
    fn a_message_with_other_names_is_the_same_but_for_these(
        message in wire_message(),
        changes in vec(change(), 0..2),
        model in served_model(),
        version in served_version(),
    ) {
        oracle::rewriting::grpc_agrees(&message, &model, version.as_deref());
        oracle::rewriting::grpc_agrees(&changed(message, &changes), &model, version.as_deref());
    }

    #[test]
    fn a_path_with_other_names_is_the_same_but_for_these(
        line in request_line(),
        model in path_name(),
        version in path_name(),
    ) {
        let (method, path) = line.split_once(' ').unwrap();
        for content_type in [None, Some(&b"application/json"[..])] {
            let (method, path) = (method.as_bytes(), path.as_bytes());
            let line = RequestLine { method, path, content_type };
            oracle::dialect::agrees(&line, &model, &version);
        }
    }

    #[test]
    fn frames_are_split_as_by_a_reader_that_has_the_whole_body(
        body in grpc_body(),
        changes in vec(change(), 0..3),
        cuts in cuts(),
    ) {
        oracle::grpc::agrees(&body, &cuts);
        oracle::grpc::agrees(&changed(body, &changes), &cuts);
    }
}

/// Lines that matter to a reader of server-sent events, and what may end them.
fn event_stream() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => select(vec![
            "data: {}", "data:x", "data:", "data", "data: [DONE]", "event: delta", "event", "event:",
            "id: 1", "id:", "id: 1\0", "retry: 12", "retry:", "retry: 1x", ": ping", ":", "other: x",
            "dat", "dataa: x", "Data: x", " data: x", "\u{feff}data: x", "retry: 99999999999999999999",
        ]).prop_map(|line| line.as_bytes().to_vec()),
        1 => text().prop_map(|text| format!("data: {text}").into_bytes()),
        1 => vec(any::<u8>(), 0..9),
    ];
    let end = select(vec!["\n", "\n\n", "\n\n", "\r", "\r\r", "\r\n", "\r\n\r\n", "\n\r", ""]);
    let mark = select(vec!["", "", "\u{feff}"]);
    (mark, vec((line, end), 0..14)).prop_map(|(mark, lines)| {
        let lines = lines.into_iter().flat_map(|(line, end)| [line, end.as_bytes().to_vec()]);
        [mark.as_bytes().to_vec()].into_iter().chain(lines).collect::<Vec<_>>().concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn events_are_told_as_by_a_reader_that_has_the_whole_stream(
        stream in event_stream(),
        changes in vec(change(), 0..3),
        cuts in cuts(),
    ) {
        oracle::sse::agrees(&stream, &cuts);
        oracle::sse::agrees(&changed(stream, &changes), &cuts);
    }

    #[test]
    fn noise_is_no_event_that_the_naive_reader_does_not_see(
        stream in vec(select(b"data:ev \r\n\0\xef\xbb\xbfx1".to_vec()), 0..64),
        cuts in cuts(),
    ) {
        oracle::sse::agrees(&stream, &cuts);
        oracle::sse::agrees(&[&b"data:"[..], &stream, b"\n\n"].concat(), &cuts);
    }
}

/// A boundary, and what looks like it and is not.
fn boundary() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec!["b", "-", "--", "bb", "----formdata-undici-051408030991"])
            .prop_map(str::to_owned),
        "[-a-z0-9'()+_,./:=?]{1,70}",
    ]
}

/// Text with as much of the boundary in it as there may be.
fn near_boundary(boundary: &str) -> impl Strategy<Value = String> + use<> {
    let dashed = format!("--{boundary}");
    let mut shorter = dashed.clone();
    shorter.pop();
    let piece = prop_oneof![
        3 => Just(format!("\r\n{shorter}")),
        1 => Just(format!("x{dashed}")),
        1 => Just(format!(" {dashed}--")),
        1 => Just(format!("\r\n-{boundary}")),
        2 => select(vec!["\r", "\n", "\r\n", "-", "--", "\r\n--", " ", "gpt", "é"]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// A form as a client writes it, by the rules.
fn form() -> impl Strategy<Value = (String, Vec<u8>)> {
    boundary()
        .prop_flat_map(|boundary| {
            let names = vec!["model", "model", "\"model\"", "models", "\"file\"", "\"a[]\""];
            let headers = select(vec![
                "",
                "Content-Type: text/plain; charset=utf-8\r\n",
                "content-type:text/plain\r\n",
                "Content-Transfer-Encoding: binary\r\n",
                "X-Other: é\r\n",
            ]);
            let field = (select(names), headers, near_boundary(&boundary)).prop_map(
                |(name, headers, value)| {
                    let disposition = format!("Content-Disposition: form-data; name={name}");
                    format!("{headers}{disposition}\r\n\r\n{value}").into_bytes()
                },
            );
            let filename = select(vec!["a.wav", "a;b", "a\\\"b", "a%22b", "é", ""]);
            let file = (filename, vec(any::<u8>(), 0..200)).prop_map(|(filename, bytes)| {
                let head = format!(
                    "Content-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\
                 Content-Type: audio/wav\r\n\r\n"
                );
                [head.into_bytes(), bytes].concat()
            });
            let part = prop_oneof![field, file];
            let end = select(vec!["", "\r\n", "\r\nepilogue"]);
            (Just(boundary), vec(part, 0..5), end)
        })
        .prop_map(|(boundary, parts, end)| {
            let start = format!("--{boundary}\r\n").into_bytes();
            let parts = parts.into_iter().flat_map(|part| [start.clone(), part, b"\r\n".to_vec()]);
            let last = format!("--{boundary}--{end}").into_bytes();
            (boundary.clone(), parts.chain([last]).collect::<Vec<_>>().concat())
        })
}

/// Forms of the pieces that they are made of, most of them in their places; the
/// boundary is `b`.
fn form_salad() -> impl Strategy<Value = Vec<u8>> {
    let line_break = || prop_oneof![30 => Just("\r\n"), 1 => select(vec!["\n", "\r", "", " \r\n"])];
    let disposition = prop_oneof![
        Just("Content-Disposition: form-data; name=model".to_owned()),
        vec(
            select(vec![
                "; name=model",
                "; name=\"model\"",
                "; name=x",
                "; name=\"mod",
                "el\"",
                "; name*=x",
                ";",
                "name=",
                "model",
                "; filename=\"",
                "; filename=y",
                "; filename=\"; name=model\"",
                "; filename=\"\\\\\"; name=x",
                "\"",
                "\\",
                "\\\"",
                "%6d",
                " ",
                "=",
            ]),
            0..5,
        )
        .prop_map(|pieces| format!("content-disposition: form-data{}", pieces.concat())),
    ];
    let other = select(vec![
        "Content-Type: text/plain",
        "Content-Type: text/plain; charset=\"utf-8\"",
        "content-type: text/plain; charset=latin-1",
        "Content-Type: multipart/mixed",
        "Content-Transfer-Encoding: binary",
        "Content-Transfer-Encoding: base64",
        "x: é",
        "",
        " folded",
        "x : y",
        "\0: y",
        "x",
    ]);
    let header = prop_oneof![3 => disposition, 1 => other.prop_map(str::to_owned)];
    let value = select(vec![
        "--b", "--", "-", "b", "\r\n", "\r", "\n", "\n--b", "\r--b", "\r\n--b", "gpt", "é", " ",
        "\0",
    ]);
    let line = (header, line_break()).prop_map(|(header, end)| header + end);
    let part = ((line_break(), vec(line, 0..3), line_break()), (vec(value, 0..4), line_break()))
        .prop_map(|((start, lines, blank), (value, end))| {
            format!("{start}{}{blank}{}{end}--b", lines.concat(), value.concat())
        });
    let start = prop_oneof![30 => Just("--b"), 1 => select(vec!["", "\r\n--b", "--"])];
    let end = prop_oneof![9 => Just("--"), 1 => select(vec!["", "-", "--\r\n", "\r\n", " --"])];
    (start, vec(part, 0..4), end)
        .prop_map(|(start, parts, end)| [start, &parts.concat(), end].concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn forms_are_read_as_by_multer(form in form(), cuts in cuts()) {
        let (boundary, body) = form;
        oracle::multipart::agrees(&boundary, &body, &cuts);
    }

    #[test]
    fn changed_forms_are_judged_as_by_a_reader_that_has_the_whole_body(
        form in form(),
        changes in vec(change(), 1..4),
        cuts in cuts(),
    ) {
        let (boundary, body) = form;
        oracle::multipart::agrees(&boundary, &changed(body, &changes), &cuts);
    }

    #[test]
    fn pieces_of_forms_are_judged_as_by_a_reader_that_has_the_whole_body(
        body in form_salad(),
        cuts in cuts(),
    ) {
        oracle::multipart::agrees("b", &body, &cuts);
    }
}
