//! How fast bodies are read: `cargo bench -p inference-api`.
//!
//! The chunks are of 64 KiB, about what Envoy hands over of a long body.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use inference_api::demand::DemandReader;
use inference_api::dialect::{BodyIdentity, Dialect, Operation};
use inference_api::identity::{BodyReader, Reading};
use inference_api::json::{Interest, Kind, NotedLimits, Options, Reader, Sink, plain_run};
use inference_api::multipart::{Boundary, FieldLimits, FieldReader};
use inference_api::protobuf::{ElementCounter, ElementType, FieldPath};
use inference_api::sse;
use inference_api::tensor::json::{
    InferenceMessage, InferenceReader, PredictMessage, PredictReader,
};
use inference_api::tensor::{
    Datatype, Depth, MessageKind, MessageReader, OwnEncoding, OwnField, RawValues, TensorLimits,
    json::JsonLimits,
};
use serde_json::{Value, json};

const CHUNK_BYTES: usize = 65_536;

const MEGABYTE: usize = 1_000_000;

fn main() {
    divan::main();
}

/// A chat request of about this size, `messages` before `model` as the official
/// client writes it, each message of `message_bytes`.
fn chat(bytes: usize, message_bytes: usize, sentence: &str) -> Vec<u8> {
    let content = sentence.repeat(message_bytes.checked_div(sentence.len()).unwrap());
    let message = json!({ "role": "user", "content": content });
    let messages: Vec<Value> =
        std::iter::repeat_n(message, bytes.checked_div(message_bytes).unwrap()).collect();
    let body = format!(r#"{{"messages":{},"model":"llama","stream":true}}"#, json!(messages));
    body.into_bytes()
}

const ENGLISH: &str = "The quick brown fox jumps over the lazy dog, and nobody wonders why. ";
const WITH_NEWLINES: &str = "A line of text as people write it,\nwith \"quotes\" and\nnew lines.\n";
const CHINESE: &str = "敏捷的棕色狐狸跳过了懒狗。";

fn name(bencher: Bencher<'_, '_>, identity: BodyIdentity, body: &[u8]) {
    bencher.counter(BytesCount::new(body.len())).bench_local(|| {
        let mut reader = BodyReader::new(&identity, None, Reading::default());
        for chunk in black_box(body).chunks(CHUNK_BYTES) {
            reader.push(chunk).unwrap();
        }
        reader.finish().unwrap();
        reader
    });
}

fn demand(bencher: Bencher<'_, '_>, body: &[u8]) {
    bencher.counter(BytesCount::new(body.len())).bench_local(|| {
        let (dialect, operation) = (Dialect::OpenAi, Operation::ChatCompletions);
        let mut reader = DemandReader::new(dialect, operation, Options::default()).unwrap();
        for chunk in black_box(body).chunks(CHUNK_BYTES) {
            reader.push(chunk).unwrap();
        }
        reader.finish().unwrap()
    });
}

#[divan::bench]
fn demand_of_chat_1_mb_of_long_messages(bencher: Bencher<'_, '_>) {
    demand(bencher, &chat(MEGABYTE, 100_000, ENGLISH));
}

#[divan::bench]
fn demand_of_chat_1_mb_of_short_messages(bencher: Bencher<'_, '_>) {
    demand(bencher, &chat(MEGABYTE, 200, ENGLISH));
}

#[divan::bench]
fn chat_1_mb_of_long_messages(bencher: Bencher<'_, '_>) {
    name(bencher, BodyIdentity::JsonModel, &chat(MEGABYTE, 100_000, ENGLISH));
}

#[divan::bench]
fn chat_1_mb_of_short_messages(bencher: Bencher<'_, '_>) {
    name(bencher, BodyIdentity::JsonModel, &chat(MEGABYTE, 200, ENGLISH));
}

#[divan::bench]
fn chat_1_mb_with_escapes(bencher: Bencher<'_, '_>) {
    name(bencher, BodyIdentity::JsonModel, &chat(MEGABYTE, 10_000, WITH_NEWLINES));
}

#[divan::bench]
fn chat_1_mb_in_chinese(bencher: Bencher<'_, '_>) {
    name(bencher, BodyIdentity::JsonModel, &chat(MEGABYTE, 10_000, CHINESE));
}

#[divan::bench]
fn chat_1_mb_in_chinese_as_escapes(bencher: Bencher<'_, '_>) {
    let body = String::from_utf8(chat(MEGABYTE.div_ceil(2), 10_000, CHINESE)).unwrap();
    let escaped = |character: char| match u32::from(character) {
        0..0x80 => character.to_string(),
        code => format!("\\u{code:04x}"),
    };
    let body: String = body.chars().map(escaped).collect();
    name(bencher, BodyIdentity::JsonModel, body.as_bytes());
}

/// The texts whose strings are read with one interest and with the other.
const TEXTS: [(&str, usize, &str); 4] = [
    ("prose", 100_000, ENGLISH),
    ("short_messages", 200, ENGLISH),
    ("escapes", 10_000, WITH_NEWLINES),
    ("chinese", 10_000, CHINESE),
];

/// Wants the same of each string.
struct Strings {
    interest: Interest,
    characters: u64,
}

impl Sink for Strings {
    fn value(&mut self, kind: Kind, _at: u64) -> Interest {
        if matches!(kind, Kind::Object | Kind::Array) { Interest::Take } else { self.interest }
    }

    fn measured(&mut self, characters: u64) {
        self.characters = self.characters.saturating_add(characters);
    }
}

fn strings(bencher: Bencher<'_, '_>, text: &str, interest: Interest) {
    let (_, message_bytes, sentence) = TEXTS.into_iter().find(|(name, ..)| *name == text).unwrap();
    let body = chat(MEGABYTE, message_bytes, sentence);
    bencher.counter(BytesCount::new(body.len())).bench_local(|| {
        let mut sink = Strings { interest, characters: 0 };
        let mut reader = Reader::new(Options::default());
        for chunk in black_box(&body).chunks(CHUNK_BYTES) {
            reader.push(chunk, &mut sink).unwrap();
        }
        reader.finish(&mut sink).unwrap();
        sink.characters
    });
}

#[divan::bench(args = TEXTS.map(|(name, ..)| name))]
fn strings_1_mb_measured(bencher: Bencher<'_, '_>, text: &str) {
    strings(bencher, text, Interest::Measure);
}

#[divan::bench(args = TEXTS.map(|(name, ..)| name))]
fn strings_1_mb_skipped(bencher: Bencher<'_, '_>, text: &str) {
    strings(bencher, text, Interest::Skip);
}

#[divan::bench]
fn chat_1_kb(bencher: Bencher<'_, '_>) {
    name(bencher, BodyIdentity::JsonModel, &chat(1_000, 250, ENGLISH));
}

#[divan::bench]
fn tensor_1_mb_in_json(bencher: Bencher<'_, '_>) {
    let numbers: Vec<f64> = (0..52_000_u32).map(|step| (f64::from(step) * 0.37).sin()).collect();
    let tensor = json!({ "inputs": [{ "name": "x", "data": numbers }] }).to_string();
    name(bencher, BodyIdentity::JsonModel, tensor.as_bytes());
}

fn rows() -> Vec<u8> {
    let row = |row: u8| json!([5.1, 3.5, f64::from(row % 7) * 0.2, 0.2]);
    let rows: Vec<Value> = (0..=u8::MAX).cycle().take(58_000).map(row).collect();
    json!({ "instances": rows }).to_string().into_bytes()
}

#[divan::bench]
fn rows_1_mb_in_json(bencher: Bencher<'_, '_>) {
    name(bencher, BodyIdentity::JsonModel, &rows());
}

/// An image of 1x3x224x224 floats in an inference request, as it is printed from
/// 64-bit floats: 17 digits each.
fn image_request(lists: &str) -> Vec<u8> {
    let image: Vec<f64> = (0..150_528_u32).map(|step| (f64::from(step) * 0.37).sin()).collect();
    let data = if lists == "nested" {
        let rows: Vec<&[f64]> = image.chunks(224).collect();
        let channels: Vec<&[&[f64]]> = rows.chunks(224).collect();
        json!([channels])
    } else {
        json!(image)
    };
    let input = json!({ "name": "x", "shape": [1, 3, 224, 224], "datatype": "FP32", "data": data });
    json!({ "inputs": [input] }).to_string().into_bytes()
}

fn inference(bencher: Bencher<'_, '_>, body: &[u8], depth: Depth) {
    let limits = JsonLimits {
        max_tensors: 64,
        depth,
        max_json_depth: 100,
        max_string_bytes: u64::MAX,
        noted: NotedLimits { depth: false, strings: false },
    };
    bencher.counter(BytesCount::new(body.len())).bench_local(|| {
        let mut reader = InferenceReader::new(InferenceMessage::Request, limits, None);
        for chunk in black_box(body).chunks(CHUNK_BYTES) {
            reader.push(chunk).unwrap();
        }
        reader.finish().unwrap();
        assert_eq!(reader.tensors().len(), 1);
        reader
    });
}

fn predict(bencher: Bencher<'_, '_>, body: &[u8], depth: Depth) {
    let limits = JsonLimits {
        max_tensors: 64,
        depth,
        max_json_depth: 100,
        max_string_bytes: u64::MAX,
        noted: NotedLimits { depth: false, strings: false },
    };
    bencher.counter(BytesCount::new(body.len())).bench_local(|| {
        let mut reader = PredictReader::new(PredictMessage::Request, limits);
        for chunk in black_box(body).chunks(CHUNK_BYTES) {
            reader.push(chunk).unwrap();
        }
        reader.finish().unwrap();
        assert!(!reader.tensors().is_empty());
        reader
    });
}

/// The same, passed over on the way to a field behind it.
#[divan::bench(args = ["flat", "nested"])]
fn image_3_mb_skipped(bencher: Bencher<'_, '_>, lists: &str) {
    name(bencher, BodyIdentity::JsonModel, &image_request(lists));
}

#[divan::bench(args = ["flat", "nested"])]
fn image_3_mb_counted(bencher: Bencher<'_, '_>, lists: &str) {
    inference(bencher, &image_request(lists), Depth::Counted);
}

#[divan::bench(args = ["flat", "nested"])]
fn image_3_mb_valued(bencher: Bencher<'_, '_>, lists: &str) {
    inference(bencher, &image_request(lists), Depth::Valued);
}

/// Four features with a digit or two, a row in each list.
#[divan::bench(args = [Depth::Counted, Depth::Valued])]
fn rows_1_mb(bencher: Bencher<'_, '_>, depth: Depth) {
    predict(bencher, &rows(), depth);
}

/// The same, a row in each object of four inputs.
#[divan::bench(args = [Depth::Counted, Depth::Valued])]
fn named_rows_2_mb(bencher: Bencher<'_, '_>, depth: Depth) {
    let row = |row: u8| json!({ "a": 5.1, "b": [3.5, f64::from(row % 7) * 0.2], "c": 0.2 });
    let rows: Vec<Value> = (0..=u8::MAX).cycle().take(58_000).map(row).collect();
    predict(bencher, json!({ "instances": rows }).to_string().as_bytes(), depth);
}

#[divan::bench]
fn structure_1_mb(bencher: Bencher<'_, '_>) {
    let small = json!({ "a": [1, 2, { "b": null }], "c": true, "dd": "ee" }).to_string();
    let count = MEGABYTE.checked_div(small.len()).unwrap();
    let body = format!(r#"{{"x":[{}]}}"#, vec![small; count].join(","));
    name(bencher, BodyIdentity::JsonModel, body.as_bytes());
}

#[divan::bench]
fn chat_1_mb_by_serde_json_value(bencher: Bencher<'_, '_>) {
    let body = chat(MEGABYTE, 100_000, ENGLISH);
    bencher
        .counter(BytesCount::new(body.len()))
        .bench_local(|| serde_json::from_slice::<Value>(black_box(&body)).unwrap());
}

#[divan::bench]
fn plain_run_1_mb(bencher: Bencher<'_, '_>) {
    let text = ENGLISH.repeat(MEGABYTE.checked_div(ENGLISH.len()).unwrap());
    bencher
        .counter(BytesCount::new(text.len()))
        .bench_local(|| plain_run(black_box(text.as_bytes())));
}

#[divan::bench]
fn tensor_1_mb_raw_over_grpc(bencher: Bencher<'_, '_>) {
    let payload = [&[0x0a, 5][..], b"model", &[0x3a, 0xc0, 0x84, 0x3d], &[7; MEGABYTE]].concat();
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let body = [&[0][..], &length, &payload].concat();
    let identity = BodyIdentity::Grpc {
        model: FieldPath::new(&[1]),
        version: Some(FieldPath::new(&[2])),
        label: None,
    };
    name(bencher, identity, &body);
}

#[divan::bench]
fn features_1_mb_unpacked_over_grpc(bencher: Bencher<'_, '_>) {
    let payload = [0x0d, 1, 2, 3, 4].repeat(200_000);
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let body = [&[0][..], &length, &payload].concat();
    let identity = BodyIdentity::Grpc { model: FieldPath::new(&[2]), version: None, label: None };
    name(bencher, identity, &body);
}

#[divan::bench]
fn count_1_mb_of_packed_integers(bencher: Bencher<'_, '_>) {
    let bytes = [0x05, 0xff, 0x01, 0x80, 0x80, 0x01].repeat(MEGABYTE.checked_div(6).unwrap());
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        let mut counter = ElementCounter::new(ElementType::Varint);
        counter.bytes(black_box(&bytes)).unwrap();
        counter.count()
    });
}

