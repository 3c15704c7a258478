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

use crate::splicing::{self, Misplaced};
use filter_kit::{Edits, Reply, Splice, Verdict};

/// One message, on its way through one filter.
#[derive(Debug, Default)]
pub(crate) struct Message {
    stage: Stage,
    growth: Growth,
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

#[derive(Debug, Default, PartialEq)]
enum Stage {
    /// Only the headers came, and nothing was decided.
    Opened,
    /// The body is coming, this many bytes of it were shown, and nothing was
    /// decided.
    Undecided { shown: usize },
    /// Went on, and the filter wants to be shown the rest.
    Watched,
    /// Went on, unseen from here on, or was answered: nothing is left to do.
    #[default]
    Settled,
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

/// What the shell has to do now.
#[derive(Debug, PartialEq)]
#[must_use]
pub(crate) enum Deed {
    /// Let it go on as it is.
    Continue,
    /// Make these changes and let it go on.
    Edit(Edits),
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

impl Deed {
    /// What is to be done about the bytes of one callback, after something was
    /// decided on a part of them and then on the next part.
    pub(crate) fn then(self, next: Self) -> Self {
        match (self, next) {
            (edit @ Self::Edit(_), Self::Continue) => edit,
            (_, next) => next,
        }
    }
}

impl Message {
    /// A message whose headers just came in.
    pub(crate) const fn arriving(growth: Growth) -> Self {
        Self { stage: Stage::Opened, growth }
    }

    /// Whether the filter is to be shown what comes.
    pub(crate) fn is_shown(&self) -> bool {
        self.stage != Stage::Settled
    }

    /// Which bytes the filter has not seen, when a body callback is given
    /// `size`.
    pub(crate) fn unseen(&self, size: usize) -> Option<Unseen> {
        match self.stage {
            Stage::Undecided { shown } => Some(Unseen { start: shown.min(size), end: size }),
            Stage::Opened | Stage::Watched => Some(Unseen { start: 0, end: size }),
            Stage::Settled => None,
        }
    }

    /// The filter is shown everything up to `end` of what is held.
    pub(crate) fn show(&mut self, end: usize) {
        if let Stage::Opened | Stage::Undecided { .. } = self.stage {
            self.stage = Stage::Undecided { shown: end };
        }
    }

    /// How many bytes of the body the filter was shown while it held them.
    pub(crate) const fn shown(&self) -> usize {
        match self.stage {
            Stage::Undecided { shown } => shown,
            Stage::Opened | Stage::Watched | Stage::Settled => 0,
        }
    }

    /// Takes a verdict on the part that was just shown.
    pub(crate) fn decide(&mut self, verdict: Verdict, part: Part) -> Deed {
        let undecided = matches!(self.stage, Stage::Opened | Stage::Undecided { .. });
        match verdict {
            Verdict::Forward(edits) if !undecided && !edits.is_empty() => {
                self.fault(Fault::EditedTooLate)
            }
            Verdict::Forward(edits) => {
                if let Err(fault) = self.check(edits.splices()) {
                    return self.fault(fault);
                }
                self.stage = if edits.watching() && part == Part::Open {
                    Stage::Watched
                } else {
                    Stage::Settled
                };
                if edits.is_empty() { Deed::Continue } else { Deed::Edit(edits) }
            }
            Verdict::Hold if !undecided => self.fault(Fault::HeldTooLate),
            Verdict::Hold if part == Part::Last => self.fault(Fault::HeldAtTheEnd),
            Verdict::Hold => Deed::Pause,
            Verdict::Reply(reply) => {
                self.stage = Stage::Settled;
                Deed::Reply(reply)
            }
        }
    }

    fn check(&self, splices: &[Splice]) -> Result<(), Fault> {
        match self.stage {
            _ if splices.is_empty() => Ok(()),
            Stage::Undecided { shown } => {
                splicing::check(splices, shown)?;
                match self.growth {
                    Growth::Forbidden if splicing::grows(splices) => Err(Fault::GrewAResponse),
                    Growth::Allowed | Growth::Forbidden => Ok(()),
                }
            }
            Stage::Opened | Stage::Watched | Stage::Settled => Err(Fault::EditedUnseen),
        }
    }

