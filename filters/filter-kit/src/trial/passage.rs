use crate::{Edits, HeaderEdit, Reply, Splice, Verdict, Watching};
use std::collections::BTreeMap;

/// What became of a message.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// It went on.
    Forwarded(Forwarded),
    /// This was answered in its place.
    Replied(Reply),
}

/// A message that went on.
#[derive(Debug, Default, PartialEq)]
pub struct Forwarded {
    /// The changes to its headers.
    pub headers: BTreeMap<String, Option<String>>,
    /// Its body, if that was changed.
    pub body: Option<Vec<u8>>,
    /// The trailers that were removed.
    pub removed_trailers: Vec<String>,
}

impl Outcome {
    /// What went on.
    pub fn forwarded(self) -> Forwarded {
        match self {
            Self::Forwarded(forwarded) => forwarded,
            Self::Replied(reply) => {
                panic!("{}: {}", reply.reason, String::from_utf8_lossy(&reply.body))
            }
        }
    }

    /// What was answered in its place.
    pub fn replied(self) -> Reply {
        match self {
            Self::Replied(reply) => reply,
            Self::Forwarded(forwarded) => panic!("{forwarded:?}"),
        }
    }
}

/// A message while it is shown to a filter.
pub(super) struct Passage<'b> {
    body: &'b [u8],
    /// How many of its bytes were shown.
    shown: usize,
    /// How many of them were shown before the last chunk was. None when it is shown
    /// something else, or none of it can be changed any more.
    shown_before: Option<usize>,
    going_by: GoingBy,
    /// Its trailers are shown.
    has_trailers: bool,
    splices: Vec<Splice>,
    forwarded: Option<Forwarded>,
    reply: Option<Reply>,
}

/// Whether a chunk of what went on can be changed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum GoingBy {
    /// As in a request.
    Unchanged,
    /// As in an answer.
    Changeable,
}

impl<'b> Passage<'b> {
    pub(super) const fn of(body: &'b [u8], going_by: GoingBy) -> Self {
        Self {
            body,
            shown: 0,
            shown_before: None,
            going_by,
            has_trailers: false,
            splices: Vec::new(),
            forwarded: None,
            reply: None,
        }
    }

    /// The trailers are shown.
    pub(super) const fn show_trailers(&mut self) {
        self.shown_before = None;
        self.has_trailers = true;
    }

    /// So many more bytes are shown.
    pub(super) const fn show(&mut self, bytes: usize) {
        self.shown_before = Some(self.shown);
        self.shown = self.shown.saturating_add(bytes);
    }

    /// Takes a verdict down. What of the rest of the message is to be shown.
    pub(super) fn take(&mut self, verdict: Verdict) -> Watching {
        match verdict {
            Verdict::Hold => {
                assert_eq!(self.forwarded, None, "held after it went on");
                Watching::Everything
            }
            Verdict::Wait(_) => panic!("waits, and nobody wakes it in a trial"),
            Verdict::Reply(reply) => {
                self.reply = Some(reply);
                Watching::Nothing
            }
            Verdict::Forward(edits) => {
                self.forward(&edits);
                edits.watching()
            }
        }
    }

    fn forward(&mut self, edits: &Edits) {
        assert!(self.has_trailers || edits.trailers().is_empty(), "removed what is not here");
        let from = if self.forwarded.is_some() {
            assert_eq!(edits.headers(), [], "after it went on");
            self.shown_before.filter(|_| self.going_by == GoingBy::Changeable)
        } else {
            Some(0)
        };
        for splice in edits.splices() {
            let [start, end] = [splice.range.start, splice.range.end].map(position);
            let is_here = from.is_some_and(|from| from <= start);
            assert!(is_here && start <= end && end <= self.shown, "{splice:?}");
        }
        self.splices.extend_from_slice(edits.splices());
        let forwarded = self.forwarded.get_or_insert_default();
        forwarded.headers.extend(edited(edits));
        forwarded.removed_trailers.extend(edits.trailers().iter().map(ToString::to_string));
    }

    pub(super) fn outcome(self) -> Outcome {
        match (self.reply, self.forwarded) {
            (Some(reply), _) => Outcome::Replied(reply),
            (None, Some(forwarded)) => {
                let body = spliced(self.body, &self.splices);
                Outcome::Forwarded(Forwarded { body, ..forwarded })
            }
            (None, None) => panic!("held for ever"),
        }
    }
}

/// The body with its splices.
fn spliced(body: &[u8], splices: &[Splice]) -> Option<Vec<u8>> {
    if splices.is_empty() {
        return None;
    }
    let part = |start: usize, end: usize| body.get(start..end).unwrap_or_default();
    let mut spliced = Vec::new();
    let mut at = 0;
    for splice in splices {
        let [start, end] = [splice.range.start, splice.range.end].map(position);
        assert!(at <= start, "{splice:?} out of order");
        spliced.extend_from_slice(part(at, start));
        spliced.extend_from_slice(&splice.bytes);
        at = end;
    }
    spliced.extend_from_slice(part(at, body.len()));
    Some(spliced)
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn edited(edits: &Edits) -> BTreeMap<String, Option<String>> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    edits
        .headers()
        .iter()
        .map(|edit| match edit {
            HeaderEdit::Set(name, value) => (name.to_string(), Some(text(value))),
            HeaderEdit::Remove(name) => (name.to_string(), None),
        })
        .collect()
}
