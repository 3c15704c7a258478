//! envoy/recipes/local-rate-limit: a bucket for each model, and for each tenant of one.

use super::prediction::{model_server, predict};
use integration_tests::{Answer, Call, Gateway, ShippedConfig, Upstream, eventually};
use serde_json::json;

/// What `demo`, `large` and each tenant have in the recipe.
const DEMO: &str = "max_tokens: 200, tokens_per_fill: 100, fill_interval: 1s";
const LARGE: &str = "{ key: model, value: large }]
                          token_bucket: { max_tokens: 20, tokens_per_fill: 10, fill_interval: 1s";
const LARGE_BUCKET: &str = "max_tokens: 20, tokens_per_fill: 10, fill_interval: 1s";
const TENANT: &str = "max_tokens: 20, tokens_per_fill: 5, fill_interval: 1s";

struct Stack {
    gateway: Gateway,
    server: Upstream,
}

impl Stack {
    /// With buckets of these sizes, which stay empty once they are.
    async fn with(demo: u32, large: u32, tenant: u32) -> Self {
        Self::changed(|recipe| still(recipe, demo, large, tenant)).await
    }

    async fn changed(change: impl FnOnce(ShippedConfig) -> ShippedConfig) -> Self {
        let server = model_server().await;
        let recipe =
            ShippedConfig::recipe("local-rate-limit").with("model-v1-a", 9000, server.address());
        Self { gateway: change(recipe).workers(2).start().await, server }
    }

    async fn send(&self, call: Call) -> Answer {
        self.gateway.http2().await.send(call).await
    }

    /// The statuses of so many calls, one after the other.
    async fn statuses(&self, call: Call, count: usize) -> Vec<u16> {
        let mut client = self.gateway.http2().await;
        let mut statuses = Vec::new();
        for _ in 0..count {
            statuses.push(client.send(call.clone()).await.status.as_u16());
        }
        statuses
    }
}

fn still(recipe: ShippedConfig, demo: u32, large: u32, tenant: u32) -> ShippedConfig {
    let bucket = |size: u32, fill: u32| {
        format!("max_tokens: {size}, tokens_per_fill: {fill}, fill_interval: 86400s")
    };
    let large = LARGE.replace(LARGE_BUCKET, &bucket(large, 1));
    recipe
        .replacing(LARGE, &large)
        .replacing(DEMO, &bucket(demo, 2))
        .replacing(TENANT, &bucket(tenant, 1))
        .replacing("fill_interval: 1s", "fill_interval: 86400s")
}

fn chat(model: &str) -> Call {
    Call::post("/v1/chat/completions").json(&json!({"messages": [], "model": model}))
}

fn chat_of(tenant: &str, model: &str) -> Call {
    chat(model).header("x-tenant-id", tenant)
}

#[tokio::test]
async fn each_model_has_a_bucket_of_its_own_wherever_it_is_named() {
    let stack = Stack::with(2, 1, 9).await;
    assert_eq!(stack.statuses(chat("large"), 2).await, [200, 429]);
    assert_eq!(stack.statuses(chat("demo"), 1).await, [200]);
    // What a client says about the router's own headers doesn't count.
    let path = Call::post("/v2/models/demo/infer").header("x-model-name", "demo");
    assert_eq!(stack.statuses(path.json(&json!({"inputs": []})), 2).await, [200, 429]);
    assert_eq!(stack.server.received().len(), 3);
}

#[tokio::test]
async fn not_one_more_gets_through_on_all_workers_together() {
    let stack = Stack::with(50, 1, 9).await;
    let calls = (0..16).map(|_| stack.statuses(chat("demo"), 10));
    let statuses = futures_util::future::join_all(calls).await.concat();
    let served = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!((served, statuses.len(), stack.server.received().len()), (50, 160, 50));
}

#[tokio::test]
async fn each_tenant_has_a_bucket_for_each_model_without_being_listed() {
    let stack = Stack::with(9, 9, 2).await;
    for tenant in ["ann", "bob"] {
        assert_eq!(stack.statuses(chat_of(tenant, "demo"), 3).await, [200, 200, 429]);
    }
    assert_eq!(stack.statuses(chat_of("ann", "large"), 3).await, [200, 200, 429]);
}

#[tokio::test]
async fn what_a_tenant_is_refused_is_charged_to_nobody_else() {
    let stack = Stack::with(4, 1, 1).await;
    assert_eq!(stack.statuses(chat_of("ann", "demo"), 5).await, [200, 429, 429, 429, 429]);
    assert_eq!(stack.statuses(chat("demo"), 4).await, [200, 200, 200, 429]);
}

#[tokio::test]
async fn what_a_tenant_is_refused_is_charged_to_a_model_whose_bucket_fills_more_slowly() {
    let stack = Stack::changed(|recipe| {
        let still = still(recipe, 4, 1, 1);
        still.replacing("max_tokens: 1, tokens_per_fill: 1", "max_tokens: 1, tokens_per_fill: 3")
    })
    .await;
    assert_eq!(stack.statuses(chat_of("ann", "demo"), 4).await, [200, 429, 429, 429]);
    assert_eq!(stack.statuses(chat("demo"), 1).await, [429]);
}

#[tokio::test]
async fn who_names_no_tenant_has_the_models_limit_only() {
    let stack = Stack::with(3, 1, 1).await;
    assert_eq!(stack.statuses(chat("demo"), 4).await, [200, 200, 200, 429]);
}

#[tokio::test]
async fn who_was_put_out_of_the_list_begins_anew() {
    let stack = Stack::changed(|recipe| {
        still(recipe, 99, 1, 1).replacing("descriptors: 10000", "descriptors: 1")
    })
    .await;
    for _ in 0..3 {
        assert_eq!(stack.statuses(chat_of("ann", "demo"), 2).await, [200, 429]);
        assert_eq!(stack.statuses(chat_of("bob", "demo"), 1).await, [200]);
    }
}

#[tokio::test]
async fn questions_that_concern_no_model_have_the_default_bucket() {
    let stack = Stack::changed(|recipe| {
        still(recipe, 9, 9, 9)
            .replacing("max_tokens: 20, tokens_per_fill: 10", "max_tokens: 1, tokens_per_fill: 1")
    })
    .await;
    assert_eq!(stack.statuses(Call::get("/v2/health/live"), 2).await, [404, 429]);
    assert_eq!(stack.statuses(chat("demo"), 2).await, [200, 200]);
}

#[tokio::test]
async fn a_bucket_fills_again() {
    let stack = Stack::changed(|recipe| {
        let recipe = recipe.replacing(DEMO, "max_tokens: 1, tokens_per_fill: 1, fill_interval: 1s");
        recipe.replacing("fill_interval: 1s", "fill_interval: 0.2s")
    })
    .await;
    let mut client = stack.gateway.http2().await;
    let mut refused = 0;
    eventually("two more that pass, after one that doesn't", async || {
        let is_refused = client.send(chat("demo")).await.status == 429;
        refused += usize::from(is_refused);
        (refused > 0 && stack.server.received().len() >= 3).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_refusal_says_why_and_when_to_come_back() {
    let stack = Stack::with(2, 1, 9).await;
    let served = stack.send(chat("demo")).await;
    let told = |answer: &Answer, name: &str| answer.header_text(name).unwrap_or_default();
    assert_eq!(told(&served, "x-ratelimit-limit"), "2");
    assert_eq!(told(&served, "x-ratelimit-remaining"), "1");
    assert_eq!(served.header_text("x-inference-rejected"), None);
    stack.send(chat("demo")).await;

    let refused = stack.send(chat("demo")).await;
    assert_eq!(refused.status, 429);
    assert_eq!(told(&refused, "x-inference-rejected"), "local-rate-limit;bucket");
    assert_eq!(told(&refused, "x-ratelimit-remaining"), "0");
    for name in ["retry-after", "x-ratelimit-reset"] {
        let seconds: u32 = told(&refused, name).parse().expect("seconds");
        assert!((1..=86_400).contains(&seconds), "{name}: {seconds}");
    }
    assert_eq!(told(&refused, "content-type"), "application/json");
    assert_eq!(refused.json()["error"]["code"], "rate_limit_exceeded");
    let entries = stack.gateway.access_log();
    let entry = entries.wait_for("the refusal", |entry| entry["status"] == 429).await;
    assert_eq!((&entry["flags"], &entry["model"]), (&json!("RL"), &json!("demo")));
}

#[tokio::test]
async fn a_grpc_client_is_told_that_a_resource_is_exhausted() {
    let stack = Stack::with(1, 1, 9).await;
    assert_eq!(stack.send(predict()).await.grpc_status(), Some(0));
    let refused = stack.send(predict()).await;
    assert_eq!((refused.status.as_u16(), refused.grpc_status()), (200, Some(8)));
    let told = |name: &str| refused.header_text(name).unwrap_or_default();
    assert_eq!(told("x-inference-rejected"), "local-rate-limit;bucket");
}

#[tokio::test]
async fn on_trial_nobody_is_refused() {
    let stack = Stack::changed(|recipe| {
        let line = "                      filter_enforced: { default_value: { numerator: 100 } }\n";
        still(recipe, 1, 1, 9).replacing(line, "")
    })
    .await;
    assert_eq!(stack.statuses(chat("demo"), 3).await, [200, 200, 200]);
    let count = async |name: &str| {
        stack.gateway.admin().stat(&format!("inference.http_local_rate_limit.{name}")).await
    };
    assert_eq!((count("rate_limited").await, count("enforced").await), (Some(2), Some(0)));
}
