//! What is known of a request when its headers came.

use super::{Measured, Named};
use crate::answering::Answer;
use crate::config::ModelFrom;
use crate::measuring::InferenceMetrics;
use crate::requesting::{Readers, Request};
use crate::telling;
use filter_kit::{Arrival, HeaderBlock, Headers, Notes, Told};
use inference_api::dialect::{
    BodyIdentity, Call, DeclaredContent, Dialect, Operation, RequestLine, classify, hidden_call,
};
use inference_api::grpc::is_grpc;
use inference_api::identity::{BodyReader, Reading, Repeats, RequestIdentity};
use inference_api::workload::WorkloadReader;

/// A request whose headers came, unless it is not measured.
pub(super) fn request(
    metrics: &InferenceMetrics,
    arrival: &Arrival,
    block: &HeaderBlock<'_>,
    notes: &mut Notes,
) -> Option<Measured> {
    let headers = block.headers;
    let line = RequestLine::of(|name| headers.first(name));
    // What is no path is refused by whoever reads it; it is counted here all the same.
    let call = classify(&line, &[]).unwrap_or_else(|_| unknown(&line));
    // Any path may be that of a method; here it must be one that is known.
    let hidden = hidden_call(&line, &call, &[]).filter(|it| it.operation != Operation::Other);
    let call = hidden.unwrap_or(call);
    if !metrics.measures(call.operation, line.method) {
        return None;
    }
    let tenant = metrics.callers.tenant(headers);
    let class = metrics.callers.class(headers, tenant.as_deref());
    notes.count(&metrics.started(class, call.operation));
    if metrics.states_facts {
        let tenant = metrics.stated_tenant(tenant.as_deref(), arrival);
        telling::arrived(call.operation.name(), metrics.callers.class_name(class), tenant, notes);
    }
    let named = named(metrics.model_from, headers, &call);
    let readers = Readers {
        workload: metrics
            .reads_requests
            .then(|| WorkloadReader::new(&call, |name| headers.first(name)))
            .flatten(),
        identity: (metrics.model_from == ModelFrom::Request && named.model.is_none())
            .then(|| identity(&call, headers))
            .flatten(),
        hasher: metrics.input_hasher(),
    };
    Some(Measured {
        since: block.at,
        operation: call.operation,
        class,
        named,
        request: Request::new(headers, readers, block.end_of_message),
        target: None,
        answer: Answer::awaited(call.dialect, call.operation),
        rejected: None,
        told: Told::default(),
        is_stated: false,
        stated_outcome: None,
    })
}

/// A call of which nobody can tell what it asks for.
fn unknown<'r>(line: &RequestLine<'r>) -> Call<'r> {
    let speaks_grpc = line.content_type.is_some_and(is_grpc);
    Call {
        dialect: if speaks_grpc { Dialect::Grpc } else { Dialect::Http },
        operation: Operation::Other,
        path_model: None,
        path_version: None,
        path_place: None,
        has_escaped_path: false,
        body: BodyIdentity::None,
        content: DeclaredContent::Absent,
    }
}

/// The model and version that a request's head names. One that says two things names
/// none.
fn named(model_from: ModelFrom, headers: &Headers, call: &Call<'_>) -> Named {
    let identity = match model_from {
        ModelFrom::Headers => {
            RequestIdentity::in_headers(call, |name| headers.single(name)).unwrap_or_default()
        }
        ModelFrom::Router | ModelFrom::Request => RequestIdentity::in_path(call),
    };
    Named { model: identity.model.map(str::to_owned), version: identity.version.map(str::to_owned) }
}

/// What finds the model in a body.
fn identity(call: &Call<'_>, headers: &Headers) -> Option<BodyReader> {
    // Nothing is decided by it, so whatever most servers take is right.
    let reading = Reading { repeats: Repeats::LastCounts, ..Reading::default() };
    let has_model = call.body != BodyIdentity::None;
    has_model.then(|| BodyReader::new(&call.body, headers.first("content-type"), reading))
}
