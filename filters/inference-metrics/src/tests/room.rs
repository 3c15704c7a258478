//! How many series there may be.

use super::*;
use core::cell::{Cell, RefCell};
use filter_kit::{CellError, Cells, KeepCells};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// So many groups have room, up to three, of so many models that are listed; and one of
/// those that are not.
fn room_for(groups: usize, models: usize) -> Value {
    with_room(groups + 1, models)
}

/// So many groups have room.
fn with_room(groups: usize, models: usize) -> Value {
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
fn models_that_are_not_listed_take_a_quarter_of_the_room_at_most() {
    let (cells, filter) = (local_cells(), metrics(with_room(8, 9)));
    let paths = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/messages"];
    let sent_to = |path: &str| {
        let trial = Trial::of("POST", path).body(r#"{"model":"stranger"}"#).answered(JSON, "{}");
        let record = trial.sharing(cells).recorded(&filter);
        counted(&record.notes, "inference_metrics_folded_total")
    };
    assert_eq!(paths.map(sent_to), [0, 0, 1, 1]);
    for model in 0..6 {
        assert_eq!(sent(&filter, model, cells), own(model), "the rest is left to those listed");
    }
    assert_eq!(sent(&filter, 6, cells), folded());
}

#[test]
fn the_least_room_that_can_be_configured_has_some_for_a_model() {
    let filter = metrics(with_room(2, 1));
    assert_eq!(sent(&filter, 0, local_cells()), own(0));
}

/// The model and version as which a request is counted.
fn target(trial: Trial, filter: &Rc<InferenceMetrics>, cells: Cells) -> Vec<String> {
    let mut labels = counted_as(&trial.sharing(cells).recorded(filter));
    labels.truncate(2);
    labels
}

fn refused(trial: Trial, reason: &str) -> Trial {
    let known = Told { details: Some(reason.into()), ..Told::default() };
    let trial = trial.answered(JSON, "{}").answer_header(":status", "403");
    trial.answer_header("x-inference-rejected", reason).known(known)
}

#[test]
fn what_no_server_answered_makes_no_series_for_a_model() {
    let cells = local_cells();
    let [one, two] = [(); 2].map(|()| metrics(models()));
    let unserved = [chat(), refused(chat(), "f;r")];
    for trial in &unserved {
        assert_eq!(target(trial.clone(), &one, cells), ["other", "other"], "{trial:?}");
    }
    let failed = chat().answered(JSON, "{}").answer_header(":status", "500");
    assert_eq!(target(failed, &one, cells), ["demo", "none"], "a server saw it");
    for trial in &unserved {
        assert_eq!(target(trial.clone(), &one, cells), ["demo", "none"], "{trial:?}");
        assert_eq!(target(trial.clone(), &two, cells), ["demo", "none"], "in any worker");
    }
    let nameless = Trial::of("POST", "/somewhere");
    assert_eq!(target(nameless, &one, cells), ["none", "none"]);
}

#[test]
fn a_server_that_says_of_a_good_answer_that_it_is_refused_does_not_hide_it() {
    let forged = chat().answered(JSON, "{}").answer_header("x-inference-rejected", "f;r");
    assert_eq!(target(forged, &metrics(models()), local_cells()), ["demo", "none"]);
}

#[test]
fn what_found_no_room_is_no_group_of_its_own() {
    let (cells, filter) = (local_cells(), metrics(room_for(1, 2)));
    assert_eq!(sent(&filter, 0, cells), own(0));
    assert_eq!(sent(&filter, 1, cells), folded());
    let chat = Trial::chat(&json!({"model": "1", "messages": []})).sharing(cells);
    let record = chat.recorded(&filter);
    assert_eq!(counted_as(&record), ["other", "other", "default", "chat_completions"]);
}

#[test]
fn a_group_has_as_many_series_as_the_description_of_max_series_says() {
    let says = format!("takes up to {} of them", crate::family::Group::most_series());
    assert!(include_str!("../config.rs").contains(&says), "{says}");
    let rows = table::ROWS_PER_MODEL.iter().map(|row| row.values.len()).sum::<usize>();
    assert_eq!(crate::family::Group::most_series(), rows + 64 + 1, "64 reasons, and `other`");
}

#[test]
fn by_default_there_is_room_for_a_hundred_groups_and_more() {
    let config: crate::Config = serde_json::from_value(json!({})).unwrap();
    assert_eq!(config.max_series, 20_000);
}

#[test]
fn refusals_by_more_rules_than_there_can_be_are_counted_together() {
    let filter = metrics(models());
    let cells = local_cells();
    let served = chat().answered(JSON, "{}").sharing(cells);
    served.recorded(&filter);
    let refused = |path: &str, rule: usize| {
        let trial = Trial::of("POST", path).body(r#"{"model":"demo"}"#).sharing(cells);
        refused(trial, &format!("filter;{rule}")).recorded(&filter)
    };
    let counted_as = |path: &str, labels: &str, rule: usize| {
        let record = refused(path, rule);
        let labels = format!("inference_refused_total_{labels}_class=.=default;_operation=.=");
        let own = format!("_filter=.=filter;_rule=.={rule};");
        let operation = path.trim_start_matches("/v1/").replace('/', "_");
        [own.as_str(), "_filter=.=other;_rule=.=other;"]
            .map(|reason| counted(&record.notes, &format!("{labels}{operation};{reason}")))
    };
    let chats = |rule| counted_as("/v1/chat/completions", "model=.=demo;_version=.=none;", rule);
    for rule in 0..64 {
        assert_eq!(chats(rule), [1, 0], "{rule}");
    }
    assert_eq!(chats(64), [0, 1]);
    assert_eq!(chats(0), [1, 0]);
    let others = counted_as("/v1/embeddings", "model=.=other;_version=.=other;", 64);
    assert_eq!(others, [1, 0], "another group has room for its own");
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
    let mut config = models();
    config["tenant"] = json!({"header": "x-tenant", "stated_as": "hash"});
    let filter = metrics(config);
    let written: &'static Written = Box::leak(Box::default());
    for trial in [chat(), Trial::chat(&json!({"model": "stranger"}))] {
        let trial = trial.header("x-tenant", "acme").answered(JSON, "{}");
        trial.sharing(Cells::new(written)).recorded(&filter);
    }
    let mut changed = written.0.take();
    let mut named = filter.cells();
    changed.sort();
    named.sort();
    assert_eq!(changed, named);
}

/// Has no room, and counts how often it was asked.
#[derive(Default)]
struct Full(Cell<usize>);

impl KeepCells for Full {
    fn update(
        &self,
        _: &str,
        step: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), CellError> {
        self.0.set(self.0.get() + 1);
        // A step that changed something is one that found room.
        step(&[1; 8 * 64]).map_or(Ok(()), |_| Err(CellError::Contended))
    }
}

#[test]
fn that_there_is_no_room_is_remembered() {
    let full: &'static Full = Box::leak(Box::default());
    let filter = metrics(room_for(2, 9));
    for _ in 0..3 {
        assert_eq!(sent(&filter, 0, Cells::new(full)), folded());
    }
    assert_eq!(full.0.get(), 1);
}

#[test]
fn that_nobody_could_be_asked_for_room_is_not_remembered() {
    let filter = metrics(room_for(2, 9));
    assert_eq!(sent(&filter, 0, Cells::default()), folded());
    assert_eq!(sent(&filter, 0, local_cells()), own(0));
}

#[test]
fn what_is_folded_stands_at_zero_from_the_start() {
    let filter = metrics(json!({}));
    let series: Vec<&str> = filter.series().map(Series::stat_name).collect();
    assert_eq!(series, ["inference_metrics_folded_total"]);
}
