//! Questions about models that no server is asked.

use super::Stand;
use integration_tests::Call;
use serde_json::json;

#[tokio::test]
async fn lists_and_metadata_come_from_the_configuration() {
    let stand = Stand::configured(json!({
        "models": [
            {"name": "demo", "aliases": [{"name": "prod"}],
             "versions": [{"name": "v1", "cluster": "demo-v1"}],
             "metadata": {"platform": "onnx", "inputs": [
                {"name": "x", "datatype": "FP32", "shape": [-1, 4]},
             ]}},
            {"name": "iris", "versions": [{"name": "3", "cluster": "iris"}]},
        ],
        "answer": ["list_models", "model_metadata"],
    }))
    .await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        let list = client.send(Call::get("/v1/models")).await;
        assert_eq!(list.status, 200, "{list:?}");
        assert_eq!(list.header_text("x-inference-rejected"), None);
        assert_eq!(list.header_text("content-type").as_deref(), Some("application/json"));
        let list = list.json();
        let ids: Vec<&str> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|card| card["id"].as_str())
            .collect();
        assert_eq!(ids, ["demo", "prod", "iris"]);
        let metadata = client.send(Call::get("/v2/models/demo")).await;
        assert_eq!(
            metadata.json(),
            json!({"name": "demo", "versions": ["v1"], "platform": "onnx", "outputs": [],
                   "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}]})
        );
        let asked = client.send(Call::get("/v2/models/iris")).await;
        assert_eq!(asked.text_body(), "iris", "without metadata its server is asked");
        let absent = client.send(Call::get("/v2/models/absent")).await;
        assert_eq!((absent.status.as_u16(), absent.json()["error"].is_string()), (404, true));
    }
    for server in ["nobody", "demo-v1"] {
        assert!(stand.server(server).received().is_empty(), "{server} was asked");
    }
    stand
        .gateway
        .wait_for_metric("inference_router_answered_total", &[], |count| count == 4.0)
        .await;
}
