use super::*;
use crate::cuts::same_however_cut;
use core::ops::Range;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// An event that outlives the bytes it was read from.
#[derive(Debug, PartialEq)]
struct Told {
    kind: String,
    data: Result<String, u64>,
    id: Option<String>,
    retry_ms: Option<u64>,
    span: Range<u64>,
}

impl From<Event<'_>> for Told {
    fn from(event: Event<'_>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            kind: text(event.kind),
            data: match event.data {
                Data::Whole(data) => Ok(text(data)),
                Data::Oversized { bytes } => Err(bytes),
            },
            id: event.id.map(text),
            retry_ms: event.retry_ms,
            span: event.span,
        }
    }
}

fn read_within(event_bytes: usize, pieces: &[&[u8]]) -> Vec<Told> {
    let mut reader = Reader::new(Limits { event_bytes });
    let mut told = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while let Some(event) = reader.next(&mut rest) {
            told.push(Told::from(event));
        }
        assert!(rest.is_empty(), "all bytes were read");
    }
    told.extend(reader.finish().map(Told::from));
    told
}

fn events_within(event_bytes: usize, stream: &[u8]) -> Vec<Told> {
    let bytewise: Vec<&[u8]> = stream.chunks(1).collect();
    let told = same_however_cut(stream, |pieces| read_within(event_bytes, pieces));
    assert_eq!(read_within(event_bytes, &bytewise), told, "byte by byte");
    told
}

fn events(stream: &[u8]) -> Vec<Told> {
    events_within(1000, stream)
}

/// Type and data of each event.
fn texts(stream: &[u8]) -> Vec<(String, String)> {
    events(stream).into_iter().map(|told| (told.kind, told.data.unwrap())).collect()
}

/// The data of each event, all of the default type.
fn data(stream: &[u8]) -> Vec<String> {
    let data = |(kind, data)| {
        assert_eq!(kind, "message");
        data
    };
    texts(stream).into_iter().map(data).collect()
}

#[test]
fn an_event_has_a_type_data_an_id_a_retry_and_a_place() {
    let told = events(b": hi\n\nevent: delta\ndata: {}\nid: 7\nretry: 300\n\ndata: b\n\n");
    let first = Told {
        kind: "delta".to_owned(),
        data: Ok("{}".to_owned()),
        id: Some("7".to_owned()),
        retry_ms: Some(300),
        span: 6..46,
    };
    let second = Told {
        kind: "message".to_owned(),
        data: Ok("b".to_owned()),
        id: None,
        retry_ms: None,
        span: 46..55,
    };
    assert_eq!(told, [first, second]);
}

#[test]
fn lines_end_with_lf_cr_or_crlf() {
    for stream in [
        &b"data: a\n\ndata: b\ndata: c\n\n"[..],
        b"data: a\r\rdata: b\rdata: c\r\r",
        b"data: a\r\n\r\ndata: b\r\ndata: c\r\n\r\n",
        b"data: a\n\rdata: b\r\ndata: c\r\r\n",
        b"data: a\r\n\ndata: b\rdata: c\n\r\n",
    ] {
        assert_eq!(data(stream), ["a", "b\nc"], "{}", stream.escape_ascii());
    }
}

#[test]
fn a_span_has_all_of_the_blank_line_in_it() {
    for (stream, spans) in [
        (&b"data: a\n\ndata: b\n\n"[..], [0..9, 9..18]),
        (b"data: a\r\rdata: b\r\r", [0..9, 9..18]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [0..11, 11..22]),
        (b":c\ndata: a\n\n\n\r\n:c\n\ndata: b\n\n", [0..12, 19..28]),
        (b"\xef\xbb\xbfdata: a\n\n\ndata: b\n\n", [3..12, 13..22]),
    ] {
        let told: Vec<Range<u64>> = events(stream).into_iter().map(|told| told.span).collect();
        assert_eq!(told, spans, "{}", stream.escape_ascii());
    }
}

#[test]
fn an_event_is_told_as_soon_as_its_blank_line_is_there() {
    let mut reader = Reader::new(Limits::default());
    assert_eq!(reader.next(&mut &b"data: a\n"[..]), None);
    assert!(reader.next(&mut &b"\n"[..]).is_some());
    assert_eq!(reader.next(&mut &b"data: b\r\n"[..]), None);
    assert!(reader.next(&mut &b"\r\n"[..]).is_some());
    assert_eq!(reader.finish(), None);
}

