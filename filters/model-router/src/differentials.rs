//! Bodies that model servers may read differently than the router does.
//!
//! Whoever gets a server to read another model than the gateway has read gets
//! past every rule that depends on the model. Each such case has one policy and
//! one counter.

use crate::config::{Ambiguity, ParserDifferentials};

/// A way in which two readers can see different things in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Differential {
    DuplicateModel,
    EscapedModel,
    ByteOrderMark,
    CompressedBody,
    MissingContentType,
    WrongContentType,
}

impl Differential {
    pub(crate) const ALL: [Self; 6] = [
        Self::DuplicateModel,
        Self::EscapedModel,
        Self::ByteOrderMark,
        Self::CompressedBody,
        Self::MissingContentType,
        Self::WrongContentType,
    ];

    /// Its name, as a rule and as the key of its policy.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::DuplicateModel => "duplicate_model",
            Self::EscapedModel => "escaped_model",
            Self::ByteOrderMark => "byte_order_mark",
            Self::CompressedBody => "compressed_body",
            Self::MissingContentType => "missing_content_type",
            Self::WrongContentType => "wrong_content_type",
        }
    }
}

impl ParserDifferentials {
    /// Whether such a request goes on.
    pub(crate) fn accept(&self, differential: Differential) -> bool {
        let policy = match differential {
            Differential::DuplicateModel => self.duplicate_model,
            Differential::EscapedModel => self.escaped_model,
            Differential::ByteOrderMark => self.byte_order_mark,
            Differential::CompressedBody => self.compressed_body,
            Differential::MissingContentType => self.missing_content_type,
            Differential::WrongContentType => self.wrong_content_type,
        };
        policy == Ambiguity::Accept
    }
}
