use std::borrow::Cow;

/// What is changed in a message before it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Edits {
    headers: Vec<HeaderEdit>,
    watching: bool,
}

/// One change to the headers of the message that is being decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderEdit {
    /// The header has this value and no other.
    Set(Cow<'static, str>, Vec<u8>),
    /// No header of this name goes on.
    Remove(Cow<'static, str>),
}

impl Edits {
    /// The message goes on as it is.
    pub const fn none() -> Self {
        Self { headers: Vec::new(), watching: false }
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

    /// The rest of the message is shown as it passes by, unheld.
    pub fn watch(mut self) -> Self {
        self.watching = true;
        self
    }

    /// The header changes, in order.
    pub fn headers(&self) -> &[HeaderEdit] {
        &self.headers
    }

    /// Whether the rest of the message is to be shown.
    pub const fn watching(&self) -> bool {
        self.watching
    }
}
