//! JSON texts, against `serde_json`.

use super::changes::{change, changed, cuts};
use super::json_texts::{json_number, json_numbers, json_salad, json_string, json_text};
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
    fn valid_json_is_read_as_serde_json_reads_it(text in json_text(), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
        oracle::identity::json_agrees(&text, &cuts);
    }

    #[test]
    fn changed_json_is_judged_as_serde_json_judges_it(
        text in json_text(),
        changes in vec(change(), 1..4),
        cuts in cuts(),
    ) {
        let text = changed(text, &changes);
        oracle::json::agrees(&text, &cuts);
        oracle::identity::json_agrees(&text, &cuts);
    }

    #[test]
    fn pieces_of_json_are_judged_as_serde_json_judges_them(text in json_salad(), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
    }

    #[test]
    fn long_strings_are_judged_as_serde_json_judges_them(text in json_string(), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
    }

    #[test]
    fn rows_of_numbers_are_judged_as_serde_json_judges_them(
        text in json_numbers(),
        cuts in cuts(),
    ) {
        oracle::json::agrees(&text, &cuts);
    }

    #[test]
    fn numbers_are_judged_as_serde_json_judges_them(text in json_number(), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
        oracle::json::agrees(&[&b"[["[..], &text, b",1]]"].concat(), &cuts);
    }

    #[test]
    fn noise_is_judged_as_serde_json_judges_it(text in vec(any::<u8>(), 0..64), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
        oracle::json::agrees(&[&b"\""[..], &text, b"\""].concat(), &cuts);
    }
}
