//! What a request comes to when it is over.

use super::Measured;
use crate::family::Group;
use crate::measuring::InferenceMetrics;
use crate::outcome::{Outcome, Progress, finish_reason_position, grpc_status};
use crate::pricing::Cost;
use crate::telling;
use filter_kit::{Notes, ResponseFlags, Timestamp};
use inference_api::dialect::Operation;
use inference_api::usage::{USAGE_FACTS, Usage};

/// What Envoy says of a stream that lasted as long as it may, also by `grpc-timeout`.
const MAX_DURATION: &[u8] = b"max_duration_timeout";

/// What Envoy says of an answer that it follows to where that points.
const INTERNAL_REDIRECT: &[u8] = b"internal_redirect";

/// The most tokens that are believed of a request: the last bucket of
/// `gen_ai.client.token.usage`. A server that says more would make every sum useless.
const MOST_TOKENS: u64 = 67_108_864;

/// Tokens of a request.
#[derive(Clone, Copy, Debug, Default)]
struct Tokens {
    /// As its answer says.
    said: Usage,
    /// By length, where it does not.
    estimated: Usage,
}

impl Measured {
    /// States what the answer said, and what became of the request as far as that can be
    /// told without Envoy's flags, which are not known yet.
    pub(super) fn state_end(&mut self, metrics: &InferenceMetrics, notes: &mut Notes) {
        self.state_answer(metrics, notes);
        let outcome = match &self.rejected {
            Some(_) => Outcome::Refused,
            None => {
                let flags = ResponseFlags::default();
                let progress = self.answer.progress(flags);
                Outcome::of(progress, self.answer.status(progress), flags)
            }
        };
        self.state_outcome(outcome, metrics, notes);
    }

    /// States what the answer said, once.
    fn state_answer(&mut self, metrics: &InferenceMetrics, notes: &mut Notes) {
        if self.is_stated || !metrics.states_facts {
            return;
        }
        self.is_stated = true;
        let tokens = self.tokens(metrics);
        let usage = self.answer.usage().map(|_| tokens.said);
        let cost = self.whole_cost(&tokens, metrics);
        telling::answered(usage.as_ref(), cost, self.answer.finish_reason(), notes);
    }

    /// States what became of it, unless that was stated already.
    pub(super) fn state_outcome(
        &mut self,
        outcome: Outcome,
        metrics: &InferenceMetrics,
        notes: &mut Notes,
    ) {
        if metrics.states_facts && self.stated_outcome != Some(outcome) {
            self.stated_outcome = Some(outcome);
            telling::outcome(outcome, notes);
        }
    }

    /// Counts what it came to.
    pub(super) fn settle(&mut self, metrics: &InferenceMetrics, at: Timestamp, notes: &mut Notes) {
        let was_stated = self.is_stated;
        self.request.finish();
        self.state_answer(metrics, notes);
        if was_stated && self.answer.usage().is_none() && self.usage().is_some() {
            // Only now another filter told what was used.
            telling::cost(self.whole_cost(&self.tokens(metrics), metrics), notes);
        }
        let Some((_, group)) = self.target.clone() else { return };
        let outcome = self.outcome(&group, notes);
        group.requests.count_at(outcome.position(), notes);
        self.state_outcome(outcome, metrics, notes);
        if let Some(code) = self.answer.status(self.progress()).grpc {
            group.grpc_responses.count_at(grpc_status(code), notes);
        }
        if let Some(reason) = self.answer.finish_reason() {
            group.finish_reasons.count_at(finish_reason_position(reason), notes);
        }
        if self.answer.is_compressed() {
            group.unread.count(notes);
        }
        self.settle_sizes(&group, notes);
        self.settle_times(&group, outcome, at, notes);
        self.settle_tokens(&group, metrics, notes);
    }

    fn outcome(&self, group: &Group, notes: &mut Notes) -> Outcome {
        let details = self.told.details.as_deref();
        // Only a filter can write both; Envoy's own details, which a server might guess,
        // have no semicolon.
        if let Some(rejected) = &self.rejected
            && details == Some(rejected)
            && let Some((filter, rule)) = String::from_utf8_lossy(rejected).split_once(';')
        {
            group.refuse(filter, rule, notes);
            return Outcome::Refused;
        }
        if self.lasted_too_long() {
            return Outcome::Timeout;
        }
        let progress = self.progress();
        let flags = self.told.flags.unwrap_or_default();
        Outcome::of(progress, self.answer.status(progress), flags)
    }

    /// Whether Envoy ended it for that. Of all that ends an answer, this alone has no flag.
    fn lasted_too_long(&self) -> bool {
        !self.answer.has_all_content() && self.told.details.as_deref() == Some(MAX_DURATION)
    }

    /// How far the answer came, now that it is over.
    fn progress(&self) -> Progress {
        match self.answer.progress(self.told.flags.unwrap_or_default()) {
            Progress::Complete if self.lasted_too_long() => Progress::Begun,
            Progress::Awaited if self.told.details.as_deref() == Some(INTERNAL_REDIRECT) => {
                Progress::Redirected
            }
            progress => progress,
        }
    }

    fn settle_sizes(&self, group: &Group, notes: &mut Notes) {
        let request = self.request.bytes().or(self.told.request_bytes);
        // What was announced and never came is no length.
        if let Some(bytes) = request.filter(|_| self.answer.has_begun()) {
            group.request_bytes.record(bytes, notes);
        }
        if let Some(bytes) = self.answer.bytes().or(self.told.response_bytes) {
            group.response_bytes.record(bytes, notes);
        }
        let brought = self.request.brought();
        if let Some(rows) = brought.rows {
            group.batch_size.record(rows, notes);
        }
        if let Some(elements) = brought.elements {
            group.tensor_elements.record(elements, notes);
        }
        if let Some(demand) = &brought.demand {
            group.prompt_characters.record(demand.prompt_characters, notes);
            group.images.add(demand.images, notes);
        }
    }

