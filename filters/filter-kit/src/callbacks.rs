/// The callbacks of the Proxy-Wasm ABI 0.2.1 that a filter wants to get.
///
/// Envoy calls every one that a module exports, at about 0.4 microseconds each,
/// so the build removes the exports of those which are not asked for here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callbacks {
    /// New bytes of the request's body.
    pub request_body: bool,
    /// The request's trailers.
    pub request_trailers: bool,
    /// The response's headers.
    pub response_headers: bool,
    /// New bytes of the response's body.
    pub response_body: bool,
    /// The response's trailers.
    pub response_trailers: bool,
    /// The end of the exchange.
    pub finished: bool,
    /// The passing of time ([`Filter::tick`](crate::Filter::tick)).
    pub tick: bool,
}

impl Callbacks {
    /// Only the request's headers, which every filter gets, and the end.
    pub const REQUEST_HEADERS: Self = Self {
        request_body: false,
        request_trailers: false,
        response_headers: false,
        response_body: false,
        response_trailers: false,
        finished: false,
        tick: false,
    };

    /// The whole request: headers, body and trailers. A filter that holds
    /// headers back needs all three, since a request may end in any of them.
    pub const REQUEST: Self =
        Self { request_body: true, request_trailers: true, ..Self::REQUEST_HEADERS };

    /// The whole exchange.
    pub const ALL: Self = Self {
        response_headers: true,
        response_body: true,
        response_trailers: true,
        finished: true,
        ..Self::REQUEST
    };
}
