use core::cmp::Ordering;

/// A number as a JSON text or a schema has it, read as `serde_json` reads it:
/// whole numbers of 64 bits are exact, all others are the nearest 64-bit float.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// Written without point and exponent, and it fits into a `u64` or `i64`.
    Whole(i128),
    /// Any other, among them `NaN` and the infinities where those are read.
    Float(f64),
}

/// What `multipleOf` says; more than zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Divisor {
    /// A float only if it has a fraction, or is beyond all 64-bit numbers.
    number: Number,
    float: f64,
}

/// A float as the shortest decimal that reads as it: `digits / 10^decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decimal {
    digits: u128,
    decimals: i32,
}

impl Number {
    /// The number that is written like this, if it is one.
    pub(super) fn read(text: &str) -> Option<Self> {
        if let Ok(whole) = text.parse::<u64>() {
            return Some(Self::Whole(i128::from(whole)));
        }
        if let Ok(whole) = text.parse::<i64>() {
            return Some(Self::Whole(i128::from(whole)));
        }
        text.parse().ok().map(Self::Float)
    }

    /// A number of a schema.
    pub(super) fn of(number: &serde_json::Number) -> Option<Self> {
        let whole = number.as_u64().map(i128::from).or_else(|| number.as_i64().map(i128::from));
        whole.map(Self::Whole).or_else(|| number.as_f64().map(Self::Float))
    }

    /// Whether it has no fraction: `2.0` and `1e300` have none.
    pub(super) fn is_whole(self) -> bool {
        match self {
            Self::Whole(_) => true,
            Self::Float(float) => float.fract() == 0.0,
        }
    }

    /// The same as a count of something, if it can be one.
    pub(super) fn count(self) -> Option<u64> {
        let whole = match self {
            Self::Whole(whole) => Some(whole),
            Self::Float(float) if float.fract() == 0.0 => whole(float),
            Self::Float(_) => None,
        };
        whole.and_then(|whole| u64::try_from(whole).ok())
    }

    /// Which one is larger, exactly, without a detour over floats. `NaN` is not
    /// comparable to anything.
    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(two)) => Some(one.cmp(&two)),
            (Self::Float(one), Self::Float(two)) => one.partial_cmp(&two),
            (Self::Whole(one), Self::Float(two)) => compare_whole(one, two),
            (Self::Float(one), Self::Whole(two)) => compare_whole(two, one).map(Ordering::reverse),
        }
    }

    /// Whether division gives a whole number.
    ///
    /// Whole by whole is exact. By a divisor with a fraction, floats count as the
    /// decimals that they print as: so 0.3 is a multiple of 0.1, though the
    /// nearest floats of the two are not.
    pub(super) fn is_multiple_of(self, divisor: Divisor) -> bool {
        match (self, divisor.number) {
            (Self::Whole(value), Number::Whole(by)) => value.checked_rem(by) == Some(0),
            (Self::Float(value), Number::Whole(_)) => value % divisor.float == 0.0,
            (Self::Whole(value), Number::Float(by)) if by.fract() == 0.0 => value == 0,
            (Self::Float(value), Number::Float(by)) if by.fract() == 0.0 => value % by == 0.0,
            (value, Number::Float(by)) => match (value.decimal(), Decimal::of(by)) {
                (Some(value), Some(by)) => value.is_multiple_of(by),
                _ => false,
            },
        }
    }

    fn decimal(self) -> Option<Decimal> {
        match self {
            Self::Whole(value) => Some(Decimal { digits: value.unsigned_abs(), decimals: 0 }),
            Self::Float(value) => Decimal::of(value),
        }
    }
}

impl Divisor {
    /// Divides by this number, if it is more than zero.
    pub(super) fn new(number: &serde_json::Number) -> Option<Self> {
        let float = number.as_f64().filter(|float| *float > 0.0)?;
        let number = match Number::of(number)? {
            Number::Float(float) if float.fract() == 0.0 => {
                whole(float).map_or(Number::Float(float), Number::Whole)
            }
            number => number,
        };
        Some(Self { number, float })
    }
}

impl Decimal {
    /// Reads what `serde_json` writes: `12.5`, `1e+300`.
    fn of(float: f64) -> Option<Self> {
        let written = serde_json::Number::from_f64(float.abs())?.to_string();
        let (significand, exponent) = written.split_once('e').unwrap_or((&written, "0"));
        let exponent: i32 = exponent.parse().ok()?;
        let (before, after) = significand.split_once('.').unwrap_or((significand, ""));
        let digits = [before, after].concat().parse().ok()?;
        let decimals = i32::try_from(after.len()).ok()?.checked_sub(exponent)?;
        Some(Self { digits, decimals })
    }

