//! One request, on its way to a version.

use crate::identity::{Claim, Claims, Source};
use crate::rejection::Rejection;
use crate::router::ModelRouter;
use crate::split::Caller;
use crate::sticky::caller_key;
use core::mem;
use filter_kit::{
    BodyChunk, Edits, Exchange, HeaderBlock, Headers, Notes, Repeated, Trailers, Verdict,
};
use inference_api::dialect::{BodyIdentity, Call, Dialect, Operation, RequestLine, classify};
use inference_api::grpc::is_grpc;
use inference_api::identity::{BodyReader, Limits, Malformed, Named, NamedVersion, Progress};
use std::rc::Rc;

/// The model's name: a client's wish, and the router's answer.
const MODEL_NAME: &str = "x-model-name";
/// The version's name: a client's wish, and the router's answer.
const MODEL_VERSION: &str = "x-model-version";
/// The cluster, for routes with `cluster_header`.
const MODEL_CLUSTER: &str = "x-model-cluster";
/// The shadow's cluster.
const MODEL_SHADOW: &str = "x-model-shadow";

/// The headers that only the router may say.
const OURS: [&str; 4] = [MODEL_NAME, MODEL_VERSION, MODEL_CLUSTER, MODEL_SHADOW];

/// One request, on its way to a version.
#[derive(Debug)]
pub struct Routing {
    router: Rc<ModelRouter>,
    chance: u64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The request's headers did not come yet.
    Arriving,
    /// Its body is being read for the model.
    Reading(Box<Reading>),
    /// It was decided.
    Decided,
}

#[derive(Debug)]
struct Reading {
    request: Request,
    reader: BodyReader,
    /// How many more bytes may be held.
    room: usize,
}

/// What the headers said.
#[derive(Debug)]
struct Request {
    dialect: Dialect,
    caller: Caller,
    rule: ChoiceRule,
    claims: Claims,
    /// Which of our headers the client sent.
    sent: [bool; OURS.len()],
}

/// Why a version was chosen that the request did not name.
#[derive(Clone, Copy, Debug)]
enum ChoiceRule {
    Sticky,
    Weight,
}

impl Exchange for Routing {
    fn request_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        let line = request_line(block.headers);
        let call = match classify(&line, &self.router.grpc_methods) {
            Ok(call) => call,
            Err(error) => {
                let speaks_grpc = line.content_type.is_some_and(is_grpc);
                let dialect = if speaks_grpc { Dialect::Grpc } else { Dialect::Http };
                return self.refuse(dialect, &Rejection::Path(error), notes);
            }
        };
        let sent = OURS.map(|name| block.headers.contains(name));
        let [asks_by_name, ..] = sent;
        if !self.router.places(&call, asks_by_name) {
            self.stage = Stage::Decided;
            notes.count(&self.router.counters.passed);
            return Verdict::Forward(without(&sent, Edits::none()));
        }
        let (dialect, body) = (call.dialect, call.body);
        let request = match self.request(block.headers, call, sent) {
            Ok(request) => request,
            Err(rejection) => return self.refuse(dialect, &rejection, notes),
        };
        if body == BodyIdentity::None {
            return self.settle(request, Named::default(), notes);
        }
        if is_encoded(block.headers, dialect) {
            return self.refuse(dialect, &Rejection::Encoded, notes);
        }
        if block.end_of_message {
            return self.refuse(dialect, &Rejection::Body(Malformed::Empty), notes);
        }
        let reader = BodyReader::new(&body, Limits::default());
        let room = usize::try_from(self.router.hold_up_to_bytes).unwrap_or(usize::MAX);
        self.stage = Stage::Reading(Box::new(Reading { request, reader, room }));
        Verdict::Hold
    }

    fn request_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        let limit = self.router.hold_up_to_bytes;
        let Stage::Reading(reading) = &mut self.stage else {
            return Verdict::Forward(Edits::none());
        };
        // What lies beyond the limit is not read, so that it takes no part in the
        // decision however the bytes are cut.
        let (within, beyond) = match chunk.bytes.split_at_checked(reading.room) {
            Some(parts) => parts,
            None => (chunk.bytes, Default::default()),
        };
        reading.room = reading.room.saturating_sub(within.len());
        let rejection = match reading.reader.push(within) {
            Ok(Progress::Settled) => return self.finish(notes),
            Ok(Progress::MoreNeeded) if !beyond.is_empty() => Rejection::TooLarge { limit },
            Ok(Progress::MoreNeeded) if chunk.end_of_message => return self.finish(notes),
            Ok(Progress::MoreNeeded) => return Verdict::Hold,
            Err(malformed) => Rejection::Body(malformed),
        };
        let dialect = reading.request.dialect;
        self.refuse(dialect, &rejection, notes)
    }

    fn request_trailers(&mut self, _: Trailers<'_>, notes: &mut Notes) -> Verdict {
        self.finish(notes)
    }
}

impl Routing {
    pub(crate) fn new(router: Rc<ModelRouter>, chance: u64) -> Self {
        Self { router, chance, stage: Stage::Arriving }
    }

