//! What answers say they used, against `serde_json`.

use super::changes::{change, changed, cuts};
use super::members::{Texts, array, numbers, object, one_of, words};
use super::oracle;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A whole answer of any API, or an event's data.
fn answer() -> Texts {
    let details = || {
        object(vec![
            ("cached_tokens", numbers()),
            ("cache_write_tokens", numbers()),
            ("reasoning_tokens", numbers()),
            ("thinking_tokens", numbers()),
        ])
    };
    let usage = || {
        object(vec![
            ("prompt_tokens", numbers()),
            ("completion_tokens", numbers()),
            ("input_tokens", numbers()),
            ("output_tokens", numbers()),
            ("cache_read_input_tokens", numbers()),
            ("cache_creation_input_tokens", numbers()),
            ("prompt_tokens_details", details()),
            ("completion_tokens_details", details()),
            ("input_tokens_details", details()),
            ("output_tokens_details", details()),
        ])
    };
    let reason = || one_of(&[r#""stop""#, r#""in_progress""#, r#""length""#, "null"]);
    let error = || one_of(&["null", "null", "false", "{}"]);
    let part = || object(vec![("text", words()), ("refusal", words())]);
    let called = || object(vec![("name", words()), ("arguments", words()), ("input", words())]);
    let call = object(vec![("function", called()), ("custom", called()), ("id", words())]);
    let said = object(vec![
        ("role", words()),
        ("content", words()),
        ("content", array(part())),
        ("reasoning", words()),
        ("reasoning_content", words()),
        ("refusal", words()),
        ("tool_calls", array(call)),
        ("function_call", called()),
        ("audio", one_of(&["null", "{}"])),
    ]);
    let choice = object(vec![
        ("delta", said.clone()),
        ("message", said),
        ("text", words()),
        ("finish_reason", reason()),
    ]);
    let incomplete = || object(vec![("reason", words())]);
    let inner = || {
        object(vec![
            ("usage", usage()),
            ("status", reason()),
            ("stop_reason", reason()),
            ("incomplete_details", incomplete()),
            ("error", error()),
        ])
    };
    let item = object(vec![
        ("content", array(part())),
        ("summary", array(part())),
        ("name", words()),
        ("arguments", words()),
    ]);
    let delta = object(vec![
        ("text", words()),
        ("thinking", words()),
        ("partial_json", words()),
        ("stop_reason", reason()),
    ]);
    object(vec![
        ("type", one_of(&TYPES)),
        ("usage", usage()),
        ("choices", array(choice)),
        ("error", error()),
        ("response", inner()),
        ("message", inner()),
        ("delta", words()),
        ("delta", delta),
        ("status", reason()),
        ("stop_reason", reason()),
        ("incomplete_details", incomplete()),
        ("output", array(item)),
        ("content", array(part())),
        ("text_output", words()),
        ("text_output", array(words())),
    ])
}

static TYPES: [&str; 10] = [
    r#""response.output_text.delta""#,
    r#""response.audio.delta""#,
    r#""response.completed""#,
    r#""response.incomplete""#,
    r#""response.failed""#,
    r#""content_block_delta""#,
    r#""message_delta""#,
    r#""message_start""#,
    r#""message_stop""#,
    r#""error""#,
];

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let data = prop_oneof![
        12 => answer(),
        1 => Just(b"[DONE]".to_vec()),
        1 => Just(b"{".to_vec()),
    ];
    let before = select(vec!["data: ", "data:", "event: error\ndata: ", ": ping\n\ndata: "]);
    let after = select(vec!["\n\n", "\n\n", "\r\n\r\n", "\r\r", "\n"]);
    vec((before, data, after), 0..6).prop_map(|events| {
        let parts = events.iter().flat_map(|(before, data, after)| {
            [before.as_bytes(), data.as_slice(), after.as_bytes()]
        });
        parts.collect::<Vec<_>>().concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3000,
        // What fails once becomes a unit test with a name.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whole_answers_say_what_serde_json_reads(
        answer in answer(),
        changes in vec(change(), 0..2),
        cuts in cuts(),
    ) {
        for api in 0..oracle::usage::APIS.len() {
            oracle::usage::whole_agrees(api, &answer, &cuts);
        }
        let changed = changed(answer, &changes);
        for api in 0..oracle::usage::APIS.len() {
            oracle::usage::whole_agrees(api, &changed, &cuts);
        }
    }

    #[test]
    fn streamed_answers_say_what_a_reader_of_the_whole_stream_reads(
        stream in stream(),
        changes in vec(change(), 0..2),
        cuts in cuts(),
    ) {
        let stream = changed(stream, &changes);
        for api in 0..oracle::usage::APIS.len() {
            oracle::usage::stream_agrees(api, &stream, &cuts);
        }
    }
}
