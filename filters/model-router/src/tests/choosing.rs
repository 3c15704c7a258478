//! Which version a request gets: by name, by rule, by weight, in place of another.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn with_rules() -> Rc<ModelRouter> {
    router(json!({
        "models": [{
            "name": "demo",
            "versions": [
                {"name": "v1", "cluster": "demo-v1", "weight": 100},
                {"name": "v2", "cluster": "demo-v2", "clusters": [
                    {"when": [{"protocol": "grpc"}], "cluster": "demo-v2-grpc"},
                    {"when": [{"header": {"name": "x-region", "one_of": ["eu"]}}],
                     "cluster": "demo-v2-eu"},
                ]},
                {"name": "v3", "cluster": "demo-v3"},
            ],
            "labels": {"latest": "v3", "stable": "v1"},
            "rules": [
                {"name": "trial", "when": [{"header": {"name": "x-beta"}}], "version": "v3",
                 "mode": "report_only"},
                {"name": "beta", "when": [{"header": {"name": "x-beta"}}], "version": "v2"},
                {"name": "prompt-8", "when": [{"prompt_version": ["8"]}], "version": "latest"},
                {"name": "cohort", "when": [{"cookie": {"name": "cohort", "one_of": ["b"]}}],
                 "version": "v2"},
                {"name": "office", "when": [{"source": ["10.0.0.0/8"]}], "version": "v2"},
                {"name": "path", "when": [{"path_prefix": "/v1/completions"}], "version": "v2"},
            ],
            "retired": {"v0": "v00", "v00": "stable"},
            "unknown_version": {"use": "stable"},
        }],
    }))
}

fn chat() -> Trial {
    Trial::chat(&json!({"model": "demo"}))
}

fn chosen(request: &Trial) -> (String, String, String) {
    let (outcome, notes) = request.noting(&with_rules());
    let headers = placement(outcome);
    let fact = |name| notes.facts().iter().rev().find(|fact| fact.name == name);
    let rule = fact("inference.rule").map(|fact| fact.value.clone()).unwrap();
    let header = |name: &str| headers[name].clone().unwrap();
    (header("x-model-version"), header("x-model-cluster"), rule)
}

