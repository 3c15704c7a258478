//! Random requests.

use super::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

/// What a client wrote stands between these, wherever it is.
const SECRET: &str = "sEcReT";

/// Texts of a client's, with all that is hard to count.
fn text() -> impl Strategy<Value = String> {
    let piece = select(vec![
        SECRET,
        "plain words, long enough for a block of them. ",
        "\n",
        "\"",
        "\\",
        "é",
        "漢字",
        "😀",
        "\u{1}",
    ]);
    vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

fn text_part() -> impl Strategy<Value = Value> {
    text().prop_map(|text| json!({ "type": "text", "text": text }))
}

fn chat_part() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text_part(),
        1 => text().prop_map(|url| json!({ "type": "image_url", "image_url": { "url": url } })),
        1 => Just(json!({ "type": "input_audio", "input_audio": { "data": "AA", "format": "wav" } })),
        1 => Just(json!({ "type": "file", "file": { "file_id": "f" } })),
        1 => text().prop_map(|kind| json!({ "type": kind, "else": [1, { "text": 5 }] })),
    ]
}

fn content(part: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    prop_oneof![text().prop_map(Value::from), vec(part, 1..4).prop_map(Value::from)]
}

fn chat_message() -> impl Strategy<Value = Value> {
    let call = json!({ "id": "c", "type": "function",
        "function": { "name": "f", "arguments": "{}" } });
    prop_oneof![
        content(chat_part().boxed())
            .prop_map(|content| json!({ "role": "user", "content": content })),
        (select(vec!["system", "developer"]), content(text_part().boxed()))
            .prop_map(|(role, content)| json!({ "role": role, "content": content })),
        content(text_part().boxed())
            .prop_map(|content| json!({ "role": "assistant", "content": content })),
        Just(json!({ "role": "assistant", "content": null, "tool_calls": [call] })),
        content(text_part().boxed())
            .prop_map(|content| json!({ "role": "tool", "tool_call_id": "c", "content": content })),
    ]
}

fn item() -> impl Strategy<Value = Value> {
    let part = text().prop_map(|text| json!({ "type": "input_text", "text": text }));
    prop_oneof![
        content(part.boxed()).prop_map(|content| json!({ "role": "user", "content": content })),
        text().prop_map(
            |text| json!({ "type": "function_call_output", "call_id": "c", "output": text })
        ),
        text().prop_map(
            |text| json!({ "type": "function_call", "call_id": "c", "name": "f", "arguments": text })
        ),
        text().prop_map(|text| json!({ "type": "reasoning", "encrypted_content": text })),
    ]
}

fn block() -> impl Strategy<Value = Value> {
    prop_oneof![
        text_part(),
        text().prop_map(|data| json!({ "type": "image",
            "source": { "type": "base64", "media_type": "image/png", "data": data } })),
        (text(), text()).prop_map(|(id, text)| json!({ "type": "tool_result", "tool_use_id": id,
            "content": [{ "type": "text", "text": text }] })),
        text().prop_map(|text| json!({ "type": "tool_use", "id": "i", "name": "f",
            "input": { "x": text } })),
    ]
}

/// The members that decide what a request is.
fn essence(api: Api) -> BoxedStrategy<Value> {
    let prompt = || {
        prop_oneof![
            text().prop_map(Value::from),
            vec(text(), 1..4).prop_map(Value::from),
            vec(0..100_000_u32, 1..9).prop_map(Value::from),
            vec(vec(0..100_000_u32, 1..4), 1..4).prop_map(Value::from),
        ]
    };
    match api {
        Api::Chat => vec(chat_message(), 1..5)
            .prop_map(|messages| json!({ "model": "m", "messages": messages }))
            .boxed(),
        Api::Completions => prompt().prop_map(|prompt| json!({ "prompt": prompt })).boxed(),
        Api::Embeddings => prompt().prop_map(|input| json!({ "input": input })).boxed(),
        Api::Responses => (vec(item(), 1..5), option::of(text()))
            .prop_map(|(input, text)| json!({ "input": input, "instructions": text }))
            .boxed(),
        Api::Messages => {
            let message = (select(vec!["user", "assistant"]), content(block().boxed()))
                .prop_map(|(role, content)| json!({ "role": role, "content": content }));
            vec(message, 1..5)
                .prop_map(|messages| json!({ "model": "m", "max_tokens": 9, "messages": messages }))
                .boxed()
        }
    }
}

/// Good requests with some parameters, and with members that nobody knows.
fn request() -> impl Strategy<Value = (Api, Value)> {
    let api =
        select(vec![Api::Chat, Api::Completions, Api::Embeddings, Api::Responses, Api::Messages]);
    let parameters = (
        option::of(0.0..=2.0_f64),
        option::of(0.0..=1.0_f64),
        option::of(any::<bool>()),
        option::of((text(), text())),
    );
    (api, parameters).prop_flat_map(|(api, (temperature, top_p, stream, unknown))| {
        essence(api).prop_map(move |mut body| {
            body["temperature"] = json!(temperature);
            body["top_p"] = json!(top_p);
            body["stream"] = json!(stream);
            if let Some((key, value)) = &unknown {
                body[key] = json!({ "messages": [{ "role": value, "temperature": 99 }] });
            }
            (api, body)
        })
    })
}