    fn is_multiple_of(self, divisor: Self) -> bool {
        if self.digits == 0 {
            return true;
        }
        let places = divisor.decimals.saturating_sub(self.decimals);
        let by_ten = places.unsigned_abs();
        if places < 0 {
            // The value is finer: only if its own digits end in enough zeros.
            let scale = 10_u128.checked_pow(by_ten);
            let divisor = scale.and_then(|scale| scale.checked_mul(divisor.digits));
            return divisor.and_then(|divisor| self.digits.checked_rem(divisor)) == Some(0);
        }
        // digits * 10^places modulo the divisor's digits, which have at most 17:
        // so no step leaves 128 bits, however large the value is.
        let step = |rest: u128| rest.checked_mul(10)?.checked_rem(divisor.digits);
        let first = self.digits.checked_rem(divisor.digits);
        (0..by_ten).fold(first, |rest, _| rest.and_then(step)) == Some(0)
    }
}

fn compare_whole(number: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    let floor = float.floor();
    Some(match whole(floor) {
        Some(below) if below == number && floor < float => Ordering::Less,
        Some(below) => number.cmp(&below),
        None if float > 0.0 => Ordering::Less,
        None => Ordering::Greater,
    })
}

/// A float without a fraction as a whole number; none if it is beyond all 64-bit
/// numbers.
fn whole(float: f64) -> Option<i128> {
    let bits = float.to_bits();
    let fraction = bits & 0x000f_ffff_ffff_ffff;
    let significand = i128::from(fraction | 0x0010_0000_0000_0000);
    let exponent = i32::try_from((bits >> 52) & 0x7ff).ok()?.checked_sub(1075)?;
    let size = match exponent {
        ..0 => significand.checked_shr(exponent.unsigned_abs()).unwrap_or(0),
        0..=64 => significand.checked_shl(exponent.unsigned_abs())?,
        _ => return None,
    };
    if float.is_sign_negative() { size.checked_neg() } else { Some(size) }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn number(text: &str) -> Number {
        Number::read(text).unwrap()
    }

    fn compare(one: &str, two: &str) -> Option<Ordering> {
        number(one).compare(number(two))
    }

    fn is_multiple(value: &str, divisor: &str) -> bool {
        let divisor = Divisor::new(&serde_json::from_str(divisor).unwrap()).unwrap();
        number(value).is_multiple_of(divisor)
    }

    #[test]
    fn numbers_are_compared_exactly() {
        use Ordering::{Equal, Greater, Less};
        for (one, two, expected) in [
            ("1", "1.0", Equal),
            ("1", "1.5", Less),
            ("2", "1.5", Greater),
            ("-1", "-1.5", Greater),
            ("-2", "-1.5", Less),
            ("0", "-0.0", Equal),
            ("-0", "0", Equal),
            ("0", "5e-324", Less),
            ("0", "-5e-324", Greater),
            ("9007199254740993", "9007199254740992.0", Greater),
            ("9223372036854775807", "9223372036854775808.0", Less),
            ("18446744073709551615", "18446744073709551616", Less),
            ("-9223372036854775808", "-9223372036854775808.0", Equal),
            ("18446744073709551615", "1e300", Less),
            ("-9223372036854775808", "-1e300", Greater),
            ("18446744073709551615", "Infinity", Less),
        ] {
            assert_eq!(compare(one, two), Some(expected), "{one} and {two}");
            assert_eq!(compare(two, one), Some(expected.reverse()), "{two} and {one}");
        }
        assert_eq!(compare("NaN", "1"), None);
        assert_eq!(compare("1", "NaN"), None);
    }

    #[test]
    fn a_multiple_is_one_in_decimals() {
        for (value, divisor, expected) in [
            ("0", "3", true),
            ("9", "3", true),
            ("-9", "3", true),
            ("10", "3", false),
            ("9.0", "3", true),
            ("9", "3.0", true),
            ("9.5", "3", false),
            ("9007199254740993", "2", false),
            ("18446744073709551615", "5", true),
            ("0.3", "0.1", true),
            ("0.35", "0.1", false),
            ("4.5", "1.5", true),
            ("5", "1.5", false),
            ("0.0075", "0.0001", true),
            ("0.00751", "0.0001", false),
            ("1e300", "0.5", true),
            ("1e308", "0.123456789", false),
            ("12391239123", "1e-8", true),
            ("1e-300", "0.5", false),
            ("0.0", "0.5", true),
            ("7", "1e300", false),
            ("0", "1e300", true),
            ("3e300", "1e300", true),
            ("NaN", "0.5", false),
            ("Infinity", "0.5", false),
            ("Infinity", "2", false),
        ] {
            assert_eq!(is_multiple(value, divisor), expected, "{value} by {divisor}");
        }
    }

    #[test]
    fn a_divisor_is_more_than_zero() {
        for divisor in ["0", "-1", "-0.5", "0.0"] {
            assert_eq!(Divisor::new(&serde_json::from_str(divisor).unwrap()), None, "{divisor}");
        }
    }

    #[test]
    fn a_count_is_whole_and_not_negative() {
        let count = |text| number(text).count();
        assert_eq!(count("3"), Some(3));
        assert_eq!(count("3.0"), Some(3));
        assert_eq!(count("0"), Some(0));
        assert_eq!(count("-0.0"), Some(0));
        assert_eq!(count("18446744073709551615"), Some(u64::MAX));
        for text in ["3.5", "-1", "1e300", "NaN", "-3.0"] {
            assert_eq!(count(text), None, "{text}");
        }
    }
}
