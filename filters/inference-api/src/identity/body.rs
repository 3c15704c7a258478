use super::form::FormModel;
use super::json::JsonModel;
use super::message::FirstMessage;
use super::{Malformed, Named};
use crate::dialect::BodyIdentity;
use crate::json::{ByteOrderMark, Options};

/// Reads a body for the model it names.
///
/// Of the body it keeps the name and the version, each up to the limit, and
/// where they stand; and one byte per JSON container that is open.
#[derive(Clone, Debug)]
pub struct BodyReader {
    source: Source,
    failure: Option<Malformed>,
}

/// What is accepted. The default is strict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// How much is read and kept.
    pub limits: Limits,
    /// What becomes of a name that is there twice.
    pub repeats: Repeats,
    /// What becomes of a byte order mark before a JSON text.
    pub byte_order_mark: ByteOrderMark,
}

/// How much is read and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest model name and the longest version, in bytes of decoded
    /// text.
    pub name_bytes: usize,
    /// How many JSON objects and arrays may stand inside each other.
    pub json_depth: usize,
    /// A gRPC message of at most so many bytes is read to its end before it
    /// names anything.
    pub whole_message_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            name_bytes: 256,
            json_depth: Options::default().max_depth,
            whole_message_bytes: 1 << 20,
        }
    }
}

/// What becomes of a name that is there twice, with different values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeats {
    /// It is an error: servers differ in which one they take. So the first one
    /// is certain at once.
    #[default]
    Refused,
    /// The last one counts, as for most servers. JSON and forms are then
    /// certain only at their end.
    LastCounts,
}

/// How far the body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// What it names is not known.
    Open,
    /// [`BodyReader::named`] is final. What follows can still be an error.
    Certain,
    /// What follows can't matter and need not be shown: a gRPC stream is decided
    /// by its first message, and behind a form's last boundary nobody reads on.
    Settled,
}

#[derive(Clone, Debug)]
enum Source {
    /// The body does not matter.
    Nowhere(Named),
    Json(Box<JsonModel>),
    Form(Box<FormModel>),
    Grpc(Box<FirstMessage>),
    /// What `failure` says.
    Unreadable,
}

impl BodyReader {
    /// Reads a body in which the model stands there. The content type says
    /// where the parts of a form end.
    pub fn new(identity: &BodyIdentity, content_type: Option<&[u8]>, reading: Reading) -> Self {
        let mut failure = None;
        let source = match *identity {
            BodyIdentity::None => Source::Nowhere(Named::default()),
            BodyIdentity::JsonModel => Source::Json(Box::new(JsonModel::new(reading))),
            BodyIdentity::FormModel => match FormModel::new(content_type, reading) {
                Ok(form) => Source::Form(Box::new(form)),
                Err(error) => {
                    failure = Some(Malformed::NotAForm(error));
                    Source::Unreadable
                }
            },
            BodyIdentity::Grpc { model, version, label } => {
                Source::Grpc(Box::new(FirstMessage::new([Some(model), version, label], reading)))
            }
        };
        Self { source, failure }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// When the body is not what it must be. The reader stays in that state.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Progress, Malformed> {
        self.unless_failed(|source| match source {
            Source::Nowhere(_) | Source::Unreadable => Ok(()),
            Source::Json(json) => json.push(bytes),
            Source::Form(form) => form.push(bytes),
            Source::Grpc(message) => message.push(bytes),
        })?;
        Ok(self.progress())
    }

    /// Says that the body ends here, unless it is [`Progress::Settled`]. What
    /// it names is certain then.
    ///
    /// # Errors
    /// When it can't end here, or is not what it must be.
    pub fn finish(&mut self) -> Result<(), Malformed> {
        self.unless_failed(|source| match source {
            Source::Nowhere(_) | Source::Unreadable => Ok(()),
            Source::Json(json) => json.finish(),
            Source::Form(form) => form.finish(),
            Source::Grpc(message) => message.finish(),
        })
    }

    /// What the body names, as soon as it is certain; even when the body turned
    /// out to be malformed behind that.
    pub const fn named(&self) -> Option<&Named> {
        match &self.source {
            Source::Nowhere(named) => Some(named),
            Source::Json(json) => json.named(),
            Source::Form(form) => form.named(),
            Source::Unreadable => None,
            Source::Grpc(message) => message.named(),
        }
    }

    /// From where it is certain on, the same name once more is an error, too:
    /// for the one that was read was replaced by another.
    ///
    /// # Errors
    /// When there was one already, in bytes that were pushed together.
    pub fn forbid_repeats(&mut self) -> Result<(), Malformed> {
        self.unless_failed(|source| match source {
            Source::Nowhere(_) | Source::Unreadable => Ok(()),
            Source::Json(json) => json.forbid_repeats(),
            Source::Form(form) => form.forbid_repeats(),
            Source::Grpc(message) => message.forbid_repeats(),
        })
    }

    /// No more of the body can be waited for: if a gRPC message has named a model
    /// by now, that is [`Progress::Certain`] from here on, and another one behind
    /// it is an error. JSON and forms are certain at their first model anyway.
    ///
    /// # Errors
    /// When what was named so far is not what it must be.
    pub fn decide_early(&mut self) -> Result<(), Malformed> {
        self.unless_failed(|source| match source {
            Source::Grpc(message) => message.decide_early(),
            _ => Ok(()),
        })
    }

    const fn progress(&self) -> Progress {
        match &self.source {
            Source::Nowhere(_) => Progress::Settled,
            Source::Form(form) if form.is_complete() => Progress::Settled,
            Source::Grpc(message) if message.is_complete() => Progress::Settled,
            _ if self.named().is_some() => Progress::Certain,
            _ => Progress::Open,
        }
    }

    fn unless_failed(
        &mut self,
        act: impl FnOnce(&mut Source) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if self.failure.is_none() {
            self.failure = act(&mut self.source).err();
        }
        self.failure.map_or(Ok(()), Err)
    }
}
