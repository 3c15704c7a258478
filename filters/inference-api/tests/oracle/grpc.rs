//! gRPC frames against a reader that has the whole body.

use inference_api::grpc::{FrameError, FrameReader, Part};

use super::pieces;

type Messages = Vec<(bool, Vec<u8>)>;

/// The complete messages, and how the body ends.
pub fn agrees(body: &[u8], cuts: &[usize]) {
    assert_eq!(read(&pieces(body, cuts)), naive(body));
}

fn read(pieces: &[&[u8]]) -> (Messages, Result<(), FrameError>) {
    let mut reader = FrameReader::new();
    let mut messages = Messages::new();
    let mut current = (false, Vec::new());
    let mut missing = 0;
    for piece in pieces {
        let mut rest = *piece;
        loop {
            match reader.next(&mut rest) {
                Err(error) => return (messages, Err(error)),
                Ok(None) => break,
                Ok(Some(Part::Message { is_compressed, length })) => {
                    current = (is_compressed, Vec::new());
                    missing = length;
                }
                Ok(Some(Part::Payload(payload))) => {
                    assert!(!payload.is_empty(), "payloads are not empty");
                    missing -= u32::try_from(payload.len()).unwrap();
                    current.1.extend_from_slice(payload);
                }
                Ok(Some(Part::End)) => {
                    assert_eq!(missing, 0);
                    messages.push(std::mem::take(&mut current));
                }
            }
        }
        assert!(rest.is_empty(), "all bytes were read");
    }
    (messages, reader.finish())
}

fn naive(mut body: &[u8]) -> (Messages, Result<(), FrameError>) {
    let mut messages = Messages::new();
    while let Some(&flag) = body.first() {
        if flag > 1 {
            return (messages, Err(FrameError::UnknownFlag(flag)));
        }
        let Some(prefix) = body.get(1..5) else {
            return (messages, Err(FrameError::UnexpectedEnd));
        };
        let length = u32::from_be_bytes(prefix.try_into().unwrap());
        let end = 5 + usize::try_from(length).unwrap();
        let Some(payload) = body.get(5..end) else {
            return (messages, Err(FrameError::UnexpectedEnd));
        };
        messages.push((flag == 1, payload.to_vec()));
        body = &body[end..];
    }
    (messages, Ok(()))
}
