//! What becomes of requests when there are more than the servers can answer: a real
//! Envoy in front of the demo's model server, with and without admission control.
//!
//! The server has so many slots, and an unbounded line in front of them. Requests come
//! at random, whether others were answered or not, and each client gives up at its
//! deadline. Everything runs on this machine, so only what differs between the variants
//! of one run says something about another.

mod clients;
mod measuring;
mod plot;
mod report;
mod schedule;
mod tally;
mod variants;

use clap::Parser;
use integration_tests::{dist, repository};
use measuring::{Point, measure};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use variants::Variant;

/// Puts more load on Envoy and a model server than that can answer.
#[derive(Debug, Parser)]
#[command(name = "scripts/overload")]
struct Options {
    /// A load, in multiples of the capacity.
    #[arg(long = "load", default_values_t = [0.5, 1.0, 2.0, 3.0, 5.0, 10.0], value_parser = load)]
    loads: Vec<f64>,
    /// Only this variant.
    #[arg(long = "variant", value_enum)]
    variants: Vec<Variant>,
    /// How long each load is measured on each variant.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Envoy's workers.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    workers: u32,
    /// Where everything that was counted goes.
    #[arg(long, default_value_os_t = dist().join("overload.json"))]
    output: PathBuf,
    /// Draws docs/overload.svg of admission-control.
    #[arg(long)]
    plot: bool,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let length = Duration::from_secs(options.seconds);
    let mut points: Vec<Point> = Vec::new();
    for load in &options.loads {
        for variant in Variant::ALL {
            if !options.variants.is_empty() && !options.variants.contains(&variant) {
                continue;
            }
            let point = measure(variant, *load, length, options.workers).await;
            eprintln!("{load}x, {}: {:.0} answers/s in time", variant.name(), point.goodput());
            points.push(point);
        }
    }
    println!("{}\n\n{}", report::table(&points), report::health(&points));
    write(&options.output, &report::json(&points));
    if options.plot {
        let file = repository().join("filters/admission-control/docs/overload.svg");
        write(&file, &plot::svg(&points).unwrap_or_else(|error| panic!("can't draw: {error}")));
    }
}

fn write(file: &Path, text: &str) {
    let directory = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)
        .and_then(|()| fs::write(file, text))
        .unwrap_or_else(|error| panic!("can't write {}: {error}", file.display()));
    eprintln!("Written to {}", file.display());
}

fn load(text: &str) -> Result<f64, String> {
    let load: f64 = text.parse().map_err(|_| "not a number")?;
    if (0.01..=20.0).contains(&load) { Ok(load) } else { Err("must be within 0.01 and 20".into()) }
}
