//! A real Envoy between real clients and scripted model servers.
//!
//! A test says which filters stand in the chain and which clusters lie behind it
//! ([`EnvoyConfig`]), or takes a configuration as it is shipped
//! ([`ShippedConfig`]); starts an Envoy of its own on ports of its own
//! ([`Gateway`]); sends to it ([`Client`], [`Call`]); and looks at what arrived
//! at the model servers ([`Upstream`]), at what came back ([`Answer`]), at the
//! metrics and at the access log. A [`Prometheus`] looks at the metrics as an
//! operator's does. An [`OciRegistry`] takes what is pushed, and a [`WasmFetcher`] gets it from
//! there as Istio does. Nothing is shared between two tests.
//!
//! When a gateway is dropped, its test fails if a filter has crashed in it,
//! whatever else the test looked at.
//!
//! The harness panics, with a sentence, where a test would have to.

mod access_log;
mod admin;
mod answer;
mod authorization_service;
mod call;
mod client;
mod config;
mod envoy;
pub mod envoy_gateway;
mod gateway;
pub mod hostile;
pub mod istio;
mod load_report_service;
mod log;
mod manifest;
mod memory;
mod oci_registry;
mod processor_time;
mod prometheus;
mod rate_limit_service;
mod raw;
mod shipped;
mod span_receiver;
mod stats_config;
mod tls;
mod traffic;
mod upstream;
mod waiting;
mod wasm_image;

pub use access_log::AccessLog;
pub use admin::Admin;
pub use answer::Answer;
pub use authorization_service::AuthorizationServer;
pub use call::{Call, grpc_frame};
pub use client::{Broken, Client, whole};
pub use config::{EnvoyConfig, Listening, Tracing, WasmFilter};
pub use envoy::{Validation, dist, grpcurl, repository, validate, validate_file};
pub use gateway::Gateway;
pub use load_report_service::LoadReportServer;
pub use log::EnvoyLog;
pub use manifest::Manifest;
pub use memory::Memory;
pub use oci_registry::OciRegistry;
pub use processor_time::ProcessorTime;
pub use prometheus::{Prometheus, Sample, promtool};
pub use rate_limit_service::{Budget, BudgetServer};
pub use raw::RawHttp1;
pub use scrape::Metrics;
pub use shipped::{DEMO_SERVERS, ShippedConfig};
pub use span_receiver::{Span, SpanReceiver};
pub use stats_config::StatsConfig;
pub use tls::{Authority, Handshake, Identity, Relay};
pub use traffic::Traffic;
pub use upstream::{
    Crowd, Digest, Ending, Failure, Received, Reply, Steps, StepwiseBody, Upstream,
};
pub use waiting::{DEADLINE, eventually, in_time};
pub use wasm_image::WasmFetcher;
