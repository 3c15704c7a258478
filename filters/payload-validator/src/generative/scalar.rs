//! Keys, words and numbers, which are short.

use core::fmt;

/// How much of one is kept.
pub(super) const MOST_BYTES: usize = 32;

/// The text of a key, a word or a number, if it is a short one.
#[derive(Clone, Debug, Default)]
pub(super) struct Scalar {
    bytes: [u8; MOST_BYTES],
    /// How long it is, whether that fits or not.
    length: usize,
}

impl Scalar {
    pub(super) fn push(&mut self, fragment: &str) {
        let end = self.length.saturating_add(fragment.len());
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(fragment.as_bytes());
        }
        self.length = end;
    }

    /// All of it, unless it is too long.
    pub(super) fn text(&self) -> Option<&str> {
        str::from_utf8(self.bytes.get(..self.length)?).ok()
    }

    /// The number that it is, as Python's pydantic reads one from a string too:
    /// white space around it, a plus before it, and single underscores among its
    /// digits don't matter.
    pub(super) fn number(&self) -> Option<f64> {
        let text = self.text()?.trim();
        let is_bare = !text.contains('_');
        if is_bare {
            return text.parse().ok();
        }
        let is_apart = !text.starts_with('_') && !text.ends_with('_') && !text.contains("__");
        is_apart.then(|| text.replace('_', "").parse().ok())?
    }
}

/// A number as it is shown: as it is, or short.
pub(super) struct Shown(pub(super) f64);

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number) = *self;
        let is_plain = number == 0.0 || (1e-6..1e15).contains(&number.abs());
        if is_plain { number.fmt(out) } else { write!(out, "{number:e}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn scalar(fragments: &[&str]) -> Scalar {
        let mut scalar = Scalar::default();
        fragments.iter().for_each(|fragment| scalar.push(fragment));
        scalar
    }

    #[test]
    fn what_is_too_long_is_not_kept() {
        let long = "x".repeat(MOST_BYTES);
        assert_eq!(scalar(&[&long]).text(), Some(long.as_str()));
        assert_eq!(scalar(&[&long, "x"]).text(), None);
        assert_eq!(scalar(&[&long, "x", ""]).text(), None);
        assert_eq!(scalar(&["tem", "", "perature"]).text(), Some("temperature"));
    }

    #[test]
    fn numbers_are_read_as_servers_read_them() {
        for (text, number) in [
            ("0.7", Some(0.7)),
            ("1e2", Some(100.0)),
            (" 5 ", Some(5.0)),
            ("+5", Some(5.0)),
            ("1_000", Some(1000.0)),
            ("1__000", None),
            ("_1", None),
            ("1_", None),
            ("five", None),
            ("", None),
            ("0x10", None),
        ] {
            assert_eq!(scalar(&[text]).number(), number, "{text}");
        }
        assert!(scalar(&["nan"]).number().is_some_and(f64::is_nan));
    }

    #[test]
    fn numbers_are_shown_in_a_few_characters() {
        for (number, shown) in [
            (3.5, "3.5"),
            (0.0, "0"),
            (128.0, "128"),
            (1e300, "1e300"),
            (-2.5e-300, "-2.5e-300"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(Shown(number).to_string(), shown);
        }
    }
}
