//! What clients are told of their quotas, as draft-ietf-httpapi-ratelimit-headers-10
//! has it, and as OpenAI does.

use super::*;
use std::collections::BTreeMap;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Reads a list of strings with parameters (RFC 9651, 3.1 and 3.1.2).
fn list(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let members = text.split(", ").map(|member| {
        let mut parts = member.split(';');
        let string = |text: &str| {
            let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            inner.unwrap_or_else(|| panic!("no string: {text}")).to_owned()
        };
        let name = string(parts.next().unwrap());
        let parameters = parts.map(|part| {
            let (key, value) = part.split_once('=').unwrap();
            assert!(key.bytes().all(|byte| byte.is_ascii_lowercase()), "{key}");
            let value = match value.parse::<u64>() {
                Ok(integer) => {
                    assert!(integer < 1_000_000_000_000_000, "15 digits at most");
                    integer.to_string()
                }
                Err(_) => string(value),
            };
            (key.to_owned(), value)
        });
        (name, parameters.collect())
    });
    members.collect()
}

fn member(name: &str, parameters: &[(&str, &str)]) -> (String, BTreeMap<String, String>) {
    let parameters = parameters.iter().map(|(key, value)| ((*key).into(), (*value).into()));
    (name.to_owned(), parameters.collect())
}

fn config() -> Value {
    json!({
        "limits": [
            {"name": "requests", "requests": {"count": 10, "window_ms": 1500}},
            {"name": "tokens", "tokens": {"count": 6000, "burst": 9000}},
            {"name": "room", "in_flight": {"max": 9}},
        ],
        "cost": {"bytes_per_token": 1},
        "told": {"rate_limit": "answers", "x_rate_limit": "answers"},
    })
}

/// The headers of the answer to a request that costs 50 tokens.
fn told(config: &Value) -> BTreeMap<String, Option<String>> {
    let trial = Trial::chat(&chat_of(10, 40)).sharing(local_cells());
    let record = trial.answered("application/json", "{}").recorded(&control(config));
    record.answer.unwrap().forwarded().headers
}

#[test]
fn quotas_and_how_they_stand_are_structured_fields() {
    let told = told(&config());
    assert_eq!(
        list(told["ratelimit-policy"].as_ref().unwrap()),
        [
            member("requests", &[("q", "10"), ("w", "2")]),
            member("tokens", &[("q", "6000"), ("qu", "tokens"), ("w", "60")]),
        ],
    );
    assert_eq!(
        list(told["ratelimit"].as_ref().unwrap()),
        [
            member("requests", &[("r", "9"), ("t", "1")]),
            member("tokens", &[("r", "8950"), ("t", "1")]),
        ],
    );
}

#[test]
fn openai_s_headers_are_told_if_wanted() {
    let told = told(&config());
    for (name, value) in [
        ("x-ratelimit-limit-requests", "10"),
        ("x-ratelimit-remaining-requests", "9"),
        ("x-ratelimit-reset-requests", "150ms"),
        ("x-ratelimit-limit-tokens", "6000"),
        ("x-ratelimit-remaining-tokens", "8950"),
        ("x-ratelimit-reset-tokens", "500ms"),
    ] {
        assert_eq!(told[name].as_deref(), Some(value), "{name}");
    }
}

#[test]
fn of_two_quotas_openai_s_headers_tell_the_tightest() {
    let mut config = config();
    config["limits"][2] = json!({"name": "day", "requests": {"count": 5, "window_ms": 86_400_000}});
    let told = told(&config);
    assert_eq!(told["x-ratelimit-limit-requests"].as_deref(), Some("5"));
    assert_eq!(told["x-ratelimit-remaining-requests"].as_deref(), Some("4"));
    assert_eq!(told["x-ratelimit-reset-requests"].as_deref(), Some("288m0s"));
}

#[test]
fn nothing_is_told_if_not_wanted_or_where_there_is_no_quota() {
    let mut silent = config();
    silent["told"] = json!({"rate_limit": "refusals"});
    assert_eq!(told(&silent), BTreeMap::new());
    assert_eq!(told(&json!({"limits": [{"name": "i", "in_flight": {"max": 1}}]})), BTreeMap::new());
}

#[test]
fn a_refusal_tells_it_as_well() {
    let mut config = config();
    config["limits"][0]["requests"] = json!({"count": 1, "window_ms": 10_000});
    let filter = control(&config);
    let chat = Trial::chat(&chat_of(10, 40)).sharing(local_cells());
    chat.through(&filter);
    let reply = chat.sent_at(filter_kit::Timestamp::from_nanos(1)).through(&filter).replied();
    assert_eq!(list(header(&reply, "ratelimit-policy").unwrap())[0].0, "requests");
    assert_eq!(
        list(header(&reply, "ratelimit").unwrap())[0],
        member("requests", &[("r", "0"), ("t", "10")]),
    );
    assert_eq!(header(&reply, "x-ratelimit-remaining-requests"), Some("0"));
}

#[test]
fn what_is_only_reported_is_not_told() {
    let mut config = config();
    config["limits"][1]["mode"] = json!("report_only");
    assert_eq!(list(told(&config)["ratelimit"].as_ref().unwrap()).len(), 1);
}
