//! The bytes of a chunk, taken off its front.

/// The bytes that are still to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    pub(crate) rest: &'a [u8],
    /// The offset behind the last one.
    end: u64,
}

impl<'a> Cursor<'a> {
    /// Bytes of which the first one stands at `offset`.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8], offset: u64) -> Self {
        Self { rest: bytes, end: offset.saturating_add(crate::wide(bytes.len())) }
    }

    /// The offset of the next byte.
    #[inline]
    pub(crate) fn at(&self) -> u64 {
        self.end.saturating_sub(crate::wide(self.rest.len()))
    }

    /// Takes so many bytes off the front.
    #[inline]
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    /// Takes what comes before the next CR or LF, which may be all there is.
    #[inline]
    pub(crate) fn take_line(&mut self) -> &'a [u8] {
        // Empty lines stand in rows, and are not worth a search.
        if matches!(self.rest, [b'\r' | b'\n', ..]) {
            return &[];
        }
        self.take(memchr::memchr2(b'\r', b'\n', self.rest).unwrap_or(self.rest.len()))
    }
}
