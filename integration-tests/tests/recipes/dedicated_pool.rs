//! envoy/recipes/dedicated-pool: servers for some requests only, and what becomes of these
//! requests when their servers fail or are full.

use super::prediction::predict;
use super::replica::{Replica, server_of};
use http::request::Parts;
use integration_tests::{Answer, Call, Crowd, Gateway, Reply, ShippedConfig, eventually, in_time};
use serde_json::json;
use std::collections::BTreeSet;
use tokio::task::JoinHandle;

const READ_ONLY: &str = "read-only";

/// In a request that stays in its server.
const STAYS: &str = "x-stays";

/// The recipe with all of its servers.
struct Stack {
    gateway: Gateway,
    read_only: [Replica; 2],
    shared: [Replica; 2],
}

impl Stack {
    async fn start() -> Self {
        Self::scripted(|_, answer| Reply::whole(answer), |recipe| recipe).await
    }

    /// Requests stay where they are, in pools that take two.
    async fn crowded(crowd: &Crowd) -> Self {
        let crowd = crowd.clone();
        let reply = move |head: &Parts, answer| match head.headers.contains_key(STAYS) {
            true => Reply::crowded(answer, &crowd),
            false => Reply::whole(answer),
        };
        let small = |recipe: ShippedConfig| {
            recipe
                .replacing("max_requests: 16", "max_requests: 2")
                .replacing("max_requests: 64", "max_requests: 2")
        };
        Self::scripted(reply, small).await
    }

    async fn scripted(
        reply: impl Fn(&Parts, Answer) -> Reply + Clone + Send + Sync + 'static,
        change: impl FnOnce(ShippedConfig) -> ShippedConfig,
    ) -> Self {
        let replica = |name| Replica::scripted(name, reply.clone());
        let read_only = [replica("model-read-only-a").await, replica("model-read-only-b").await];
        let shared = [replica("model-shared-a").await, replica("model-shared-b").await];
        let recipe = change(ShippedConfig::recipe("dedicated-pool"));
        let recipe = read_only.iter().chain(&shared).fold(recipe, |it, one| one.in_its_place(it));
        let stack = Self { gateway: recipe.start().await, read_only, shared };
        stack.reach(Some(READ_ONLY), &["model-read-only-a", "model-read-only-b"]).await;
        stack.reach(None, &["model-shared-a", "model-shared-b"]).await;
        for replica in stack.read_only.iter().chain(&stack.shared) {
            replica.forget();
        }
        stack
    }

    /// That such requests are answered by each of these, and by no others, from some moment
    /// on: the worker hears of servers' health up to a second after health checks have found
    /// it out.
    async fn reach(&self, pool: Option<&str>, names: &[&str]) {
        let wanted: BTreeSet<String> = names.iter().map(ToString::to_string).collect();
        eventually("what the worker knows of its servers", async || {
            (self.servers_of(pool).await == wanted).then_some(())
        })
        .await;
        assert_eq!(self.servers_of(pool).await, wanted);
    }

    /// Which servers answer some requests, and with which status those are refused that none
    /// does.
    async fn servers_of(&self, pool: Option<&str>) -> BTreeSet<String> {
        let mut client = self.gateway.http1().await;
        let mut found = BTreeSet::new();
        for _ in 0..40 {
            found.insert(server_of(&mut client, chat(pool)).await);
        }
        found
    }

    /// Sends a request that stays in a server.
    async fn fill(&self, crowd: &Crowd, pool: Option<&'static str>) -> JoinHandle<Answer> {
        let before = crowd.inside();
        let mut client = self.gateway.http1().await;
        let call = chat(pool).header(STAYS, "1");
        let request = tokio::spawn(async move { client.send(call).await });
        eventually("a request in a server", async || (crowd.inside() > before).then_some(())).await;
        request
    }
}

fn chat(pool: Option<&str>) -> Call {
    let call = Call::post("/v1/chat/completions").json(&json!({"model": "demo", "messages": []}));
    match pool {
        Some(pool) => call.header("x-pool", pool),
        None => call,
    }
}

fn requests(replicas: &[Replica]) -> usize {
    replicas.iter().map(Replica::requests).sum()
}

