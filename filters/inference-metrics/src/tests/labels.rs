//! As which model, version, class and operation a request is counted.

use super::*;
use filter_kit::Cells;
use std::collections::BTreeSet;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The labels that a request is counted with.
fn counted_as(record: &Record) -> Vec<String> {
    let found = record.notes.changes().iter().find_map(|change| match change {
        Change::Add(series, 1) => labels(series, &table::REQUESTS.metric),
        _ => None,
    });
    found.unwrap().iter().take(4).map(ToString::to_string).collect()
}

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
        (Some(b"else"), None, ["other", "none"]),
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
        (chat(), "demo"),
        (chat().cut_at_every(1), "demo"),
        (chat().with_trailers(), "demo"),
        (Trial::chat(&json!({"messages": [], "model": "what"})), "other"),
        (Trial::chat(&json!({"messages": []})), "none"),
        (post("/v1/chat/completions").body(r#"{"model":"what","model":"demo"}"#), "demo"),
        (form("/v1/audio/transcriptions"), "demo"),
        (form("/v1/images/edits").cut_at_every(1), "demo"),
        (post("/v1/chat/completions").body(r#"{"model":"demo"}]"#), "none"),
        (post("/v1/chat/completions").body("demo"), "none"),
    ] {
        assert_eq!(target(trial.clone(), "request"), [expected, "none"], "{trial:?}");
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
    let expected = [["none", "none"], ["other", "none"], ["other", "other"]];
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

/// So many groups have room.
fn room_for(groups: usize, models: usize) -> Value {
    let models: Vec<Value> = (0..models).map(|n| json!({"name": n.to_string()})).collect();
    let series = crate::family::Group::most_series() * (groups + 1);
    json!({"models": models, "model_from": "request", "max_series": series})
}

/// The model as which a request for it is counted, and whether it was folded.
fn sent(filter: &Rc<InferenceMetrics>, model: usize, cells: Cells) -> (Vec<String>, usize) {
    let chat = Trial::chat(&json!({"model": model.to_string(), "messages": []}));
    let record = chat.answered(JSON, "{}").sharing(cells).recorded(filter);
    (counted_as(&record), counted(&record.notes, "inference_metrics_folded_total"))
}

fn own(model: usize) -> (Vec<String>, usize) {
    ([&model.to_string(), "none", "default", "chat_completions"].map(str::to_owned).to_vec(), 0)
}

fn folded() -> (Vec<String>, usize) {
    (vec!["other".to_owned(); 4], 1)
}

#[test]
fn workers_together_have_no_more_groups_than_there_is_room_for() {
    let cells = local_cells();
    let workers = [(); 3].map(|()| metrics(room_for(2, 9)));
    let [one, two, three] = &workers;
    assert_eq!(sent(one, 0, cells), own(0));
    assert_eq!(sent(two, 1, cells), own(1));
    assert_eq!(sent(three, 2, cells), folded());
    for worker in &workers {
        assert_eq!(sent(worker, 2, cells), folded());
        assert_eq!(sent(worker, 0, cells), own(0), "what has a place keeps it");
        assert_eq!(sent(worker, 1, cells), own(1));
    }
}

#[test]
fn what_is_folded_is_counted_each_time() {
    let (cells, filter) = (local_cells(), metrics(room_for(1, 3)));
    assert_eq!(sent(&filter, 0, cells), own(0));
    for _ in 0..3 {
        assert_eq!(sent(&filter, 1, cells), folded());
    }
}

#[test]
fn a_new_configuration_has_no_more_room_than_is_left() {
    let cells = local_cells();
    let before = metrics(room_for(2, 9));
    assert_eq!(sent(&before, 0, cells), own(0));
    assert_eq!(sent(&before, 1, cells), own(1));
    let after = metrics(room_for(2, 9));
    assert_eq!(sent(&after, 2, cells), folded());
    assert_eq!(sent(&after, 1, cells), own(1));
}

#[test]
fn without_shared_state_everything_is_folded_and_nothing_fails() {
    let filter = metrics(room_for(2, 9));
    assert_eq!(sent(&filter, 0, Cells::default()), folded());
}

#[test]
fn as_many_series_as_a_group_may_have_are_what_max_series_reckons_with() {
    assert_eq!(crate::family::Group::most_series(), 71, "the description of `max_series` says so");
}

#[test]
fn refusals_by_more_rules_than_there_can_be_are_counted_together() {
    let filter = metrics(models());
    let cells = local_cells();
    let refused = |rule: usize| {
        let reason = format!("filter;{rule}");
        let known = Told { details: Some(reason.clone().into()), ..Told::default() };
        let trial = chat().answered(JSON, "{}").answer_header(":status", "403");
        let trial = trial.answer_header("x-inference-rejected", &reason).known(known);
        let record = trial.sharing(cells).recorded(&filter);
        let own = format!("inference_refused_total_filter=.=filter;_rule=.={rule};");
        let other = "inference_refused_total_filter=.=other;_rule=.=other;";
        [counted(&record.notes, &own), counted(&record.notes, other)]
    };
    for rule in 0..256 {
        assert_eq!(refused(rule), [1, 0], "{rule}");
    }
    assert_eq!(refused(256), [0, 1]);
    assert_eq!(refused(0), [1, 0]);
}
