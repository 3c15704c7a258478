//! Server-sent events, against a reader that has the whole stream.

use super::changes::{change, changed, cuts};
use super::json_texts::text;
use super::oracle;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

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
        // What fails once becomes a unit test with a name.
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
