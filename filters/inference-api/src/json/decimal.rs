//! What a number is worth, as the nearest 64-bit float.

use super::number::Number;

/// A number of few digits, as it is written: `significand` times ten to the
/// power of `scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    significand: u64,
    scale: i32,
    is_negative: bool,
    /// It has neither a fraction nor an exponent.
    pub(super) is_whole: bool,
}

/// So many digits fit into 64 bits, whatever they are.
const MOST_DIGITS: usize = 19;

/// Up to here, all digits of a number count. Of a longer one those that fit into
/// 64 bits do, so that it may come out as a float next to the nearest one.
pub(super) const WHOLE_BYTES: usize = 64;

/// The powers of ten that are floats.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

impl Decimal {
    /// The number at the start, and what is behind it; the caller sees whether it
    /// ends there. `None` if there is none, or one of more than nineteen digits or
    /// of more than two in the exponent.
    #[inline(always)]
    pub(super) fn read(text: &[u8]) -> Option<(Self, &[u8])> {
        let (is_negative, unsigned) = match text {
            [b'-', unsigned @ ..] => (true, unsigned),
            _ => (false, text),
        };
        let mut significand = 0;
        let mut rest = digits(unsigned, &mut significand);
        let mut count = unsigned.len().saturating_sub(rest.len());
        if count == 0 || (count > 1 && unsigned.starts_with(b"0")) {
            return None;
        }
        let mut scale = 0_i32;
        let mut is_whole = true;
        if let [b'.', fraction @ ..] = rest {
            rest = digits(fraction, &mut significand);
            let length = fraction.len().saturating_sub(rest.len());
            if length == 0 {
                return None;
            }
            is_whole = false;
            count = count.saturating_add(length);
            scale = i32::try_from(length).ok()?.saturating_neg();
        }
        if count > MOST_DIGITS {
            return None;
        }
        if let [b'e' | b'E', exponent @ ..] = rest {
            let (exponent, behind) = short_exponent(exponent)?;
            is_whole = false;
            scale = scale.saturating_add(exponent);
            rest = behind;
        }
        Some((Self { significand, scale, is_negative, is_whole }, rest))
    }

    /// Its value, where one operation on exact floats gives it, which rounds once.
    ///
    /// Source: Clinger, "How to read floating point numbers accurately", 1990.
    #[inline(always)]
    pub(super) fn exact(self) -> Option<f64> {
        if self.significand >> 53 == 0 { self.near() } else { None }
    }

    /// Its value, give or take [`MARGIN`].
    #[inline(always)]
    pub(super) fn near(self) -> Option<f64> {
        let power = POWERS.get(usize::try_from(self.scale.unsigned_abs()).ok()?)?;
        let significand = as_float(self.significand);
        let value = if self.scale < 0 { significand / power } else { significand * power };
        Some(if self.is_negative { -value } else { value })
    }
}

/// By how much of itself a value can be off that was rounded twice.
pub(super) const MARGIN: f64 = f64::EPSILON * 4.0;

/// The value of a well-formed number, or of `NaN` or `Infinity`.
pub(super) fn value_of(text: &[u8]) -> f64 {
    if text.len() <= WHOLE_BYTES {
        return str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN);
    }
    let Some((&first, rest)) = text.split_first() else { return f64::NAN };
    let mut number = Number::begin(first);
    for &byte in rest {
        number.step(byte);
    }
    signed(number.nearest(), first)
}

/// The value, given the number's first byte.
pub(super) fn signed(magnitude: f64, first: u8) -> f64 {
    if first == b'-' { -magnitude } else { magnitude }
}

/// What is behind the digits at the start, which are put behind those of
/// `significand`. Beyond nineteen digits it is garbage.
#[inline(always)]
fn digits<'a>(mut text: &'a [u8], significand: &mut u64) -> &'a [u8] {
    while let Some((eight, after)) = text.split_first_chunk::<8>() {
        let Some(value) = eight_digits(*eight) else { break };
        *significand = significand.wrapping_mul(100_000_000).wrapping_add(value);
        text = after;
    }
    while let Some((&byte, after)) = text.split_first() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        *significand = significand.wrapping_mul(10).wrapping_add(u64::from(digit));
        text = after;
    }
    text
}

/// The value of eight digits, added up in pairs, fours and eights.
#[inline(always)]
const fn eight_digits(bytes: [u8; 8]) -> Option<u64> {
    const HIGH_HALVES: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    let text = u64::from_le_bytes(bytes);
    let beyond_nine = text.wrapping_add(0x0606_0606_0606_0606);
    if (text & HIGH_HALVES) | (beyond_nine & HIGH_HALVES) >> 4 != ZEROS | ZEROS >> 4 {
        return None;
    }
    let digits = text.wrapping_sub(ZEROS);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}

