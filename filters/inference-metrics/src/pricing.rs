//! What tokens cost.

use crate::config;
use core::cell::Cell;
use filter_kit::Problems;
use inference_api::usage::Usage;

/// Prices are kept in millionths of a microunit, as whole numbers: sums of them are
/// exact, whatever is added up.
const PER_MICROUNIT: f64 = 1_000_000.0;

/// The highest price, in microunits: what 2^53 tokens cost at it is still a number.
const HIGHEST: f64 = 1_000_000_000.0;

/// What a model costs, in millionths of a microunit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Price {
    request: u64,
    input: u64,
    cached: u64,
    cache_write: u64,
    output: u64,
}

/// What something costs, in millionths of a microunit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost(u128);

/// What is left of costs when whole microunits were counted.
#[derive(Debug, Default)]
pub(crate) struct Change(Cell<u64>);

impl Price {
    /// What the configuration means; writes down what is wrong with it.
    pub(crate) fn new(written: &config::Price, path: &str, problems: &mut Problems) -> Self {
        let mut price = |name: &str, price: f64| {
            if !(0.0..=HIGHEST).contains(&price) {
                problems.add(format!("{path}.{name}"), "must be within 0 and 1000000000");
            }
            millionths(price)
        };
        let input = price("input_token_microunits", written.input_token_microunits);
        let cached = written.cached_token_microunits;
        let cache_write = written.cache_write_token_microunits;
        Self {
            request: price("request_microunits", written.request_microunits),
            input,
            cached: cached.map_or(input, |cached| price("cached_token_microunits", cached)),
            cache_write: cache_write
                .map_or(input, |written| price("cache_write_token_microunits", written)),
            output: price("output_token_microunits", written.output_token_microunits),
        }
    }

    /// What a request costs beside its tokens.
    pub(crate) fn of_request(&self) -> Cost {
        Cost(self.request.into())
    }

    /// What these tokens cost.
    pub(crate) fn of(&self, usage: &Usage) -> Cost {
        let cached = usage.cached_tokens.unwrap_or(0);
        let cache_write = usage.cache_write_tokens.unwrap_or(0);
        let special = cached.saturating_add(cache_write);
        let plain = usage.input_tokens.unwrap_or(0).saturating_sub(special);
        let output = usage.output_tokens.unwrap_or(0);
        let all = [
            (plain, self.input),
            (cached, self.cached),
            (cache_write, self.cache_write),
            (output, self.output),
        ];
        let cost = |(tokens, price)| u128::from(tokens).saturating_mul(u128::from(price));
        Cost(all.map(cost).into_iter().fold(0, u128::saturating_add))
    }
}

impl Cost {
    /// Both together.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// It costs nothing.
    pub(crate) const fn is_nothing(self) -> bool {
        self.0 == 0
    }

    /// In microunits, with at most six decimals: `1.05`.
    pub(crate) fn text(self) -> String {
        let (whole, rest) = self.split();
        let text = format!("{whole}.{rest:06}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// Whole microunits, and millionths.
    fn split(self) -> (u128, u64) {
        let whole = self.0.checked_div(1_000_000).unwrap_or(0);
        let rest = self.0.checked_rem(1_000_000).unwrap_or(0);
        (whole, u64::try_from(rest).unwrap_or(0))
    }
}

impl Change {
    /// The whole microunits that are to be counted for this cost and what was left of
    /// those before: so that the sum of all is right to one microunit.
    pub(crate) fn whole(&self, cost: Cost) -> u64 {
        let (whole, rest) = Cost(cost.0.saturating_add(self.0.get().into())).split();
        self.0.set(rest);
        u64::try_from(whole).unwrap_or(u64::MAX)
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a range that fits"
)]
fn millionths(microunits: f64) -> u64 {
    (microunits.clamp(0.0, HIGHEST) * PER_MICROUNIT).round() as u64
}
