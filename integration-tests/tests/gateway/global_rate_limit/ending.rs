//! Requests that don't end with a whole answer: what they are charged.

use super::{Fleet, TOKENS, charges, chat, hourly, recipe};
use integration_tests::{Answer, BudgetServer, Call, Reply, Upstream};

const TOKENS_OF_ANN: &str = "limit=tokens model=demo tenant=hash-of-ann";

#[tokio::test]
async fn who_leaves_is_charged_what_is_known_by_then() {
    for moment in ["headers", "finished"] {
        let head = Answer::status(200).header("x-tokens-used", TOKENS.to_string());
        let (reply, mut steps) = Reply::stepwise(head.header("x-tokens-stated-at", moment));
        let server = Upstream::scripted(move |_| reply.clone()).await;
        let service = BudgetServer::with(&[]).await;
        let gateway = recipe(&server, &service).start().await;
        let mut client = gateway.http2().await;
        let answer = client.begin(chat("ann")).await;
        steps.send_data("a first word".into()).await.expect("somebody who reads");
        drop(answer);
        let received = service.wait_for(2).await;
        assert_eq!(charges(&received[1]), [(TOKENS_OF_ANN.to_owned(), Some(TOKENS.into()))]);
    }
}

#[tokio::test]
async fn what_is_refused_is_not_charged() {
    // Once by the service, once by the filter in front of it, once for want of a
    // route. At the end of each the service would have heard of it before the next.
    let fleet = Fleet::with(&[hourly("requests", 0)]).await;
    let mut client = fleet.gateways[0].http2().await;
    let chat_refused = chat("ann").header("x-refused", "yes");
    let lost = Call::post("/no/such/path").header("authorization", "ann").body("x");
    for (call, status) in [(chat("ann"), 429), (chat_refused, 429), (lost, 404), (chat("ann"), 429)]
    {
        assert_eq!(client.send(call).await.status, status);
    }
    let asked: Vec<_> = fleet.service.received().iter().map(|it| it.descriptors.len()).collect();
    assert_eq!(asked, [2, 2], "two questions, no charge");
}

#[tokio::test]
async fn a_charge_has_the_headers_that_the_request_had_last() {
    let service = BudgetServer::with(&[]).await;
    let answer = Answer::text("answer").header("x-tokens-used", TOKENS.to_string());
    let server = Upstream::scripted(move |_| Reply::whole(answer.clone())).await;
    // So a route must not remove them.
    let removing = recipe(&server, &service).replacing("x_tenant_hash]", "x-tenant-hash]");
    let gateway = removing.start().await;
    gateway.http2().await.send(chat("ann")).await;
    let received = service.wait_for(2).await;
    let charged = ("limit=tokens model=demo".to_owned(), Some(TOKENS.into()));
    assert_eq!(charges(&received[1]), [charged]);
}
