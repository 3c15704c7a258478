//! Tensors of protobuf messages against those that prost decodes, whose values
//! are looked at one by one.
//!
//! The message types declare what has to do with tensors: of what is not
//! declared, prost checks no more than we do.

mod open_inference;
mod own;
mod tensorflow;
pub mod values;

use inference_api::tensor::{
    Datatype, DeclaredDatatype, Depth, MAX_NAME_BYTES, MessageFacts, MessageKind, MessageReader,
    Shape, Tensor, TensorData, TensorError, TensorLimits, Values,
};
use prost::Message;

use super::pieces;
pub use open_inference::Infer;
use own::Own;
pub use tensorflow::Predict;

const MAX_TENSORS: usize = 12;

/// As an Open Inference request, a `PredictRequest` and a message of one's own:
/// accepted or refused, and what the tensors are, is what prost and a look at
/// each value make of the same bytes; neither depends on the cuts.
pub fn agrees(message: &[u8], cuts: &[usize]) {
    let expected = Infer::decode(message).map(|infer| infer.tensors(message));
    compare(&MessageKind::ModelInferRequest, (message, cuts), expected.as_ref().ok());
    let expected = Predict::decode(message).map(|predict| predict.tensors());
    compare(&MessageKind::PredictRequest, (message, cuts), expected.as_ref().ok());
    let expected = Own::decode(message).map(|own| own.tensors());
    compare(&MessageKind::Own(Own::fields()), (message, cuts), expected.as_ref().ok());
}

/// Tensors, and what is known of the message.
type Read = (Vec<Tensor>, MessageFacts);

fn compare(kind: &MessageKind, (message, cuts): (&[u8], &[usize]), expected: Option<&Read>) {
    let valued = read(kind, Depth::Valued, &pieces(message, cuts));
    assert_eq!(read(kind, Depth::Valued, &[message]), valued, "cuts change the answer");
    let counted = read(kind, Depth::Counted, &pieces(message, cuts));
    assert_eq!(read(kind, Depth::Counted, &[message]), counted, "cuts change the answer");
    if matches!(valued, Err(TensorError::TooManyTensors { .. })) {
        assert_eq!(counted, valued);
        assert!(expected.is_none_or(|(tensors, _)| tensors.len() > MAX_TENSORS));
        return;
    }
    assert_eq!(valued.is_ok(), expected.is_some(), "accepted: {valued:?}, {expected:?}");
    assert_eq!(counted.as_ref().err(), valued.as_ref().err());
    let (Ok((tensors, facts)), Some((naive, naive_facts))) = (&valued, expected) else { return };
    assert_eq!(facts, naive_facts);
    assert_eq!(tensors.len(), naive.len());
    for (found, naive) in tensors.iter().zip(naive) {
        assert_eq!(found, &as_early_as(found, naive));
    }
    for (found, naive) in counted.unwrap().0.iter().zip(naive) {
        let data = TensorData { is_early: false, ..naive.data.clone() };
        let naive = as_early_as(found, &Tensor { data, ..naive.clone() });
        let data = TensorData { values: Values::default(), ..naive.data };
        assert_eq!(found, &Tensor { data, ..naive });
    }
}

/// What prost decodes says nothing of the order in which fields came. If a
/// content before its datatype or shape could not be read, it is measured.
fn as_early_as(found: &Tensor, naive: &Tensor) -> Tensor {
    let mut naive = naive.clone();
    if found.data.is_early && !naive.data.is_early && naive.data.bytes > 0 {
        naive.data.is_early = true;
        naive.data.values = Values::default();
        if naive.datatype == Some(DeclaredDatatype::Known(Datatype::Bytes)) {
            naive.data.elements = None;
        }
    }
    naive
}

fn read(kind: &MessageKind, depth: Depth, pieces: &[&[u8]]) -> Result<Read, TensorError> {
    let limits = TensorLimits { max_tensors: MAX_TENSORS, depth };
    let mut reader = MessageReader::new(kind, limits);
    let mut before: Vec<Tensor> = Vec::new();
    for piece in pieces {
        reader.push(piece)?;
        let complete = &reader.tensors()[..reader.complete()];
        assert!(complete.starts_with(&before), "complete ones do not change");
        before = complete.to_vec();
    }
    reader.finish()?;
    assert!(reader.tensors().starts_with(&before), "complete ones do not change");
    Ok((reader.tensors().to_vec(), reader.facts()))
}

fn tensor(name: &str, datatype: Option<Datatype>, shape: Shape) -> Tensor {
    let kept: String = name
        .char_indices()
        .take_while(|(at, character)| at + character.len_utf8() <= MAX_NAME_BYTES)
        .map(|(_, character)| character)
        .collect();
    Tensor {
        name_is_cut: kept.len() < name.len(),
        name: kept,
        datatype: Some(datatype.map_or(DeclaredDatatype::Unknown, DeclaredDatatype::Known)),
        shape: Some(shape),
        ..Tensor::default()
    }
}
