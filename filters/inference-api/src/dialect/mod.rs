//! Which API a request speaks, and where it says which model it means.
//!
//! [`classify`] is one table from (method, path, content type) to a [`Call`].
//! Its parts are in `rest.rs` (Open Inference Protocol, TensorFlow Serving,
//! TorchServe), `fixed.rs` (OpenAI, Anthropic, vLLM) and `services.rs` (gRPC).
//!
//! Rules of the table:
//! - The path decides. The content type only tells gRPC from the rest, because
//!   servers such as Triton and TensorFlow Serving answer whatever it says.
//! - Case counts, except in TensorFlow Serving's REST paths, which that server
//!   matches without it.
//! - Versions by name are told where a server takes only numbers, too: a gateway
//!   may know them by name, and [`PathPlace::rewrite`] writes what the server
//!   takes.
//! - The query string takes no part, see [`query_parameter`]. Model names and versions in the path are
//!   percent-decoded.
//! - A path that is a route of the table only after percent-decoding is an
//!   error: some servers decode before they route, others don't.
//! - `GET /v1/models/x` is both OpenAI's model retrieval and TensorFlow Serving's
//!   model status. It is told as [`Dialect::OpenAi`], whose clients parse error
//!   bodies, and [`Operation::ModelStatus`]; the model is `x` either way.

mod fixed;
mod operation;
mod path;
mod place;
mod query;
mod rest;
mod services;

use std::borrow::Cow;
use std::fmt;

pub use operation::Operation;
pub use path::PathError;
pub use place::PathPlace;
pub use query::{QueryError, query_parameter};
pub(crate) use services::is_prediction;

use self::place::Layout;
use crate::grpc;
use crate::protobuf::FieldPath;

/// The part of a request's head that says which API it speaks.
#[derive(Clone, Copy, Debug)]
pub struct RequestLine<'a> {
    /// `:method`
    pub method: &'a [u8],
    /// `:path`, with its query string.
    pub path: &'a [u8],
    /// `content-type`, if there is one.
    pub content_type: Option<&'a [u8]>,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The API it speaks; errors are answered in it.
    pub dialect: Dialect,
    /// What it wants.
    pub operation: Operation,
    /// The model that the path names.
    pub path_model: Option<Cow<'a, str>>,
    /// The version or label that the path names.
    pub path_version: Option<PathVersion<'a>>,
    /// Where in the path these stand, to put others there.
    pub path_place: Option<PathPlace>,
    /// Whether the model or version in the path was written with an escape. Not
    /// every server decodes it.
    pub has_escaped_path: bool,
    /// Where in the body the model stands.
    pub body: BodyIdentity,
    /// What the content type says that the body is.
    pub content: DeclaredContent,
}

/// An API of model servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAI's HTTP API, as vLLM and others serve it too.
    OpenAi,
    /// Anthropic's Messages API.
    Anthropic,
    /// Open Inference Protocol (KServe v2) over HTTP.
    OpenInferenceRest,
    /// Open Inference Protocol over gRPC.
    OpenInferenceGrpc,
    /// TensorFlow Serving over HTTP; also KServe v1.
    TensorFlowServingRest,
    /// TensorFlow Serving over gRPC.
    TensorFlowServingGrpc,
    /// Any other gRPC service.
    Grpc,
    /// Anything else.
    Http,
}

/// A version that the path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathVersion<'a> {
    /// A version: any text. TensorFlow Serving itself takes only digits.
    Version(Cow<'a, str>),
    /// A TensorFlow Serving version label, such as `stable`.
    Label(Cow<'a, str>),
}

/// Where in the body the model stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyIdentity {
    /// Nowhere that we read.
    None,
    /// In the field `model` of a JSON object.
    JsonModel,
    /// In the field `model` of a form, `multipart/form-data`.
    FormModel,
    /// In fields of the first gRPC message.
    Grpc {
        /// The model's name, a string.
        model: FieldPath,
        /// The version, a string or an integer.
        version: Option<FieldPath>,
        /// The version label, a string. A oneof together with the version.
        label: Option<FieldPath>,
    },
}

/// What the content type says that the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclaredContent {
    /// There is no content type.
    Absent,
    /// `application/json`, `.../...+json`
    Json,
    /// `application/grpc`
    Grpc,
    /// `multipart/form-data`
    Multipart,
    /// Anything else.
    Other,
}

/// A gRPC method of a team's own, from the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcMethod {
    /// `package.Service/Method`, with or without a slash before it.
    pub path: String,
    /// Where its request message names the model.
    pub identity: BodyIdentity,
}

/// What a request asks for. Methods in `own` go before the table.
///
/// # Errors
/// When the path can't be told apart from another one, or names no text.
pub fn classify<'a>(request: &RequestLine<'a>, own: &[GrpcMethod]) -> Result<Call<'a>, PathError> {
    let path = path::without_query(request.path)?;
    let content = DeclaredContent::of(request.content_type);
    let route = find(request.method, path, content, own)?;
    let model = route.model.map(|(_, model)| path::decode(model)).transpose()?;
    let version = route.version.map(path::Version::decode).transpose()?;
    let has_escaped_path = matches!(model, Some(Cow::Owned(_)))
        || version.as_ref().is_some_and(|version| matches!(version.text(), Cow::Owned(_)));
    let written = route.version.map(path::Version::written);
    let path_place =
        route.model.and_then(|(layout, model)| PathPlace::new(layout, path, model, written));
    Ok(Call {
        dialect: route.dialect,
        operation: route.operation,
        path_model: model,
        path_version: version,
        path_place,
        has_escaped_path,
        body: route.body,
        content,
    })
}

