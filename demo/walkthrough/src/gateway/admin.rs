//! What the gateway's operator sees: Envoy's admin interface.

use anyhow::{Context, ensure};
use http::Request;
use http_body_util::Full;
use scrape::Metrics;

use super::Gateway;

impl Gateway {
    /// Envoy's own readiness.
    pub async fn admin_is_ready(&self) -> anyhow::Result<()> {
        self.admin_page("/ready").await.map(drop)
    }

    /// Every metric, as Prometheus would get it.
    pub async fn metrics(&self) -> anyhow::Result<Metrics> {
        Ok(Metrics::parse(&self.admin_page("/stats/prometheus").await?)?)
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