fn raw(bencher: Bencher<'_, '_>, datatype: Datatype, depth: Depth, bytes: &[u8]) {
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        let mut values = RawValues::new(Some(datatype), depth);
        for chunk in black_box(bytes).chunks(CHUNK_BYTES) {
            values.push(chunk);
        }
        (values.elements(), values.values())
    });
}

/// An image of 224 x 224 pixels with three channels: 600 KB.
fn image() -> Vec<u8> {
    let pixel = |step: u16| (f32::from(step) * 0.37).sin().to_le_bytes();
    (0..50_176).flat_map(pixel).collect::<Vec<u8>>().repeat(3)
}

#[divan::bench(args = Datatype::ALL)]
fn raw_600_kb_valued(bencher: Bencher<'_, '_>, datatype: Datatype) {
    let strings = [&[16, 0, 0, 0][..], &[b'x'; 16]].concat().repeat(30_000);
    let bytes = if datatype == Datatype::Bytes { strings } else { image() };
    raw(bencher, datatype, Depth::Valued, &bytes);
}

#[divan::bench]
fn raw_600_kb_counted(bencher: Bencher<'_, '_>) {
    raw(bencher, Datatype::Fp32, Depth::Counted, &image());
}

fn tensors(bencher: Bencher<'_, '_>, (kind, depth): (MessageKind, Depth), message: &[u8]) {
    let limits = TensorLimits { max_tensors: 16, depth };
    let length = u64::try_from(message.len()).unwrap();
    bencher.counter(BytesCount::new(message.len())).bench_local(|| {
        let mut reader = MessageReader::new(&kind, limits).with_length(length);
        for chunk in black_box(message).chunks(CHUNK_BYTES) {
            reader.push(chunk).unwrap();
        }
        reader.finish().unwrap();
        assert!(reader.tensors().iter().all(|tensor| tensor.defects().count() == 0));
        reader
    });
}

