//! What a person types first: the real grpcurl, through the shipped Envoy, to
//! the demo's real model servers.
//!
//! grpcurl knows no contract. It asks for it by reflection, a stream whose
//! request stays open: a gateway that waits for its end would never answer.

use super::gateway_for;
use integration_tests::{DEMO_SERVERS, Gateway, grpcurl, in_time};
use model_server::{RunningServer, Settings};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Output;
use tokio::process::Command;

const PREDICT: &str = "prediction.PredictionService/Predict";

/// The demo, as it is.
struct Demo {
    gateway: Gateway,
    _servers: BTreeMap<&'static str, RunningServer>,
}

impl Demo {
    async fn start() -> Self {
        let mut servers = BTreeMap::new();
        for name in DEMO_SERVERS {
            let version = if name.contains("v2") { "v2" } else { "v1" };
            let settings = Settings {
                model_version: version.to_owned(),
                replica_name: Some(name.to_owned()),
                ..Settings::on_a_free_port()
            };
            servers.insert(name, model_server::start(settings).await.expect("a server"));
        }
        let gateway = gateway_for(|name| servers[name].grpc_address()).await;
        Self { gateway, _servers: servers }
    }

    /// What `grpcurl -plaintext OPTIONS GATEWAY WHAT` does.
    async fn grpcurl(&self, options: &[&str], what: &[&str]) -> Output {
        let call = Command::new(grpcurl())
            .arg("-plaintext")
            .args(options)
            .arg(self.gateway.address().to_string())
            .args(what)
            .kill_on_drop(true)
            .output();
        in_time("grpcurl's end", call).await.expect("grpcurl runs")
    }

    /// The same, when it succeeds: what it prints.
    async fn printed(&self, options: &[&str], what: &[&str]) -> String {
        let output = self.grpcurl(options, what).await;
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }
}

fn features(model: &str) -> String {
    json!({"features": [0.7, 0.8, 0.1, 0.3], "model_name": model}).to_string()
}

#[tokio::test]
async fn it_lists_the_services() {
    let demo = Demo::start().await;
    let services = demo.printed(&[], &["list"]).await;
    for service in [
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        "inference.GRPCInferenceService",
        "prediction.PredictionService",
    ] {
        assert!(services.lines().any(|line| line == service), "{service} is not in:\n{services}");
    }
}

#[tokio::test]
async fn it_describes_a_service_and_its_messages() {
    let demo = Demo::start().await;
    let service = demo.printed(&[], &["describe", "prediction.PredictionService"]).await;
    assert!(service.contains("rpc Predict ( .prediction.PredictRequest )"), "{service}");
    let message = demo.printed(&[], &["describe", "prediction.PredictRequest"]).await;
    assert!(message.contains("string model_name = 2;"), "{message}");
}

#[tokio::test]
async fn it_asks_whether_the_servers_are_healthy() {
    let demo = Demo::start().await;
    let health = demo.printed(&[], &["grpc.health.v1.Health/Check"]).await;
    let health: Value = serde_json::from_str(&health).expect("JSON");
    assert_eq!(health, json!({"status": "SERVING"}));
}

#[tokio::test]
async fn it_gets_a_prediction_of_the_version_that_it_asks_for() {
    let demo = Demo::start().await;
    for version in ["v1", "v2"] {
        let body = features(&format!("demo@{version}"));
        let printed = demo.printed(&["-v", "-d", &body], &[PREDICT]).await;
        assert!(printed.contains(&format!("x-served-version: {version}")), "{printed}");
        assert!(printed.contains("\"predictions\": ["), "{printed}");
    }
    let body = features("demo");
    let options = ["-v", "-H", "x-model-version: v2", "-d", &body];
    let printed = demo.printed(&options, &[PREDICT]).await;
    assert!(printed.contains("x-served-version: v2"), "{printed}");
}

#[tokio::test]
async fn it_is_told_that_a_model_does_not_exist() {
    let demo = Demo::start().await;
    let output = demo.grpcurl(&["-d", &features("unicorn")], &[PREDICT]).await;
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Code: NotFound"), "{said}");
    assert!(said.contains("the model `unicorn` does not exist"), "{said}");
}
