//! A filter that states as facts what a request costs, as one that counts tokens
//! would, but knows it from headers: what is reserved from the request, what is
//! used from its answer. With it the ways are tested on which Envoy's rate limit
//! filter learns of a cost.

use filter_kit::{
    Arrival, BodyChunk, Callbacks, ConfigError, Edits, Exchange, Filter, GrpcCode, HeaderBlock,
    Headers, Metric, Notes, Reply, ReplyKind, Series, Timestamp, Trailers, Verdict,
};
use serde::de::IgnoredAny;
use std::rc::Rc;

wasm_shell::export_filter!(Accounting);

/// In a request: what to reserve.
const RESERVED: &str = "x-tokens-reserved";

/// In a request: refuse it.
const REFUSED: &str = "x-refused";

/// In an answer: what it took.
const USED: &str = "x-tokens-used";

/// In an answer: when that is stated, `headers`, `end` (the default) or
/// `finished`.
const STATED_AT: &str = "x-tokens-stated-at";

/// In an answer: what to state at its headers already, until it is known better.
const AT_FIRST: &str = "x-tokens-at-first";

struct Accounting;

#[derive(Default)]
struct Account {
    reserved: Option<u64>,
    used: Option<u64>,
    stated_at: Moment,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Moment {
    Headers,
    #[default]
    End,
    Finished,
}

impl Filter for Accounting {
    const NAME: &'static str = "accounting";
    const CALLBACKS: Callbacks = Callbacks::ALL;
    const METRICS: &'static [&'static Metric] = &[];

    type Config = IgnoredAny;
    type Exchange = Account;

    fn configure(_: IgnoredAny) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        [].iter()
    }

    fn exchange(self: &Rc<Self>, _: Arrival) -> Account {
        Account::default()
    }
}

impl Exchange for Account {
    fn request_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        let headers = block.headers;
        if headers.first(REFUSED).is_some() {
            return Verdict::Reply(refusal());
        }
        self.reserved = number(headers, RESERVED);
        if let Some(reserved) = self.reserved {
            notes.fact("inference.tokens_reserved", reserved.to_string());
        }
        Verdict::Forward(Edits::none())
    }

    fn response_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        self.used = number(block.headers, USED);
        self.stated_at = match block.headers.first(STATED_AT) {
            Some(b"headers") => Moment::Headers,
            Some(b"finished") => Moment::Finished,
            _ => Moment::End,
        };
        if let Some(at_first) = number(block.headers, AT_FIRST) {
            notes.fact("inference.tokens_used", at_first.to_string());
        }
        self.state_at(Moment::Headers, notes);
        if block.end_of_message {
            self.state_at(Moment::End, notes);
        }
        Verdict::Forward(Edits::none().watch())
    }

    fn response_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        if chunk.end_of_message {
            self.state_at(Moment::End, notes);
        }
        Verdict::Forward(Edits::none().watch())
    }

    fn response_trailers(&mut self, _: Trailers<'_>, notes: &mut Notes) -> Verdict {
        self.state_at(Moment::End, notes);
        Verdict::Forward(Edits::none())
    }

    fn finished(&mut self, _: Timestamp, notes: &mut Notes) {
        self.state_at(Moment::Finished, notes);
    }
}

impl Account {
    fn state_at(&self, moment: Moment, notes: &mut Notes) {
        let Some(used) = self.used.filter(|_| moment == self.stated_at) else { return };
        notes.fact("inference.tokens_used", used.to_string());
        if let Some(reserved) = self.reserved {
            notes.fact("inference.tokens_unspent", reserved.saturating_sub(used).to_string());
        }
    }
}

fn number(headers: &Headers, name: &str) -> Option<u64> {
    str::from_utf8(headers.first(name)?).ok()?.parse().ok()
}

fn refusal() -> Reply {
    Reply {
        kind: ReplyKind::Refusal,
        status: 429,
        grpc: GrpcCode::ResourceExhausted,
        headers: Vec::new(),
        body: Vec::new(),
        reason: "accounting;refused".to_owned(),
    }
}
