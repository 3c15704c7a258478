use super::Place;
use crate::callers::caller_key;
use crate::choosing::{Asking, Choice, Reason, choose};
use crate::conditions::Circumstances;
use crate::differentials::Differential;
use crate::identity::{Claim, Claims, Meant};
use crate::outgoing::{self, MODEL_NAME, MODEL_VERSION, Sent, WrittenPath};
use crate::rejection::Rejection;
use crate::router::ModelRouter;
use crate::split::Caller;
use filter_kit::{Arrival, Edits, HeaderBlock, Headers, Notes, Repeated};
use inference_api::dialect::{
    BodyIdentity, Call, DeclaredContent, Dialect, Operation, query_parameter,
};
use inference_api::identity::{Malformed, Named, NamedVersion};

/// What the headers of a request said.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) dialect: Dialect,
    pub(super) claims: Claims,
    pub(super) sent: Sent,
    asking: Asking,
    path: Option<WrittenPath>,
}

impl Request {
    /// Everything that headers, query and path say.
    pub(super) fn new(
        router: &ModelRouter,
        arrival: Arrival,
        block: &HeaderBlock<'_>,
        call: &Call<'_>,
        sent: Sent,
    ) -> Result<Self, Rejection> {
        let headers = block.headers;
        let claims = claims(router, headers, call)?;
        // Each part of a batch names a model of its own, which is not read:
        // nothing may be taken for granted about them.
        if call.operation == Operation::Batch && claims.header.model.is_none() {
            return Err(Rejection::NoModel);
        }
        let (caller, by_weight) = match caller_key(&router.sticky_by, headers) {
            Some(key) => (Caller::known_by(key), Reason::Sticky),
            None => (Caller::by_chance(arrival.chance), Reason::Weight),
        };
        let tenants = router.tenants.as_ref();
        let circumstances = Circumstances {
            // They are gone when the body comes.
            headers: if router.has_conditions { headers.clone() } else { Headers::default() },
            tenant: tenants.map(|tenants| tenants.identify(headers)).transpose()?.flatten(),
            source: arrival.source,
            is_grpc: call.dialect.is_grpc(),
        };
        Ok(Self {
            dialect: call.dialect,
            claims,
            sent,
            asking: Asking { caller, by_weight, circumstances },
            path: WrittenPath::of(call, headers),
        })
    }

    /// Takes up what the body names.
    pub(super) fn claim_body(&mut self, named: &Named) {
        let version = named.version.as_ref().map(NamedVersion::text);
        self.claims.body = Claim::new(named.model.as_deref(), version);
    }

    /// Where it goes by all that it says, and what it takes along.
    pub(super) fn place(
        &self,
        router: &ModelRouter,
        named: Option<&Named>,
        notes: &mut Notes,
    ) -> Result<(Edits, Place), Rejection> {
        let (choice, place) = self.choose(router, notes)?;
        notes.count(&choice.version.routed);
        notes.fact("inference.model", choice.model.name.as_str());
        notes.fact("inference.version", choice.version.name.as_str());
        notes.fact("inference.rule", choice.reason.word());
        if let Some(shadow) = choice.model.shadow_of(choice.position) {
            notes.count(&shadow.shadowed);
        }
        let mut edits = self.sent.placed(&choice, &self.asking.circumstances);
        if let Some(path) = self.path.as_ref().and_then(|path| path.served_as(choice.version)) {
            edits = edits.set(":path", path);
        }
        let splices = named.map(|named| outgoing::served_as(named, choice.version)).transpose()?;
        for splice in splices.into_iter().flatten() {
            edits = edits.splice(splice.range, splice.bytes);
        }
        Ok((edits, place))
    }