/// An exponent of one or two digits, given what is behind its letter.
fn short_exponent(text: &[u8]) -> Option<(i32, &[u8])> {
    let (is_negative, unsigned) = match text {
        [b'-', unsigned @ ..] => (true, unsigned),
        [b'+', unsigned @ ..] => (false, unsigned),
        _ => (false, text),
    };
    let mut exponent = 0;
    let rest = digits(unsigned, &mut exponent);
    match unsigned.len().saturating_sub(rest.len()) {
        1 | 2 => {
            let exponent = i32::try_from(exponent).ok()?;
            Some((if is_negative { exponent.saturating_neg() } else { exponent }, rest))
        }
        _ => None,
    }
}

/// The nearest float: both halves are exact, and only their sum is rounded.
#[inline(always)]
pub(super) fn as_float(number: u64) -> f64 {
    let half = |bits: u64| u32::try_from(bits & 0xffff_ffff).map_or(0.0, f64::from);
    half(number >> 32) * 4_294_967_296.0 + half(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn random() -> impl FnMut(u64) -> u64 {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        move |limit| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11).checked_rem(limit).unwrap()
        }
    }

    #[test]
    fn eight_digits_are_read_at_once_and_nothing_else_is() {
        assert_eq!(eight_digits(*b"12345678"), Some(12_345_678));
        assert_eq!(eight_digits(*b"00000000"), Some(0));
        assert_eq!(eight_digits(*b"99999999"), Some(99_999_999));
        for place in 0..8 {
            for byte in 0..=u8::MAX {
                let mut bytes = *b"10203040";
                bytes[place] = byte;
                let expected = str::from_utf8(&bytes).ok().filter(|_| byte.is_ascii_digit());
                let expected = expected.map(|text| text.parse::<u64>().unwrap());
                assert_eq!(eight_digits(bytes), expected, "{bytes:x?}");
            }
        }
    }

    #[test]
    fn short_numbers_are_exactly_what_the_standard_library_reads() {
        let mut below = random();
        for _ in 0..50_000 {
            let power = 10_u64.pow(u32::try_from(below(17)).unwrap());
            let sign = if below(2) == 0 { "-" } else { "" };
            let fraction = match below(3) {
                0 => format!(".{}", below(power)),
                1 => format!(".00{}", below(1000)),
                _ => String::new(),
            };
            let exponent = match below(3) {
                0 => format!("e-{}", below(30)),
                1 => format!("E{}", below(30)),
                _ => String::new(),
            };
            let text = format!("{sign}{}{fraction}{exponent}", below(power));
            let Some((decimal, rest)) = Decimal::read(text.as_bytes()) else { continue };
            assert_eq!(rest, b"", "{text}");
            let expected: f64 = text.parse().unwrap();
            assert!(decimal.exact().is_none_or(|exact| exact == expected), "{text}");
            let is_near = |near: f64| (near - expected).abs() <= expected.abs() * MARGIN;
            assert!(decimal.near().is_none_or(is_near), "{text}");
            assert_eq!(decimal.is_whole, fraction.is_empty() && exponent.is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_short_number_is_left() {
        for text in ["", "-", "01", "-00", ".5", "1.", "1.e5", "1e", "1e+", "1e100", "a", "+1"] {
            assert_eq!(Decimal::read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Decimal::read(b"12345678901234567890"), None);
        assert_eq!(Decimal::read(b"0.1234567890123456789"), None);
        assert!(Decimal::read(b"0.123456789012345678").is_some());
    }

    #[test]
    fn the_digits_of_a_long_number_that_do_not_fit_count_as_zeros() {
        for text in ["0.1234567890123456789", "123456789012345678901234567890", "1e-400", "-0.0"] {
            assert_eq!(value_of(text.as_bytes()), text.parse::<f64>().unwrap(), "{text}");
        }
        for (text, expected) in [
            (format!("-1{}", "0".repeat(100)), -1e100),
            (format!("0.{}25", "0".repeat(100)), 25e-102),
            (format!("{}e-90", "7".repeat(90)), 0.777_777_777_777_777_8),
            (format!("{}1e-99999999999", "0.".to_owned() + &"0".repeat(70)), 0.0),
        ] {
            let value = value_of(text.as_bytes());
            assert!((value - expected).abs() <= f64::EPSILON * expected.abs(), "{text}: {value}");
        }
    }
}
