//! What the readers must agree with: `serde_json`, prost, and a reader that has
//! all of the body in its hands. The property tests and the fuzz targets share
//! these functions; each panics when the two disagree.

pub mod demand;
pub mod dialect;
pub mod elements;
pub mod grpc;
pub mod identity;
pub mod json;
pub mod multipart;
pub mod orca;
pub mod protobuf;
pub mod rewriting;
pub mod sse;
pub mod surveys;
pub mod tensors;
pub mod tensors_in_json;
pub mod usage;
pub mod workload;

/// The bytes in pieces, cut where `cuts` say (each modulo what is left).
pub fn pieces<'a>(mut bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for cut in cuts {
        let (piece, rest) = bytes.split_at(cut.checked_rem(bytes.len() + 1).unwrap());
        pieces.push(piece);
        bytes = rest;
    }
    pieces.push(bytes);
    pieces
}
