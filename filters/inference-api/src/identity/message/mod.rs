//! The first message of a gRPC body.

mod names;
mod place;

use self::names::Names;
pub(super) use self::place::MessagePlace;
use super::{Malformed, Named, Reading};
use crate::grpc::{FrameReader, Part};
use crate::protobuf::{FieldPath, Reader};

/// The first message of a gRPC body.
#[derive(Clone, Debug)]
pub(super) struct FirstMessage {
    frames: FrameReader,
    /// The message, from its prefix on.
    message: Option<Reader>,
    names: Names,
    whole_message_bytes: u64,
    is_complete: bool,
}

impl FirstMessage {
    /// `paths` are those of the model, the version and the label.
    pub(super) fn new(paths: [Option<FieldPath>; 3], reading: Reading) -> Self {
        let whole_message_bytes = reading.limits.whole_message_bytes;
        let (frames, names) = (FrameReader::new(), Names::new(paths, reading));
        Self { frames, message: None, names, whole_message_bytes, is_complete: false }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Malformed> {
        if self.is_complete {
            return Ok(());
        }
        while let Some(part) = self.frames.next(&mut bytes)? {
            match (part, &mut self.message) {
                (Part::Message { is_compressed: true, .. }, _) => {
                    return Err(Malformed::Compressed);
                }
                (Part::Message { length, .. }, _) => {
                    let length = u64::from(length);
                    self.names.begin(length, length > self.whole_message_bytes);
                    self.message = Some(Reader::with_length(length));
                }
                (Part::Payload(payload), Some(message)) => {
                    let result = message.push(payload, &mut self.names);
                    // It stands before what made the reader fail.
                    self.names.verdict()?;
                    result?;
                }
                (Part::End, Some(message)) => {
                    message.finish()?;
                    self.is_complete = true;
                    self.names.decide();
                    return self.names.verdict();
                }
                (Part::Payload(_) | Part::End, None) => {}
            }
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), Malformed> {
        if self.is_complete {
            return Ok(());
        }
        self.frames.finish()?;
        Err(Malformed::Empty)
    }

    pub(super) const fn named(&self) -> Option<&Named> {
        self.names.named()
    }

    pub(super) fn decide_early(&mut self) -> Result<(), Malformed> {
        if !self.is_complete && self.names.has_model() {
            self.names.decide();
        }
        self.names.verdict()
    }

    pub(super) const fn is_complete(&self) -> bool {
        self.is_complete
    }

    pub(super) fn forbid_repeats(&mut self) -> Result<(), Malformed> {
        self.names.forbid_repeats();
        self.names.verdict()
    }
}