/// A length-delimited field.
fn field(number: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    prost::encoding::encode_varint(u64::try_from(payload.len()).unwrap(), &mut bytes);
    bytes.extend_from_slice(payload);
    bytes
}

fn input(datatype: Datatype, shape: &[u8], contents: &[u8]) -> Vec<u8> {
    let declared = [field(1, b"x"), field(2, datatype.name().as_bytes()), field(3, shape)];
    field(5, &[&declared.concat()[..], contents].concat())
}

const IMAGE_SHAPE: &[u8] = &[1, 3, 0xe0, 1, 0xe0, 1];

#[divan::bench(args = [Depth::Counted, Depth::Valued])]
fn open_inference_600_kb_raw(bencher: Bencher<'_, '_>, depth: Depth) {
    let message = [input(Datatype::Fp32, IMAGE_SHAPE, b""), field(7, &image())].concat();
    tensors(bencher, (MessageKind::ModelInferRequest, depth), &message);
}

#[divan::bench(args = [Depth::Counted, Depth::Valued])]
fn open_inference_600_kb_typed(bencher: Bencher<'_, '_>, depth: Depth) {
    let message = input(Datatype::Fp32, IMAGE_SHAPE, &field(5, &field(6, &image())));
    tensors(bencher, (MessageKind::ModelInferRequest, depth), &message);
}

