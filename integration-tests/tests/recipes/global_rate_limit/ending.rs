//! Requests that don't end with a whole answer: what they are charged.

use super::{Fleet, TOKENS, charges, chat, hourly, recipe, tenant, usage};
use http_body_util::BodyExt;
use integration_tests::{Answer, BudgetServer, Call, Reply, Upstream};
use serde_json::{Value, json};

/// What is charged for the only request, and to whom.
async fn charge(service: &BudgetServer) -> (Option<String>, Option<u64>) {
    let received = service.wait_for(2).await;
    let [(_, hits)] = charges(&received[1])[..] else { panic!("{received:?}") };
    (tenant(&received[1]).map(str::to_owned), hits)
}

/// What is charged to somebody who leaves after these events.
async fn charged_after(events: &[Value]) -> Option<u64> {
    let head = Answer::status(200).header("content-type", "text/event-stream");
    let (reply, mut steps) = Reply::stepwise(head);
    let server = Upstream::scripted(move |_| reply.clone()).await;
    let service = BudgetServer::with(&[]).await;
    let gateway = recipe(&server, &service).start().await;
    let mut client = gateway.http2().await;
    let mut answer = client.begin(chat("ann")).await;
    for event in events {
        let event = format!("data: {event}\n\n");
        steps.send_data(event.into()).await.expect("somebody who reads");
        answer.body_mut().frame().await.expect("an event").expect("no failure");
    }
    drop(answer);
    let (tenant, hits) = charge(&service).await;
    assert!(tenant.is_some());
    hits
}

#[tokio::test]
async fn who_leaves_is_charged_what_is_known_by_then() {
    let word = json!({"choices": [{"index": 0, "delta": {"content": "word"}}]});
    let last = json!({"choices": [], "usage": usage()});
    // A token for "Hi", and one for each event or each four bytes.
    assert_eq!(charged_after(&[word.clone(), word.clone()]).await, Some(3));
    assert_eq!(charged_after(&[word, last]).await, Some(TOKENS.into()));
}

#[tokio::test]
async fn what_is_refused_is_not_charged() {
    // Once by the service, once by the filter in front of it, once for want of a
    // route. At the end of each the service would have heard of it before the next.
    let fleet = Fleet::with(&[hourly("requests", 0)]).await;
    let mut client = fleet.gateways[0].http2().await;
    let too_long = Call::post("/v1/chat/completions").header("authorization", "ann");
    let too_long = too_long.json(&json!({"messages": [], "max_tokens": 50_000}));
    let lost = Call::post("/no/such/path").header("authorization", "ann").body("x");
    for (call, status) in [(chat("ann"), 429), (too_long, 429), (lost, 404), (chat("ann"), 429)] {
        assert_eq!(client.send(call).await.status, status);
    }
    let asked: Vec<_> = fleet.service.received().iter().map(|it| it.descriptors.len()).collect();
    assert_eq!(asked, [2, 2], "two questions, no charge");
}

#[tokio::test]
async fn what_fails_is_not_charged() {
    let service = BudgetServer::with(&[]).await;
    let server = Upstream::scripted(|_| Reply::whole(Answer::status(500).body("no"))).await;
    let gateway = recipe(&server, &service).start().await;
    let mut client = gateway.http2().await;
    for _ in 0..2 {
        assert_eq!(client.send(chat("ann")).await.status, 500);
    }
    let asked: Vec<_> = service.received().iter().map(|it| it.descriptors.len()).collect();
    assert_eq!(asked, [2, 2], "two questions, no charge");
}

#[tokio::test]
async fn a_charge_has_the_headers_that_the_request_had_last() {
    let service = BudgetServer::with(&[]).await;
    let server =
        Upstream::scripted(|_| Reply::whole(Answer::json_value(&json!({"usage": usage()})))).await;
    // So a route must not remove them.
    let removing = recipe(&server, &service).replacing("x_tenant_hash]", "x-tenant-hash]");
    let gateway = removing.start().await;
    gateway.http2().await.send(chat("ann")).await;
    assert_eq!(charge(&service).await, (None, Some(TOKENS.into())));
}
