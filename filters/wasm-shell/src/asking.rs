//! What an exchange wants to know of Envoy beside the messages.

use crate::host;
use core::time::Duration;
use filter_kit::{Asks, Exchange, ResponseFlags, Told, Upcoming};

/// Tells an exchange what it asks for before this event.
pub(crate) fn tell(exchange: &mut impl Exchange, upcoming: Upcoming) {
    let asks = exchange.asks(upcoming);
    if asks != Asks::NOTHING {
        exchange.told(told(asks));
    }
}

/// Paths into Envoy's attributes are divided by zero bytes; a fact's is its name.
///
/// Source: Envoy, "Attributes".
fn told(asks: Asks) -> Told {
    let number = |is_asked: bool, path: &[u8]| is_asked.then(|| number(path)).flatten();
    let fact = |name: &&'static str| Some((*name, host::property(name.as_bytes()).ok()?));
    Told {
        facts: asks.facts.iter().filter_map(fact).collect(),
        flags: number(asks.flags, b"response\0flags").map(ResponseFlags),
        details: asks.details.then(|| host::property(b"response\0code_details").ok()).flatten(),
        upstream_time: number(asks.upstream_time, b"response\0backend_latency")
            .map(Duration::from_nanos),
        request_bytes: number(asks.request_bytes, b"request\0size"),
        response_bytes: number(asks.response_bytes, b"response\0size"),
    }
}

/// Numbers and durations come as eight bytes, little-endian; a negative one is none
/// of ours.
fn number(path: &[u8]) -> Option<u64> {
    let bytes = host::property(path).ok()?;
    let number = i64::from_le_bytes(bytes.try_into().ok()?);
    u64::try_from(number).ok()
}
