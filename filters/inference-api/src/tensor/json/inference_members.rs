//! What the members of an inference message say.

use super::draft::{Draft, Member};
use super::{Expected, FaultKind, InferenceTensors};
use crate::json::{Interest, Kind, Sink, Spelling, Survey};
use core::ops::Range;

/// In what we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Start,
    Message,
    List,
    Tensor,
    Shape,
    Parameters,
    Data,
    Done,
    /// There is no JSON.
    WithoutJson,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    Ignored,
    Member(Member),
    Dimension,
}

impl Sink for InferenceTensors {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        match self.stage {
            Stage::Start => self.message(kind),
            Stage::Message => self.message_member(kind),
            Stage::List => self.element(kind),
            Stage::Tensor => self.member(Member::of_tensor(self.last_key.as_str()), kind, at),
            Stage::Parameters => {
                self.member(Member::of_parameters(self.last_key.as_str()), kind, at)
            }
            Stage::Shape => self.dimension(kind),
            Stage::Data if kind == Kind::Object => {
                self.survey.value(kind, at);
                self.survey.object_is_other();
                self.ignore()
            }
            // All is told where another check of the same text wants it.
            Stage::Data => self.survey.value(kind, at),
            Stage::Done | Stage::WithoutJson => self.ignore(),
        }
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        match self.leaf.take() {
            Some(leaf) => self.leaf_end(leaf),
            None => self.container_end(kind, end),
        }
    }

    fn key(&mut self, fragment: &str) {
        self.key.push(fragment);
    }

    fn key_end(&mut self, _span: Range<u64>, _spelling: Spelling) {
        core::mem::swap(&mut self.last_key, &mut self.key);
        self.key.clear();
    }

    fn text(&mut self, fragment: &str) {
        match self.stage {
            Stage::Data => self.survey.text(fragment),
            _ => self.text.push(fragment),
        }
    }

    fn number(&mut self, fragment: &str) {
        match self.stage {
            Stage::Data => self.survey.number(fragment),
            _ => self.text.push(fragment),
        }
    }

    fn survey(&mut self) -> Option<&mut Survey> {
        (self.stage == Stage::Data).then_some(&mut self.survey)
    }
}

impl InferenceTensors {
    fn ignore(&mut self) -> Interest {
        self.leaf = Some(Leaf::Ignored);
        Interest::Skip
    }

    fn list_fault(&mut self, kind: FaultKind) {
        let list = self.message.list();
        self.faults.add(kind, || format!("/{list}"));
    }

    fn member_fault(&mut self, kind: FaultKind, member: Member) {
        let (list, position) = (self.message.list(), self.draft.position());
        self.faults.add(kind, || format!("/{list}/{position}{}", member.pointer()));
    }

    fn message(&mut self, kind: Kind) -> Interest {
        if kind == Kind::Object {
            self.stage = Stage::Message;
            return Interest::Take;
        }
        let expected = Expected::Object;
        self.faults.add(FaultKind::WrongType { found: kind, expected }, String::new);
        self.stage = Stage::Done;
        self.ignore()
    }

    fn message_member(&mut self, kind: Kind) -> Interest {
        if self.last_key.as_str() != self.message.list() {
            return self.ignore();
        }
        if core::mem::replace(&mut self.has_list, true) {
            self.list_fault(FaultKind::Duplicate);
        }
        if kind == Kind::Array {
            self.stage = Stage::List;
            self.position = 0;
            return Interest::Take;
        }
        self.list_fault(FaultKind::WrongType { found: kind, expected: Expected::List });
        self.ignore()
    }

    fn element(&mut self, kind: Kind) -> Interest {
        let (list, position) = (self.message.list(), self.position);
        self.position = position.saturating_add(1);
        if kind != Kind::Object {
            let wrong = FaultKind::WrongType { found: kind, expected: Expected::Object };
            self.faults.add(wrong, || format!("/{list}/{position}"));
            return self.ignore();
        }
        if self.tensors.len() >= self.limits.max_tensors {
            self.list_fault(FaultKind::TooManyTensors);
            self.binary.expect_anything();
            return self.ignore();
        }
        self.draft = Draft::new(position);
        self.stage = Stage::Tensor;
        Interest::Take
    }

