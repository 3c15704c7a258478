//! What requests ask for, against `serde_json`.

use super::changes::{change, changed, cuts};
use super::members::{Texts, array, object, one_of, words};
use super::oracle;
use proptest::collection::vec;
use proptest::prelude::*;

fn counts() -> Texts {
    one_of(&["8", "1.0", "\"7\"", "1e300", "-1", "0.5", "null", "0", "\" 1_0 \"", "true", "12e1"])
}

fn flags() -> Texts {
    one_of(&["true", "true", "false", "null", "1", "\"yes\"", "\"no\"", "0"])
}

fn tokens() -> Texts {
    array(one_of(&["1", "128000", "5"]))
}

fn part_types() -> Texts {
    one_of(&[
        r#""text""#,
        r#""image_url""#,
        r#""input_image""#,
        r#""im\u0061ge""#,
        r#""image_pil""#,
        r#""image_generation_call""#,
        "null",
        "1",
    ])
}

fn content() -> Texts {
    let part = object(vec![
        ("type", part_types()),
        ("text", words()),
        ("refusal", words()),
        ("thinking", words()),
        ("title", words()),
        ("image_url", object(vec![("url", words())])),
        ("image_embeds", one_of(&["null", "\"AAAA\"", "{}"])),
    ]);
    prop_oneof![words(), array(part)].boxed()
}

fn blocks() -> Texts {
    let block = object(vec![
        ("type", part_types()),
        ("text", words()),
        ("input", one_of(&["{}", "{\"a\": 1}", "\"x\""])),
        ("content", content()),
        ("source", object(vec![("data", words())])),
    ]);
    prop_oneof![content(), array(block)].boxed()
}

/// A body of any API.
pub fn body() -> Texts {
    let called = || object(vec![("name", words()), ("arguments", words()), ("input", words())]);
    let call = object(vec![("function", called()), ("custom", called()), ("id", words())]);
    let message = object(vec![
        ("role", words()),
        ("content", content()),
        ("content", blocks()),
        ("refusal", words()),
        ("reasoning", words()),
        ("tool_calls", array(call)),
        ("function_call", called()),
    ]);
    let item = object(vec![
        ("type", part_types()),
        ("role", words()),
        ("content", content()),
        ("output", content()),
        ("arguments", words()),
        ("summary", content()),
    ]);
    let options = || {
        let other = one_of(&["false"]);
        object(vec![("include_usage", flags()), ("include_obfuscation", other)])
    };
    object(vec![
        ("model", words()),
        ("messages", array(message)),
        ("system", blocks()),
        ("prompt", words()),
        ("prompt", array(words())),
        ("prompt", tokens()),
        ("prompt", array(tokens())),
        ("input", words()),
        ("input", array(item)),
        ("input", array(tokens())),
        ("instructions", words()),
        ("suffix", words()),
        ("text_input", array(words())),
        ("parameters", object(vec![("max_tokens", counts()), ("temperature", counts())])),
        ("max_tokens", counts()),
        ("max_completion_tokens", counts()),
        ("max_output_tokens", counts()),
        ("n", counts()),
        ("best_of", counts()),
        ("tools", array(called())),
        ("functions", array(called())),
        ("documents", words()),
        ("stream", flags()),
        ("stream", flags()),
        ("stream", flags()),
        ("stream_options", options()),
        ("stream_options", options()),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 5000,
        // What fails once becomes a unit test with a name.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn requests_ask_for_what_serde_json_reads(
        body in body(),
        changes in vec(change(), 0..2),
        cuts in cuts(),
    ) {
        for api in 0..oracle::demand::APIS.len() {
            oracle::demand::agrees(api, &body, &cuts);
        }
        let changed = changed(body, &changes);
        for api in 0..oracle::demand::APIS.len() {
            oracle::demand::agrees(api, &changed, &cuts);
        }
    }
}
