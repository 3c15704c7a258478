//! Configurations, and what is wrong with some.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn nothing_has_to_be_configured() {
    assert_eq!(problems(json!({})), [""; 0]);
}

#[test]
fn every_problem_is_told_with_its_path() {
    let config = json!({
        "access": {"only": ["v1"]},
        "hold_up_to_bytes": 0,
        "limits": {"max_json_depth": 200},
        "contracts": [
            {"version": "1"},
            {"model": "a", "tensors": {"inputs": [], "max_tensors": 0}},
            {"model": "a", "tensors": {"inputs": [
                {"name": "x", "shape": [-2, {"min": 3, "max": 2}], "minimum": 2, "maximum": 1},
                {"name": "x", "field": "1"},
            ]}},
            {"model": "b", "json_schema": {"type": "number", "minLenght": 1}},
            {"model": "c", "tensors": {"method": "x", "inputs": [{"name": "y"}]}},
            {"model": "d", "answers": {"on_violation": "replace"}},
        ],
        "patches": [{"name": "", "paths": []}],
    });
    let told = problems(config).join("\n");
    for problem in [
        "access.only[0]: must begin with a slash",
        "hold_up_to_bytes: is 0, which goes with \"beyond_hold\": \"stream\" only",
        "limits.max_json_depth: must be within 1 and 127",
        "contracts[0].version: needs a `model`",
        "contracts[1].tensors.inputs: is empty, must have at least one input",
        "contracts[1].tensors.max_tensors: is 0, must be at least 1",
        "contracts[2]: is for the same model and version as an earlier one",
        "contracts[2].tensors.inputs[0].shape[0]: is -2, must be a length, or -1 for any",
        "contracts[2].tensors.inputs[0].shape[1].min: is larger than `max`, which is 2",
        "contracts[2].tensors.inputs[0].minimum: is larger than `maximum`",
        "contracts[2].tensors.inputs[1].name: is the name of an earlier one as well",
        "contracts[2].tensors.inputs[1].field: goes with `method`",
        "contracts[3].json_schema/minLenght: ",
        "contracts[4].tensors.method: must be `/package.Service/Method`",
        "contracts[4].tensors.inputs[0]: has no `field`, which goes with `method`",
        "contracts[5].answers.on_violation: is \"replace\", which does not go with",
        "patches[0].name: is empty",
        "patches[0].paths: is empty",
    ] {
        assert!(told.contains(problem), "{problem}\nis not among\n{told}");
    }
}

#[test]
fn what_no_one_knows_is_a_problem() {
    let told = problems(json!({"rules": {"no_such": "enforce"}, "contract": []}));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|problem| problem.contains("no_such")), "{told:?}");
}

#[test]
fn the_contract_that_says_most_counts() {
    let shape = |model: Option<&str>, version: Option<&str>, length: u32| {
        json!({
            "model": model, "version": version,
            "tensors": {"inputs": [{"name": "x", "shape": [length]}]},
        })
    };
    let validator = validator(json!({"contracts": [
        shape(None, None, 1),
        shape(Some("iris"), Some("2"), 3),
        shape(Some("iris"), None, 2),
    ]}));
    for (model, version, length) in
        [("other", "2", 1), ("iris", "1", 2), ("iris", "2", 3), ("iris", "", 2)]
    {
        for given in 1..4 {
            let data = vec![0; given];
            let x = json!({"name": "x", "datatype": "INT32", "shape": [given], "data": data});
            let trial = infer(&json!({"inputs": [x]}))
                .header("x-model-name", model)
                .header("x-model-version", version);
            let expected = (given != length).then(|| "tensor_shape".to_owned());
            assert_eq!(refused_by(&trial, &validator), expected, "{model} {version} {given}");
        }
    }
}

#[test]
fn the_path_counts_where_headers_are_not_trusted() {
    let config = |headers: &str| {
        validator(json!({
            "model_headers": headers,
            "contracts": [{"model": "iris", "tensors": {"inputs": [{"name": "x"}]}}],
        }))
    };
    let trial = infer(&json!({"inputs": []})).header("x-model-name", "other");
    assert_eq!(refused_by(&trial, &config("trust")), None);
    assert_eq!(refused_by(&trial, &config("ignore")).as_deref(), Some("tensor_missing"));
}

#[test]
fn a_contract_on_trial_opens_no_administration() {
    let validator =
        with_contract(json!({"model": "iris", "mode": "report_only", "generative": {}}));
    let trace = Trial::of("POST", "/v2/models/iris/trace/setting").header("x-model-name", "iris");
    assert_eq!(refused_by(&trace.body("{}"), &validator).as_deref(), Some("access"));
}

#[test]
fn a_request_that_names_two_models_has_no_contract() {
    let validator = validator(json!({}));
    for header in ["x-model-name", "x-model-version"] {
        let trial = infer(&json!({"inputs": []})).header(header, "iris").header(header, "other");
        assert_eq!(refused_by(&trial, &validator).as_deref(), Some("malformed"), "{header}");
    }
}

#[test]
fn each_rule_can_be_enforced_reported_or_off() {
    let validator = |general: Value, contract: Value| {
        let mut config = json!({
            "generative": {"max_tokens": 1, "max_n": 1}, "model": "m",
        });
        config.as_object_mut().unwrap().extend(contract.as_object().unwrap().clone());
        validator(json!({"rules": general, "contracts": [config]}))
    };
    let trial = Trial::chat(&json!({
        "max_tokens": 2, "messages": [{"role": "user", "content": "x"}],
    }));
    let trial = trial.header("x-model-name", "m");
    let reported =
        "inference_validator_reported_total_model=.=m;_version=.=other;_rule=.=max_tokens;";
    for (general, contract, refused, count) in [
        (json!({}), json!({}), true, 0),
        (json!({}), json!({"mode": "report_only"}), false, 1),
        (json!({}), json!({"mode": "off"}), false, 0),
        (json!({"max_tokens": "report_only"}), json!({}), false, 1),
        (json!({"max_tokens": "off"}), json!({}), false, 0),
        (json!({"max_tokens": "off"}), json!({"rules": {"max_tokens": "enforce"}}), true, 0),
        (json!({}), json!({"mode": "report_only", "rules": {"max_tokens": "enforce"}}), true, 0),
    ] {
        let validator = validator(general.clone(), contract.clone());
        let (outcome, notes) = trial.noting(&validator);
        assert_eq!(matches!(outcome, Outcome::Replied(_)), refused, "{general} {contract}");
        assert_eq!(counted(&notes, reported), count, "{general} {contract}");
    }
}
