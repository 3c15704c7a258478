//! Budgets that several Envoys share, with Envoy's own rate limit filter.

mod costs;

use proto::rate_limit::RateLimitRequest;

/// The entries of each descriptor, and what it is charged.
fn charges(request: &RateLimitRequest) -> Vec<(String, Option<u64>)> {
    let descriptors = request.descriptors.iter();
    descriptors
        .map(|descriptor| {
            let entries = descriptor.entries.iter();
            let entries: Vec<String> =
                entries.map(|entry| format!("{}={}", entry.key, entry.value)).collect();
            (entries.join(" "), descriptor.hits_addend)
        })
        .collect()
}
