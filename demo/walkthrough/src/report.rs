//! What was seen, for a person and for a machine.

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Table, Width,
    presets,
};
use serde::Serialize;

use crate::steps::Step;

/// How wide the table is where there is no terminal to ask.
const WIDTH_WITHOUT_TERMINAL: u16 = 150;

/// What was observed, step by step.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
}

/// One thing that was done, and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Observation {
    done: String,
    expected: String,
    seen: String,
    /// What was expected and did not happen. Empty if all went as expected.
    amiss: Vec<String>,
}

/// An observation in the making.
#[derive(Clone, Debug)]
pub struct Check {
    observation: Observation,
}

#[derive(Debug, Serialize)]
struct Row {
    step: Step,
    #[serde(flatten)]
    observation: Observation,
    as_expected: bool,
}

impl Check {
    /// Something that was done, and what is expected of it.
    pub fn new(done: impl Into<String>, expected: impl Into<String>) -> Self {
        let observation = Observation {
            done: done.into(),
            expected: expected.into(),
            seen: String::new(),
            amiss: Vec::new(),
        };
        Self { observation }
    }

    /// Unless this holds, the observation is not as expected: `otherwise` says what was wrong.
    pub fn require<S: Into<String>>(&mut self, holds: bool, otherwise: impl FnOnce() -> S) {
        if !holds {
            self.observation.amiss.push(otherwise().into());
        }
    }

    /// Ends the observation with what was seen.
    pub fn seen(mut self, seen: impl Into<String>) -> Observation {
        self.observation.seen = seen.into();
        self.observation
    }

    /// Ends the observation: it could not be made.
    pub fn failed(mut self, error: &anyhow::Error) -> Observation {
        self.observation.amiss.push(format!("{error:#}"));
        self.observation
    }
}

impl Observation {
    pub fn is_as_expected(&self) -> bool {
        self.amiss.is_empty()
    }

    fn seen_and_amiss(&self) -> String {
        let amiss = self.amiss.iter().map(|text| format!("BUT: {text}"));
        let seen = Some(self.seen.clone()).filter(|seen| !seen.is_empty());
        seen.into_iter().chain(amiss).collect::<Vec<_>>().join("\n")
    }
}

impl Report {
    pub fn add(&mut self, step: Step, observations: Vec<Observation>) {
        self.rows.extend(observations.into_iter().map(|observation| {
            let as_expected = observation.is_as_expected();
            Row { step, observation, as_expected }
        }));
    }

    /// Whether something was observed, and all of it as expected.
    pub fn is_as_expected(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.as_expected)
    }

    /// For a machine: a list of objects.
    pub fn as_json(&self) -> String {
        serde_json::to_string_pretty(&self.rows).expect("a list of texts can be written as JSON")
    }

    /// For a person: one row for each observation, and a sentence that sums up.
    pub fn as_table(&self) -> String {
        format!("{}\n{}", self.table(), self.summary())
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_FULL)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(["step", "what was done", "expected", "seen", "verdict"]);
        if table.width().is_none() {
            table.set_width(WIDTH_WITHOUT_TERMINAL);
        }
        let mut last = None;
        for row in &self.rows {
            let first_of_step = last.replace(row.step) != Some(row.step);
            table.add_row([
                Cell::new(if first_of_step { row.step.name() } else { "" }),
                Cell::new(&row.observation.done),
                Cell::new(&row.observation.expected),
                Cell::new(row.observation.seen_and_amiss()),
                verdict(row.as_expected),
            ]);
        }
        for column in [0, 4] {
            if let Some(column) = table.column_mut(column) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        for (column, percentage) in [(1, 27), (2, 22), (3, 32)] {
            if let Some(column) = table.column_mut(column) {
                column
                    .set_constraint(ColumnConstraint::UpperBoundary(Width::Percentage(percentage)));
            }
        }
        table
    }

    fn summary(&self) -> String {
        let missed: Vec<&Row> = self.rows.iter().filter(|row| !row.as_expected).collect();
        if missed.is_empty() {
            return format!("All {} observations are as expected.", self.rows.len());
        }
        let mut text =
            format!("{} of {} observations are NOT as expected:", missed.len(), self.rows.len());
        for row in missed {
            let amiss = row.observation.amiss.join("; ");
            text.push_str(&format!(
                "\n  {}: {}: {amiss}\n    repeat it with --only {}",
                row.step.name(),
                row.observation.done,
                row.step.argument()
            ));
        }
        text
    }
}

fn verdict(as_expected: bool) -> Cell {
    let (text, colour) = if as_expected { ("ok", Color::Green) } else { ("FAILED", Color::Red) };
    Cell::new(text).fg(colour).add_attribute(Attribute::Bold).set_alignment(CellAlignment::Center)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok() -> Observation {
        Check::new("90 calls", "all three replicas").seen("a 30, b 30, c 30")
    }

    fn missed() -> Observation {
        let mut check = Check::new("a flood", "some fail fast");
        check.require(true, || "not this");
        check.require(false, || "nothing failed");
        check.require(false, || "it hung");
        check.seen("200 served")
    }

    fn report(observations: Vec<Observation>) -> Report {
        let mut report = Report::default();
        report.add(Step::Rotation, observations);
        report
    }

    #[test]
    fn shows_what_was_done_expected_and_seen_in_one_row() {
        let table = report(vec![ok()]).as_table();
        let row = table.lines().find(|line| line.contains("90 calls")).unwrap();
        for part in ["rotation", "all three replicas", "a 30, b 30, c 30", "ok"] {
            assert!(row.contains(part), "{part} is not in {row}");
        }
        assert!(table.ends_with("All 1 observations are as expected."), "{table}");
    }

    #[test]
    fn names_a_step_once() {
        let table = report(vec![ok(), ok()]).as_table();
        assert_eq!(table.matches("rotation").count(), 1, "{table}");
    }

    #[test]
    fn says_all_that_was_amiss() {
        let table = report(vec![ok(), missed()]).as_table();
        assert!(table.contains("FAILED") && table.contains("BUT: it hung"), "{table}");
        let summary = "1 of 2 observations are NOT as expected:\n  rotation: a flood: nothing failed; it hung";
        assert!(table.contains(summary), "{table}");
        assert!(!table.contains("not this"), "{table}");
    }

    #[test]
    fn one_missed_observation_spoils_the_report() {
        assert!(report(vec![ok()]).is_as_expected());
        assert!(!report(vec![ok(), missed()]).is_as_expected());
        assert!(
            !report(vec![Check::new("", "").failed(&anyhow::anyhow!("gone"))]).is_as_expected()
        );
    }

    #[test]
    fn a_report_of_nothing_is_no_success() {
        assert!(!Report::default().is_as_expected());
    }

    #[test]
    fn no_line_is_wider_than_the_table() {
        let long = "word ".repeat(200);
        let report = report(vec![Check::new(&long, &long).seen(&long)]);
        let mut table = report.table();
        table.set_width(100);
        for line in table.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn machines_get_a_list_of_objects() {
        let json: serde_json::Value =
            serde_json::from_str(&report(vec![missed()]).as_json()).unwrap();
        assert_eq!(json[0]["step"], "rotation");
        assert_eq!(json[0]["as_expected"], false);
        assert_eq!(json[0]["seen"], "200 served");
        assert_eq!(json[0]["amiss"][1], "it hung");
    }
}
