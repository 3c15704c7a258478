//! What values are like, one by one.

use inference_api::tensor::{Datatype, Values};

/// Raw data, element by element.
pub fn raw(datatype: Option<Datatype>, mut bytes: &[u8]) -> (Option<u64>, Values) {
    let mut values = Values::default();
    let Some(datatype) = datatype else { return (None, values) };
    let mut count = 0;
    let Some(size) = datatype.element_bytes() else {
        while let Some((length, rest)) = bytes.split_first_chunk() {
            let length = u32::from_le_bytes(*length);
            values.string(u64::from(length));
            count += 1;
            bytes = match rest.get(usize::try_from(length).unwrap()..) {
                Some(rest) => rest,
                None => return (None, values),
            };
        }
        return (bytes.is_empty().then_some(count), values);
    };
    let elements = bytes.chunks_exact(usize::try_from(size).unwrap());
    let is_whole = elements.remainder().is_empty();
    for element in elements {
        values.number(element_of(datatype, element));
        count += 1;
    }
    if datatype == Datatype::Bool && count > 0 {
        values.has_booleans = true;
        values.has_numbers = false;
    }
    (is_whole.then_some(count), values)
}

fn element_of(datatype: Datatype, bytes: &[u8]) -> f64 {
    match datatype {
        Datatype::Bool | Datatype::Uint8 => f64::from(bytes[0]),
        Datatype::Int8 => f64::from(bytes[0].cast_signed()),
        Datatype::Uint16 => f64::from(u16::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Int16 => f64::from(i16::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Uint32 => f64::from(u32::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Int32 => f64::from(i32::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Uint64 => float(u64::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Int64 => float(i64::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Fp16 => naive_fp16(u16::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Bf16 => f64::from(f32::from_le_bytes([0, 0, bytes[0], bytes[1]])),
        Datatype::Fp32 => f64::from(f32::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Fp64 => f64::from_le_bytes(bytes.try_into().unwrap()),
        Datatype::Bytes => panic!("byte strings have no size"),
    }
}

/// By the definition.
pub fn naive_fp16(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    match i32::from(bits >> 10 & 0x1f) {
        0 => sign * fraction * 2_f64.powi(-14),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        exponent => sign * (1.0 + fraction) * 2_f64.powi(exponent - 15),
    }
}

pub fn numbers(numbers: &[f64]) -> Values {
    let mut values = Values::default();
    numbers.iter().for_each(|number| values.number(*number));
    values
}

pub fn integers<T: Copy + std::fmt::Display>(integers: &[T]) -> Values {
    let floats: Vec<f64> = integers.iter().map(|integer| float(*integer)).collect();
    numbers(&floats)
}

/// The nearest float, which reading decimals gives.
pub fn float(integer: impl std::fmt::Display) -> f64 {
    integer.to_string().parse().unwrap()
}

pub fn booleans(booleans: &[bool]) -> Values {
    let floats: Vec<f64> = booleans.iter().map(|boolean| f64::from(u8::from(*boolean))).collect();
    let has_booleans = !booleans.is_empty();
    Values { has_booleans, has_numbers: false, ..numbers(&floats) }
}

pub fn strings<T: AsRef<[u8]>>(strings: &[T]) -> Values {
    let mut values = Values::default();
    strings.iter().for_each(|string| values.string(wide(string.as_ref().len())));
    values
}

pub fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap()
}
