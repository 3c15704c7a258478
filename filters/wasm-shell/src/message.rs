//! What a message does next.
//!
//! Envoy's rules, as far as they matter here (with
//! `allow_on_headers_stop_iteration` set):
//! - While a callback answers `Pause`, the headers and the body so far stay in
//!   Envoy's buffer, and the size that the next body callback is given is that
//!   of the whole buffer. After `Continue` it is that of the new chunk alone.
//! - A message ends in its headers, in a body chunk that says so, or in its
//!   trailers: then no chunk says so.
//! - What is held of a body can be read and replaced in a body callback and in
//!   the one for the trailers, but only after a body callback: before it there is
//!   no buffer, even if trailers come.
//! - A request that thereby becomes longer than Envoy holds is answered with 413,
//!   after the callback. A response that does is answered within the hostcall,
//!   which ends the stream below a callback that still runs: the module panics,
//!   and then Envoy's process dies. How much Envoy holds is not told. So what is
//!   held of a response never becomes longer.
//! - Over HTTP/1.1, a request is over for its server when as many bytes have come
//!   as its `content-length` says, which is before any chunk says so here. So
//!   for a filter that watches, the last bytes wait for the end.

#[cfg(test)]
mod tests;

use crate::splicing::{self, Misplaced};
use core::mem;
use filter_kit::{Edits, Reply, Splice, Verdict};

/// One message, on its way through one filter.
#[derive(Debug, Default)]
pub(crate) struct Message {
    stage: Stage,
    growth: Growth,
    /// How many bytes are to come that the filter was not shown, if that was
    /// announced.
    missing: Option<u64>,
    /// How many bytes are in Envoy's buffer.
    held: usize,
    /// How many of them the filter was shown.
    shown: usize,
    /// What is to be changed before it goes on.
    edits: Edits,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Stage {
    /// Only the headers came, and nothing was decided.
    Opened,
    /// The body is coming, and nothing was decided.
    Undecided,
    /// Is to go on, and the filter wants to be shown the rest.
    Watched,
    /// Goes on, unseen from here on, or was answered: nothing is left to decide.
    #[default]
    Settled,
}

/// Whether what is held of a body may become longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Growth {
    /// As in a request.
    Allowed,
    /// As in a response.
    #[default]
    Forbidden,
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// More may follow.
    Open,
    /// The last one.
    Last,
}

impl Part {
    pub(crate) const fn last_if(end_of_stream: bool) -> Self {
        if end_of_stream { Self::Last } else { Self::Open }
    }
}

/// Bytes in Envoy's buffer that the filter was not shown yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unseen {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// What the shell has to do at the end of a callback.
#[derive(Debug, PartialEq)]
#[must_use]
pub(crate) enum Deed {
    /// Let it go on as it is.
    Continue,
    /// Make these changes, to headers and to so many bytes of a body that are
    /// held, and let it go on.
    Edit { edits: Edits, held: usize },
    /// Keep it here.
    Pause,
    /// Answer in the server's place.
    Reply(Reply),
    /// The filter gave a verdict that can't be obeyed.
    Fault(Fault),
}

/// A verdict that can't be obeyed: a defect of the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It wants to wait although nothing follows.
    HeldAtTheEnd,
    /// It wants to hold what went on before.
    HeldTooLate,
    /// It changes what went on before.
    EditedTooLate,
    /// It changes bytes that it was not shown.
    EditedUnseen,
    /// Its changes to the body overlap or are not in order.
    EditedTwice,
    /// Its changes make a response longer.
    GrewAResponse,
}

impl Fault {
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::HeldAtTheEnd => "held a message back at its end",
            Self::HeldTooLate => "held a message back that had gone on",
            Self::EditedTooLate => "changed a message that had gone on",
            Self::EditedUnseen => "changed a part of a body that it was not shown",
            Self::EditedTwice => "changed a part of a body twice, or parts out of order",
            Self::GrewAResponse => "made a response longer",
        }
    }
}

impl From<Misplaced> for Fault {
    fn from(misplaced: Misplaced) -> Self {
        match misplaced {
            Misplaced::Unordered => Self::EditedTwice,
            Misplaced::Outside => Self::EditedUnseen,
        }
    }
}

