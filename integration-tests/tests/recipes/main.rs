//! The recipes in envoy/recipes, as they are shipped, with traffic.

mod access_log;
mod consistent_hashing;
mod dedicated_pool;
mod external_authorization;
mod global_rate_limit;
mod live_rollout;
mod local_rate_limit;
mod mutual_tls;
mod prediction;
mod replica;
mod retry_and_hedging;
mod shadow;
mod tracing;
mod transcoding;
mod virtual_patches;
