//! Metrics as Prometheus gets them from Envoy: read from its text format, summed up, compared
//! with earlier ones, and as quantiles.
//!
//! Of the crates that read this format, none takes a `}` or a `,` in a label's value as what
//! it is, and such names must be tested.

mod histogram;
mod sample;

pub use histogram::Histogram;
use sample::Sample;
use std::collections::BTreeMap;
use std::fmt;

/// The metrics of an Envoy at one moment.
///
/// Source: Prometheus, *Exposition formats*, "Text-based format".
#[derive(Clone, Debug, Default)]
pub struct Metrics(Vec<Sample>);

/// A line that is no sample.
#[derive(Debug, PartialEq, Eq)]
pub struct NoSample(String);

impl fmt::Display for NoSample {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "no sample: {}", self.0)
    }
}

impl std::error::Error for NoSample {}

impl Metrics {
    /// Reads the text format.
    ///
    /// # Errors
    /// When a line is neither a sample nor a comment.
    pub fn parse(text: &str) -> Result<Self, NoSample> {
        let samples = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        samples
            .map(|line| Sample::parse(line).ok_or_else(|| NoSample(line.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The sum of the series of this name that have these labels, among others.
    /// None if there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut values = self.matching(name, labels).map(|sample| sample.value).peekable();
        values.peek()?;
        Some(values.sum())
    }

    /// The same by the values of one more label.
    pub fn sums_by(
        &self,
        label: &str,
        name: &str,
        labels: &[(&str, &str)],
    ) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::new();
        for sample in self.matching(name, labels) {
            let value = sample.label(label).unwrap_or_default();
            *sums.entry(value.to_owned()).or_default() += sample.value;
        }
        sums
    }

    /// The histogram of this name, over all series that have these labels, among others.
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Histogram {
        let name = format!("{name}_bucket");
        let buckets = self.matching(&name, labels).filter_map(|sample| {
            let end = sample.label("le")?.parse().ok()?;
            Some((end, sample.value))
        });
        Histogram::of(buckets)
    }

    /// By how much each series grew. One that was not there before began at nought.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let earlier: BTreeMap<_, f64> =
            before.0.iter().map(|sample| (sample.series(), sample.value)).collect();
        let grown = self.0.iter().map(|sample| {
            let value = sample.value - earlier.get(&sample.series()).copied().unwrap_or(0.0);
            Sample { value, ..sample.clone() }
        });
        Self(grown.collect())
    }

    /// The label sets of the series of this name.
    pub fn series(&self, name: &str) -> Vec<Vec<(String, String)>> {
        self.matching(name, &[]).map(|sample| sample.labels.clone()).collect()
    }

    /// The names of the series that begin with this.
    pub fn names(&self, prefix: &str) -> Vec<&str> {
        let names = self.0.iter().map(|sample| sample.name.as_str());
        let mut names: Vec<&str> = names.filter(|name| name.starts_with(prefix)).collect();
        names.dedup();
        names
    }

    fn matching(&self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = &Sample> {
        self.0.iter().filter(move |sample| {
            sample.name == name
                && labels.iter().all(|(label, value)| sample.label(label) == Some(*value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Metrics {
        Metrics::parse(text).unwrap()
    }

    #[test]
    fn reads_labels_with_anything_in_them() {
        let metrics = read(
            "# TYPE a counter\na{model=\"x,}\\\"y\\\\\",version=\"v1\"} 3\na{model=\"z\"} 4\nb 0.5\n",
        );
        assert_eq!(metrics.sum("a", &[("model", "x,}\"y\\"), ("version", "v1")]), Some(3.0));
        assert_eq!(metrics.sum("a", &[]), Some(7.0));
        assert_eq!(metrics.sum("b", &[]), Some(0.5));
        assert_eq!(metrics.sum("a", &[("version", "v2")]), None);
    }

    #[test]
    fn a_line_that_is_no_sample_is_named() {
        for line in ["word", "name{label=\"v\" 1", "name{label} 1", "name{} many"] {
            assert_eq!(Metrics::parse(line).unwrap_err(), NoSample(line.to_owned()));
        }
    }

    #[test]
    fn sums_by_a_label_leave_no_series_out() {
        let metrics =
            read("a{x=\"1\",y=\"b\"} 3\na{x=\"2\",y=\"b\"} 4\na{x=\"2\",y=\"c\"} 5\na 6\n");
        let sums = metrics.sums_by("x", "a", &[]);
        assert_eq!(
            sums,
            [("", 6.0), ("1", 3.0), ("2", 9.0)].map(|(x, sum)| (x.into(), sum)).into()
        );
        assert_eq!(metrics.sums_by("x", "a", &[("y", "c")]), [("2".into(), 5.0)].into());
    }

    #[test]
    fn growth_is_that_of_each_series() {
        let before = read("a{x=\"1\"} 3\n");
        let grown = read("a{x=\"1\"} 5\na{x=\"2\"} 4\n").since(&before);
        assert_eq!(grown.sum("a", &[("x", "1")]), Some(2.0));
        assert_eq!(grown.sum("a", &[("x", "2")]), Some(4.0));
    }

    #[test]
    fn a_histogram_is_that_of_all_its_series() {
        let metrics = read(
            "t_bucket{v=\"1\",le=\"10\"} 1\nt_bucket{v=\"1\",le=\"+Inf\"} 2\n\
             t_bucket{v=\"2\",le=\"10\"} 3\nt_bucket{v=\"2\",le=\"+Inf\"} 4\n",
        );
        assert_eq!(metrics.histogram("t", &[]).count(), 6.0);
        assert_eq!(metrics.histogram("t", &[("v", "2")]).count(), 4.0);
    }
}
