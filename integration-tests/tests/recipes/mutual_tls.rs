//! envoy/recipes/mutual-tls: certificates on both sides, and what becomes of those who have none.

mod replacing;
mod stack;

use integration_tests::{Authority, Call, in_time};
use serde_json::json;
use stack::{ANN, BOB, Parties, SERVER, Stack, chat};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_client_is_the_tenant_that_its_certificate_names() {
    let stack = Stack::start().await;
    let ann = stack.client(&stack.parties.clients.uri(ANN)).await;
    let call = chat().header("x-tenant-id", BOB).header("x-forwarded-client-cert", "By=bob");
    assert_eq!(ann.http2().await.send(call).await.status, 200);
    let there = stack.server.last();
    assert_eq!(there.header_values("x-tenant-id"), [ANN.as_bytes()]);
    assert_eq!(there.header_text("x-forwarded-client-cert"), None);
    assert_eq!(ann.protocol().as_deref(), Some("h2"));
    let entry = stack.gateway.access_log().wait_for("the request", |_| true).await;
    assert_eq!((&entry["tenant"], &entry["tls"]), (&json!(ANN), &json!("TLSv1.3")));
}

#[tokio::test]
async fn each_tenant_has_a_quota_of_its_own() {
    let stack = Stack::changed(Parties::default(), |recipe| {
        recipe.replacing(r#""count": 600, "burst": 20"#, r#""count": 1, "window_ms": 86400000"#)
    })
    .await;
    let clients = &stack.parties.clients;
    let (ann, bob) = (stack.client(&clients.uri(ANN)).await, stack.client(&clients.uri(BOB)).await);
    let (mut ann, mut bob) = (ann.http2().await, bob.http2().await);
    assert_eq!(ann.send(chat()).await.status, 200);
    assert_eq!(bob.send(chat()).await.status, 200);
    assert_eq!(ann.send(chat().header("x-tenant-id", "cid")).await.status, 429);
}

#[tokio::test]
async fn the_server_is_shown_the_gateways_certificate() {
    let stack = Stack::start().await;
    let ann = stack.client(&stack.parties.clients.uri(ANN)).await;
    ann.http2().await.send(chat()).await;
    let [handshake] = &stack.front.handshakes()[..] else { panic!("one connection") };
    assert_eq!(handshake.certificate, stack.parties.to_servers.bytes());
    assert_eq!(handshake.protocol.as_deref(), Some("h2"));
}

#[tokio::test]
async fn the_admin_interface_says_which_certificate_is_in_effect() {
    let stack = Stack::start().await;
    let listing = stack.gateway.admin().get("/certs").await;
    assert!(listing.contains(stack::GATEWAY), "{listing}");
}

/// Tries to be served with what this stack's client shows, and waits until it is counted why not.
async fn assert_no_connection(stack: &Stack, client: stack::Caller, statistic: &str) {
    let answer = client.http2().await.try_send(chat()).await;
    assert!(answer.is_err(), "{answer:?}");
    let name = format!("listener.inference.ssl.{statistic}");
    stack.gateway.wait_for_stat(&name, |count| count > 0).await;
    assert!(stack.server.received().is_empty());
}

#[tokio::test]
async fn who_shows_no_certificate_gets_no_connection() {
    let stack = Stack::start().await;
    let nobody = stack.client_without_certificate().await;
    assert_no_connection(&stack, nobody, "fail_verify_no_cert").await;
}

#[tokio::test]
async fn who_has_a_certificate_of_another_authority_gets_no_connection() {
    let stack = Stack::start().await;
    let stranger = stack.client(&Authority::named("of clients").uri(ANN)).await;
    assert_no_connection(&stack, stranger, "fail_verify_error").await;
}

#[tokio::test]
async fn who_has_a_certificate_without_a_tenant_gets_no_connection() {
    let stack = Stack::start().await;
    let service = stack.client(&stack.parties.clients.uri("spiffe://inference.example/ann")).await;
    assert_no_connection(&stack, service, "fail_verify_san").await;
}

#[tokio::test]
async fn who_has_an_expired_certificate_gets_no_connection() {
    let stack = Stack::start().await;
    let late = stack.client(&stack.parties.clients.expired_uri(ANN)).await;
    assert_no_connection(&stack, late, "fail_verify_error").await;
}

#[tokio::test]
async fn who_speaks_no_tls_gets_no_answer() {
    let stack = Stack::start().await;
    let answer = stack.gateway.http1().await.try_send(Call::get("/")).await;
    assert!(answer.is_err(), "{answer:?}");
}

#[tokio::test]
async fn who_does_not_finish_the_handshake_is_hung_up_on() {
    let stack = Stack::changed(Parties::default(), |recipe| {
        let name = "transport_socket_connect_timeout";
        recipe.replacing(&format!("{name}: 5s"), &format!("{name}: 0.2s"))
    })
    .await;
    let mut silent = TcpStream::connect(stack.gateway.address()).await.expect("a connection");
    let read = in_time("the end of the connection", silent.read(&mut [0])).await;
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
}

/// What is answered when the server is one of these parties.
async fn assert_no_server(parties: Parties, statistic: &str) {
    let stack = Stack::changed(parties, |recipe| recipe).await;
    let ann = stack.client(&stack.parties.clients.uri(ANN)).await;
    let answer = ann.http2().await.send(chat()).await;
    assert_eq!((answer.status.as_u16(), stack.server.received().len()), (503, 0));
    stack.gateway.wait_for_stat(&format!("cluster.demo.ssl.{statistic}"), |it| it > 0).await;
    let entry = stack.gateway.access_log().wait_for("the request", |_| true).await;
    assert!(entry["upstream_tls"].as_str().is_some_and(|it| it.contains("TLS_error")), "{entry}");
}

#[tokio::test]
async fn a_server_with_another_name_is_not_believed() {
    let parties = Parties::default();
    let server = parties.servers.host("other.models.internal");
    assert_no_server(Parties { server, ..parties }, "fail_verify_san").await;
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_believed() {
    let server = Authority::named("of servers").host(SERVER);
    assert_no_server(Parties { server, ..Parties::default() }, "fail_verify_error").await;
}

#[tokio::test]
async fn a_server_with_an_expired_certificate_is_not_believed() {
    let parties = Parties::default();
    let server = parties.servers.expired_host(SERVER);
    assert_no_server(Parties { server, ..parties }, "fail_verify_error").await;
}
