use crate::{
    Asks, Callbacks, Cells, ConfigError, Edits, Headers, Metric, Notes, Reply, Series, Ticket,
    Timestamp, Told, Upcoming,
};
use core::net::IpAddr;
use serde::de::DeserializeOwned;
use std::rc::Rc;

/// A filter, made from its configuration.
///
/// After [`configure`](Self::configure) nothing makes it fail: it only decides.
pub trait Filter: Sized + 'static {
    /// Its name, such as `model-router`: in replies, logs and documents.
    const NAME: &'static str;

    /// The callbacks it wants beside the request's headers.
    const CALLBACKS: Callbacks;

    /// Whether it needs to know what time it is. Asking costs 0.1 microseconds in
    /// each callback.
    const CLOCK: bool = false;

    /// Every metric that it moves; [`BUILD_INFO`](crate::BUILD_INFO) is every filter's.
    const METRICS: &'static [&'static Metric];

    /// What an operator writes. Unknown keys are to be refused.
    type Config: DeserializeOwned;

    /// One request and its response, as this filter sees them.
    type Exchange: Exchange;

    /// Makes the filter that the configuration means.
    ///
    /// # Errors
    /// Every problem that the configuration has, each with its path.
    fn configure(config: Self::Config) -> Result<Self, ConfigError>;

    /// Every series that it may move, so that each stands at zero from the
    /// start.
    fn series(&self) -> impl Iterator<Item = &Series> {
        core::iter::empty()
    }

    /// Whether it needs to know who sends a request. Asking costs 1.5
    /// microseconds, so it may depend on the configuration.
    fn wants_source(&self) -> bool {
        false
    }

    /// The names of all cells of shared state that it may change. Others can't be
    /// changed.
    fn cells(&self) -> Vec<String> {
        Vec::new()
    }

    /// How often it is to be called although nothing came in
    /// ([`tick`](Self::tick)), in milliseconds. By default never. Envoy's clock
    /// adds two or three milliseconds to it.
    fn tick_ms(&self) -> Option<u32> {
        None
    }

    /// Time went by. Called in each of Envoy's workers, and in its main thread,
    /// which sees no requests.
    fn tick(&self, _tick: Tick, _notes: &mut Notes) {}

    /// Begins one exchange: the headers of a request came in, and are what it is
    /// shown next.
    fn exchange(self: &Rc<Self>, arrival: Arrival) -> Self::Exchange;
}

/// What is known when a request arrives, beside its headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrival {
    /// When it arrived; the epoch for a filter without [`Filter::CLOCK`].
    pub at: Timestamp,
    /// A number drawn evenly from all there are, afresh for each request.
    pub chance: u64,
    /// Its ticket, for whoever is to wake it ([`Notes::wake`]). No two requests
    /// that are here at the same time have the same.
    pub ticket: Ticket,
    /// The state that all of Envoy's workers share.
    pub cells: Cells,
    /// Who sent it: the client that Envoy takes it to come from, which behind a
    /// trusted proxy is not the other end of the connection. None for a filter
    /// that does not ask ([`Filter::wants_source`]), and when it came over
    /// something other than IP.
    pub source: Option<IpAddr>,
}

/// Time went by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tick {
    /// What time it is.
    pub at: Timestamp,
    /// The state that all of Envoy's workers share.
    pub cells: Cells,
}

/// What happens to the message that is being decided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It goes on, with these changes. Later body bytes of the same message
    /// pass by unseen and unchanged, unless [`Edits::watch`] asks to be shown
    /// them.
    Forward(Edits),
    /// Its headers, and the body so far, stay here until more was seen. Can't
    /// be said at the end of a message: there is nothing left to wait for.
    Hold,
    /// These changes are made to the request now, but it stays here until the
    /// exchange is woken ([`Notes::wake`]), whatever comes of it in the
    /// meantime. Nothing more of it is shown, neither then nor later. For requests
    /// only.
    ///
    /// Envoy keeps what comes of its body, and answers with 413 when that is more
    /// than it holds. It may end while it waits, as every exchange.
    Wait(Edits),
    /// This answer is given instead, and the exchange is over. A request of
    /// which a part went on is broken off: its end never reaches the model
    /// server. A response that has begun can only be broken off.
    Reply(Reply),
}