/// A way to write the members of objects in some order, the same for the same
/// seed.
fn shuffled(body: &Value, mut seed: u64) -> String {
    written(body, &mut |members| {
        for place in (1..members.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let random = usize::try_from(seed >> 33).unwrap();
            let other = random.checked_rem(place.saturating_add(1)).unwrap();
            members.swap(place, other);
        }
    })
}

fn pieces<'a>(text: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| *cut.min(&text.len())).collect();
    places.extend([0, text.len()]);
    places.sort_unstable();
    places.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect()
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(0..600_usize, 0..9)
}

/// What is found, and that it is the same in one piece and in many.
fn judge(config: Config, api: Api, text: &str, cuts: &[usize]) -> Findings {
    let mut modes = Modes::default();
    // Both lists fill.
    modes.set(Rule::Content, crate::rules::Mode::ReportOnly);
    let rules = rules(config);
    let read = |modes: &Modes| {
        let whole = findings(&rules, api, modes, &[text.as_bytes()]);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(findings(&rules, api, modes, &pieces(text.as_bytes(), cuts)), whole, "{text}");
        assert_eq!(findings(&rules, api, modes, &bytes), whole, "{text}");
        whole
    };
    read(&modes);
    read(&Modes::default())
}

/// How many characters the text of a prompt has, by a walk through all of it.
fn characters(api: Api, body: &Value) -> u64 {
    if matches!(api, Api::Completions | Api::Embeddings) {
        return characters_of_input(&body[source(api)]);
    }
    ["instructions", "system", "messages", "input"]
        .iter()
        .filter_map(|key| body.get(key))
        .map(text_in)
        .sum()
}

/// A token has four.
fn characters_of_input(input: &Value) -> u64 {
    match input {
        Value::String(text) => count(text),
        Value::Number(_) => 4,
        Value::Array(inputs) => inputs.iter().map(characters_of_input).sum(),
        _ => 0,
    }
}

/// What of messages, items or parts is text.
fn text_in(value: &Value) -> u64 {
    match value {
        Value::String(text) => count(text),
        Value::Array(parts) => parts.iter().map(text_in).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| match key.as_str() {
                "content" | "text" | "output" | "arguments" | "tool_calls" | "function" => {
                    text_in(value)
                }
                "input" => u64::try_from(value.to_string().len()).unwrap(),
                _ => 0,
            })
            .sum(),
        _ => 0,
    }
}

fn count(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap()
}

/// One thing done to a good request of these APIs, and the rule that it breaks.
type Mutation = (&'static [Api], Rule, fn(Api, &mut Value));

const ALL: &[Api] = &[Api::Chat, Api::Completions, Api::Embeddings, Api::Responses, Api::Messages];
const ANSWERING: &[Api] = &[Api::Chat, Api::Completions, Api::Responses, Api::Messages];
const TALKING: &[Api] = &[Api::Chat, Api::Responses, Api::Messages];

const MUTATIONS: [Mutation; 16] = [
    (ANSWERING, Rule::FieldRange, |_, body| body["temperature"] = json!(2.5)),
    (ANSWERING, Rule::FieldRange, |_, body| body["top_p"] = json!("1.5")),
    (ANSWERING, Rule::FieldValue, |_, body| body["temperature"] = json!([])),
    (ANSWERING, Rule::FieldValue, |_, body| body["stream"] = json!({})),
    (ALL, Rule::FieldValue, |_, body| body["model"] = json!(7)),
    (ALL, Rule::FieldValue, |api, body| body[source(api)] = json!({})),
    (ALL, Rule::Required, |api, body| {
        // Responses need nothing; so it is an item that lacks something there.
        match api {
            Api::Responses => body["input"][0] = json!({ "type": "message", "role": "user" }),
            _ => drop(body.as_object_mut().unwrap().remove(source(api))),
        }
    }),
    (TALKING, Rule::Role, |api, body| {
        change(api, body, |message| message["role"] = json!("sEcReT"))
    }),
    (TALKING, Rule::Required, |api, body| {
        change(api, body, |message| *message = json!({ "role": "user", "content": null }));
    }),
    (TALKING, Rule::Content, |api, body| {
        change(api, body, |message| *message = json!({ "role": "user", "content": [7] }));
    }),
    (TALKING, Rule::Content, |api, body| {
        change(api, body, |message| {
            *message = json!({ "content": [{ "type": "text", "sEcReT": "x" }], "role": "user" });
        });
    }),
    (TALKING, Rule::MessageCount, |api, body| {
        let messages = body[source(api)].as_array_mut().unwrap();
        messages.resize(9, json!({ "content": "x", "role": "user" }));
    }),
    (TALKING, Rule::ImageCount, |api, body| {
        let part = match api {
            Api::Messages => json!({ "type": "image", "source": { "type": "url" } }),
            _ => json!({ "type": "image_url", "image_url": { "url": "sEcReT" } }),
        };
        let content = vec![part; 20];
        change(api, body, |message| *message = json!({ "role": "user", "content": content }));
    }),
    (ANSWERING, Rule::MaxTokens, |api, body| body[tokens(api)] = json!(1001)),
    (TALKING, Rule::ToolCount, |api, body| {
        let tool = match api {
            Api::Messages => json!({ "name": "f", "input_schema": {} }),
            _ => json!({ "type": "function", "name": "f", "function": { "name": "f" } }),
        };
        body["tools"] = json!(vec![tool; 9]);
    }),
    (TALKING, Rule::Tools, |_, body| {
        body["tools"] = json!([{ "type": "function", "sEcReT": "f" }, { "sEcReT": "f" }]);
    }),
];

/// The member that a request is about.
const fn source(api: Api) -> &'static str {
    match api {
        Api::Chat | Api::Messages => "messages",
        Api::Completions => "prompt",
        Api::Embeddings | Api::Responses => "input",
    }
}

