//! The harness itself: that it sees what it is there to see.

use integration_tests::{
    Answer, Budget, BudgetServer, Call, Gateway, Reply, Upstream, WasmFilter, eventually, whole,
};
use proto::rate_limit::rate_limit_descriptor::Entry;
use proto::rate_limit::rate_limit_response::{Code, DescriptorStatus, rate_limit::Unit};
use proto::rate_limit::rate_limit_service_client::RateLimitServiceClient;
use proto::rate_limit::{RateLimitDescriptor, RateLimitRequest};
use serde_json::json;

async fn with_panicking_filter() -> (Upstream, Gateway) {
    let upstream = Upstream::saying("hello").await;
    let gateway = Gateway::builder()
        .wasm(&WasmFilter::named("panicking"))
        .cluster("server", &[upstream.address()])
        .start()
        .await;
    (upstream, gateway)
}

#[tokio::test]
#[should_panic(expected = "the client asked for it")]
async fn a_filter_that_panics_fails_the_test() {
    let (_upstream, gateway) = with_panicking_filter().await;
    let answer = gateway.http1().await.send(Call::get("/").header("x-panic", "yes")).await;
    assert_eq!(answer.status, 503);
}

#[tokio::test]
async fn a_filter_that_reloads_serves_again_after_a_panic() {
    let upstream = Upstream::saying("hello").await;
    let gateway = Gateway::builder()
        .wasm(&WasmFilter::named("panicking").reloading())
        .cluster("server", &[upstream.address()])
        .start()
        .await;
    let mut client = gateway.http2().await;
    assert_eq!(client.send(Call::get("/").header("x-panic", "yes")).await.status, 503);
    eventually("a new VM", async || {
        (client.send(Call::get("/")).await.status == 200).then_some(())
    })
    .await;
    let alarms = gateway.stop();
    assert!(alarms.iter().any(|alarm| alarm.contains("the client asked for it")), "{alarms:?}");
}

#[tokio::test]
async fn a_filter_that_does_not_panic_does_not_fail_the_test() {
    let (upstream, gateway) = with_panicking_filter().await;
    let answer = gateway.http1().await.send(Call::get("/")).await;
    assert_eq!(answer.text_body(), "hello");
    assert_eq!(upstream.received().len(), 1);
    assert!(gateway.stop().is_empty());
}

#[tokio::test]
#[should_panic(expected = "Envoy ended with")]
async fn a_configuration_that_envoy_does_not_take_fails_the_test() {
    Gateway::builder()
        .wasm(&WasmFilter::named("panicking").configured_by_text("no JSON"))
        .start()
        .await;
}

#[tokio::test]
async fn an_answer_comes_step_by_step() {
    let (reply, mut steps) = Reply::stepwise(Answer::status(200));
    let upstream = Upstream::scripted(move |_| reply.clone()).await;
    let gateway = Gateway::builder().cluster("server", &[upstream.address()]).start().await;
    let mut client = gateway.http1().await;
    let mut answer = client.begin(Call::get("/stream")).await;
    for text in ["one", "two"] {
        steps.send_data(text.into()).await.expect("somebody who reads");
        let frame = http_body_util::BodyExt::frame(answer.body_mut()).await;
        assert_eq!(frame.unwrap().unwrap().data_ref().unwrap(), text);
    }
    drop(steps);
    assert_eq!(whole(answer).await.expect("its end").body, "");
}

#[tokio::test]
async fn requests_are_counted_and_logged() {
    let upstream = Upstream::echo().await;
    let gateway = Gateway::builder()
        .cluster("server", &[upstream.address()])
        .logging("agent", "%REQ(USER-AGENT)%")
        .workers(2)
        .start()
        .await;
    let mut client = gateway.http2().await;
    for number in 0..3 {
        let call = Call::post(&format!("/{number}")).header("user-agent", "me").body("x");
        assert_eq!(client.send(call).await.text_body(), "x");
    }
    let log = gateway.access_log();
    let entry = log.wait_for("the last request", |entry| entry["path"] == "/2").await;
    assert_eq!(entry["code"], 200);
    assert_eq!(entry["agent"], "me");
    assert_eq!(entry["cluster"], "server");
    assert_eq!(log.entries().len(), 3);
    let labels = [("envoy_cluster_name", "server")];
    gateway.wait_for_metric("envoy_cluster_upstream_rq_total", &labels, |count| count == 3.0).await;
    assert_eq!(gateway.admin().stat("cluster.server.upstream_rq_total").await, Some(3));
}

