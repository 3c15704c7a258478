//! Sums of costs are exact, whatever is added up: against arithmetic with whole numbers.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::integer_division,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use filter_kit::trial::{Record, Trial, local_cells};
use filter_kit::{Change, Filter, parse_config};
use inference_metrics::InferenceMetrics;
use inference_metrics::metrics::COST;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::rc::Rc;

/// Prices in millionths of a microunit: request, input, cached, cache write, output.
type Prices = [u64; 5];

/// Tokens: not of the cache, cached, written to the cache, output.
type Tokens = [u64; 4];

const NAMES: [&str; 5] = [
    "request_microunits",
    "input_token_microunits",
    "cached_token_microunits",
    "cache_write_token_microunits",
    "output_token_microunits",
];

/// As an operator writes it: with six decimals.
fn decimal(millionths: u128) -> String {
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

fn filter(prices: Prices) -> Rc<InferenceMetrics> {
    let price = NAMES.iter().zip(prices).map(|(name, price)| {
        let value: Value = serde_json::from_str(&decimal(price.into())).unwrap();
        ((*name).to_owned(), value)
    });
    let price: serde_json::Map<String, Value> = price.collect();
    let config = json!({"models": [{"name": "demo", "price": price}], "model_from": "request"});
    Rc::new(InferenceMetrics::configure(parse_config(config).config.unwrap()).unwrap())
}

fn sent([plain, cached, cache_write, output]: Tokens) -> Trial {
    let usage = json!({
        "input_tokens": plain, "output_tokens": output,
        "cache_read_input_tokens": cached, "cache_creation_input_tokens": cache_write,
    });
    let body = json!({"model": "demo", "messages": []}).to_string();
    let trial = Trial::of("POST", "/v1/messages").body(body);
    trial.answered("application/json", json!({"usage": usage}).to_string())
}

/// What it costs, in millionths of a microunit.
fn exact([request, input, cached, cache_write, output]: Prices, tokens: Tokens) -> u128 {
    let each = [input, cached, cache_write, output].into_iter().zip(tokens);
    each.fold(request.into(), |sum, (price, count)| sum + u128::from(price) * u128::from(count))
}

fn charged(record: &Record) -> u128 {
    let charge = |change: &Change| match change {
        Change::Add(series, amount) if series.stat_name().starts_with(COST.metric.name) => {
            u128::try_from(*amount).unwrap()
        }
        _ => 0,
    };
    record.notes.changes().iter().map(charge).sum()
}

/// Prices of all sizes, up to the highest.
fn prices() -> impl Strategy<Value = Prices> {
    let price =
        prop_oneof![Just(0), 1..1_000_u64, 1..10_000_000_u64, 0..=1_000_000_000_000_000_u64];
    [price.clone(), price.clone(), price.clone(), price.clone(), price]
}

proptest! {
    #[test]
    fn a_sum_of_costs_is_right_to_one_microunit(
        prices in prices(),
        requests in vec(proptest::array::uniform4(0..5_000_u64), 1..40),
        workers in 1..4_usize,
    ) {
        let cells = local_cells();
        let workers: Vec<_> = (0..workers).map(|_| filter(prices)).collect();
        let mut counted = vec![(0_u128, 0_u128); workers.len()];
        for (position, tokens) in requests.into_iter().enumerate() {
            let which = position % workers.len();
            let record = sent(tokens).sharing(cells).recorded(&workers[which]);
            counted[which].0 += charged(&record);
            counted[which].1 += exact(prices, tokens);

            let fact = record.notes.facts().iter().find(|fact| fact.name.contains("cost"));
            let stated = fact.map_or("0", |fact| fact.value.as_str());
            let written = decimal(exact(prices, tokens));
            prop_assert_eq!(stated, written.trim_end_matches('0').trim_end_matches('.'));
        }
        for (counted, exact) in counted {
            prop_assert_eq!(counted, exact / 1_000_000, "of {} millionths", exact);
        }
    }
}
