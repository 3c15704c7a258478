use super::{Batch, MOST_TENSORS, WorkloadError, malformed};
use crate::grpc::{FrameReader, Part};
use crate::protobuf::FieldPath;
use crate::tensor::{
    Datatype, Depth, MessageKind, MessageReader, OwnEncoding, OwnField, TensorLimits,
};

/// The messages of a gRPC call.
#[derive(Clone, Debug)]
pub(super) struct Messages {
    frames: FrameReader,
    kind: MessageKind,
    /// The one that is being read.
    current: Option<MessageReader>,
}

impl Messages {
    pub(super) fn of(kind: MessageKind) -> Self {
        Self { frames: FrameReader::new(), kind, current: None }
    }

    /// Of `prediction.PredictionService/Predict`: the `features` of one example.
    ///
    /// Source: `proto/prediction/prediction.proto`, `PredictRequest`.
    pub(super) fn of_features() -> Self {
        let path = FieldPath::new(&[1]);
        let features =
            OwnField { path, datatype: Datatype::Fp32, encoding: OwnEncoding::default() };
        Self::of(MessageKind::Own(vec![features]))
    }

    /// Reads up to the end of a message, and takes that off the front of `bytes`.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Batch>, WorkloadError> {
        while let Some(part) = self.frames.next(bytes).map_err(malformed)? {
            match part {
                Part::Message { is_compressed: true, .. } => return Err(WorkloadError::Compressed),
                Part::Message { length, .. } => {
                    let limits = TensorLimits { max_tensors: MOST_TENSORS, depth: Depth::Counted };
                    let reader = MessageReader::new(&self.kind, limits);
                    self.current = Some(reader.with_length(u64::from(length)));
                }
                Part::Payload(payload) => {
                    if let Some(message) = &mut self.current {
                        message.push(payload).map_err(malformed)?;
                    }
                }
                Part::End => {
                    let Some(mut message) = self.current.take() else { continue };
                    message.finish().map_err(malformed)?;
                    return Ok(Some(self.whole(&message)));
                }
            }
        }
        Ok(None)
    }

    pub(super) fn finish(&self) -> Result<(), WorkloadError> {
        self.frames.finish().map_err(malformed)
    }

    /// What is known of the message that is being read.
    pub(super) fn so_far(&self) -> Option<Batch> {
        let message = self.current.as_ref()?;
        Some(self.with_rows(Batch::of_first(message.tensors())))
    }

    fn whole(&self, message: &MessageReader) -> Batch {
        self.with_rows(Batch::of(message.tensors()))
    }

    /// A message of features has no shape: it is one example.
    fn with_rows(&self, batch: Batch) -> Batch {
        match self.kind {
            MessageKind::Own(_) => Batch { rows: Some(1), ..batch },
            _ => batch,
        }
    }
}