#[test]
fn a_configuration_can_be_asked_about() {
    let with = |configuration: &str| {
        let filter = WasmFilter::named("panicking").configured_by_text(configuration);
        integration_tests::validate(&Gateway::builder().wasm(&filter))
    };
    assert!(with(&json!({}).to_string()).accepted);
    assert!(!with("no JSON").accepted);
}

/// Ten tokens in each hour for each tenant, at a service of its own.
struct TenTokens {
    _service: BudgetServer,
    client: RateLimitServiceClient<tonic::transport::Channel>,
}

impl TenTokens {
    async fn new() -> Self {
        let about = ("limit", "tokens");
        let budget = Budget { domain: "test", about, per: &["tenant"], hits: 10, unit: Unit::Hour };
        let service = BudgetServer::with(&[budget]).await;
        let address = format!("http://{}", service.address());
        let client = RateLimitServiceClient::connect(address).await.expect("a connection");
        Self { _service: service, client }
    }

    async fn charge(&mut self, tenant: &str, own: Option<u64>, whole: u32) -> DescriptorStatus {
        let entries = [("limit", "tokens"), ("tenant", tenant)]
            .map(|(key, value)| Entry { key: key.to_owned(), value: value.to_owned() });
        let descriptor = RateLimitDescriptor {
            entries: entries.to_vec(),
            hits_addend: own,
            is_negative_hits: false,
        };
        let request = RateLimitRequest {
            domain: "test".to_owned(),
            descriptors: vec![descriptor],
            hits_addend: whole,
        };
        let answer = self.client.should_rate_limit(request).await.expect("an answer").into_inner();
        assert_eq!(answer.overall_code, answer.statuses[0].code);
        answer.statuses[0].clone()
    }
}

#[tokio::test]
async fn a_budget_is_charged_each_cost_and_one_where_there_is_none() {
    let mut budget = TenTokens::new().await;
    for (own, whole, left) in [(Some(4), 7, 6), (None, 3, 3), (None, 0, 2), (Some(0), 5, 2)] {
        let status = budget.charge("ann", own, whole).await;
        assert_eq!((status.code(), status.limit_remaining), (Code::Ok, left));
        assert_eq!(status.current_limit.expect("a limit").requests_per_unit, 10);
    }
    assert_eq!(budget.charge("bob", Some(10), 0).await.limit_remaining, 0);
}

#[tokio::test]
async fn a_budget_is_charged_what_goes_past_it_as_well() {
    let mut budget = TenTokens::new().await;
    assert_eq!(budget.charge("ann", Some(0), 0).await.code(), Code::Ok);
    assert_eq!(budget.charge("ann", Some(11), 0).await.code(), Code::OverLimit);
    assert_eq!(budget.charge("ann", Some(0), 0).await.code(), Code::OverLimit);
}

#[tokio::test]
async fn what_no_budget_is_for_is_not_limited() {
    let service = BudgetServer::with(&[]).await;
    let address = format!("http://{}", service.address());
    let mut client = RateLimitServiceClient::connect(address).await.expect("a connection");
    let descriptors = vec![RateLimitDescriptor::default()];
    let request = RateLimitRequest { domain: "test".to_owned(), descriptors, hits_addend: 9 };
    let answer = client.should_rate_limit(request.clone()).await.expect("an answer").into_inner();
    assert_eq!(answer.overall_code(), Code::Ok);
    assert_eq!(answer.statuses[0].current_limit, None);
    assert_eq!(service.received(), [request]);
}
