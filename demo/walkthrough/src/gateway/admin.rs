//! What the gateway's operator sees: Envoy's admin interface.

use anyhow::{Context, ensure};
use http::Request;
use http_body_util::Full;

use super::Gateway;

/// One line of Prometheus' text format.
#[derive(Clone, Debug, PartialEq)]
pub struct Counter {
    pub name: String,
    /// Names and values, in their order.
    pub labels: Vec<(String, String)>,
    pub value: f64,
}

impl Gateway {
    /// Envoy's own readiness.
    pub async fn admin_is_ready(&self) -> anyhow::Result<()> {
        self.admin_page("/ready").await.map(drop)
    }

    /// Every metric whose name begins so.
    pub async fn counters(&self, prefix: &str) -> anyhow::Result<Vec<Counter>> {
        let page = self.admin_page("/stats/prometheus").await?;
        Ok(page.lines().filter(|line| line.starts_with(prefix)).filter_map(Counter::read).collect())
    }

    /// The value of one of Envoy's own statistics; 0 if it was never touched.
    pub async fn statistic(&self, name: &str) -> anyhow::Result<u64> {
        let page = self.admin_page("/stats").await?;
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.map_or(Ok(0), |value| Ok(value.trim().parse()?))
    }

    /// How many requests a cluster may have at once before its circuit breaker opens.
    pub async fn most_requests(&self, cluster: &str) -> anyhow::Result<u32> {
        let page = self.admin_page("/clusters").await?;
        let key = format!("{cluster}::default_priority::max_requests::");
        let value = page.lines().find_map(|line| line.strip_prefix(&key));
        value
            .and_then(|value| value.parse().ok())
            .with_context(|| format!("the admin interface does not say `{key}`"))
    }

    async fn admin_page(&self, path: &str) -> anyhow::Result<String> {
        let url = format!("http://{}{path}", self.admin);
        let request = Request::get(&url).body(Full::default())?;
        let answer = self.exchange(request).await.with_context(|| url.clone())?;
        ensure!(answer.status.is_success(), "{url}: {}: {}", answer.status, answer.text().trim());
        Ok(answer.text())
    }
}

impl Counter {
    /// Reads `name{label="value"} 1`, where no value holds a quote, as those of the demo do not.
    fn read(line: &str) -> Option<Self> {
        let (series, value) = line.rsplit_once(' ')?;
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}')?),
            None => (series, ""),
        };
        let labels = labels
            .split_terminator("\",")
            .map(|label| label.strip_suffix('"').unwrap_or(label).split_once("=\""))
            .map(|label| label.map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect::<Option<_>>()?;
        Some(Self { name: name.to_owned(), labels, value: value.parse().ok()? })
    }

    pub fn has_label(&self, value: &str) -> bool {
        self.labels.iter().any(|(_, found)| found == value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_counter_with_and_without_labels() {
        let counter =
            Counter::read(r#"inference_requests_total{model="demo, new",version="v1"} 42"#)
                .unwrap();
        assert_eq!(counter.name, "inference_requests_total");
        assert_eq!(counter.labels[0], ("model".to_owned(), "demo, new".to_owned()));
        assert_eq!(counter.labels[1], ("version".to_owned(), "v1".to_owned()));
        assert_eq!(counter.value, 42.0);
        assert!(counter.has_label("v1") && !counter.has_label("v2"));

        for line in ["passed_total{} 7", "passed_total 7"] {
            let counter = Counter::read(line).unwrap();
            assert_eq!((counter.name.as_str(), counter.value), ("passed_total", 7.0));
            assert!(counter.labels.is_empty());
        }
    }

    #[test]
    fn reads_nothing_from_what_is_no_counter() {
        for line in ["", "word", "name{label=\"v\" 1", "name{label} 1", "name{} many"] {
            assert_eq!(Counter::read(line), None, "{line}");
        }
    }
}
