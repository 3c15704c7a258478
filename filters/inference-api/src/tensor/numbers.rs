//! The least and the largest of many numbers, at the speed of memory.

use super::{Datatype, Values};

/// So many floats are compared beside each other: the compiler makes vectors of
/// them, natively and on Wasm.
const LANES: usize = 16;

/// Takes in little-endian elements of this datatype, which are whole and no byte
/// strings.
///
/// They are compared in their own type, and the least and the largest are then
/// made floats of 64 bits, rounded to nearest: the answer is that of comparing
/// all of them as such.
pub(super) fn take_in(values: &mut Values, datatype: Datatype, elements: &[u8]) {
    if elements.is_empty() {
        return;
    }
    match datatype {
        // Servers take any byte for a truth value; only 0 and 1 are two.
        Datatype::Bool => {
            values.has_booleans = true;
            spread(values, whole(elements, u8::from_le_bytes).map(f64::from));
            return;
        }
        Datatype::Uint8 => spread(values, whole(elements, u8::from_le_bytes).map(f64::from)),
        Datatype::Uint16 => spread(values, whole(elements, u16::from_le_bytes).map(f64::from)),
        Datatype::Uint32 => spread(values, whole(elements, u32::from_le_bytes).map(f64::from)),
        Datatype::Uint64 => spread(values, whole(elements, u64::from_le_bytes).map(of_u64)),
        Datatype::Int8 => spread(values, whole(elements, i8::from_le_bytes).map(f64::from)),
        Datatype::Int16 => spread(values, whole(elements, i16::from_le_bytes).map(f64::from)),
        Datatype::Int32 => spread(values, whole(elements, i32::from_le_bytes).map(f64::from)),
        Datatype::Int64 => spread(values, whole(elements, i64::from_le_bytes).map(of_i64)),
        Datatype::Fp16 => {
            floats(values, elements, |element| of_fp16(u16::from_le_bytes(element)), f64::from);
        }
        Datatype::Bf16 => {
            floats(values, elements, |element| of_bf16(u16::from_le_bytes(element)), f64::from);
        }
        Datatype::Fp32 => {
            floats(values, elements, f32::from_le_bytes, f64::from);
        }
        Datatype::Fp64 => {
            floats(values, elements, f64::from_le_bytes, f64::from);
        }
        Datatype::Bytes => return,
    }
    values.has_numbers = true;
}

/// The nearest float: both halves are exact, and only their sum is rounded.
pub(super) fn of_u64(number: u64) -> f64 {
    let half = |bits: u64| u32::try_from(bits & 0xffff_ffff).map_or(0.0, f64::from);
    half(number >> 32) * 4_294_967_296.0 + half(number)
}

/// The nearest float.
pub(super) fn of_i64(number: i64) -> f64 {
    let magnitude = of_u64(number.unsigned_abs());
    if number < 0 { -magnitude } else { magnitude }
}

/// A half-precision float as a single-precision one, which holds it exactly.
///
/// Source: IEEE 754-2019, 3.4: 5 bits of exponent, 10 of significand.
#[inline(always)]
pub(super) const fn of_fp16(bits: u16) -> f32 {
    let [low, high] = bits.to_le_bytes();
    let bits = u32::from_le_bytes([low, high, 0, 0]);
    let sign = (bits & 0x8000) << 16;
    // The larger exponent has 112 more below it.
    let magnitude = (bits & 0x7fff) << 13;
    let magnitude = if bits & 0x7c00 == 0x7c00 {
        magnitude | 0x7f80_0000
    } else if bits & 0x7c00 == 0 {
        (f32::from_bits(magnitude | SMALLEST_NORMAL_FP16) - SMALLEST_NORMAL).to_bits()
    } else {
        magnitude.wrapping_add(112 << 23)
    };
    f32::from_bits(magnitude | sign)
}

/// The upper half of a single-precision float.
#[inline(always)]
pub(super) const fn of_bf16(bits: u16) -> f32 {
    let [low, high] = bits.to_le_bytes();
    f32::from_le_bytes([0, 0, low, high])
}

/// The least half-precision float without leading zeros, 2 to the power of -14.
const SMALLEST_NORMAL: f32 = 1.0 / 16_384.0;
const SMALLEST_NORMAL_FP16: u32 = SMALLEST_NORMAL.to_bits();

/// The least and the largest of some numbers.
#[derive(Clone, Copy)]
struct Range<N> {
    least: N,
    largest: N,
}

impl<N> Range<N> {
    fn map<M>(self, float: impl Fn(N) -> M) -> Range<M> {
        Range { least: float(self.least), largest: float(self.largest) }
    }
}

fn spread(values: &mut Values, range: Range<f64>) {
    values.least = values.least.min(range.least);
    values.largest = values.largest.max(range.largest);
}

/// Whole numbers. There is at least one.
fn whole<const SIZE: usize, N: Copy + Default + Ord>(
    elements: &[u8],
    read: impl Fn([u8; SIZE]) -> N,
) -> Range<N> {
    let (elements, _) = elements.as_chunks::<SIZE>();
    let first = elements.first().map_or_else(N::default, |element| read(*element));
    elements.iter().fold(Range { least: first, largest: first }, |range, element| {
        let number = read(*element);
        Range { least: range.least.min(number), largest: range.largest.max(number) }
    })
}

/// Floats that the processor knows.
trait Float: Copy + PartialOrd {
    const ZERO: Self;
    const INFINITY: Self;
    const NEGATIVE_INFINITY: Self;