/// Such as the tokens of a text: 150,000 varints of one to three bytes.
#[divan::bench(args = [Depth::Counted, Depth::Valued])]
fn open_inference_400_kb_of_integers(bencher: Bencher<'_, '_>, depth: Depth) {
    let mut varints = Vec::new();
    for step in 0..150_000_u64 {
        prost::encoding::encode_varint(step.wrapping_mul(7919) % 100_000, &mut varints);
    }
    let message = input(Datatype::Int64, &[0xf0, 0x93, 0x09], &field(5, &field(3, &varints)));
    tensors(bencher, (MessageKind::ModelInferRequest, depth), &message);
}

#[divan::bench(args = [Depth::Counted, Depth::Valued])]
fn tensorflow_600_kb_of_content(bencher: Bencher<'_, '_>, depth: Depth) {
    let dimension = |length: &[u8]| field(2, &[&[8], length].concat());
    let lengths: [&[u8]; 4] = [&[1], &[3], &[0xe0, 1], &[0xe0, 1]];
    let shape = field(2, &lengths.map(dimension).concat());
    let tensor = [&[8, 1][..], &shape, &field(4, &image())].concat();
    let message = field(2, &[field(1, b"x"), field(2, &tensor)].concat());
    tensors(bencher, (MessageKind::PredictRequest, depth), &message);
}

