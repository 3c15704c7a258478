/// How much text there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) bytes: u64,
    /// Unicode scalar values, of what was measured.
    pub(crate) characters: u64,
    /// Numbers that stand for a token each.
    pub(crate) tokens: u64,
    /// Texts that are not empty, and what else is content.
    pub(crate) pieces: u64,
    pub(crate) images: u64,
}

impl Tally {
    pub(crate) const fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.characters = self.characters.saturating_add(other.characters);
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.pieces = self.pieces.saturating_add(other.pieces);
        self.images = self.images.saturating_add(other.images);
    }
}
