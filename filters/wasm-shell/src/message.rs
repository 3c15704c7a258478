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
//! - A chunk of a message that goes by can be replaced in its callback by a
//!   longer one: it lies in no buffer that could overflow.
//! - Over HTTP/1.1, a request is over for its server when as many bytes have come
//!   as its `content-length` says, which is before any chunk says so here. So
//!   for a filter that watches, the last bytes wait for the end.

#[cfg(test)]
mod tests;

use crate::splicing::{self, Misplaced};
use core::mem;
use filter_kit::{Edits, Reply, Splice, Verdict, Watching};

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
    /// How many of them the filter was shown before those that it is being shown. None
    /// when it is shown something else.
    shown_before: Option<usize>,
    /// How many bytes went on before those that are in Envoy's buffer.
    gone: u64,
    /// What is to be changed before it goes on.
    edits: Edits,
    /// What is to be changed in the chunk that goes by, counted from its start.
    splices: Vec<Splice>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Stage {
    /// Only the headers came, and nothing was decided.
    Opened,
    /// The body is coming, and nothing was decided.
    Undecided,
    /// Stays here until it is woken, and what comes of it is not shown.
    Waiting,
    /// Is to go on, and the filter wants to be shown the rest.
    Watched,
    /// Is to go on, and the filter wants to be shown its trailers.
    TrailersWatched,
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
    /// held, and then let it go on or keep it.
    Edit { edits: Edits, held: usize, then: Then },
    /// Make these changes to a chunk of so many bytes that goes by.
    Rewrite { splices: Vec<Splice>, held: usize },
    /// Keep it here.
    Pause,
    /// Answer in the server's place.
    Reply(Reply),
    /// The filter gave a verdict that can't be obeyed.
    Fault(Fault),
}

