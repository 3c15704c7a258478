//! Where in a text the check is.

use super::marks::Marks;
use super::shape::{Array, Member, Object, Parameter, Words};
use core::fmt::Write as _;
use inference_api::json::Kind;

/// A container that is open.
#[derive(Clone)]
pub(super) struct Frame {
    pub(super) container: Container,
    /// The one that is read now, if it is known.
    pub(super) member: Option<&'static Member>,
    /// How many elements have begun.
    pub(super) begun: u64,
    /// What the first element is.
    pub(super) first: Option<Kind>,
    pub(super) marks: Marks,
    /// So much text counts if the object has one of these marks in the end.
    pub(super) pending: (u64, Marks),
}

#[derive(Clone, Copy)]
pub(super) enum Container {
    Object(&'static Object),
    Array(&'static Array),
}

/// What the value is that is read and has nothing inside that is looked at.
#[derive(Clone, Copy)]
pub(super) enum Reading {
    /// There is none.
    Container,
    Passed,
    /// A string of the prompt.
    Text,
    TextIf(Marks),
    /// A string that begins here and may not be empty.
    Input(u64),
    /// Something else of the prompt, that begins here.
    Written(u64),
    Token,
    Word(&'static Words),
    Number(&'static Parameter),
}

impl Frame {
    pub(super) const fn new(container: Container) -> Self {
        Self {
            container,
            member: None,
            begun: 0,
            first: None,
            marks: Marks::NONE,
            pending: (0, Marks::NONE),
        }
    }
}

/// Where the value stands that is read in the innermost of these, as a JSON
/// pointer (RFC 6901).
pub(super) fn pointer(frames: &[Frame]) -> String {
    let mut pointer = String::new();
    for frame in frames {
        // Nothing is written to but memory.
        let _ = match frame {
            Frame { container: Container::Array(_), begun, .. } => {
                write!(pointer, "/{}", begun.saturating_sub(1))
            }
            Frame { member, .. } => {
                write!(pointer, "/{}", member.map_or("*", |member| member.name))
            }
        };
    }
    pointer
}
