use core::fmt;
use core::str::FromStr;

/// Where a field stands in a message, by numbers: `1.2.1` is field 1 of the
/// message in field 2 of the message in field 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FieldPath {
    numbers: [u32; FieldPath::MAX_DEPTH],
    depth: usize,
}

/// Why a text is not a field path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldPathError {
    /// This part is not a decimal number.
    NotANumber(String),
    /// Field numbers go from 1 to 536,870,911.
    OutOfRange(String),
    /// More numbers than [`FieldPath::MAX_DEPTH`].
    TooDeep,
}

impl FieldPath {
    /// The longest path.
    pub const MAX_DEPTH: usize = 8;

    /// The largest field number.
    pub const MAX_NUMBER: u32 = (1 << 29) - 1;

    /// A path that is known when this is compiled; for one that is not, use
    /// [`FromStr`].
    ///
    /// Numbers beyond the eighth are cut off.
    pub const fn new(numbers: &[u32]) -> Self {
        let mut path = Self { numbers: [0; Self::MAX_DEPTH], depth: 0 };
        let mut rest = numbers;
        let mut places: &mut [u32] = &mut path.numbers;
        while let (Some((number, numbers)), Some((place, others))) =
            (rest.split_first(), places.split_first_mut())
        {
            *place = *number;
            path.depth = path.depth.saturating_add(1);
            rest = numbers;
            places = others;
        }
        path
    }

    /// The numbers, outermost first.
    pub fn numbers(&self) -> &[u32] {
        self.numbers.get(..self.depth).unwrap_or_default()
    }

    /// Whether this leads to a message that the other path goes through, or to
    /// the same place.
    pub fn is_prefix_of(&self, other: &Self) -> bool {
        other.numbers().starts_with(self.numbers())
    }

    /// How many numbers the two have in common at the start.
    pub(crate) fn shared_depth(&self, other: &Self) -> usize {
        self.numbers()
            .iter()
            .zip(other.numbers())
            .take_while(|(ours, theirs)| ours == theirs)
            .count()
    }

    /// Whether it goes on with this number where the other one ends. Nothing is
    /// said of what comes before.
    #[inline]
    pub(crate) fn continues(&self, other: &Self, number: u32) -> bool {
        other.depth < self.depth && self.numbers.get(other.depth) == Some(&number)
    }

    /// One step further in; `None` beyond the longest path.
    pub(crate) fn then(mut self, number: u32) -> Option<Self> {
        *self.numbers.get_mut(self.depth)? = number;
        self.depth = self.depth.saturating_add(1);
        Some(self)
    }

    /// One step back.
    pub(crate) fn outer(mut self) -> Self {
        self.depth = self.depth.saturating_sub(1);
        if let Some(place) = self.numbers.get_mut(self.depth) {
            *place = 0;
        }
        self
    }

    /// Its first numbers.
    pub(super) fn first(&self, depth: usize) -> &[u32] {
        self.numbers().get(..depth).unwrap_or_default()
    }
}

impl FromStr for FieldPath {
    type Err = FieldPathError;

    fn from_str(text: &str) -> Result<Self, FieldPathError> {
        let mut path = Self::new(&[]);
        for part in text.split('.') {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(FieldPathError::NotANumber(part.to_owned()));
            }
            let number = part.parse().ok().filter(|number| (1..=Self::MAX_NUMBER).contains(number));
            let number = number.ok_or_else(|| FieldPathError::OutOfRange(part.to_owned()))?;
            path = path.then(number).ok_or(FieldPathError::TooDeep)?;
        }
        Ok(path)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.numbers().iter().enumerate() {
            let dot = if place == 0 { "" } else { "." };
            write!(out, "{dot}{number}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for FieldPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "FieldPath({self})")
    }
}

impl fmt::Display for FieldPathError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber(part) => {
                write!(out, "`{part}` is not a field number; a field path looks like `1.2.1`")
            }
            Self::OutOfRange(part) => {
                write!(out, "field number {part} is not within 1 to {}", FieldPath::MAX_NUMBER)
            }
            Self::TooDeep => write!(out, "more than {} field numbers", FieldPath::MAX_DEPTH),
        }
    }
}

impl core::error::Error for FieldPathError {}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_path_is_numbers_between_dots() {
        let path: FieldPath = "1.2.536870911".parse().unwrap();
        assert_eq!(path, FieldPath::new(&[1, 2, 536_870_911]));
        assert_eq!(path.to_string(), "1.2.536870911");
    }

    #[test]
    fn what_is_not_a_path_says_which_part_is_wrong() {
        let error = |text: &str| text.parse::<FieldPath>().unwrap_err().to_string();
        for (text, part) in
            [("", "``"), ("1.", "``"), ("1.x", "`x`"), ("+1", "`+1`"), ("1 ", "`1 `")]
        {
            assert!(error(text).contains(&format!("{part} is not a field number")), "{text}");
        }
        for text in ["0", "1.0.2", "536870912", "99999999999999999999"] {
            assert!(error(text).contains("not within 1 to 536870911"), "{text}");
        }
        assert_eq!(error("1.1.1.1.1.1.1.1.1"), "more than 8 field numbers");
    }

    #[test]
    fn stepping_out_undoes_stepping_in() {
        let path = FieldPath::new(&[1, 2]);
        assert_eq!(path.then(3), Some(FieldPath::new(&[1, 2, 3])));
        assert_eq!(path.then(3).map(FieldPath::outer), Some(path));
        assert!(path.is_prefix_of(&FieldPath::new(&[1, 2, 3])));
        assert!(!FieldPath::new(&[1, 3]).is_prefix_of(&FieldPath::new(&[1, 2, 3])));
    }
}
