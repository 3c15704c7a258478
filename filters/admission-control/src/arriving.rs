//! What is known of a request when its headers came.

use crate::accounts::Entry;
use crate::answering::Wanted;
use crate::callers::UnknownTenant;
use crate::control::AdmissionControl;
use crate::cost::{Estimate, announced};
use crate::costing::CostReader;
use crate::limits::{Kind, Room, Subject};
use crate::loads::Loads;
use crate::refusal::{Refusal, Rule};
use filter_kit::Key;
use filter_kit::{Arrival, Edits, HeaderBlock, Headers, Timestamp};
use inference_api::dialect::{
    BodyIdentity, Call, DeclaredContent, Dialect, Operation, RequestLine, classify, hidden_call,
};
use inference_api::grpc::{is_grpc, parse_timeout};

/// A request that is counted.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) dialect: Dialect,
    pub(crate) operation: Operation,
    /// Its class, by position.
    pub(crate) class: usize,
    pub(crate) model: Option<String>,
    /// The limits that are for it, each with what it keeps apart.
    pub(crate) entries: Vec<Entry>,
    /// Whose load counts, if it is known of any.
    pub(crate) load_key: Option<Key>,
    /// When its client waits no longer, in nanoseconds since the epoch.
    pub(crate) deadline: Option<u64>,
    pub(crate) estimate: Estimate,
    /// It was stated that it would have been refused.
    pub(crate) is_reported: bool,
}

/// A request whose headers came.
#[derive(Debug)]
pub(crate) struct Arrived {
    /// None when it is not counted.
    pub(crate) request: Option<Request>,
    /// Reads its body, if that says what it will cost and somebody wants to know.
    pub(crate) reader: Option<CostReader>,
    /// What it is taken to cost unread.
    pub(crate) unread: Estimate,
    pub(crate) edits: Edits,
}

/// Why it can't even be told what it is: its dialect, its class, and the refusal.
type Unclear = (Dialect, usize, Refusal);

/// What is known of a request when its headers came.
///
/// # Errors
/// When it can't be told what it is, or whose.
pub(crate) fn request(
    control: &AdmissionControl,
    arrival: &Arrival,
    block: &HeaderBlock<'_>,
) -> Result<Arrived, Unclear> {
    let headers = block.headers;
    let line = RequestLine::of(|name| headers.first(name));
    let speaks_grpc = line.content_type.is_some_and(is_grpc);
    let unclear = if speaks_grpc { Dialect::Grpc } else { Dialect::Http };
    let last = control.callers.classes.len().saturating_sub(1);
    let call = classify(&line, &[])
        .map_err(|error| (unclear, last, Refusal::new(Rule::Malformed, error.to_string())))?;
    // Not every gRPC server looks at the content type.
    let call = hidden_call(&line, &call, &[]).unwrap_or(call);
    let refused = |rule, detail: &str| (call.dialect, last, Refusal::new(rule, detail));
    let secret = control.secret(arrival);
    let named = control.callers.tenant(headers);
    let mut edits = Edits::none();
    if let Some(name) = control.callers.forwards_hash_as() {
        let tenant = named.as_ref().ok().and_then(Option::as_deref);
        let hash = tenant.zip(secret.ok()).map(|(tenant, secret)| secret.tenant_hash(tenant));
        edits = match hash {
            Some(hash) => edits.set(name.to_owned(), hash),
            // What a client wrote there is not a hash that anybody vouches for.
            None if headers.contains(name) => edits.remove(name.to_owned()),
            None => edits,
        };
    }
    let unread = Estimate::unread(announced(headers), &call, &control.cost);
    if !control.counts(call.operation, line.method) {
        return Ok(Arrived { request: None, reader: None, unread, edits });
    }
    let named = named.map_err(|why| match why {
        UnknownTenant::Missing => refused(Rule::Tenant, ""),
        UnknownTenant::Repeated => refused(Rule::Tenant, "it does so more than once"),
    })?;
    let identity = control
        .identity(headers, &call)
        .map_err(|header| refused(Rule::Malformed, &format!("two of `{header}`")))?;
    let named = named.as_deref();
    let class = control.callers.class(headers, named, identity.model.unwrap_or_default());
    let subject =
        Subject { tenant: named, model: identity.model, version: identity.version, class, headers };
    let secret = secret.map_err(|_| (call.dialect, class, Refusal::new(Rule::SharedState, "")));
    let secret = match (secret, control.on_fault) {
        (Ok(secret), _) => secret,
        (Err(refusal), crate::config::OnFault::Deny) => return Err(refusal),
        // The limits themselves can't be had either, so it is told there.
        (Err(_), crate::config::OnFault::Allow) => filter_kit::Secret::written(""),
    };
    let entries: Vec<Entry> = control
        .limits
        .iter()
        .enumerate()
        .filter(|(_, limit)| limit.is_for(&subject))
        .map(|(position, limit)| Entry { limit: position, key: limit.key(&subject, secret) })
        .collect();
    let request = Request {
        dialect: call.dialect,
        operation: call.operation,
        class,
        model: identity.model.map(str::to_owned),
        entries,
        load_key: control
            .loads
            .are_read()
            .then(|| Loads::key(secret, identity.model, identity.version)),
        deadline: deadline(control, headers, block.at),
        estimate: unread,
        is_reported: false,
    };
    let reader = request
        .has_tokens(control)
        .then(|| CostReader::of(&call, headers, &control.cost))
        .flatten();
    if request.has_tokens(control) && headers.contains("accept-encoding") {
        // What a compressed answer used can't be read.
        edits = edits.remove("accept-encoding");
    }
    Ok(Arrived { request: Some(request), reader, unread, edits })
}

