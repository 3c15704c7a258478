//! What an operator writes.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_methods_model_field_can_be_configured() {
    let router = router(json!({
        "grpc_methods": [{"path": "/team.Scorer/Score", "model_field": "3.1", "version_field": "4"}]
    }));
    let message = b"\x1a\x06\x0a\x04demo\x22\x02v2";
    let request = Trial::grpc("/team.Scorer/Score", message);
    assert_eq!(placement(request.through(&router)), placed("demo", "v2", "demo-v2"));
}

#[test]
fn every_problem_of_a_configuration_is_told_with_its_path() {
    let found = problems(json!({
        "models": [
            {"name": "a@b", "versions": []},
            {"name": "demo", "versions": [
                {"name": "v1", "cluster": "c", "weight": 80},
                {"name": "v1", "cluster": "", "weight": 10},
            ]},
            {"name": "demo", "versions": [{"name": "v 1", "cluster": "c"}]},
            {"name": "unweighted", "versions": [
                {"name": "v1", "cluster": "c"}, {"name": "v2", "cluster": "c"},
            ]},
        ],
        "default_model": "absent",
        "sticky_by": [{"header": "no spaces"}, {"cookie": ""}],
        "grpc_methods": [
            {"path": "Predict", "model_field": "2.x"},
            {"path": "/a.B/C", "model_field": "1", "version_field": "1.2"},
        ],
        "hold_up_to_bytes": 0,
    }));
    assert_eq!(
        found,
        [
            "models[0].name: contains an `@`, which stands between a name and a version",
            "models[0].versions: is empty, must name at least one version",
            "models[1].versions[1].name: `v1` is here twice",
            "models[1].versions[1].cluster: must be the name of an Envoy cluster",
            "models[1].versions: weights add up to 90, must be 100",
            "models[2].versions[0].name: must be visible ASCII characters without spaces",
            "models[2].name: `demo` is here twice",
            "models[3].versions: weights add up to 0, must be 100",
            "default_model: `absent` is not among the models",
            "sticky_by[0]: must be a header's or cookie's name",
            "sticky_by[1]: must be a header's or cookie's name",
            "grpc_methods[0].path: must be `/package.Service/Method`",
            "grpc_methods[0].model_field: `x` is not a field number; a field path looks like `1.2.1`",
            "grpc_methods[1].version_field: must not lead through `model_field`, nor that through this",
            "hold_up_to_bytes: is 0, must be at least 1",
        ]
    );
    assert_eq!(problems(json!({"models": []})), ["models: is empty, must name at least one model"]);
}

#[test]
fn names_that_lead_nowhere_are_told_with_their_path() {
    let version = json!([{"name": "v1", "cluster": "c"}]);
    let found = problems(json!({
        "models": [
            {
                "name": "demo",
                "aliases": [{"name": "a@b"}, {"name": "other"}, {"name": "c", "version": "v9"}],
                "versions": [{"name": "v1", "cluster": "c", "clusters": [
                    {"when": [], "cluster": "no spaces"},
                ]}],
                "labels": {"v1": "v1", "latest": "v9"},
                "retired": {"old": "older", "older": "old", "gone": "v8", "v1": "v1"},
                "unknown_version": {"use": "v7"},
                "shadow": "v6",
                "rules": [{"name": "a b", "when": [{"tenant": ["x"]}], "version": "v5"}],
            },
            {"name": "other", "versions": version},
            {"name": "adapter", "base": "absent"},
            {"name": "of-adapter", "base": "adapter"},
            {"name": "both", "base": "demo", "versions": version, "shadow": "v1"},
        ],
        "tenants": {"header": "no spaces", "list": [
            {"name": ""}, {"name": "t", "models": ["absent", "demo@v9"]}, {"name": "t"},
        ]},
        "prompt_version_header": "",
        "beyond_hold": {"cluster": ""},
        "take_all_for": "demo@v9",
    }));
    assert_eq!(
        found,
        [
            "models[0].labels.latest: there is no version `v9`",
            "models[0].labels.v1: `v1` is a version or label as well",
            "models[0].retired.gone: there is no version `v8`",
            "models[0].retired.old: leads in a circle",
            "models[0].retired.older: leads in a circle",
            "models[0].retired.v1: `v1` is a version or label as well",
            "models[0].unknown_version.use: there is no version `v7`",
            "models[0].shadow: there is no version `v6`",
            "models[0].rules[0].name: must be letters, digits, `-` and `_`",
            "models[0].rules[0].when[0].tenant: `x` is not among the tenants",
            "models[0].rules[0].version: there is no version `v5`",
            "models[0].versions[0].clusters[0].cluster: must be the name of an Envoy cluster",
            "models[0].versions[0].clusters[0].when: is empty, must hold at least one condition",
            "models[0].aliases[0].name: contains an `@`, which stands between a name and a version",
            "models[0].aliases[2].version: there is no `v9`",
            "models[1].name: `other` is here twice",
            "models[2].base: `absent` is not among the models",
            "models[3].base: `adapter` has a base itself",
            "models[4].versions: is the `base`'s, can't be here as well",
            "models[4].shadow: is the `base`'s, can't be here as well",
            "take_all_for: there is no `demo@v9`",
            "tenants.header: must be a header's name",
            "tenants.list[0].name: is empty",
            "tenants.list[1].models[0]: there is no `absent`",
            "tenants.list[1].models[1]: there is no `demo@v9`",
            "tenants.list[2].name: `t` is here twice",
            "prompt_version_header: must be a header's name",
            "beyond_hold.cluster: must be the name of an Envoy cluster",
        ]
    );
}
