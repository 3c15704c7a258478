//! gRPC messages, each of them held against the contract.

use super::format::{Count, Messages as Format};
use super::{Progress, Side, unreadable};
use crate::contracts::Contract;
use crate::rules::Rule;
use crate::tensors::{Place, TensorRules};
use crate::violation::{Findings, Violation};
use inference_api::grpc::{FrameReader, Part};
use inference_api::tensor::{Depth, MessageKind, MessageReader, TensorError, TensorLimits};
use std::rc::Rc;

/// The messages of a body, one after the other.
#[derive(Debug)]
pub(super) struct Messages {
    format: Format,
    side: Side,
    contract: Rc<Contract>,
    frames: FrameReader,
    /// The one that is being read.
    message: Option<MessageReader>,
    /// How many began.
    begun: u64,
    /// Nothing more can be read.
    is_broken: bool,
}

impl Messages {
    pub(super) fn new(format: Format, side: Side, contract: Rc<Contract>) -> Self {
        Self {
            format,
            side,
            contract,
            frames: FrameReader::new(),
            message: None,
            begun: 0,
            is_broken: false,
        }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], findings: &mut Findings) -> Progress {
        let mut progress = Progress::Open;
        while !self.is_broken {
            match self.frames.next(&mut bytes) {
                Ok(None) => return progress,
                Ok(Some(part)) => {
                    // One that is right lets the body go on, whatever follows it here.
                    if self.part(part, findings) == Progress::MessageRight {
                        progress = Progress::MessageRight;
                    }
                }
                Err(error) => self.broken(&error.to_string(), "gRPC messages", findings),
            }
        }
        // What is left can't be told apart from anything else.
        Progress::Settled
    }

    pub(super) fn finish(&mut self, findings: &mut Findings) {
        if self.is_broken {
            return;
        }
        if let Err(error) = self.frames.finish() {
            self.broken(&error.to_string(), "gRPC messages", findings);
        } else if self.begun == 0 && self.format.count == Count::One && self.side == Side::Request {
            self.broken("no message", "one message", findings);
        }
    }

    fn part(&mut self, part: Part<'_>, findings: &mut Findings) -> Progress {
        match part {
            Part::Message { is_compressed, length } => {
                self.begin(is_compressed, length, findings);
                Progress::Open
            }
            Part::Payload(bytes) => {
                if let Some(message) = &mut self.message
                    && let Err(error) = message.push(bytes)
                {
                    self.malformed(error, findings);
                }
                Progress::Open
            }
            Part::End => {
                self.end(findings);
                Progress::MessageRight
            }
        }
    }

    fn begin(&mut self, is_compressed: bool, length: u32, findings: &mut Findings) {
        self.begun = self.begun.saturating_add(1);
        if self.begun > 1 && self.format.count == Count::One {
            return self.broken("a second message", "one message", findings);
        }
        if let Some(limit) = self.contract.limits.max_message_bytes
            && u64::from(length) > limit
        {
            findings.add(Rule::MessageBytes, || {
                let found = format!("a message of {length} bytes");
                let allowed = format!("at most {limit} bytes");
                Violation::new(Rule::MessageBytes, "", found, allowed)
            });
        }
        let Some(kind) = &self.format.kind else { return };
        if is_compressed {
            let violation = || unreadable("a compressed message", "messages without compression");
            findings.add(Rule::Unreadable, violation);
            return;
        }
        let Some(rules) = self.side.rules(&self.contract) else { return };
        let limits = TensorLimits { max_tensors: rules.max_tensors, depth: rules.depth };
        let reader = MessageReader::new(kind, limits).with_length(u64::from(length));
        self.message = Some(reader);
    }

    fn end(&mut self, findings: &mut Findings) {
        let Some(mut message) = self.message.take() else { return };
        if let Err(error) = message.finish() {
            return self.malformed(error, findings);
        }
        let Some(rules) = self.side.rules(&self.contract) else { return };
        let place = self.place();
        self.judge_sources(&message, findings);
        let tensors = message.tensors();
        let own = rules.own.as_ref().filter(|_| place == Place::Own);
        match own {
            Some(own) => rules.judge(&own.named(tensors), place, findings),
            None => rules.judge(tensors, place, findings),
        }
        if tensors.iter().any(|tensor| tensor.data.is_early) && is_looked_into(rules) {
            let found = "data that comes before what says how to read it";
            let allowed = "a message whose fields are in the order of their numbers";
            findings.add(Rule::Unreadable, || unreadable(found, allowed));
        }
    }

    /// Whether every tensor has its data, and in one place, as Triton wants it.
    fn judge_sources(&self, message: &MessageReader, findings: &mut Findings) {
        let facts = message.facts();
        let list = self.place().list();
        let mut add = |found: String, allowed: &str| {
            findings.add(Rule::TensorProtocol, || {
                Violation::new(Rule::TensorProtocol, list.clone(), found, allowed)
            });
        };
        if facts.has_contents_beside_raw {
            add("typed contents beside raw ones".to_owned(), "one of the two in a message");
        } else if facts.surplus_raw_entries > 0 {
            let found = format!("{} raw contents too many", facts.surplus_raw_entries);
            add(found, "one for each tensor that is not in shared memory");
        } else if facts.raw_entries > 0 && facts.tensors_without_data > 0 {
            let found = format!("{} tensors without raw contents", facts.tensors_without_data);
            add(found, "raw contents for each tensor that is not in shared memory");
        }
    }

    fn place(&self) -> Place {
        match (&self.format.kind, self.side) {
            (Some(MessageKind::Own(_)), _) => Place::Own,
            (_, Side::Request) => Place::Message("inputs"),
            (_, Side::Answer) => Place::Message("outputs"),
        }
    }

    fn malformed(&mut self, error: TensorError, findings: &mut Findings) {
        match error {
            TensorError::TooManyTensors { limit } => {
                let list = self.place().list();
                findings.add(Rule::TensorCount, || {
                    let found = format!("more than {limit} tensors");
                    Violation::new(Rule::TensorCount, list, found, format!("at most {limit}"))
                });
                let (found, allowed) = ("tensors beyond those that are read", "fewer of them");
                findings.add(Rule::Unreadable, || unreadable(found, allowed));
                self.message = None;
            }
            TensorError::Protobuf(error) => {
                self.broken(&error.to_string(), "a message of this method", findings);
            }
        }
    }

    /// What follows can't be read, or not as what it should be.
    fn broken(&mut self, found: &str, allowed: &str, findings: &mut Findings) {
        self.is_broken = true;
        self.message = None;
        findings.add(Rule::Malformed, || Violation::new(Rule::Malformed, "", found, allowed));
    }
}

/// Whether more is asked of values than how many they are.
fn is_looked_into(rules: &TensorRules) -> bool {
    rules.depth == Depth::Valued
}
