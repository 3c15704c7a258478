//! Traces: what Envoy's OpenTelemetry tracer makes of the filters' facts, in
//! general and in envoy/recipes/tracing.

mod attributes;
mod context;
mod moments;
mod recipe;
mod secrecy;
