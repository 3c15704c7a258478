//! Draws how the adaptive limit follows a server: `docs/adaptive.svg`.
//!
//! The simulation of the tests: a server of 16 slots under three times the load
//! that it can serve. It becomes half as fast at 60 s, and twice as fast as it was
//! to begin with at 120 s.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::integer_division,
    reason = "a program for developers fails by panicking"
)]

#[cfg(not(target_arch = "wasm32"))]
#[path = "../tests/simulation/mod.rs"]
#[allow(dead_code, reason = "the tests look at more of it")]
mod simulation;

#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/adaptive.svg");
    drawing::draw(path, &drawing::moments())
}

#[cfg(not(target_arch = "wasm32"))]
mod drawing {
    use std::error::Error;

    use admission_control::ledger::adaptive::Settings;
    use plotters::coord::Shift;
    use plotters::prelude::*;

    use crate::simulation::{Load, Moment, SECOND, run};

    const SECONDS: u64 = 180;
    const SLOTS: u32 = 16;
    const BASE_MS: u64 = 100;

    type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

    /// One of the three panels.
    struct Panel {
        title: &'static str,
        most: f64,
        line: Vec<(f64, f64)>,
        /// What the server would have at best.
        ideal: Vec<(f64, f64)>,
    }

    /// The server's mean time of service at a second.
    fn service_ns(second: u64) -> u64 {
        let base = BASE_MS * SECOND / 1_000;
        match second {
            0..60 => base,
            60..120 => base * 2,
            _ => base / 2,
        }
    }

    pub(crate) fn moments() -> Vec<Moment> {
        let settings = Settings { interval_ns: 20 * SECOND, ..Settings::default() };
        // Three times what the server can take at its fastest.
        let every_ns = service_ns(SECONDS) / u64::from(SLOTS) / 3;
        run(Load { slots: 16, service_ns, every_ns, seconds: SECONDS, settings }, 7)
    }

    pub(crate) fn draw(path: &str, moments: &[Moment]) -> Result<(), Box<dyn Error>> {
        let root = SVGBackend::new(path, (900, 720)).into_drawing_area();
        root.fill(&WHITE)?;
        let panels = root.split_evenly((3, 1));
        let [upper, middle, lower] = panels.as_slice() else { return Ok(()) };
        let second = |moment: &Moment| moment.tenth as f64 / 10.0;
        let along = |height: fn(u64) -> f64| -> Vec<(f64, f64)> {
            (0..=SECONDS * 10)
                .map(|tenth| (tenth as f64 / 10.0, height(service_ns(tenth / 10))))
                .collect()
        };
        let limits = moments.iter().map(|moment| (second(moment), f64::from(moment.limit)));
        panel(
            upper,
            &Panel {
                title: "Limit (requests in flight); grey: the server's 16 slots",
                most: 50.0,
                line: limits.collect(),
                ideal: along(|_| f64::from(SLOTS)),
            },
        )?;
        let latency = |moment: &Moment| {
            moment.latency_ns.map(|latency| (second(moment), latency as f64 / 1_000_000.0))
        };
        panel(
            middle,
            &Panel {
                title: "Latency (ms, mean of 0.1 s); grey: the server's time alone",
                most: 500.0,
                line: moments.iter().filter_map(latency).collect(),
                ideal: along(|service| service as f64 / 1_000_000.0),
            },
        )?;
        let answered = |second: &[Moment]| {
            let middle = second.first().map_or(0.0, |moment| moment.tenth as f64 / 10.0) + 0.5;
            (middle, second.iter().map(|moment| moment.answered as f64).sum())
        };
        panel(
            lower,
            &Panel {
                title: "Answers per second; grey: all that the server can give",
                most: 400.0,
                line: moments.chunks(10).map(answered).collect(),
                ideal: along(|service| f64::from(SLOTS) * SECOND as f64 / service as f64),
            },
        )?;
        root.present()?;
        Ok(())
    }

    fn panel(area: &Area<'_>, panel: &Panel) -> Result<(), Box<dyn Error>> {
        let mut chart = ChartBuilder::on(area)
            .caption(panel.title, ("sans-serif", 16))
            .margin(12)
            .x_label_area_size(28)
            .y_label_area_size(44)
            .build_cartesian_2d(0.0..SECONDS as f64, 0.0..panel.most)?;
        chart.configure_mesh().disable_x_mesh().x_desc("seconds").draw()?;
        chart.draw_series(LineSeries::new(panel.ideal.iter().copied(), RGBColor(150, 150, 150)))?;
        chart.draw_series(LineSeries::new(panel.line.iter().copied(), RGBColor(20, 90, 170)))?;
        Ok(())
    }
}