fn own_features() -> MessageKind {
    let path = FieldPath::new(&[1]);
    let encoding = OwnEncoding::Plain;
    MessageKind::Own(vec![OwnField { path, datatype: Datatype::Fp32, encoding }])
}

#[divan::bench(args = [Depth::Counted, Depth::Valued])]
fn own_600_kb_packed(bencher: Bencher<'_, '_>, depth: Depth) {
    tensors(bencher, (own_features(), depth), &field(1, &image()));
}

#[divan::bench(args = [Depth::Counted, Depth::Valued])]
fn own_1_mb_unpacked(bencher: Bencher<'_, '_>, depth: Depth) {
    tensors(bencher, (own_features(), depth), &[0x0d, 0, 0, 0x80, 0x3f].repeat(200_000));
}

/// A small message: 120 bytes.
#[divan::bench]
fn open_inference_small(bencher: Bencher<'_, '_>) {
    let message = [input(Datatype::Fp32, &[1, 16], b""), field(7, &[0; 64])].concat();
    tensors(bencher, (MessageKind::ModelInferRequest, Depth::Valued), &message);
}

fn events(bencher: Bencher<'_, '_>, stream: &[u8], event_bytes: usize) {
    bencher.counter(BytesCount::new(stream.len())).bench_local(|| {
        let mut reader = sse::Reader::new(sse::Limits { event_bytes });
        let mut count = 0_u64;
        for chunk in black_box(stream).chunks(CHUNK_BYTES) {
            let mut rest = chunk;
            while let Some(event) = reader.next(&mut rest) {
                black_box(&event);
                count = count.saturating_add(1);
            }
        }
        count
    });
}

