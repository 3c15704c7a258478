//! What a message does next.
//!
//! Envoy's rules, as far as they matter here (with
//! `allow_on_headers_stop_iteration` set):
//! - While a callback answers `Pause`, the headers and the body so far stay in
//!   Envoy's buffer, and the size that the next body callback is given is that
//!   of the whole buffer. After `Continue` it is that of the new chunk alone.
//! - A message ends in its headers, in a body chunk that says so, or in its
//!   trailers: then no chunk says so.

use filter_kit::{Edits, Reply, Verdict};

/// One message, on its way through one filter.
#[derive(Debug, Default)]
pub(crate) struct Message {
    stage: Stage,
}

#[derive(Debug, Default, PartialEq)]
enum Stage {
    /// Nothing was decided, and this many body bytes were shown.
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
    /// It changes headers that went on before.
    EditedTooLate,
}

impl Fault {
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::HeldAtTheEnd => "held a message back at its end",
            Self::HeldTooLate => "held a message back that had gone on",
            Self::EditedTooLate => "changed headers that had gone on",
        }
    }
}

impl Message {
    /// A message whose headers just came in.
    pub(crate) const fn arriving() -> Self {
        Self { stage: Stage::Undecided { shown: 0 } }
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
            Stage::Watched => Some(Unseen { start: 0, end: size }),
            Stage::Settled => None,
        }
    }

    /// The filter was shown everything up to `end` of what is held.
    pub(crate) fn was_shown(&mut self, end: usize) {
        if let Stage::Undecided { shown } = &mut self.stage {
            *shown = end;
        }
    }

    /// Takes a verdict on the part that was just shown.
    pub(crate) fn decide(&mut self, verdict: Verdict, part: Part) -> Deed {
        let undecided = matches!(self.stage, Stage::Undecided { .. });
        match verdict {
            Verdict::Forward(edits) if !undecided && !edits.headers().is_empty() => {
                self.fault(Fault::EditedTooLate)
            }
            Verdict::Forward(edits) => {
                self.stage = if edits.watching() && part == Part::Open {
                    Stage::Watched
                } else {
                    Stage::Settled
                };
                if edits.headers().is_empty() { Deed::Continue } else { Deed::Edit(edits) }
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

    fn fault(&mut self, fault: Fault) -> Deed {
        self.stage = Stage::Settled;
        Deed::Fault(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filter_kit::{GrpcCode, ReplyKind};

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
        let mut message = Message::arriving();
        assert_eq!(message.decide(Verdict::Hold, Part::Open), Deed::Pause);
        assert_eq!(message.unseen(10), Some(Unseen { start: 0, end: 10 }));
        message.was_shown(10);
        assert_eq!(message.decide(Verdict::Hold, Part::Open), Deed::Pause);
        assert_eq!(message.unseen(25), Some(Unseen { start: 10, end: 25 }));
        message.was_shown(25);
        assert_eq!(message.unseen(25), Some(Unseen { start: 25, end: 25 }));
    }

    #[test]
    fn a_forwarded_message_is_shown_only_to_who_watches() {
        let mut message = Message::arriving();
        assert_eq!(message.decide(forward(), Part::Open), Deed::Continue);
        assert!(!message.is_shown());
        assert_eq!(message.unseen(9), None);

        let mut message = Message::arriving();
        assert_eq!(message.decide(Verdict::Hold, Part::Open), Deed::Pause);
        message.was_shown(4);
        assert_eq!(message.decide(watch(), Part::Open), Deed::Continue);
        assert_eq!(message.unseen(9), Some(Unseen { start: 0, end: 9 }), "new chunks alone");
        assert_eq!(message.decide(watch(), Part::Open), Deed::Continue);
        assert_eq!(message.decide(forward(), Part::Open), Deed::Continue);
        assert!(!message.is_shown(), "it may stop watching");
    }

    #[test]
    fn who_watches_can_still_break_it_off() {
        let mut message = Message::arriving();
        assert_eq!(message.decide(watch(), Part::Open), Deed::Continue);
        assert_eq!(message.decide(Verdict::Reply(reply()), Part::Open), Deed::Reply(reply()));
        assert!(!message.is_shown());
    }

    #[test]
    fn nothing_is_watched_after_the_end() {
        let mut message = Message::arriving();
        assert_eq!(message.decide(watch(), Part::Last), Deed::Continue);
        assert!(!message.is_shown());
    }

    #[test]
    fn edits_are_made_once_while_the_headers_are_here() {
        let edits = Edits::none().set("a", "b").watch();
        let mut message = Message::arriving();
        let deed = message.decide(Verdict::Forward(edits.clone()), Part::Open);
        assert_eq!(deed, Deed::Edit(edits.clone()));
        let late = message.decide(Verdict::Forward(edits), Part::Open);
        assert_eq!(late, Deed::Fault(Fault::EditedTooLate));
    }

    #[test]
    fn a_verdict_that_would_hang_the_request_is_a_fault() {
        let mut message = Message::arriving();
        assert_eq!(message.decide(Verdict::Hold, Part::Last), Deed::Fault(Fault::HeldAtTheEnd));
        let mut message = Message::arriving();
        assert_eq!(message.decide(watch(), Part::Open), Deed::Continue);
        assert_eq!(message.decide(Verdict::Hold, Part::Open), Deed::Fault(Fault::HeldTooLate));
        assert!(!message.is_shown());
    }

    #[test]
    fn a_message_without_headers_is_never_shown() {
        assert!(!Message::default().is_shown());
    }
}
