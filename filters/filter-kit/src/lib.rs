//! The vocabulary in which a filter is written: **values in, decisions out**.
//!
//! A [`Filter`] is made once from its configuration. For each request it makes
//! an [`Exchange`], which is shown what Envoy sees (headers, new body bytes,
//! trailers) and answers with a [`Verdict`]: forward, hold or reply. What it
//! wants to say beside that (metrics, log lines, facts for the access log) goes
//! into [`Notes`].
//!
//! What Envoy's workers share is changed by pure steps on [`Cells`].
//!
//! Nothing in here, and nothing in a filter, calls the host: so filters are
//! tested natively, without mocks, and can be composed. The crate `wasm-shell`
//! turns Envoy's callbacks into these values and these decisions into
//! hostcalls.

pub mod buckets;
mod callbacks;
pub mod callers;
mod cells;
mod config;
#[cfg(not(target_arch = "wasm32"))]
pub mod documents;
mod edits;
mod exchange;
mod headers;
mod metric;
mod notes;
mod problems;
mod reply;
mod secret;
mod time;
mod told;
#[cfg(feature = "trial")]
pub mod trial;

pub use callbacks::Callbacks;
pub use cells::{CellError, Cells, KeepCells};
pub use config::{Parsed, parse_config};
pub use edits::{Edits, HeaderEdit, Splice, Watching};
pub use exchange::{Arrival, BodyChunk, Exchange, Filter, HeaderBlock, Tick, Trailers, Verdict};
pub use headers::{Headers, HeadersError, Repeated};
pub use metric::{BUILD_INFO, Metric, MetricKind, Series};
pub use notes::{Change, Fact, LogLine, Notes, Ticket};
pub use problems::{ConfigError, Problem, Problems};
pub use reply::{GrpcCode, Reply, ReplyKind};
pub use secret::{Key, KeyedHasher, Secret};
pub use time::Timestamp;
pub use told::{Asks, ResponseFlags, Told, Upcoming};
