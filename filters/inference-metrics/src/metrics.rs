//! Everything that is measured: the one table from which the README's, Envoy's
//! `stats_tags` and its histograms' buckets follow.
//!
//! Names and buckets of `gen_ai_*` are those of OpenTelemetry's semantic conventions
//! v1.41.1, "Generative AI metrics", with `_` for `.` and the unit behind: Envoy's
//! histograms hold whole numbers, so seconds became milliseconds, or microseconds for
//! what is faster.

use filter_kit::{Metric, MetricKind, buckets};

/// The labels of what is counted per model. A row with a label of its own has it
/// behind these.
macro_rules! per_model {
    ($($own:literal)?) => {
        &["model", "version", "class", "operation" $(, $own)?]
    };
}

/// A metric of which there is a series for each model, version, class and operation,
/// and for each value of its own label if it has one.
#[derive(Debug)]
pub struct Row {
    /// The metric.
    pub metric: Metric,
    /// The values of its own label; one empty one if it has none.
    pub values: &'static [&'static str],
}

const fn counter(name: &'static str, help: &'static str) -> Row {
    row(name, MetricKind::Counter, per_model!(), &[""], help)
}

const fn histogram(name: &'static str, bounds: &'static [u64], help: &'static str) -> Row {
    row(name, MetricKind::Histogram(bounds), per_model!(), &[""], help)
}

const fn row(
    name: &'static str,
    kind: MetricKind,
    labels: &'static [&'static str],
    values: &'static [&'static str],
    help: &'static str,
) -> Row {
    Row { metric: Metric { name, kind, labels, help }, values }
}

/// `gen_ai.client.operation.duration` and its like, in milliseconds.
const SECONDS_AS_MS: &[u64] =
    &[10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240, 20_480, 40_960, 81_920];

/// The same in microseconds.
const SECONDS_AS_US: &[u64] = &[
    10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 1_280_000, 2_560_000, 5_120_000,
    10_240_000, 20_480_000, 40_960_000, 81_920_000,
];

/// `gen_ai.server.time_to_first_token`, in milliseconds.
const FIRST_TOKEN_MS: &[u64] =
    &[1, 5, 10, 20, 40, 60, 80, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

/// `gen_ai.server.time_per_output_token`, in microseconds.
const OUTPUT_TOKEN_US: &[u64] = &[
    10_000, 25_000, 50_000, 75_000, 100_000, 150_000, 200_000, 300_000, 400_000, 500_000, 750_000,
    1_000_000, 2_500_000,
];

/// `gen_ai.client.token.usage`.
const TOKENS: &[u64] = &[
    1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216,
    67_108_864,
];

/// For lengths in bytes.
const BYTES: &[u64] = &[
    256,
    1024,
    4096,
    16_384,
    65_536,
    262_144,
    1_048_576,
    4_194_304,
    16_777_216,
    67_108_864,
    268_435_456,
];

/// For numbers of rows: batches.
const ROWS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048];

/// The input, the output, and parts of these.
pub(crate) const TOKEN_TYPES: &[&str] = &["input", "output", "cached", "cache_write", "reasoning"];

/// What became of a request.
pub static REQUESTS: Row = row(
    "inference_requests_total",
    MetricKind::Counter,
    per_model!("outcome"),
    crate::outcome::OUTCOMES,
    "Requests that are over, by what became of them.",
);

/// How gRPC calls ended.
pub static GRPC_RESPONSES: Row = row(
    "inference_grpc_responses_total",
    MetricKind::Counter,
    per_model!("grpc_status"),
    crate::outcome::GRPC_STATUSES,
    "Calls over gRPC that got a status, by it.",
);

/// Why answers ended.
pub static FINISH_REASONS: Row = row(
    "inference_finish_reasons_total",
    MetricKind::Counter,
    per_model!("finish_reason"),
    crate::outcome::FINISH_REASONS,
    "Generated answers, by why they ended; of several choices, the last one's reason.",
);

/// Tokens, as servers said.
pub static TOKENS_USED: Row = row(
    "inference_tokens_total",
    MetricKind::Counter,
    per_model!("token_type"),
    TOKEN_TYPES,
    "Tokens that answers said they used. `cached` and `cache_write` are parts of `input`, \
     `reasoning` is one of `output`.",
);

/// Tokens of which no server said anything.
pub static TOKENS_ESTIMATED: Row = row(
    "inference_estimated_tokens_total",
    MetricKind::Counter,
    per_model!("token_type"),
    &["input", "output"],
    "Tokens of answers that did not say what they used, by their length.",
);

