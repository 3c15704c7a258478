//! What a body says, as it is read.

use super::include_usage::{Asking, IncludeUsage};
use crate::json::Kind;
use crate::places::{Fact, Hears, Scalar, Tally, Value};

/// What is known of a body when it ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) prompt: Tally,
    /// How many prompts there are, if there are several.
    prompts: u64,
    tools_bytes: u64,
    functions_bytes: u64,
    max_tokens: Option<u64>,
    other_max_tokens: Option<u64>,
    n: Option<u64>,
    best_of: Option<u64>,
    pub(super) stream: bool,
    asking: Asking,
}

impl Asked {
    pub(super) const fn tool_bytes(&self) -> u64 {
        self.tools_bytes.saturating_add(self.functions_bytes)
    }

    pub(super) fn max_output_tokens(&self) -> Option<u64> {
        // Which of them counts differs between servers, where one is 0.
        self.max_tokens.max(self.other_max_tokens)
    }

    /// How many answers are generated to each prompt.
    pub(super) fn answers(&self) -> u64 {
        self.n.max(self.best_of).unwrap_or(1).max(1)
    }

    pub(super) fn prompts(&self) -> u64 {
        self.prompts.max(1)
    }

    /// What it takes for a streamed answer to say its usage.
    pub(super) fn include_usage(self) -> IncludeUsage {
        self.asking.include_usage()
    }

    fn count(&mut self, fact: Fact) -> Option<&mut Option<u64>> {
        match fact {
            Fact::MaxTokens => Some(&mut self.max_tokens),
            Fact::OtherMaxTokens => Some(&mut self.other_max_tokens),
            Fact::N => Some(&mut self.n),
            Fact::BestOf => Some(&mut self.best_of),
            _ => None,
        }
    }
}

impl Hears for Asked {
    fn begins(&mut self, fact: Fact, kind: Kind, at: u64) {
        match fact {
            Fact::Prompts => self.prompts = 0,
            // Token numbers beside each other are one prompt.
            Fact::Prompt if kind != Kind::Number => self.prompts = self.prompts.saturating_add(1),
            Fact::Parameters => self.max_tokens = None,
            Fact::Stream => self.stream = false,
            Fact::StreamOptions => self.asking.options_begin(kind, at),
            Fact::IncludeUsage => self.asking.flag_begins(),
            count => {
                if let Some(count) = self.count(count) {
                    *count = None;
                }
            }
        }
    }

    fn ends(&mut self, fact: Fact, value: &Value<'_>) {
        match fact {
            Fact::Root => {
                self.prompt = value.tally;
                self.asking.body_ends(value);
            }
            Fact::Tools => self.tools_bytes = written(value),
            Fact::Functions => self.functions_bytes = written(value),
            Fact::Stream => self.stream = is_yes(value),
            Fact::StreamOptions => self.asking.options_end(value),
            Fact::IncludeUsage => self.asking.flag_ends(value, is_yes(value)),
            count => {
                if let Some(count) = self.count(count) {
                    *count = asked(value);
                }
            }
        }
    }
}

/// How long a value is, as it is written.
fn written(value: &Value<'_>) -> u64 {
    if value.kind == Kind::Null { 0 } else { value.span.end.saturating_sub(value.span.start) }
}

fn asked(value: &Value<'_>) -> Option<u64> {
    match (value.kind, value.text) {
        (Kind::Number | Kind::String, Some(text)) => Scalar::asked(text),
        // Whatever a server reads in it.
        (Kind::Number | Kind::String, None) => Some(u64::MAX),
        _ => None,
    }
}

fn is_yes(value: &Value<'_>) -> bool {
    match value.kind {
        Kind::Boolean(is_yes) => is_yes,
        Kind::Number | Kind::String => value.text.is_some_and(Scalar::is_yes),
        _ => false,
    }
}
