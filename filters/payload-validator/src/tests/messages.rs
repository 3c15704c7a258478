//! Protobuf messages, written by hand.

/// A field that is length-delimited.
pub(super) fn bytes(number: u32, value: &[u8]) -> Vec<u8> {
    [varint(u64::from(number << 3 | 2)), varint(value.len().try_into().unwrap()), value.to_vec()]
        .concat()
}

/// A field that is a varint.
pub(super) fn number(number: u32, value: u64) -> Vec<u8> {
    [varint(u64::from(number << 3)), varint(value)].concat()
}

pub(super) fn varint(mut value: u64) -> Vec<u8> {
    let mut written = Vec::new();
    while value > 0x7f {
        written.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    written.push(u8::try_from(value).unwrap());
    written
}

pub(super) fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn varints(values: &[i64]) -> Vec<u8> {
    values.iter().flat_map(|value| varint(value.cast_unsigned())).collect()
}

/// An `InferInputTensor` with what stands behind its shape.
pub(super) fn input(name: &str, datatype: &str, shape: &[i64], rest: &[u8]) -> Vec<u8> {
    let fields = [
        bytes(1, name.as_bytes()),
        bytes(2, datatype.as_bytes()),
        bytes(3, &varints(shape)),
        rest.to_vec(),
    ];
    bytes(5, &fields.concat())
}

/// `contents` with `fp32_contents`.
pub(super) fn fp32_contents(values: &[f32]) -> Vec<u8> {
    bytes(5, &bytes(6, &floats(values)))
}

/// A `ModelInferRequest` for `iris` with these fields more.
pub(super) fn infer_request(fields: &[Vec<u8>]) -> Vec<u8> {
    [bytes(1, b"iris"), fields.concat()].concat()
}

/// A `PredictRequest` of TensorFlow Serving's with one input.
pub(super) fn predict_request(name: &str, tensor: &[u8]) -> Vec<u8> {
    let spec = bytes(1, &bytes(1, b"iris"));
    [spec, bytes(2, &[bytes(1, name.as_bytes()), bytes(2, tensor)].concat())].concat()
}

/// A `TensorProto` with what stands behind its shape.
pub(super) fn tensor_proto(dtype: u64, shape: &[i64], rest: &[u8]) -> Vec<u8> {
    let dimensions: Vec<Vec<u8>> =
        shape.iter().map(|length| bytes(2, &number(1, length.cast_unsigned()))).collect();
    [number(1, dtype), bytes(2, &dimensions.concat()), rest.to_vec()].concat()
}
