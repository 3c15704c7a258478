//! Grafana's dashboard: each panel has something to show.

use super::expressions::shipped;
use super::scene::Scene;
use integration_tests::{Prometheus, Sample};
use serde_json::Value;
use std::collections::BTreeSet;

/// What Grafana puts in for its variables, when all models and versions are shown.
const VARIABLES: [(&str, &str); 6] = [
    ("$__rate_interval", "1m"),
    ("$__range", "5m"),
    ("$model", ".*"),
    ("$version", ".*"),
    ("$stable", "v1"),
    ("$canary", "v2"),
];

/// So often everything happens at most: a counter counts from its second scrape on,
/// and Envoy merges its histograms every few seconds.
const MOST_ROUNDS: u32 = 8;

#[tokio::test]
async fn every_panel_shows_something_after_real_traffic() {
    let scene = Scene::start().await;
    let mut empty = queries();
    for _ in 0..MOST_ROUNDS {
        scene.go_on().await;
        empty = without_data(&scene.prometheus, empty).await;
        if empty.is_empty() {
            break;
        }
    }
    assert_eq!(empty, BTreeSet::new());
    scene.end().await;
}

#[tokio::test]
async fn the_variables_offer_what_there_is() {
    let scene = Scene::start().await;
    scene.go_on().await;
    for (variable, expected) in
        [("model", "demo"), ("version", "v1"), ("stable", "v1"), ("canary", "v2")]
    {
        let offered = offered(&scene.prometheus, variable).await;
        assert!(offered.contains(&expected.into()), "{variable}: {offered:?}");
    }
    scene.end().await;
}

#[test]
fn every_panel_says_what_it_shows_and_in_which_unit() {
    let mut titles = BTreeSet::new();
    for panel in panels() {
        let title = text(&panel["title"]);
        assert!(!text(&panel["description"]).is_empty(), "{title}");
        assert!(!text(&panel["fieldConfig"]["defaults"]["unit"]).is_empty(), "{title}");
        assert!(titles.insert(title.clone()), "two panels are called {title}");
    }
}

#[test]
fn no_panel_lies_upon_another() {
    let mut taken = BTreeSet::new();
    let dashboard = shipped("dashboard.json");
    for panel in dashboard["panels"].as_array().expect("panels") {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|it| panel["gridPos"][it].as_u64().expect(it));
        assert!(x + w <= 24, "{}", panel["title"]);
        for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(place), "{} lies upon another", panel["title"]);
        }
    }
}

/// Of the queries, those that come to nothing, or to nothing but zeros.
async fn without_data(
    prometheus: &Prometheus,
    queries: BTreeSet<(String, String)>,
) -> BTreeSet<(String, String)> {
    let mut empty = BTreeSet::new();
    let says_something = |sample: &Sample| sample.value.is_finite() && sample.value != 0.0;
    for (title, query) in queries {
        if !prometheus.query(&query).await.iter().any(says_something) {
            empty.insert((title, query));
        }
    }
    empty
}

/// The queries of all panels, with the panel's title.
fn queries() -> BTreeSet<(String, String)> {
    let queries = panels().into_iter().flat_map(|panel| {
        let targets = panel["targets"].as_array().expect("queries").clone();
        assert!(!targets.is_empty(), "{}", panel["title"]);
        targets.into_iter().map(move |target| (text(&panel["title"]), filled_in(&target["expr"])))
    });
    queries.collect()
}

fn filled_in(expression: &Value) -> String {
    let fill = |text: String, (name, value): (&str, &str)| text.replace(name, value);
    let filled = VARIABLES.into_iter().fold(text(expression), fill);
    assert!(!filled.contains('$'), "{filled}");
    filled
}

/// Everything but the rows' titles.
fn panels() -> Vec<Value> {
    let mut dashboard = shipped("dashboard.json");
    let panels = dashboard["panels"].as_array_mut().expect("panels");
    // What is folded away would lie in these.
    assert!(panels.iter().all(|panel| panel["panels"].as_array().is_none_or(Vec::is_empty)));
    panels.extract_if(.., |panel| panel["type"] != "row").collect()
}

/// What one may choose from, by `label_values(METRIC, LABEL)`.
async fn offered(prometheus: &Prometheus, variable: &str) -> Vec<Value> {
    let dashboard = shipped("dashboard.json");
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let found = variables.iter().find(|known| known["name"] == variable).expect("the variable");
    let query = filled_in(&found["query"]["query"]);
    let arguments = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
    let (metric, label) = arguments.expect("label_values").rsplit_once(", ").expect("two");
    let endpoint = format!("label/{label}/values");
    let values = prometheus.api(&endpoint, &[("match[]", metric)]).await;
    values.as_array().expect("values").clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