/// The gRPC call that a request may be though it does not say so: not every gRPC
/// server looks at the content type.
///
/// Source: grpc/grpc-rust, issue 1720: tonic answers such calls.
pub fn hidden_call<'r>(
    line: &RequestLine<'r>,
    call: &Call<'_>,
    own: &[GrpcMethod],
) -> Option<Call<'r>> {
    if call.dialect.is_grpc() || call.operation != Operation::Other {
        return None;
    }
    let grpc =
        RequestLine { method: b"POST", content_type: Some(b"application/grpc"), path: line.path };
    classify(&grpc, own).ok().filter(|hidden| hidden.dialect.is_grpc())
}

/// A row of the table that fits, with names as they stand in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Route<'a> {
    dialect: Dialect,
    operation: Operation,
    model: Option<(Layout, &'a str)>,
    version: Option<path::Version<'a>>,
    body: BodyIdentity,
}

fn find<'a>(
    method: &[u8],
    path: &'a str,
    content: DeclaredContent,
    own: &[GrpcMethod],
) -> Result<Route<'a>, PathError> {
    let is_call = content == DeclaredContent::Grpc && method == b"POST";
    if is_call && let Some(route) = services::find_own(path, own) {
        return Ok(route);
    }
    let route = rest::find(method, path);
    if route.operation != Operation::Other {
        return Ok(route);
    }
    let route = if is_call { services::find(path) } else { route };
    if route.operation != Operation::Other {
        return Ok(route);
    }
    if path.contains('%') {
        let decoded = path::decode(path)?;
        if rest::find(method, &decoded).operation != Operation::Other {
            return Err(PathError::DisguisedRoute);
        }
    }
    Ok(route)
}

impl<'a> Route<'a> {
    const fn new(dialect: Dialect, operation: Operation) -> Self {
        Self { dialect, operation, model: None, version: None, body: BodyIdentity::None }
    }

    const fn of_model(self, layout: Layout, model: &'a str) -> Self {
        Self { model: Some((layout, model)), ..self }
    }

    const fn of_version(self, version: Option<path::Version<'a>>) -> Self {
        Self { version, ..self }
    }

    const fn with_body(self, body: BodyIdentity) -> Self {
        Self { body, ..self }
    }
}

impl<'a> RequestLine<'a> {
    /// What a request's headers say, of which this gives the first value of a name.
    pub fn of(first: impl Fn(&str) -> Option<&'a [u8]>) -> Self {
        Self {
            method: first(":method").unwrap_or_default(),
            path: first(":path").unwrap_or_default(),
            content_type: first("content-type"),
        }
    }
}

impl GrpcMethod {
    /// Whether this is the path of a method as it goes over HTTP/2:
    /// `/package.Service/Method`.
    ///
    /// Source: grpc/grpc, `doc/PROTOCOL-HTTP2.md`, "Requests".
    pub fn is_path(path: &str) -> bool {
        let parts = path.strip_prefix('/').and_then(|rest| rest.split_once('/'));
        parts.is_some_and(|(service, method)| {
            !service.is_empty() && !method.is_empty() && !method.contains('/')
        })
    }
}

impl Call<'_> {
    /// Whether it asks a model to work on a payload.
    pub const fn is_inference(&self) -> bool {
        self.operation.is_inference()
    }
}

impl Dialect {
    /// Whether it goes over gRPC, so that errors are statuses and not bodies.
    pub const fn is_grpc(self) -> bool {
        matches!(self, Self::OpenInferenceGrpc | Self::TensorFlowServingGrpc | Self::Grpc)
    }

    /// Its name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::OpenInferenceRest => "open_inference_rest",
            Self::OpenInferenceGrpc => "open_inference_grpc",
            Self::TensorFlowServingRest => "tensorflow_serving_rest",
            Self::TensorFlowServingGrpc => "tensorflow_serving_grpc",
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }
}

impl<'a> PathVersion<'a> {
    /// The version or label as text.
    pub const fn text(&self) -> &Cow<'a, str> {
        match self {
            Self::Version(text) | Self::Label(text) => text,
        }
    }
}

impl fmt::Display for PathVersion<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.text())
    }
}

impl DeclaredContent {
    fn of(content_type: Option<&[u8]>) -> Self {
        let Some(value) = content_type else { return Self::Absent };
        if grpc::is_grpc(value) {
            return Self::Grpc;
        }
        let media_type = value.split(|byte| *byte == b';').next().unwrap_or_default();
        let media_type = media_type.trim_ascii().to_ascii_lowercase();
        match media_type.as_slice() {
            b"application/json" => Self::Json,
            b"multipart/form-data" => Self::Multipart,
            other if other.ends_with(b"+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests;