#[test]
fn rules_go_before_weights_and_names_before_rules() {
    for (request, version, cluster, rule) in [
        (chat(), "v1", "demo-v1", "weight"),
        (chat().header("x-session-id", "7"), "v1", "demo-v1", "sticky"),
        (chat().header("x-beta", "1"), "v2", "demo-v2", "rule:beta"),
        (chat().header("x-prompt-version", "8"), "v3", "demo-v3", "rule:prompt-8"),
        (chat().header("x-prompt-version", "9"), "v1", "demo-v1", "weight"),
        (chat().header("cookie", "cohort=b"), "v2", "demo-v2", "rule:cohort"),
        (chat().from([10, 0, 0, 9]), "v2", "demo-v2", "rule:office"),
        (chat().from([11, 0, 0, 9]), "v1", "demo-v1", "weight"),
        (
            Trial::of("POST", "/v1/completions").body(r#"{"model":"demo"}"#),
            "v2",
            "demo-v2",
            "rule:path",
        ),
        (chat().header("x-beta", "1").header("x-model-version", "v1"), "v1", "demo-v1", "named"),
        (chat().header("x-model-version", "latest"), "v3", "demo-v3", "named"),
    ] {
        let got = chosen(&request);
        assert_eq!((got.0.as_str(), got.1.as_str(), got.2.as_str()), (version, cluster, rule));
    }
}

#[test]
fn a_version_has_clusters_by_protocol_and_by_region() {
    let infer = Trial::grpc("/inference.GRPCInferenceService/ModelInfer", b"\x0a\x07demo@v2");
    assert_eq!(chosen(&infer).1, "demo-v2-grpc");
    let europe = chat().header("x-beta", "1").header("x-region", "eu");
    assert_eq!(chosen(&europe).1, "demo-v2-eu");
    assert_eq!(chosen(&chat().header("x-beta", "1").header("x-region", "us")).1, "demo-v2");
}

#[test]
fn a_reported_rule_is_counted_and_not_obeyed() {
    let (_, notes) = chat().header("x-beta", "1").noting(&with_rules());
    let matches = |rule: &str, mode: &str| {
        format!("inference_router_rule_matches_total_model=.=demo;_rule=.={rule};_mode=.={mode};")
    };
    assert_eq!(counted(&notes, &matches("trial", "report_only")), 1);
    assert_eq!(counted(&notes, &matches("beta", "enforce")), 1);
    let fact = notes.facts().iter().find(|fact| fact.name == "inference.reported_rule");
    assert_eq!(fact.map(|fact| fact.value.as_str()), Some("trial"));
    let text = &notes.logs()[0].text;
    assert_eq!(text, "demo: rule trial would choose version v3");
}

#[test]
fn a_retired_or_absent_version_falls_back() {
    for name in ["demo@v0", "demo@v00", "demo@never"] {
        let got = chosen(&Trial::chat(&json!({"model": name})));
        assert_eq!((got.0.as_str(), got.2.as_str()), ("v1", "fallback"), "{name}");
    }
}

#[test]
fn one_thing_may_have_several_names() {
    // A version and its label, a name and its alias: no contradiction.
    let router = with_rules();
    let chat = |model: &str, version: &str| {
        Trial::chat(&json!({"model": model})).header("x-model-version", version)
    };
    let expected = placed("demo", "v3", "demo-v3");
    assert_eq!(placement(chat("demo@latest", "v3").through(&router)), expected);
    assert_eq!(placement(chat("demo@v3", "latest").through(&router)), expected);
    let refused = refused_by(chat("demo@latest", "stable").through(&router));
    assert_eq!(refused, "model-router;contradiction");
}

#[test]
fn query_parameters_name_a_model_where_they_may() {
    let with_query = router(json!({"query": {"model": "m", "version": "ver"}}));
    let completions = |query: &str| Trial::of("POST", &format!("/v1/completions{query}"));
    let asked = completions("?a=b&m=demo&ver=v2").body("{}");
    assert_eq!(placement(asked.through(&with_query)), placed("demo", "v2", "demo-v2"));
    let other = completions("?m=demo").body(r#"{"model": "iris"}"#);
    assert_eq!(refused_by(other.through(&with_query)), "model-router;contradiction");
    for bad in ["?m=demo&m=iris", "?m=%zz"] {
        let refused = refused_by(completions(bad).body("{}").through(&with_query));
        assert_eq!(refused, "model-router;bad_query", "{bad}");
    }
    assert_eq!(refused_by(asked.through(&router(json!({})))), "model-router;no_model");
}

#[test]
fn an_alias_may_stand_for_a_version() {
    let router = router(json!({"models": [{
        "name": "demo",
        "aliases": [{"name": "prod"}, {"name": "next", "version": "v2"}],
        "versions": [
            {"name": "v1", "cluster": "demo-v1", "weight": 100}, {"name": "v2", "cluster": "demo-v2"},
        ],
    }]}));
    let chat = |model: &str| Trial::chat(&json!({"model": model}));
    assert_eq!(placement(chat("next").through(&router)), placed("demo", "v2", "demo-v2"));
    assert_eq!(placement(chat("prod").through(&router)), placed("demo", "v1", "demo-v1"));
    let both = chat("next").header("x-model-name", "prod");
    assert_eq!(placement(both.through(&router)), placed("demo", "v2", "demo-v2"));
    let against = chat("next@v1");
    assert_eq!(refused_by(against.through(&router)), "model-router;contradiction");
}

#[test]
fn a_shadow_is_named_for_the_others_and_not_for_itself() {
    let router = router(json!({"models": [{
        "name": "demo",
        "shadow": "v2",
        "versions": [
            {"name": "v1", "cluster": "demo-v1", "weight": 100},
            {"name": "v2", "cluster": "demo-v2", "clusters": [
                {"when": [{"protocol": "grpc"}], "cluster": "demo-v2-grpc"},
            ]},
        ],
    }]}));
    let shadow = |request: Trial| {
        let (outcome, notes) = request.noting(&router);
        let mirrored = "inference_router_shadowed_total_model=.=demo;_version=.=v2;";
        (placement(outcome).get("x-model-shadow").cloned(), counted(&notes, mirrored))
    };
    let chat = |model: &str| Trial::chat(&json!({"model": model}));
    assert_eq!(shadow(chat("demo")), (Some(Some("demo-v2".to_owned())), 1));
    assert_eq!(shadow(chat("demo@v2")), (None, 0));
    assert_eq!(shadow(chat("demo@v2").header("x-model-shadow", "evil")), (Some(None), 0));
    let predict = Trial::grpc("/prediction.PredictionService/Predict", b"\x12\x04demo");
    assert_eq!(shadow(predict), (Some(Some("demo-v2-grpc".to_owned())), 1));
}

#[test]
fn an_adapter_runs_on_its_bases_versions() {
    let router = router(json!({"models": [
        {"name": "sql", "base": "llama"},
        {"name": "llama", "labels": {"stable": "v1"}, "versions": [
            {"name": "v1", "cluster": "llama-v1", "weight": 50},
            {"name": "v2", "cluster": "llama-v2", "weight": 50},
        ]},
    ]}));
    let version = |model: &str, session: u32| {
        let chat = Trial::chat(&json!({"model": model}));
        let mut edits =
            placement(chat.header("x-session-id", format!("s{session}")).through(&router));
        assert_eq!(edits.remove("x-model-name").flatten().as_deref(), Some(model));
        edits
    };
    for session in 0..50 {
        assert_eq!(version("sql", session), version("llama", session), "the same split");
    }
    let stable = Trial::chat(&json!({"model": "sql@stable"}));
    assert_eq!(placement(stable.through(&router)), placed("sql", "v1", "llama-v1"));
}