    fn member(&mut self, member: Option<Member>, kind: Kind, at: u64) -> Interest {
        let Some(member) = member else { return self.ignore() };
        // Clients that write all that there could be write `null` for none of it.
        if member == Member::Parameters && kind == Kind::Null {
            return self.ignore();
        }
        if !self.draft.is_first(member) {
            self.member_fault(FaultKind::Duplicate, member);
        }
        if let Some(misfit) = member.misfit(kind) {
            self.member_fault(misfit, member);
            return self.ignore();
        }
        match member {
            Member::Shape => {
                self.draft.begin_shape();
                self.has_wrong_dimension = false;
                self.stage = Stage::Shape;
            }
            Member::Parameters => self.stage = Stage::Parameters,
            Member::Data => {
                self.survey.clear();
                self.survey.value(kind, at);
                self.stage = Stage::Data;
                return Interest::Survey;
            }
            Member::SharedMemoryRegion => {
                self.draft.in_shared_memory();
                return self.ignore();
            }
            Member::Name | Member::Datatype | Member::BinaryDataSize => {
                self.text.clear();
                self.leaf = Some(Leaf::Member(member));
            }
        }
        Interest::Take
    }

    fn dimension(&mut self, kind: Kind) -> Interest {
        if kind == Kind::Number {
            self.text.clear();
            self.leaf = Some(Leaf::Dimension);
            return Interest::Take;
        }
        self.wrong_dimension(kind);
        self.ignore()
    }

    fn wrong_dimension(&mut self, found: Kind) {
        if !core::mem::replace(&mut self.has_wrong_dimension, true) {
            let expected = Expected::WholeNumbers;
            self.member_fault(FaultKind::WrongType { found, expected }, Member::Shape);
        }
    }

    fn leaf_end(&mut self, leaf: Leaf) {
        let text = self.text.as_str();
        match leaf {
            Leaf::Member(Member::Name) => {
                self.draft.name(text);
                if self.text.is_cut() {
                    self.member_fault(FaultKind::NameTooLong, Member::Name);
                }
            }
            Leaf::Member(Member::Datatype) => self.draft.datatype(text),
            Leaf::Member(Member::BinaryDataSize) => match text.parse::<i64>().map(u64::try_from) {
                Ok(Ok(bytes)) => self.draft.binary(bytes),
                _ => {
                    let (found, expected) = (Kind::Number, Expected::WholeNumber);
                    let wrong = FaultKind::WrongType { found, expected };
                    self.member_fault(wrong, Member::BinaryDataSize);
                }
            },
            Leaf::Dimension => match text.parse() {
                Ok(length) => self.draft.dimension(length),
                Err(_) => self.wrong_dimension(Kind::Number),
            },
            Leaf::Member(_) | Leaf::Ignored => {}
        }
    }

    fn container_end(&mut self, kind: Kind, end: u64) {
        self.stage = match self.stage {
            Stage::Data => {
                let is_inside = kind != Kind::Array || self.survey.open_lists() > 1;
                self.survey.value_end(kind, end);
                if is_inside {
                    return;
                }
                self.draft.data(&self.survey);
                Stage::Tensor
            }
            Stage::Shape => {
                if !self.has_wrong_dimension {
                    self.draft.end_shape();
                }
                Stage::Tensor
            }
            Stage::Parameters => Stage::Tensor,
            Stage::Tensor => {
                self.tensor_end();
                Stage::List
            }
            Stage::List => Stage::Message,
            Stage::Message => {
                if !self.has_list {
                    self.list_fault(FaultKind::Missing);
                }
                Stage::Done
            }
            stage @ (Stage::Start | Stage::Done | Stage::WithoutJson) => stage,
        };
    }

    fn tensor_end(&mut self) {
        let draft = core::mem::take(&mut self.draft);
        let (list, position) = (self.message.list(), draft.position());
        for member in draft.missing() {
            let place = || format!("/{list}/{position}{}", member.pointer());
            self.faults.add(FaultKind::Missing, place);
        }
        let (tensor, binary) = draft.finish();
        if let Some(bytes) = binary {
            self.binary.expect(self.tensors.len(), bytes);
        }
        self.tensors.push(tensor);
    }
}