    /// Everything that headers and path say.
    fn request(
        &self,
        headers: &Headers,
        call: Call<'_>,
        sent: [bool; OURS.len()],
    ) -> Result<Request, Rejection> {
        let (model, version) = (wish(headers, MODEL_NAME)?, wish(headers, MODEL_VERSION)?);
        let path_version = call.path_version.as_ref().map(|version| version.text().as_ref());
        let claims = Claims {
            header: Claim::new(Source::Header, model, version)?,
            path: Claim::new(Source::Path, call.path_model.as_deref(), path_version)?,
            body: Claim::default(),
        };
        // Their bodies name models that are not read here: nothing may be taken
        // for granted about them.
        let is_unread = matches!(call.operation, Operation::Transcription | Operation::Batch);
        if is_unread && claims.header.model.is_none() {
            return Err(Rejection::NoModel);
        }
        let (caller, rule) = match caller_key(&self.router.sticky_by, headers) {
            Some(key) => (Caller::known_by(key), ChoiceRule::Sticky),
            None => (Caller::by_chance(self.chance), ChoiceRule::Weight),
        };
        Ok(Request { dialect: call.dialect, caller, rule, claims, sent })
    }

    /// The body's part is over: what it named decides.
    fn finish(&mut self, notes: &mut Notes) -> Verdict {
        match mem::replace(&mut self.stage, Stage::Decided) {
            Stage::Reading(mut reading) => match reading.reader.finish() {
                Ok(named) => self.settle(reading.request, named, notes),
                Err(malformed) => {
                    self.refuse(reading.request.dialect, &Rejection::Body(malformed), notes)
                }
            },
            Stage::Arriving | Stage::Decided => Verdict::Forward(Edits::none()),
        }
    }

    fn settle(&mut self, request: Request, named: Named, notes: &mut Notes) -> Verdict {
        let dialect = request.dialect;
        match self.place(request, named, notes) {
            Ok(edits) => {
                self.stage = Stage::Decided;
                Verdict::Forward(edits)
            }
            Err(rejection) => self.refuse(dialect, &rejection, notes),
        }
    }

    fn place(&self, request: Request, named: Named, notes: &mut Notes) -> Result<Edits, Rejection> {
        let Request { caller, rule, mut claims, sent, .. } = request;
        claims.body = body_claim(named)?;
        let meant = claims.settle(self.router.on_contradiction)?;
        let rule = if meant.version.is_some() { "named" } else { rule.name() };
        let (model, version) = self.router.find(meant, caller)?;
        notes.count(&version.routed);
        notes.fact("inference.model", model.name.as_str());
        notes.fact("inference.version", version.name.as_str());
        notes.fact("inference.rule", rule);
        let edits = Edits::none()
            .set(MODEL_NAME, model.name.as_str())
            .set(MODEL_VERSION, version.name.as_str())
            .set(MODEL_CLUSTER, version.cluster.as_str());
        let [.., shadow] = sent;
        Ok(if shadow { edits.remove(MODEL_SHADOW) } else { edits })
    }

    fn refuse(&mut self, dialect: Dialect, rejection: &Rejection, notes: &mut Notes) -> Verdict {
        self.stage = Stage::Decided;
        let rule = rejection.rule();
        if let Some(series) = self.router.counters.refused(rule) {
            notes.count(series);
        }
        notes.fact("inference.rule", rule.name());
        Verdict::Reply(rejection.reply(dialect))
    }
}

impl ChoiceRule {
    const fn name(self) -> &'static str {
        match self {
            Self::Sticky => "sticky",
            Self::Weight => "weight",
        }
    }
}

fn request_line(headers: &Headers) -> RequestLine<'_> {
    RequestLine {
        method: headers.first(":method").unwrap_or_default(),
        path: headers.first(":path").unwrap_or_default(),
        content_type: headers.first("content-type"),
    }
}

/// What the client wishes for in one of our headers.
fn wish<'h>(headers: &'h Headers, name: &'static str) -> Result<Option<&'h str>, Rejection> {
    let bad = Rejection::Header { name };
    match headers.single(name) {
        Ok(None) => Ok(None),
        Ok(Some(value)) => str::from_utf8(value).map(|text| Some(text.trim())).map_err(|_| bad),
        Err(Repeated) => Err(bad),
    }
}

/// Whether the body is compressed as a whole, which gRPC never is.
fn is_encoded(headers: &Headers, dialect: Dialect) -> bool {
    let plain = |value: &[u8]| value.is_empty() || value.eq_ignore_ascii_case(b"identity");
    !dialect.is_grpc() && !headers.all("content-encoding").all(|value| plain(value.trim_ascii()))
}

fn body_claim(named: Named) -> Result<Claim, Rejection> {
    if named.is_contradictory {
        return Err(Rejection::RepeatedModel);
    }
    let version = named.version.map(|version| match version {
        NamedVersion::Version(text) | NamedVersion::Label(text) => text,
    });
    Claim::new(Source::Body, named.model.as_deref(), version.as_deref())
}

/// Takes out those of our headers that the client sent.
fn without(sent: &[bool; OURS.len()], edits: Edits) -> Edits {
    let sent = OURS.into_iter().zip(sent).filter_map(|(name, sent)| sent.then_some(name));
    sent.fold(edits, Edits::remove)
}
