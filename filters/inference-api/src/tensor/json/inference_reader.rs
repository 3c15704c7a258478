use super::{Fault, InferenceMessage, InferenceTensors, JsonLimits, TensorError};
use crate::json::{JsonError, NumberWords, Reader};
use crate::tensor::Tensor;

/// Reads the body of an inference message of the Open Inference Protocol.
#[derive(Clone, Debug)]
pub struct InferenceReader {
    json: Reader,
    tensors: InferenceTensors,
    part: Part,
    /// How many bytes of JSON there should be.
    header: u64,
    failed: Option<TensorError>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// JSON to the end.
    Json,
    /// So many bytes of JSON.
    Header(u64),
    /// Binary data to the end.
    Binary,
}

impl InferenceReader {
    /// Ready for the first byte of a body that has this
    /// `Inference-Header-Content-Length`, if any. A length of 0 means that there
    /// is no JSON.
    pub fn new(message: InferenceMessage, limits: JsonLimits, header: Option<u64>) -> Self {
        let part = match header {
            None => Part::Json,
            Some(0) => Part::Binary,
            Some(length) => Part::Header(length),
        };
        let tensors = match part {
            Part::Binary => InferenceTensors::without_json(message, limits),
            _ => InferenceTensors::new(message, limits),
        };
        let json = Reader::new(limits.options(NumberWords::Refused));
        Self { json, tensors, part, header: header.unwrap_or_default(), failed: None }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// When they can't go on a JSON text. The reader stays in that state.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), TensorError> {
        let result = match self.failed {
            Some(error) => Err(error),
            None => self.read(bytes),
        };
        self.failed = result.err();
        result
    }

    /// Says that the body ends here. Tensors and faults are final then.
    ///
    /// # Errors
    /// When the JSON text can't end here.
    pub fn finish(&mut self) -> Result<(), TensorError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if let Part::Header(_) = self.part {
            self.tensors.header_is_beyond_body(self.header, self.json.offset());
        }
        if self.part != Part::Binary {
            let result = self.json.finish(&mut self.tensors);
            self.failed = result.err().map(TensorError::Json);
        }
        self.tensors.end();
        self.failed.map_or(Ok(()), Err)
    }

    /// The tensors in order. What is in their binary data is known at the end.
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

    fn read(&mut self, bytes: &[u8]) -> Result<(), TensorError> {
        match self.part {
            Part::Json => self.json.push(bytes, &mut self.tensors)?,
            Part::Header(missing) => {
                let length = usize::try_from(missing).unwrap_or(usize::MAX).min(bytes.len());
                let (text, data) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
                self.json.push(text, &mut self.tensors)?;
                let missing = missing.saturating_sub(crate::wide(text.len()));
                self.part = Part::Header(missing);
                if missing == 0 {
                    self.json.finish(&mut self.tensors)?;
                    self.part = Part::Binary;
                    self.tensors.binary(data);
                }
            }
            Part::Binary => self.tensors.binary(bytes),
        }
        Ok(())
    }
}
