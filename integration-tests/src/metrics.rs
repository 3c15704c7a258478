/// The metrics of an Envoy at one moment, read from the Prometheus text format.
///
/// Source: Prometheus, *Exposition formats*, "Text-based format".
#[derive(Clone, Debug)]
pub struct Metrics(Vec<Sample>);

#[derive(Clone, Debug, PartialEq)]
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

impl Metrics {
    pub(crate) fn parse(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(
            samples
                .map(|line| Sample::parse(line).unwrap_or_else(|| panic!("no sample: {line}")))
                .collect(),
        )
    }

    /// The sum of the series of this name that have these labels, among others.
    /// None if there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut values = self.matching(name, labels).map(|sample| sample.value).peekable();
        values.peek()?;
        Some(values.sum())
    }

    /// The label sets of the series of this name.
    pub fn series(&self, name: &str) -> Vec<Vec<(String, String)>> {
        self.matching(name, &[]).map(|sample| sample.labels.clone()).collect()
    }

    /// The names of the series that begin with this.
    pub fn names(&self, prefix: &str) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .0
            .iter()
            .map(|s| s.name.as_str())
            .filter(|name| name.starts_with(prefix))
            .collect();
        names.dedup();
        names
    }

    fn matching(&self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = &Sample> {
        self.0.iter().filter(move |sample| {
            sample.name == name
                && labels.iter().all(|(label, value)| {
                    sample.labels.iter().any(|(known, is)| known == label && is == value)
                })
        })
    }
}

impl Sample {
    fn parse(line: &str) -> Option<Self> {
        let (name, rest) = line.split_at(line.find(['{', ' '])?);
        let (labels, value) = match rest.strip_prefix('{') {
            None => (Vec::new(), rest),
            Some(rest) => parse_labels(rest)?,
        };
        let value = value.split_whitespace().next()?.parse().ok()?;
        Some(Self { name: name.to_owned(), labels, value })
    }
}

/// Labels, and what stands behind their closing brace.
fn parse_labels(mut text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        if let Some(rest) = text.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, rest) = text.split_once("=\"")?;
        let (value, rest) = parse_value(rest)?;
        labels.push((name.to_owned(), value));
        text = rest.strip_prefix(',').unwrap_or(rest);
    }
}

/// A value, and what stands behind its closing quote.
fn parse_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((position, character)) = chars.next() {
        match character {
            '"' => return Some((value, text.get(position + 1..)?)),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                escaped => escaped,
            }),
            character => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_labels_with_anything_in_them() {
        let metrics = Metrics::parse(
            "# TYPE a counter\na{model=\"x,}\\\"y\\\\\",version=\"v1\"} 3\na{model=\"z\"} 4\nb 0.5\n",
        );
        assert_eq!(metrics.sum("a", &[("model", "x,}\"y\\"), ("version", "v1")]), Some(3.0));
        assert_eq!(metrics.sum("a", &[]), Some(7.0));
        assert_eq!(metrics.sum("b", &[]), Some(0.5));
        assert_eq!(metrics.sum("a", &[("version", "v2")]), None);
    }
}
