use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const KEY: &str = "Bearer sk-very-secret-12345";

/// One request a minute for each tenant.
fn each(tenant: Value) -> Value {
    json!({
        "tenant": tenant,
        "limits": [
            {"name": "each", "per": ["tenant"], "requests": {"count": 1}},
            {"name": "room", "per": ["tenant"], "in_flight": {"max": 9}, "mode": "report_only"},
            {"name": "budget", "per": ["tenant"], "tokens": {"count": 100_000}},
        ],
    })
}

fn by_authorization() -> Value {
    each(json!({
        "header": "Authorization",
        "hash_secret": "s",
        "forward_hash_as": "X-Tenant-Hash",
    }))
}

fn chat() -> Trial {
    Trial::chat(&chat_of(4, 4)).sharing(local_cells()).answered("application/json", "{}")
}

fn hash_of(trial: &Trial, config: Value) -> Option<Option<String>> {
    let mut forwarded = trial.through(&control(&config)).forwarded();
    forwarded.headers.remove("x-tenant-hash")
}

#[test]
fn each_tenant_has_a_limit_of_its_own() {
    let filter = control(&by_authorization());
    let cells = local_cells();
    let of = |key: &str| chat().sharing(cells).header("authorization", key).through(&filter);
    assert_eq!(rule_of(&of("a")), None);
    assert_eq!(rule_of(&of("b")), None);
    assert_eq!(rule_of(&of("a")), Some("request_quota"));
    assert_eq!(rule_of(&of(" a ")), Some("request_quota"), "space around it is no other tenant");
}

#[test]
fn those_who_name_none_share_one_or_are_refused() {
    let shared = control(&each(json!({"header": "x-tenant-id"})));
    let cells = local_cells();
    let of = |name: &str| chat().sharing(cells).header("x-tenant-id", name).through(&shared);
    assert_eq!(rule_of(&chat().sharing(cells).through(&shared)), None);
    assert_eq!(rule_of(&of("  ")), Some("request_quota"), "empty is none");
    assert_eq!(rule_of(&of("a")), None);

    let refusing = control(&each(json!({"header": "x-tenant-id", "on_missing": "refuse"})));
    for trial in [chat(), chat().header("x-tenant-id", "")] {
        let reply = trial.through(&refusing).replied();
        assert_eq!((reply.status, &*reply.reason), (401, "admission-control;tenant"));
        assert_eq!(header(&reply, "x-should-retry"), Some("false"));
    }
}

#[test]
fn a_tenant_that_is_named_twice_is_nobody() {
    for on_missing in ["share", "refuse"] {
        let filter = control(&each(json!({"header": "x-tenant-id", "on_missing": on_missing})));
        let trial = chat().header("x-tenant-id", "a").header("x-tenant-id", "b");
        assert_eq!(rule_of(&trial.through(&filter)), Some("tenant"));
    }
}

#[test]
fn the_hash_goes_on_and_never_the_key() {
    let trial = chat().header("authorization", KEY);
    let hash = hash_of(&trial, by_authorization()).unwrap().unwrap();
    assert_eq!(hash.len(), 32);
    assert!(!hash.contains("secret") && !hash.contains("12345"));
    let again = trial.sharing(local_cells());
    assert_eq!(hash_of(&again, by_authorization()), Some(Some(hash.clone())), "always the same");
    let other = chat().header("authorization", "other");
    assert_ne!(hash_of(&other, by_authorization()), Some(Some(hash)));
}

