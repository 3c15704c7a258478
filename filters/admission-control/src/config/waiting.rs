use serde::Deserialize;

/// Lets requests wait for room in a limit of `in_flight`. Each of Envoy's workers has
/// a queue of its own: those of a more important class go first, and in a class those
/// that came first.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// How many may wait in each worker. When it is full, one of a more important
    /// class takes the place of the last of the least important.
    pub max_requests: u32,
    /// How long one may wait, in milliseconds.
    #[serde(default = "default_max_wait_ms")]
    pub max_wait_ms: u64,
    /// How often a worker looks whether others made room, in milliseconds. What
    /// becomes free in the same worker goes on at once.
    #[serde(default = "default_poll_ms")]
    pub poll_ms: u32,
}

/// When an answer comes too late for its client. A request that would have to wait
/// beyond that is refused at once.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct Deadline {
    /// The request header in which clients state how many milliseconds they wait.
    /// gRPC's `grpc-timeout` counts as well; the sooner of both.
    pub header: String,
    /// How long clients wait that don't say it, in milliseconds. By default for ever.
    pub default_ms: Option<u64>,
}

impl Default for Deadline {
    fn default() -> Self {
        Self { header: "x-request-timeout-ms".to_owned(), default_ms: None }
    }
}

const fn default_max_wait_ms() -> u64 {
    1000
}

const fn default_poll_ms() -> u32 {
    10
}
