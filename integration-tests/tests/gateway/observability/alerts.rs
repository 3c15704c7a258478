//! Alerts and recorded rules, on real metrics.

use super::expressions::{names, rules};
use super::scene::Scene;
use integration_tests::Prometheus;
use std::collections::BTreeSet;

/// So often everything happens: a counter counts from its second scrape on.
const ROUNDS: u32 = 3;

#[tokio::test]
async fn every_recording_rule_records_something() {
    let scene = Scene::start().await;
    for _ in 0..ROUNDS {
        scene.go_on().await;
    }
    let mut silent = BTreeSet::new();
    for rule in rules("rules.yml") {
        let name = rule["record"].as_str().expect("a name");
        let samples = scene.prometheus.query(name).await;
        if !samples.iter().any(|sample| sample.value.is_normal()) {
            silent.insert(name.to_owned());
        }
    }
    assert_eq!(silent, BTreeSet::new());
    scene.end().await;
}

#[tokio::test]
async fn alerts_speak_only_of_what_there_is() {
    let scene = Scene::start().await;
    for _ in 0..ROUNDS {
        scene.go_on().await;
    }
    let known = known(&scene.prometheus).await;
    for rule in rules("alerts.yml") {
        let names = names(rule["expr"].as_str().expect("an expression"));
        let unknown: BTreeSet<_> = names.difference(&known).collect();
        assert_eq!(unknown, BTreeSet::new(), "{}", rule["alert"]);
    }
    scene.end().await;
}

#[tokio::test]
async fn trouble_of_the_gateway_itself_is_called_out() {
    let scene = Scene::start().await;
    for _ in 0..ROUNDS {
        scene.go_on().await;
    }
    let firing = scene.prometheus.query(r#"ALERTS{alertstate="firing"}"#).await;
    let firing: BTreeSet<&str> = firing.iter().map(|alert| &*alert.labels["alertname"]).collect();
    let expected = ["EnvoyConfigurationRefused", "EnvoyFilterReloaded", "InferenceMetricsFolded"];
    assert_eq!(firing, BTreeSet::from(expected));
    scene.end().await;
}

/// The names of all metrics and all labels.
async fn known(prometheus: &Prometheus) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for endpoint in ["label/__name__/values", "labels"] {
        let names = prometheus.api(endpoint, &[]).await;
        let names = names.as_array().expect("names").iter().filter_map(|name| name.as_str());
        known.extend(names.map(str::to_owned));
    }
    known
}
