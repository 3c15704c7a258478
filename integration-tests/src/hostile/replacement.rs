//! A filter's configuration, replaced while requests are under way.

use super::{Subject, Trial};
use crate::{Answer, Call, Traffic, WasmFilter};

/// How often it is replaced.
const REPLACEMENTS: u64 = 6;

const RELOADS: &str = "extension_config_discovery.http_filter.discovered.config_reload";
const REFUSALS: &str = "extension_config_discovery.http_filter.discovered.update_rejected";

/// Configurations that replace each other under traffic: not one request fails.
pub async fn a_configuration_replaced_under_traffic(subject: Subject) {
    let filter = subject.filter.clone();
    let trial = Trial::in_gateway(subject, |config| config.replaceable(&filter)).await;
    let traffic = begin(&trial).await;
    for replacement in 1..=REPLACEMENTS {
        let filter = match replacement % 2 {
            0 => &trial.subject.filter,
            _ => &trial.subject.reconfigured,
        };
        trial.gateway.replace_filter(filter);
        trial.gateway.wait_for_stat(RELOADS, |reloads| reloads > replacement).await;
        traffic.flow(10).await;
    }
    traffic.end().await;
    trial.finish().await;
}

/// A configuration that the filter refuses, under traffic: the old one stays,
/// and not one request fails. For filters that refuse some.
pub async fn a_bad_configuration_under_traffic(subject: Subject, bad: WasmFilter) {
    let filter = subject.filter.clone();
    let trial = Trial::in_gateway(subject, |config| config.replaceable(&filter)).await;
    let traffic = begin(&trial).await;
    trial.gateway.replace_filter(&bad);
    trial.gateway.wait_for_stat(REFUSALS, |refusals| refusals == 1).await;
    traffic.flow(10).await;
    traffic.end().await;
    trial.assert_serves().await;
    let alarms = trial.gateway.stop();
    assert!(!alarms.is_empty(), "the log says nothing about a configuration that was refused");
    assert!(alarms.iter().all(|alarm| alarm.contains("failed to load")), "{alarms:#?}");
}

/// Good calls over HTTP/1.1, HTTP/2 and gRPC.
async fn begin(trial: &Trial) -> Traffic {
    let mut traffic = Traffic::default();
    let [http1, http2] = trial.clients().await;
    let grpc = trial.gateway.http2().await;
    for (client, call) in [
        (http1, trial.subject.json.clone()),
        (http2, trial.subject.json.clone()),
        (grpc, trial.subject.grpc.clone()),
    ] {
        traffic.add(client, move || call.clone(), assert_echoed);
    }
    traffic
}

fn assert_echoed(call: &Call, answer: Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.grpc_status().is_none_or(|status| status == 0), "{answer:?}");
    assert!(answer.body == call.body_bytes(), "another answer");
}
