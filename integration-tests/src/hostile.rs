//! Traffic that a filter must survive: run through every filter alike.
//!
//! A filter's tests describe it as a [`Subject`] and call
//! [`hostile_traffic!`](crate::hostile_traffic), which makes a test of each kind
//! of traffic. After each the gateway must still serve, and no filter may have
//! crashed.

pub mod bodies;
pub mod departures;
pub mod headers;
pub mod replacement;

use crate::{Answer, Call, Client, EnvoyConfig, Gateway, Reply, Upstream, WasmFilter};
use http::request::Parts;
use std::net::SocketAddr;

/// A filter, and what it makes of hostile traffic.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The filter with a configuration under which the good calls are served.
    pub filter: WasmFilter,
    /// The same with another configuration under which they are.
    pub reconfigured: WasmFilter,
    /// Everything around the filter, for a model server at this address.
    pub around: fn(SocketAddr) -> EnvoyConfig,
    /// An HTTP call with a JSON body that is served.
    pub json: Call,
    /// A gRPC call that is served.
    pub grpc: Call,
    /// An HTTP call with a body of more than 10 MB.
    pub long_json: Call,
    /// A gRPC call with a message of more than 10 MB.
    pub long_grpc: Call,
    /// The headers that the filter reads.
    pub headers: &'static [&'static str],
    /// What it makes of each kind of traffic.
    pub outcome: fn(Case) -> Outcome,
}

/// A kind of traffic that filters treat differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// A header has a value that is not UTF-8.
    HeaderNotText(&'static str),
    /// A header stands there twice, with different values.
    HeaderTwice(&'static str),
    /// A header is 50 KB long.
    LongHeader(&'static str),
    /// A request without a body, or with an empty one, with the path of the JSON
    /// call.
    NoJson,
    /// The same with the path of the gRPC call.
    NoGrpc,
    /// [`Subject::long_json`].
    LongJson,
    /// [`Subject::long_grpc`].
    LongGrpc,
    /// Random bytes where JSON should be.
    RandomJson,
    /// Random bytes where gRPC frames should be.
    RandomGrpc,
    /// A HEAD request with the path of the JSON call.
    Head,
}

/// What the filter makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It reaches the model server unchanged.
    Passes,
    /// The client gets this HTTP status, or over gRPC this status code. The
    /// model server never sees the whole of it.
    Refused {
        /// Over HTTP.
        http: u16,
        /// Over gRPC.
        grpc: i32,
    },
    /// One or the other: it depends on the bytes.
    Either,
}

/// A subject in a gateway, with an echoing model server.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) subject: Subject,
    pub(crate) upstream: Upstream,
    pub(crate) gateway: Gateway,
}

/// The header by which a call says what the model server shall do with it, if
/// not echo it.
pub(crate) const BEHAVIOUR: &str = "x-test-behaviour";

impl Trial {
    pub(crate) async fn of(subject: Subject) -> Self {
        let filter = subject.filter.clone();
        Self::in_gateway(subject, |config| config.wasm(&filter)).await
    }

    pub(crate) async fn in_gateway(
        subject: Subject,
        with_filter: impl FnOnce(EnvoyConfig) -> EnvoyConfig,
    ) -> Self {
        let upstream = Upstream::scripted(obey).await;
        let gateway = with_filter((subject.around)(upstream.address())).start().await;
        Self { subject, upstream, gateway }
    }

    /// A client for each version of HTTP.
    pub(crate) async fn clients(&self) -> [Client; 2] {
        [self.gateway.http1().await, self.gateway.http2().await]
    }

    /// Sends the call and checks that it fares as the subject says.
    pub(crate) async fn check(&self, client: &mut Client, case: Case, call: Call) {
        self.upstream.forget();
        let answer = client.send(call.clone()).await;
        let passed = self.upstream.received().iter().any(crate::Received::is_complete);
        match (self.subject.outcome)(case) {
            Outcome::Passes => self.assert_passed(&call, &answer),
            Outcome::Refused { http, grpc } => {
                match answer.grpc_status() {
                    Some(status) => assert_eq!(status, grpc, "{case:?}: {answer:?}"),
                    None => assert_eq!(answer.status, http, "{case:?}: {answer:?}"),
                }
                assert!(!passed, "{case:?}: refused, and yet the model server got it");
            }
            Outcome::Either if passed => self.assert_passed(&call, &answer),
            Outcome::Either => match answer.grpc_status() {
                // INTERNAL and UNAVAILABLE are failures of ours, not refusals.
                Some(status) => assert!(![0, 13, 14].contains(&status), "{case:?}: {answer:?}"),
                None => assert!(answer.status.is_client_error(), "{case:?}: {answer:?}"),
            },
        }
    }

    /// Checks that the call reached the model server unchanged, and the answer
    /// the client.
    pub(crate) fn assert_passed(&self, call: &Call, answer: &Answer) {
        assert_eq!(answer.status, 200, "{answer:?}");
        let received = self.upstream.last();
        assert!(received.is_complete(), "the model server got only a part");
        let sent = call.body_bytes();
        assert!(received.body == sent, "{} bytes became {}", sent.len(), received.body.len());
        assert_eq!(received.path, call.path());
        assert!(answer.body == sent, "the answer was changed on its way");
    }

    /// Checks that a good call of each kind is served, and ends the gateway.
    ///
    /// # Panics
    /// When one isn't, or when a filter has crashed.
    pub(crate) async fn finish(self) {
        self.assert_serves().await;
    }

    pub(crate) async fn assert_serves(&self) {
        self.upstream.forget();
        let [mut http1, mut http2] = self.clients().await;
        for client in [&mut http1, &mut http2] {
            let answer = client.send(self.subject.json.clone()).await;
            self.assert_passed(&self.subject.json, &answer);
        }
        let answer = http2.send(self.subject.grpc.clone()).await;
        self.assert_passed(&self.subject.grpc, &answer);
        assert_eq!(answer.grpc_status(), Some(0));
    }

    /// Checks that Envoy holds no request any more.
    pub(crate) async fn assert_idle(&self) {
        self.gateway.wait_for_stat("http.gateway.downstream_rq_active", |active| active == 0).await;
    }
}

/// A test for each kind of traffic. The argument gives the [`Subject`].
#[macro_export]
macro_rules! hostile_traffic {
    ($subject:expr) => {
        $crate::hostile_traffic! { $subject;
            headers: header_values_that_are_not_text, headers_that_stand_there_twice,
                long_headers, many_headers, requests_that_are_no_http;
            bodies: empty_bodies, bodies_cut_at_every_byte, bodies_cut_at_every_byte_over_http1,
                bodies_that_come_byte_by_byte, ten_megabytes, trailers, random_bytes, head_requests;
            departures: clients_that_leave_while_they_send, clients_that_cancel_streams,
                clients_that_leave_while_they_are_answered, model_servers_that_break_off;
            replacement: a_configuration_replaced_under_traffic;
        }
    };
    ($subject:expr; $($module:ident: $($test:ident),*;)*) => {
        $($(
            #[tokio::test]
            async fn $test() {
                $crate::hostile::$module::$test($subject).await;
            }
        )*)*
    };
}

fn obey(head: &Parts) -> Reply {
    let begun = || Answer::text("begun");
    match head.headers.get(BEHAVIOUR).map(|value| value.as_bytes()) {
        Some(b"reset") => Reply::Reset,
        Some(b"cut off") => Reply::cut_off(begun()),
        Some(b"stall") => Reply::stall(begun()),
        Some(b"hang") => Reply::Hang,
        _ => Reply::Echo,
    }
}
