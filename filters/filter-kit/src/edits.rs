use core::ops::Range;
use std::borrow::Cow;

/// What is changed in a message before it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Edits {
    headers: Vec<HeaderEdit>,
    splices: Vec<Splice>,
    trailers: Vec<Cow<'static, str>>,
    watching: Watching,
}

/// What is to be shown of the rest of a message that goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watching {
    /// Nothing.
    #[default]
    Nothing,
    /// Its trailers.
    Trailers,
    /// All of it.
    Everything,
}

/// One change to the headers of the message that is being decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderEdit {
    /// The header has this value and no other.
    Set(Cow<'static, str>, Vec<u8>),
    /// No header of this name goes on.
    Remove(Cow<'static, str>),
}

/// One change to the body of the message that is being decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The bytes that go, counted from the body's start. May be empty: then
    /// nothing goes, and the new bytes stand before the one at its start.
    pub range: Range<u64>,
    /// What stands in their place. May be empty.
    pub bytes: Vec<u8>,
}

impl Edits {
    /// The message goes on as it is.
    pub const fn none() -> Self {
        Self {
            headers: Vec::new(),
            splices: Vec::new(),
            trailers: Vec::new(),
            watching: Watching::Nothing,
        }
    }

    /// Sets a header, whatever stood there before.
    pub fn set(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push(HeaderEdit::Set(name.into(), value.into()));
        self
    }

    /// Removes every header of this name.
    pub fn remove(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push(HeaderEdit::Remove(name.into()));
        self
    }

    /// Puts other bytes in the place of these, which are counted from the
    /// body's start. A `content-length` is corrected.
    ///
    /// Splices are to be given in ascending order and must not overlap, and each
    /// must lie within what the filter was shown by now: what follows is not here
    /// yet. So they can be said with a verdict on the body or on the trailers.
    ///
    /// A request may become longer, if Envoy holds that much. A response may not
    /// while it is held. Of one that goes by and is watched, the chunk that is
    /// shown may become longer as well: but its headers are gone, so its
    /// `content-length` must have been removed with them. Trailers bring no chunk:
    /// what was kept back until then can't be given any more.
    pub fn splice(mut self, range: Range<u64>, bytes: impl Into<Vec<u8>>) -> Self {
        self.splices.push(Splice { range, bytes: bytes.into() });
        self
    }

    /// The rest of the message is shown as it passes by, unheld. Only the last
    /// bytes that a request's `content-length` announces wait until its end is
    /// shown as well, so that it can be broken off even then.
    pub fn watch(mut self) -> Self {
        self.watching = Watching::Everything;
        self
    }

    /// Of the rest of the message the trailers are shown, and no body: which
    /// spares taking it over.
    pub fn watch_trailers(mut self) -> Self {
        self.watching = Watching::Trailers;
        self
    }

    /// Removes every trailer of this name. To be said with a verdict on the
    /// trailers, for they are not here before.
    pub fn remove_trailer(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.trailers.push(name.into());
        self
    }

    /// The header changes, in order.
    pub fn headers(&self) -> &[HeaderEdit] {
        &self.headers
    }

    /// The changes to the body, in order.
    pub fn splices(&self) -> &[Splice] {
        &self.splices
    }

    /// The trailers that are removed.
    pub fn trailers(&self) -> &[Cow<'static, str>] {
        &self.trailers
    }

    /// Whether headers and body go on as they are.
    pub const fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.splices.is_empty()
    }

    /// What is to be shown of the rest of the message.
    pub const fn watching(&self) -> Watching {
        self.watching
    }
}
