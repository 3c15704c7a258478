use crate::config::{DatatypeName, TensorContract};
use filter_kit::Problems;
use inference_api::dialect::GrpcMethod;
use inference_api::protobuf::FieldPath;
use inference_api::tensor::{OwnField, Tensor};

/// A gRPC method of one's own, and where its request message has its tensors.
#[derive(Debug)]
pub(crate) struct OwnMessage {
    /// The method's path.
    pub(crate) method: String,
    /// The fields, in the order of the contract's inputs.
    pub(crate) fields: Vec<OwnField>,
    /// The names of those inputs.
    pub(crate) names: Vec<String>,
}

impl OwnMessage {
    /// The tensors that were read, under their contract's names; a field
    /// without elements is missing, as an empty one is not written.
    pub(crate) fn named(&self, tensors: &[Tensor]) -> Vec<Tensor> {
        let named = self
            .names
            .iter()
            .zip(tensors)
            .map(|(name, tensor)| Tensor { name: name.clone(), ..tensor.clone() });
        named.filter(|tensor| tensor.data.elements != Some(0)).collect()
    }

    /// What inputs with a `field` say. `path` is that of the tensors.
    pub(super) fn new(
        method: Option<String>,
        inputs: &[TensorContract],
        path: &str,
        problems: &mut Problems,
    ) -> Option<Self> {
        let Some(method) = method else {
            for (position, _) in
                inputs.iter().enumerate().filter(|(_, input)| input.field.is_some())
            {
                let text = "goes with `method`, the path of the gRPC method that it is for";
                problems.add(format!("{path}.inputs[{position}].field"), text);
            }
            return None;
        };
        if !GrpcMethod::is_path(&method) {
            problems.add(format!("{path}.method"), "must be `/package.Service/Method`");
        }
        let mut fields: Vec<OwnField> = Vec::new();
        for (position, input) in inputs.iter().enumerate() {
            let path = format!("{path}.inputs[{position}]");
            let Some(field) = own_field(input, &path, problems) else { continue };
            let crosses = |other: &OwnField| {
                other.path.is_prefix_of(&field.path) || field.path.is_prefix_of(&other.path)
            };
            if fields.iter().any(crosses) {
                let text = "must not lead through that of an earlier input, nor that through this";
                problems.add(format!("{path}.field"), text);
            }
            fields.push(field);
        }
        let names = inputs.iter().map(|input| input.name.clone()).collect();
        Some(Self { method, fields, names })
    }
}

fn own_field(input: &TensorContract, path: &str, problems: &mut Problems) -> Option<OwnField> {
    let Some(field) = &input.field else {
        problems.add(path, "has no `field`, which goes with `method`");
        return None;
    };
    let field = field
        .parse::<FieldPath>()
        .map_err(|error| problems.add(format!("{path}.field"), error.to_string()))
        .ok();
    let Some(datatype) = input.datatype.map(DatatypeName::datatype) else {
        problems.add(path, "has no `datatype`, which goes with `field`");
        return None;
    };
    Some(OwnField { path: field?, datatype, encoding: input.encoding.encoding() })
}