impl Message {
    /// A request whose headers just came in, and announce a body of this length.
    pub(crate) fn request(length: Option<u64>) -> Self {
        Self { stage: Stage::Opened, growth: Growth::Allowed, missing: length, ..Self::default() }
    }

    /// A response whose headers just came in.
    pub(crate) fn response() -> Self {
        Self { stage: Stage::Opened, ..Self::default() }
    }

    /// Whether the filter is to be shown what comes.
    pub(crate) fn is_shown(&self) -> bool {
        self.stage != Stage::Settled
    }

    /// Which bytes the filter has not seen, when a body callback is given
    /// `size`.
    pub(crate) fn arrive(&mut self, size: usize) -> Option<Unseen> {
        if !self.is_shown() {
            return None;
        }
        self.held = size;
        Some(Unseen { start: self.shown.min(size), end: size })
    }

    /// Takes a verdict on the headers or the trailers. What is to be done for it
    /// is the next [`deed`](Self::deed).
    ///
    /// # Errors
    /// With what is to be done instead, and at once.
    pub(crate) fn decide(&mut self, verdict: Verdict, part: Part) -> Result<(), Deed> {
        let undecided = matches!(self.stage, Stage::Opened | Stage::Undecided);
        let outcome = match verdict {
            Verdict::Forward(edits) if !undecided && !edits.is_empty() => {
                Err(Deed::Fault(Fault::EditedTooLate))
            }
            Verdict::Forward(edits) => self.forward(edits, part).map_err(Deed::Fault),
            Verdict::Hold if !undecided => Err(Deed::Fault(Fault::HeldTooLate)),
            Verdict::Hold if part == Part::Last => Err(Deed::Fault(Fault::HeldAtTheEnd)),
            Verdict::Hold => Ok(()),
            Verdict::Reply(reply) => Err(Deed::Reply(reply)),
        };
        if outcome.is_err() {
            self.stage = Stage::Settled;
        }
        outcome
    }

    /// Takes a verdict on the bytes up to `end` of what is held.
    ///
    /// # Errors
    /// As of [`decide`](Self::decide).
    pub(crate) fn decide_up_to(
        &mut self,
        end: usize,
        verdict: Verdict,
        part: Part,
    ) -> Result<(), Deed> {
        let new = u64::try_from(end.saturating_sub(self.shown)).unwrap_or(u64::MAX);
        self.missing = self.missing.map(|missing| missing.saturating_sub(new));
        self.shown = end;
        if self.stage == Stage::Opened {
            self.stage = Stage::Undecided;
        }
        self.decide(verdict, part)
    }

    /// What is to be done at the end of a callback.
    pub(crate) fn deed(&mut self) -> Deed {
        let waits = match self.stage {
            Stage::Opened | Stage::Undecided => true,
            Stage::Watched => self.missing == Some(0),
            Stage::Settled => false,
        };
        if waits {
            return Deed::Pause;
        }
        let edits = mem::replace(&mut self.edits, Edits::none());
        let held = mem::take(&mut self.held);
        self.shown = 0;
        if edits.is_empty() { Deed::Continue } else { Deed::Edit { edits, held } }
    }

    fn forward(&mut self, edits: Edits, part: Part) -> Result<(), Fault> {
        self.check(edits.splices())?;
        let watching = edits.watching() && part == Part::Open;
        if !edits.is_empty() {
            self.edits = edits;
        }
        self.stage = if watching { Stage::Watched } else { Stage::Settled };
        Ok(())
    }

    fn check(&self, splices: &[Splice]) -> Result<(), Fault> {
        match self.stage {
            _ if splices.is_empty() => Ok(()),
            Stage::Undecided => {
                splicing::check(splices, self.shown)?;
                match self.growth {
                    Growth::Forbidden if splicing::grows(splices) => Err(Fault::GrewAResponse),
                    Growth::Allowed | Growth::Forbidden => Ok(()),
                }
            }
            Stage::Opened | Stage::Watched | Stage::Settled => Err(Fault::EditedUnseen),
        }
    }
}
