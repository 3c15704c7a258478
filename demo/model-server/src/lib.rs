//! A small model server that speaks every inference API the gateway reads.
//!
//! [`start`] serves one replica of one model version until it is [shut down](RunningServer::shut_down)
//! or [killed](RunningServer::kill): the program does so from its environment, and tests do so on
//! port 0. What it serves stands in this crate's README.
//!
//! Every API is a thin translation: it reads its own wire format into `features` or a prompt, asks
//! the `replica`, and writes the answer, or the one `refusal`, in its own words.

mod classifier;
mod embedding;
mod features;
mod health;
pub mod healthcheck;
mod http;
mod identity;
mod listener;
mod occupancy;
mod open_inference;
mod openai;
mod pace;
mod prediction;
mod refusal;
mod replica;
mod server;
mod settings;
mod slots;
mod tensorflow_serving;
mod text_model;
mod tokenizer;

pub use pace::{DELAY_HEADER, LONGEST_DELAY};
pub use server::{RunningServer, StartError, start};
pub use settings::Settings;

/// Response header and gRPC metadata: the replica that answered.
pub const SERVED_BY_HEADER: &str = "x-served-by";

/// Response header and gRPC metadata: the version of the model that answered.
pub const SERVED_VERSION_HEADER: &str = "x-served-version";
