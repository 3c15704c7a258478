//! What a request asks for.

use serde::Deserialize;

/// What is done with an exchange.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Plan {
    /// The filter panics.
    pub(crate) panic: bool,
    /// The cell that is stepped.
    pub(crate) count: Option<String>,
    /// The filter answers with what came of the step.
    pub(crate) answer: bool,
    /// Those who are woken when the headers come.
    pub(crate) wake: Vec<String>,
    /// Those who are woken when this one is.
    pub(crate) wake_when_woken: Vec<String>,
    /// Those who are woken when this one has finished.
    pub(crate) wake_when_finished: Vec<String>,
    /// Where it waits.
    pub(crate) wait: Option<Place>,
    /// The name under which it waits.
    pub(crate) name: String,
    /// It wakes itself in the callback in which it begins to wait.
    pub(crate) wakes_itself: bool,
    /// How often it goes on waiting although it was woken.
    pub(crate) times_to_wait_on: u32,
    /// What it does then.
    pub(crate) then: Then,
    /// A text, and how often it is put behind the body of a request that waits
    /// there; a mark is put before it.
    pub(crate) append: Option<(String, usize)>,
    /// The response's lines that begin with `drop` go.
    pub(crate) drop_lines: bool,
    pub(crate) request: MessagePlan,
    pub(crate) response: MessagePlan,
}

/// Where a request waits.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// When its headers came.
    Headers,
    /// When all of its body is held.
    Body,
}

/// What one that was woken does.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Then {
    #[default]
    Forward,
    Reply,
}

/// What is done with a message that goes on.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MessagePlan {
    pub(crate) watch: Watch,
    pub(crate) trailers_to_remove: Vec<String>,
}

/// What is watched of it.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Watch {
    #[default]
    Nothing,
    Trailers,
    Everything,
}
