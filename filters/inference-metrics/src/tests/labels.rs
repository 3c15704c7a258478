//! As which model, version, class and operation a request is counted.

use super::*;
use std::collections::BTreeSet;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Model and version, with where they come from.
fn target(trial: Trial, model_from: &str) -> [String; 2] {
    let mut config = models();
    config["model_from"] = json!(model_from);
    let record = recorded(trial.answered(JSON, "{}"), config);
    let [model, version, _, _]: [String; 4] = counted_as(&record).try_into().unwrap();
    [model, version]
}

/// The router states these.
fn routed(trial: Trial, model: Option<&[u8]>, version: Option<&[u8]>) -> Trial {
    let fact = |name, value: Option<&[u8]>| value.map(|value| (name, value.to_vec()));
    let facts = [fact("inference.model", model), fact("inference.version", version)];
    trial.known(Told { facts: facts.into_iter().flatten().collect(), ..Told::default() })
}

fn post(path: &str) -> Trial {
    Trial::of("POST", path)
}

#[test]
fn the_router_says_the_model_and_the_version() {
    for (model, version, expected) in [
        (Some(&b"demo"[..]), Some(&b"v1"[..]), ["demo", "v1"]),
        (Some(b"demo"), None, ["demo", "none"]),
        (Some(b"demo"), Some(b"v9"), ["demo", "other"]),
        (Some(b"else"), Some(b"v1"), ["other", "other"]),
        (Some(b"else"), None, ["other", "other"]),
        (Some(b"\xff"), None, ["none", "none"]),
        (Some(b""), None, ["none", "none"]),
        (None, None, ["none", "none"]),
    ] {
        let found = target(routed(chat(), model, version), "router");
        assert_eq!(found, expected, "{model:?} {version:?}");
    }
}

#[test]
fn the_path_counts_where_no_router_says_anything() {
    let infer = || post("/v2/models/demo/versions/v1/infer");
    for model_from in ["router", "headers", "request"] {
        assert_eq!(target(infer(), model_from), ["demo", "v1"], "{model_from}");
    }
    let routed = routed(infer(), Some(b"demo"), Some(b"v2"));
    assert_eq!(target(routed.clone(), "router"), ["demo", "v2"]);
    assert_eq!(target(routed, "request"), ["demo", "v1"], "no router is there");
}

#[test]
fn a_router_that_says_no_version_is_not_given_that_of_the_path() {
    let infer = post("/v2/models/demo/versions/v1/infer");
    assert_eq!(target(routed(infer, Some(b"demo"), None), "router"), ["demo", "none"]);
}

#[test]
fn headers_say_it_where_that_is_wanted_and_nowhere_else() {
    let named = || chat().header("x-model-name", "demo").header("x-model-version", "v2");
    assert_eq!(target(named(), "headers"), ["demo", "v2"]);
    assert_eq!(target(named(), "router"), ["none", "none"]);
    assert_eq!(target(named(), "request"), ["demo", "none"]);
    let twice = named().header("x-model-name", "demo");
    assert_eq!(target(twice, "headers"), ["none", "none"]);
    assert_eq!(target(chat(), "headers"), ["none", "none"], "the body is not asked");
}

