//! The ways on which a cost gets from a filter to the rate limit service: what
//! Envoy does with them, without our recipe.

use super::charges;
use integration_tests::{Answer, BudgetServer, Call, Gateway, Reply, Upstream};
use proto::rate_limit::RateLimitRequest;
use serde_json::{Value, json};

/// Marks the last one of some requests.
const LAST: &str = "x-last";

/// An Envoy whose filters state 120 tokens for a request and 42 for its answer.
struct Stand {
    gateway: Gateway,
    service: BudgetServer,
    _server: Upstream,
}

impl Stand {
    async fn with(rate_limits: &[Value]) -> Self {
        Self::answering(used(), rate_limits, None).await
    }

    async fn answering(answer: Answer, rate_limits: &[Value], between: Option<Value>) -> Self {
        let service = BudgetServer::with(&[]).await;
        let server = Upstream::scripted(move |_| Reply::whole(answer.clone())).await;
        let mut config = Gateway::builder().filter("accounting", &json!({}));
        if let Some(filter) = between {
            config = config.other_filter(filter);
        }
        let gateway = config
            .other_filter(rate_limit_filter(rate_limits))
            .cluster("server", &[server.address()])
            .http2_cluster("service", &[service.address()])
            .start()
            .await;
        Self { gateway, service, _server: server }
    }

    /// What the service hears of a request, from its beginning to its end.
    async fn heard(&self, call: Call) -> Vec<RateLimitRequest> {
        let mut client = self.gateway.http2().await;
        client.send(call).await;
        // What is said at the end of a request is said before the next one begins.
        client.send(Call::get("/").header(LAST, "yes")).await;
        let mut heard = self.service.received();
        let last = heard.iter().position(|request| {
            request.descriptors.iter().any(|it| it.entries.iter().any(|entry| entry.key == LAST))
        });
        heard.truncate(last.expect("the last one"));
        heard
    }
}

fn used() -> Answer {
    Answer::text("answer").header("x-tokens-used", "42")
}

fn call() -> Call {
    Call::post("/").header("x-tokens-reserved", "120").body("question")
}

/// What is charged for one request: each descriptor's cost and the request's.
async fn charged(stand: &Stand, call: Call) -> Vec<(Vec<Option<u64>>, u32)> {
    let heard = stand.heard(call).await;
    let costs = |request| charges(request).into_iter().map(|(_, cost)| cost).collect();
    heard.iter().map(|request| (costs(request), request.hits_addend)).collect()
}

fn limit(name: &str, more: Value) -> Value {
    let key = json!({"generic_key": {"descriptor_key": "limit", "descriptor_value": name}});
    let mut limit = json!({"actions": [key]});
    limit.as_object_mut().expect("an object").extend(more.as_object().expect("more").clone());
    limit
}

fn costing(format: &str) -> Value {
    limit("tokens", json!({"hits_addend": {"format": format}}))
}

fn at_the_end(hits_addend: Value) -> Value {
    limit("tokens", json!({"hits_addend": hits_addend, "apply_on_stream_done": true}))
}

fn fact(name: &str) -> String {
    format!("%FILTER_STATE(wasm.inference.{name}:PLAIN)%")
}

fn rate_limit_filter(rate_limits: &[Value]) -> Value {
    let last = json!({"request_headers": {"header_name": LAST, "descriptor_key": LAST}});
    let mut rate_limits = rate_limits.to_vec();
    rate_limits.push(json!({"actions": [last]}));
    json!({
        "name": "envoy.filters.http.ratelimit",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit",
            "domain": "test",
            "timeout": "15s",
            "failure_mode_deny": true,
            "rate_limit_service": {
                "grpc_service": {"envoy_grpc": {"cluster_name": "service"}},
                "transport_api_version": "V3",
            },
            "rate_limits": rate_limits,
        },
    })
}

#[tokio::test]
async fn a_fact_becomes_the_cost_of_a_descriptor() {
    let stand = Stand::with(&[costing(&fact("tokens_reserved"))]).await;
    assert_eq!(charged(&stand, call()).await, [(vec![Some(120)], 0)]);
}

#[tokio::test]
async fn a_header_becomes_the_cost_of_a_descriptor() {
    for (text, cost) in [("121", 121), ("0", 0), ("1.9", 1), ("1e9", 1_000_000_000)] {
        let stand = Stand::with(&[costing("%REQ(x-cost)%")]).await;
        let heard = charged(&stand, call().header("x-cost", text)).await;
        assert_eq!(heard, [(vec![Some(cost)], 0)], "{text}");
    }
}

#[tokio::test]
async fn what_is_no_cost_takes_its_descriptor_away() {
    let stand = Stand::with(&[costing(&fact("no_such"))]).await;
    assert_eq!(charged(&stand, call()).await, []);
    for text in ["", "many", "-1", "1000000001"] {
        let stand = Stand::with(&[limit("requests", json!({})), costing("%REQ(x-cost)%")]).await;
        let heard = charged(&stand, call().header("x-cost", text)).await;
        assert_eq!(heard, [(vec![None], 0)], "{text}");
    }
}

/// As the foreign function `set_envoy_filter_state` would.
fn cost_of_the_request(format: &str) -> Value {
    json!({
        "name": "envoy.filters.http.set_filter_state",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config",
            "on_request_headers": [{
                "object_key": "envoy.ratelimit.hits_addend",
                "format_string": {"text_format_source": {"inline_string": format}},
            }],
        },
    })
}

#[tokio::test]
async fn envoys_own_filter_state_is_the_cost_of_all_descriptors_that_have_none() {
    let limits = [
        limit("requests", json!({"hits_addend": {"number": 1}})),
        limit("tokens", json!({})),
        limit("tokens", json!({"apply_on_stream_done": true})),
    ];
    let state = cost_of_the_request(&fact("tokens_reserved"));
    let stand = Stand::answering(used(), &limits, Some(state)).await;
    let expected = [(vec![Some(1), None], 120), (vec![None], 120)];
    assert_eq!(charged(&stand, call()).await, expected);
}

#[tokio::test]
async fn what_a_filter_states_until_the_end_is_charged_at_the_end() {
    for moment in ["headers", "end", "finished"] {
        let answer = used().header("x-tokens-stated-at", moment);
        for answer in [answer.clone(), answer.trailer("x-trailer", "yes")] {
            let limits = [at_the_end(json!({"format": fact("tokens_used")}))];
            let stand = Stand::answering(answer, &limits, None).await;
            assert_eq!(charged(&stand, call()).await, [(vec![Some(42)], 0)], "{moment}");
        }
    }
}

#[tokio::test]
async fn what_was_reserved_and_not_used_can_be_given_back() {
    let back = json!({"format": fact("tokens_unspent"), "is_negative_hits": true});
    let stand = Stand::with(&[costing(&fact("tokens_reserved")), at_the_end(back)]).await;
    let heard = stand.heard(call()).await;
    let told: Vec<_> = heard
        .iter()
        .flat_map(|request| &request.descriptors)
        .map(|it| (it.hits_addend, it.is_negative_hits))
        .collect();
    assert_eq!(told, [(Some(120), false), (Some(78), true)]);
}

#[tokio::test]
async fn what_an_earlier_filter_refuses_is_not_charged_at_the_end() {
    for (call, expected) in
        [(call(), vec![(vec![Some(3)], 0)]), (call().header("x-refused", "yes"), Vec::new())]
    {
        let stand = Stand::with(&[at_the_end(json!({"number": 3}))]).await;
        assert_eq!(charged(&stand, call).await, expected);
    }
}
