//! What the tables of the APIs are made of.

use core::fmt;

/// What may stand at a place.
pub(crate) struct Place {
    /// What its value is to whom reads the text.
    pub(crate) fact: Fact,
    /// What becomes of a value whose inside has no table.
    pub(crate) leaf: Leaf,
    /// Of an object. Without any, nobody looks inside.
    pub(crate) members: &'static [(&'static str, &'static Self)],
    /// Of an array. Without it, nobody looks inside.
    pub(crate) elements: Option<&'static Self>,
}

/// What becomes of a value whose inside has no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaf {
    /// It is passed over.
    Passed,
    /// A string is told if it is short, a number as it is written.
    Scalar,
    /// A string is text, measured as it is written; a number is a token.
    Prompt,
    /// The same, and an array or object is text, as it is written.
    Written,
    /// A string is text, and its bytes are those that it stands for.
    Text,
    /// Anything but `null` is a piece of content without a length.
    Piece,
    /// Of a part of a message: a string is text, and whatever in an object says that
    /// it is an image, it is one.
    Part,
    /// The word of a part's type, which may be one for an image.
    PartType,
    /// Anything but `null` makes what it stands in an image.
    Image,
}

/// What a value is to whom reads the text. Values are told that are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    None,
    Root,

    // Of an answer.
    /// What the event is.
    Type,
    /// An object that says the same as the root does, inside it.
    Inner,
    /// The object in which Anthropic's last but one event has the reason.
    Delta,
    Choices,
    Choice,
    /// Why the answer ended.
    Reason,
    /// The same, of a response that may not have ended.
    Status,
    /// Why it is incomplete, which says more.
    IncompleteDetails,
    IncompleteReason,
    Usage,
    InputTokens,
    OutputTokens,
    InputDetails,
    OutputDetails,
    CachedTokens,
    CacheWriteTokens,
    ReasoningTokens,
    Error,

    // Of a request.
    /// A text, token numbers, or several of one sort.
    Prompts,
    Prompt,
    Tools,
    Functions,
    Parameters,
    /// The member that is asked first, and what stands in for it.
    MaxTokens,
    OtherMaxTokens,
    N,
    BestOf,
    Stream,
    StreamOptions,
    IncludeUsage,
}

impl Place {
    /// A value of which only this is told.
    pub(crate) const fn of(fact: Fact) -> Self {
        Self { fact, leaf: Leaf::Passed, members: &[], elements: None }
    }

    pub(crate) const fn leaf(leaf: Leaf) -> Self {
        Self { fact: Fact::None, leaf, members: &[], elements: None }
    }

    /// A word or number.
    pub(crate) const fn scalar(fact: Fact) -> Self {
        Self { fact, leaf: Leaf::Scalar, members: &[], elements: None }
    }

    pub(crate) const fn object(members: &'static [(&'static str, &'static Self)]) -> Self {
        Self { fact: Fact::None, leaf: Leaf::Passed, members, elements: None }
    }

    pub(crate) const fn array(elements: &'static Self) -> Self {
        Self { fact: Fact::None, leaf: Leaf::Passed, members: &[], elements: Some(elements) }
    }

    pub(crate) const fn is(self, fact: Fact) -> Self {
        Self { fact, ..self }
    }

    pub(crate) const fn with(self, leaf: Leaf) -> Self {
        Self { leaf, ..self }
    }

    pub(crate) const fn or_array(self, elements: &'static Self) -> Self {
        Self { elements: Some(elements), ..self }
    }

    /// Which of its members this is.
    pub(crate) fn member(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|(known, _)| *known == name)
    }
}

/// Tables may stand inside themselves: only the fact is shown.
impl fmt::Debug for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Place").field("fact", &self.fact).finish_non_exhaustive()
    }
}
