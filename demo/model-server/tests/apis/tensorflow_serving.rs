use http::StatusCode;
use serde_json::{Value, json};

use crate::caller::{Answer, get, post, serve};

const PREDICT: &str = "/v1/models/demo:predict";

async fn ask(path: &str, request: Value) -> Answer {
    post(&serve().await, path, &request).await
}

async fn refusal(request: Value) -> String {
    let answer = ask(PREDICT, request).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    answer.json()["error"].as_str().expect("a sentence").to_owned()
}

fn rows() -> Value {
    json!([[0.9, 0.8, 0.1, 0.1], [0.1, 0.2, 0.9, 0.9]])
}

#[tokio::test]
async fn rows_are_answered_with_predictions() {
    let answer = ask(PREDICT, json!({ "instances": rows() })).await.ok();
    let predictions = &answer["predictions"];
    assert!(predictions[0].as_f64() > Some(0.9), "{answer}");
    assert!(predictions[1].as_f64() < Some(0.1), "{answer}");
}

#[tokio::test]
async fn all_forms_of_a_request_mean_the_same() {
    let named: Vec<Value> =
        rows().as_array().expect("a list").iter().map(|row| json!({ "features": row })).collect();
    let expected = ask(PREDICT, json!({ "instances": rows() })).await.ok()["predictions"].clone();
    let named_rows = ask(PREDICT, json!({ "instances": named })).await.ok();
    let columns = ask(PREDICT, json!({ "inputs": rows() })).await.ok();
    let named_columns = ask(PREDICT, json!({ "inputs": { "features": rows() } })).await.ok();
    assert_eq!(named_rows, json!({ "predictions": expected }));
    assert_eq!(columns, json!({ "outputs": expected }));
    assert_eq!(named_columns, json!({ "outputs": expected }));
}

#[tokio::test]
async fn the_version_may_be_a_number_or_a_label_in_the_path() {
    for path in ["/v1/models/demo/versions/1:predict", "/v1/models/demo/labels/v1:predict"] {
        ask(path, json!({ "instances": rows() })).await.ok();
    }
}

#[tokio::test]
async fn paths_know_no_case() {
    ask("/V1/Models/demo/VERSIONS/1:PREDICT", json!({ "instances": rows() })).await.ok();
}

#[tokio::test]
async fn another_model_or_version_is_not_found_and_another_label_not_recognised() {
    let cases = [
        ("/v1/models/other:predict", StatusCode::NOT_FOUND),
        ("/v1/models/DEMO:predict", StatusCode::NOT_FOUND),
        ("/v1/models/demo/versions/2:predict", StatusCode::NOT_FOUND),
        ("/v1/models/demo/labels/stable:predict", StatusCode::BAD_REQUEST),
    ];
    for (path, status) in cases {
        let answer = ask(path, json!({ "instances": rows() })).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.json()["error"].is_string(), "{path}");
    }
}

#[tokio::test]
async fn exactly_one_of_instances_and_inputs_must_be_given() {
    assert_eq!(refusal(json!({})).await, "Missing 'inputs' or 'instances' key");
    let both = json!({ "instances": rows(), "inputs": rows() });
    assert_eq!(refusal(both).await, "Only one of 'inputs' and 'instances' may be given");
}

#[tokio::test]
async fn says_which_row_is_wrong() {
    let short = json!({ "instances": [[1, 2, 3, 4], [1, 2, 3]] });
    assert_eq!(refusal(short).await, "instances[1]: must hold exactly 4 numbers, has 3");
    let text = json!({ "instances": [{ "features": [1, 2, 3, "4"] }] });
    assert_eq!(refusal(text).await, "instances[0].features: must hold numbers only");
    let misnamed = json!({ "inputs": { "x": rows() } });
    assert_eq!(refusal(misnamed).await, "inputs: must name the model's one input, `features`");
}

#[tokio::test]
async fn refuses_another_signature_or_verb() {
    let request = json!({ "signature_name": "other", "instances": rows() });
    assert_eq!(
        refusal(request).await,
        "signature_name: the model's one signature is `serving_default`"
    );
    let classify = ask("/v1/models/demo:classify", json!({ "examples": [] })).await;
    assert_eq!(classify.status, StatusCode::BAD_REQUEST);
    let wrong_method = get(&serve().await, PREDICT).await;
    assert_eq!(wrong_method.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn status_tells_that_the_version_is_available() {
    let server = serve().await;
    let expected = json!([{
        "version": "1",
        "state": "AVAILABLE",
        "status": { "error_code": "OK", "error_message": "" },
    }]);
    for path in ["/v1/models/demo", "/v1/models/demo/versions/1"] {
        assert_eq!(get(&server, path).await.ok()["model_version_status"], expected, "{path}");
    }
}

#[tokio::test]
async fn metadata_tells_the_signature() {
    let metadata = get(&serve().await, "/v1/models/demo/metadata").await.ok();
    assert_eq!(
        metadata["model_spec"],
        json!({ "name": "demo", "signature_name": "", "version": "1" })
    );
    let signature = &metadata["metadata"]["signature_def"]["signature_def"]["serving_default"];
    assert_eq!(signature["method_name"], "tensorflow/serving/predict");
    assert_eq!(signature["inputs"]["features"]["dtype"], "DT_FLOAT");
    assert_eq!(signature["inputs"]["features"]["tensor_shape"]["dim"][1]["size"], "4");
}