#[test]
fn several_data_lines_are_joined_by_line_feeds() {
    assert_eq!(data(b"data: a\ndata:\ndata\ndata: b\n\n"), ["a\n\n\nb"]);
    assert_eq!(data(b"data\n\ndata:\n\ndata\ndata\n\n"), ["", "", "\n"]);
}

#[test]
fn one_space_behind_the_colon_is_not_part_of_the_value() {
    assert_eq!(data(b"data:a\n\ndata: a\n\ndata:  a\n\ndata:\ta\n\n"), ["a", "a", " a", "\ta"]);
    assert_eq!(data(b"data:a: b\n\n"), ["a: b"]);
}

#[test]
fn comments_and_unknown_fields_mean_nothing() {
    for line in [
        &b": keep-alive"[..],
        b":",
        b":data: b",
        b"dat: b",
        b"dataa: b",
        b"data : b",
        b" data: b",
        b"Data: b",
        b"DATA: b",
        b"events: b",
        b"retryy",
        b"x",
        b"\xef\xbb\xbfdata: b",
        b"\xe2\x82data: b",
    ] {
        let stream = [b"data: a\n", line, b"\ndata: c\n\n"].concat();
        assert_eq!(data(&stream), ["a\nc"], "{}", line.escape_ascii());
    }
}

#[test]
fn the_last_type_counts_and_an_empty_one_is_none() {
    let stream = b"event: a\nevent: b\ndata\n\ndata\n\nevent: a\nevent:\ndata\n\ndata\nevent\n\n";
    let kinds: Vec<String> = texts(stream).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["b", "message", "message", "message"]);
}

#[test]
fn a_block_without_data_is_no_event_and_leaves_nothing_behind() {
    assert_eq!(texts(b"event: ping\nid: 1\n\ndata: a\n\n"), [("message".into(), "a".into())]);
    assert_eq!(events(b"id: 1\n\ndata: a\n\n")[0].id, None);
    assert!(events(b"\n\n\r\r\n:\n\n").is_empty());
}

#[test]
fn an_id_with_a_nul_in_it_is_ignored() {
    let id = |stream: &[u8]| events(stream).remove(0).id;
    assert_eq!(id(b"data\nid: 1\nid: 2\0\n\n").as_deref(), Some("1"));
    assert_eq!(id(b"data\nid: 1\nid\n\n").as_deref(), Some(""));
    assert_eq!(id(b"data\nid:\0\n\n"), None);
}

#[test]
fn a_retry_that_is_not_all_digits_is_ignored() {
    let retry = |value: &str| {
        events(format!("data\nretry: 5\nretry:{value}\n\n").as_bytes()).remove(0).retry_ms
    };
    assert_eq!(retry(" 1000"), Some(1000));
    assert_eq!(retry("007"), Some(7));
    assert_eq!(retry("99999999999999999999999"), Some(u64::MAX));
    for bogus in ["", "1x", "-1", "+1", "1.5", " 1 ", "1e3", "\u{663}"] {
        assert_eq!(retry(bogus), Some(5), "{bogus:?}");
    }
}

