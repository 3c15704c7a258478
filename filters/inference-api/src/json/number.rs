//! The number grammar, one byte at a time.

use super::decimal::as_float;

/// A number that is being read.
///
/// Beside the grammar it follows the size, exactly as `serde_json` does when it
/// makes a 64-bit float of the number: a decimal significand of at most 64 bits
/// and a decimal exponent. So both refuse the same numbers as out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    part: Part,
    significand: u64,
    /// No further digit fits into the significand.
    is_full: bool,
    /// The power of ten by which the significand is multiplied.
    scale: i32,
    exponent: i32,
    exponent_is_negative: bool,
    /// The exponent itself is beyond 32 bits.
    exponent_overflows: bool,
}

/// Where in a number we are: what was read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    ExponentMark,
    ExponentSign,
    Exponent,
}

/// What a byte means to the number before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It belongs to the number.
    Within,
    /// The number ended before it.
    Ended,
    /// The number can neither go on with it nor end before it.
    Refused,
}

impl Number {
    /// A number that begins with this byte, which is a digit or a minus.
    pub(super) fn begin(byte: u8) -> Self {
        let part = match byte {
            b'-' => Part::Minus,
            b'0' => Part::Zero,
            _ => Part::Integer,
        };
        Self {
            part,
            significand: digit(byte).map_or(0, u64::from),
            is_full: false,
            scale: 0,
            exponent: 0,
            exponent_is_negative: false,
            exponent_overflows: false,
        }
    }

    /// Whether only a minus was read.
    pub(super) fn is_only_minus(&self) -> bool {
        self.part == Part::Minus
    }

    /// Shows the number its next byte.
    #[inline]
    pub(super) fn step(&mut self, byte: u8) -> Step {
        let part = match (self.part, byte) {
            (Part::Minus, b'0') => Part::Zero,
            (Part::Minus | Part::Integer, b'0'..=b'9') => {
                self.integer_digit(byte);
                Part::Integer
            }
            (Part::Zero | Part::Integer, b'.') => Part::Point,
            (Part::Point | Part::Fraction, b'0'..=b'9') => {
                self.fraction_digit(byte);
                Part::Fraction
            }
            (Part::Zero | Part::Integer | Part::Fraction, b'e' | b'E') => Part::ExponentMark,
            (Part::ExponentMark, b'+') => Part::ExponentSign,
            (Part::ExponentMark, b'-') => {
                self.exponent_is_negative = true;
                Part::ExponentSign
            }
            (Part::ExponentMark | Part::ExponentSign | Part::Exponent, b'0'..=b'9') => {
                self.exponent_digit(byte);
                Part::Exponent
            }
            (Part::Zero, b'0'..=b'9') => return Step::Refused,
            _ if self.may_end() => return Step::Ended,
            _ => return Step::Refused,
        };
        self.part = part;
        Step::Within
    }

    /// Whether what was read is a whole number.
    pub(super) fn may_end(&self) -> bool {
        matches!(self.part, Part::Zero | Part::Integer | Part::Fraction | Part::Exponent)
    }

    /// Whether the number, now complete, is beyond the largest float.
    pub(super) fn is_out_of_range(&self) -> bool {
        if self.exponent_overflows {
            return self.significand != 0 && !self.exponent_is_negative;
        }
        let scale = if self.exponent_is_negative {
            self.scale.saturating_sub(self.exponent)
        } else {
            self.scale.saturating_add(self.exponent)
        };
        if scale < SMALLEST_SCALE_IN_QUESTION || self.significand == 0 {
            return false;
        }
        let digits = self.significand.ilog10().cast_signed().saturating_add(1);
        match scale.saturating_add(digits) {
            ..=LARGEST_DECIMAL_EXPONENT => false,
            BORDER => {
                let power = LARGEST_DECIMAL_EXPONENT.saturating_sub(scale);
                let power = usize::try_from(power).ok().and_then(|at| LARGE_POWERS.get(at));
                power.is_none_or(|power| (as_float(self.significand) * power).is_infinite())
            }
            _ => true,
        }
    }

    /// Whether it has neither a fraction nor an exponent.
    pub(super) const fn is_whole(&self) -> bool {
        matches!(self.part, Part::Minus | Part::Zero | Part::Integer)
    }

