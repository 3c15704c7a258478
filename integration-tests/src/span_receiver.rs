//! An OpenTelemetry collector: what Envoy's tracer reports its spans to.

use crate::upstream::Upstream;
use crate::waiting::eventually;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span as WireSpan;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// A collector in this process, on a port of its own. Dropping it breaks Envoy's
/// connections off.
#[derive(Debug)]
pub struct SpanReceiver {
    server: Upstream,
    collected: Arc<Collected>,
}

/// A span, as it was reported.
#[derive(Clone, Debug)]
pub struct Span {
    /// What it is called.
    pub name: String,
    /// The trace that it belongs to: 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub id: String,
    /// The span that it is a part of. Empty if it is the first of its trace.
    pub parent_id: String,
    /// What is said about it, in order. A value that is no text is written as Rust
    /// writes it.
    pub attributes: Vec<(String, String)>,
    /// What is said about the service that reported it.
    pub service: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Collected(Mutex<Vec<Span>>);

impl SpanReceiver {
    /// A collector that has got nothing yet.
    pub async fn start() -> Self {
        let collected = Arc::<Collected>::default();
        let service = TraceServiceServer::from_arc(Arc::clone(&collected));
        Self { server: Upstream::grpc(Routes::new(service)).await, collected }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The spans so far, in order of arrival.
    pub fn spans(&self) -> Vec<Span> {
        self.collected.0.lock().expect("no panic while it is held").clone()
    }

    /// Waits for a span of this kind.
    ///
    /// # Panics
    /// With `what`, when none comes in time.
    pub async fn wait_for(&self, what: &str, kind: impl Fn(&Span) -> bool) -> Span {
        eventually(what, async || self.spans().into_iter().find(|span| kind(span))).await
    }
}

impl Span {
    /// An attribute's value. None if it has no such attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn of(span: WireSpan, service: &[(String, String)]) -> Self {
        Self {
            name: span.name,
            trace_id: hexadecimal(&span.trace_id),
            id: hexadecimal(&span.span_id),
            parent_id: hexadecimal(&span.parent_span_id),
            attributes: texts(span.attributes),
            service: service.to_vec(),
        }
    }
}

#[tonic::async_trait]
impl TraceService for Collected {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut spans = self.0.lock().expect("no panic while it is held");
        for of_service in request.into_inner().resource_spans {
            let service = texts(of_service.resource.unwrap_or_default().attributes);
            let of_scopes = of_service.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.extend(of_scopes.map(|span| Span::of(span, &service)));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn texts(attributes: Vec<KeyValue>) -> Vec<(String, String)> {
    attributes.into_iter().map(|it| (it.key, text(it.value.unwrap_or_default()))).collect()
}

fn text(value: AnyValue) -> String {
    match value.value {
        Some(Value::StringValue(text)) => text,
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        other => format!("{other:?}"),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}
