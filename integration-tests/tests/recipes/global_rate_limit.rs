//! envoy/recipes/global-rate-limit: budgets that several Envoys share. Below it,
//! without the recipe, what Envoy does with costs.

mod costs;
mod ending;

use super::prediction::{self, PREDICT, predicted};
use integration_tests::{
    Answer, Budget, BudgetServer, Call, Gateway, Reply, ShippedConfig, Upstream,
};
use proto::rate_limit::RateLimitRequest;
use proto::rate_limit::rate_limit_response::rate_limit::Unit;
use serde_json::{Value, json};

/// What each answer of the fleet's server takes.
const TOKENS: u32 = 30;

const DOMAIN: &str = "inference";
const PER: &[&str] = &["model", "tenant"];

/// Two Envoys with the recipe, in front of one server, and one service.
struct Fleet {
    gateways: [Gateway; 2],
    service: BudgetServer,
    server: Upstream,
}

impl Fleet {
    async fn with(budgets: &[Budget]) -> Self {
        let service = BudgetServer::with(budgets).await;
        let server = Upstream::scripted(|head| Reply::whole(answer(head.uri.path()))).await;
        let config = recipe(&server, &service);
        let gateways = [config.clone().start().await, config.start().await];
        Self { gateways, service, server }
    }

    /// Sends it to one of the Envoys, and waits until the service knows what it
    /// took.
    async fn send(&self, gateway: usize, call: Call) -> Answer {
        let before = self.service.received().len();
        let answer = self.gateways[gateway].http2().await.send(call).await;
        let is_served = answer.status == 200 && answer.grpc_status().unwrap_or(0) == 0;
        self.service.wait_for(before + if is_served { 2 } else { 1 }).await;
        answer
    }
}

/// The recipe, with its servers at other addresses.
fn recipe(server: &Upstream, service: &BudgetServer) -> ShippedConfig {
    ShippedConfig::recipe("global-rate-limit")
        // A busy machine must not let anything pass.
        .replacing("timeout: 0.05s", "timeout: 15s")
        .with("model-v1-a", 9000, server.address())
        .with("rate-limit-service", 8081, service.address())
}

fn answer(path: &str) -> Answer {
    match path {
        PREDICT => predicted(),
        _ => Answer::json_value(&json!({"choices": [], "usage": usage()})),
    }
}

fn usage() -> Value {
    json!({"prompt_tokens": 10, "completion_tokens": TOKENS - 10, "total_tokens": TOKENS})
}

fn chat(tenant: &str) -> Call {
    let body = json!({"model": "demo", "messages": [{"role": "user", "content": "Hi"}]});
    Call::post("/v1/chat/completions").header("authorization", tenant).json(&body)
}

fn predict(tenant: &str) -> Call {
    prediction::predict().header("authorization", tenant)
}

const fn hourly(what: &'static str, hits: u32) -> Budget {
    Budget { domain: DOMAIN, about: ("limit", what), per: PER, hits, unit: Unit::Hour }
}

/// The entries of each descriptor, and what it is charged.
fn charges(request: &RateLimitRequest) -> Vec<(String, Option<u64>)> {
    let descriptors = request.descriptors.iter();
    descriptors
        .map(|descriptor| {
            let entries = descriptor.entries.iter();
            let entries: Vec<String> =
                entries.map(|entry| format!("{}={}", entry.key, entry.value)).collect();
            (entries.join(" "), descriptor.hits_addend)
        })
        .collect()
}

/// The hash for which the service is asked.
fn tenant(request: &RateLimitRequest) -> Option<&str> {
    let entries = request.descriptors.iter().flat_map(|descriptor| &descriptor.entries);
    entries.filter(|entry| entry.key == "tenant").map(|entry| entry.value.as_str()).next()
}

#[tokio::test]
async fn a_budget_of_tokens_is_shared_by_the_fleet() {
    let fleet = Fleet::with(&[hourly("tokens", 2 * TOKENS)]).await;
    // The third one is refused only once more than the budget is charged.
    for gateway in [0, 1, 0] {
        assert_eq!(fleet.send(gateway, chat("ann")).await.status, 200);
    }
    for gateway in [0, 1] {
        assert_eq!(fleet.send(gateway, chat("ann")).await.status, 429);
    }
    assert_eq!(fleet.server.received().len(), 3);
}

#[tokio::test]
async fn a_budget_of_requests_is_shared_by_the_fleet() {
    let fleet = Fleet::with(&[hourly("requests", 2)]).await;
    let mut statuses = Vec::new();
    for gateway in [0, 1, 0, 1] {
        statuses.push(fleet.send(gateway, chat("ann")).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429, 429]);
}

#[tokio::test]
async fn each_tenant_has_a_budget_of_its_own() {
    let fleet = Fleet::with(&[hourly("requests", 1)]).await;
    assert_eq!(fleet.send(0, chat("ann")).await.status, 200);
    assert_eq!(fleet.send(1, chat("bob")).await.status, 200);
    assert_eq!(fleet.send(1, chat("ann")).await.status, 429);
}

#[tokio::test]
async fn the_service_learns_who_asks_for_which_model_and_what_it_took() {
    let fleet = Fleet::with(&[]).await;
    // What a client writes there is overwritten.
    let call = chat("ann").header("x-tenant-hash", "bob").header("x-model-name", "demo");
    fleet.send(0, call).await;
    let received = fleet.service.received();
    let [asked, told] = &received[..] else { panic!("{received:?}") };
    assert_eq!((asked.domain.as_str(), asked.hits_addend), (DOMAIN, 0));
    let hash = tenant(asked).expect("a tenant");
    let requests = format!("limit=requests model=demo tenant={hash}");
    let tokens = format!("limit=tokens model=demo tenant={hash}");
    assert_eq!(charges(asked), [(requests, None), (tokens.clone(), Some(0))]);
    assert_eq!(charges(told), [(tokens, Some(TOKENS.into()))]);
    let entry = fleet.gateways[0].access_log().wait_for("the request", |_| true).await;
    assert_eq!(entry["tokens"], TOKENS.to_string());
}

