//! The counts, and what they mean.

/// How many tokens an answer says it used. What it does not say is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the prompt, those from a cache and those written to one included.
    pub input_tokens: Option<u64>,
    /// Of the answer, those of reasoning included.
    pub output_tokens: Option<u64>,
    /// Of the input, those that came from a cache.
    pub cached_tokens: Option<u64>,
    /// Of the input, those that were written to a cache.
    pub cache_write_tokens: Option<u64>,
    /// Of the output, those of reasoning.
    pub reasoning_tokens: Option<u64>,
}

/// The facts in which filters tell the access log, traces and each other what an answer
/// said, in the order of [`Usage`].
pub const USAGE_FACTS: [&str; 5] = [
    "inference.input_tokens",
    "inference.output_tokens",
    "inference.cached_tokens",
    "inference.cache_write_tokens",
    "inference.reasoning_tokens",
];

impl Usage {
    /// The counts in the order of [`USAGE_FACTS`].
    pub const fn counts(&self) -> [Option<u64>; 5] {
        let Self { input_tokens, output_tokens, cached_tokens, cache_write_tokens, .. } = *self;
        [input_tokens, output_tokens, cached_tokens, cache_write_tokens, self.reasoning_tokens]
    }

    /// What these counts mean, in the same order.
    pub const fn of_counts(counts: [Option<u64>; 5]) -> Self {
        let [input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens] =
            counts;
        Self { input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens }
    }

    /// Input and output together; `None` if neither is known. It is added up
    /// rather than read, since not every API says it.
    pub const fn total(&self) -> Option<u64> {
        match (self.input_tokens, self.output_tokens) {
            (None, None) => None,
            (Some(tokens), None) | (None, Some(tokens)) => Some(tokens),
            (Some(input), Some(output)) => Some(input.saturating_add(output)),
        }
    }

    /// What is said later goes before what was said.
    pub(super) fn merge(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        self.cached_tokens = later.cached_tokens.or(self.cached_tokens);
        self.cache_write_tokens = later.cache_write_tokens.or(self.cache_write_tokens);
        self.reasoning_tokens = later.reasoning_tokens.or(self.reasoning_tokens);
    }

    /// The same where the input was said without what a cache had to do with.
    ///
    /// Source: Anthropic, "Prompt caching": total input is the sum of the three.
    pub(super) fn with_cache_in_input(self) -> Self {
        let cache = [self.cached_tokens, self.cache_write_tokens];
        let cache = cache.into_iter().flatten().fold(0, u64::saturating_add);
        Self { input_tokens: self.input_tokens.map(|input| input.saturating_add(cache)), ..self }
    }
}
