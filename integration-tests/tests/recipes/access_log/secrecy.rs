//! What no line holds, and what can't break a line.

use super::recipe::{Stand, answered, chat, chat_with};
use crate::prediction::predict;
use integration_tests::{Answer, Call, RawHttp1, Reply};
use proto::prediction::PredictResponse;
use serde_json::json;

/// A word that no program has of its own.
const SECRET: &str = "zxqvjk77";

/// A server that repeats it wherever it can.
fn indiscreet(head: &http::request::Parts) -> Reply {
    let is_chat = head.uri.path() == "/v1/chat/completions";
    let answer = match head.headers.contains_key("x-fail") {
        true => Answer::status(200)
            .header("content-type", "application/grpc")
            .header("grpc-status", "3")
            .header("grpc-message", SECRET),
        false if is_chat => Answer::json_value(&json!({
            "choices": [{"message": {"content": SECRET}, "finish_reason": SECRET}],
            "error": {"message": SECRET},
        })),
        false => Answer::grpc(&PredictResponse { model_name: SECRET.into(), ..Default::default() }),
    };
    Reply::whole(answer.header("x-said", SECRET))
}

#[tokio::test]
async fn prompts_answers_and_keys_are_in_no_line() {
    let stand = Stand::scripted(100, indiscreet).await;
    let messages = json!([{"role": "user", "content": SECRET}]);
    let calls = [
        chat_with(json!({"messages": messages})),
        chat_with(json!({"messages": messages, "stream": true})),
        chat_with(json!({"messages": messages, "max_tokens": 5000})),
        chat_with(json!({"messages": SECRET})),
        chat_with(json!({"model": SECRET})),
        predict(),
        predict().header("x-fail", "1"),
        Call::post(&format!("/v2/models/demo/infer?key={SECRET}")).json(&json!({"inputs": []})),
    ];
    for call in calls {
        let call = call
            .header("authorization", format!("Bearer {SECRET}"))
            .header("x-api-key", SECRET)
            .header("cookie", format!("session={SECRET}"));
        let entry = stand.entry_of(call).await;
        assert!(!entry.to_string().contains(SECRET), "{entry}");
    }
}

#[tokio::test]
async fn nothing_that_a_client_writes_breaks_a_line() {
    let stand = Stand::scripted(100, |_| Reply::whole(answered())).await;
    let hostile: [&[u8]; 6] = [
        b"\", \"outcome\": \"forged",
        b"\\\"\\\\",
        b"\xff\xfe\x80",
        b"{\t}",
        "\u{2028}\u{1f600}".as_bytes(),
        b"%REQ(AUTHORIZATION)% %00%0a",
    ];
    for value in hostile {
        let call = chat().header("user-agent", value).header("x-request-id", value);
        let entry = stand.entry_of(call.header("x-model-version", "v1")).await;
        assert_eq!(entry["outcome"], "ok", "{entry}");
        let text = entry["user_agent"].as_str().expect("a text");
        // What is no UTF-8 is taken for Latin-1.
        let latin: String = value.iter().map(|byte| char::from(*byte)).collect();
        assert!(text.as_bytes() == value || text == latin, "{text:?}");
    }
    assert_eq!(stand.gateway.access_log().entries().len(), hostile.len());
}

#[tokio::test]
async fn nor_does_a_hostile_path() {
    let stand = Stand::sampling(100).await;
    let targets: [&[u8]; 4] =
        [b"/v1/\"\\,{}", b"/v1/%22%0a%00%ff", b"/v1/\xff\xfe", b"/v1/%REQ(COOKIE)%"];
    let log = stand.gateway.access_log();
    for (written, target) in targets.iter().enumerate() {
        let mut raw = RawHttp1::connect(stand.gateway.address()).await;
        let request =
            [b"GET ", *target, b" HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n"];
        raw.write(&request.concat()).await;
        raw.read_to_end().await;
        let entry = integration_tests::eventually("its entry", async || {
            log.entries().get(written).cloned()
        });
        let entry = entry.await;
        assert!(entry["status"].as_u64().is_some_and(|status| status >= 400), "{entry}");
    }
    assert_eq!(log.entries().len(), targets.len());
}
