//! Keys, words and numbers, which are short.

/// How much of one is kept.
const MOST_BYTES: usize = 64;

/// The largest integer up to which all of them are 64-bit floats.
const LARGEST_EXACT: u64 = (1 << 53) - 1;

/// The text of a key, a word or a number, if it is a short one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar {
    bytes: [u8; MOST_BYTES],
    /// How long it is, whether that fits or not.
    length: usize,
}

impl Scalar {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; MOST_BYTES], length: 0 }
    }

    pub(crate) fn push(&mut self, fragment: &str) {
        let end = self.length.saturating_add(fragment.len());
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(fragment.as_bytes());
        }
        self.length = end;
    }

    pub(crate) const fn clear(&mut self) {
        self.length = 0;
    }

    /// All of it, unless it is too long.
    pub(crate) fn text(&self) -> Option<&str> {
        str::from_utf8(self.bytes.get(..self.length)?).ok()
    }

    /// The count that a server says: digits only, at most 2^53 - 1.
    ///
    /// Source: Envoy 1.40, `token_usage`, which takes no others.
    pub(crate) fn count(text: &str) -> Option<u64> {
        let is_count = text.bytes().all(|byte| byte.is_ascii_digit());
        let count = if is_count { text.parse().ok()? } else { return None };
        (count <= LARGEST_EXACT).then_some(count)
    }

    /// The count that a client asks for, as servers read one: also `8.0`, `8e0`
    /// and, in a string, `" 8 "` and `1_000`. What is too large is as large as
    /// can be; what is negative, broken or no number is none.
    pub(crate) fn asked(text: &str) -> Option<u64> {
        let text = text.trim_ascii();
        let text = if text.contains('_') { &text.replace('_', "") } else { text };
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_plain {
            return Some(text.parse().unwrap_or(u64::MAX));
        }
        let number: f64 = text.parse().ok()?;
        if !number.is_finite() || number < 0.0 || number.fract() != 0.0 {
            return None;
        }
        Some(format!("{:.0}", number.abs()).parse().unwrap_or(u64::MAX))
    }

    /// Whether it says yes, as pydantic reads a word or number.
    pub(crate) fn is_yes(text: &str) -> bool {
        const WORDS: [&str; 5] = ["true", "yes", "on", "t", "y"];
        WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) || Self::asked(text) == Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_too_long_is_not_kept() {
        let long = "x".repeat(MOST_BYTES);
        let mut scalar = Scalar::new();
        scalar.push(&long);
        assert_eq!(scalar.text(), Some(long.as_str()));
        scalar.push("x");
        assert_eq!(scalar.text(), None);
        scalar.push("");
        assert_eq!(scalar.text(), None);
        scalar.clear();
        scalar.push("mo");
        scalar.push("del");
        assert_eq!(scalar.text(), Some("model"));
    }

    #[test]
    fn a_servers_count_has_only_digits_and_fits_a_float() {
        for (text, count) in [
            ("0", Some(0)),
            ("9007199254740991", Some(LARGEST_EXACT)),
            ("9007199254740992", None),
            ("99999999999999999999", None),
            ("-1", None),
            ("1.0", None),
            ("1e3", None),
            ("", None),
        ] {
            assert_eq!(Scalar::count(text), count, "{text}");
        }
    }

    #[test]
    fn a_clients_count_is_read_as_servers_read_it() {
        for (text, count) in [
            ("8", Some(8)),
            ("8.0", Some(8)),
            ("-0", Some(0)),
            ("8e2", Some(800)),
            (" 8 ", Some(8)),
            ("+8", Some(8)),
            ("1_000", Some(1000)),
            ("99999999999999999999", Some(u64::MAX)),
            ("1e300", Some(u64::MAX)),
            ("-1", None),
            ("0.5", None),
            ("inf", None),
            ("nan", None),
            ("eight", None),
            ("", None),
        ] {
            assert_eq!(Scalar::asked(text), count, "{text}");
        }
    }

    #[test]
    fn yes_may_be_written_in_many_ways() {
        for yes in ["true", "True", "1", "1.0", "yes", "on", "t", "Y"] {
            assert!(Scalar::is_yes(yes), "{yes}");
        }
        for no in ["false", "0", "no", "off", "2", "", "truely"] {
            assert!(!Scalar::is_yes(no), "{no}");
        }
    }
}