impl Request {
    /// Whether a limit of tokens is for it.
    pub(crate) fn has_tokens(&self, control: &AdmissionControl) -> bool {
        self.has(control, |kind| matches!(kind, Kind::Tokens(_)))
    }

    /// What is wanted of its answer.
    pub(crate) fn wanted(&self, control: &AdmissionControl, asked_for_usage: bool) -> Wanted {
        let usage = self.has_tokens(control);
        let first_token =
            self.has(control, |kind| matches!(kind, Kind::InFlight(Room::Adaptive(_))));
        let reads_loads = control.loads.are_read() || control.loads.strip;
        Wanted {
            usage,
            first_token,
            without_usage_event: asked_for_usage,
            trailers: self.dialect.is_grpc() && (usage || first_token || reads_loads),
        }
    }

    /// The call that it is, as far as its cost is concerned.
    pub(crate) const fn call(&self) -> Call<'static> {
        Call {
            dialect: self.dialect,
            operation: self.operation,
            path_model: None,
            path_version: None,
            path_place: None,
            has_escaped_path: false,
            body: BodyIdentity::None,
            content: DeclaredContent::Absent,
        }
    }

    fn has(&self, control: &AdmissionControl, is_it: impl Fn(&Kind) -> bool) -> bool {
        self.entries
            .iter()
            .any(|entry| control.limits.get(entry.limit).is_some_and(|limit| is_it(&limit.kind)))
    }
}

/// When the client of a request waits no longer. A deadline that can't be read is none.
fn deadline(control: &AdmissionControl, headers: &Headers, at: Timestamp) -> Option<u64> {
    let stated = headers
        .first(&control.deadline.header)
        .and_then(|value| str::from_utf8(value.trim_ascii()).ok()?.parse::<u64>().ok())
        .map(|milliseconds| milliseconds.saturating_mul(1_000_000));
    let grpc = headers
        .first("grpc-timeout")
        .and_then(|value| parse_timeout(value).ok())
        .map(|timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX));
    let default = control.deadline.default_ms.map(|ms| ms.saturating_mul(1_000_000));
    let left = [stated, grpc].into_iter().flatten().min().or(default)?;
    Some(at.nanos().saturating_add(left))
}
