use http::StatusCode;
use serde_json::{Value, json};

use crate::caller::{Answer, get, post, post_bytes, serve};

const INFER: &str = "/v2/models/demo/infer";

fn request(shape: Value, data: Value) -> Value {
    let input = json!({ "name": "features", "datatype": "FP32", "shape": shape, "data": data });
    json!({ "id": "42", "inputs": [input] })
}

async fn ask(path: &str, request: &Value) -> Answer {
    post(&serve().await, path, request).await
}

async fn refusal(request: Value) -> String {
    let answer = ask(INFER, &request).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    answer.json()["error"].as_str().expect("a sentence").to_owned()
}

#[tokio::test]
async fn nested_and_flat_data_are_the_same_tensor() {
    let nested = request(json!([2, 4]), json!([[0.9, 0.8, 0.1, 0.1], [0.1, 0.2, 0.9, 0.9]]));
    let flat = request(json!([2, 4]), json!([0.9, 0.8, 0.1, 0.1, 0.1, 0.2, 0.9, 0.9]));
    let (nested, flat) = (ask(INFER, &nested).await.ok(), ask(INFER, &flat).await.ok());
    assert_eq!(nested["outputs"], flat["outputs"]);
    let data = &nested["outputs"][0]["data"];
    assert!(data[0].as_f64() > Some(0.9) && data[1].as_f64() < Some(0.1), "{data}");
}

#[tokio::test]
async fn the_answer_has_the_protocols_fields() {
    let mut answer = ask(INFER, &request(json!([1, 4]), json!([0, 0, 0, 0]))).await.ok();
    answer["outputs"][0]["data"] = json!("a number");
    assert_eq!(
        answer,
        json!({
            "model_name": "demo",
            "model_version": "v1",
            "id": "42",
            "outputs": [
                { "name": "probability", "datatype": "FP32", "shape": [1], "data": "a number" }
            ],
        })
    );
}

#[tokio::test]
async fn a_request_without_an_id_is_answered_without_one() {
    let mut request = request(json!([1, 4]), json!([0, 0, 0, 0]));
    request.as_object_mut().expect("an object").remove("id");
    assert_eq!(ask(INFER, &request).await.ok().get("id"), None);
}

#[tokio::test]
async fn the_version_may_stand_in_the_path() {
    let request = request(json!([1, 4]), json!([0, 0, 0, 0]));
    ask("/v2/models/demo/versions/v1/infer", &request).await.ok();
    let unknown = ask("/v2/models/demo/versions/v7/infer", &request).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn another_model_is_not_found() {
    let answer = ask("/v2/models/other/infer", &request(json!([1, 4]), json!([0, 0, 0, 0]))).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(
        answer.json(),
        json!({ "error": "The model `other` does not exist here; this server has `demo`" })
    );
}

#[tokio::test]
async fn refuses_a_shape_that_does_not_match_its_data() {
    assert_eq!(
        refusal(request(json!([2, 4]), json!([1, 2, 3, 4]))).await,
        "inputs[0].data: shape [2, 4] holds 8 elements, there are 4"
    );
}

#[tokio::test]
async fn refuses_another_count_of_features() {
    assert_eq!(
        refusal(request(json!([1, 3]), json!([1, 2, 3]))).await,
        "inputs[0].shape: must be [N, 4], is [1, 3]"
    );
}

#[tokio::test]
async fn refuses_numbers_beyond_the_datatype() {
    assert_eq!(
        refusal(request(json!([1, 4]), json!([1, 2, 3, 1e300]))).await,
        "inputs[0].data[0][3]: must be a finite number, is inf"
    );
}

#[tokio::test]
async fn refuses_data_that_are_no_numbers() {
    for data in [json!([1, 2, 3, "4"]), json!([1, 2, 3, null]), json!({}), json!([[true]])] {
        assert_eq!(
            refusal(request(json!([1, 4]), data)).await,
            "inputs[0].data: must hold numbers only"
        );
    }
}

#[tokio::test]
async fn says_where_in_the_json_a_field_has_the_wrong_type() {
    let problem = refusal(request(json!([1, -4]), json!([]))).await;
    assert!(problem.starts_with("inputs[0].shape[1]: invalid value"), "{problem}");
}

#[tokio::test]
async fn refuses_a_body_that_is_no_json() {
    let server = serve().await;
    for body in ["", "{", "[]", "{} {}", "\u{feff}{}"] {
        let answer = post_bytes(&server, INFER, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body:?}");
        assert!(answer.json()["error"].is_string(), "{body:?}");
    }
}

#[tokio::test]
async fn refuses_an_output_that_the_model_does_not_have() {
    let mut request = request(json!([1, 4]), json!([0, 0, 0, 0]));
    request["outputs"] = json!([{ "name": "logits" }]);
    assert!(refusal(request).await.starts_with("outputs[0].name: "));
}

#[tokio::test]
async fn metadata_tells_what_the_model_takes_and_gives() {
    let server = serve().await;
    for path in ["/v2/models/demo", "/v2/models/demo/versions/v1"] {
        assert_eq!(
            get(&server, path).await.ok(),
            json!({
                "name": "demo",
                "versions": ["v1"],
                "platform": "rust_smartcore",
                "inputs": [{ "name": "features", "datatype": "FP32", "shape": [-1, 4] }],
                "outputs": [{ "name": "probability", "datatype": "FP32", "shape": [-1] }],
            })
        );
    }
    assert_eq!(get(&server, "/v2/models/other").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn is_live_and_ready() {
    let server = serve().await;
    assert_eq!(get(&server, "/v2/health/live").await.ok(), json!({ "live": true }));
    assert_eq!(get(&server, "/v2/health/ready").await.ok()["live"], true);
    assert_eq!(
        get(&server, "/v2/models/demo/ready").await.ok(),
        json!({ "name": "demo", "ready": true })
    );
    assert_eq!(get(&server, "/v2").await.ok()["name"], "model-server");
    assert_eq!(
        get(&server, "/v2/models/demo/versions/9/ready").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn every_answer_names_the_replica() {
    let server = serve().await;
    for path in ["/v2", "/v2/models/other", "/nowhere"] {
        let answer = get(&server, path).await;
        assert_eq!(answer.header("x-served-by"), server.replica_name(), "{path}");
        assert_eq!(answer.header("x-served-version"), "v1", "{path}");
    }
}

#[tokio::test]
async fn nothing_is_served_elsewhere() {
    let answer = get(&serve().await, "/v3/models").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.json(), json!({ "error": "Nothing is served at /v3/models" }));
}
