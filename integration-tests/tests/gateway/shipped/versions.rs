//! Which versions of the filters run, as Envoy's metrics tell it.

use super::Stack;
use filter_kit::BUILD_INFO;

const FILTERS: [&str; 4] =
    ["admission-control", "inference-metrics", "model-router", "payload-validator"];

#[tokio::test]
async fn each_filter_tells_its_version_once_however_many_machines_run_it() {
    let stack = Stack::start().await;
    let metrics = stack.gateway.admin().metrics().await;
    for filter in FILTERS {
        let labels = [("filter", filter), ("version", env!("CARGO_PKG_VERSION"))];
        assert_eq!(metrics.sum(BUILD_INFO.name, &labels), Some(1.0), "{filter}");
    }
    assert_eq!(metrics.series(BUILD_INFO.name).len(), FILTERS.len());
}
