//! envoy/recipes/external-authorization: a service says who may ask, and in whose name.

use super::prediction::{self, model_server};
use inference_metrics::metrics::REQUESTS;
use integration_tests::{
    Answer, AuthorizationServer, Call, Gateway, Reply, ShippedConfig, Upstream,
};
use proto::authorization::attribute_context::HttpRequest;
use proto::authorization::check_response::HttpResponse;
use proto::authorization::header_value_option::HeaderAppendAction;
use proto::authorization::{
    CheckResponse, DeniedHttpResponse, HeaderValue, HeaderValueOption, HttpStatus, OkHttpResponse,
    StatusCode,
};
use proto::google_rpc::Status;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// What the service says to those whom it doesn't know.
const SENTENCE: &str = "this key is \"unknown\"";

struct Stack {
    gateway: Gateway,
    service: AuthorizationServer,
    server: Upstream,
}

impl Stack {
    /// With a service that knows keys: `key-ann` is ann's.
    async fn start() -> Self {
        Self::deciding(by_key, |recipe| recipe).await
    }

    async fn deciding(
        decide: impl Fn(&HttpRequest) -> CheckResponse + Send + Sync + 'static,
        change: impl FnOnce(ShippedConfig) -> ShippedConfig,
    ) -> Self {
        let service = AuthorizationServer::deciding(decide).await;
        let server = model_server().await;
        // A busy machine must not refuse anything.
        let recipe = recipe(&server, service.address()).replacing("timeout: 0.25s", "timeout: 15s");
        Self { gateway: change(recipe).start().await, service, server }
    }

    async fn send(&self, call: Call) -> Answer {
        self.gateway.http2().await.send(call).await
    }
}

fn recipe(server: &Upstream, service: SocketAddr) -> ShippedConfig {
    ShippedConfig::recipe("external-authorization").with("model-v1-a", 9000, server.address()).with(
        "authorization-service",
        9001,
        service,
    )
}

fn by_key(request: &HttpRequest) -> CheckResponse {
    let key = request.headers.get("authorization").map(String::as_str);
    match key.and_then(|key| key.strip_prefix("key-")) {
        Some(tenant) => allowed(&[("x-tenant-id", tenant)]),
        None => denied(StatusCode::Unauthorized),
    }
}

/// Goes on with these headers, and without its key.
fn allowed(headers: &[(&str, &str)]) -> CheckResponse {
    let ok = OkHttpResponse {
        headers: headers.iter().map(|(name, value)| header(name, value)).collect(),
        headers_to_remove: vec!["authorization".to_owned()],
        response_headers_to_add: Vec::new(),
    };
    CheckResponse {
        status: Some(Status::default()),
        http_response: Some(HttpResponse::OkResponse(ok)),
    }
}

fn denied(status: impl Into<i32>) -> CheckResponse {
    let denied = DeniedHttpResponse {
        status: Some(HttpStatus { code: status.into() }),
        headers: vec![header("www-authenticate", "Bearer")],
        body: SENTENCE.to_owned(),
    };
    CheckResponse {
        status: Some(Status { code: 16, ..Status::default() }),
        http_response: Some(HttpResponse::DeniedResponse(denied)),
    }
}

fn header(name: &str, value: &str) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue { key: name.to_owned(), value: value.to_owned() }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
    }
}

fn chat(key: &str) -> Call {
    let body = json!({"model": "demo", "messages": [{"role": "user", "content": "Hi"}]});
    Call::post("/v1/chat/completions").header("authorization", key).json(&body)
}

fn predict(key: &str) -> Call {
    prediction::predict().header("authorization", key)
}

#[tokio::test]
async fn the_tenant_is_whom_the_service_names() {
    let stack = Stack::start().await;
    let answer = stack.send(chat("key-ann").header("x-tenant-id", "bob")).await;
    assert_eq!(answer.status, 200);
    let there = stack.server.last();
    assert_eq!(there.header_values("x-tenant-id"), [b"ann"]);
    assert_eq!(there.header_text("authorization"), None, "the key stays here");
    assert_eq!(stack.send(predict("key-bob")).await.grpc_status(), Some(0));
    assert_eq!(stack.server.last().header_values("x-tenant-id"), [b"bob"]);
}

