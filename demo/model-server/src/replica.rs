//! Everything that answering a request needs: what all APIs share.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;

use crate::classifier::Classifier;
use crate::features::Features;
use crate::identity::Identity;
use crate::occupancy::{Occupancy, Place};
use crate::pace::Pace;
use crate::refusal::Refusal;
use crate::slots::{Slot, Slots};
use crate::text_model::{Completion, Sampling, TextModel};

/// One running copy of one model version.
pub(crate) struct Replica {
    pub(crate) identity: Identity,
    pub(crate) occupancy: Occupancy,
    pub(crate) classifier: Arc<Classifier>,
    pub(crate) pace: Pace,
    pub(crate) slots: Slots,
}

/// A request that is being worked on; it holds its place and its slot until it is dropped.
pub(crate) struct Admitted {
    _place: Place,
    slot: Slot,
    delay: Duration,
}

impl Replica {
    /// Whether the model can answer now.
    pub(crate) fn is_ready(&self) -> bool {
        !self.occupancy.is_leaving()
    }

    /// Takes a place for a request whose content has been found right, and waits for a slot.
    ///
    /// # Errors
    /// No place left, or a delay that can't be granted.
    pub(crate) async fn admit(&self, headers: &HeaderMap) -> Result<Admitted, Refusal> {
        let delay = self.pace.of_request(headers)?;
        let place = self.occupancy.enter()?;
        let slot = self.slots.wait_for_one().await;
        Ok(Admitted { _place: place, slot, delay })
    }

    /// The probability of the positive class for each row.
    pub(crate) async fn classify(&self, rows: &[Features], request: &Admitted) -> Vec<f32> {
        request.take_its_time().await;
        self.classifier.probabilities(rows)
    }

    /// As many completions of each prompt as there are choices, their seeds counted up from the
    /// sampling's own.
    pub(crate) async fn complete(
        prompts: &[&str],
        sampling: &Sampling,
        choices: u64,
    ) -> Vec<Completion> {
        let mut completions = Vec::new();
        for prompt in prompts {
            for choice in 0..choices {
                let seed = sampling.seed.wrapping_add(choice);
                let sampling = Sampling { seed, ..sampling.clone() };
                completions.push(TextModel::shared().complete(prompt, &sampling));
                // Many long ones are real work: others get their turn in between.
                tokio::task::yield_now().await;
            }
        }
        completions
    }

    /// Choices are generated side by side: the longest one takes the time.
    pub(crate) async fn take_time_for_tokens(&self, completions: &[Completion]) {
        let longest = completions.iter().map(|completion| completion.pieces.len()).max();
        let tokens = u32::try_from(longest.unwrap_or(0)).unwrap_or(u32::MAX);
        pause(self.pace.per_token.saturating_mul(tokens)).await;
    }
}

impl Admitted {
    pub(crate) async fn take_its_time(&self) {
        self.slot.work(self.delay).await;
    }
}

async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}
