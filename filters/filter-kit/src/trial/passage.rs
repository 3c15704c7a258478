use crate::{Edits, HeaderEdit, Reply, Verdict};
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
    forwarded: Option<Forwarded>,
    reply: Option<Reply>,
}

impl<'b> Passage<'b> {
    pub(super) const fn of(body: &'b [u8]) -> Self {
        Self { body, shown: 0, forwarded: None, reply: None }
    }

    /// So many more bytes are shown.
    pub(super) const fn show(&mut self, bytes: usize) {
        self.shown = self.shown.saturating_add(bytes);
    }

    /// Takes a verdict down. Whether the rest of the message is to be shown.
    pub(super) fn take(&mut self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Hold => {
                assert_eq!(self.forwarded, None, "held after it went on");
                true
            }
            Verdict::Reply(reply) => {
                self.reply = Some(reply);
                false
            }
            Verdict::Forward(edits) if self.forwarded.is_some() => {
                assert!(edits.is_empty(), "{edits:?} after it went on");
                edits.watching()
            }
            Verdict::Forward(edits) => {
                let body = spliced(self.body, self.shown, &edits);
                self.forwarded = Some(Forwarded { headers: edited(&edits), body });
                edits.watching()
            }
        }
    }

    pub(super) fn outcome(self) -> Outcome {
        match (self.reply, self.forwarded) {
            (Some(reply), _) => Outcome::Replied(reply),
            (None, Some(forwarded)) => Outcome::Forwarded(forwarded),
            (None, None) => panic!("held for ever"),
        }
    }
}

/// The body with its splices, which must lie within what was shown.
fn spliced(body: &[u8], shown: usize, edits: &Edits) -> Option<Vec<u8>> {
    if edits.splices().is_empty() {
        return None;
    }
    let part = |start: usize, end: usize| body.get(start..end).unwrap_or_default();
    let mut spliced = Vec::new();
    let mut at = 0;
    for splice in edits.splices() {
        let [start, end] = [splice.range.start, splice.range.end]
            .map(|offset| usize::try_from(offset).unwrap_or(usize::MAX));
        assert!(at <= start && start <= end && end <= shown, "{splice:?} of {shown} shown");
        spliced.extend_from_slice(part(at, start));
        spliced.extend_from_slice(&splice.bytes);
        at = end;
    }
    spliced.extend_from_slice(part(at, body.len()));
    Some(spliced)
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
