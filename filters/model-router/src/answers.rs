//! Questions about models that are answered from the configuration.

use crate::catalogue::{Catalogue, Model};
use crate::config::Answer;
use crate::router::ModelRouter;
use crate::tenants::Grant;
use filter_kit::{Filter, GrpcCode, Reply, ReplyKind};
use inference_api::dialect::{Call, Dialect, Operation};
use serde_json::{Value, json};

/// The answer to a question about models, if it is one that is answered here:
/// of models that this caller may use.
pub(crate) fn answer(
    call: &Call<'_>,
    answered: &[Answer],
    catalogue: &Catalogue,
    grant: &Grant,
) -> Option<Reply> {
    match (call.dialect, call.operation) {
        (Dialect::OpenAi, Operation::ListModels) if answered.contains(&Answer::ListModels) => {
            Some(reply(&list(catalogue, grant)))
        }
        (Dialect::OpenInferenceRest, Operation::ModelMetadata)
            if answered.contains(&Answer::ModelMetadata) =>
        {
            metadata(call, catalogue, grant).as_ref().map(reply)
        }
        _ => None,
    }
}

/// What `GET /v1/models` answers: OpenAI's list, with vLLM's `parent` for
/// adapters.
///
/// Source: OpenAI's OpenAPI file, `ListModelsResponse`.
fn list(catalogue: &Catalogue, grant: &Grant) -> Value {
    let names = catalogue.names().filter(|(_, model)| grant.allows_model(*model));
    let card = |(name, position): (&str, usize)| {
        let mut card =
            json!({"id": name, "object": "model", "created": 0, "owned_by": "inference-gateway"});
        let base = catalogue.model(position).and_then(|model| model.base.as_deref());
        if let (Some(card), Some(base)) = (card.as_object_mut(), base) {
            card.insert("parent".to_owned(), base.into());
        }
        card
    };
    json!({"object": "list", "data": names.map(card).collect::<Vec<_>>()})
}

/// What `GET /v2/models/{model}[/versions/{version}]` answers. None for a model
/// whose metadata isn't configured, or that isn't there.
///
/// Source: Open Inference Protocol, `inference_rest.md`, "Model Metadata".
fn metadata(call: &Call<'_>, catalogue: &Catalogue, grant: &Grant) -> Option<Value> {
    let name = call.path_model.as_deref()?;
    let position = catalogue.find(name)?.model;
    let model = catalogue.model(position).filter(|_| grant.allows_model(position))?;
    if let Some(version) = &call.path_version {
        model.word(version.text()).filter(|word| grant.allows(position, word.version))?;
    }
    let metadata = model.metadata.as_ref()?;
    let tensors = |tensors: &[crate::config::Tensor]| -> Vec<Value> {
        let tensor = |tensor: &crate::config::Tensor| json!({"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape});
        tensors.iter().map(tensor).collect()
    };
    Some(json!({
        "name": name,
        "versions": versions(model, position, grant),
        "platform": metadata.platform,
        "inputs": tensors(&metadata.inputs),
        "outputs": tensors(&metadata.outputs),
    }))
}

fn versions<'m>(model: &'m Model, position: usize, grant: &Grant) -> Vec<&'m str> {
    let versions = model.versions().enumerate();
    versions
        .filter(|(version, _)| grant.allows(position, *version))
        .map(|(_, version)| version.name.as_str())
        .collect()
}

fn reply(body: &Value) -> Reply {
    Reply {
        status: 200,
        grpc: GrpcCode::Internal,
        headers: vec![("content-type".into(), b"application/json".to_vec())],
        body: body.to_string().into_bytes(),
        kind: ReplyKind::Answer,
        reason: format!("{};answered", ModelRouter::NAME),
    }
}