    fn settle_times(&self, group: &Group, outcome: Outcome, at: Timestamp, notes: &mut Notes) {
        let time = at.since(self.since);
        group.duration.record_us(time, notes);
        if let Some(upstream) = self.told.upstream_time {
            group.upstream_time.record_us(upstream, notes);
            group.gateway_time.record_us(time.saturating_sub(upstream), notes);
        }
        if !generates(self.operation) || outcome != Outcome::Ok {
            return;
        }
        group.generation.record_ms(time, notes);
        let Some(first) = self.answer.first_content() else { return };
        let output = self.usage().and_then(|usage| usage.output_tokens);
        let others = output.unwrap_or(self.answer.generated().0).saturating_sub(1);
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        if let Some(each) = at.since(first).checked_div(others) {
            group.output_token.record_us(each, notes);
        }
    }

    fn settle_tokens(&self, group: &Group, metrics: &InferenceMetrics, notes: &mut Notes) {
        let Tokens { said, estimated } = self.tokens(metrics);
        for (position, count) in said.counts().into_iter().enumerate() {
            group.tokens.add_at(position, count.unwrap_or(0), notes);
        }
        for (position, count) in [said.input_tokens, said.output_tokens].into_iter().enumerate() {
            if let Some(count) = count {
                group.token_usage.record_at(position, count, notes);
            }
        }
        let estimates = [estimated.input_tokens, estimated.output_tokens];
        for (position, count) in estimates.into_iter().enumerate() {
            group.tokens_estimated.add_at(position, count.unwrap_or(0), notes);
        }
        let cost = self.cost(&said, metrics).and(self.cost_of_request(metrics));
        group.charge(cost, notes);
        group.charge_estimated(self.cost(&estimated, metrics), notes);
    }

    /// What it cost, partly by estimate.
    fn whole_cost(&self, tokens: &Tokens, metrics: &InferenceMetrics) -> Cost {
        let tokens = [&tokens.said, &tokens.estimated].map(|tokens| self.cost(tokens, metrics));
        tokens.into_iter().fold(self.cost_of_request(metrics), Cost::and)
    }

    /// What its tokens cost.
    fn cost(&self, tokens: &Usage, metrics: &InferenceMetrics) -> Cost {
        let price = self.target.as_ref().map(|(target, _)| metrics.models.price(*target));
        price.unwrap_or_default().of(tokens)
    }

    /// What it cost beside its tokens.
    fn cost_of_request(&self, metrics: &InferenceMetrics) -> Cost {
        let price = self.target.as_ref().map(|(target, _)| metrics.models.price(*target));
        let is_answered = self.answer.has_begun() && self.answer.is_good();
        price.filter(|_| is_answered).unwrap_or_default().of_request()
    }

    /// What was used, as the answer says, or as another filter does that read it.
    fn usage(&self) -> Option<Usage> {
        let usage = self.answer.usage().unwrap_or_else(|| {
            let count = |name| {
                let text = str::from_utf8(self.told.fact(name)?).ok()?;
                text.parse().ok()
            };
            Usage::of_counts(USAGE_FACTS.map(count))
        });
        let counts = usage.counts().map(|count| count.filter(|count| *count <= MOST_TOKENS));
        let usage = Usage::of_counts(counts);
        usage.total().map(|_| usage)
    }

    fn tokens(&self, metrics: &InferenceMetrics) -> Tokens {
        if !(self.answer.has_begun() && self.answer.is_good()) {
            return Tokens::default();
        }
        let usage = self.usage();
        let said = usage.unwrap_or_default();
        let is_read = metrics.reads_answers && uses_tokens(self.operation);
        if !is_read || (usage.is_some() && self.answer.says_all()) {
            return Tokens { said, estimated: Usage::default() };
        }
        // What it said by then is of its beginning.
        let (events, bytes) = self.answer.generated();
        let seen = events.max(metrics.tokens_of(bytes)).max(said.output_tokens.unwrap_or(0));
        let estimated = Usage {
            input_tokens: said.input_tokens.is_none().then(|| self.input_tokens(metrics)),
            output_tokens: Some(seen),
            ..Usage::default()
        };
        Tokens { said: Usage { output_tokens: None, reasoning_tokens: None, ..said }, estimated }
    }

    /// As many tokens as its prompt is taken to have.
    fn input_tokens(&self, metrics: &InferenceMetrics) -> u64 {
        let tokens = match &self.request.brought().demand {
            Some(demand) => {
                let text = demand.prompt_bytes.saturating_add(demand.tool_bytes);
                metrics.tokens_of(text).saturating_add(demand.prompt_token_ids)
            }
            None => {
                metrics.tokens_of(self.request.bytes().or(self.told.request_bytes).unwrap_or(0))
            }
        };
        tokens.min(MOST_TOKENS)
    }
}

/// Whether its answer is text that a model generates.
const fn generates(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::ChatCompletions
            | Operation::Completions
            | Operation::Responses
            | Operation::Messages
            | Operation::Generate
            | Operation::GenerateStream
    )
}

/// Whether it is charged by tokens.
const fn uses_tokens(operation: Operation) -> bool {
    generates(operation) || matches!(operation, Operation::Embeddings)
}