#[tokio::test]
async fn a_quota_is_that_of_the_tenant_whom_the_service_names() {
    let stack = Stack::deciding(by_key, |recipe| {
        recipe.replacing(r#""count": 600, "burst": 20"#, r#""count": 1, "window_ms": 86400000"#)
    })
    .await;
    assert_eq!(stack.send(chat("key-ann")).await.status, 200);
    assert_eq!(stack.send(chat("key-bob")).await.status, 200);
    let refused = stack.send(chat("key-ann").header("x-tenant-id", "cid")).await;
    let rule = refused.header_text("x-inference-rejected");
    assert_eq!(rule.as_deref(), Some("admission-control;request_quota"));
}

#[tokio::test]
async fn the_service_learns_the_key_and_the_path_and_nothing_of_the_body() {
    let stack = Stack::start().await;
    stack.send(chat("key-ann").header("cookie", "secret").header("x-tenant-id", "bob")).await;
    let received = stack.service.received();
    let [asked] = &received[..] else { panic!("{received:?}") };
    let headers: Vec<(&str, &str)> =
        asked.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("authorization", "key-ann")]);
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/v1/chat/completions"));
    assert!(asked.body.is_empty() && asked.raw_body.is_empty(), "{asked:?}");
}

#[tokio::test]
async fn who_is_denied_gets_the_services_sentence_in_an_error_object() {
    let stack = Stack::start().await;
    let refused = stack.send(chat("stranger")).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header_text("www-authenticate").as_deref(), Some("Bearer"));
    assert_eq!(refused.header_text("content-type").as_deref(), Some("application/json"));
    let error = json!({"message": SENTENCE, "type": "authentication_error", "code": 401});
    assert_eq!(refused.json(), json!({"error": error}));
    assert!(stack.server.received().is_empty());
    let entry = stack.gateway.access_log().wait_for("the refusal", |_| true).await;
    assert_eq!((&entry["flags"], &entry["details"]), (&json!("UAEX"), &json!("ext_authz_denied")));
}

#[tokio::test]
async fn who_is_known_but_may_not_gets_a_permission_error() {
    let stack = Stack::deciding(|_| denied(StatusCode::Forbidden), |recipe| recipe).await;
    let refused = stack.send(chat("key-ann")).await;
    assert_eq!(refused.status, 403);
    let error = json!({"message": SENTENCE, "type": "permission_error", "code": 403});
    assert_eq!(refused.json(), json!({"error": error}));
}

#[tokio::test]
async fn who_is_denied_over_grpc_gets_the_services_sentence_as_a_message() {
    let stack = Stack::start().await;
    let refused = stack.send(predict("stranger")).await;
    assert_eq!((refused.status.as_u16(), refused.grpc_status()), (200, Some(16)));
    assert_eq!(refused.grpc_text().as_deref(), Some(SENTENCE));
    assert!(stack.server.received().is_empty());
}