/// The headers of a message.
#[derive(Clone, Copy, Debug)]
pub struct HeaderBlock<'a> {
    /// The headers.
    pub headers: &'a Headers,
    /// Nothing follows: no body and no trailers.
    pub end_of_message: bool,
    /// When it came in; the epoch for a filter without [`Filter::CLOCK`].
    pub at: Timestamp,
}

/// The new bytes of a body: never what was shown before.
#[derive(Clone, Copy, Debug)]
pub struct BodyChunk<'a> {
    /// The bytes. May be empty.
    pub bytes: &'a [u8],
    /// Nothing follows. Not every message says so: one with trailers ends with
    /// these.
    pub end_of_message: bool,
    /// When it came in; the epoch for a filter without [`Filter::CLOCK`].
    pub at: Timestamp,
}

/// The trailers of a message, which end it.
#[derive(Clone, Copy, Debug)]
pub struct Trailers<'a> {
    /// The trailers.
    pub trailers: &'a Headers,
    /// When it came in; the epoch for a filter without [`Filter::CLOCK`].
    pub at: Timestamp,
}

/// One request and its response, as seen by one filter.
///
/// Each method is called in this order, as far as the message has such a part
/// and the filter's [`Callbacks`] ask for it. Once a message was forwarded,
/// verdicts on the rest of it (for those who watch) are `Forward`, or `Reply` to
/// break it off; neither its headers nor its body can be changed any more.
///
/// An exchange begins with a request's headers. What has none, such as bytes
/// that are no HTTP and the answer to them, is shown to no filter.
pub trait Exchange {
    /// The request's headers came in.
    fn request_headers(&mut self, _block: HeaderBlock<'_>, _notes: &mut Notes) -> Verdict {
        Verdict::Forward(Edits::none())
    }

    /// More of the request's body came in.
    fn request_body(&mut self, _chunk: BodyChunk<'_>, _notes: &mut Notes) -> Verdict {
        Verdict::Forward(Edits::none())
    }

    /// The request's trailers came in.
    fn request_trailers(&mut self, _trailers: Trailers<'_>, _notes: &mut Notes) -> Verdict {
        Verdict::Forward(Edits::none())
    }

    /// The response's headers came in.
    fn response_headers(&mut self, _block: HeaderBlock<'_>, _notes: &mut Notes) -> Verdict {
        Verdict::Forward(Edits::none())
    }

    /// More of the response's body came in.
    fn response_body(&mut self, _chunk: BodyChunk<'_>, _notes: &mut Notes) -> Verdict {
        Verdict::Forward(Edits::none())
    }

    /// The response's trailers came in.
    fn response_trailers(&mut self, _trailers: Trailers<'_>, _notes: &mut Notes) -> Verdict {
        Verdict::Forward(Edits::none())
    }

    /// Somebody woke it while it waited ([`Verdict::Wait`]). Forwards, without
    /// changes: those were made; or replies, or waits on. Nobody wakes one to which a
    /// response came in the meantime.
    fn woken(&mut self, _at: Timestamp, _notes: &mut Notes) -> Verdict {
        Verdict::Forward(Edits::none())
    }

    /// What it wants to know of Envoy before this event. Asked before each of them,
    /// so that nothing is fetched that this exchange does not need.
    fn asks(&self, _upcoming: Upcoming) -> Asks {
        Asks::NOTHING
    }

    /// What Envoy told, if anything was asked; right before the event.
    fn told(&mut self, _told: Told) {}

    /// The exchange is over, however it ended. Called exactly once, unless the
    /// virtual machine it lives in dies before.
    fn finished(&mut self, _at: Timestamp, _notes: &mut Notes) {}
}
