//! envoy/recipes/virtual-patches: what a patch closes, and what it leaves open.
//!
//! The requests have the shape of those that the defects are about, and no more.

use integration_tests::{Call, Gateway, ShippedConfig, Upstream};
use serde_json::{Value, json};

/// The recipe in front of two servers that answer everything.
struct Stack {
    gateway: Gateway,
    vllm: Upstream,
    triton: Upstream,
}

impl Stack {
    async fn start() -> Self {
        let (vllm, triton) = (Upstream::saying("vllm").await, Upstream::saying("triton").await);
        let config = ShippedConfig::recipe("virtual-patches")
            .with("vllm", 8000, vllm.address())
            .with("triton", 8000, triton.address());
        Self { gateway: config.start().await, vllm, triton }
    }

    /// That this goes to a server.
    async fn passes(&self, call: Call) {
        let path = call.path().to_owned();
        let answer = self.gateway.http1().await.send(call).await;
        assert_eq!(answer.status, 200, "{path} {answer:?}");
    }

    /// That this does not; what the client is told.
    async fn refuses(&self, call: Call, rule: &str) -> String {
        let before = self.vllm.received().len() + self.triton.received().len();
        let path = call.path().to_owned();
        let answer = self.gateway.http1().await.send(call).await;
        let reason = answer.header_text("x-inference-rejected").unwrap_or_default();
        assert_eq!(reason, format!("payload-validator;{rule}"), "{path} {answer:?}");
        assert_eq!(self.vllm.received().len() + self.triton.received().len(), before, "{path}");
        answer.text_body()
    }

    /// That a patch refuses this, under its name.
    async fn patched(&self, call: Call, name: &str) {
        let told = self.refuses(call, "patch").await;
        assert!(told.contains(&format!("the patch `{name}`")), "{told}");
    }
}

fn chat(members: Value) -> Call {
    post("/v1/chat/completions", members)
}

/// A chat or a completion with these members more.
fn post(path: &str, members: Value) -> Call {
    let mut body = json!({"model": "llama", "max_tokens": 8});
    body["messages"] = json!([{"role": "user", "content": "Hi"}]);
    for (name, value) in members.as_object().expect("members") {
        body[name] = value.clone();
    }
    Call::post(path).json(&body)
}

/// A chat with a tool that has these parameters.
fn with_tool(parameters: Value) -> Call {
    let function = json!({"name": "weather", "parameters": parameters});
    chat(json!({"tools": [{"type": "function", "function": function}]}))
}

#[tokio::test]
async fn ordinary_requests_reach_their_servers() {
    let stack = Stack::start().await;
    stack.passes(chat(json!({}))).await;
    stack.passes(post("/v1/completions", json!({"prompt": "Hi", "prompt_embeds": null}))).await;
    stack.passes(Call::get("/health")).await;
    assert_eq!(stack.vllm.received().len(), 3);
    stack.passes(Call::get("/v2/health/ready")).await;
    stack.passes(Call::post("/v2/models/iris/infer").json(&json!({"inputs": []}))).await;
    assert_eq!(stack.triton.received().len(), 2);
}

#[tokio::test]
async fn tools_have_types_and_no_patterns() {
    let stack = Stack::start().await;
    let parameters = |city: Value| json!({"type": "object", "properties": {"city": city}});
    for city in [
        json!({"type": "string", "enum": ["Bonn"]}),
        json!({"type": ["string", "null"]}),
        json!({"type": "array", "items": {"type": "integer"}}),
        json!({"type": "object", "properties": {"pattern": {"type": "string"}}}),
    ] {
        stack.passes(with_tool(parameters(city))).await;
    }
    for city in [
        json!({"type": "string", "pattern": "("}),
        json!({"type": "something"}),
        json!({"type": ["string", "something"]}),
        json!({"type": 1}),
        json!({"type": "array", "items": {"type": "something"}}),
        json!({"anyOf": [{"type": "string", "pattern": "("}]}),
        json!({"type": "object", "properties": {"deep": {"type": "string", "pattern": "("}}}),
    ] {
        stack.patched(with_tool(parameters(city)), "CVE-2025-48944").await;
    }
}

#[tokio::test]
async fn parameters_that_a_server_can_not_take_are_closed() {
    let stack = Stack::start().await;
    for path in ["/v1/chat/completions", "/v1/completions"] {
        stack.passes(post(path, json!({"n": 16, "guided_regex": null}))).await;
        for n in [json!(17), json!(1e9), json!("17"), json!(1.5)] {
            stack.patched(post(path, json!({"n": n})), "CVE-2026-34756").await;
        }
        stack.patched(post(path, json!({"guided_regex": "("})), "vllm-issue-17313").await;
    }
    let embeddings = post("/v1/completions", json!({"prompt_embeds": "AAAA"}));
    stack.patched(embeddings, "CVE-2025-62164").await;
}

#[tokio::test]
async fn a_chat_template_gets_no_arguments_of_the_servers_own() {
    let stack = Stack::start().await;
    for path in ["/v1/chat/completions", "/tokenize"] {
        let with = |arguments: Value| post(path, json!({"chat_template_kwargs": arguments}));
        stack.passes(with(json!({"enable_thinking": false}))).await;
        stack.patched(with(json!({"tokenize": true})), "CVE-2025-62426").await;
    }
}

#[tokio::test]
async fn a_request_asks_for_a_bearable_number_of_outputs() {
    let stack = Stack::start().await;
    let infer = |outputs: usize| {
        let outputs = vec![json!({"name": "scores"}); outputs];
        Call::post("/v2/models/iris/infer").json(&json!({"inputs": [], "outputs": outputs}))
    };
    stack.passes(infer(64)).await;
    stack.patched(infer(65), "CVE-2026-24146").await;
    // Patches read JSON. Over gRPC nothing is served.
    let answer = Call::grpc_bytes("/inference.GRPCInferenceService/ModelInfer", b"");
    let answer = stack.gateway.http2().await.send(answer).await;
    assert_eq!(answer.grpc_status(), Some(12), "{answer:?}");
}

#[tokio::test]
async fn shared_memory_and_repository_are_closed() {
    let stack = Stack::start().await;
    for path in [
        "/v2/systemsharedmemory/region/x/register",
        "/v2/cudasharedmemory/status",
        "/v2/repository/models/iris/load",
    ] {
        stack.refuses(Call::post(path).json(&json!({})), "access").await;
    }
}

#[tokio::test]
async fn headers_and_bodies_are_bounded() {
    let stack = Stack::start().await;
    stack.passes(Call::get("/health").header("x-long", "x".repeat(12_000))).await;
    stack.refuses(Call::get("/health").header("x-long", "x".repeat(17_000)), "header_count").await;
    let long = |bytes: usize| {
        Call::post("/v2/models/iris/infer")
            .json(&json!({"inputs": [{"data": ["x".repeat(bytes)]}]}))
    };
    // Longer than what is held.
    stack.passes(long(3 << 20)).await;
    stack.refuses(long(9 << 20), "body_bytes").await;
}

#[tokio::test]
async fn what_is_longer_than_may_be_held_meets_its_patch_before_its_end() {
    let stack = Stack::start().await;
    let body = json!({"messages": [], "a": "x".repeat(2 << 20), "n": 17}).to_string();
    let call = Call::post("/v1/chat/completions").body(body);
    let answer = stack.gateway.http1().await.send(call).await;
    assert_eq!(
        answer.header_text("x-inference-rejected").as_deref(),
        Some("payload-validator;patch")
    );
    assert!(!stack.vllm.received().iter().any(integration_tests::Received::is_complete));
}
