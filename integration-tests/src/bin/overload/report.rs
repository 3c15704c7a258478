//! What was measured, for people and for machines.

use crate::measuring::Point;
use crate::schedule::CLASSES;
use crate::tally::Tally;
use crate::variants::{DEADLINE, SERVICE, SLOTS, capacity};
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

/// For people, in Markdown.
pub(crate) fn table(points: &[Point]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header([
        "offered",
        "",
        "goodput/s",
        "of possible",
        "critical p50 ms",
        "critical p99 ms",
        "critical in time",
        "standard in time",
        "batch in time",
        "refused",
        "gave up",
        "Envoy cores",
    ]);
    for point in points {
        let [critical, standard, batch] = &point.classes;
        table.add_row([
            format!("{}x", point.load),
            point.variant.name().to_owned(),
            format!("{:.0}", point.goodput()),
            percent(point.goodput() / point.possible()),
            milliseconds(critical, 50.0),
            milliseconds(critical, 99.0),
            percent(in_time(critical)),
            percent(in_time(standard)),
            percent(in_time(batch)),
            percent(point.share(Tally::refused_in_all)),
            percent(point.share(|tally| tally.gave_up)),
            format!("{:.2}", point.envoy_cores),
        ]);
    }
    for (position, column) in table.column_iter_mut().enumerate() {
        if position != 1 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// What says whether the numbers mean anything: whether clients and Envoy kept up, and
/// what nobody expected.
pub(crate) fn health(points: &[Point]) -> String {
    let most = |of: fn(&Point) -> f64| points.iter().map(of).fold(0.0, f64::max);
    let failed: u32 =
        points.iter().flat_map(|point| &point.classes).map(Tally::failed_in_all).sum();
    format!(
        "Busiest: Envoy {:.2} cores, clients and server together {:.2}; 99 % of requests were sent \
         at most {:.1} ms late; {failed} failed otherwise.",
        most(|point| point.envoy_cores),
        most(|point| point.other_cores),
        most(|point| point.late.as_secs_f64() * 1e3),
    )
}

/// For machines.
pub(crate) fn json(points: &[Point]) -> String {
    let points = points.iter().map(|point| {
        let classes = CLASSES.iter().zip(&point.classes).map(|(class, tally)| {
            let waited = |percentile| tally.waited(percentile).map(|it| it.as_secs_f64() * 1e3);
            json!({
                "class": class.name, "sent": tally.sent, "answered": tally.answered,
                "gave_up": tally.gave_up, "refused": tally.refused, "failed": tally.failed,
                "p50_ms": waited(50.0), "p99_ms": waited(99.0),
            })
        });
        json!({
            "variant": point.variant.name(), "load": point.load, "seconds": point.seconds,
            "goodput_per_second": point.goodput(), "classes": classes.collect::<Vec<_>>(),
            "envoy_cores": point.envoy_cores, "other_cores": point.other_cores,
            "late_p99_ms": point.late.as_secs_f64() * 1e3,
        })
    });
    let report = json!({
        "slots": SLOTS, "service_ms": SERVICE.as_millis(), "deadline_ms": DEADLINE.as_millis(),
        "capacity_per_second": capacity(), "points": points.collect::<Vec<Value>>(),
    });
    format!("{report:#}\n")
}

fn in_time(tally: &Tally) -> f64 {
    f64::from(tally.answered) / f64::from(tally.sent.max(1))
}

fn percent(share: f64) -> String {
    // Whoever is missing in a thousand is not hidden by rounding.
    if share > 0.9 && share < 1.0 {
        format!("{:.1} %", (share * 1e3).floor() / 10.0)
    } else {
        format!("{:.0} %", share * 100.0)
    }
}

fn milliseconds(tally: &Tally, percentile: f64) -> String {
    tally
        .waited(percentile)
        .map_or_else(|| "-".to_owned(), |it| format!("{:.0}", it.as_secs_f64() * 1e3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::{Outcome, Over};
    use crate::schedule::Arrival;
    use crate::variants::Variant;
    use std::time::Duration;

    fn point() -> Point {
        let mut classes = CLASSES.map(|_| Tally::default());
        let over = |class, outcome| Over {
            arrival: Arrival { at: Duration::ZERO, class },
            outcome,
            took: Duration::from_millis(81),
            late: Duration::ZERO,
        };
        (0..999).for_each(|_| classes[0].add(&over(0, Outcome::Answered)));
        classes[0].add(&over(0, Outcome::Refused("full".into())));
        (0..1000).for_each(|_| classes[2].add(&over(2, Outcome::GaveUp)));
        Point {
            variant: Variant::Fixed,
            load: 2.0,
            seconds: 5.0,
            classes,
            envoy_cores: 0.25,
            other_cores: 0.5,
            late: Duration::from_millis(2),
        }
    }

    #[test]
    fn a_row_says_what_was_possible_and_what_came_of_it() {
        let table = table(&[point()]).to_string();
        let row = table.lines().last().expect("a row");
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let expected = [
            "2x",
            "fixed limit",
            "200",
            "99.9 %",
            "81",
            "81",
            "99.9 %",
            "0 %",
            "0 %",
            "0 %",
            "50 %",
            "0.25",
        ];
        assert_eq!(cells, expected);
    }

    #[test]
    fn programs_get_the_reasons_too() {
        let report: Value = serde_json::from_str(&json(&[point()])).expect("JSON");
        assert_eq!(report["points"][0]["classes"][0]["refused"]["full"], 1);
        assert_eq!(report["points"][0]["classes"][1]["p99_ms"], Value::Null);
    }

    #[test]
    fn only_all_of_it_is_a_hundred_percent() {
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.9999), "99.9 %");
        assert_eq!(percent(0.5), "50 %");
    }
}
