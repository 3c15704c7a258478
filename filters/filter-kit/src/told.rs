//! What Envoy knows of an exchange beside its messages.

use core::time::Duration;

/// What an exchange wants to be told before its next event. Each of them costs a
/// hostcall, of 1.2 microseconds if there is an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// Facts about the request that filters have stated, this one or others.
    pub facts: &'static [&'static str],
    /// What went wrong, in Envoy's view.
    pub flags: bool,
    /// Where the answer came from, or why it did not.
    pub details: bool,
    /// How long the model server took.
    pub upstream_time: bool,
    /// How long the request's body is.
    pub request_bytes: bool,
    /// How long the answer's body is.
    pub response_bytes: bool,
}

/// The event before which an exchange is told what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upcoming {
    /// [`Exchange::response_headers`](crate::Exchange::response_headers). Envoy
    /// knows no times and no lengths yet.
    ResponseHeaders,
    /// [`Exchange::finished`](crate::Exchange::finished)
    End,
}

/// What Envoy told. What was not asked for, and what it does not know, is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The facts that were asked for and stated.
    pub facts: Vec<(&'static str, Vec<u8>)>,
    /// What went wrong; none of the flags if nothing did.
    pub flags: Option<ResponseFlags>,
    /// `%RESPONSE_CODE_DETAILS%`: `via_upstream` for a model server's answer,
    /// [`Reply::reason`](crate::Reply::reason) for that of one of our filters. A
    /// server can't write it.
    pub details: Option<Vec<u8>>,
    /// From the first byte that went to a model server to the last one that came
    /// back.
    pub upstream_time: Option<Duration>,
    /// The length of the request's body.
    pub request_bytes: Option<u64>,
    /// The length of the answer's body.
    pub response_bytes: Option<u64>,
}

/// `%RESPONSE_FLAGS%`, as a set of bits.
///
/// Source: Envoy 1.40, `envoy/stream_info/stream_info.h`, `CoreResponseFlag`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResponseFlags(pub u64);

impl Asks {
    /// Nothing.
    pub const NOTHING: Self = Self {
        facts: &[],
        flags: false,
        details: false,
        upstream_time: false,
        request_bytes: false,
        response_bytes: false,
    };
}

impl Told {
    /// With what was told later; that goes before.
    pub fn add(&mut self, later: Self) {
        let Self { facts, flags, details, upstream_time, request_bytes, response_bytes } = later;
        self.facts.splice(0..0, facts);
        self.flags = flags.or(self.flags);
        self.details = details.or_else(|| self.details.take());
        self.upstream_time = upstream_time.or(self.upstream_time);
        self.request_bytes = request_bytes.or(self.request_bytes);
        self.response_bytes = response_bytes.or(self.response_bytes);
    }

    /// A fact, as it was stated.
    pub fn fact(&self, name: &str) -> Option<&[u8]> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_slice())
    }
}

impl ResponseFlags {
    const UPSTREAM_REQUEST_TIMEOUT: u64 = 1 << 2;
    const LOCAL_RESET: u64 = 1 << 3;
    const UPSTREAM_REMOTE_RESET: u64 = 1 << 4;
    const UPSTREAM_CONNECTION_TERMINATION: u64 = 1 << 6;
    const DOWNSTREAM_CONNECTION_TERMINATION: u64 = 1 << 14;
    const STREAM_IDLE_TIMEOUT: u64 = 1 << 16;
    const DOWNSTREAM_PROTOCOL_ERROR: u64 = 1 << 18;
    const UPSTREAM_MAX_STREAM_DURATION_REACHED: u64 = 1 << 19;
    const DURATION_TIMEOUT: u64 = 1 << 22;
    const UPSTREAM_PROTOCOL_ERROR: u64 = 1 << 23;
    const OVERLOAD_MANAGER: u64 = 1 << 25;
    const DOWNSTREAM_REMOTE_RESET: u64 = 1 << 28;

    /// The client closed its connection or reset its stream (`DC`, `DR`).
    pub const fn client_left(self) -> bool {
        self.has(Self::DOWNSTREAM_CONNECTION_TERMINATION | Self::DOWNSTREAM_REMOTE_RESET)
    }

    /// It took longer than a route or a listener allows (`UT`, `SI`, `UMSDR`, `DT`).
    pub const fn timed_out(self) -> bool {
        self.has(
            Self::UPSTREAM_REQUEST_TIMEOUT
                | Self::STREAM_IDLE_TIMEOUT
                | Self::UPSTREAM_MAX_STREAM_DURATION_REACHED
                | Self::DURATION_TIMEOUT,
        )
    }

    /// The client broke the protocol (`DPE`).
    pub const fn client_erred(self) -> bool {
        self.has(Self::DOWNSTREAM_PROTOCOL_ERROR)
    }

    /// It ended before it was complete, for whatever reason. Other flags say what
    /// happened on the way.
    pub const fn broke_off(self) -> bool {
        self.client_left()
            || self.timed_out()
            || self.client_erred()
            || self.has(
                Self::LOCAL_RESET
                    | Self::UPSTREAM_REMOTE_RESET
                    | Self::UPSTREAM_CONNECTION_TERMINATION
                    | Self::UPSTREAM_PROTOCOL_ERROR
                    | Self::OVERLOAD_MANAGER,
            )
    }

    const fn has(self, any: u64) -> bool {
        self.0 & any != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn flags_are_the_bits_that_envoy_was_seen_to_set() {
        for client_left in [16_384, 268_435_456, 16_384 | 4] {
            assert!(ResponseFlags(client_left).client_left(), "{client_left}");
        }
        for timed_out in [4, 65_536, 1 << 19, 1 << 22] {
            assert!(ResponseFlags(timed_out).timed_out(), "{timed_out}");
        }
        assert!(ResponseFlags(262_144).client_erred());
        for broke_off in [64, 16, 8, 8_388_608, 262_144, 16_384, 4, 64 | 512] {
            assert!(ResponseFlags(broke_off).broke_off(), "{broke_off}");
        }
        // A connection that failed and was tried again; a delay that was asked for.
        for went_on in [0, 32, 512, 1024, 2048] {
            assert!(!ResponseFlags(went_on).broke_off(), "{went_on}");
        }
    }

    #[test]
    fn a_fact_is_found_by_its_name() {
        let told = Told { facts: vec![("a", b"1".to_vec()), ("b", vec![])], ..Told::default() };
        assert_eq!(told.fact("a"), Some(&b"1"[..]));
        assert_eq!(told.fact("b"), Some(&b""[..]));
        assert_eq!(told.fact("c"), None);
    }
}
