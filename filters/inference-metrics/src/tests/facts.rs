//! What is stated of a request, and when.

use super::*;
use filter_kit::Secret;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What is stated, in order: before the exchange is over, and then.
fn stated(trial: Trial, config: Value) -> [Vec<(&'static str, String)>; 2] {
    let record = recorded(trial, config);
    let facts = record.notes.facts().iter().map(|fact| (fact.name, fact.value.clone()));
    let mut before: Vec<_> = facts.collect();
    let after = before.split_off(record.facts_before_end);
    [before, after]
}

fn named(facts: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let known = [
        "inference.operation",
        "inference.class",
        "inference.tenant",
        "inference.model",
        "inference.version",
        "inference.input_hash",
        "inference.ttft_ms",
        "inference.input_tokens",
        "inference.output_tokens",
        "inference.cost_microunits",
        "inference.finish_reason",
        "inference.outcome",
    ];
    let of = |name: &str| *known.iter().find(|known| **known == name).unwrap();
    facts.iter().map(|(name, value)| (of(name), (*value).to_owned())).collect()
}

fn priced() -> Value {
    json!({
        "models": [{"name": "demo", "price": {"output_token_microunits": 0.5}}],
        "model_from": "request",
    })
}

#[test]
fn all_that_a_good_stream_says_is_stated_when_it_ends() {
    let data = events(&[HI, STOP, USAGE, DONE]);
    let streamed = chat().answered(SSE, data);
    let expected = named(&[
        ("inference.operation", "chat_completions"),
        ("inference.class", "default"),
        ("inference.model", "demo"),
        // Should it break off.
        ("inference.outcome", "cut"),
        ("inference.ttft_ms", "0"),
        ("inference.input_tokens", "7"),
        ("inference.output_tokens", "3"),
        ("inference.cost_microunits", "1.5"),
        ("inference.finish_reason", "stop"),
        ("inference.outcome", "ok"),
    ]);
    for trial in [streamed.clone(), streamed.answer_trailer("x", "y")] {
        assert_eq!(stated(trial, priced()), [expected.clone(), Vec::new()]);
    }
}

#[test]
fn an_answer_that_is_only_headers_is_over_with_them() {
    for status in ["200", "204", "302"] {
        let trial = chat().answered(JSON, "").answer_header(":status", status);
        let [before, after] = stated(trial, priced());
        assert_eq!(before.last(), named(&[("inference.outcome", "ok")]).last(), "{status}");
        assert_eq!(after, []);
    }
}

/// What is stated of the outcome: before the exchange is over, and then.
fn outcomes(trial: Trial, config: Value) -> [Vec<String>; 2] {
    stated(trial, config).map(|facts| {
        let of = facts.into_iter().filter(|(name, _)| *name == "inference.outcome");
        of.map(|(_, outcome)| outcome).collect()
    })
}

#[test]
fn an_outcome_is_stated_when_it_can_be_told_and_again_if_it_was_another() {
    let flagged = |trial: Trial, bit: u32| {
        trial.known(Told { flags: Some(ResponseFlags(1 << bit)), ..Told::default() })
    };
    let (upstream_closed, client_closed) = (6, 14);
    let unread = || Trial::of("POST", "/v1/audio/speech").answered("audio/mpeg", "abc");
    let stream = || chat().answered(SSE, events(&[HI]));
    let failed = chat().answered(JSON, "{}").answer_header(":status", "503");
    let refused = failed.clone().answer_header("x-inference-rejected", "f;r");
    let details = Told { details: Some(b"f;r".to_vec()), ..Told::default() };
    let path = "/inference.GRPCInferenceService/ModelStreamInfer";
    let messages = Trial::grpc(path, b"").answered_by_grpc(&[b"abc"]);
    for (trial, before, after) in [
        (failed, &["upstream_error"][..], &[][..]),
        (refused.clone().known(details), &["refused"], &[]),
        (refused, &["refused"], &["upstream_error"]),
        (unread(), &["ok"], &[]),
        (flagged(unread(), upstream_closed), &["ok"], &["cut"]),
        (stream(), &["cut"], &[]),
        (stream().broken_off(), &["cut"], &[]),
        (flagged(stream().broken_off(), client_closed), &["cut"], &["client_left"]),
        (chat().answered(SSE, events(&[HI, DONE])), &["cut", "ok"], &[]),
        (messages.clone().answer_trailer("grpc-status", "0"), &["cut", "ok"], &[]),
        (messages.broken_off(), &["cut"], &[]),
        (chat().answered(JSON, "{}"), &["ok"], &[]),
        (flagged(chat().answered(JSON, "{").broken_off(), client_closed), &[], &["client_left"]),
        (flagged(chat(), client_closed), &[], &["client_left"]),
    ] {
        let expected = [before, after].map(|facts| facts.iter().map(ToString::to_string).collect());
        let expected: [Vec<String>; 2] = expected;
        assert_eq!(outcomes(trial.clone(), models()), expected, "{trial:?}");
    }
}

#[test]
fn the_first_token_is_stated_as_soon_as_it_came() {
    let [before, _] = stated(chat().answered(SSE, events(&[HI])).broken_off(), models());
    assert_eq!(before.last(), named(&[("inference.ttft_ms", "0")]).last());
}

#[test]
fn of_what_nobody_answered_its_model_is_stated_at_the_end() {
    let [_, after] = stated(chat(), models());
    let expected = [("inference.model", "demo"), ("inference.outcome", "upstream_error")];
    assert_eq!(after, named(&expected));
}

#[test]
fn a_fact_is_stated_again_only_if_it_is_another() {
    let good = chat().answered(SSE, events(&[HI, STOP, USAGE, DONE]));
    for trial in [
        good.clone(),
        good.clone().answer_trailer("x", "y"),
        good.clone().broken_off(),
        good.answer_header(":status", "500"),
        chat(),
    ] {
        let [mut all, after] = stated(trial.clone(), priced());
        all.extend(after);
        for (position, (name, value)) in all.iter().enumerate() {
            let later = all.iter().skip(position + 1).find(|(later, _)| later == name);
            assert_ne!(later.map(|(_, value)| value), Some(value), "{name}: {trial:?}");
        }
    }
}

#[test]
fn model_and_version_are_left_to_the_router_where_there_is_one() {
    let infer = || Trial::of("POST", "/v2/models/m/versions/2/infer").answered(JSON, "{}");
    let stated = |model_from: &str| {
        let models = json!([{"name": "m", "versions": ["2"]}]);
        let record = recorded(infer(), json!({"model_from": model_from, "models": models}));
        ["inference.model", "inference.version"].map(|name| fact(&record, name).map(str::to_owned))
    };
    assert_eq!(stated("router"), [None, None]);
    for model_from in ["headers", "request"] {
        assert_eq!(stated(model_from), [Some("m".to_owned()), Some("2".to_owned())]);
    }
}

#[test]
fn model_and_version_are_stated_as_they_are_counted_and_not_as_a_client_writes_them() {
    for (path, expected) in [
        ("/v2/models/demo/versions/v1/infer", [Some("demo"), Some("v1")]),
        ("/v2/models/demo/versions/secret/infer", [Some("demo"), Some("other")]),
        ("/v2/models/demo/infer", [Some("demo"), None]),
        ("/v2/models/secret/versions/v1/infer", [Some("other"), Some("other")]),
        ("/somewhere", [None, None]),
    ] {
        let record = recorded(Trial::of("POST", path).answered(JSON, "{}"), models());
        let stated = ["inference.model", "inference.version"].map(|name| fact(&record, name));
        assert_eq!(stated, expected, "{path}");
    }
}

#[test]
fn the_name_of_a_tenant_is_stated_up_to_256_bytes() {
    let mut config = models();
    config["tenant"] = json!({"header": "x-tenant", "stated_as": "name"});
    let stated = |name: &[u8]| {
        let record = recorded(chat().header("x-tenant", name), config.clone());
        fact(&record, "inference.tenant").map(str::to_owned)
    };
    assert_eq!(stated(&[b'a'; 256]), Some("a".repeat(256)));
    assert_eq!(stated(&[b'a'; 257]), Some("a".repeat(256)));
    // Each of them becomes three bytes.
    assert_eq!(stated(&[0xff; 256]), Some("\u{fffd}".repeat(85)));
}

#[test]
fn a_tenant_is_stated_as_it_is_wanted() {
    let tenant = |trial: Trial, stated_as: Value| {
        let mut config = models();
        config["tenant"] =
            json!({"header": "x-tenant", "stated_as": stated_as, "hash_secret": "secret"});
        let record = recorded(trial, config);
        fact(&record, "inference.tenant").map(str::to_owned)
    };
    let acme = || chat().header("x-tenant", " acme ");
    let hash = Secret::written("secret").tenant_hash(b"acme");
    assert_eq!(tenant(acme(), json!("nothing")), None);
    assert_eq!(tenant(acme(), json!("name")).as_deref(), Some("acme"));
    assert_eq!(tenant(acme(), json!("hash")), Some(hash));
    for stated_as in ["nothing", "name", "hash"] {
        assert_eq!(tenant(chat(), json!(stated_as)), None, "{stated_as}");
        let two = acme().header("x-tenant", "other");
        assert_eq!(tenant(two, json!(stated_as)), None, "{stated_as}");
    }
}

#[test]
fn all_workers_hash_tenants_with_the_secret_that_the_first_one_drew() {
    let config = json!({"tenant": {"header": "x-tenant", "stated_as": "hash"}});
    let cells = local_cells();
    let hash = |chance, cells| {
        let trial = chat().header("x-tenant", "acme").sharing(cells).drawing(chance);
        let record = trial.recorded(&metrics(config.clone()));
        fact(&record, "inference.tenant").map(str::to_owned)
    };
    let first = hash(1, cells);
    assert!(first.is_some());
    assert_eq!(hash(2, cells), first);
    assert_ne!(hash(2, local_cells()), first);
    assert_eq!(hash(1, filter_kit::Cells::default()), None, "no secret, no hash");
}

#[test]
fn the_hash_of_an_input_is_that_of_its_bytes_however_they_are_cut() {
    let body = br#"{"model":"demo","messages":[{"content":"Hello"}]}"#;
    let mut hasher = Secret::written("secret").hasher();
    hasher.write(body);
    let expected = hasher.text();
    let mut config = models();
    config["input_hash"] = json!({"secret": "secret"});
    for unread in [false, true] {
        config["read_requests"] = json!(!unread);
        let trial = Trial::of("POST", "/v1/chat/completions").body(body);
        for cut in 1..=body.len() {
            for trial in [trial.clone(), trial.clone().with_trailers()] {
                let record = recorded(trial.cut_at_every(cut).answered(JSON, "{}"), config.clone());
                let hash = fact(&record, "inference.input_hash");
                assert_eq!(hash, Some(&*expected), "{cut} {unread}");
            }
        }
    }
}

#[test]
fn another_secret_gives_another_hash_and_by_default_there_is_none() {
    let hash = |config: Value| {
        fact(&recorded(chat().answered(JSON, "{}"), config), "inference.input_hash")
            .map(str::to_owned)
    };
    let with = |secret: &str| hash(json!({"input_hash": {"secret": secret}}));
    assert!(with("a").is_some());
    assert_ne!(with("a"), with("b"));
    assert_eq!(hash(json!({})), None);
}

#[test]
fn nothing_is_stated_where_that_is_wanted() {
    let mut config = priced();
    config["facts"] = json!("nothing");
    config["tenant"] = json!({"header": "x-tenant", "stated_as": "name"});
    let good = chat().header("x-tenant", "a").answered(SSE, events(&[HI, STOP, USAGE, DONE]));
    let failed = good.clone().answer_header(":status", "500");
    for trial in [good, failed, chat()] {
        assert_eq!(stated(trial, config.clone()), [vec![], vec![]]);
    }
}
