/// What the values of a tensor are like, taken together.
///
/// Numbers are compared as 64-bit floats: of a whole number beyond 2^53 the
/// nearest one counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Values {
    /// The least finite number; infinity when there is none.
    pub least: f64,
    /// The largest finite number; minus infinity when there is none.
    pub largest: f64,
    /// Whether there are values that are infinite or not a number.
    pub has_non_finite: bool,
    /// Whether there are numbers with a fraction or an exponent, as they are
    /// written in JSON.
    pub has_fractions: bool,
    /// Whether numbers are among the values.
    pub has_numbers: bool,
    /// Whether strings are among the values.
    pub has_strings: bool,
    /// Whether truth values are among the values.
    pub has_booleans: bool,
    /// Whether anything else is: `null`, or objects that are no `{"b64": …}`.
    pub has_others: bool,
    /// How many bytes the longest string has: decoded, and for `{"b64": …}` of
    /// what it stands for.
    pub longest_string: u64,
}

impl Default for Values {
    fn default() -> Self {
        Self {
            least: f64::INFINITY,
            largest: f64::NEG_INFINITY,
            has_non_finite: false,
            has_fractions: false,
            has_numbers: false,
            has_strings: false,
            has_booleans: false,
            has_others: false,
            longest_string: 0,
        }
    }
}

impl Values {
    /// Takes one number in.
    pub fn number(&mut self, value: f64) {
        self.has_numbers = true;
        if value.is_finite() {
            self.least = self.least.min(value);
            self.largest = self.largest.max(value);
        } else {
            self.has_non_finite = true;
        }
    }

    /// Takes in one number that is known to be finite.
    #[inline(always)]
    pub(crate) fn finite(&mut self, value: f64) {
        self.has_numbers = true;
        // Not `min` and `max`, which mind what is not a number.
        self.least = if value < self.least { value } else { self.least };
        self.largest = if value > self.largest { value } else { self.largest };
    }

    /// Takes in a string of so many bytes.
    pub fn string(&mut self, bytes: u64) {
        self.has_strings = true;
        self.longest_string = self.longest_string.max(bytes);
    }

    /// What these and those are like together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            largest: self.largest.max(other.largest),
            has_non_finite: self.has_non_finite || other.has_non_finite,
            has_fractions: self.has_fractions || other.has_fractions,
            has_numbers: self.has_numbers || other.has_numbers,
            has_strings: self.has_strings || other.has_strings,
            has_booleans: self.has_booleans || other.has_booleans,
            has_others: self.has_others || other.has_others,
            longest_string: self.longest_string.max(other.longest_string),
        }
    }
}
