//! Counted elements against those that prost decodes.

use inference_api::protobuf::{
    ElementCounter, ElementType, Extent, Interest, Key, ProtobufError, ProtobufErrorKind, Reader,
    Sink, WireType,
};
use prost::Message;

use super::pieces;

/// Repeated numbers of every wire type.
#[derive(Clone, PartialEq, Message)]
pub struct Numbers {
    /// Four bytes each.
    #[prost(float, repeated, tag = "1")]
    pub floats: Vec<f32>,
    /// Eight bytes each.
    #[prost(double, repeated, tag = "2")]
    pub doubles: Vec<f64>,
    /// Varints of 64 bits.
    #[prost(int64, repeated, tag = "3")]
    pub integers: Vec<i64>,
    /// Varints of which 32 bits count.
    #[prost(uint32, repeated, tag = "4")]
    pub naturals: Vec<u32>,
    /// Varints of which one bit counts.
    #[prost(bool, repeated, tag = "5")]
    pub booleans: Vec<bool>,
}

/// Accepted or refused, and how many elements there are, is what prost makes of
/// the same bytes; neither depends on the cuts.
pub fn agrees(message: &[u8], cuts: &[usize]) {
    let expected = Numbers::decode(message).ok().map(|numbers| {
        [
            numbers.floats.len(),
            numbers.doubles.len(),
            numbers.integers.len(),
            numbers.naturals.len(),
            numbers.booleans.len(),
        ]
        .map(|count| u64::try_from(count).unwrap())
    });
    let counted = count(&pieces(message, cuts));
    assert_eq!(count(&[message]), counted, "cuts change the answer");
    assert_eq!(counted.ok(), expected);
}

fn count(pieces: &[&[u8]]) -> Result<[u64; 5], ProtobufError> {
    use ElementType::{Fixed32, Fixed64, Varint};
    let elements = [Fixed32, Fixed64, Varint, Varint, Varint];
    let mut counts = Counts { counters: elements.map(ElementCounter::new), current: 0 };
    let mut reader = Reader::new();
    for piece in pieces {
        reader.push(piece, &mut counts)?;
    }
    reader.finish()?;
    Ok(counts.counters.map(|counter| counter.count()))
}

struct Counts {
    counters: [ElementCounter; 5],
    current: usize,
}

impl Sink for Counts {
    fn field(&mut self, key: Key, _at: u64) -> Result<Interest, ProtobufErrorKind> {
        self.current = usize::try_from(key.number).map_or(usize::MAX, |number| number - 1);
        let Some(counter) = self.counters.get_mut(self.current) else {
            return Ok(Interest::Skip);
        };
        assert_ne!(key.wire_type, WireType::EndGroup, "a sink never sees it");
        counter.begin(key.wire_type)?;
        Ok(Interest::Take)
    }

    fn number(&mut self, _value: u64) {}

    fn bytes(&mut self, fragment: &[u8]) -> Result<(), ProtobufErrorKind> {
        self.counters[self.current].bytes(fragment)
    }

    fn end(&mut self, _extent: Extent) -> Result<(), ProtobufErrorKind> {
        self.counters[self.current].end()
    }
}
