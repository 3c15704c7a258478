//! What the gateway counted of all that this client did, read where Prometheus would read it: the
//! numbers that an operator has, held against what this client saw.

mod outcomes;
mod refusals;
mod routed;
mod speed;
mod tokens;
mod versions;

use std::time::{Duration, Instant};

use anyhow::anyhow;
use scrape::Metrics;
use serde_json::json;

use super::{Stage, sentence};
use crate::gateway::{Call, Gateway, Seen};
use crate::report::{Check, Observation};

const STARTED: &str = "inference_requests_started_total";
const REQUESTS: &str = "inference_requests_total";
const DURATION: &str = "inference_request_duration_us";

/// A request is counted when it is over, which its client sees a little earlier; and Envoy merges
/// its workers' histograms every five seconds.
const COUNTED_WITHIN: Duration = Duration::from_secs(15);

/// What happened since the walkthrough began: as the gateway counted it, and as this client saw it.
struct Walk {
    counted: Metrics,
    seen: Seen,
    took: Duration,
    /// Envoy's workers, each of which keeps what is less than a whole microunit.
    workers: u64,
}

pub async fn observe(stage: &Stage<'_>) -> Vec<Observation> {
    match read(stage).await {
        Ok(walk) => vec![
            routed::observe(&walk),
            outcomes::observe(&walk),
            versions::observe(&walk),
            refusals::observe(&walk),
            speed::observe(&walk),
            tokens::observe(&walk),
        ],
        Err(error) => {
            vec![Check::new("the admin interface's /stats/prometheus", "numbers").failed(&error)]
        }
    }
}

/// What was counted since the walkthrough began. One request of each kind is sent first, so that
/// there is something to count if this is the only step.
async fn read(stage: &Stage<'_>) -> anyhow::Result<Walk> {
    let connection = stage.gateway.connection()?;
    for version in ["v1", "v2"] {
        let served = connection.predict(Call::new().of_version(version)).await;
        served.map_err(|status| anyhow!(sentence(&status)))?;
    }
    let unknown = connection.predict(Call::of_model("unicorn")).await;
    anyhow::ensure!(unknown.is_err(), "an unknown model answered");
    for is_streamed in [false, true] {
        let mut chat = json!({
            "model": "demo",
            "messages": [{ "role": "user", "content": "Tell me about the rabbit." }],
        });
        if is_streamed {
            chat["stream"] = json!(true);
            chat["stream_options"] = json!({ "include_usage": true });
        }
        stage.gateway.post("/v1/chat/completions", &chat).await?.served()?;
    }
    let took = stage.began.elapsed();
    let counted = settled(&stage.gateway, &stage.counted_before).await?;
    let workers = stage.gateway.statistic("server.concurrency").await?;
    Ok(Walk { counted, seen: stage.gateway.seen().since(&stage.seen_before), took, workers })
}

/// What was counted since these, once all requests that began are in it. Those that do not end
/// are waited for no longer than others.
pub(super) async fn settled(gateway: &Gateway, before: &Metrics) -> anyhow::Result<Metrics> {
    let asked = Instant::now();
    loop {
        let counted = gateway.metrics().await?.since(before);
        let sum = |name| counted.sum(name, &[]).unwrap_or(0.0);
        let durations = counted.histogram(DURATION, &[]).count();
        let is_settled = sum(STARTED) == sum(REQUESTS) && sum(STARTED) == durations;
        if is_settled || asked.elapsed() > COUNTED_WITHIN {
            return Ok(counted);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

impl Walk {
    fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.counted.sum(name, labels).unwrap_or(0.0)
    }
}

/// Counts by name, the most first, such as `ok 90, refused 10`.
fn listed<'n>(counts: impl IntoIterator<Item = (&'n String, &'n f64)>) -> String {
    let mut counts: Vec<_> = counts.into_iter().filter(|(_, count)| **count > 0.0).collect();
    counts.sort_by(|one, other| other.1.total_cmp(one.1));
    let words: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Tally;

    /// A walk of four requests: two answers, a refusal, and one that failed.
    pub(super) fn walk() -> Walk {
        walk_with("", "")
    }

    /// The same with a part of the metrics' text replaced.
    pub(super) fn walk_with(text: &str, by: &str) -> Walk {
        let mut seen = Seen { sent: 4, ended: 4, ..Seen::default() };
        seen.answers = ["v1", "v2"].into_iter().collect::<Tally>();
        seen.refusals = ["model-router;unknown_model"].into_iter().collect::<Tally>();
        seen.tokens.add("input", 100);
        seen.tokens.add("output", 50);
        let lines = [
            "inference_router_requests_total{model=\"demo\",version=\"v1\"} 2\n",
            "inference_router_requests_total{model=\"demo\",version=\"v2\"} 1\n",
            "inference_router_refused_total{rule=\"unknown_model\"} 1\n",
            "inference_requests_started_total{class=\"default\"} 4\n",
            "inference_requests_total{version=\"v1\",outcome=\"ok\"} 1\n",
            "inference_requests_total{version=\"v1\",outcome=\"upstream_error\"} 1\n",
            "inference_requests_total{version=\"v2\",outcome=\"ok\"} 1\n",
            "inference_requests_total{version=\"none\",outcome=\"refused\"} 1\n",
            "inference_refused_total{filter=\"model-router\",rule=\"unknown_model\"} 1\n",
            "inference_request_duration_us_bucket{le=\"1000\"} 2\n",
            "inference_request_duration_us_bucket{le=\"+Inf\"} 4\n",
            "gen_ai_server_time_to_first_token_ms_bucket{le=\"5\"} 1\n",
            "gen_ai_server_time_to_first_token_ms_bucket{le=\"+Inf\"} 1\n",
            "inference_tokens_total{token_type=\"input\"} 100\n",
            "inference_tokens_total{token_type=\"output\"} 50\n",
            "inference_cost_microunits_total{version=\"v1\"} 45\n",
        ];
        let counted = lines.concat();
        assert!(counted.contains(text), "{text}");
        let counted = if text.is_empty() { counted } else { counted.replace(text, by) };
        let counted = Metrics::parse(&counted).unwrap();
        Walk { counted, seen, took: Duration::from_secs(2), workers: 1 }
    }
}