#[test]
fn the_body_says_it_where_no_router_is() {
    let form = "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\ndemo\r\n--b--\r\n";
    let form = |path: &str| {
        post(path).header("content-type", "multipart/form-data; boundary=b").body(form)
    };
    for (trial, expected) in [
        (chat(), ["demo", "none"]),
        (chat().cut_at_every(1), ["demo", "none"]),
        (chat().with_trailers(), ["demo", "none"]),
        (Trial::chat(&json!({"messages": [], "model": "what"})), ["other", "other"]),
        (Trial::chat(&json!({"messages": []})), ["none", "none"]),
        (post("/v1/chat/completions").body(r#"{"model":"what","model":"demo"}"#), ["demo", "none"]),
        (form("/v1/audio/transcriptions"), ["demo", "none"]),
        (form("/v1/images/edits").cut_at_every(1), ["demo", "none"]),
        (post("/v1/chat/completions").body(r#"{"model":"demo"}]"#), ["none", "none"]),
        (post("/v1/chat/completions").body("demo"), ["none", "none"]),
    ] {
        assert_eq!(target(trial.clone(), "request"), expected, "{trial:?}");
    }
}

#[test]
fn a_grpc_message_says_model_and_version() {
    let infer = |message: &[u8]| Trial::grpc("/inference.GRPCInferenceService/ModelInfer", message);
    assert_eq!(target(infer(b"\x0a\x04demo"), "request"), ["demo", "none"]);
    assert_eq!(target(infer(b"\x0a\x04demo\x12\x02v2").cut_at_every(1), "request"), ["demo", "v2"]);
    assert_eq!(target(infer(b""), "request"), ["none", "none"]);
}

#[test]
fn what_a_request_says_makes_no_series() {
    let filter = metrics(models());
    let cells = local_cells();
    let mut seen = BTreeSet::new();
    let long = "x".repeat(5000);
    let hostile = ["other", "none", "demo;_version=.=v1;", "a\nb", "Demo", " demo", &long, "\u{0}"];
    for (position, name) in hostile.iter().enumerate() {
        let body = json!({"model": name, "messages": []});
        let unheard = format!("/v2/models/m{position}/versions/{position}/infer");
        for trial in [Trial::chat(&body), post(&unheard), post(&format!("/{position}"))] {
            let trial = trial.header("x-model-name", *name).header("x-inference-rejected", *name);
            let record = trial.answered(JSON, r#"{"choices":[{"finish_reason":"x;y"}]}"#);
            let record = record.answer_header("x-inference-rejected", name).sharing(cells);
            for change in record.recorded(&filter).notes.changes() {
                if let Change::Add(series, _) = change
                    && let Some(labels) = labels(series, &table::REQUESTS.metric)
                {
                    seen.insert(labels.iter().take(2).map(ToString::to_string).collect::<Vec<_>>());
                }
            }
        }
    }
    let expected = [["none", "none"], ["other", "other"]];
    assert_eq!(seen, expected.map(|names| names.map(str::to_owned).to_vec()).into());
}

#[test]
fn finish_reasons_that_nobody_knows_are_other() {
    for (reason, expected) in [("stop", "stop"), ("end_turn", "end_turn"), ("STOP", "other")] {
        let answer = json!({"choices": [{"finish_reason": reason}]}).to_string();
        let record = recorded(chat().answered(JSON, answer), models());
        assert_eq!(added(&record, &table::FINISH_REASONS), [(expected, 1)]);
        assert_eq!(fact(&record, "inference.finish_reason"), Some(expected));
    }
}

#[test]
fn the_first_rule_that_fits_says_the_class() {
    let rules = json!([
        {"class": "both", "header": {"name": "X-Kind", "value": "batch"}, "tenants": ["acme"]},
        {"class": "batch", "header": {"name": "x-kind", "value": "batch"}},
        {"class": "acme", "tenants": ["acme", "Bearer k"]},
        {"class": "batch", "tenants": ["late"]},
    ]);
    let class = |headers: &[(&str, &str)], tenant: &str| {
        let trial = headers.iter().fold(chat(), |trial, (name, value)| trial.header(name, *value));
        let mut config = models();
        config["class_rules"] = rules.clone();
        config["tenant"] = json!({"header": tenant});
        config["default_class"] = json!("rest");
        let record = recorded(trial.answered(JSON, "{}"), config);
        let class = counted_as(&record).swap_remove(2);
        let started = "inference_requests_started_total";
        let started = format!("{started}_class=.={class};_operation=.=chat_completions;");
        assert_eq!(counted(&record.notes, &started), 1);
        assert_eq!(fact(&record, "inference.class"), Some(&*class));
        class
    };
    for (headers, expected) in [
        (&[][..], "rest"),
        (&[("x-kind", "batch")], "batch"),
        (&[("x-kind", "Batch")], "rest"),
        (&[("x-kind", "batch"), ("x-kind", "batch")], "rest"),
        (&[("x-kind", "batch"), ("x-tenant", "acme")], "both"),
        (&[("x-tenant", " acme ")], "acme"),
        (&[("x-tenant", "late")], "batch"),
        (&[("x-tenant", "acme"), ("x-tenant", "acme")], "rest"),
        (&[("x-tenant", "")], "rest"),
    ] {
        assert_eq!(class(headers, "x-tenant"), expected, "{headers:?}");
    }
    assert_eq!(class(&[("authorization", "bearer  k")], "authorization"), "acme");
}

#[test]
fn operations_are_told_apart_and_what_is_no_work_is_not_measured() {
    let grpc = |path: &str| post(path).header("content-type", "application/grpc");
    for (trial, expected) in [
        (post("/v1/chat/completions"), Some("chat_completions")),
        (post("/v1/embeddings"), Some("embeddings")),
        (post("/v1/messages"), Some("messages")),
        (post("/v2/models/m/infer"), Some("infer")),
        (post("/v1/models/m:predict"), Some("predict")),
        (grpc("/my.Service/Method"), Some("other")),
        // Some servers take it for gRPC though it does not say so.
        (post("/inference.GRPCInferenceService/ModelInfer"), Some("infer")),
        (post("/somewhere"), Some("other")),
        (post("no path"), Some("other")),
        (post("/invocations"), Some("admin")),
        (Trial::of("GET", "/somewhere"), None),
        (Trial::of("GET", "/v1/models"), None),
        (Trial::of("GET", "/health"), None),
        (Trial::of("GET", "no path"), None),
        (grpc("/grpc.health.v1.Health/Check"), None),
    ] {
        let answered = trial.clone().answered(JSON, "{}").sharing(local_cells());
        let record = answered.recorded(&metrics(models()));
        let operation = fact(&record, "inference.operation");
        assert_eq!(operation, expected, "{trial:?}");
        assert_eq!(record.notes.changes().is_empty(), expected.is_none(), "{trial:?}");
        if expected.is_none() {
            let everything = metrics(json!({"applies_to": "all"}));
            outcome(&answered.recorded(&everything));
        }
    }
}