/// What a token costs on the wire.
fn token() -> Vec<u8> {
    let choice = json!({ "index": 0, "delta": { "content": " token" }, "finish_reason": null });
    let chunk = json!({
        "id": "chatcmpl-0123456789abcdef0123456789abcdef",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000_u32,
        "model": "llama",
        "choices": [choice],
    });
    format!("data: {chunk}\n\n").into_bytes()
}

#[divan::bench]
fn tokens_1_mb(bencher: Bencher<'_, '_>) {
    let token = token();
    events(bencher, &token.repeat(MEGABYTE.checked_div(token.len()).unwrap()), 65_536);
}

#[divan::bench]
fn tokens_1_mb_with_types(bencher: Bencher<'_, '_>) {
    let token = [&b"event: response.output_text.delta\n"[..], &token()].concat();
    events(bencher, &token.repeat(MEGABYTE.checked_div(token.len()).unwrap()), 65_536);
}

#[divan::bench]
fn tokens_1_mb_in_lines_of_crlf(bencher: Bencher<'_, '_>) {
    let token = [token().trim_ascii_end(), b"\r\n\r\n"].concat();
    events(bencher, &token.repeat(MEGABYTE.checked_div(token.len()).unwrap()), 65_536);
}

#[divan::bench]
fn one_event_of_1_mb_kept(bencher: Bencher<'_, '_>) {
    events(bencher, &[&b"data: "[..], &[b'x'; MEGABYTE], b"\n\n"].concat(), 2 * MEGABYTE);
}

#[divan::bench]
fn one_event_of_1_mb_beyond_the_limit(bencher: Bencher<'_, '_>) {
    events(bencher, &[&b"data: "[..], &[b'x'; MEGABYTE], b"\n\n"].concat(), 65_536);
}

/// A form with a file before the field.
fn form(bencher: Bencher<'_, '_>, file: &[u8]) {
    let boundary = "------------------------6a4198a717b30a80";
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let boundary_of = || Boundary::from_content_type(content_type.as_bytes()).unwrap();
    let disposition = "Content-Disposition: form-data; name=";
    let head = format!(
        "--{boundary}\r\n{disposition}\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n"
    );
    let tail =
        format!("\r\n--{boundary}\r\n{disposition}\"model\"\r\n\r\nwhisper\r\n--{boundary}--\r\n");
    let body = [head.as_bytes(), file, tail.as_bytes()].concat();
    bencher.counter(BytesCount::new(body.len())).bench_local(|| {
        let mut reader = FieldReader::new(boundary_of(), "model", FieldLimits::default());
        for chunk in black_box(&body).chunks(CHUNK_BYTES) {
            reader.push(chunk).unwrap();
        }
        reader.finish().unwrap();
        assert!(reader.field().is_some());
    });
}

/// What compressed audio looks like: a CR or LF among 128 bytes.
#[divan::bench]
fn form_1_mb_of_audio(bencher: Bencher<'_, '_>) {
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    });
    form(bencher, &noise.take(MEGABYTE).collect::<Vec<_>>());
}

#[divan::bench]
fn form_1_mb_of_short_lines(bencher: Bencher<'_, '_>) {
    form(bencher, "0.5,0.25,0.125\r\n".repeat(MEGABYTE.checked_div(16).unwrap()).as_bytes());
}

#[divan::bench]
fn form_1_mb_of_line_feeds(bencher: Bencher<'_, '_>) {
    form(bencher, &[b'\n'; MEGABYTE]);
}

#[divan::bench]
fn form_1_kb(bencher: Bencher<'_, '_>) {
    form(bencher, &[b'x'; 700]);
}
