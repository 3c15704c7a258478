//! What the filters cost: processor time of the Envoy process per request,
//! against an Envoy without filters and one with an empty filter.
//!
//! All Envoys run side by side, with one worker each, and take turns round by
//! round, so that whatever else the machine does falls on all of them. Still
//! only the ratios say something about another machine.

mod cases;
mod filters;
mod load;
mod report;
mod server;

use cases::{CASES, Case};
use clap::Parser;
use filters::{FILTERS, FilterUnderTest};
use integration_tests::{Gateway, ProcessorTime, dist};
use load::Load;
use report::{Measured, Report};
use server::Server;

/// Measures what the filters cost.
#[derive(Debug, Parser)]
#[command(name = "scripts/bench")]
struct Options {
    /// Measure only this filter, as in `model-router`; `empty` is the empty one.
    #[arg(long, value_parser = filters::names())]
    filter: Vec<String>,
    /// Measure only this case.
    #[arg(long, value_parser = cases::names())]
    case: Vec<String>,
    /// How often each Envoy takes its turn in each case.
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = Options::parse();
    let server = Server::start().await;
    let plain =
        Gateway::builder().without_access_log().cluster(filters::CLUSTER, &[server.address()]);
    let mut contestants = vec![Contestant { name: "plain", gateway: plain.start().await }];
    for filter in FILTERS.iter().filter(|filter| chosen(&options.filter, filter.name)) {
        contestants.push(Contestant::with(filter, &server).await);
    }
    let mut report = Report::default();
    for case in CASES.iter().filter(|case| chosen(&options.case, case.name)) {
        eprintln!("{}: {} rounds of {} Envoys", case.name, options.rounds, contestants.len());
        report.add(case, &measure(case, options.rounds, &contestants).await);
    }
    println!("{}", report.table());
    let file = dist().join("bench.json");
    std::fs::create_dir_all(dist())
        .and_then(|()| std::fs::write(&file, report.json()))
        .unwrap_or_else(|error| panic!("can't write {}: {error}", file.display()));
    println!("Written to {}", file.display());
}

/// An Envoy with one filter, or with none.
struct Contestant {
    name: &'static str,
    gateway: Gateway,
}

impl Contestant {
    async fn with(filter: &FilterUnderTest, server: &Server) -> Self {
        Self { name: filter.name, gateway: filter.gateway(server.address()).start().await }
    }
}

/// Everything that a case says about each contestant.
async fn measure(case: &Case, rounds: u32, contestants: &[Contestant]) -> Vec<Measured> {
    let mut loads = Vec::new();
    for contestant in contestants {
        let mut load = Load::prepare(case, &contestant.gateway).await;
        // Fills caches and pools, and grows the VM's memory, once.
        load.round(case.requests).await;
        loads.push((load, Measured::of(contestant.name)));
    }
    for round in 0..rounds {
        // Each round begins with another one.
        let start = usize::try_from(round).expect("a small number") % loads.len();
        for turn in 0..loads.len() {
            let position = (start + turn) % loads.len();
            let (load, measured) = &mut loads[position];
            let processor = ProcessorTime::of(contestants[position].gateway.process_id());
            let latencies = load.round(case.requests).await;
            measured.add(processor.spent(), &latencies);
        }
    }
    loads.into_iter().map(|(_, measured)| measured).collect()
}

fn chosen(wanted: &[String], name: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| wanted == name)
}