#[tokio::test]
async fn who_is_denied_is_answered_before_its_body_has_come() {
    let stack = Stack::start().await;
    let mut client = stack.gateway.http2().await;
    let call = Call::post("/v1/chat/completions").header("content-type", "application/json");
    let (_body, answer) = client.open(call);
    let answer = integration_tests::in_time("the refusal", answer).await.expect("an answer");
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn a_service_that_names_no_tenant_lets_nobody_in() {
    let stack = Stack::deciding(|_| allowed(&[]), |recipe| recipe).await;
    let refused = stack.send(chat("key-ann").header("x-tenant-id", "bob")).await;
    let rule = refused.header_text("x-inference-rejected");
    assert_eq!(rule.as_deref(), Some("admission-control;tenant"));
    assert!(stack.server.received().is_empty());
}

#[tokio::test]
async fn the_service_changes_nothing_but_the_tenant_and_the_key() {
    let more = [
        ("x-tenant-id", "ann"),
        ("x-model-version", "v9"),
        ("x-priority", "batch"),
        (":path", "/v1/completions"),
    ];
    let stack = Stack::deciding(move |_| allowed(&more), |recipe| recipe).await;
    assert_eq!(stack.send(chat("key-ann")).await.status, 200);
    let there = stack.server.last();
    assert_eq!(there.path, "/v1/chat/completions");
    assert_eq!(there.header_text("x-priority"), None);
    assert_eq!(there.header_text("x-model-version").as_deref(), Some("v1"));
    assert_eq!(there.header_text("x-tenant-id").as_deref(), Some("ann"));
}

#[tokio::test]
async fn without_the_service_nobody_gets_in() {
    let Stack { gateway, service, server } = Stack::start().await;
    drop(service);
    let refused = gateway.http2().await.send(chat("key-ann")).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.json(), unchecked(503));
    let refused = gateway.http2().await.send(predict("key-ann")).await;
    assert_eq!(refused.grpc_status(), Some(14));
    assert!(server.received().is_empty());
    let entry = gateway.access_log().wait_for("the refusal", |_| true).await;
    assert_eq!((&entry["flags"], &entry["details"]), (&json!("UAEX"), &json!("ext_authz_error")));
}

#[tokio::test]
async fn an_answer_that_is_no_http_lets_nobody_in() {
    let stack = Stack::deciding(|_| allowed(&[("x-tenant-id", "a\nb")]), |recipe| recipe).await;
    let refused = stack.send(chat("key-ann")).await;
    assert_eq!(refused.status, 500);
    assert_eq!(refused.json(), unchecked(500));
    assert!(stack.server.received().is_empty());
    let entry = stack.gateway.access_log().wait_for("the refusal", |_| true).await;
    assert_eq!((&entry["flags"], &entry["details"]), (&json!("UAEX"), &json!("ext_authz_invalid")));
    stack.gateway.wait_for_stat("http.inference.ext_authz.invalid", |count| count == 1).await;
}

#[tokio::test]
async fn a_denial_for_a_fault_of_the_service_is_told_in_the_recipes_own_words() {
    let stack = Stack::deciding(|_| denied(503), |recipe| recipe).await;
    let refused = stack.send(chat("key-ann")).await;
    assert_eq!((refused.status.as_u16(), refused.json()), (503, unchecked(503)));
}

/// What a client gets whom the service could not be asked about.
fn unchecked(status: u16) -> Value {
    let message = "the authorization could not be checked";
    json!({"error": {"message": message, "type": "server_error", "code": status}})
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_not_waited_for() {
    let server = model_server().await;
    let silent = Upstream::scripted(|_| Reply::Hang).await;
    // Long enough for a busy machine to ask it.
    let recipe = recipe(&server, silent.address()).replacing("timeout: 0.25s", "timeout: 3s");
    let gateway = recipe.start().await;
    let refused = gateway.http2().await.send(chat("key-ann")).await;
    assert_eq!((refused.status.as_u16(), server.received().len()), (503, 0));
    assert_eq!(silent.received().len(), 1, "it was asked");
}

/// Waits until so many requests of no known model came to this.
async fn assert_counted(gateway: &Gateway, outcome: &str, expected: f64) {
    let labels = [("model", "none"), ("outcome", outcome)];
    gateway.wait_for_metric(REQUESTS.metric.name, &labels, |count| count == expected).await;
}

#[tokio::test]
async fn who_is_denied_is_counted_as_a_client_at_fault() {
    let stack = Stack::start().await;
    stack.send(chat("stranger")).await;
    stack.send(predict("stranger")).await;
    assert_counted(&stack.gateway, "client_error", 2.0).await;
    stack.gateway.wait_for_stat("http.inference.ext_authz.denied", |count| count == 2).await;
}

#[tokio::test]
async fn what_could_not_be_asked_is_counted_as_a_servers_fault() {
    let Stack { gateway, service, server: _server } = Stack::start().await;
    drop(service);
    gateway.http2().await.send(chat("key-ann")).await;
    assert_counted(&gateway, "upstream_error", 1.0).await;
    gateway.wait_for_stat("http.inference.ext_authz.error", |count| count == 1).await;
}
