//! What a dashboard shows of the demo under changing load: the shipped Envoy in front of the
//! demo's model servers, traffic of several kinds, and the metrics as Prometheus would get them.
//!
//! Everything runs on this machine: the picture shows what is measured, not how fast anything
//! is.

mod panels;
mod phases;
mod plot;
mod stack;
mod traffic;

use clap::Parser;
use integration_tests::{Metrics, repository};
use phases::Phases;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Draws what a dashboard shows of the demo under changing load.
#[derive(Debug, Parser)]
#[command(name = "scripts/plot-dashboard")]
struct Options {
    /// How long, in seconds.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(30..=3600))]
    seconds: u16,
    /// Where the picture goes.
    #[arg(long, default_value_os_t = repository().join("filters/inference-metrics/docs/dashboard.svg"))]
    output: PathBuf,
}

/// The metrics at one moment.
pub(crate) struct Scrape {
    /// Seconds since the traffic began.
    pub(crate) at: f64,
    pub(crate) metrics: Metrics,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let phases = Phases::within(Duration::from_secs(options.seconds.into()));
    let stack = stack::start().await;
    let began = Instant::now();
    let traffic = tokio::spawn(traffic::send(stack.gateway.address(), phases));
    let mut scrapes = Vec::new();
    for second in 0..=options.seconds {
        sleep_until(began + Duration::from_secs(second.into())).await;
        let metrics = stack.gateway.admin().metrics().await;
        scrapes.push(Scrape { at: began.elapsed().as_secs_f64(), metrics });
    }
    let late = traffic.await.expect("traffic that does not panic");
    eprintln!("Requests were sent {} ms late at most", late.as_millis());
    let text = plot::svg(&scrapes, &phases).unwrap_or_else(|error| panic!("can't draw: {error}"));
    fs::write(&options.output, text)
        .unwrap_or_else(|error| panic!("can't write {}: {error}", options.output.display()));
    eprintln!("Written to {}", options.output.display());
}
