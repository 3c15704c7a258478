//! The payload validator.

mod answers;
mod behind_the_router;
mod guises;
mod hostile;
mod limits;
mod observability;
mod prompts;
mod refusal;
mod requests;
mod secrecy;
mod streaming;
mod streams_of_messages;
mod tensors;
mod unheld;
mod untouched;

use integration_tests::{Answer, Call, Client, Gateway, Received, Reply, Upstream, WasmFilter};
use refusal::Refusal;
use serde_json::{Value, json};

/// A gateway with the validator in front of one model server.
struct Stand {
    gateway: Gateway,
    server: Upstream,
}

impl Stand {
    /// With this configuration, and a server that sends everything back.
    async fn new(config: &Value) -> Self {
        Self::answered(config, |_| Reply::Echo).await
    }

    /// The same with one contract for every model.
    async fn with_contract(contract: &Value) -> Self {
        Self::new(&json!({"contracts": [contract]})).await
    }

    async fn answered(
        config: &Value,
        script: impl Fn(&http::request::Parts) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::with_filter(&validator(config), script).await
    }

    async fn with_filter(
        filter: &WasmFilter,
        script: impl Fn(&http::request::Parts) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let server = Upstream::scripted(script).await;
        let gateway = Gateway::builder()
            .wasm(filter)
            .cluster("server", &[server.address()])
            .logging("validation", "%FILTER_STATE(wasm.inference.validation:PLAIN)%")
            .logging("answer", "%FILTER_STATE(wasm.inference.answer:PLAIN)%")
            .start()
            .await;
        Self { gateway, server }
    }

    /// A client for each version of HTTP.
    async fn clients(&self) -> [Client; 2] {
        [self.gateway.http1().await, self.gateway.http2().await]
    }

    /// Sends a call, which goes through byte for byte, in both directions.
    async fn assert_passes(&self, client: &mut Client, call: Call) {
        self.server.forget();
        let (path, sent) = (call.path().to_owned(), call.body_bytes());
        let answer = client.send(call).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(answer.header_text("x-inference-rejected"), None, "{path}: {answer:?}");
        let received = self.server.last();
        assert!(received.is_complete(), "{path}: the model server got only a part");
        assert_eq!(received.path, path);
        assert!(received.body == sent, "{path}: {} bytes were changed", sent.len());
        assert!(answer.body == sent, "{path}: the answer was changed");
    }

    /// Sends a call of which the model server gets nothing, and gives the reason.
    async fn refusal(&self, client: &mut Client, call: Call) -> Refusal {
        let answer = self.refused(client, call).await;
        Refusal::of(&answer)
    }

    async fn refused(&self, client: &mut Client, call: Call) -> Answer {
        self.server.forget();
        let answer = client.send(call).await;
        assert!(self.server.received().is_empty(), "the model server got a part: {answer:?}");
        answer
    }

    /// Sends a call that is to fare like that: nothing is expected of one that
    /// passes.
    async fn check(&self, client: &mut Client, call: Call, expected: Option<&Refusal>) {
        match expected {
            None => self.assert_passes(client, call).await,
            Some(expected) => {
                let shown =
                    String::from_utf8_lossy(&call.body_bytes()[..call.body_bytes().len().min(400)])
                        .into_owned();
                assert_eq!(&self.refusal(client, call).await, expected, "{shown}");
            }
        }
    }

    /// Whether the model server has got all of any request.
    fn has_a_whole_request(&self) -> bool {
        self.server.received().iter().any(Received::is_complete)
    }
}

/// The filter with this configuration.
fn validator(config: &Value) -> WasmFilter {
    WasmFilter::named("payload-validator").configured(config)
}

fn chat(changes: &Value) -> Call {
    Call::post("/v1/chat/completions").json(&chat_body(changes))
}

/// A chat that any contract lets through, with these changes.
fn chat_body(changes: &Value) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": "hi"}]});
    let changes = changes.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(changes);
    body
}
