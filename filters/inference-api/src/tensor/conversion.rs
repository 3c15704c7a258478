//! Numbers as wider floats.

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
pub(super) const fn of_bf16(bits: u16) -> f32 {
    let [low, high] = bits.to_le_bytes();
    f32::from_le_bytes([0, 0, low, high])
}

/// The least half-precision float without leading zeros, 2 to the power of -14.
const SMALLEST_NORMAL: f32 = 1.0 / 16_384.0;
const SMALLEST_NORMAL_FP16: u32 = SMALLEST_NORMAL.to_bits();

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

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
    fn long_whole_numbers_become_the_nearest_float() {
        for number in [0, 1, u64::MAX, (1 << 53) + 1, (1 << 54) + 3, 0xffff_ffff_0000_0001] {
            assert_eq!(of_u64(number), number.to_string().parse::<f64>().unwrap(), "{number}");
            let signed: i64 = number.cast_signed();
            assert_eq!(of_i64(signed), signed.to_string().parse::<f64>().unwrap(), "{signed}");
        }
        assert_eq!(of_i64(i64::MIN), i64::MIN.to_string().parse::<f64>().unwrap());
    }
}
