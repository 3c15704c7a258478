//! The parameters that chat and plain completions have in common. They are read from the body on
//! their own: flattened into the request they would lose their places in error messages.

use serde::Deserialize;

use crate::refusal::Refusal;
use crate::text_model::{LONGEST_COMPLETION, Sampling};

/// OpenAI's own bound for one prompt; here it is for all prompts of a request together.
pub(super) const MOST_CHOICES: u64 = 128;
const MOST_STOPS: usize = 4;
const HIGHEST_TEMPERATURE: f64 = 2.0;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Parameters {
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    n: Option<u64>,
    temperature: Option<f64>,
    seed: Option<i64>,
    stop: Option<Stop>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
}

#[derive(Debug, Default, Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "must be a text or a list of texts")]
enum Stop {
    One(String),
    Several(Vec<String>),
}

/// How the answer is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    Streamed { include_usage: bool },
}

/// What the parameters mean once they are known to be right.
#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) sampling: Sampling,
    pub(super) choices: u64,
    pub(super) delivery: Delivery,
}

impl Parameters {
    /// # Errors
    /// A number out of its range, or stream options for an answer that is not streamed.
    pub(super) fn plan(self, default_max_tokens: u64) -> Result<Plan, Refusal> {
        let choices = self.n.unwrap_or(1);
        if !(1..=MOST_CHOICES).contains(&choices) {
            let problem = format!("must be from 1 to {MOST_CHOICES}, is {choices}");
            return Err(Refusal::malformed("n", problem));
        }
        let temperature = self.temperature.unwrap_or(1.0);
        if !(0.0..=HIGHEST_TEMPERATURE).contains(&temperature) {
            let problem = format!("must be from 0 to {HIGHEST_TEMPERATURE}, is {temperature}");
            return Err(Refusal::malformed("temperature", problem));
        }
        let asked = self.max_completion_tokens.or(self.max_tokens).unwrap_or(default_max_tokens);
        let max_tokens = usize::try_from(asked).unwrap_or(usize::MAX).min(LONGEST_COMPLETION);
        let delivery = delivery(self.stream, self.stream_options)?;
        let stop = self.stop.map(Stop::into_texts).transpose()?.unwrap_or_default();
        // Any seed does for those who gave none; the bits of a negative one are as good as any.
        let seed = self.seed.map_or_else(|| fastrand::u64(..), i64::cast_unsigned);
        Ok(Plan { sampling: Sampling { temperature, seed, max_tokens, stop }, choices, delivery })
    }
}

impl Stop {
    fn into_texts(self) -> Result<Vec<String>, Refusal> {
        let texts = match self {
            Self::One(text) => vec![text],
            Self::Several(texts) => texts,
        };
        if texts.len() > MOST_STOPS || texts.iter().any(String::is_empty) {
            let problem = format!("must be up to {MOST_STOPS} texts, none of them empty");
            return Err(Refusal::malformed("stop", problem));
        }
        Ok(texts)
    }
}

fn delivery(stream: Option<bool>, options: Option<StreamOptions>) -> Result<Delivery, Refusal> {
    match (stream.unwrap_or(false), options) {
        (true, options) => {
            let include_usage = options.and_then(|options| options.include_usage).unwrap_or(false);
            Ok(Delivery::Streamed { include_usage })
        }
        (false, None) => Ok(Delivery::Whole),
        (false, Some(_)) => {
            Err(Refusal::malformed("stream_options", "is allowed only when stream is true"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(json: &str) -> Result<Plan, String> {
        let parameters: Parameters = serde_json::from_str(json).expect("right types");
        parameters.plan(16).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn nothing_given_means_openais_defaults() {
        let plan = plan("{}").expect("defaults");
        assert_eq!((plan.choices, plan.delivery), (1, Delivery::Whole));
        assert_eq!((plan.sampling.max_tokens, plan.sampling.temperature), (16, 1.0));
    }

    #[test]
    fn the_newer_name_for_max_tokens_wins() {
        let plan = plan(r#"{"max_tokens": 5, "max_completion_tokens": 7}"#).expect("right");
        assert_eq!(plan.sampling.max_tokens, 7);
    }

    #[test]
    fn more_tokens_than_the_model_writes_are_its_most() {
        let plan = plan(r#"{"max_tokens": 18446744073709551615}"#).expect("right");
        assert_eq!(plan.sampling.max_tokens, LONGEST_COMPLETION);
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert_eq!(plan(r#"{"n": 0}"#), Err("n: must be from 1 to 128, is 0".to_owned()));
        assert_eq!(plan(r#"{"n": 129}"#), Err("n: must be from 1 to 128, is 129".to_owned()));
        for temperature in ["-0.1", "2.1"] {
            let json = format!(r#"{{"temperature": {temperature}}}"#);
            assert_eq!(
                plan(&json),
                Err(format!("temperature: must be from 0 to 2, is {temperature}"))
            );
        }
    }

    #[test]
    fn stream_options_need_a_stream() {
        assert!(plan(r#"{"stream_options": {"include_usage": true}}"#).is_err());
        let plan = plan(r#"{"stream": true, "stream_options": {"include_usage": true}}"#);
        assert_eq!(plan.expect("right").delivery, Delivery::Streamed { include_usage: true });
    }

    #[test]
    fn up_to_four_stop_texts_may_be_given() {
        assert_eq!(plan(r#"{"stop": "."}"#).expect("right").sampling.stop, ["."]);
        assert!(plan(r#"{"stop": ["a", "b", "c", "d"]}"#).is_ok());
        assert!(plan(r#"{"stop": ["a", "b", "c", "d", "e"]}"#).is_err());
        assert!(plan(r#"{"stop": ""}"#).is_err());
    }
}