#[test]
fn the_hash_goes_on_however_the_request_is_decided() {
    let hash = |config: Value, trial: Trial| {
        hash_of(&trial.header("authorization", KEY), config).flatten().unwrap()
    };
    let mut by_authorization = by_authorization();
    by_authorization["on_unreadable"] = json!("estimate");
    let by_authorization = || by_authorization.clone();
    let expected = hash(by_authorization(), chat());
    for (what, trial) in [
        ("in pieces", chat().cut_at_every(3)),
        ("with trailers", chat().with_trailers()),
        ("compressed", chat().header("content-encoding", "gzip").header("content-length", "9")),
        ("without a body", Trial::of("POST", "/v1/chat/completions").sharing(local_cells())),
        ("not counted", Trial::of("GET", "/v1/models").sharing(local_cells())),
        ("without state", Trial::chat(&chat_of(4, 4))),
    ] {
        assert_eq!(hash(by_authorization(), trial), expected, "{what}");
    }
    let mut longer = by_authorization();
    longer["hold_up_to_bytes"] = json!(4);
    assert_eq!(hash(longer, chat().cut_at_every(3)), expected, "longer than is held");
}

#[test]
fn the_hash_goes_on_with_a_request_that_waits() {
    let mut config = by_authorization();
    config["limits"] = json!([
        {"name": "room", "in_flight": {"max": 1}},
        {"name": "budget", "tokens": {"count": 100_000}},
    ]);
    config["queue"] = json!({"max_requests": 5});
    config["load_reports"] = json!({"ask_for": "text"});
    let mut worker = Worker::new(&config, local_cells());
    let ask = Ask::chat(&json!({"messages": [], "stream": true})).header("authorization", KEY);
    worker.send(1, at(0), &ask);
    assert_eq!(worker.send(2, at(0), &ask), Stage::Waits);
    worker.answer(1, at(5));
    assert_eq!(worker.stage(2), Stage::Goes);
    let made = |ticket: u32| {
        let edits = &worker.passages[&ticket].edits;
        (edits[0].headers().to_vec(), edits[0].splices().len())
    };
    assert_eq!(made(2).0.len(), 2, "the hash, and that load reports are asked for");
    assert_eq!(made(2).1, 1, "the usage is asked for");
    assert!(worker.passages[&2].edits[1].is_empty(), "nothing more once it is woken");
}

#[test]
fn what_a_client_writes_as_its_hash_never_goes_on() {
    let forged = |trial: Trial| trial.header("x-tenant-hash", "forged");
    let share = by_authorization();
    let with_key = chat().header("authorization", KEY);
    assert_ne!(hash_of(&forged(with_key), share.clone()), Some(Some("forged".to_owned())));
    assert_eq!(hash_of(&forged(chat()), share.clone()), Some(None), "no tenant");
    let twice = Trial::of("GET", "/v1/models").header("authorization", "a");
    let twice = twice.header("authorization", "b").sharing(local_cells());
    assert_eq!(hash_of(&forged(twice), share.clone()), Some(None), "not counted, named twice");
    let mut drawn = share;
    drawn["tenant"]["hash_secret"] = Value::Null;
    let alone = Trial::chat(&chat_of(4, 4)).header("authorization", KEY);
    assert_eq!(hash_of(&forged(alone), drawn), Some(None), "the secret can't be had");
    assert_eq!(hash_of(&chat(), by_authorization()), None, "nothing to remove");
}

#[test]
fn all_workers_forward_the_same_hash() {
    let mut drawn = by_authorization();
    drawn["tenant"]["hash_secret"] = Value::Null;
    drawn["limits"] = json!([]);
    let cells = local_cells();
    let of = |chance, cells| {
        let trial = chat().sharing(cells).drawing(chance).header("authorization", KEY);
        hash_of(&trial, drawn.clone()).flatten().unwrap()
    };
    assert_eq!(of(1, cells), of(2, cells));
    assert_ne!(of(1, cells), of(2, local_cells()), "of another Envoy");
}

#[test]
fn a_key_is_never_in_what_is_told() {
    let filter = control(&by_authorization());
    let cells = local_cells();
    for _ in 0..2 {
        let record = chat().sharing(cells).header("authorization", KEY).recorded(&filter);
        let told = format!("{record:?}");
        assert!(!told.contains("sk-very") && !told.contains("12345"), "{told}");
    }
}