/// Refused by the circuit breaker: `UO`.
fn is_overflow(answer: &Answer) -> bool {
    answer.status == 503 && answer.header_text("x-envoy-overloaded").as_deref() == Some("true")
}

#[tokio::test]
async fn each_request_goes_to_its_own_pool() {
    let stack = Stack::start().await;
    let mut client = stack.gateway.http2().await;
    for _ in 0..20 {
        let found = server_of(&mut client, chat(Some(READ_ONLY))).await;
        assert!(found.starts_with("model-read-only"), "{found}");
        for pool in [None, Some("something-else")] {
            let found = server_of(&mut client, chat(pool)).await;
            assert!(found.starts_with("model-shared"), "{found}");
        }
    }
    _ = client.send(predict().header("x-pool", READ_ONLY)).await;
    assert_eq!([requests(&stack.read_only), requests(&stack.shared)], [21, 40]);
}

#[tokio::test]
async fn one_server_of_the_pool_is_enough() {
    let stack = Stack::start().await;
    stack.read_only[0].says_it_serves(false);
    stack.reach(Some(READ_ONLY), &["model-read-only-b"]).await;
    assert_eq!(requests(&stack.shared), 0);
}

#[tokio::test]
async fn without_a_server_of_its_pool_a_request_goes_to_the_shared_ones_and_later_back() {
    let stack = Stack::start().await;
    for replica in &stack.read_only {
        replica.says_it_serves(false);
    }
    stack.reach(Some(READ_ONLY), &["model-shared-a", "model-shared-b"]).await;
    stack.read_only[1].says_it_serves(true);
    stack.reach(Some(READ_ONLY), &["model-read-only-b"]).await;
}

#[tokio::test]
async fn other_requests_never_use_the_pool() {
    let stack = Stack::start().await;
    for replica in &stack.shared {
        replica.says_it_serves(false);
    }
    stack.reach(None, &["503"]).await;
    assert_eq!(requests(&stack.read_only), 0);
    stack.reach(Some(READ_ONLY), &["model-read-only-a", "model-read-only-b"]).await;
}

#[tokio::test]
async fn full_shared_servers_leave_the_pool_room() {
    let crowd = Crowd::default();
    let stack = Stack::crowded(&crowd).await;
    let mut held = vec![stack.fill(&crowd, None).await, stack.fill(&crowd, None).await];
    let refused = stack.gateway.http1().await.send(chat(None)).await;
    assert!(is_overflow(&refused), "{refused:?}");
    held.push(stack.fill(&crowd, Some(READ_ONLY)).await);
    crowd.let_go(held.len());
    for request in held {
        assert_eq!(in_time("its answer", request).await.expect("an answer").status, 200);
    }
}

#[tokio::test]
async fn a_full_pool_refuses_and_does_not_fall_back() {
    let crowd = Crowd::default();
    let stack = Stack::crowded(&crowd).await;
    let held =
        [stack.fill(&crowd, Some(READ_ONLY)).await, stack.fill(&crowd, Some(READ_ONLY)).await];
    let refused = stack.gateway.http1().await.send(chat(Some(READ_ONLY))).await;
    assert!(is_overflow(&refused), "{refused:?}");
    assert_eq!(requests(&stack.shared), 0);
    crowd.let_go(held.len());
    for request in held {
        assert_eq!(in_time("its answer", request).await.expect("an answer").status, 200);
    }
}

#[tokio::test]
async fn metrics_and_log_tell_the_pools_apart() {
    let stack = Stack::start().await;
    for (class, pool) in [("read-only", &stack.read_only), ("shared", &stack.shared)] {
        let labels = [("model", "demo"), ("version", "v1"), ("class", class)];
        stack.gateway.wait_for_metric("inference_requests_total", &labels, |it| it > 0.0).await;
        let log = stack.gateway.access_log();
        let entry = log.wait_for("its entry", |it| it["class"] == class && it["status"] == 200);
        let server = entry.await["server"].as_str().expect("an address").to_owned();
        assert!(pool.iter().any(|replica| replica.address().to_string() == server), "{server}");
    }
}