/// What becomes of a message after it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Continue,
    Pause,
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
    /// It wants a response to wait.
    ResponseWaits,
    /// It removes a trailer that it was not shown.
    RemovedUnseen,
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
            Self::ResponseWaits => "let a response wait",
            Self::RemovedUnseen => "removed a trailer before there were any",
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

    /// Whether the filter is to be shown more of the body.
    pub(crate) fn shows_body(&self) -> bool {
        matches!(self.stage, Stage::Opened | Stage::Undecided | Stage::Watched)
    }

    /// Whether the filter is to be shown the trailers.
    pub(crate) fn shows_trailers(&self) -> bool {
        self.shows_body() || self.stage == Stage::TrailersWatched
    }

    /// Whether it stays here until it is woken.
    pub(crate) fn waits(&self) -> bool {
        self.stage == Stage::Waiting
    }

    /// Which bytes the filter has not seen, when a body callback is given
    /// `size`. None when it is not to be shown any: then the next
    /// [`deed`](Self::deed) is to be done.
    pub(crate) fn arrive(&mut self, size: usize) -> Option<Unseen> {
        self.held = size;
        self.shows_body().then_some(Unseen { start: self.shown.min(size), end: size })
    }

    /// Takes a verdict on the headers, or of one that was woken. What is to be done
    /// for it is the next [`deed`](Self::deed).
    ///
    /// # Errors
    /// With what is to be done instead, and at once.
    pub(crate) fn decide(&mut self, verdict: Verdict, part: Part) -> Result<(), Deed> {
        match &verdict {
            Verdict::Forward(edits) | Verdict::Wait(edits) if !edits.trailers().is_empty() => {
                self.stage = Stage::Settled;
                Err(Deed::Fault(Fault::RemovedUnseen))
            }
            _ => self.take(verdict, part),
        }
    }

    /// Takes a verdict on the trailers. It removes none of them itself.
    ///
    /// # Errors
    /// As of [`decide`](Self::decide).
    pub(crate) fn decide_at_trailers(&mut self, verdict: Verdict) -> Result<(), Deed> {
        self.take(verdict, Part::Last)
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
        self.shown_before = Some(self.shown);
        self.shown = end;
        if self.stage == Stage::Opened {
            self.stage = Stage::Undecided;
        }
        self.decide(verdict, part)
    }

    /// What is to be done at the end of a callback.
    pub(crate) fn deed(&mut self) -> Deed {
        let stays = match self.stage {
            Stage::Opened | Stage::Undecided => return Deed::Pause,
            // Of an empty body there is nothing to keep back.
            Stage::Watched if self.missing == Some(0) && self.held > 0 => return Deed::Pause,
            Stage::Waiting => true,
            Stage::Watched | Stage::TrailersWatched | Stage::Settled => false,
        };
        self.shown_before = None;
        let edits = mem::replace(&mut self.edits, Edits::none());
        let splices = mem::take(&mut self.splices);
        let held = self.held;
        if !stays {
            self.gone = self.gone.saturating_add(wide(held));
            (self.held, self.shown) = (0, 0);
        }
        let then = if stays { Then::Pause } else { Then::Continue };
        match then {
            _ if !edits.is_empty() => Deed::Edit { edits, held, then },
            _ if !splices.is_empty() => Deed::Rewrite { splices, held },
            Then::Continue => Deed::Continue,
            Then::Pause => Deed::Pause,
        }
    }

    fn take(&mut self, verdict: Verdict, part: Part) -> Result<(), Deed> {
        let undecided = matches!(self.stage, Stage::Opened | Stage::Undecided);
        let outcome = match verdict {
            Verdict::Forward(edits) if undecided => self.forward(edits, part).map_err(Deed::Fault),
            Verdict::Forward(edits) => self.pass(edits, part).map_err(Deed::Fault),
            Verdict::Hold if !undecided => Err(Deed::Fault(Fault::HeldTooLate)),
            Verdict::Hold if part == Part::Last => Err(Deed::Fault(Fault::HeldAtTheEnd)),
            Verdict::Hold => Ok(()),
            Verdict::Wait(edits) => self.wait(edits).map_err(Deed::Fault),
            Verdict::Reply(reply) => Err(Deed::Reply(reply)),
        };
        if outcome.is_err() {
            self.stage = Stage::Settled;
        }
        outcome
    }

    /// It goes on.
    fn forward(&mut self, edits: Edits, part: Part) -> Result<(), Fault> {
        self.check(edits.splices())?;
        self.stage = watching(&edits, part);
        self.edits = edits;
        Ok(())
    }

    /// It went on, and goes on going, or waited, and goes on now.
    fn pass(&mut self, edits: Edits, part: Part) -> Result<(), Fault> {
        if self.stage == Stage::Waiting {
            self.stage = Stage::Settled;
            return if edits.is_empty() { Ok(()) } else { Err(Fault::EditedTooLate) };
        }
        if !edits.headers().is_empty() {
            return Err(Fault::EditedTooLate);
        }
        if !edits.splices().is_empty() {
            self.splices.extend(self.rebased(edits.splices())?);
        }
        self.stage = watching(&edits, part);
        Ok(())
    }

    /// It stays until it is woken.
    fn wait(&mut self, edits: Edits) -> Result<(), Fault> {
        match (self.stage, self.growth) {
            (_, Growth::Forbidden) => return Err(Fault::ResponseWaits),
            (Stage::Opened | Stage::Undecided, Growth::Allowed) => {}
            (Stage::Waiting, Growth::Allowed) if edits.is_empty() => return Ok(()),
            (Stage::Waiting, Growth::Allowed) => return Err(Fault::EditedTooLate),
            (Stage::Watched | Stage::TrailersWatched | Stage::Settled, Growth::Allowed) => {
                return Err(Fault::HeldTooLate);
            }
        }
        self.check(edits.splices())?;
        self.stage = Stage::Waiting;
        self.edits = edits;
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
            _ => Err(Fault::EditedUnseen),
        }
    }

    /// Changes to what was shown last of a body that goes by, counted from the
    /// start of the chunk.
    fn rebased(&self, splices: &[Splice]) -> Result<Vec<Splice>, Fault> {
        if self.stage != Stage::Watched || self.growth == Growth::Allowed {
            // A request's length was announced with its headers.
            return Err(Fault::EditedTooLate);
        }
        let before = wide(self.shown_before.ok_or(Fault::EditedTooLate)?);
        let rebased = |splice: &Splice| {
            let start = splice.range.start.checked_sub(self.gone)?;
            let end = splice.range.end.checked_sub(self.gone)?;
            let is_here = start >= before;
            is_here.then(|| Splice { range: start..end, bytes: splice.bytes.clone() })
        };
        let rebased: Option<Vec<Splice>> = splices.iter().map(rebased).collect();
        let rebased = rebased.ok_or(Fault::EditedTooLate)?;
        splicing::check(&rebased, self.shown)?;
        Ok(rebased)
    }
}

/// What is shown of the rest of a message that goes on.
fn watching(edits: &Edits, part: Part) -> Stage {
    match (edits.watching(), part) {
        (_, Part::Last) | (Watching::Nothing, Part::Open) => Stage::Settled,
        (Watching::Trailers, Part::Open) => Stage::TrailersWatched,
        (Watching::Everything, Part::Open) => Stage::Watched,
    }
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
