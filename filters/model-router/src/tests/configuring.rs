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
    let request = Request::grpc("/team.Scorer/Score", message);
    assert_eq!(request.through(&router), placed("demo", "v2", "demo-v2"));
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
            "models[2].name: `demo` is here twice",
            "models[2].versions[0].name: must be visible ASCII characters without spaces",
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
