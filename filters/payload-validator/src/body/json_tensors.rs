//! Tensors in a JSON body, held against the contract.

use super::Side;
use super::json::{malformed, noted, options};
use super::unreadable;
use crate::contracts::Contract;
use crate::rules::Rule;
use crate::tensors::{Place, TensorRules};
use crate::violation::{Findings, Violation};
use inference_api::dialect::{Call, Dialect, Operation};
use inference_api::json::{Kind, NumberWords};
use inference_api::tensor::Tensor;
use inference_api::tensor::json::{
    Fault, FaultKind, InferenceMessage, InferenceReader, JsonLimits, PredictMessage, PredictReader,
    TensorError,
};
use std::rc::Rc;

/// The tensors of a JSON body.
#[derive(Debug)]
pub(super) struct JsonTensors {
    reader: Reader,
    api: JsonApi,
    contract: Rc<Contract>,
    is_broken: bool,
}

#[derive(Debug)]
enum Reader {
    Inference(Box<InferenceReader>),
    Predict(Box<PredictReader>),
}

/// Whose JSON it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JsonApi {
    family: Family,
    side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    OpenInference,
    TensorFlow,
}

impl JsonApi {
    /// That of the requests or the answers of such a call, if they have tensors.
    pub(super) fn of(call: &Call<'_>, side: Side) -> Option<Self> {
        let family = match (call.dialect, call.operation) {
            (Dialect::OpenInferenceRest, Operation::Infer) => Family::OpenInference,
            (Dialect::TensorFlowServingRest, Operation::Predict) => Family::TensorFlow,
            _ => return None,
        };
        Some(Self { family, side })
    }

    /// Where its tensors stand.
    const fn place(self) -> Place {
        match (self.family, self.side) {
            (Family::OpenInference, Side::Request) => Place::JsonList("inputs"),
            (Family::OpenInference, Side::Answer) => Place::JsonList("outputs"),
            (Family::TensorFlow, _) => Place::JsonWhole,
        }
    }

    fn reader(self, limits: JsonLimits, json_bytes: Option<u64>) -> Reader {
        let request = self.side == Side::Request;
        match self.family {
            Family::OpenInference => {
                let message =
                    if request { InferenceMessage::Request } else { InferenceMessage::Response };
                Reader::Inference(Box::new(InferenceReader::new(message, limits, json_bytes)))
            }
            Family::TensorFlow => {
                let message =
                    if request { PredictMessage::Request } else { PredictMessage::Response };
                Reader::Predict(Box::new(PredictReader::new(message, limits)))
            }
        }
    }
}

impl JsonTensors {
    /// Those of a body of which so many bytes are JSON, all of them by default;
    /// `None` if the contract says nothing of them.
    pub(super) fn new(
        api: JsonApi,
        json_bytes: Option<u64>,
        contract: &Rc<Contract>,
    ) -> Option<Self> {
        let rules = api.side.rules(contract)?;
        let words = match api.family {
            Family::OpenInference => NumberWords::Refused,
            Family::TensorFlow => NumberWords::NonFinite,
        };
        let options = options(contract, words);
        let limits = JsonLimits {
            max_tensors: rules.max_tensors,
            depth: rules.json_depth,
            max_json_depth: options.max_depth,
            max_string_bytes: options.max_string_bytes,
            noted: options.noted,
        };
        let reader = api.reader(limits, json_bytes);
        Some(Self { reader, api, contract: Rc::clone(contract), is_broken: false })
    }

    pub(super) fn push(&mut self, bytes: &[u8], findings: &mut Findings) {
        if self.is_broken {
            return;
        }
        let result = match &mut self.reader {
            Reader::Inference(reader) => reader.push(bytes),
            Reader::Predict(reader) => reader.push(bytes),
        };
        if let Err(TensorError::Json(error)) = result {
            self.is_broken = true;
            malformed(error, findings);
        }
    }

    pub(super) fn finish(&mut self, findings: &mut Findings) {
        if self.is_broken {
            return;
        }
        let result = match &mut self.reader {
            Reader::Inference(reader) => reader.finish(),
            Reader::Predict(reader) => reader.finish(),
        };
        if let Err(TensorError::Json(error)) = result {
            return malformed(error, findings);
        }
        let (tensors, faults, past_limit): (&[Tensor], &[Fault], _) = match &self.reader {
            Reader::Inference(reader) => (reader.tensors(), reader.faults(), reader.noted()),
            Reader::Predict(reader) => (reader.tensors(), reader.faults(), reader.noted()),
        };
        noted(past_limit, findings);
        for fault in faults {
            tell(fault, self.rules(), findings);
        }
        // What is told of a message that is none says nothing about its tensors.
        if let (Some(rules), None) = (self.rules(), findings.enforced()) {
            rules.judge(tensors, self.api.place(), findings);
        }
    }

    fn rules(&self) -> Option<&TensorRules> {
        self.api.side.rules(&self.contract)
    }
}

/// Writes down what is wrong with a message that is JSON.
fn tell(fault: &Fault, rules: Option<&TensorRules>, findings: &mut Findings) {
    let (rule, found, allowed) = match fault.kind {
        FaultKind::Duplicate => {
            (Rule::DuplicateField, "a second one".to_owned(), "each member once".to_owned())
        }
        FaultKind::Missing => (Rule::Malformed, "nothing".to_owned(), "this member".to_owned()),
        FaultKind::WrongType { found, expected } => {
            (Rule::Malformed, word(found).to_owned(), expected.to_string())
        }
        FaultKind::NameTooLong => {
            (Rule::TensorUnknown, "a longer name".to_owned(), "at most 256 bytes".to_owned())
        }
        FaultKind::TooManyTensors => {
            let limit = rules.map_or(0, |rules| rules.max_tensors);
            (Rule::TensorCount, format!("more than {limit} tensors"), format!("at most {limit}"))
        }
        FaultKind::NeitherForm => {
            let allowed = "`instances` or `inputs`, in an answer `predictions` or `outputs`";
            (Rule::Malformed, "neither form".to_owned(), allowed.to_owned())
        }
        FaultKind::BothForms => {
            (Rule::Malformed, "both forms".to_owned(), "one of the two forms".to_owned())
        }
        FaultKind::KeySetsDiffer => {
            let allowed = "the same inputs in each instance";
            (Rule::Malformed, "other inputs than in the first".to_owned(), allowed.to_owned())
        }
        FaultKind::MixedInstances => {
            let found = "instances with names and without";
            (Rule::Malformed, found.to_owned(), "one of the two".to_owned())
        }
        FaultKind::HeaderBeyondBody { header, body } => (
            Rule::Malformed,
            format!("inference-header-content-length {header}"),
            format!("at most {body}, the length of the body"),
        ),
        FaultKind::BinaryBytes { found, expected } => (
            Rule::Malformed,
            format!("{found} bytes behind the JSON text"),
            format!("{expected}, the sum of all binary_data_size"),
        ),
    };
    findings.add(rule, || Violation::new(rule, &*fault.place, found, allowed));
    if rule == Rule::TensorCount {
        let (found, allowed) = ("tensors beyond those that are read", "fewer of them");
        findings.add(Rule::Unreadable, || unreadable(found, allowed));
    }
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Object => "an object",
        Kind::Array => "a list",
        Kind::String => "a string",
        Kind::Number => "a number",
        Kind::Boolean(_) => "a truth value",
        Kind::Null => "null",
    }
}
