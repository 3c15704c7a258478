//! A configuration that makes sense.

use super::config::{Config, Range};
use super::scalar::MOST_BYTES;
use super::shape::{Parameter, Setting};
use crate::rules::Rule;
use crate::violation::Findings;
use filter_kit::Problems;
use inference_api::json::Interest;

/// What generative requests may ask for; made once of a [`Config`], and shared.
#[derive(Clone, Debug)]
pub struct Rules {
    pub(super) config: Config,
}

impl Rules {
    /// What the configuration at `path` means. What is wrong with it is added to
    /// the problems.
    pub fn new(config: Config, problems: &mut Problems, path: &str) -> Self {
        let at = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        let counts = [
            ("max_tokens", config.max_tokens),
            ("max_n", config.max_n),
            ("max_messages", config.max_messages),
            ("max_inputs", config.max_inputs),
            ("context_window_tokens", config.context_window_tokens),
            ("characters_per_token", Some(config.characters_per_token)),
        ];
        for (key, count) in counts {
            if count == Some(0) {
                problems.add(at(key), "is 0, must be at least 1");
            }
        }
        if config.max_characters == Some(0) {
            problems.add(at("max_characters"), "is 0, must be at least 1");
        }
        let ranges = [
            ("temperature", config.temperature, 0.0, 2.0),
            ("top_p", config.top_p, 0.0, 1.0),
            ("presence_penalty", config.presence_penalty, -2.0, 2.0),
            ("frequency_penalty", config.frequency_penalty, -2.0, 2.0),
        ];
        for (key, range, least, most) in ranges {
            if let Some(problem) = problem_of(range, least, most) {
                problems.add(at(key), problem);
            }
        }
        if let Some(roles) = &config.allowed_roles {
            let path = at("allowed_roles");
            if roles.is_empty() {
                problems.add(&path, "is empty, must have a role");
            }
            for (place, role) in roles.iter().enumerate() {
                if role.is_empty() || role.len() > MOST_BYTES {
                    let problem = format!("must have 1 to {MOST_BYTES} bytes");
                    problems.add(format!("{path}[{place}]"), problem);
                }
            }
        }
        Self { config }
    }

    /// Whether it matters how long a text is.
    pub(super) fn interest_in_text(&self, findings: &Findings) -> Interest {
        let has_ceiling = self.config.max_characters.is_some();
        let has_window = self.config.context_window_tokens.is_some();
        let matters = (has_ceiling && findings.looks_at(Rule::Characters))
            || (has_window && findings.looks_at(Rule::ContextWindow));
        if matters { Interest::Measure } else { Interest::Skip }
    }

    /// From where to where a parameter may go. How many tokens may be asked for is
    /// a rule of its own.
    pub(super) fn range(&self, parameter: &Parameter) -> (f64, f64) {
        let range = match parameter.setting {
            Some(Setting::Temperature) => self.config.temperature,
            Some(Setting::TopP) => self.config.top_p,
            Some(Setting::PresencePenalty) => self.config.presence_penalty,
            Some(Setting::FrequencyPenalty) => self.config.frequency_penalty,
            Some(Setting::Answers) => Range { min: None, max: self.config.max_n.map(f64::from) },
            Some(Setting::Tokens) | None => Range::default(),
        };
        // A ceiling on answers may be higher than the API's.
        (
            range.min.unwrap_or(parameter.least),
            range.max.unwrap_or(parameter.most).min(parameter.most),
        )
    }
}

fn problem_of(range: Range, least: f64, most: f64) -> Option<String> {
    let (min, max) = (range.min.unwrap_or(least), range.max.unwrap_or(most));
    if min < least || max > most {
        return Some(format!("is {min} to {max}, must be within {least} to {most}"));
    }
    (min > max).then(|| format!("is {min} to {max}, must not end before it begins"))
}