    /// 0, and for what is not finite, not a number.
    fn nothing(self) -> Self;

    fn plus(self, other: Self) -> Self;
}

impl Float for f32 {
    const ZERO: Self = 0.0;
    const INFINITY: Self = Self::INFINITY;
    const NEGATIVE_INFINITY: Self = Self::NEG_INFINITY;

    #[expect(clippy::eq_op, reason = "infinity less itself is no number")]
    fn nothing(self) -> Self {
        self - self
    }

    fn plus(self, other: Self) -> Self {
        self + other
    }
}

impl Float for f64 {
    const ZERO: Self = 0.0;
    const INFINITY: Self = Self::INFINITY;
    const NEGATIVE_INFINITY: Self = Self::NEG_INFINITY;

    #[expect(clippy::eq_op, reason = "infinity less itself is no number")]
    fn nothing(self) -> Self {
        self - self
    }

    fn plus(self, other: Self) -> Self {
        self + other
    }
}

/// Without a branch for what is not finite: with nothing added to it, a finite
/// number is what it was, and anything else is not a number, which is neither
/// less nor more than any other.
fn floats<const SIZE: usize, N: Float>(
    values: &mut Values,
    elements: &[u8],
    read: impl Fn([u8; SIZE]) -> N,
    float: impl Fn(N) -> f64,
) {
    let (elements, _) = elements.as_chunks::<SIZE>();
    let (blocks, rest) = elements.as_chunks::<LANES>();
    let mut least = [N::INFINITY; LANES];
    let mut largest = [N::NEGATIVE_INFINITY; LANES];
    let mut strays = [N::ZERO; LANES];
    let mut compare = |block: &[[u8; SIZE]]| {
        let lanes = least.iter_mut().zip(&mut largest).zip(&mut strays);
        for (((least, largest), stray), element) in lanes.zip(block) {
            let number = read(*element);
            let nothing = number.nothing();
            let number = number.plus(nothing);
            *least = if number < *least { number } else { *least };
            *largest = if number > *largest { number } else { *largest };
            *stray = stray.plus(nothing);
        }
    };
    for block in blocks {
        compare(block);
    }
    compare(rest);
    // What is not a number differs from any.
    values.has_non_finite |= strays.iter().any(|stray| *stray != N::ZERO);
    for (least, largest) in least.into_iter().zip(largest) {
        spread(values, Range { least: float(least), largest: float(largest) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const FP16: fn(u16) -> f32 = of_fp16;
    const BF16: fn(u16) -> f32 = of_bf16;

    fn values(datatype: Datatype, elements: &[u8]) -> Values {
        let mut values = Values::default();
        take_in(&mut values, datatype, elements);
        values
    }

    #[test]
    fn half_precision_floats_are_what_the_standard_says() {
        for (bits, float) in [
            (0x0000, 0.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65_504.0),
            (0x7c00, f32::INFINITY),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert_eq!(of_fp16(bits), float, "{bits:x}");
        }
        assert!(of_fp16(0x7c01).is_nan() && of_fp16(0xffff).is_nan());
    }

    #[test]
    fn floats_of_16_bits_are_ordered_like_their_values() {
        for (datatype, float) in [(Datatype::Fp16, FP16), (Datatype::Bf16, BF16)] {
            for bits in 0..=u16::MAX {
                let others = [bits, 0x3c00, bits.wrapping_mul(31), bits];
                let mut expected = Values::default();
                others.iter().for_each(|bits| expected.number(f64::from(float(*bits))));
                let bytes: Vec<u8> = others.iter().flat_map(|bits| bits.to_le_bytes()).collect();
                assert_eq!(values(datatype, &bytes), expected, "{datatype:?} {bits:x}");
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_told_at_every_place_and_does_not_count_as_a_bound() {
        for stray in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for length in [1, LANES - 1, LANES, LANES + 1, 3 * LANES + 5] {
                for place in 0..length {
                    let mut numbers: Vec<f32> =
                        (0_u16..).take(length).map(|number| f32::from(number) - 9.5).collect();
                    numbers[place] = stray;
                    let mut expected = Values::default();
                    numbers.iter().for_each(|number| expected.number(f64::from(*number)));
                    let bytes: Vec<u8> =
                        numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
                    let found = values(Datatype::Fp32, &bytes);
                    assert!(found.has_non_finite, "{stray} at {place} of {length}");
                    assert_eq!(found, expected, "{stray} at {place} of {length}");
                }
            }
        }
    }

    #[test]
    fn long_whole_numbers_become_the_nearest_float() {
        for number in [0, 1, u64::MAX, (1 << 53) + 1, (1 << 54) + 3, 0xffff_ffff_0000_0001] {
            assert_eq!(of_u64(number), number.to_string().parse::<f64>().unwrap(), "{number}");
            let signed: i64 = number.cast_signed();
            assert_eq!(of_i64(signed), signed.to_string().parse::<f64>().unwrap(), "{signed}");
        }
        assert_eq!(of_i64(i64::MIN), i64::MIN.to_string().parse::<f64>().unwrap());
    }

    #[test]
    fn truth_values_other_than_0_and_1_show_in_the_range() {
        let found = values(Datatype::Bool, &[1, 0, 7]);
        assert_eq!((found.least, found.largest), (0.0, 7.0));
        assert_eq!((found.has_booleans, found.has_numbers), (true, false));
    }
}
