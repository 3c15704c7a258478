use crate::{Headers, Timestamp};

/// One message, and how it is shown to a filter.
#[derive(Clone, Debug)]
pub struct Message {
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    pub(super) chunk: usize,
    /// How long its pieces are, and when they come in; else all come as it does.
    pub(super) pieces: Vec<(usize, Timestamp)>,
    /// The trailers, if there are any to come.
    pub(super) trailers: Option<Vec<(String, Vec<u8>)>>,
    /// When its headers come in.
    pub(super) at: Timestamp,
    /// It breaks off: nothing says that it ends.
    pub(super) is_broken_off: bool,
}

impl Message {
    /// With these headers, without a body.
    pub(super) fn new<const COUNT: usize>(headers: [(&str, &str); COUNT]) -> Self {
        let headers = headers.map(|(name, value)| (name.to_owned(), value.into())).into();
        Self {
            headers,
            body: Vec::new(),
            chunk: usize::MAX,
            pieces: Vec::new(),
            trailers: None,
            at: Timestamp::default(),
            is_broken_off: false,
        }
    }

    pub(super) fn headers(&self) -> Headers {
        self.headers.iter().map(|(name, value)| (name, value)).collect()
    }

    pub(super) fn is_only_headers(&self) -> bool {
        self.body.is_empty() && self.trailers.is_none() && !self.is_broken_off
    }

    /// Cut at these places, those at its end or behind it included.
    pub(super) fn cut_at(&mut self, places: &[usize]) {
        let mut start = 0;
        self.pieces.clear();
        for place in places.iter().copied().chain([self.body.len()]) {
            let end = place.clamp(start, self.body.len());
            self.pieces.push((end.saturating_sub(start), self.at));
            start = end;
        }
    }

    /// When the last of it comes in.
    pub(super) fn ends_at(&self) -> Timestamp {
        self.pieces.last().map_or(self.at, |(_, at)| *at)
    }
}

/// The body's pieces, whether the message ends with each, and when it comes in.
pub(super) fn chunks(message: &Message) -> impl Iterator<Item = (&[u8], bool, Timestamp)> {
    let mut chunks = pieces(message).into_iter().peekable();
    let has_last = message.trailers.is_none() && !message.is_broken_off;
    core::iter::from_fn(move || {
        let (bytes, at) = chunks.next()?;
        Some((bytes, chunks.peek().is_none() && has_last, at))
    })
}

fn pieces(message: &Message) -> Vec<(&[u8], Timestamp)> {
    if message.body.is_empty() || message.pieces.is_empty() {
        let chunks = message.body.chunks(message.chunk.max(1));
        return chunks.map(|bytes| (bytes, message.at)).collect();
    }
    let mut rest = message.body.as_slice();
    let piece = |&(length, at): &(usize, Timestamp)| {
        let (bytes, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        rest = behind;
        (bytes, at)
    };
    message.pieces.iter().map(piece).collect()
}
