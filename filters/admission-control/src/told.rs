//! What clients are told of their quotas.

use crate::config::TellIn;
use crate::control::AdmissionControl;
use crate::limits::Kind;
use std::borrow::Cow;

/// How a request's quota stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The limit, by position.
    pub(crate) limit: usize,
    /// How many units are left.
    pub(crate) remaining: u64,
    /// When all of them will be there again, in nanoseconds.
    pub(crate) reset_ns: u64,
}

const SECOND_NS: u64 = 1_000_000_000;

/// A header, as it is set in an answer or sent with a refusal.
type Header = (Cow<'static, str>, Vec<u8>);

/// The headers that tell how these quotas stand, in a refusal or in an answer.
pub(crate) fn headers(
    control: &AdmissionControl,
    standings: &[Standing],
    place: TellIn,
) -> Vec<Header> {
    let mut headers: Vec<Header> = Vec::new();
    if standings.is_empty() {
        return headers;
    }
    if control.told.rate_limit >= place {
        let policies = standings.iter().filter_map(|standing| policy(control, *standing));
        let policies: Vec<String> = policies.collect();
        headers.push(("ratelimit-policy".into(), policies.join(", ").into()));
        let states = standings.iter().filter_map(|standing| state(control, *standing));
        headers.push(("ratelimit".into(), states.collect::<Vec<_>>().join(", ").into()));
    }
    if control.told.x_rate_limit >= place {
        for unit in ["requests", "tokens"] {
            headers.extend(x_rate_limit(control, standings, unit));
        }
    }
    headers
}

/// A quota, as an item of the list `RateLimit-Policy`: how many units (`q`), which
/// (`qu`), in how many seconds (`w`).
///
/// Source: draft-ietf-httpapi-ratelimit-headers-10, section 3.
fn policy(control: &AdmissionControl, standing: Standing) -> Option<String> {
    let limit = control.limits.get(standing.limit)?;
    let (quota, unit) = match &limit.kind {
        Kind::Requests(quota) => (quota, ""),
        // Not registered; what is not known is to be ignored.
        Kind::Tokens(quota) => (quota, ";qu=\"tokens\""),
        Kind::InFlight(_) => return None,
    };
    let seconds = quota.window_ns().div_ceil(SECOND_NS);
    let count = quota.count();
    Some(format!("\"{}\";q={count}{unit};w={seconds}", limit.name))
}

/// How a quota stands, as an item of the list `RateLimit`: how many units are left
/// (`r`), and in how many seconds all will be there again (`t`).
fn state(control: &AdmissionControl, standing: Standing) -> Option<String> {
    let limit = control.limits.get(standing.limit)?;
    let seconds = standing.reset_ns.div_ceil(SECOND_NS);
    Some(format!("\"{}\";r={};t={seconds}", limit.name, standing.remaining))
}

/// The tightest quota of this unit, as OpenAI tells it. Durations are written as in
/// Go: `1m3.5s`, `250ms`.
fn x_rate_limit(control: &AdmissionControl, standings: &[Standing], unit: &str) -> Vec<Header> {
    let of_unit = standings.iter().filter_map(|standing| {
        let quota = match (&control.limits.get(standing.limit)?.kind, unit) {
            (Kind::Requests(quota), "requests") | (Kind::Tokens(quota), "tokens") => quota,
            _ => return None,
        };
        Some((standing, quota))
    });
    let Some((standing, quota)) = of_unit.min_by_key(|(standing, _)| standing.remaining) else {
        return Vec::new();
    };
    let named = |what: &str| Cow::Owned(format!("x-ratelimit-{what}-{unit}"));
    vec![
        (named("limit"), quota.count().to_string().into()),
        (named("remaining"), standing.remaining.to_string().into()),
        (named("reset"), duration(standing.reset_ns).into()),
    ]
}

/// A duration as Go writes it, in milliseconds.
fn duration(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds.div_ceil(1_000_000);
    let divided = |number: u64, by: u64| (number.div_euclid(by), number.rem_euclid(by));
    let (seconds, rest) = divided(milliseconds, 1000);
    let (minutes, seconds) = divided(seconds, 60);
    let fraction = match rest {
        0 => String::new(),
        rest => format!(".{rest:03}").trim_end_matches('0').to_owned(),
    };
    match (minutes, seconds) {
        (0, 0) => format!("{milliseconds}ms"),
        (0, seconds) => format!("{seconds}{fraction}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn durations_are_written_as_go_does() {
        let told = |milliseconds: u64| duration(milliseconds * 1_000_000);
        assert_eq!(told(0), "0ms");
        assert_eq!(told(250), "250ms");
        assert_eq!(told(1000), "1s");
        assert_eq!(told(63_500), "1m3.5s");
        assert_eq!(told(360_000), "6m0s");
        assert_eq!(duration(1), "1ms", "never sooner than it is true");
    }
}
