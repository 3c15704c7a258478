//! What operators see of the validator.

use super::requests::{ROW, iris, predict, rest_tensor, scores};
use super::{Call, Client, Stand, chat, json};
use serde_json::Value;

fn config(mode: &str) -> Value {
    let mut versioned = iris();
    versioned["version"] = "2".into();
    json!({"contracts": [
        {"generative": {"max_tokens": 100}, "mode": mode}, iris(), versioned, scores(),
    ]})
}

/// Sends a call and gives its entry in the access log.
async fn logged(stand: &Stand, client: &mut Client, call: Call) -> Value {
    let log = stand.gateway.access_log();
    let before = log.entries().len();
    client.send(call).await;
    log.wait_for("the call", |_| log.entries().len() > before).await;
    log.entries().pop().expect("an entry")
}

#[tokio::test]
async fn requests_are_counted_by_model_version_and_rule() {
    let stand = Stand::new(&config("enforce")).await;
    let gateway = &stand.gateway;
    let mut client = gateway.http2().await;
    let good = rest_tensor(&json!({}));
    let bytes = good.body_bytes().len();
    for call in [
        good.clone(),
        good.clone(),
        rest_tensor(&json!({"data": [1, 2, 3, 11]})),
        good.header("x-model-name", "iris").header("x-model-version", "2"),
        predict(&ROW),
        predict(&[f32::NAN; 4]),
        chat(&json!({"max_tokens": 101})),
    ] {
        client.send(call).await;
    }
    let one = [("model", "iris"), ("version", "other")];
    let two = [("model", "iris"), ("version", "2")];
    let checked = "inference_validator_checked_total";
    gateway.wait_for_metric(checked, &one, |count| count == 3.0).await;
    assert_eq!(gateway.metric(checked, &two).await, 1.0);
    assert_eq!(gateway.metric(checked, &[("model", "scores"), ("version", "other")]).await, 2.0);
    assert_eq!(gateway.metric(checked, &[("model", "other"), ("version", "other")]).await, 1.0);
    let refused = "inference_validator_refused_total";
    for (model, rule) in
        [("iris", "tensor_range"), ("scores", "tensor_finite"), ("other", "max_tokens")]
    {
        let labels = [("model", model), ("version", "other"), ("rule", rule)];
        assert_eq!(gateway.metric(refused, &labels).await, 1.0, "{rule}");
    }
    assert_eq!(gateway.metric(refused, &[]).await, 3.0);
    let read = gateway.metric("inference_validator_body_bytes_total", &two).await;
    assert_eq!(read, f64::from(u32::try_from(bytes).unwrap()));
    // One was refused.
    let held = "inference_validator_held_us_count";
    gateway.wait_for_metric(held, &one, |count| count == 2.0).await;
}

#[tokio::test]
async fn metrics_have_the_labels_of_their_table_and_no_others() {
    let stand = Stand::new(&config("enforce")).await;
    let mut client = stand.gateway.http2().await;
    client.send(chat(&json!({"max_tokens": 101}))).await;
    let refused = "inference_validator_refused_total";
    stand.gateway.wait_for_metric(refused, &[], |count| count == 1.0).await;
    let metrics = stand.gateway.admin().metrics().await;
    for (name, labels) in [
        (refused, &["model", "rule", "version"][..]),
        ("inference_validator_checked_total", &["model", "version"]),
        ("inference_validator_unchecked_total", &["model", "version"]),
        ("inference_validator_body_bytes_total", &["model", "version"]),
        ("inference_validator_answers_total", &["model", "version"]),
    ] {
        let series = metrics.series(name);
        assert!(!series.is_empty(), "{name} is not there");
        for labelled in series {
            let mut names: Vec<&str> = labelled.iter().map(|(label, _)| label.as_str()).collect();
            names.sort_unstable();
            assert_eq!(names, labels, "{name}");
        }
    }
    let odd: Vec<&str> = metrics
        .names("inference_validator")
        .into_iter()
        .filter(|name| name.contains("=.="))
        .collect();
    assert!(odd.is_empty(), "{odd:?}");
}

