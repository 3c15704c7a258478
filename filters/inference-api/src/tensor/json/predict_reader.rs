use super::{Fault, JsonLimits, PredictMessage, PredictTensors, TensorError};
use crate::json::{JsonError, NumberWords, Reader};
use crate::tensor::Tensor;

/// Reads the body of a `predict` of TensorFlow Serving's REST API, or of its
/// answer. `NaN`, `Infinity` and `-Infinity` are numbers in it.
#[derive(Clone, Debug)]
pub struct PredictReader {
    json: Reader,
    tensors: PredictTensors,
}

impl PredictReader {
    /// Ready for the first byte.
    pub fn new(message: PredictMessage, limits: JsonLimits) -> Self {
        let json = Reader::new(limits.options(NumberWords::NonFinite));
        Self { json, tensors: PredictTensors::new(message, limits) }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// When they can't go on a JSON text. The reader stays in that state.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), TensorError> {
        Ok(self.json.push(bytes, &mut self.tensors)?)
    }

    /// Says that the body ends here. Tensors and faults are final then.
    ///
    /// # Errors
    /// When it can't.
    pub fn finish(&mut self) -> Result<(), TensorError> {
        Ok(self.json.finish(&mut self.tensors)?)
    }

    /// The tensors: one for each named input, or one without a name.
    pub fn tensors(&self) -> &[Tensor] {
        self.tensors.tensors()
    }

    /// The first limit that the text was found to be beyond, where that is no
    /// error.
    pub const fn noted(&self) -> Option<JsonError> {
        self.json.noted()
    }

    /// What is wrong with the message, in order, at most
    /// [`MAX_FAULTS_OF_A_KIND`](super::MAX_FAULTS_OF_A_KIND) of each kind.
    pub fn faults(&self) -> &[Fault] {
        self.tensors.faults()
    }

    /// The signature that a request names.
    pub fn signature_name(&self) -> Option<&str> {
        self.tensors.signature_name()
    }
}
