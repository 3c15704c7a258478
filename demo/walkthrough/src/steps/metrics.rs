//! The router's own counters: what they say of the steps before.

use anyhow::anyhow;

use super::{Stage, sentence};
use crate::gateway::{Call, Counter};
use crate::report::{Check, Observation};

/// How the names of the router's metrics begin.
pub const OURS: &str = "inference_router_";

const ROUTED: &str = "inference_router_requests_total";
const REFUSED: &str = "inference_router_refused_total";
const UNKNOWN_MODEL: &str = "unknown_model";

pub async fn observe(stage: &Stage<'_>) -> Observation {
    let check = Check::new(
        "the admin interface's /stats/prometheus, read before the first step and now",
        "at least as many requests to each version as this client had answers from it, and every \
         refusal",
    );
    match read(stage).await {
        Ok(counted) => {
            let answers = stage.gateway.answers();
            let since = |version| answers.of(version) - stage.answers_before.of(version);
            judge(check, &counted, ["v1", "v2"].map(|version| (version, since(version))))
        }
        Err(error) => check.failed(&error),
    }
}

/// What was counted since the walkthrough began, which here sends one request of each kind, so
/// that there is something to count if this is the only step.
async fn read(stage: &Stage<'_>) -> anyhow::Result<Counted> {
    let connection = stage.gateway.connection()?;
    for version in ["v1", "v2"] {
        let served = connection.predict(Call::new().of_version(version)).await;
        served.map_err(|status| anyhow!(sentence(&status)))?;
    }
    let unknown = connection.predict(Call::of_model("unicorn")).await;
    anyhow::ensure!(unknown.is_err(), "an unknown model answered");
    let now = stage.gateway.counters(OURS).await?;
    Ok(Counted { before: stage.counted_before.clone(), now })
}

struct Counted {
    before: Vec<Counter>,
    now: Vec<Counter>,
}

impl Counted {
    /// By how much a metric grew, over all series that have this label value.
    fn growth(&self, metric: &str, label: &str) -> f64 {
        sum(&self.now, metric, label) - sum(&self.before, metric, label)
    }
}

fn sum(counters: &[Counter], metric: &str, label: &str) -> f64 {
    let ours = counters.iter().filter(|counter| counter.name == metric && counter.has_label(label));
    ours.map(|counter| counter.value).sum()
}

fn judge(mut check: Check, counted: &Counted, answers: [(&str, u32); 2]) -> Observation {
    let mut seen = Vec::new();
    for (version, answers) in answers {
        let routed = counted.growth(ROUTED, version);
        check.require(routed >= f64::from(answers), || {
            format!("{routed} requests to {version}, which answered {answers}")
        });
        seen.push(format!("{ROUTED} {version} +{routed} ({answers} answers)"));
    }
    let refused = counted.growth(REFUSED, UNKNOWN_MODEL);
    check.require(refused >= 1.0, || "no refusal was counted");
    seen.push(format!("{REFUSED} {UNKNOWN_MODEL} +{refused}"));
    check.seen(seen.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(name: &str, label: &str, value: f64) -> Counter {
        let labels = vec![("some_label".to_owned(), label.to_owned())];
        Counter { name: name.to_owned(), labels, value }
    }

    fn counters(v1: f64, v2: f64, refused: f64) -> Vec<Counter> {
        vec![
            counter(ROUTED, "v1", v1),
            counter(ROUTED, "v2", v2),
            counter(REFUSED, UNKNOWN_MODEL, refused),
        ]
    }

    fn judged(now: Vec<Counter>) -> Observation {
        let counted = Counted { before: counters(100.0, 10.0, 1.0), now };
        judge(Check::new("", ""), &counted, [("v1", 50), ("v2", 5)])
    }

    #[test]
    fn what_was_answered_must_have_been_counted() {
        assert!(judged(counters(150.0, 15.0, 2.0)).is_as_expected());
        assert!(judged(counters(151.0, 16.0, 3.0)).is_as_expected(), "others may call, too");
        assert!(!judged(counters(149.0, 15.0, 2.0)).is_as_expected());
        assert!(!judged(counters(150.0, 14.0, 2.0)).is_as_expected());
        assert!(!judged(counters(150.0, 15.0, 1.0)).is_as_expected());
    }

    #[test]
    fn counters_that_are_gone_are_not_expected() {
        assert!(!judged(Vec::new()).is_as_expected());
    }
}
