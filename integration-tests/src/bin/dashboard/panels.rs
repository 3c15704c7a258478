//! What stands on the dashboard: each line is a question to the metrics of a few seconds.

use integration_tests::Metrics;
use plotters::style::RGBColor;

const GREEN: RGBColor = RGBColor(40, 140, 70);
const RED: RGBColor = RGBColor(200, 60, 40);
const BLUE: RGBColor = RGBColor(20, 90, 170);
const ORANGE: RGBColor = RGBColor(225, 140, 30);
const VIOLET: RGBColor = RGBColor(120, 70, 160);
const GREY: RGBColor = RGBColor(120, 120, 120);

const REQUESTS: &str = "inference_requests_total";
const DURATION: &str = "inference_request_duration_us";
const FIRST_TOKEN: &str = "gen_ai_server_time_to_first_token_ms";
const OUTPUT_TOKEN: &str = "gen_ai_server_time_per_output_token_us";

/// What happened in some time.
pub(crate) struct Window {
    pub(crate) grown: Metrics,
    pub(crate) seconds: f64,
}

/// A picture of the dashboard.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) lines: &'static [Line],
}

/// A line in it.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) colour: RGBColor,
    /// None where nothing is known.
    pub(crate) height: fn(&Window) -> Option<f64>,
}

/// All of it, by rows of two.
pub(crate) const PANELS: [Panel; 8] = [
    Panel {
        title: "Requests per second, by outcome",
        lines: &[
            line("ok", GREEN, |it| it.rate(REQUESTS, &[("outcome", "ok")])),
            line("refused", ORANGE, |it| it.rate(REQUESTS, &[("outcome", "refused")])),
            line("upstream_error", RED, |it| it.rate(REQUESTS, &[("outcome", "upstream_error")])),
            line("client_left", GREY, |it| it.rate(REQUESTS, &[("outcome", "client_left")])),
        ],
    },
    Panel {
        title: "Duration of all requests, ms",
        lines: &[
            line("p95", VIOLET, |it| it.quantile(DURATION, &[], 0.95, 1e-3)),
            line("p50", BLUE, |it| it.quantile(DURATION, &[], 0.5, 1e-3)),
        ],
    },
    Panel {
        title: "Time to first token, ms",
        lines: &[
            line("p95", VIOLET, |it| it.quantile(FIRST_TOKEN, &[], 0.95, 1.0)),
            line("p50", BLUE, |it| it.quantile(FIRST_TOKEN, &[], 0.5, 1.0)),
        ],
    },
    Panel {
        title: "Tokens per second",
        lines: &[
            line("output", GREEN, |it| {
                it.rate("inference_tokens_total", &[("token_type", "output")])
            }),
            line("input", BLUE, |it| it.rate("inference_tokens_total", &[("token_type", "input")])),
        ],
    },
    Panel {
        title: "Cost, dollars per hour",
        lines: &[line("by price", GREEN, |it| {
            Some(it.rate("inference_cost_microunits_total", &[])? * 3600.0 / 1e6)
        })],
    },
    Panel {
        title: "Stable and canary: requests per second",
        lines: &[
            line("v1, stable", BLUE, |it| it.rate(REQUESTS, &[("version", "v1")])),
            line("v2, canary", ORANGE, |it| it.rate(REQUESTS, &[("version", "v2")])),
        ],
    },
    Panel {
        title: "Stable and canary: time per output token, p50, ms",
        lines: &[
            line("v1, stable", BLUE, |it| {
                it.quantile(OUTPUT_TOKEN, &[("version", "v1")], 0.5, 1e-3)
            }),
            line("v2, canary", ORANGE, |it| {
                it.quantile(OUTPUT_TOKEN, &[("version", "v2")], 0.5, 1e-3)
            }),
        ],
    },
    Panel {
        title: "Stable and canary: share that failed, %",
        lines: &[
            line("v1, stable", BLUE, |it| it.failed("v1")),
            line("v2, canary", ORANGE, |it| it.failed("v2")),
        ],
    },
];

const fn line(name: &'static str, colour: RGBColor, height: fn(&Window) -> Option<f64>) -> Line {
    Line { name, colour, height }
}

impl Window {
    fn rate(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        Some(self.grown.sum(name, labels).unwrap_or(0.0) / self.seconds)
    }

    fn quantile(&self, name: &str, labels: &[(&str, &str)], share: f64, unit: f64) -> Option<f64> {
        Some(self.grown.histogram(name, labels).quantile(share)? * unit)
    }

    fn failed(&self, version: &str) -> Option<f64> {
        let all = self.grown.sum(REQUESTS, &[("version", version)]).filter(|all| *all > 0.0)?;
        let failed = ["upstream_error", "timeout", "cut"].map(|outcome| {
            self.grown.sum(REQUESTS, &[("version", version), ("outcome", outcome)]).unwrap_or(0.0)
        });
        Some(failed.iter().sum::<f64>() / all * 100.0)
    }
}
