//! Surveys of arrays, against a naive look at what `serde_json` reads.

use super::changes::{change, changed, cuts};
use super::json_texts::{json_number, json_numbers, json_text};
use super::oracle;
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        // What fails once becomes a unit test with a name.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn arrays_of_anything_are_what_serde_json_makes_of_them(
        texts in vec(json_text(), 0..4),
        cuts in cuts(),
    ) {
        let text = [&b"["[..], &texts.join(&b','), b"]"].concat();
        oracle::surveys::agrees(&text, &cuts);
    }

    #[test]
    fn changed_arrays_are_judged_as_when_they_are_skipped(
        text in json_text(),
        changes in vec(change(), 1..4),
        cuts in cuts(),
    ) {
        let text = changed([&b"[["[..], &text, b"], 1]"].concat(), &changes);
        oracle::surveys::agrees(&text, &cuts);
    }

    #[test]
    fn rows_of_numbers_are_counted_and_valued_one_by_one(
        text in json_numbers(),
        cuts in cuts(),
    ) {
        oracle::surveys::agrees(&text, &cuts);
    }

    #[test]
    fn equal_rows_have_a_shape(
        (rows, columns) in (1..40_usize, 1..20_usize),
        number in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,18})?(e-?[0-9])?",
        comma in "(, ?|, \n| , )",
        (longer, cuts) in (0..40_usize, cuts()),
    ) {
        let row = |row| {
            let length = if row == longer { columns + 1 } else { columns };
            format!("[{}]", vec![number.as_str(); length].join(&comma))
        };
        let rows: Vec<String> = (0..rows).map(row).collect();
        oracle::surveys::agrees(format!("[{}]", rows.join(&comma)).as_bytes(), &cuts);
    }

    #[test]
    fn each_number_has_its_value(
        numbers in vec((json_number(), any::<f64>()), 1..4),
        cuts in cuts(),
    ) {
        for repeated in [1, 5] {
            let numbers: Vec<String> = numbers
                .iter()
                .map(|(number, float)| format!("{},{float:e}", String::from_utf8_lossy(number)))
                .collect();
            let text = format!("[{}]", vec![numbers.join(", "); repeated].join(","));
            oracle::surveys::agrees(text.replace("inf", "1").replace("NaN", "2").as_bytes(), &cuts);
        }
    }
}
