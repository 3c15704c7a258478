//! Keys and short strings, of which only a bounded part is kept.

use crate::tensor::MAX_NAME_BYTES;

/// A text that is kept up to the first character beyond [`MAX_NAME_BYTES`]. So
/// one that was cut is longer than that, and equals none that is not.
#[derive(Clone, Debug, Default)]
pub(super) struct Word {
    text: String,
}

impl Word {
    pub(super) fn push(&mut self, fragment: &str) {
        if let Some(room) = MAX_NAME_BYTES.checked_sub(self.text.len()) {
            let end = fragment.ceil_char_boundary(room.saturating_add(1));
            self.text.push_str(fragment.get(..end).unwrap_or(fragment));
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn is_cut(&self) -> bool {
        self.text.len() > MAX_NAME_BYTES
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn word(fragments: &[&str]) -> Word {
        let mut word = Word::default();
        fragments.iter().for_each(|fragment| word.push(fragment));
        word
    }

    #[test]
    fn a_text_is_cut_behind_the_first_character_that_goes_beyond() {
        let longest = "n".repeat(MAX_NAME_BYTES);
        assert!(!word(&[&longest]).is_cut());
        for behind in ["n", "é", "€uro", "😀😀"] {
            let whole = word(&[&longest, behind, "more"]);
            assert!(whole.is_cut() && whole.as_str().len() <= MAX_NAME_BYTES + 4);
            let text = [&longest, behind, "more"].concat();
            for place in (0..=text.len()).filter(|place| text.is_char_boundary(*place)) {
                let (before, after) = text.split_at(place);
                assert_eq!(word(&[before, after]).as_str(), whole.as_str(), "cut at {place}");
            }
        }
    }
}
