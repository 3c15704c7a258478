//! The least and the largest of many numbers, at the speed of memory.

use super::conversion::{of_bf16, of_fp16, of_i64, of_u64};
use super::{Datatype, Values};
use core::ops::{Add, Sub};
use wide::bytemuck::cast;
use wide::{f32x4, f64x2};

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
            let alone = |bytes: &[u8]| bytes.try_into().map(f32::from_le_bytes).ok();
            floats::<f32x4>(values, elements, |bytes| alone(bytes).map(f64::from));
        }
        Datatype::Fp64 => {
            let alone = |bytes: &[u8]| bytes.try_into().map(f64::from_le_bytes).ok();
            floats::<f64x2>(values, elements, alone);
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

/// Vectors are read as the processor has them.
const _: () = assert!(cfg!(target_endian = "little"), "tensors are little-endian");

/// Floats beside each other. The compiler does not make vectors of a loop in the
/// modules that Envoy loads, which are made small; so they are vectors here.
trait Floats: Copy + Add<Output = Self> + Sub<Output = Self> {
    /// All of them the same.
    fn all(float: f32) -> Self;

    /// Sixteen bytes, little-endian.
    fn load(bytes: [u8; 16]) -> Self;

    /// The lesser one of each two; the first, if they can't be compared.
    fn least(self, other: Self) -> Self;

    /// The larger one of each two; the first, if they can't be compared.
    fn largest(self, other: Self) -> Self;

    /// Each of them.
    fn each(self) -> impl Iterator<Item = f64>;
}

impl Floats for f32x4 {
    fn all(float: f32) -> Self {
        Self::splat(float)
    }

    fn load(bytes: [u8; 16]) -> Self {
        cast(bytes)
    }

    fn least(self, other: Self) -> Self {
        other.simd_lt(self).bitselect(other, self)
    }

    fn largest(self, other: Self) -> Self {
        other.simd_gt(self).bitselect(other, self)
    }

    fn each(self) -> impl Iterator<Item = f64> {
        self.to_array().into_iter().map(f64::from)
    }
}

impl Floats for f64x2 {
    fn all(float: f32) -> Self {
        Self::splat(f64::from(float))
    }

    fn load(bytes: [u8; 16]) -> Self {
        cast(bytes)
    }

    fn least(self, other: Self) -> Self {
        other.simd_lt(self).bitselect(other, self)
    }

    fn largest(self, other: Self) -> Self {
        other.simd_gt(self).bitselect(other, self)
    }

    fn each(self) -> impl Iterator<Item = f64> {
        self.to_array().into_iter()
    }
}

/// So many vectors are compared beside each other.
const LANES: usize = 4;

/// Without a branch for what is not finite: with nothing added to it, a finite
/// number is what it was, and anything else is not a number, which is neither
/// less nor more than any other.
fn floats<F: Floats>(values: &mut Values, elements: &[u8], alone: impl Fn(&[u8]) -> Option<f64>) {
    let (vectors, rest) = elements.as_chunks::<16>();
    let (blocks, few) = vectors.as_chunks::<LANES>();
    let mut lanes = [Lane::<F>::new(); LANES];
    for block in blocks {
        for (lane, bytes) in lanes.iter_mut().zip(block) {
            lane.take_in(F::load(*bytes));
        }
    }
    for (lane, bytes) in lanes.iter_mut().zip(few) {
        lane.take_in(F::load(*bytes));
    }
    for lane in lanes {
        // What is not a number differs from any.
        values.has_non_finite |= lane.strays.each().any(|stray| stray != 0.0);
        for (least, largest) in lane.least.each().zip(lane.largest.each()) {
            spread(values, Range { least, largest });
        }
    }
    // Fewer than a vector holds.
    let size = core::mem::size_of::<F>().checked_div(F::all(0.0).each().count()).unwrap_or(1);
    for element in rest.chunks_exact(size.max(1)) {
        values.number(alone(element).unwrap_or(f64::NAN));
    }
}

/// What was seen in one place of the vectors.
#[derive(Clone, Copy)]
struct Lane<F> {
    least: F,
    largest: F,
    /// 0, and where anything was not finite, not a number.
    strays: F,
}

impl<F: Floats> Lane<F> {
    fn new() -> Self {
        Self {
            least: F::all(f32::INFINITY),
            largest: F::all(f32::NEG_INFINITY),
            strays: F::all(0.0),
        }
    }

    #[expect(clippy::arithmetic_side_effects, reason = "floats become infinite or not a number")]
    #[expect(clippy::eq_op, reason = "infinity less itself is no number")]
    fn take_in(&mut self, numbers: F) {
        let nothing = numbers - numbers;
        let finite = numbers + nothing;
        self.least = self.least.least(finite);
        self.largest = self.largest.largest(finite);
        self.strays = self.strays + nothing;
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
