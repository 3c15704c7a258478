use crate::call::Call;
use crate::client::Client;
use scrape::Metrics;
use serde_json::Value;
use std::net::SocketAddr;

/// Envoy's admin interface.
#[derive(Clone, Copy, Debug)]
pub struct Admin {
    address: SocketAddr,
}

impl Admin {
    pub(crate) const fn at(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a GET of this path gives.
    ///
    /// # Panics
    /// When Envoy doesn't answer with 200.
    pub async fn get(&self, path: &str) -> String {
        let answer = Client::http1(self.address).await.send(Call::get(path)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text_body());
        answer.text_body()
    }

    /// What a GET of this path gives, as JSON.
    ///
    /// # Panics
    /// When Envoy doesn't answer with JSON.
    pub async fn get_json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).await).expect("JSON")
    }

    /// Every metric, as Prometheus would get it.
    ///
    /// # Panics
    /// When Envoy doesn't give them.
    pub async fn metrics(&self) -> Metrics {
        let text = self.get("/stats/prometheus").await;
        Metrics::parse(&text).unwrap_or_else(|error| panic!("{error}"))
    }

    /// One of Envoy's own counters or gauges, such as
    /// `http.gateway.downstream_rq_active`. None if there is none of that name.
    ///
    /// # Panics
    /// When Envoy doesn't answer.
    pub async fn stat(&self, name: &str) -> Option<u64> {
        self.statistic(name).await?.as_u64()
    }

    /// One of Envoy's own statistics that are a text, such as the
    /// `version_text` of something that it has discovered.
    ///
    /// # Panics
    /// When Envoy doesn't answer.
    pub async fn text_stat(&self, name: &str) -> Option<String> {
        Some(self.statistic(name).await?.as_str()?.to_owned())
    }

    async fn statistic(&self, name: &str) -> Option<Value> {
        let filter = name.replace('.', "\\.");
        let mut listing = self.get_json(&format!("/stats?format=json&filter=^{filter}$")).await;
        let stats = listing["stats"].as_array_mut()?;
        Some(stats.iter_mut().find(|stat| stat["name"] == name)?["value"].take())
    }
}