    /// The version that it may have by all that it says.
    pub(super) fn choose<'r>(
        &self,
        router: &'r ModelRouter,
        notes: &mut Notes,
    ) -> Result<(Choice<'r>, Place), Rejection> {
        let meant = self.meant(router)?;
        let model = router.catalogue.model(meant.model).ok_or(Rejection::NoModel)?;
        let grant = router.grant(self.asking.circumstances.tenant.as_deref());
        let choice = choose(model, meant, &self.asking, grant, notes)?;
        let place = Place { model: meant.model, version: choice.position };
        Ok((choice, place))
    }

    /// Whether all that it says, with a body that has gone on, still means the
    /// place where it went, in the words that its servers know.
    pub(super) fn agrees(
        &self,
        router: &ModelRouter,
        placed: Place,
        named: &Named,
    ) -> Result<(), Rejection> {
        let meant = self.meant(router)?;
        // The model can't be another: what named it counts before the body.
        let is_elsewhere = meant.version.is_some_and(|word| word.version != placed.version);
        let model = router.catalogue.model(placed.model);
        let version = model.and_then(|model| model.version(placed.version));
        let splices = version.map(|version| outgoing::served_as(named, version)).transpose()?;
        let is_rewritten = splices.is_none_or(|splices| !splices.is_empty());
        if is_elsewhere || is_rewritten {
            return Err(Rejection::TooLarge { limit: router.hold_up_to_bytes });
        }
        Ok(())
    }

    fn meant(&self, router: &ModelRouter) -> Result<Meant, Rejection> {
        match router.all_mean {
            Some(meant) => Ok(meant),
            None => self.claims.settle(router.understanding()),
        }
    }
}

/// Whether the body is to be read for the model.
pub(super) fn reads_body(
    router: &ModelRouter,
    call: &Call<'_>,
    block: &HeaderBlock<'_>,
    notes: &mut Notes,
) -> Result<bool, Rejection> {
    if !router.read_body || call.body == BodyIdentity::None {
        return Ok(false);
    }
    if is_encoded(block.headers, call.dialect) {
        router.tolerate(Differential::CompressedBody, notes)?;
        return Ok(false);
    }
    if block.end_of_message {
        return Err(Rejection::Body(Malformed::Empty));
    }
    if call.body == BodyIdentity::JsonModel {
        match call.content {
            DeclaredContent::Json => {}
            DeclaredContent::Absent => router.tolerate(Differential::MissingContentType, notes)?,
            _ => router.tolerate(Differential::WrongContentType, notes)?,
        }
    }
    Ok(true)
}

/// Whether what a body names may be written as it is.
pub(super) fn tolerate(
    router: &ModelRouter,
    named: &Named,
    notes: &mut Notes,
) -> Result<(), Rejection> {
    for (is_there, differential) in [
        (named.is_contradictory, Differential::DuplicateModel),
        (named.is_escaped, Differential::EscapedModel),
        (named.has_byte_order_mark, Differential::ByteOrderMark),
    ] {
        if is_there {
            router.tolerate(differential, notes)?;
        }
    }
    Ok(())
}

fn claims(router: &ModelRouter, headers: &Headers, call: &Call<'_>) -> Result<Claims, Rejection> {
    if router.all_mean.is_some() {
        return Ok(Claims::default());
    }
    let (model, version) = (wish(headers, MODEL_NAME)?, wish(headers, MODEL_VERSION)?);
    let path = headers.first(":path").unwrap_or_default();
    let parameter = |name: &Option<String>| match name {
        Some(name) => query_parameter(path, name).map_err(Rejection::Query),
        None => Ok(None),
    };
    let asked = (parameter(&router.query.model)?, parameter(&router.query.version)?);
    let path_version = call.path_version.as_ref().map(|version| version.text().as_ref());
    Ok(Claims {
        header: Claim::new(model, version),
        query: Claim::new(asked.0.as_deref(), asked.1.as_deref()),
        path: Claim::new(call.path_model.as_deref(), path_version),
        body: Claim::default(),
    })
}

/// What the client wishes for in one of our headers.
fn wish<'h>(headers: &'h Headers, name: &'static str) -> Result<Option<&'h str>, Rejection> {
    let bad = || Rejection::Header { name: name.to_owned() };
    match headers.single(name) {
        Ok(None) => Ok(None),
        Ok(Some(value)) => str::from_utf8(value).map(|text| Some(text.trim())).map_err(|_| bad()),
        Err(Repeated) => Err(bad()),
    }
}

/// Whether the body is compressed as a whole, which gRPC never is.
fn is_encoded(headers: &Headers, dialect: Dialect) -> bool {
    let plain = |value: &[u8]| value.is_empty() || value.eq_ignore_ascii_case(b"identity");
    !dialect.is_grpc() && !headers.all("content-encoding").all(|value| plain(value.trim_ascii()))
}
