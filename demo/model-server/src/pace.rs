//! How fast this server pretends to be.

use std::time::Duration;

use axum::http::HeaderMap;

use crate::refusal::Refusal;

/// Request header and gRPC metadata: whole milliseconds that this one request takes longer, at most
/// [`LONGEST_DELAY`].
pub const DELAY_HEADER: &str = "x-demo-delay-ms";

/// The longest delay that a client can ask for.
pub const LONGEST_DELAY: Duration = Duration::from_secs(10);

/// Time added to work that is too quick to show anything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) per_inference: Duration,
    pub(crate) per_token: Duration,
}

impl Pace {
    /// # Errors
    /// A delay that is no whole number of milliseconds, or too long.
    pub(crate) fn of_request(&self, headers: &HeaderMap) -> Result<Duration, Refusal> {
        Ok(self.per_inference + asked_delay(headers)?)
    }
}

fn asked_delay(headers: &HeaderMap) -> Result<Duration, Refusal> {
    let Some(value) = headers.get(DELAY_HEADER) else { return Ok(Duration::ZERO) };
    let milliseconds = value.to_str().ok().and_then(|text| text.parse().ok());
    match milliseconds.map(Duration::from_millis) {
        Some(delay) if delay <= LONGEST_DELAY => Ok(delay),
        _ => Err(Refusal::malformed(
            DELAY_HEADER,
            format!("must be a whole number from 0 to {}", LONGEST_DELAY.as_millis()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PACE: Pace = Pace { per_inference: Duration::from_millis(5), per_token: Duration::ZERO };

    fn delay(value: &'static str) -> Result<Duration, Refusal> {
        let headers = HeaderMap::from_iter([(
            DELAY_HEADER.parse().expect("a header name"),
            HeaderValue::from_static(value),
        )]);
        PACE.of_request(&headers)
    }

    #[test]
    fn a_request_without_the_header_takes_the_servers_own_time() {
        assert_eq!(PACE.of_request(&HeaderMap::new()), Ok(Duration::from_millis(5)));
    }

    #[test]
    fn the_asked_delay_comes_on_top() {
        assert_eq!(delay("20"), Ok(Duration::from_millis(25)));
    }

    #[test]
    fn refuses_delays_that_are_too_long_or_no_number() {
        assert!(delay("10000").is_ok());
        for value in ["10001", "-1", "1.5", "soon", "", "18446744073709551616"] {
            assert!(delay(value).is_err(), "{value}");
        }
    }
}
