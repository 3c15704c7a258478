//! Byte strings as `{"b64": "..."}`.
//!
//! Source: TensorFlow Serving, `api_rest.md`, "Encoding binary values".

use super::words::Word;
use crate::json::Survey;

/// An object, as long as it may be `{"b64": "..."}` and nothing else.
#[derive(Clone, Debug, Default)]
pub(super) struct Base64 {
    /// How many members began.
    members: u64,
    /// The first one is of that name, and a string.
    is_string: bool,
    /// How many bytes the string has, decoded as JSON.
    bytes: u64,
    /// How many of them are digits of Base64.
    digits: u64,
}

impl Base64 {
    /// A member of this name begins.
    pub(super) fn key(&mut self) {
        self.members = self.members.saturating_add(1);
    }

    /// Whether a string that begins now may be the one; so it is from now on.
    pub(super) fn takes(&mut self, key: &Word) -> bool {
        let is_one = self.members == 1 && key.as_str() == "b64";
        self.is_string |= is_one;
        is_one
    }

    pub(super) fn text(&mut self, fragment: &str) {
        let is_digit = |byte: &&u8| !matches!(byte, b'=' | b' ' | b'\n' | b'\r' | b'\t');
        let digits = fragment.as_bytes().iter().filter(is_digit).count();
        self.bytes = self.bytes.saturating_add(crate::wide(fragment.len()));
        self.digits = self.digits.saturating_add(crate::wide(digits));
    }

    /// How many bytes it stands for, if the object ends here.
    pub(super) fn decoded(&self) -> Option<u64> {
        let bits = self.digits.saturating_mul(6);
        (self.members == 1 && self.is_string).then_some(bits >> 3)
    }

    /// How long the first member was, a string, if it turns out now that there is
    /// another one: it is an input of the name `b64`.
    pub(super) fn disappoint(&mut self) -> Option<u64> {
        let is_late = self.members > 1 && core::mem::take(&mut self.is_string);
        is_late.then_some(self.bytes)
    }

    /// Tells the survey in which the object is a leaf what it was.
    pub(super) fn tell(&self, survey: &mut Survey) {
        match self.decoded() {
            Some(bytes) => survey.object_is_string(bytes),
            None => survey.object_is_other(),
        }
    }
}