/// What it cost.
pub static COST: Row = counter(
    "inference_cost_microunits_total",
    "What requests cost, in millionths of the unit in which `price` is written, by what answers \
     said they used.",
);

/// What it cost by estimate.
pub static COST_ESTIMATED: Row = counter(
    "inference_estimated_cost_microunits_total",
    "What requests cost whose answers did not say what they used, by `inference_estimated_tokens_total`.",
);

/// Images in prompts.
pub static IMAGES: Row = counter("inference_images_total", "Images in prompts.");

/// Answers that could not be read.
pub static UNREAD: Row = counter(
    "inference_unread_answers_total",
    "Answers of which only lengths and times could be measured, because they came compressed.",
);

/// How long requests took.
pub static DURATION: Row = histogram(
    "inference_request_duration_us",
    buckets::MICROSECONDS,
    "From a request's headers to the end of its answer, in microseconds.",
);

/// How long model servers took.
pub static UPSTREAM_TIME: Row = histogram(
    "inference_upstream_time_us",
    buckets::MICROSECONDS,
    "Of that, from the first byte that went to the model server to the last one that came back.",
);

/// How long the gateway took.
pub static GATEWAY_TIME: Row = histogram(
    "inference_gateway_time_us",
    buckets::MICROSECONDS,
    "The rest of it: holding, checking and queueing a request, the client's time to send it, and \
     attempts that were repeated.",
);

/// How long generating took.
pub static GENERATION: Row = histogram(
    "gen_ai_server_request_duration_ms",
    SECONDS_AS_MS,
    "From the headers of a generative request that was answered to the end of its answer, in \
     milliseconds.",
);

/// When the first token came.
pub static FIRST_TOKEN: Row = histogram(
    "gen_ai_server_time_to_first_token_ms",
    FIRST_TOKEN_MS,
    "From a request's headers to the first event of its streamed answer that brings something \
     generated, in milliseconds.",
);

/// How fast the others came.
pub static OUTPUT_TOKEN: Row = histogram(
    "gen_ai_server_time_per_output_token_us",
    OUTPUT_TOKEN_US,
    "Of streamed answers that succeeded: the time behind the first token, divided by the number of \
     the other tokens, in microseconds.",
);

/// When the first event came.
pub static FIRST_CHUNK: Row = histogram(
    "gen_ai_client_operation_time_to_first_chunk_ms",
    SECONDS_AS_MS,
    "From a request's headers to the first event of its streamed answer, whatever that brings, in \
     milliseconds.",
);

/// The pauses between events.
pub static CHUNK_GAP: Row = histogram(
    "gen_ai_client_operation_time_per_output_chunk_us",
    SECONDS_AS_US,
    "Between pieces of a streamed answer that bring something generated, in microseconds; events \
     that come together count as one.",
);

/// How many tokens requests have.
pub static TOKEN_USAGE: Row = row(
    "gen_ai_client_token_usage",
    MetricKind::Histogram(TOKENS),
    per_model!("token_type"),
    &["input", "output"],
    "Tokens of a request, as its answer said.",
);

/// When the first message came.
pub static FIRST_MESSAGE: Row = histogram(
    "inference_time_to_first_message_us",
    buckets::MICROSECONDS,
    "From a call's headers to the first message of its stream of answers, in microseconds.",
);

/// The pauses between messages.
pub static MESSAGE_GAP: Row = histogram(
    "inference_message_gap_us",
    buckets::MICROSECONDS,
    "Between messages of a stream of answers, in microseconds; those that come together count as \
     one.",
);

/// How long requests are.
pub static REQUEST_BYTES: Row =
    histogram("inference_request_bytes", BYTES, "The length of a request's body.");

/// How long answers are.
pub static RESPONSE_BYTES: Row =
    histogram("inference_response_bytes", BYTES, "The length of an answer's body.");

/// How much is worked on at once.
pub static BATCH_SIZE: Row = histogram(
    "inference_batch_size",
    ROWS,
    "The rows of a request: the first dimension of its first tensor, the texts to embed, the \
     prompts to complete.",
);

/// How much there is in tensors.
pub static TENSOR_ELEMENTS: Row =
    histogram("inference_tensor_elements", BYTES, "The elements of a request's tensors, together.");

/// How long prompts are.
pub static PROMPT_CHARACTERS: Row =
    histogram("inference_prompt_characters", BYTES, "The characters of a prompt.");

