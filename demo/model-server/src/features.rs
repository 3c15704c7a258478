//! The classifier's input, read once and then known to be right.

use crate::refusal::Refusal;

/// How many numbers one example has.
pub(crate) const FEATURES: usize = 4;

/// How many examples one request may hold: bounds the time that it keeps a worker busy.
pub(crate) const LARGEST_BATCH: usize = 1024;

/// One example: [`FEATURES`] finite numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Features([f32; FEATURES]);

impl Features {
    /// # Errors
    /// Another count than [`FEATURES`], or a number that is NaN or infinite. `place` names the
    /// example in the client's terms.
    pub(crate) fn read(place: &str, numbers: &[f32]) -> Result<Self, Refusal> {
        let Ok(features) = <[f32; FEATURES]>::try_from(numbers) else {
            return Err(Refusal::malformed(
                place,
                format!("must hold exactly {FEATURES} numbers, has {}", numbers.len()),
            ));
        };
        match features.iter().position(|number| !number.is_finite()) {
            Some(index) => Err(Refusal::malformed(
                format!("{place}[{index}]"),
                format!("must be a finite number, is {}", features[index]),
            )),
            None => Ok(Self(features)),
        }
    }

    /// Reads a row-major matrix of [`FEATURES`] columns.
    ///
    /// # Errors
    /// A rest that fills no row, more than [`LARGEST_BATCH`] rows, or as for [`Features::read`].
    pub(crate) fn read_rows(place: &str, numbers: &[f32]) -> Result<Vec<Self>, Refusal> {
        if !numbers.len().is_multiple_of(FEATURES) {
            return Err(Refusal::malformed(
                place,
                format!("must hold {FEATURES} numbers per row, has {} in all", numbers.len()),
            ));
        }
        check_batch(place, numbers.len() / FEATURES)?;
        numbers
            .chunks_exact(FEATURES)
            .enumerate()
            .map(|(row, numbers)| Self::read(&format!("{place}[{row}]"), numbers))
            .collect()
    }

    pub(crate) fn as_f64(&self) -> [f64; FEATURES] {
        self.0.map(f64::from)
    }
}

/// # Errors
/// More than [`LARGEST_BATCH`] rows.
pub(crate) fn check_batch(place: &str, rows: usize) -> Result<(), Refusal> {
    if rows > LARGEST_BATCH {
        return Err(Refusal::malformed(
            place,
            format!("may hold at most {LARGEST_BATCH} rows, has {rows}"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(numbers: &[f32]) -> String {
        Features::read("features", numbers).expect_err("refused").to_string()
    }

    #[test]
    fn refuses_any_other_count_than_four() {
        assert_eq!(problem(&[]), "features: must hold exactly 4 numbers, has 0");
        assert_eq!(problem(&[0.0; 3]), "features: must hold exactly 4 numbers, has 3");
        assert_eq!(problem(&[0.0; 5]), "features: must hold exactly 4 numbers, has 5");
    }

    #[test]
    fn refuses_numbers_that_are_not_finite_and_says_which() {
        assert_eq!(
            problem(&[0.0, f32::NAN, 0.0, 0.0]),
            "features[1]: must be a finite number, is NaN"
        );
        assert_eq!(
            problem(&[0.0, 0.0, 0.0, f32::NEG_INFINITY]),
            "features[3]: must be a finite number, is -inf"
        );
    }

    #[test]
    fn reads_rows_in_order() {
        let rows =
            Features::read_rows("data", &[1., 2., 3., 4., 5., 6., 7., 8.]).expect("two rows");
        assert_eq!(rows, [Features([1., 2., 3., 4.]), Features([5., 6., 7., 8.])]);
    }

    #[test]
    fn refuses_a_batch_that_would_keep_a_worker_busy_for_long() {
        let numbers = vec![0.0; FEATURES * (LARGEST_BATCH + 1)];
        let refused = Features::read_rows("data", &numbers).expect_err("too many rows");
        assert_eq!(refused.to_string(), "data: may hold at most 1024 rows, has 1025");
    }
}
