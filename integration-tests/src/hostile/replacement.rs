//! A filter's configuration, replaced while requests are under way.

use super::{Subject, Trial};
use crate::{Call, Client, WasmFilter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::task::JoinHandle;

/// How often it is replaced.
const REPLACEMENTS: u64 = 6;

const RELOADS: &str = "extension_config_discovery.http_filter.discovered.config_reload";
const REFUSALS: &str = "extension_config_discovery.http_filter.discovered.update_rejected";

/// Configurations that replace each other under traffic: not one request fails.
pub async fn a_configuration_replaced_under_traffic(subject: Subject) {
    let filter = subject.filter.clone();
    let trial = Trial::in_gateway(subject, |config| config.replaceable(&filter)).await;
    let traffic = Traffic::begin(&trial).await;
    for replacement in 1..=REPLACEMENTS {
        let filter = match replacement % 2 {
            0 => &trial.subject.filter,
            _ => &trial.subject.reconfigured,
        };
        trial.gateway.replace_filter(filter);
        trial.gateway.wait_for_stat(RELOADS, |reloads| reloads > replacement).await;
        traffic.flow().await;
    }
    traffic.end().await;
    trial.finish().await;
}

/// A configuration that the filter refuses, under traffic: the old one stays,
/// and not one request fails. For filters that refuse some.
pub async fn a_bad_configuration_under_traffic(subject: Subject, bad: WasmFilter) {
    let filter = subject.filter.clone();
    let trial = Trial::in_gateway(subject, |config| config.replaceable(&filter)).await;
    let traffic = Traffic::begin(&trial).await;
    trial.gateway.replace_filter(&bad);
    trial.gateway.wait_for_stat(REFUSALS, |refusals| refusals == 1).await;
    traffic.flow().await;
    traffic.end().await;
    trial.assert_serves().await;
    let alarms = trial.gateway.stop();
    assert!(!alarms.is_empty(), "the log says nothing about a configuration that was refused");
    assert!(alarms.iter().all(|alarm| alarm.contains("failed to load")), "{alarms:#?}");
}

/// Good calls, one after the other on each of some connections.
struct Traffic {
    callers: Vec<JoinHandle<()>>,
    ending: Arc<AtomicBool>,
    served: Arc<AtomicU32>,
}

impl Traffic {
    async fn begin(trial: &Trial) -> Self {
        let ending = Arc::new(AtomicBool::new(false));
        let served = Arc::new(AtomicU32::new(0));
        let [http1, http2] = trial.clients().await;
        let grpc = trial.gateway.http2().await;
        let calls = [
            (http1, trial.subject.json.clone()),
            (http2, trial.subject.json.clone()),
            (grpc, trial.subject.grpc.clone()),
        ];
        let callers = calls
            .into_iter()
            .map(|(client, call)| {
                tokio::spawn(keep_calling(client, call, Arc::clone(&ending), Arc::clone(&served)))
            })
            .collect();
        Self { callers, ending, served }
    }

    /// Waits until some more calls were served.
    async fn flow(&self) {
        let before = self.served.load(Ordering::Relaxed);
        crate::eventually("traffic", async || {
            // A caller only ends before it is told to when a call has failed.
            let failed = self.callers.iter().any(JoinHandle::is_finished);
            let served = self.served.load(Ordering::Relaxed);
            (failed || served >= before + 30).then_some(())
        })
        .await;
    }

    async fn end(self) {
        self.ending.store(true, Ordering::Relaxed);
        for caller in self.callers {
            crate::in_time("the last call", caller).await.expect("no call fails");
        }
    }
}

async fn keep_calling(
    mut client: Client,
    call: Call,
    ending: Arc<AtomicBool>,
    served: Arc<AtomicU32>,
) {
    while !ending.load(Ordering::Relaxed) {
        let answer = client.send(call.clone()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.grpc_status().is_none_or(|status| status == 0), "{answer:?}");
        assert!(answer.body == call.body_bytes(), "another answer");
        served.fetch_add(1, Ordering::Relaxed);
    }
}
