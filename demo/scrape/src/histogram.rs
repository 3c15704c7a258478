/// How values are distributed, as far as buckets tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Where each bucket ends, and how many values are up to there, in ascending order.
    buckets: Vec<(f64, f64)>,
}

impl Histogram {
    /// One of these ends and counts; counts of the same end are added.
    pub(crate) fn of(counts: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for (end, count) in counts {
            match buckets.iter_mut().find(|(known, _)| *known == end) {
                Some((_, sum)) => *sum += count,
                None => buckets.push((end, count)),
            }
        }
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        Self { buckets }
    }

    /// How many values there are.
    pub fn count(&self) -> f64 {
        self.buckets.last().map_or(0.0, |(_, count)| *count)
    }

    /// The value that this share of all does not exceed, as Prometheus' `histogram_quantile`
    /// reckons it: evenly within a bucket, and from the last one, which has no end, the end of
    /// the one before. None if there are no values.
    ///
    /// Source: Prometheus, *Query functions*, "histogram_quantile()".
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = share * self.count();
        let (mut start, mut below) = (0.0, 0.0);
        for (end, count) in &self.buckets {
            if *count >= rank && *count > below {
                let within = (rank - below) / (count - below);
                return Some(if end.is_infinite() {
                    start
                } else {
                    start + (end - start) * within
                });
            }
            (start, below) = (*end, *count);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram() -> Histogram {
        Histogram::of([(20.0, 6.0), (10.0, 2.0), (f64::INFINITY, 10.0), (40.0, 8.0)].into_iter())
    }

    #[test]
    fn a_quantile_lies_evenly_in_its_bucket() {
        let quantiles = [0.1, 0.2, 0.4, 0.7].map(|share| histogram().quantile(share));
        assert_eq!(quantiles, [5.0, 10.0, 15.0, 30.0].map(Some));
    }

    #[test]
    fn beyond_the_last_end_nothing_is_known() {
        assert_eq!(histogram().quantile(0.95), Some(40.0));
    }

    #[test]
    fn of_nothing_there_is_no_quantile() {
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert_eq!(
            Histogram::of([(1.0, 0.0), (f64::INFINITY, 0.0)].into_iter()).quantile(0.5),
            None
        );
    }
}
