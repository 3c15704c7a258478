//! What clients and operators see, through a real Envoy.
//!
//! One program for all subjects: linking takes longer than most of them.

mod admission_control;
mod balancing;
mod body_edits;
mod empty_filter;
mod harness;
mod inference_metrics;
mod model_router;
mod observability;
mod payload_validator;
mod shared_state;
mod shipped;
mod unheld_admission;
