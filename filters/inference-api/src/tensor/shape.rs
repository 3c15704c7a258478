use core::fmt;

/// So many dimensions of a shape are kept.
pub const MAX_RANK: usize = 16;

/// A tensor's shape: how many elements it has in each dimension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    dimensions: Vec<i64>,
    rank: usize,
    rank_is_unknown: bool,
}

/// How many elements a shape has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elements {
    /// So many.
    Count(u64),
    /// A dimension is negative, so that its length is not known.
    Unknown,
    /// More than 64 bits can count, or more dimensions than are kept.
    TooMany,
}

impl Shape {
    /// A shape without dimensions: a scalar.
    pub const fn new() -> Self {
        Self { dimensions: Vec::new(), rank: 0, rank_is_unknown: false }
    }

    /// Adds a dimension behind the others. Beyond [`MAX_RANK`] only their number
    /// is known.
    pub fn push(&mut self, length: i64) {
        if self.rank < MAX_RANK {
            self.dimensions.push(length);
        }
        self.rank = self.rank.saturating_add(1);
    }

    /// The shape of so many of these beside each other: another dimension in front.
    #[must_use]
    pub fn inside(&self, length: i64) -> Self {
        let kept = core::iter::once(length).chain(self.dimensions.iter().copied());
        let dimensions = kept.take(MAX_RANK).collect();
        Self { dimensions, rank: self.rank.saturating_add(1), ..Self::default() }
    }

    /// Whether it is said, of TensorFlow's `unknown_rank`, that its rank is not
    /// known.
    pub const fn set_rank_unknown(&mut self, rank_is_unknown: bool) {
        self.rank_is_unknown = rank_is_unknown;
    }

    /// Whether it is said that its rank is not known, and yet it has dimensions.
    pub const fn is_of_unknown_rank(&self) -> bool {
        self.rank_is_unknown && self.rank > 0
    }

    /// The dimensions, outermost first, as far as they are kept.
    pub fn dimensions(&self) -> &[i64] {
        &self.dimensions
    }

    /// How many dimensions there are.
    pub const fn rank(&self) -> usize {
        self.rank
    }

    /// How many elements a tensor of this shape has: 1 without dimensions, 0 if
    /// any dimension is 0.
    pub fn elements(&self) -> Elements {
        if self.rank > self.dimensions.len() {
            return Elements::TooMany;
        }
        if self.dimensions.iter().any(|length| *length < 0) {
            return Elements::Unknown;
        }
        if self.dimensions.contains(&0) {
            return Elements::Count(0);
        }
        let product =
            self.dimensions.iter().try_fold(1_i64, |product, length| product.checked_mul(*length));
        product.map_or(Elements::TooMany, |product| Elements::Count(product.cast_unsigned()))
    }
}

impl FromIterator<i64> for Shape {
    fn from_iter<I: IntoIterator<Item = i64>>(dimensions: I) -> Self {
        let mut shape = Self::new();
        for length in dimensions {
            shape.push(length);
        }
        shape
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[")?;
        for (place, length) in self.dimensions.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(out, "{comma}{length}")?;
        }
        out.write_str(if self.rank > self.dimensions.len() { ", ...]" } else { "]" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn elements(dimensions: &[i64]) -> Elements {
        dimensions.iter().copied().collect::<Shape>().elements()
    }

    #[test]
    fn elements_are_the_product_of_the_dimensions() {
        assert_eq!(elements(&[]), Elements::Count(1));
        assert_eq!(elements(&[1, 3, 224, 224]), Elements::Count(150_528));
        assert_eq!(elements(&[0, i64::MAX, i64::MAX]), Elements::Count(0));
        assert_eq!(elements(&[i64::MAX]), Elements::Count(i64::MAX.cast_unsigned()));
    }

    #[test]
    fn shapes_that_have_no_number_of_elements_say_so() {
        assert_eq!(elements(&[2, -1]), Elements::Unknown);
        assert_eq!(elements(&[i64::MAX, 2]), Elements::TooMany);
        assert_eq!(elements(&[1; MAX_RANK]), Elements::Count(1));
        assert_eq!(elements(&[1; MAX_RANK + 1]), Elements::TooMany);
    }

    #[test]
    fn a_batch_has_another_dimension_in_front() {
        let shape = |dimensions: &[i64]| dimensions.iter().copied().collect::<Shape>();
        assert_eq!(shape(&[3, 4]).inside(2), shape(&[2, 3, 4]));
        assert_eq!(Shape::new().inside(5), shape(&[5]));
        assert_eq!(shape(&[1; MAX_RANK]).inside(1), shape(&[1; MAX_RANK + 1]));
    }

    #[test]
    fn a_shape_reads_like_a_list() {
        assert_eq!([1, 3, -1].into_iter().collect::<Shape>().to_string(), "[1, 3, -1]");
        assert_eq!(Shape::new().to_string(), "[]");
        let long = [7; MAX_RANK + 3].into_iter().collect::<Shape>();
        assert_eq!(long.rank(), MAX_RANK + 3);
        assert!(long.to_string().ends_with("7, 7, ...]"));
    }
}
