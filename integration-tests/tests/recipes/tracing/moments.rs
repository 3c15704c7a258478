//! Until when a fact has to be stated to be in a span, and in the access log.

use integration_tests::{Answer, Call, Gateway, Reply, Span, SpanReceiver, Tracing, Upstream};
use serde_json::{Value, json};

/// What Envoy calls the span of an attempt at a server.
const ATTEMPT: &str = "router server egress";

/// What Envoy calls the span of a request.
const REQUEST: &str = "ingress";

/// A gateway with the test's filter that states facts when it is told to.
struct Stand {
    gateway: Gateway,
    collector: SpanReceiver,
    _server: Upstream,
}

impl Stand {
    async fn replying(reply: Reply) -> Self {
        let server = Upstream::scripted(move |_| reply.clone()).await;
        let collector = SpanReceiver::start().await;
        let fact = |name: &str| format!("%FILTER_STATE(wasm.inference.{name}:PLAIN)%");
        let tracing = Tracing::to_cluster("collector")
            .attribute("reserved", &fact("tokens_reserved"))
            .attribute("used", &fact("tokens_used"))
            .with_spans_of_attempts();
        let gateway = Gateway::builder()
            .filter("accounting", &json!({}))
            .cluster("server", &[server.address()])
            .http2_cluster("collector", &[collector.address()])
            .tracing(tracing)
            .logging("used", &fact("tokens_used"))
            .start()
            .await;
        Self { gateway, collector, _server: server }
    }

    /// Sends a request over each protocol: the spans of that name, and the lines in
    /// the access log.
    async fn told_of(&self, name: &str) -> Vec<(Span, Value)> {
        let mut told = Vec::new();
        for mut client in [self.gateway.http1().await, self.gateway.http2().await] {
            let before = self.collector.spans().len();
            let call = Call::post("/").header("x-tokens-reserved", "120");
            _ = client.try_send(call).await;
            let is_new = |span: &Span| {
                let spans = self.collector.spans();
                span.name == name && spans[before..].iter().any(|new| new.id == span.id)
            };
            let span = self.collector.wait_for(name, is_new).await;
            let log = self.gateway.access_log();
            let count = told.len() + 1;
            log.wait_for("its line", |_| log.entries().len() == count).await;
            told.push((span, log.entries().remove(count - 1)));
        }
        told
    }
}

/// An answer that lets the filter state 42 at this moment.
fn used(moment: &str) -> Answer {
    Answer::text("served").header("x-tokens-used", "42").header("x-tokens-stated-at", moment)
}

#[tokio::test]
async fn what_is_stated_until_the_answers_end_is_in_the_span_of_the_request() {
    for moment in ["headers", "end"] {
        for answer in [used(moment), used(moment).trailer("x-trailer", "yes")] {
            let stand = Stand::replying(Reply::whole(answer)).await;
            for (span, _) in stand.told_of(REQUEST).await {
                assert_eq!(span.attribute("reserved"), Some("120"));
                assert_eq!(span.attribute("used"), Some("42"), "{moment}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_stated_when_all_is_over_is_in_the_access_log_alone() {
    let stand = Stand::replying(Reply::whole(used("finished"))).await;
    for (span, entry) in stand.told_of(REQUEST).await {
        assert_eq!((span.attribute("used"), &entry["used"]), (None, &json!("42")));
    }
}

#[tokio::test]
async fn what_is_stated_until_the_answers_headers_is_in_the_span_of_the_attempt() {
    for (moment, expected) in [("headers", Some("42")), ("end", None)] {
        let stand = Stand::replying(Reply::whole(used(moment))).await;
        for (span, _) in stand.told_of(ATTEMPT).await {
            assert_eq!(span.attribute("reserved"), Some("120"));
            assert_eq!(span.attribute("used"), expected, "{moment}");
        }
    }
}

#[tokio::test]
async fn what_is_stated_again_takes_the_place_of_what_was() {
    let answer = used("end").header("x-tokens-at-first", "7");
    let stand = Stand::replying(Reply::whole(answer)).await;
    for (span, entry) in stand.told_of(REQUEST).await {
        assert_eq!((span.attribute("used"), &entry["used"]), (Some("42"), &json!("42")));
    }
}

#[tokio::test]
async fn of_an_answer_that_breaks_off_the_span_has_what_was_stated_before() {
    for moment in ["end", "finished"] {
        let answer = used(moment).header("x-tokens-at-first", "7");
        let stand = Stand::replying(Reply::cut_off(answer)).await;
        for (span, entry) in stand.told_of(REQUEST).await {
            let in_log = if moment == "finished" { "42" } else { "7" };
            assert_eq!((span.attribute("used"), &entry["used"]), (Some("7"), &json!(in_log)));
        }
    }
}

#[tokio::test]
async fn what_nobody_states_is_no_attribute() {
    let stand = Stand::replying(Reply::whole(Answer::text("served"))).await;
    for (span, entry) in stand.told_of(REQUEST).await {
        assert_eq!((span.attribute("used"), &entry["used"]), (None, &Value::Null));
    }
}