    fn fault(&mut self, fault: Fault) -> Deed {
        self.stage = Stage::Settled;
        Deed::Fault(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filter_kit::{GrpcCode, ReplyKind};

    const fn request() -> Message {
        Message::arriving(Growth::Allowed)
    }

    fn forward() -> Verdict {
        Verdict::Forward(Edits::none())
    }

    fn watch() -> Verdict {
        Verdict::Forward(Edits::none().watch())
    }

    fn reply() -> Reply {
        Reply {
            kind: ReplyKind::Refusal,
            status: 404,
            grpc: GrpcCode::NotFound,
            headers: Vec::new(),
            body: Vec::new(),
            reason: String::new(),
        }
    }

    #[test]
    fn a_held_message_shows_each_byte_once() {
        let mut message = request();
        assert_eq!(message.decide(Verdict::Hold, Part::Open), Deed::Pause);
        assert_eq!(message.unseen(10), Some(Unseen { start: 0, end: 10 }));
        message.show(10);
        assert_eq!(message.decide(Verdict::Hold, Part::Open), Deed::Pause);
        assert_eq!(message.unseen(25), Some(Unseen { start: 10, end: 25 }));
        message.show(25);
        assert_eq!(message.unseen(25), Some(Unseen { start: 25, end: 25 }));
    }

    #[test]
    fn a_forwarded_message_is_shown_only_to_who_watches() {
        let mut message = request();
        assert_eq!(message.decide(forward(), Part::Open), Deed::Continue);
        assert!(!message.is_shown());
        assert_eq!(message.unseen(9), None);

        let mut message = request();
        assert_eq!(message.decide(Verdict::Hold, Part::Open), Deed::Pause);
        message.show(4);
        assert_eq!(message.decide(watch(), Part::Open), Deed::Continue);
        assert_eq!(message.unseen(9), Some(Unseen { start: 0, end: 9 }), "new chunks alone");
        assert_eq!(message.decide(watch(), Part::Open), Deed::Continue);
        assert_eq!(message.decide(forward(), Part::Open), Deed::Continue);
        assert!(!message.is_shown(), "it may stop watching");
    }

    #[test]
    fn who_watches_can_still_break_it_off() {
        let mut message = request();
        assert_eq!(message.decide(watch(), Part::Open), Deed::Continue);
        assert_eq!(message.decide(Verdict::Reply(reply()), Part::Open), Deed::Reply(reply()));
        assert!(!message.is_shown());
    }

    #[test]
    fn nothing_is_watched_after_the_end() {
        let mut message = request();
        assert_eq!(message.decide(watch(), Part::Last), Deed::Continue);
        assert!(!message.is_shown());
    }

    #[test]
    fn edits_are_made_once_while_the_headers_are_here() {
        let edits = Edits::none().set("a", "b").watch();
        let mut message = request();
        let deed = message.decide(Verdict::Forward(edits.clone()), Part::Open);
        assert_eq!(deed, Deed::Edit(edits.clone()));
        let late = message.decide(Verdict::Forward(edits), Part::Open);
        assert_eq!(late, Deed::Fault(Fault::EditedTooLate));
    }

    #[test]
    fn a_body_is_edited_only_as_far_as_it_was_shown() {
        let edit = |start, end| Edits::none().splice(start..end, "x");
        let forward = |edits: &Edits, message: &mut Message| {
            message.decide(Verdict::Forward(edits.clone()), Part::Open)
        };
        let holding = |shown| {
            let mut message = request();
            assert_eq!(message.decide(Verdict::Hold, Part::Open), Deed::Pause);
            message.show(shown);
            message
        };
        for edits in [edit(0, 10), edit(10, 10), edit(2, 4).splice(4..5, "y").watch()] {
            assert_eq!(forward(&edits, &mut holding(10)), Deed::Edit(edits));
        }
        assert_eq!(forward(&edit(9, 11), &mut holding(10)), Deed::Fault(Fault::EditedUnseen));
        let twice = edit(2, 4).splice(3..5, "y");
        assert_eq!(forward(&twice, &mut holding(10)), Deed::Fault(Fault::EditedTwice));
        // Without a body, or before it, there is nothing to write to.
        let mut message = request();
        assert_eq!(forward(&edit(0, 0), &mut message), Deed::Fault(Fault::EditedUnseen));
        assert_eq!(forward(&edit(0, 0), &mut holding(0)), Deed::Edit(edit(0, 0)));
        let mut gone = holding(10);
        assert_eq!(gone.decide(watch(), Part::Open), Deed::Continue);
        assert_eq!(forward(&edit(0, 1), &mut gone), Deed::Fault(Fault::EditedTooLate));
    }

    #[test]
    fn a_response_never_becomes_longer() {
        let edits = |text: &str| Edits::none().splice(0..2, "").splice(5..6, text);
        let decided = |edits| {
            let mut message = Message::arriving(Growth::Forbidden);
            message.show(10);
            message.decide(Verdict::Forward(edits), Part::Last)
        };
        assert_eq!(decided(edits("abc")), Deed::Edit(edits("abc")));
        assert_eq!(decided(edits("abcd")), Deed::Fault(Fault::GrewAResponse));
    }

    #[test]
    fn what_was_decided_on_a_part_holds_for_the_parts_behind_it() {
        let edit = || Deed::Edit(Edits::none().set("a", "b"));
        assert_eq!(Deed::Pause.then(edit()), edit());
        assert_eq!(edit().then(Deed::Continue), edit());
        assert_eq!(edit().then(Deed::Reply(reply())), Deed::Reply(reply()), "none of it went on");
        assert_eq!(Deed::Pause.then(Deed::Continue), Deed::Continue);
    }

    #[test]
    fn a_verdict_that_would_hang_the_request_is_a_fault() {
        let mut message = request();
        assert_eq!(message.decide(Verdict::Hold, Part::Last), Deed::Fault(Fault::HeldAtTheEnd));
        let mut message = request();
        assert_eq!(message.decide(watch(), Part::Open), Deed::Continue);
        assert_eq!(message.decide(Verdict::Hold, Part::Open), Deed::Fault(Fault::HeldTooLate));
        assert!(!message.is_shown());
    }

    #[test]
    fn a_message_without_headers_is_never_shown() {
        assert!(!Message::default().is_shown());
    }
}
