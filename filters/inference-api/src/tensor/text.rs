use crate::protobuf::{ProtobufErrorKind, WireType};
use crate::utf8::Utf8;

/// A `string` field of a message, of which so many bytes are kept.
#[derive(Clone, Debug)]
pub(super) struct Text {
    kept: String,
    limit: usize,
    is_cut: bool,
    utf8: Utf8,
}

impl Text {
    /// Empty, which is what a string is that is not written.
    pub(super) fn new(limit: usize) -> Self {
        Self { kept: String::new(), limit, is_cut: false, utf8: Utf8::default() }
    }

    /// The field begins; what it was before is forgotten.
    ///
    /// # Errors
    /// When it is no string.
    pub(super) fn begin(&mut self, wire_type: WireType) -> Result<(), ProtobufErrorKind> {
        if wire_type != WireType::LengthDelimited {
            return Err(ProtobufErrorKind::WrongWireType);
        }
        *self = Self::new(self.limit);
        Ok(())
    }

    /// More of it.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub(super) fn bytes(&mut self, fragment: &[u8]) -> Result<(), ProtobufErrorKind> {
        let Self { kept, limit, is_cut, utf8 } = self;
        let keep = |part: &str| {
            if *is_cut {
                return;
            }
            let room = part.floor_char_boundary(limit.saturating_sub(kept.len()));
            *is_cut = room < part.len();
            kept.push_str(part.get(..room).unwrap_or_default());
        };
        utf8.push(fragment, 0, keep).map_err(|_| ProtobufErrorKind::InvalidUtf8)
    }

    /// It ends.
    ///
    /// # Errors
    /// When it ends inside a character.
    pub(super) const fn end(&self) -> Result<(), ProtobufErrorKind> {
        if self.utf8.is_complete() { Ok(()) } else { Err(ProtobufErrorKind::InvalidUtf8) }
    }

    /// Whether it is this text.
    pub(super) fn is(&self, text: &str) -> bool {
        !self.is_cut && self.kept == text
    }

    /// What is kept of it, and whether that is less than all of it.
    pub(super) fn take(&mut self) -> (String, bool) {
        (core::mem::take(&mut self.kept), core::mem::take(&mut self.is_cut))
    }

    /// What is kept of it; nothing if that is less than all of it.
    pub(super) fn whole(&self) -> Option<&str> {
        (!self.is_cut).then_some(self.kept.as_str())
    }
}
