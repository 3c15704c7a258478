//! What requests cost.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn priced(price: Value) -> Value {
    json!({"models": [{"name": "demo", "price": price}], "model_from": "request"})
}

fn used(input: u64, cached: u64, cache_write: u64, output: u64) -> Trial {
    let usage = json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": cache_write},
    });
    chat().answered(JSON, json!({"usage": usage}).to_string())
}

fn cost(record: &Record) -> Option<&str> {
    fact(record, "inference.cost_microunits")
}

#[test]
fn each_kind_of_token_has_its_price() {
    let all = json!({
        "request_microunits": 100_000,
        "input_token_microunits": 1,
        "cached_token_microunits": 10,
        "cache_write_token_microunits": 100,
        "output_token_microunits": 1000,
    });
    let record = recorded(used(9, 3, 2, 5), priced(all));
    assert_eq!(cost(&record), Some("105234"));
    assert_eq!(sum(&record, &table::COST), 105_234);
    assert_eq!(sum(&record, &table::COST_ESTIMATED), 0);
}

#[test]
fn what_a_cache_had_to_do_with_costs_as_any_other_input_unless_it_is_said() {
    let record = recorded(used(9, 3, 2, 0), priced(json!({"input_token_microunits": 2})));
    assert_eq!(cost(&record), Some("18"));
    let free = json!({"input_token_microunits": 2, "cached_token_microunits": 0});
    assert_eq!(cost(&recorded(used(9, 3, 2, 0), priced(free))), Some("12"));
}

#[test]
fn more_from_a_cache_than_there_was_input_costs_no_less_than_nothing() {
    let price = json!({"input_token_microunits": 2, "cached_token_microunits": 1});
    assert_eq!(cost(&recorded(used(3, 5, 0, 0), priced(price))), Some("5"));
}

#[test]
fn a_cost_is_written_with_as_many_decimals_as_it_has() {
    for (price, output, expected) in [
        (0.15, 7, Some("1.05")),
        (0.15, 20, Some("3")),
        (0.000_001, 1, Some("0.000001")),
        (0.1, 3, Some("0.3")),
        (1e9, 67_108_864, Some("67108864000000000")),
        (10.0, 10, Some("100")),
        (0.15, 0, None),
        (0.0, 10, None),
    ] {
        let price = json!({"output_token_microunits": price});
        let record = recorded(used(0, 0, 0, output), priced(price.clone()));
        assert_eq!(cost(&record), expected, "{price} {output}");
    }
}

#[test]
fn what_is_left_of_one_request_is_counted_with_the_next() {
    let filter = metrics(priced(json!({"output_token_microunits": 0.4})));
    let cells = local_cells();
    let counted =
        [(); 6].map(|()| sum(&used(0, 0, 0, 1).sharing(cells).recorded(&filter), &table::COST));
    assert_eq!(counted, [0, 0, 1, 0, 1, 0]);
}

#[test]
fn what_is_only_estimated_costs_in_a_series_of_its_own() {
    let price = json!({
        "request_microunits": 1000, "input_token_microunits": 1, "output_token_microunits": 10,
    });
    // Two tokens of input, one of output.
    let record = recorded(chat().answered(SSE, events(&[HI, STOP, DONE])), priced(price));
    assert_eq!(sum(&record, &table::COST), 1000);
    assert_eq!(sum(&record, &table::COST_ESTIMATED), 12);
    assert_eq!(cost(&record), Some("1012"));
}

#[test]
fn what_another_filter_says_was_used_is_what_a_request_costs() {
    let price = json!({"input_token_microunits": 1, "output_token_microunits": 10});
    let facts =
        vec![("inference.input_tokens", b"7".to_vec()), ("inference.output_tokens", b"3".to_vec())];
    let known = Told { facts, ..Told::default() };
    let trial = chat().answered(SSE, events(&[HI, STOP, DONE])).known(known);
    let record = recorded(trial, priced(price));
    assert_eq!(sum(&record, &table::COST), 37);
    assert_eq!(sum(&record, &table::COST_ESTIMATED), 0);
    assert_eq!(cost(&record), Some("37"));
}

#[test]
fn a_request_that_was_not_answered_well_costs_nothing() {
    let price = || priced(json!({"request_microunits": 5, "output_token_microunits": 5}));
    let failed = used(1, 0, 0, 1).answer_header(":status", "500");
    for trial in [chat(), failed] {
        let record = recorded(trial.clone(), price());
        assert_eq!((sum(&record, &table::COST), cost(&record)), (0, None), "{trial:?}");
    }
}

#[test]
fn only_a_model_that_is_listed_has_a_price() {
    let price = priced(json!({"request_microunits": 5}));
    let other = Trial::chat(&json!({"model": "else"})).answered(JSON, "{}");
    assert_eq!(sum(&recorded(other, price), &table::COST), 0);
}

#[test]
fn a_model_without_room_for_its_series_costs_what_it_costs() {
    let series = crate::family::Group::most_series() * 3;
    let config = json!({
        "models": [{"name": "a"}, {"name": "demo", "price": {"request_microunits": 5}}],
        "model_from": "request",
        "max_series": series,
    });
    let (filter, cells) = (metrics(config), local_cells());
    let first = Trial::chat(&json!({"model": "a"})).answered(JSON, "{}");
    first.sharing(cells).recorded(&filter);
    let record = chat().answered(JSON, "{}").sharing(cells).recorded(&filter);
    assert_eq!(counted(&record.notes, "inference_metrics_folded_total"), 1);
    assert_eq!(sum(&record, &table::COST), 5);
}
