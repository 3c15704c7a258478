//! What adds up over a request, and the ceilings.

use super::limits::Rules;
use super::scalar::Shown;
use super::shape::Counter;
use super::wording;
use crate::rules::Rule;

/// What was counted so far. A key that stands twice counts twice.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    messages: u64,
    tools: u64,
    inputs: u64,
    images: u64,
    /// Of the whole request.
    characters: u64,
    /// Of the input or prompt that is read now.
    text: Text,
    /// The most tokens that were asked for.
    asked_tokens: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Text {
    characters: u64,
    tokens: u64,
}

/// What goes beyond a ceiling.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excess {
    pub(super) rule: Rule,
    pub(super) found: String,
    pub(super) allowed: String,
}

impl Tally {
    /// One more. Told is only the first one beyond the ceiling.
    pub(super) fn count(&mut self, counter: Counter, rules: &Rules) -> Option<Excess> {
        let config = &rules.config;
        let (count, most, rule, one, many) = match counter {
            Counter::Messages => {
                (&mut self.messages, config.max_messages, Rule::MessageCount, "message", "messages")
            }
            Counter::Tools => (&mut self.tools, config.max_tools, Rule::ToolCount, "tool", "tools"),
            Counter::Inputs => {
                self.text = Text::default();
                (&mut self.inputs, config.max_inputs, Rule::InputCount, "input", "inputs")
            }
            Counter::Images => {
                (&mut self.images, config.max_images, Rule::ImageCount, "image", "images")
            }
        };
        let before = *count;
        *count = before.saturating_add(1);
        let most = u64::from(most?);
        (before == most).then(|| Excess {
            rule,
            found: wording::count(*count, one, many),
            allowed: format!("at most {most}"),
        })
    }

    /// More text of the prompt.
    pub(super) fn add_text(&mut self, characters: u64, rules: &Rules) -> [Option<Excess>; 2] {
        self.add(Text { characters, tokens: 0 }, characters, rules)
    }

    /// One more token of the prompt, as a number.
    pub(super) fn add_token(&mut self, rules: &Rules) -> [Option<Excess>; 2] {
        let characters = u64::from(rules.config.characters_per_token);
        self.add(Text { characters: 0, tokens: 1 }, characters, rules)
    }

    /// So many tokens are asked for.
    pub(super) fn ask(&mut self, tokens: f64, rules: &Rules) -> [Option<Excess>; 2] {
        let before = self.estimate_in_window(rules);
        let beyond = rules.config.max_tokens.filter(|most| tokens > f64::from(*most));
        self.asked_tokens = Some(self.asked_tokens.map_or(tokens, |asked| asked.max(tokens)));
        let too_many = beyond.map(|most| Excess {
            rule: Rule::MaxTokens,
            found: format!("{} tokens", Shown(tokens)),
            allowed: format!("at most {most}"),
        });
        [too_many, self.beyond_window(before, rules)]
    }

    /// Whether it was said how many tokens the answer may have.
    pub(super) const fn has_asked(&self) -> bool {
        self.asked_tokens.is_some()
    }

    fn add(&mut self, text: Text, characters: u64, rules: &Rules) -> [Option<Excess>; 2] {
        let before = self.characters;
        let estimate = self.estimate_in_window(rules);
        self.characters = before.saturating_add(characters);
        self.text.characters = self.text.characters.saturating_add(text.characters);
        self.text.tokens = self.text.tokens.saturating_add(text.tokens);
        let beyond =
            rules.config.max_characters.filter(|most| before <= *most && self.characters > *most);
        let too_long = beyond.map(|most| Excess {
            rule: Rule::Characters,
            found: wording::count(self.characters, "character", "characters"),
            allowed: format!("at most {most}"),
        });
        [too_long, self.beyond_window(estimate, rules)]
    }

    /// If it just went beyond.
    fn beyond_window(&self, before: Option<f64>, rules: &Rules) -> Option<Excess> {
        let window = rules.config.context_window_tokens?;
        let (most, now) = (f64::from(window), self.estimate(rules));
        (before? <= most && now > most).then(|| Excess {
            rule: Rule::ContextWindow,
            found: format!("about {} tokens of prompt and answer", Shown(now)),
            allowed: format!("at most {window}"),
        })
    }

    /// The estimate, if there is a window.
    fn estimate_in_window(&self, rules: &Rules) -> Option<f64> {
        rules.config.context_window_tokens.map(|_| self.estimate(rules))
    }

    /// How many tokens prompt and answer have by now, about.
    fn estimate(&self, rules: &Rules) -> f64 {
        let per_token = u64::from(rules.config.characters_per_token.max(1));
        let tokens = self.text.characters.div_ceil(per_token).saturating_add(self.text.tokens);
        // A window has no more than this.
        let tokens = u32::try_from(tokens).map_or(f64::INFINITY, f64::from);
        tokens + self.asked_tokens.unwrap_or(0.0)
    }
}
