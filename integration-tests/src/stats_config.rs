use admission_control::AdmissionControl;
use filter_kit::{BUILD_INFO, Filter, Metric, MetricKind};
use inference_metrics::InferenceMetrics;
use model_router::ModelRouter;
use payload_validator::PayloadValidator;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The names of the filters' modules, in the order of the chain, and what each one measures beside
/// what they all do.
const MODULES: [(&str, &[&Metric]); 4] = [
    ("inference_metrics", InferenceMetrics::METRICS),
    ("model_router", ModelRouter::METRICS),
    ("payload_validator", PayloadValidator::METRICS),
    ("admission_control", AdmissionControl::METRICS),
];

/// No generated line is longer.
const LINE_WIDTH: usize = 110;

/// Envoy's `stats_config` for metrics of filters: what tells it that they have labels, and
/// where the buckets of their histograms end.
///
/// Source: Envoy 1.40, `config.metrics.v3.StatsConfig`.
#[derive(Clone, Debug)]
pub struct StatsConfig {
    metrics: Vec<&'static Metric>,
}

impl StatsConfig {
    /// For all filters.
    pub fn of_all() -> Self {
        Self::of(|_| true)
    }

    /// For those filters whose module is chosen by its name, such as `model_router`.
    pub fn of(is_chosen: impl Fn(&str) -> bool) -> Self {
        let chosen = MODULES.iter().filter(|(module, _)| is_chosen(module));
        Self { metrics: chosen.flat_map(|(_, metrics)| metrics.iter().copied()).collect() }
    }

    /// The metrics that the filters move.
    pub fn metrics(&self) -> &[&'static Metric] {
        &self.metrics
    }

    /// As a part of a bootstrap.
    pub fn json(&self) -> Value {
        let tags = self
            .labels()
            .into_iter()
            .map(|label| json!({"tag_name": label, "regex": regex(label)}));
        let settings = self
            .histograms()
            .map(|(name, bounds)| json!({"match": {"prefix": prefix(name)}, "buckets": bounds}));
        json!({
            "stats_tags": tags.collect::<Vec<Value>>(),
            "histogram_bucket_settings": settings.collect::<Vec<Value>>(),
        })
    }

    /// As the files in envoy/ have it. Bounds that stand there already are referred to.
    pub fn yaml(&self) -> String {
        let mut text = String::from("stats_config:\n  stats_tags:\n");
        for label in self.labels() {
            let _ = writeln!(text, "    - {{ tag_name: {label}, regex: '{}' }}", regex(label));
        }
        let histograms: Vec<(&str, &[u64])> = self.histograms().collect();
        if !histograms.is_empty() {
            text += "  # Where the buckets of histograms end";
            let is_of_convention = histograms.iter().any(|(name, _)| name.starts_with("gen_ai_"));
            text += if is_of_convention {
                "; those of `gen_ai_*` are OpenTelemetry's.\n"
            } else {
                ".\n"
            };
            text += "  histogram_bucket_settings:\n";
        }
        for (position, (name, bounds)) in histograms.iter().enumerate() {
            let _ = writeln!(text, "    - match: {{ prefix: {} }}", prefix(name));
            let (before, after) = (&histograms[..position], &histograms[position + 1..]);
            let known = before.iter().find(|(_, known)| known == bounds);
            let is_shared = after.iter().any(|(_, later)| later == bounds);
            text += &match known {
                Some((first, _)) => format!("      buckets: *{first}\n"),
                None if is_shared => buckets(&format!(" &{name}"), bounds),
                None => buckets("", bounds),
            };
        }
        text
    }

    /// The same as a section that stands within a text, indented by so many spaces, up to the line
    /// that ends the section.
    pub fn yaml_within(&self, spaces: usize) -> String {
        let indent = " ".repeat(spaces);
        let lines = self.yaml().lines().map(|line| format!("{indent}{line}\n")).collect::<String>();
        lines + &indent
    }

    /// Each label once, in the order in which they occur.
    fn labels(&self) -> Vec<&'static str> {
        let mut labels = Vec::new();
        let metrics = self.metrics.iter().copied().chain([&BUILD_INFO]);
        for label in metrics.flat_map(|metric| metric.labels) {
            if !labels.contains(label) {
                labels.push(*label);
            }
        }
        labels
    }

    fn histograms(&self) -> impl Iterator<Item = (&'static str, &'static [u64])> {
        self.metrics.iter().filter_map(|metric| match metric.kind {
            MetricKind::Histogram(bounds) => Some((metric.name, bounds)),
            MetricKind::Counter | MetricKind::Gauge => None,
        })
    }
}

/// What the outer brackets match is cut out of the name, the inner ones hold the value.
fn regex(label: &str) -> String {
    format!(r"^wasmcustom\..*?(_{label}=\.=(.*?);)")
}

/// How the names of a histogram's series begin.
fn prefix(name: &str) -> String {
    format!("wasmcustom.{name}")
}

/// A list in brackets, on as many lines as it takes.
fn buckets(anchor: &str, bounds: &[u64]) -> String {
    const INDENT: &str = "        ";
    let words: Vec<String> = bounds.iter().map(ToString::to_string).collect();
    let in_one = format!("      buckets:{anchor} [{}]\n", words.join(", "));
    if in_one.len() <= LINE_WIDTH {
        return in_one;
    }
    let mut lines = vec![format!("      buckets:{anchor}"), format!("{INDENT}[")];
    for (position, word) in words.iter().enumerate() {
        let is_last = position + 1 == words.len();
        let item = format!("{word}{}", if is_last { "]" } else { "," });
        let line = lines.last_mut().expect("a first line");
        let gap = if line.ends_with(',') { " " } else { "" };
        if line.len() + gap.len() + item.len() > LINE_WIDTH {
            lines.push(format!("{INDENT} {item}"));
        } else {
            *line += gap;
            *line += &item;
        }
    }
    lines.join("\n") + "\n"
}
