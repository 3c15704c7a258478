//! What a model's tensors must be like, and whether they are.

mod dimensions;
mod judging;
mod own;

use crate::config::{self, UnknownTensors};
use dimensions::Dimensions;
use filter_kit::Problems;
use inference_api::tensor::{Datatype, Depth};

pub(crate) use judging::Place;

/// What the tensors of a message must be like.
#[derive(Debug)]
pub(crate) struct TensorRules {
    contracts: Vec<TensorRule>,
    unknown: UnknownTensors,
    max_batch: Option<u64>,
    pub(crate) max_tensors: usize,
    /// What of binary data is looked at: what its values are shows in its datatype.
    pub(crate) depth: Depth,
    /// The same in JSON, where a value of any kind can stand.
    pub(crate) json_depth: Depth,
    pub(crate) own: Option<own::OwnMessage>,
}

/// What one tensor must be like.
#[derive(Debug)]
struct TensorRule {
    name: String,
    datatype: Option<Datatype>,
    shape: Option<Dimensions>,
    is_optional: bool,
    is_finite: bool,
    minimum: Option<f64>,
    maximum: Option<f64>,
    max_string_bytes: Option<u64>,
}

impl TensorRules {
    /// The rules for a model's inputs.
    pub(crate) fn of_inputs(config: config::Tensors, path: &str, problems: &mut Problems) -> Self {
        let config::Tensors { inputs, unknown, max_batch, max_tensors, method } = config;
        if inputs.is_empty() {
            problems.add(format!("{path}.inputs"), "is empty, must have at least one input");
        }
        if max_tensors == 0 {
            problems.add(format!("{path}.max_tensors"), "is 0, must be at least 1");
        }
        let place = format!("{path}.inputs");
        let own = own::OwnMessage::new(method, &inputs, path, problems);
        let rules = Self::of(inputs, unknown, &place, problems);
        Self { max_batch, max_tensors: usize::from(max_tensors), own, ..rules }
    }

    /// The rules for a model's outputs.
    pub(crate) fn of_outputs(
        outputs: Vec<config::TensorContract>,
        unknown: UnknownTensors,
        path: &str,
        problems: &mut Problems,
    ) -> Self {
        for (position, output) in outputs.iter().enumerate() {
            if output.field.is_some() {
                let text = "is for requests only: answers of your own methods are not read";
                problems.add(format!("{path}[{position}].field"), text);
            }
        }
        Self::of(outputs, unknown, path, problems)
    }

    fn of(
        tensors: Vec<config::TensorContract>,
        unknown: UnknownTensors,
        path: &str,
        problems: &mut Problems,
    ) -> Self {
        let mut contracts: Vec<TensorRule> = Vec::new();
        for (position, tensor) in tensors.into_iter().enumerate() {
            let path = format!("{path}[{position}]");
            if contracts.iter().any(|known| known.name == tensor.name) {
                problems.add(format!("{path}.name"), "is the name of an earlier one as well");
            }
            contracts.push(TensorRule::new(tensor, &path, problems));
        }
        let is_valued = contracts.iter().any(TensorRule::looks_at_values);
        let has_kinds = contracts.iter().any(|rule| rule.datatype.is_some());
        let depth = |is_valued| if is_valued { Depth::Valued } else { Depth::Counted };
        Self {
            contracts,
            unknown,
            max_batch: None,
            max_tensors: MOST_OUTPUTS,
            depth: depth(is_valued),
            json_depth: depth(is_valued || has_kinds),
            own: None,
        }
    }
}

/// How many outputs of an answer are looked at.
const MOST_OUTPUTS: usize = 64;

impl TensorRule {
    fn new(config: config::TensorContract, path: &str, problems: &mut Problems) -> Self {
        let datatype = config.datatype.map(config::DatatypeName::datatype);
        if let (Some(minimum), Some(maximum)) = (config.minimum, config.maximum)
            && minimum > maximum
        {
            problems.add(format!("{path}.minimum"), "is larger than `maximum`");
        }
        if datatype == Some(Datatype::Bytes)
            && (config.finite || config.minimum.is_some() || config.maximum.is_some())
        {
            let text = "is BYTES, which has no `finite`, `minimum` and `maximum`";
            problems.add(format!("{path}.datatype"), text);
        }
        let shape = config.shape.map(|shape| Dimensions::new(&shape, path, problems));
        Self {
            name: config.name,
            datatype,
            shape,
            is_optional: config.optional,
            is_finite: config.finite,
            minimum: config.minimum,
            maximum: config.maximum,
            max_string_bytes: config.max_string_bytes,
        }
    }

    /// Whether each of its values has to be looked at.
    fn looks_at_values(&self) -> bool {
        let has_bounds = self.minimum.is_some() || self.maximum.is_some();
        // In JSON, what a number is shows only in the number itself.
        let is_integer = self.datatype.is_some_and(|datatype| datatype.integer_range().is_some());
        self.is_finite || has_bounds || is_integer || self.max_string_bytes.is_some()
    }
}
