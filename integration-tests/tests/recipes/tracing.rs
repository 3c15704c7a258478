//! envoy/recipes/tracing: what Envoy's OpenTelemetry tracer makes of the filters' facts.

mod attributes;
mod context;
mod moments;
mod recipe;
mod secrecy;
