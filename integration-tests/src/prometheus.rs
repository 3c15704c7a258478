//! A real Prometheus, as envoy/observability configures it.

use crate::call::Call;
use crate::client::Client;
use crate::envoy::{program, repository};
use crate::waiting::eventually;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use tempfile::TempDir;

/// The folder of what an operator's Prometheus gets.
const OBSERVABILITY: &str = "envoy/observability";

/// How often it scrapes and evaluates, as it is written there.
const INTERVAL: &str = "15s";

/// How often it evaluates what moves slowly.
const LONG_INTERVAL: &str = "interval: 1m";

/// Moments, as Prometheus writes them.
type Times = BTreeMap<String, String>;

/// A Prometheus that scrapes and evaluates once in a second, with everything of
/// its own: port, directory, log. Dropping it ends it.
#[derive(Debug)]
pub struct Prometheus {
    process: Child,
    directory: TempDir,
    address: SocketAddr,
}

/// A series and its value at one moment.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The labels, with the metric's name as `__name__` if it has one.
    pub labels: BTreeMap<String, String>,
    /// The value. Not a number where there was nothing to divide by, as with a
    /// quantile of nothing.
    pub value: f64,
}

/// What `promtool ARGUMENTS` does in `envoy/observability`.
///
/// # Panics
/// When there is no such program.
pub fn promtool(arguments: &[&str]) -> Output {
    Command::new(program("PROMTOOL", "prometheus", "prometheus/promtool"))
        .current_dir(repository().join(OBSERVABILITY))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("promtool runs")
}

impl Prometheus {
    /// Starts it with `envoy/observability/prometheus.yml` and the rules beside it,
    /// as they are but for the targets, which are these Envoys' admin interfaces,
    /// and for the interval. All of the targets are up when this is over.
    ///
    /// # Panics
    /// When it doesn't get ready.
    pub async fn scraping(targets: &[SocketAddr]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path();
        let config = configuration(targets);
        fs::write(path.join("prometheus.yml"), config).expect("a file to write to");
        fs::write(path.join("alerts.yml"), shipped("alerts.yml")).expect("a file to write to");
        let rules = replaced(shipped("rules.yml"), LONG_INTERVAL, "interval: 1s");
        fs::write(path.join("rules.yml"), rules).expect("a file to write to");
        let process = Command::new(program("PROMETHEUS", "prometheus", "prometheus/prometheus"))
            .arg(argument("--config.file=", &path.join("prometheus.yml")))
            .arg(argument("--storage.tsdb.path=", &path.join("storage")))
            .args(["--storage.tsdb.retention.time=1d", "--web.listen-address=127.0.0.1:0"])
            .current_dir(path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(path.join("log")).expect("a file to write to"))
            .spawn()
            .expect("Prometheus runs");
        // From here on the process ends with this value, whatever happens.
        let mut prometheus = Self { process, directory, address: ([127, 0, 0, 1], 0).into() };
        prometheus.get_ready().await;
        let count = targets.len();
        eventually("every target to be up", async || {
            let up = prometheus.query("up == 1").await;
            (up.len() == count).then_some(())
        })
        .await;
        prometheus
    }

    /// What the expression comes to now.
    ///
    /// # Panics
    /// With what Prometheus says, when it doesn't take the expression.
    pub async fn query(&self, expression: &str) -> Vec<Sample> {
        let answer = self.api("query", &[("query", expression)]).await;
        samples(&answer, expression)
    }

    /// What is in `data` of the answer of an endpoint of the API, such as `rules`.
    ///
    /// # Panics
    /// When Prometheus refuses to answer.
    pub async fn api(&self, endpoint: &str, parameters: &[(&str, &str)]) -> Value {
        let mut path = format!("/api/v1/{endpoint}?");
        for (name, value) in parameters {
            _ = write!(path, "{name}={}&", encoded(value));
        }
        let answer = Client::http1(self.address).await.send(Call::get(&path)).await;
        assert_eq!(answer.status, 200, "{parameters:?}: {}", answer.text_body());
        answer.json()["data"].take()
    }

    /// Waits until every rule was evaluated on what every target has shown after now.
    ///
    /// # Panics
    /// When one isn't, or when one fails.
    pub async fn catch_up(&self) {
        // What was under way has begun before.
        for _ in 0..2 {
            let before = self.last_scrapes().await;
            self.wait_for_change(before, async || self.last_scrapes().await).await;
        }
        for _ in 0..2 {
            let before = self.last_evaluations().await;
            self.wait_for_change(before, async || self.last_evaluations().await).await;
        }
    }