#[tokio::test]
async fn a_tenant_is_the_same_one_on_every_envoy_and_nobody_reads_its_key() {
    let fleet = Fleet::with(&[]).await;
    for (gateway, name) in [(0, "ann"), (1, "ann"), (1, "bob")] {
        fleet.send(gateway, chat(name)).await;
    }
    let received = fleet.service.received();
    let hashes: Vec<&str> = received.iter().step_by(2).filter_map(tenant).collect();
    let [ann, again, bob] = hashes[..] else { panic!("{hashes:?}") };
    assert_eq!(ann, again);
    assert_ne!(ann, bob);
    let is_hash = |text: &str| text.len() == 32 && text.bytes().all(|it| it.is_ascii_hexdigit());
    assert!(is_hash(ann) && is_hash(bob), "{hashes:?}");
    // The server behind them learns the hash, too.
    let there = fleet.server.last().header_text("x-tenant-hash");
    assert_eq!(there.as_deref(), Some(bob));
}

#[tokio::test]
async fn what_is_beyond_this_envoys_own_limit_is_not_asked_for() {
    let fleet = Fleet::with(&[]).await;
    let body = json!({"messages": [], "max_tokens": 50_000});
    let call = Call::post("/v1/chat/completions").header("authorization", "ann").json(&body);
    let refused = fleet.gateways[0].http2().await.send(call).await;
    let rule = refused.header_text("x-inference-rejected");
    assert_eq!(rule.as_deref(), Some("admission-control;token_quota"));
    fleet.send(0, chat("ann")).await;
    assert_eq!(fleet.service.received().len(), 2, "a question and a charge, of the second one");
}

#[tokio::test]
async fn who_has_no_name_is_left_to_the_service() {
    let fleet = Fleet::with(&[]).await;
    let nameless = Call::post("/v1/chat/completions").header("x-tenant-hash", "bob");
    fleet.send(0, nameless.json(&json!({"messages": []}))).await;
    let tokens = "limit=tokens model=demo".to_owned();
    assert_eq!(charges(&fleet.service.received()[1]), [(tokens, Some(TOKENS.into()))]);
}

#[tokio::test]
async fn a_refusal_says_why_and_when_to_come_back() {
    let fleet = Fleet::with(&[hourly("requests", 1), hourly("tokens", 1_000)]).await;
    let served = fleet.send(0, chat("ann")).await;
    let limits = "1, 1;w=3600;name=\"requests\", 1000;w=3600;name=\"tokens\"";
    assert_eq!(served.header_text("x-ratelimit-limit").as_deref(), Some(limits));
    assert_eq!(served.header_text("x-ratelimit-remaining").as_deref(), Some("0"));
    assert_eq!(served.header_text("x-inference-rejected"), None);

    let refused = fleet.send(1, chat("ann")).await;
    assert_eq!(refused.status, 429);
    let told = |name: &str| refused.header_text(name).unwrap_or_default();
    assert_eq!(told("x-inference-rejected"), "global-rate-limit;budget");
    for name in ["retry-after", "x-ratelimit-reset"] {
        let seconds: u32 = told(name).parse().expect("seconds");
        assert!((1..=3_600).contains(&seconds), "{name}: {seconds}");
    }
    assert_eq!(told("content-type"), "application/json");
    assert_eq!(refused.json()["error"]["code"], "rate_limit_exceeded");
    // A GET has no content type.
    let list = Call::get("/v2/models/demo").header("authorization", "ann");
    assert_eq!(fleet.send(1, list).await.json()["error"]["code"], "rate_limit_exceeded");
    let entry = fleet.gateways[1].access_log().wait_for("the refusal", |_| true).await;
    assert_eq!(entry["flags"], "RL");
}

#[tokio::test]
async fn a_grpc_client_is_told_that_its_budget_is_spent() {
    let fleet = Fleet::with(&[hourly("requests", 1)]).await;
    assert_eq!(fleet.send(0, predict("ann")).await.grpc_status(), Some(0));
    let refused = fleet.send(1, predict("ann")).await;
    assert_eq!((refused.status.as_u16(), refused.grpc_status()), (200, Some(8)));
    let told = |name: &str| refused.header_text(name).unwrap_or_default();
    assert_eq!(told("x-inference-rejected"), "global-rate-limit;budget");
    assert_eq!(told("grpc-message"), "");
}

#[tokio::test]
async fn without_the_service_requests_go_on() {
    let Fleet { gateways, service, server } = Fleet::with(&[hourly("requests", 0)]).await;
    drop(service);
    let served = gateways[0].http2().await.send(chat("ann")).await;
    assert_eq!((served.status.as_u16(), server.received().len()), (200, 1));
}

#[tokio::test]
async fn without_the_service_requests_are_refused_if_the_operator_says_so() {
    let service = BudgetServer::with(&[]).await;
    let server = Upstream::saying("served").await;
    let config = recipe(&server, &service);
    drop(service);
    let closed = config.replacing("failure_mode_deny: false", "failure_mode_deny: true");
    let gateway = closed.start().await;
    let refused = gateway.http2().await.send(chat("ann")).await;
    assert_eq!((refused.status.as_u16(), server.received().len()), (503, 0));
    let refused = gateway.http2().await.send(predict("ann")).await;
    assert_eq!(refused.grpc_status(), Some(14));
}
