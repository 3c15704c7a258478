//! A filter that does to a message what a plan says, which the request carries
//! in a header `x-plan`: how much of it to hold, what to put into its body, and
//! where to break it off. With it the shell is tested: what a filter can decide,
//! Envoy has to do.

use filter_kit::{
    Arrival, BodyChunk, Callbacks, ConfigError, Edits, Exchange, Filter, GrpcCode, HeaderBlock,
    Metric, MetricKind, Notes, Reply, ReplyKind, Series, Timestamp, Trailers, Verdict,
};
use serde::Deserialize;
use std::net::IpAddr;
use std::rc::Rc;

wasm_shell::export_filter!(Rewriting);

/// What is done to a request and to its response.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Plan {
    request: MessagePlan,
    response: MessagePlan,
}

/// What is done to a message. Positions are counted from its body's start; one
/// behind the body means its end.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MessagePlan {
    /// It is held until so many bytes of its body were seen; 0 waits for the
    /// first ones. Without, its headers go on at once.
    hold: Option<u64>,
    /// Start, end, the text to put there, and how often.
    splices: Vec<(u64, u64, String, usize)>,
    /// Whether the rest is watched.
    watch: bool,
    /// A reply is given when so many bytes were seen.
    reply_after: Option<u64>,
    /// That reply is an answer, not a refusal.
    answer: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Whether the source of a request is told, in `x-source`.
    #[serde(default)]
    source: bool,
}

static BEGUN: Metric = counter("rewriting_begun_total", "Exchanges that began.");
static FINISHED: Metric = counter("rewriting_finished_total", "Exchanges that finished.");

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Counter, labels: &[], help }
}

struct Rewriting {
    source: bool,
    series: [Series; 2],
}

struct Planned {
    filter: Rc<Rewriting>,
    source: Option<IpAddr>,
    request: Message,
    response: Message,
}

#[derive(Default)]
struct Message {
    plan: MessagePlan,
    seen: u64,
    has_gone_on: bool,
}

impl Filter for Rewriting {
    const NAME: &'static str = "rewriting";
    const CALLBACKS: Callbacks = Callbacks::ALL;
    const METRICS: &'static [&'static Metric] = &[&BEGUN, &FINISHED];

    type Config = Config;
    type Exchange = Planned;

    fn configure(config: Config) -> Result<Self, ConfigError> {
        let series = [Series::new(&BEGUN, &[]), Series::new(&FINISHED, &[])];
        Ok(Self { source: config.source, series })
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.series.iter()
    }

    fn wants_source(&self) -> bool {
        self.source
    }

    fn exchange(self: &Rc<Self>, arrival: Arrival) -> Planned {
        Planned {
            filter: Rc::clone(self),
            source: arrival.source,
            request: Message::default(),
            response: Message::default(),
        }
    }
}

impl Exchange for Planned {
    fn request_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        let [begun, _] = &self.filter.series;
        notes.count(begun);
        let plan: Plan = match block.headers.first("x-plan").map(serde_json::from_slice) {
            None => Plan::default(),
            Some(Ok(plan)) => plan,
            Some(Err(error)) => return Verdict::Reply(reply(400, error.to_string(), false)),
        };
        self.request.plan = plan.request;
        self.response.plan = plan.response;
        match self.request.headers(block.end_of_message) {
            Verdict::Forward(edits) if self.filter.source => {
                let source = self.source.map_or("none".to_owned(), |source| source.to_string());
                Verdict::Forward(edits.set("x-source", source))
            }
            verdict => verdict,
        }
    }

    fn request_body(&mut self, chunk: BodyChunk<'_>, _: &mut Notes) -> Verdict {
        self.request.body(chunk)
    }

    fn request_trailers(&mut self, _: Trailers<'_>, _: &mut Notes) -> Verdict {
        self.request.decide(true)
    }

    fn response_headers(&mut self, block: HeaderBlock<'_>, _: &mut Notes) -> Verdict {
        self.response.headers(block.end_of_message)
    }

    fn response_body(&mut self, chunk: BodyChunk<'_>, _: &mut Notes) -> Verdict {
        self.response.body(chunk)
    }

    fn response_trailers(&mut self, _: Trailers<'_>, _: &mut Notes) -> Verdict {
        self.response.decide(true)
    }

    fn finished(&mut self, _: Timestamp, notes: &mut Notes) {
        let [_, finished] = &self.filter.series;
        notes.count(finished);
    }
}

impl Message {
    fn headers(&mut self, is_end: bool) -> Verdict {
        if self.plan.hold.is_some() && !is_end { Verdict::Hold } else { self.decide(is_end) }
    }

    fn body(&mut self, chunk: BodyChunk<'_>) -> Verdict {
        self.seen += chunk.bytes.len() as u64;
        self.decide(chunk.end_of_message)
    }

    fn decide(&mut self, is_end: bool) -> Verdict {
        if self.plan.reply_after.is_some_and(|place| is_end || self.seen >= place) {
            return Verdict::Reply(reply(422, "broken off".to_owned(), self.plan.answer));
        }
        if self.has_gone_on {
            return Verdict::Forward(Edits::none().watch());
        }
        if self.plan.hold.is_some_and(|place| !is_end && self.seen < place) {
            return Verdict::Hold;
        }
        self.has_gone_on = true;
        let splices = self.plan.splices.drain(..);
        let edits = splices.fold(Edits::none(), |edits, (start, end, text, times)| {
            edits.splice(start..end, text.repeat(times))
        });
        Verdict::Forward(if self.plan.watch { edits.watch() } else { edits })
    }
}

fn reply(status: u16, text: String, is_answer: bool) -> Reply {
    Reply {
        kind: if is_answer { ReplyKind::Answer } else { ReplyKind::Refusal },
        status,
        grpc: GrpcCode::InvalidArgument,
        headers: vec![("content-type".into(), b"text/plain".to_vec())],
        body: text.into_bytes(),
        reason: "rewriting;planned".to_owned(),
    }
}
