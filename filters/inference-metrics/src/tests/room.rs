//! How many series there may be.

use super::*;
use core::cell::RefCell;
use filter_kit::{CellError, Cells, KeepCells};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// So many groups have room.
fn room_for(groups: usize, models: usize) -> Value {
    let models: Vec<Value> = (0..models).map(|n| json!({"name": n.to_string()})).collect();
    let series = crate::family::Group::most_series() * (groups + 1);
    json!({"models": models, "model_from": "request", "max_series": series})
}

/// The model as which a request for it is counted, and whether it was folded.
fn sent(filter: &Rc<InferenceMetrics>, model: usize, cells: Cells) -> (Vec<String>, usize) {
    let chat = Trial::chat(&json!({"model": model.to_string(), "messages": []}));
    let record = chat.answered(JSON, "{}").sharing(cells).recorded(filter);
    (counted_as(&record), counted(&record.notes, "inference_metrics_folded_total"))
}

fn own(model: usize) -> (Vec<String>, usize) {
    ([&model.to_string(), "none", "default", "chat_completions"].map(str::to_owned).to_vec(), 0)
}

fn folded() -> (Vec<String>, usize) {
    (vec!["other".to_owned(); 4], 1)
}

#[test]
fn workers_together_have_no_more_groups_than_there_is_room_for() {
    let cells = local_cells();
    let workers = [(); 3].map(|()| metrics(room_for(2, 9)));
    let [one, two, three] = &workers;
    assert_eq!(sent(one, 0, cells), own(0));
    assert_eq!(sent(two, 1, cells), own(1));
    assert_eq!(sent(three, 2, cells), folded());
    for worker in &workers {
        assert_eq!(sent(worker, 2, cells), folded());
        assert_eq!(sent(worker, 0, cells), own(0), "what has a place keeps it");
        assert_eq!(sent(worker, 1, cells), own(1));
    }
}

#[test]
fn what_is_folded_is_counted_each_time() {
    let (cells, filter) = (local_cells(), metrics(room_for(1, 3)));
    assert_eq!(sent(&filter, 0, cells), own(0));
    for _ in 0..3 {
        assert_eq!(sent(&filter, 1, cells), folded());
    }
}

#[test]
fn a_new_configuration_has_no_more_room_than_is_left() {
    let cells = local_cells();
    let before = metrics(room_for(2, 9));
    assert_eq!(sent(&before, 0, cells), own(0));
    assert_eq!(sent(&before, 1, cells), own(1));
    let after = metrics(room_for(2, 9));
    assert_eq!(sent(&after, 2, cells), folded());
    assert_eq!(sent(&after, 1, cells), own(1));
}

#[test]
fn without_shared_state_everything_is_folded_and_nothing_fails() {
    let filter = metrics(room_for(2, 9));
    assert_eq!(sent(&filter, 0, Cells::default()), folded());
}

#[test]
fn as_many_series_as_a_group_may_have_are_what_max_series_reckons_with() {
    assert_eq!(crate::family::Group::most_series(), 71, "the description of `max_series` says so");
}

#[test]
fn refusals_by_more_rules_than_there_can_be_are_counted_together() {
    let filter = metrics(models());
    let cells = local_cells();
    let refused = |rule: usize| {
        let reason = format!("filter;{rule}");
        let known = Told { details: Some(reason.clone().into()), ..Told::default() };
        let trial = chat().answered(JSON, "{}").answer_header(":status", "403");
        let trial = trial.answer_header("x-inference-rejected", &reason).known(known);
        let record = trial.sharing(cells).recorded(&filter);
        let own = format!("inference_refused_total_filter=.=filter;_rule=.={rule};");
        let other = "inference_refused_total_filter=.=other;_rule=.=other;";
        [counted(&record.notes, &own), counted(&record.notes, other)]
    };
    for rule in 0..256 {
        assert_eq!(refused(rule), [1, 0], "{rule}");
    }
    assert_eq!(refused(256), [0, 1]);
    assert_eq!(refused(0), [1, 0]);
}

/// Writes down which cells are changed.
#[derive(Default)]
struct Written(RefCell<Vec<String>>);

impl KeepCells for Written {
    fn update(
        &self,
        cell: &str,
        step: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), CellError> {
        let _ = step(&[]);
        self.0.borrow_mut().push(cell.to_owned());
        Ok(())
    }
}

#[test]
fn every_cell_that_is_changed_is_named_before() {
    let filter = metrics(json!({"tenant": {"header": "x-tenant", "stated_as": "hash"}}));
    let written: &'static Written = Box::leak(Box::default());
    let trial = chat().header("x-tenant", "acme").answered(JSON, "{}");
    trial.sharing(Cells::new(written)).recorded(&filter);
    let mut changed = written.0.take();
    let mut named = filter.cells();
    changed.sort();
    named.sort();
    assert_eq!(changed, named);
}

#[test]
fn what_is_folded_stands_at_zero_from_the_start() {
    let filter = metrics(json!({}));
    let series: Vec<&str> = filter.series().map(Series::stat_name).collect();
    assert_eq!(series, ["inference_metrics_folded_total"]);
}
