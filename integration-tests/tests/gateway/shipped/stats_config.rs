//! What tells Envoy of the filters' labels and buckets: in the tests' bootstrap and in the
//! shipped files it comes from the filters' metrics.

use filter_kit::documents::check_section;
use filter_kit::{Metric, MetricKind};
use integration_tests::{Call, Gateway, Metrics, StatsConfig, Upstream, eventually, repository};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// `envoy.yaml` itself, and that of each recipe.
fn bootstraps() -> Vec<PathBuf> {
    let recipes = fs::read_dir(repository().join("envoy/recipes")).expect("a directory");
    let recipes = recipes.map(|entry| entry.expect("an entry").path());
    let recipes = recipes.map(|recipe| recipe.join("envoy.yaml")).filter(|file| file.exists());
    [repository().join("envoy/envoy.yaml")].into_iter().chain(recipes).collect()
}

/// What it has to be in a bootstrap, by the modules that this loads: itself, or in what it
/// discovers in a file beside it.
fn stats_config_of(bootstrap: &Path) -> StatsConfig {
    let beside = fs::read_dir(bootstrap.parent().expect("a directory")).expect("a directory");
    let files = beside.map(|entry| entry.expect("an entry").path());
    let texts: String = files
        .filter(|file| file.extension().is_some_and(|kind| kind == "yaml"))
        .map(|file| fs::read_to_string(file).expect("text"))
        .collect();
    let config = StatsConfig::of(|module| texts.contains(&format!("/{module}.wasm")));
    assert!(!config.metrics().is_empty(), "{}: no filter of ours", bootstrap.display());
    config
}

#[test]
fn every_bootstrap_has_what_its_filters_need() {
    let bootstraps = bootstraps();
    assert!(bootstraps.len() > 1, "only {bootstraps:?}");
    for file in bootstraps {
        check_section(&file, "stats_config", &stats_config_of(&file).yaml()).unwrap();
    }
}

#[test]
fn the_text_means_what_the_tests_bootstrap_says() {
    let config = StatsConfig::of_all();
    let written: Value = yaml_serde::from_str(&config.yaml()).expect("YAML");
    assert_eq!(written, json!({"stats_config": config.json()}));
}

#[test]
fn no_line_of_the_text_is_too_long() {
    let text = StatsConfig::of_all().yaml();
    let longest = text.lines().max_by_key(|line| line.len()).expect("a line");
    assert!(longest.len() <= 110, "{longest}");
}

/// Envoy takes the first prefix that fits.
#[test]
fn no_metric_gets_the_buckets_of_another() {
    let config = StatsConfig::of_all();
    for metric in config.metrics() {
        let fits = |other: &&&Metric| {
            matches!(other.kind, MetricKind::Histogram(_)) && metric.name.starts_with(other.name)
        };
        let first = config.metrics().iter().find(fits);
        assert!(first.is_none_or(|first| first.name == metric.name), "{}: {first:?}", metric.name);
    }
}

/// An Envoy in which each metric of each filter has one series.
async fn all_metrics() -> Metrics {
    let upstream = Upstream::saying("hello").await;
    let gateway = Gateway::builder()
        .filter("measuring", &json!({}))
        .cluster("server", &[upstream.address()])
        .start()
        .await;
    assert_eq!(gateway.http1().await.send(Call::get("/")).await.status, 200);
    let config = StatsConfig::of_all();
    eventually("all metrics", async || {
        let metrics = gateway.admin().metrics().await;
        // A histogram is merged from its workers' now and then.
        let is_there =
            |metric: &&Metric| metrics.sum(&shown(metric), &[]).is_some_and(|it| it > 0.0);
        config.metrics().iter().all(is_there).then_some(metrics)
    })
    .await
}

/// The name of a series of the metric.
fn shown(metric: &Metric) -> String {
    match metric.kind {
        MetricKind::Histogram(_) => format!("{}_count", metric.name),
        MetricKind::Counter | MetricKind::Gauge => metric.name.to_owned(),
    }
}

#[tokio::test]
async fn every_label_of_every_metric_is_one_in_prometheus() {
    let metrics = all_metrics().await;
    for metric in StatsConfig::of_all().metrics() {
        let [labels] = &metrics.series(&shown(metric))[..] else {
            panic!("{}: not one series", metric.name);
        };
        let found: BTreeSet<(&str, &str)> =
            labels.iter().map(|(label, value)| (label.as_str(), value.as_str())).collect();
        let wanted = metric.labels.iter().map(|label| (*label, *label));
        assert_eq!(found, BTreeSet::from_iter(wanted), "{}", metric.name);
    }
}

#[tokio::test]
async fn buckets_arrive_as_they_stand_in_the_table() {
    let metrics = all_metrics().await;
    for metric in StatsConfig::of_all().metrics() {
        let MetricKind::Histogram(bounds) = metric.kind else { continue };
        let buckets = metrics.series(&format!("{}_bucket", metric.name));
        let ends = buckets.iter().flatten().filter(|(label, _)| label == "le");
        let ends: Vec<&str> = ends.map(|(_, end)| end.as_str()).collect();
        let wanted = bounds.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
        assert_eq!(ends, wanted.collect::<Vec<String>>(), "{}", metric.name);
    }
}
