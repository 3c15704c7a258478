//! Certificates that are replaced while Envoy serves.

use super::stack::{ANN, Caller, GATEWAY, Parties, Stack, chat, unlimited};
use integration_tests::{Authority, Identity, Traffic, eventually};

/// Waits until new connections are shown this, each of which is served.
async fn wait_until_shown(stack: &Stack, client: &Identity, expected: &Identity) {
    let ann = stack.client(client).await;
    eventually("the new certificate", async || {
        assert_eq!(ann.http2().await.send(chat()).await.status, 200);
        (ann.shown() == expected.bytes()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_certificate_is_replaced_without_a_failed_request() {
    let stack = Stack::start().await;
    let client = stack.parties.clients.uri(ANN);
    let ann = stack.client(&client).await;
    let mut traffic = Traffic::default();
    for _ in 0..2 {
        traffic.add(ann.http2().await, chat, |_, answer| assert_eq!(answer.status, 200));
    }
    traffic.flow(5).await;
    let next = stack.parties.clients.host(GATEWAY);
    stack.of_clients.replace(&next, &stack.parties.clients);
    wait_until_shown(&stack, &client, &next).await;
    traffic.flow(5).await;
    traffic.end().await;
    assert_eq!(ann.connections(), 2, "what had begun went on");
}

#[tokio::test]
async fn authorities_of_clients_are_replaced_for_new_connections() {
    let stack = Stack::start().await;
    let old = stack.client(&stack.parties.clients.uri(ANN)).await;
    let mut begun = old.http2().await;
    assert_eq!(begun.send(chat()).await.status, 200);

    let next = Authority::named("of clients, next");
    stack.of_clients.replace(&stack.parties.to_clients, &next);
    let new = stack.client(&next.uri(ANN)).await;
    wait_until_served(&new).await;
    assert!(old.http2().await.try_send(chat()).await.is_err(), "the old one counts no more");
    assert_eq!(begun.send(chat()).await.status, 200, "what had begun goes on");
}

#[tokio::test]
async fn two_authorities_of_clients_are_believed_while_one_takes_the_others_place() {
    let stack = Stack::start().await;
    let next = Authority::named("of clients, next");
    let shown = &stack.parties.to_clients;
    let both = format!("{}{}", stack.parties.clients.pem(), next.pem());
    stack.of_clients.replace_texts(shown.pem(), &shown.key_pem(), &both);
    let new = stack.client(&next.uri(ANN)).await;
    wait_until_served(&new).await;
    let old = stack.client(&stack.parties.clients.uri(ANN)).await;
    assert_eq!(old.http2().await.send(chat()).await.status, 200);
}

async fn wait_until_served(client: &Caller) {
    eventually("the new authority", async || {
        client.http2().await.try_send(chat()).await.ok().filter(|answer| answer.status == 200)
    })
    .await;
}

#[tokio::test]
async fn what_is_shown_to_servers_is_replaced_for_new_connections() {
    let stack = Stack::start().await;
    let client = stack.client(&stack.parties.clients.uri(ANN)).await;
    let mut ann = client.http2().await;
    assert_eq!(ann.send(chat()).await.status, 200);
    let next = stack.parties.servers.host("gateway.internal");
    stack.of_servers.replace(&next, &stack.parties.servers);
    eventually("the new certificate at the server", async || {
        stack.front.hang_up();
        ann.send(chat()).await;
        let last = stack.front.handshakes().pop().expect("a connection");
        (last.certificate == next.bytes()).then_some(())
    })
    .await;
}

/// Replaces what is shown to clients by something that can't be: nothing changes, until there is
/// something that can.
async fn assert_unchanged_by(stack: &Stack, certificate: &str, key: &str) {
    let client = stack.parties.clients.uri(ANN);
    stack.of_clients.replace_texts(certificate, key, stack.parties.clients.pem());
    eventually("a complaint in the log", async || {
        stack.gateway.log().text().contains("Failed to reload certificates").then_some(())
    })
    .await;
    let ann = stack.client(&client).await;
    assert_eq!(ann.http2().await.send(chat()).await.status, 200);
    assert_eq!(ann.shown(), stack.parties.to_clients.bytes());

    let next = stack.parties.clients.host(GATEWAY);
    stack.of_clients.replace(&next, &stack.parties.clients);
    wait_until_shown(stack, &client, &next).await;
}

#[tokio::test]
async fn a_file_that_is_no_certificate_changes_nothing() {
    let stack = Stack::start().await;
    let key = stack.parties.to_clients.key_pem();
    assert_unchanged_by(&stack, "garbage", &key).await;
}

#[tokio::test]
async fn a_certificate_without_its_key_changes_nothing() {
    let stack = Stack::start().await;
    let next = stack.parties.clients.host(GATEWAY);
    assert_unchanged_by(&stack, next.pem(), &stack.parties.to_clients.key_pem()).await;
}

/// Envoy doesn't look at its own certificate's dates: clients do.
#[tokio::test]
async fn an_expired_certificate_is_taken_and_refused_by_clients() {
    let stack = Stack::start().await;
    let days = "server.days_until_first_cert_expiring";
    stack.gateway.wait_for_stat(days, |days| days > 0).await;
    let expired = stack.parties.clients.expired_host(GATEWAY);
    stack.of_clients.replace(&expired, &stack.parties.clients);
    let ann = stack.client(&stack.parties.clients.uri(ANN)).await;
    eventually("no trust in the gateway", async || ann.http2().await.try_send(chat()).await.err())
        .await;
    stack.gateway.wait_for_stat(days, |days| days == 0).await;
}

#[tokio::test]
async fn no_connection_lasts_longer_than_it_may() {
    let stack = Stack::changed(Parties::default(), |recipe| {
        unlimited(recipe)
            .replacing("max_connection_duration: 3600s", "max_connection_duration: 0.2s")
    })
    .await;
    let ann = stack.client(&stack.parties.clients.uri(ANN)).await;
    let mut traffic = Traffic::default();
    traffic.add(ann.http2().await, chat, |_, answer| assert_eq!(answer.status, 200));
    eventually("other connections", async || (ann.connections() >= 3).then_some(())).await;
    traffic.end().await;
}
