//! A body while it goes by, held against everything that there is to check.

mod format;
mod json;
mod json_tensors;
mod messages;

use crate::contracts::{Contract, Patch};
use crate::rules::Rule;
use crate::tensors::TensorRules;
use crate::violation::{Findings, Violation};
use inference_api::dialect::Call;
use json::JsonText;
use json_tensors::{JsonApi, JsonTensors};
use messages::Messages;
use std::rc::Rc;

pub(crate) use format::{AnswerFormat, BodyFormat, is_json};

/// A body while it goes by.
#[derive(Debug)]
pub(crate) struct Body {
    format: Format,
    pub(crate) findings: Findings,
    /// How many bytes came.
    pub(crate) bytes: u64,
    limit: Option<u64>,
}

#[derive(Debug)]
enum Format {
    /// Nothing of it is read.
    Unread,
    Json(Option<Box<JsonText>>, Option<Box<JsonTensors>>),
    Grpc(Box<Messages>),
}

/// Which of an exchange's messages is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Request,
    Answer,
}

impl Side {
    /// What its tensors must be like.
    fn rules(self, contract: &Contract) -> Option<&TensorRules> {
        match self {
            Self::Request => contract.tensors.as_ref(),
            Self::Answer => contract.answers.as_ref().map(|answers| &answers.outputs),
        }
    }
}

/// What is read of a body.
#[derive(Debug)]
pub(crate) enum Reading<'c> {
    /// Nothing.
    Nothing,
    /// It is JSON, or JSON with raw tensors behind it.
    Json(JsonReading<'c>),
    /// It is made of gRPC messages.
    Grpc(format::Messages),
}

/// What is read of a JSON body.
#[derive(Debug)]
pub(crate) struct JsonReading<'c> {
    pub(crate) call: &'c Call<'c>,
    pub(crate) patches: Vec<Rc<Patch>>,
    /// The value of `inference-header-content-length`.
    pub(crate) header_bytes: Option<u64>,
}

/// What the headers of an answer say of its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerHeaders<'h> {
    pub(crate) content_type: &'h [u8],
    /// The value of `inference-header-content-length`.
    pub(crate) json_bytes: Option<u64>,
}

impl AnswerHeaders<'_> {
    fn is_json(&self) -> bool {
        let media_type = self.content_type.split(|byte| *byte == b';').next().unwrap_or_default();
        media_type.trim_ascii().eq_ignore_ascii_case(b"application/json")
    }
}

/// How far a body was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It is not known yet whether it is right.
    Open,
    /// A whole message was right; another one may follow.
    MessageRight,
    /// Nothing more is read.
    Settled,
}

impl Progress {
    /// This one, and then that.
    const fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::MessageRight, Self::Open) => Self::MessageRight,
            (_, next) => next,
        }
    }
}

impl Body {
    /// The body of a request under this contract, of which this is read. What was
    /// found by its headers stands in the findings.
    pub(crate) fn of_request(
        reading: Reading<'_>,
        contract: &Rc<Contract>,
        findings: Findings,
    ) -> Self {
        let format = match reading {
            Reading::Nothing => Format::Unread,
            Reading::Json(JsonReading { call, patches, header_bytes }) => {
                let api = JsonApi::of(call, Side::Request);
                let tensors = api.and_then(|api| JsonTensors::new(api, header_bytes, contract));
                let text = JsonText::of_request(call, patches, contract);
                let text = text.with_length(header_bytes.filter(|_| api.is_some()));
                // Who reads tensors reads all of the text; and of raw tensors without one
                // there is nothing to be read.
                let is_wanted = tensors.is_none() || text.has_checks();
                let text = Some(text).filter(|text| is_wanted && !text.is_empty());
                Format::Json(text.map(Box::new), tensors.map(Box::new))
            }
            Reading::Grpc(messages) => {
                let messages = Messages::new(messages, Side::Request, Rc::clone(contract));
                Format::Grpc(Box::new(messages))
            }
        };
        Self { format, findings, bytes: 0, limit: contract.limits.max_body_bytes }
    }

    /// The body of an answer under this contract; `None` if nothing of it is read.
    pub(crate) fn of_answer(
        answer: &AnswerFormat,
        headers: AnswerHeaders<'_>,
        contract: &Rc<Contract>,
    ) -> Option<Self> {
        let format = match answer {
            AnswerFormat::Grpc(messages) => {
                let messages = Messages::new(messages.clone(), Side::Answer, Rc::clone(contract));
                Format::Grpc(Box::new(messages))
            }
            AnswerFormat::Tensors(api) => {
                let tensors = JsonTensors::new(*api, headers.json_bytes, contract)?;
                Format::Json(None, Some(Box::new(tensors)))
            }
            AnswerFormat::Json if headers.is_json() => {
                Format::Json(Some(Box::new(JsonText::of_answer(contract))), None)
            }
            AnswerFormat::Json | AnswerFormat::Unknown => return None,
        };
        let findings = Findings::new(contract.modes.clone());
        Some(Self { format, findings, bytes: 0, limit: None })
    }

    /// Whether nothing of it is read but how long it is.
    pub(crate) const fn is_only_counted(&self) -> bool {
        matches!(self.format, Format::Unread)
    }

    /// Reads the next bytes. What is wrong with them is in the findings.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Progress {
        let (within, beyond) = self.at_limit(bytes);
        let mut progress = self.read(within);
        if !beyond.is_empty() {
            self.too_large();
            // It may go on all the same, and then is read on.
            if self.findings.enforced().is_none() {
                progress = progress.then(self.read(beyond));
            }
        }
        // What is not read may still have a length.
        match progress {
            Progress::Settled if self.limit.is_some() => Progress::Open,
            progress => progress,
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Progress {
        match &mut self.format {
            Format::Unread => Progress::Settled,
            Format::Json(text, tensors) => {
                if let Some(text) = text {
                    text.push(bytes, &mut self.findings);
                }
                if let Some(tensors) = tensors {
                    tensors.push(bytes, &mut self.findings);
                }
                Progress::Open
            }
            Format::Grpc(messages) => messages.push(bytes, &mut self.findings),
        }
    }

    /// Says that it ends here.
    pub(crate) fn finish(&mut self) {
        match &mut self.format {
            Format::Unread => {}
            Format::Json(text, tensors) => {
                if let Some(text) = text {
                    text.finish(&mut self.findings);
                }
                if let Some(tensors) = tensors {
                    tensors.finish(&mut self.findings);
                }
            }
            Format::Grpc(messages) => messages.finish(&mut self.findings),
        }
    }

    /// The bytes that lie within the limit, and so are read whatever follows, and
    /// those beyond.
    fn at_limit<'b>(&mut self, bytes: &'b [u8]) -> (&'b [u8], &'b [u8]) {
        let before = self.bytes;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes = before.saturating_add(length);
        let Some(limit) = self.limit else { return (bytes, &[]) };
        let room = usize::try_from(limit.saturating_sub(before)).unwrap_or(usize::MAX);
        bytes.split_at_checked(room).unwrap_or((bytes, &[]))
    }

    fn too_large(&mut self) {
        let Some(limit) = self.limit.take() else { return };
        self.findings.add(Rule::BodyBytes, || too_large(limit));
    }
}

/// A body of more bytes than this.
pub(crate) fn too_large(limit: u64) -> Violation {
    let found = format!("a body of more than {limit} bytes");
    Violation::new(Rule::BodyBytes, "", found, format!("at most {limit} bytes"))
}

/// A body that can't be held against its contract.
pub(crate) fn unreadable(found: &str, allowed: &str) -> Violation {
    Violation::new(Rule::Unreadable, "", found, allowed)
}