#[test]
fn a_byte_order_mark_at_the_start_is_not_part_of_the_first_line() {
    assert_eq!(data(b"\xef\xbb\xbfdata: a\n\n"), ["a"]);
    assert_eq!(data(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n"), ["b"]);
    assert_eq!(data(b"\xef\xbbdata: a\n\ndata: b\n\n"), ["b"]);
    assert_eq!(data(b"\xef\ndata: a\n\n"), ["a"]);
    assert_eq!(data(b"data: a\n\n\xef\xbb\xbfdata: b\n\n"), ["a"]);
    assert_eq!(data(b"data: \xef\xbb\xbfa\n\n"), ["\u{feff}a"]);
}

#[test]
fn text_may_be_cut_inside_a_character() {
    assert_eq!(data("data: é€😀\n\n".as_bytes()), ["é€😀"]);
}

#[test]
fn bytes_that_are_not_utf8_are_handed_on_as_they_are() {
    let mut bytes = &b"data: \xff\xe2\x82\n\n"[..];
    let mut reader = Reader::new(Limits::default());
    let event = reader.next(&mut bytes).unwrap();
    assert_eq!(event.data, Data::Whole(b"\xff\xe2\x82"));
}

#[test]
fn an_event_that_the_stream_ends_before_its_blank_line_is_not_told() {
    for end in ["", "data: b", "data: b\n", "data: b\r", "data: b\r\n", "event: b\n"] {
        assert_eq!(data(format!("data: a\n\n{end}").as_bytes()), ["a"], "{end:?}");
    }
}

#[test]
fn data_of_one_line_is_told_where_it_lies() {
    let stream = b"data: one\n\nevent: x\ndata:two\nid: 1\n\n";
    let mut rest = &stream[..];
    let mut reader = Reader::new(Limits::default());
    for _ in 0..2 {
        let Some(Event { data: Data::Whole(data), .. }) = reader.next(&mut rest) else {
            panic!("two events");
        };
        assert!(stream.as_ptr_range().contains(&data.as_ptr()), "not a copy");
    }
}

#[test]
fn an_event_at_the_limit_is_whole_and_one_beyond_it_is_oversized() {
    let cases: [(&[u8], Result<&str, u64>); 10] = [
        (b"data: 12345678\n\n", Ok("12345678")),
        (b"data: 123456789\n\n", Err(9)),
        (b"data: 1234\ndata: 567\n\n", Ok("1234\n567")),
        (b"data: 1234\ndata: 5678\n\n", Err(9)),
        (b"event: ab\ndata: 123456\n\n", Ok("123456")),
        (b"event: ab\ndata: 1234567\n\n", Err(7)),
        (b"data: 123456\nid: 12\n\n", Ok("123456")),
        (b"data: 1234567\nid: 12\n\n", Err(7)),
        (b"data: 1\nevent: 123456789\n\n", Err(1)),
        (b": a comment that is long\nunknown: and so on\ndata: 12345678\n\n", Ok("12345678")),
    ];
    for (stream, expected) in cases {
        let told = events_within(8, stream).remove(0).data;
        assert_eq!(told, expected.map(str::to_owned), "{}", stream.escape_ascii());
    }
}

#[test]
fn the_type_of_an_oversized_event_is_known_if_it_is_within_the_limit() {
    for (lines, kind) in [
        ("event: delta\ndata: 123456789", "delta"),
        ("data: 123456789\nevent: delta", "delta"),
        ("data: 123456\nevent: delta\ndata: 7", "delta"),
        ("event: a\ndata: 1\nevent: 123456789", "a"),
        ("data: 123456789", "message"),
    ] {
        let told = events_within(8, format!("{lines}\n\n").as_bytes());
        assert_eq!(told[0].kind, kind, "{lines:?}");
        assert!(told[0].data.is_err(), "{lines:?}");
    }
}

#[test]
fn the_stream_goes_on_right_behind_an_oversized_event() {
    let told = events_within(8, b"data: a\n\nevent: b\nid: 1\ndata: 123456789\n\ndata: c\n\n");
    let seen: Vec<_> = told.iter().map(|told| (told.data.clone(), told.span.clone())).collect();
    assert_eq!(seen, [(Ok("a".into()), 0..9), (Err(9), 9..41), (Ok("c".into()), 41..50)]);
    assert_eq!((&*told[2].kind, &told[2].id), ("message", &None));
}

#[test]
fn of_an_endless_event_no_more_than_the_limit_is_kept() {
    let mut reader = Reader::new(Limits { event_bytes: 8 });
    for line in ["data: ", "\ndata: ", "\nevent: ", "\nid: ", "\nunknown: ", "\n: "] {
        assert_eq!(reader.next(&mut line.as_bytes()), None);
        for _ in 0..1000 {
            assert_eq!(reader.next(&mut &[b'x'; 1000][..]), None);
        }
        assert!(format!("{reader:?}").len() < 1000, "{line:?}: {reader:?}");
    }
    let event = reader.next(&mut &b"\n\n"[..]).map(Told::from).unwrap();
    assert_eq!(event.data, Err(2_000_001));
    assert_eq!(event.span.end, reader.offset());
}

#[test]
fn the_end_of_a_stream_is_told_as_openai_s_client_tells_it() {
    assert!(is_done(b"[DONE]"));
    assert!(is_done(b"[DONE] and more"));
    assert!(!is_done(b" [DONE]"));
    assert!(!is_done(b"{\"choices\":[]}"));
}