const fn tokens(api: Api) -> &'static str {
    match api {
        Api::Responses => "max_output_tokens",
        _ => "max_tokens",
    }
}

/// Changes the last message.
fn change(api: Api, body: &mut Value, change: impl FnOnce(&mut Value)) {
    let messages = body[source(api)].as_array_mut().unwrap();
    change(messages.last_mut().unwrap());
}

fn ceilings() -> Config {
    Config {
        max_messages: Some(8),
        max_images: Some(15),
        max_tools: Some(8),
        max_tokens: Some(1000),
        ..Config::default()
    }
}

/// JSON of what the tables know, put together at random.
fn nonsense() -> impl Strategy<Value = Value> {
    let key = || {
        select(vec![
            "messages",
            "role",
            "content",
            "type",
            "text",
            "image_url",
            "tools",
            "function",
            "name",
            "input",
            "prompt",
            "source",
            "max_tokens",
            "temperature",
            "tool_calls",
            "data",
            "sEcReT",
        ])
    };
    let word = select(vec![
        "user",
        "system",
        "text",
        "image_url",
        "image",
        "function",
        "tool_result",
        "sEcReT",
        "1_0",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..5).prop_map(Value::from),
            2 => vec((key(), inner), 0..6).prop_map(|members| {
                members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn good_requests_are_accepted_at_every_cut(
        (api, body) in request(), seed in any::<u64>(), cuts in cuts(),
    ) {
        let text = shuffled(&body, seed);
        prop_assert_eq!(judge(Config::default(), api, &text, &cuts).enforced().cloned(), None, "{}", text);
        prop_assert_eq!(judge(ceilings(), api, &text, &cuts).enforced().cloned(), None, "{}", text);
    }

    #[test]
    fn as_many_characters_as_there_are_may_be_needed(
        (api, body) in request(), seed in any::<u64>(), cuts in cuts(),
    ) {
        let text = shuffled(&body, seed);
        let count = characters(api, &body);
        let most = |most| Config { max_characters: Some(most), ..Config::default() };
        prop_assert_eq!(judge(most(count.max(1)), api, &text, &cuts).enforced().cloned(), None, "{}", text);
        if count > 1 {
            let findings = judge(most(count.saturating_sub(1)), api, &text, &cuts);
            prop_assert_eq!(rule_of(findings.enforced()), Some(Rule::Characters), "{}", text);
        }
    }

    #[test]
    fn a_request_that_breaks_one_rule_is_refused_for_it(
        (api, mut body) in request(),
        mutation in 0..MUTATIONS.len(),
        seed in any::<u64>(),
        cuts in cuts(),
    ) {
        let (apis, rule, mutate) = MUTATIONS[mutation];
        prop_assume!(apis.contains(&api));
        mutate(api, &mut body);
        let text = shuffled(&body, seed);
        let findings = judge(ceilings(), api, &text, &cuts);
        prop_assert_eq!(rule_of(findings.enforced()), Some(rule), "{:?} {}", api, text);
    }

    #[test]
    fn nonsense_is_judged_the_same_at_every_cut_and_never_repeated(
        body in nonsense(), (api, _) in request(), seed in any::<u64>(), cuts in cuts(),
    ) {
        let text = shuffled(&body, seed);
        let config = Config { max_characters: Some(30), context_window_tokens: Some(9), ..ceilings() };
        let findings = judge(config.clone(), api, &text, &cuts);
        let mut modes = Modes::default();
        Rule::ALL.into_iter().for_each(|rule| modes.set(rule, crate::rules::Mode::ReportOnly));
        let all = super::findings(&rules(config), api, &modes, &[text.as_bytes()]);
        for violation in findings.enforced().into_iter().chain(all.reported()) {
            let said = violation.to_string();
            prop_assert!(!said.contains(SECRET), "{}", said);
            prop_assert!(said.len() < 400, "{}", said);
        }
    }
}
