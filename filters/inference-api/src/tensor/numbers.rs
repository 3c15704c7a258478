//! The least and the largest of many numbers, at the speed of memory.

use super::conversion::{of_bf16, of_fp16, of_i64, of_u64};
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
        // Vectors have signs: with the highest bit changed, the order is the same.
        Datatype::Uint64 => {
            let signed = |element| (u64::from_le_bytes(element) ^ HIGHEST).cast_signed();
            let unsigned = |number: i64| of_u64(number.cast_unsigned() ^ HIGHEST);
            spread(values, whole(elements, signed).map(unsigned));
        }
        Datatype::Int8 => spread(values, whole(elements, i8::from_le_bytes).map(f64::from)),
        Datatype::Int16 => spread(values, whole(elements, i16::from_le_bytes).map(f64::from)),
        Datatype::Int32 => spread(values, whole(elements, i32::from_le_bytes).map(f64::from)),
        Datatype::Int64 => spread(values, whole(elements, i64::from_le_bytes).map(of_i64)),
        Datatype::Fp16 => halves(values, elements, (LARGEST_FP16, of_fp16)),
        Datatype::Bf16 => halves(values, elements, (LARGEST_BF16, of_bf16)),
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

/// The bits of the largest finite ones.
const LARGEST_FP16: i16 = 0x7bff;
const LARGEST_BF16: i16 = 0x7f7f;

const HIGHEST: u64 = 1 << 63;

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

/// Floats of 16 bits, as whole numbers that are in the same order.
///
/// Without a branch, too: a mask has all bits where a float is not finite, and
/// makes it a number that is none's bound.
fn halves(
    values: &mut Values,
    elements: &[u8],
    (largest_finite, float): (i16, impl Fn(u16) -> f32),
) {
    let mut range = Range { least: i16::MAX, largest: i16::MIN };
    let mut strays = 0_i16;
    for element in elements.as_chunks::<2>().0 {
        let bits = i16::from_le_bytes(*element);
        let stray = largest_finite.wrapping_sub(bits & i16::MAX) >> 15;
        let number = in_order(bits) & !stray;
        range.least = range.least.min(number | stray & i16::MAX);
        range.largest = range.largest.max(number | stray & i16::MIN);
        strays |= stray;
    }
    values.has_non_finite |= strays != 0;
    // Both ends of the range are not a number, so they are no finite value's.
    if range.least <= range.largest {
        let number = |number: i16| f64::from(float(in_order(number).cast_unsigned()));
        spread(values, range.map(number));
    }
}

/// The bits of a negative float, except for the sign, count downwards. Undoes
/// itself.
const fn in_order(bits: i16) -> i16 {
    bits ^ (bits >> 15 & i16::MAX)
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
    fn what_is_not_finite_is_no_bound_of_16_bits_either() {
        for (datatype, strays) in [
            (Datatype::Fp16, [0x7c00_u16, 0xfc00, 0x7c01, 0xffff]),
            (Datatype::Bf16, [0x7f80, 0xff80, 0x7f81, 0xffff]),
        ] {
            for (stray, number) in
                strays.into_iter().flat_map(|stray| [(stray, 2.0), (stray, -2.0)])
            {
                let bits = if number < 0.0 { 0xc000_u16 } else { 0x4000 };
                let found = values(datatype, &[bits.to_le_bytes(), stray.to_le_bytes()].concat());
                assert!(found.has_non_finite, "{datatype:?} {stray:x}");
                assert_eq!(
                    (found.least, found.largest),
                    (number, number),
                    "{datatype:?} {stray:x}"
                );
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
    fn truth_values_other_than_0_and_1_show_in_the_range() {
        let found = values(Datatype::Bool, &[1, 0, 7]);
        assert_eq!((found.least, found.largest), (0.0, 7.0));
        assert_eq!((found.has_booleans, found.has_numbers), (true, false));
    }
}
