//! Questions that no server is asked.

use super::*;
use filter_kit::ReplyKind;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn answering(answer: &Value) -> Rc<ModelRouter> {
    router(json!({
        "answer": answer,
        "models": [
            {"name": "demo", "aliases": [{"name": "prod"}], "versions": [
                {"name": "v1", "cluster": "demo-v1", "weight": 100},
                {"name": "v2", "cluster": "demo-v2"},
            ], "metadata": {
                "platform": "onnxruntime_onnx",
                "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}],
            }},
            {"name": "sql", "base": "demo"},
            {"name": "iris", "versions": [{"name": "3", "cluster": "iris"}]},
        ],
        "tenants": {"list": [{"name": "acme", "models": ["demo@v1"]}, {"name": "ops"}]},
    }))
}

fn get(path: &str, tenant: &str) -> Trial {
    Trial::of("GET", path).header("x-tenant-id", tenant)
}

fn answer(request: &Trial) -> Value {
    match request.through(&answering(&json!(["list_models", "model_metadata"]))) {
        Outcome::Replied(reply) => {
            assert_eq!((reply.status, reply.kind), (200, ReplyKind::Answer), "{}", reply.reason);
            serde_json::from_slice(&reply.body).unwrap()
        }
        Outcome::Forwarded(forwarded) => panic!("{forwarded:?}"),
    }
}

#[test]
fn the_list_has_what_the_caller_may_use() {
    let ids = |tenant: &str| -> Vec<String> {
        let list = answer(&get("/v1/models", tenant));
        assert_eq!(list["object"], "list");
        let ids = list["data"].as_array().unwrap().iter();
        ids.map(|card| card["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("ops"), ["demo", "prod", "sql", "iris"]);
    assert_eq!(ids("acme"), ["demo", "prod"]);
    let cards = answer(&get("/v1/models", "ops"))["data"].clone();
    assert_eq!(
        cards[2],
        json!({
            "id": "sql", "object": "model", "created": 0, "owned_by": "inference-gateway",
            "parent": "demo",
        })
    );
}

#[test]
fn metadata_is_that_of_the_configuration() {
    let expected = |versions: Value| {
        json!({
            "name": "demo", "versions": versions, "platform": "onnxruntime_onnx",
            "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}], "outputs": [],
        })
    };
    assert_eq!(answer(&get("/v2/models/demo", "ops")), expected(json!(["v1", "v2"])));
    assert_eq!(answer(&get("/v2/models/demo/versions/v1", "acme")), expected(json!(["v1"])));
}

#[test]
fn what_is_not_answered_goes_its_way() {
    let all = answering(&json!(["list_models", "model_metadata"]));
    let without_metadata = get("/v2/models/iris", "ops");
    assert_eq!(placement(without_metadata.through(&all)), placed("iris", "3", "iris"));
    let health = Trial::of("GET", "/v2/health/ready");
    assert_eq!(health.through(&all).forwarded(), Forwarded::default());
    let nothing = answering(&json!([]));
    assert_eq!(get("/v1/models", "").through(&nothing).forwarded(), Forwarded::default());
    let asked = get("/v2/models/demo", "ops").header("x-model-version", "v1");
    assert_eq!(placement(asked.through(&nothing)), placed("demo", "v1", "demo-v1"));
}

#[test]
fn who_is_not_known_is_told_nothing() {
    let all = answering(&json!(["list_models", "model_metadata"]));
    for path in ["/v1/models", "/v2/models/demo"] {
        assert_eq!(refused_by(get(path, "who").through(&all)), "model-router;unknown_tenant");
    }
    let absent = refused_by(get("/v2/models/absent", "ops").through(&all));
    assert_eq!(absent, "model-router;unknown_model");
    for path in ["/v2/models/iris", "/v2/models/demo/versions/v2"] {
        let forbidden = refused_by(get(path, "acme").through(&all));
        assert_eq!(forbidden, "model-router;forbidden_model", "{path}");
    }
}