#[tokio::test]
async fn workers_count_together() {
    let server = integration_tests::Upstream::echo().await;
    let gateway = integration_tests::Gateway::builder()
        .wasm(&super::validator(&config("enforce")))
        .cluster("server", &[server.address()])
        .workers(4)
        .start()
        .await;
    for _ in 0..16 {
        gateway.http1().await.send(rest_tensor(&json!({}))).await;
    }
    let labels = [("model", "iris"), ("version", "other")];
    let checked = "inference_validator_checked_total";
    gateway.wait_for_metric(checked, &labels, |count| count == 16.0).await;
}

#[tokio::test]
async fn the_access_log_says_what_became_of_a_request() {
    let stand = Stand::new(&config("enforce")).await;
    for mut client in stand.clients().await {
        let entry = logged(&stand, &mut client, rest_tensor(&json!({}))).await;
        assert_eq!((&entry["code"], &entry["validation"]), (&json!(200), &json!("passed")));
        let bad = rest_tensor(&json!({"data": [1, 2, 3, 11]}));
        let entry = logged(&stand, &mut client, bad).await;
        assert_eq!(entry["code"], 422);
        assert_eq!(entry["validation"], "refused:tensor_range");
        assert_eq!(entry["details"], "payload-validator;tensor_range");
        let entry = logged(&stand, &mut client, Call::get("/metrics")).await;
        assert_eq!(entry["validation"], "refused:access");
        let entry = logged(&stand, &mut client, Call::get("/v1/models")).await;
        assert_eq!(entry["validation"], Value::Null, "nothing was checked");
    }
}

#[tokio::test]
async fn a_rule_that_only_reports_lets_pass_and_counts() {
    let stand = Stand::new(&config("report_only")).await;
    let reported = "inference_validator_reported_total";
    for mut client in stand.clients().await {
        let two = chat(&json!({"max_tokens": 101, "temperature": 3}));
        stand.assert_passes(&mut client, two.clone()).await;
        let entry = logged(&stand, &mut client, two).await;
        assert_eq!(entry["validation"], "reported:max_tokens");
        let broken = Call::post("/v1/chat/completions").body("{broken");
        stand.assert_passes(&mut client, broken).await;
    }
    for (rule, count) in [("max_tokens", 4.0), ("field_range", 4.0), ("malformed", 2.0)] {
        let labels = [("model", "other"), ("version", "other"), ("rule", rule)];
        stand.gateway.wait_for_metric(reported, &labels, |counted| counted == count).await;
    }
    assert_eq!(stand.gateway.metric("inference_validator_refused_total", &[]).await, 0.0);
}

#[tokio::test]
async fn rules_are_switched_off_and_on_one_by_one() {
    let stand = Stand::new(&json!({
        "rules": {"access": "report_only", "field_range": "off"},
        "contracts": [{"generative": {"max_tokens": 100}, "rules": {"max_tokens": "report_only"}}],
    }))
    .await;
    for mut client in stand.clients().await {
        let calls = [
            chat(&json!({"max_tokens": 101})),
            chat(&json!({"temperature": 9})),
            Call::get("/metrics"),
            Call::post("/v2/repository/models/demo/load").body("{}"),
        ];
        for call in calls {
            stand.assert_passes(&mut client, call).await;
        }
        let refusal = stand.refusal(&mut client, chat(&json!({"messages": 7}))).await;
        assert_eq!(refusal.rule, "field_value");
    }
    let reported = "inference_validator_reported_total";
    for (rule, count) in [("max_tokens", 2.0), ("access", 4.0)] {
        let labels = [("rule", rule)];
        stand.gateway.wait_for_metric(reported, &labels, |counted| counted == count).await;
    }
    assert_eq!(stand.gateway.metric(reported, &[]).await, 6.0, "nothing of what is off");
}