    async fn wait_for_change(&self, before: Times, now: impl AsyncFn() -> Times) {
        eventually("another scrape and another evaluation", async || {
            let now = now().await;
            before.iter().all(|(what, at)| now.get(what) != Some(at)).then_some(())
        })
        .await;
    }

    /// When each target was scraped.
    async fn last_scrapes(&self) -> Times {
        let targets = self.api("targets", &[("state", "active")]).await;
        times(&targets["activeTargets"], "scrapeUrl", "lastScrape")
    }

    /// When each group of rules was evaluated.
    async fn last_evaluations(&self) -> Times {
        let rules = self.api("rules", &[]).await;
        let groups = rules["groups"].as_array().expect("groups").iter();
        for rule in groups.flat_map(|group| group["rules"].as_array().expect("rules")) {
            assert_ne!(rule["health"], "err", "{rule:#}");
        }
        times(&rules["groups"], "name", "lastEvaluation")
    }

    async fn get_ready(&mut self) {
        self.address = eventually("Prometheus's address", async || {
            self.assert_alive();
            address_in(&self.log())
        })
        .await;
        eventually("Prometheus's readiness", async || {
            self.assert_alive();
            let mut client = Client::try_http1(self.address).await.ok()?;
            let answer = client.try_send(Call::get("/-/ready")).await.ok()?;
            (answer.status == 200).then_some(())
        })
        .await;
    }

    fn assert_alive(&mut self) {
        if let Ok(Some(status)) = self.process.try_wait() {
            panic!("Prometheus ended with {status}");
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
        if thread::panicking() {
            eprintln!("--- Prometheus's log:\n{}\n---", self.log());
        }
    }
}

/// The shipped configuration, for these targets.
fn configuration(targets: &[SocketAddr]) -> String {
    let targets: Vec<String> = targets.iter().map(SocketAddr::to_string).collect();
    let text = replaced(shipped("prometheus.yml"), INTERVAL, "1s");
    replaced(text, r#"["envoy:9901"]"#, &format!("{targets:?}"))
}

fn shipped(name: &str) -> String {
    let file = repository().join(OBSERVABILITY).join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn replaced(text: String, shipped: &str, by: &str) -> String {
    assert!(text.contains(shipped), "`{shipped}` is not in the configuration");
    text.replace(shipped, by)
}

fn argument(option: &str, path: &Path) -> PathBuf {
    format!("{option}{}", path.display()).into()
}

/// Where it says that it listens, whichever of its loggers writes it.
fn address_in(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains(r#"msg="Listening on""#))?;
    let (_, address) = line.split_once("address=")?;
    address.split_whitespace().next()?.parse().ok()
}

/// Of each element of a list, when something happened to it, by its name.
fn times(list: &Value, key: &str, value: &str) -> Times {
    let text = |element: &Value, name: &str| element[name].as_str().unwrap_or_default().to_owned();
    let elements = list.as_array().expect("a list").iter();
    elements.map(|element| (text(element, key), text(element, value))).collect()
}

/// Source: Prometheus, *HTTP API*, "Expression query result formats".
fn samples(answer: &Value, expression: &str) -> Vec<Sample> {
    assert_eq!(answer["resultType"], "vector", "{expression}");
    let result = answer["result"].as_array().expect("a vector").iter();
    result
        .map(|series| {
            let labels = series["metric"].as_object().expect("labels").iter();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            Sample {
                labels: labels.map(|(name, value)| (name.clone(), text(value))).collect(),
                value: text(&series["value"][1]).parse().expect("a number"),
            }
        })
        .collect()
}

/// A text as it stands in a query string.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => {
                encoded.push(char::from(byte));
            }
            byte => _ = write!(encoded, "%{byte:02X}"),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_address_in_the_log_of_either_generation() {
        let old = "level=info component=web msg=\"Start listening for connections\" address=127.0.0.1:0\n\
                   level=info component=web msg=\"Listening on\" address=127.0.0.1:33123\n";
        let new = "level=INFO source=tls_config.go:347 msg=\"Listening on\" component=web address=127.0.0.1:33123\n";
        for log in [old, new] {
            assert_eq!(address_in(log), Some(([127, 0, 0, 1], 33123).into()));
        }
    }

    #[test]
    fn encodes_whatever_means_something_in_a_query_string() {
        assert_eq!(encoded("a{b=~\"c|d\"} + 1"), "a%7Bb%3D%7E%22c%7Cd%22%7D%20%2B%201");
    }
}
