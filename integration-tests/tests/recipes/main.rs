//! The recipes in envoy/recipes, as they are shipped, with traffic.

mod access_log;
mod consistent_hashing;
mod dedicated_pool;
mod global_rate_limit;
mod live_rollout;
mod replica;
mod shadow;
mod tracing;
mod transcoding;
mod virtual_patches;
