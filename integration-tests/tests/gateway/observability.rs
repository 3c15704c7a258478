//! What an operator sees in Prometheus and Grafana: envoy/observability.

mod alerts;
mod canary;
mod dashboard;
mod expressions;
mod rules;
mod scene;
mod troubled;