    /// The float that is nearest to what was kept of the number, without its sign.
    pub(super) fn nearest(&self) -> f64 {
        if self.exponent_overflows {
            return 0.0;
        }
        let exponent =
            if self.exponent_is_negative { self.exponent.saturating_neg() } else { self.exponent };
        let scale = self.scale.saturating_add(exponent);
        format!("{}e{scale}", self.significand).parse().unwrap_or_default()
    }

    fn integer_digit(&mut self, byte: u8) {
        match self.with_digit(byte) {
            Some(significand) if !self.is_full => self.significand = significand,
            _ => {
                self.is_full = true;
                self.scale = self.scale.saturating_add(1);
            }
        }
    }

    fn fraction_digit(&mut self, byte: u8) {
        match self.with_digit(byte) {
            Some(significand) if !self.is_full => {
                self.significand = significand;
                self.scale = self.scale.saturating_sub(1);
            }
            _ => self.is_full = true,
        }
    }

    fn exponent_digit(&mut self, byte: u8) {
        let digit = digit(byte).map_or(0, i32::from);
        match self.exponent.checked_mul(10).and_then(|tens| tens.checked_add(digit)) {
            Some(exponent) => self.exponent = exponent,
            None => self.exponent_overflows = true,
        }
    }

    fn with_digit(&self, byte: u8) -> Option<u64> {
        self.significand.checked_mul(10)?.checked_add(u64::from(digit(byte)?))
    }
}

/// 10 to this power is the largest one that a 64-bit float holds.
const LARGEST_DECIMAL_EXPONENT: i32 = 308;

/// Numbers of this order of magnitude, 1e308 to 1e309, can be on either side.
const BORDER: i32 = 309;

/// Below this, no significand of 20 digits can be out of range.
const SMALLEST_SCALE_IN_QUESTION: i32 = 289;

/// 1e308 and down to 1e289: a significand has 20 digits at most.
const LARGE_POWERS: [f64; 20] = [
    1e308, 1e307, 1e306, 1e305, 1e304, 1e303, 1e302, 1e301, 1e300, 1e299, 1e298, 1e297, 1e296,
    1e295, 1e294, 1e293, 1e292, 1e291, 1e290, 1e289,
];

fn digit(byte: u8) -> Option<u8> {
    byte.checked_sub(b'0').filter(|digit| *digit < 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn is_accepted(text: &str) -> bool {
        let (&first, rest) = text.as_bytes().split_first().unwrap();
        let mut number = Number::begin(first);
        rest.iter().all(|byte| number.step(*byte) == Step::Within)
            && number.may_end()
            && !number.is_out_of_range()
    }

    fn agrees(text: &str) {
        let expected = serde_json::from_str::<serde_json::Value>(text).is_ok();
        assert_eq!(is_accepted(text), expected, "{text}");
    }

    #[test]
    fn accepts_the_numbers_that_serde_json_accepts() {
        for text in [
            "0",
            "-0",
            "-",
            "1",
            "01",
            "-01",
            "00",
            "1.",
            "1.0",
            "1.e1",
            "0.5",
            "-0.5e-3",
            "1e",
            "1e+",
            "1e-",
            "1e+1",
            "1E5",
            "1ee5",
            "1.2.3",
            "1-2",
            "0e0",
            "0.0e999999999999",
            "1e1.5",
            "--1",
            "-e1",
            "0x1",
            "1_000",
        ] {
            agrees(text);
        }
    }

    #[test]
    fn the_largest_numbers_end_where_serde_json_says() {
        for text in [
            "1e308",
            "1e309",
            "1e999",
            "-1e999",
            "0e999",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "17976931348623157e292",
            "17976931348623158e292",
            "17976931348623159e292",
            "179769313486231570000e288",
            "18446744073709551615e289",
            "18446744073709551616e289",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "1e2147483647",
            "1e2147483648",
            "1e-2147483649",
            "0e2147483648",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "0.000001e314",
            "0.000001e315",
            "123456789012345678901234567890e279",
            "123456789012345678901234567890e280",
            "18446744073709551619.3e288",
            "18446744073709551619.3e289",
        ] {
            agrees(text);
        }
        for digits in [300, 307, 308, 309, 310, 400] {
            for first in 1..=9 {
                agrees(&format!("{first}{}", "7".repeat(digits)));
                agrees(&format!("{first}{}e-5", "7".repeat(digits)));
                agrees(&format!("0.{}{first}e{digits}", "0".repeat(digits)));
                agrees(&format!("{first}{}", "0".repeat(digits)));
            }
        }
    }
}