/// Requests that came in.
pub static STARTED: Metric = Metric {
    name: "inference_requests_started_total",
    kind: MetricKind::Counter,
    labels: &["class", "operation"],
    help: "Requests that came in. Their model is known only later.",
};

/// So many reasons of refusals, pairs of filter and rule, are told apart for each model,
/// version, class and operation. All others are counted as `other`.
pub const MOST_REASONS: usize = 64;

/// Requests that filters refused.
pub static REFUSED: Metric = Metric {
    name: "inference_refused_total",
    kind: MetricKind::Counter,
    labels: &["model", "version", "class", "operation", "filter", "rule"],
    help: "Requests that a filter of the gateway refused, by filter and rule.",
};

/// Requests that are counted under `other`.
pub static FOLDED: Metric = Metric {
    name: "inference_metrics_folded_total",
    kind: MetricKind::Counter,
    labels: &[],
    help: "Requests that are counted with `other` in every label, because there are `max_series` \
           already.",
};

/// Every metric of which there are series per model.
pub static ROWS_PER_MODEL: [&Row; 25] = [
    &REQUESTS,
    &GRPC_RESPONSES,
    &FINISH_REASONS,
    &TOKENS_USED,
    &TOKENS_ESTIMATED,
    &COST,
    &COST_ESTIMATED,
    &IMAGES,
    &UNREAD,
    &DURATION,
    &UPSTREAM_TIME,
    &GATEWAY_TIME,
    &GENERATION,
    &FIRST_TOKEN,
    &OUTPUT_TOKEN,
    &FIRST_CHUNK,
    &CHUNK_GAP,
    &TOKEN_USAGE,
    &FIRST_MESSAGE,
    &MESSAGE_GAP,
    &REQUEST_BYTES,
    &RESPONSE_BYTES,
    &BATCH_SIZE,
    &TENSOR_ELEMENTS,
    &PROMPT_CHARACTERS,
];

/// What a metric is called in OpenTelemetry's semantic conventions.
#[derive(Debug)]
pub struct Convention {
    /// Our metric.
    pub metric: &'static Metric,
    /// Its name there.
    pub name: &'static str,
    /// Its unit there.
    pub unit: &'static str,
    /// How many of our units are one of theirs.
    pub divisor: u64,
}

/// The metrics that have a convention.
///
/// Source: OpenTelemetry's semantic conventions v1.41.1, "Generative AI metrics".
pub static CONVENTIONS: [Convention; 6] = [
    convention(&GENERATION, "gen_ai.server.request.duration", "s", 1000),
    convention(&FIRST_TOKEN, "gen_ai.server.time_to_first_token", "s", 1000),
    convention(&OUTPUT_TOKEN, "gen_ai.server.time_per_output_token", "s", 1_000_000),
    convention(&FIRST_CHUNK, "gen_ai.client.operation.time_to_first_chunk", "s", 1000),
    convention(&CHUNK_GAP, "gen_ai.client.operation.time_per_output_chunk", "s", 1_000_000),
    convention(&TOKEN_USAGE, "gen_ai.client.token.usage", "{token}", 1),
];

const fn convention(
    row: &'static Row,
    name: &'static str,
    unit: &'static str,
    divisor: u64,
) -> Convention {
    Convention { metric: &row.metric, name, unit, divisor }
}

/// Every metric.
pub static METRICS: [&Metric; 28] = [
    &STARTED,
    &REFUSED,
    &FOLDED,
    &REQUESTS.metric,
    &GRPC_RESPONSES.metric,
    &FINISH_REASONS.metric,
    &TOKENS_USED.metric,
    &TOKENS_ESTIMATED.metric,
    &COST.metric,
    &COST_ESTIMATED.metric,
    &IMAGES.metric,
    &UNREAD.metric,
    &DURATION.metric,
    &UPSTREAM_TIME.metric,
    &GATEWAY_TIME.metric,
    &GENERATION.metric,
    &FIRST_TOKEN.metric,
    &OUTPUT_TOKEN.metric,
    &FIRST_CHUNK.metric,
    &CHUNK_GAP.metric,
    &TOKEN_USAGE.metric,
    &FIRST_MESSAGE.metric,
    &MESSAGE_GAP.metric,
    &REQUEST_BYTES.metric,
    &RESPONSE_BYTES.metric,
    &BATCH_SIZE.metric,
    &TENSOR_ELEMENTS.metric,
    &PROMPT_CHARACTERS.metric,
];
