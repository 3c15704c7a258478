//! What stands in the access log.

use super::{Stand, answered, chat, config_with, events, predict, streamed, token, transcript};
use http_body_util::BodyExt;
use integration_tests::{Answer, Call, Reply};
use serde_json::{Value, json};

/// A word that no program has of its own.
const SECRET: &str = "zxqvjk77";

fn config(stated_as: &str) -> Value {
    config_with(&json!({
        "tenant": {"header": "x-tenant", "stated_as": stated_as, "hash_secret": "one"},
        "class_rules": [
            {"class": "gold", "tenants": ["acme"]},
            {"class": "batch", "header": {"name": "x-priority", "value": "low"}},
        ],
        "input_hash": {"secret": "two"},
    }))
}

async fn stand(stated_as: &str) -> Stand {
    Stand::new(&config(stated_as), |parts| {
        Reply::whole(match parts.headers.get("x-server").map(|value| value.as_bytes()) {
            None if parts.uri.path() == "/v1/chat/completions" => answered(),
            None => Answer::grpc(&proto::prediction::PredictResponse::default()),
            Some(b"streamed") => events(transcript()),
            Some(b"stall") => return Reply::stall(events(token("a"))),
            Some(b"hang") => return Reply::Hang,
            Some(_) => Answer::status(503),
        })
    })
    .await
}

fn text<'e>(entry: &'e Value, field: &str) -> &'e str {
    entry[field].as_str().unwrap_or("-")
}

fn assert_says(entry: &Value, expected: &[(&str, &str)]) {
    for (field, value) in expected {
        assert_eq!(text(entry, field), *value, "{field} of {entry}");
    }
}

#[tokio::test]
async fn everything_that_is_known_of_an_answer() {
    let stand = stand("name").await;
    for (turn, mut client) in stand.clients().await.into_iter().enumerate() {
        let call = chat(&json!({})).header("x-tenant", "acme");
        assert_eq!(client.send(call).await.status, 200);
        let entry = stand.entry(turn).await;
        let expected = [
            ("outcome", "ok"),
            ("operation", "chat_completions"),
            ("class", "gold"),
            ("tenant", "acme"),
            ("model", "demo"),
            ("version", "-"),
            ("finish_reason", "stop"),
            ("input_tokens", "8"),
            ("output_tokens", "4"),
            ("cached_tokens", "2"),
            ("cache_write_tokens", "1"),
            ("reasoning_tokens", "3"),
            // A request, five tokens at two, two at one, one at three and four at ten.
            ("cost_microunits", "155"),
            ("ttft_ms", "-"),
        ];
        assert_says(&entry, &expected);
    }
}

#[tokio::test]
async fn streams_and_calls_over_grpc() {
    let stand = stand("name").await;
    let mut client = stand.gateway.http2().await;
    let call = streamed().header("x-server", "streamed").header("x-priority", "low");
    assert_eq!(client.send(call).await.status, 200);
    let entry = stand.entry(0).await;
    assert_says(
        &entry,
        &[
            ("outcome", "ok"),
            ("class", "batch"),
            ("tenant", "-"),
            ("output_tokens", "5"),
            ("cost_microunits", "170"),
        ],
    );
    assert!(text(&entry, "ttft_ms").parse::<u64>().is_ok(), "{entry}");
    assert_eq!(client.send(predict()).await.grpc_status(), Some(0));
    let expected = [
        ("outcome", "ok"),
        ("class", "default"),
        ("operation", "predict"),
        ("model", "demo"),
        ("cost_microunits", "100"),
        ("finish_reason", "-"),
    ];
    assert_says(&stand.entry(1).await, &expected);
}

#[tokio::test]
async fn requests_that_broke_off_are_in_it_too() {
    let stand = stand("name").await;
    let mut turn = 0;
    for mut client in stand.clients().await {
        let call = streamed().header("x-server", "stall").header("x-tenant", "acme");
        let mut answer = client.begin(call).await;
        answer.body_mut().frame().await.unwrap().unwrap();
        drop(answer);
        client.leave();
        let entry = stand.entry(turn).await;
        assert_says(&entry, &[("outcome", "client_left"), ("class", "gold"), ("tenant", "acme")]);
        assert_says(&entry, &[("model", "demo"), ("cost_microunits", "114")]);
        assert!(text(&entry, "ttft_ms").parse::<u64>().is_ok(), "{entry}");
        turn += 1;
    }
    for mut client in stand.clients().await {
        stand.server.forget();
        let call = streamed().header("x-server", "hang").header("x-tenant", "acme");
        let call = tokio::spawn(async move { client.try_send(call).await });
        stand.server.wait_for("the request", |_| true).await;
        call.abort();
        let entry = stand.entry(turn).await;
        assert_says(&entry, &[("outcome", "client_left"), ("class", "gold"), ("tenant", "acme")]);
        assert_says(&entry, &[("model", "demo"), ("cost_microunits", "-"), ("ttft_ms", "-")]);
        turn += 1;
    }
    let mut client = stand.gateway.http1().await;
    assert_eq!(client.send(streamed().header("x-server", "503")).await.status, 503);
    let expected = [("outcome", "upstream_error"), ("cost_microunits", "-"), ("ttft_ms", "-")];
    assert_says(&stand.entry(turn).await, &expected);
}

#[tokio::test]
async fn equal_inputs_have_equal_hashes_however_they_come() {
    let stand = stand("nothing").await;
    let one = chat(&json!({}));
    let other = chat(&json!({"seed": 1}));
    let mut hashes = Vec::new();
    for mut client in stand.clients().await {
        for call in
            [one.clone(), one.clone().cut_at(17), one.clone().trailer("x-end", "it"), other.clone()]
        {
            assert_eq!(client.send(call).await.status, 200);
            let entry = stand.entry(hashes.len()).await;
            hashes.push(text(&entry, "input_hash").to_owned());
        }
    }
    let (equal, different): (Vec<_>, Vec<_>) =
        hashes.iter().enumerate().partition(|(turn, _)| turn % 4 != 3);
    assert!(equal.iter().all(|(_, hash)| **hash == hashes[0] && hash.len() == 32), "{hashes:?}");
    assert!(different.iter().all(|(_, hash)| **hash == hashes[3]), "{hashes:?}");
    assert_ne!(hashes[0], hashes[3]);
}

#[tokio::test]
async fn tenants_are_stated_as_wanted_and_secrets_nowhere() {
    for stated_as in ["nothing", "hash"] {
        let stand = stand(stated_as).await;
        for mut client in stand.clients().await {
            let call = chat(&json!({"messages": [{"role": "user", "content": SECRET}]}));
            let call = call.header("x-tenant", SECRET);
            assert_eq!(client.send(call).await.status, 200);
        }
        let entries = [stand.entry(0).await, stand.entry(1).await];
        let tenants = entries.each_ref().map(|entry| text(entry, "tenant"));
        match stated_as {
            "nothing" => assert_eq!(tenants, ["-", "-"]),
            _ => {
                assert_eq!(tenants[0], tenants[1]);
                assert_eq!(tenants[0].len(), 32, "{tenants:?}");
            }
        }
        stand.wait_for(super::REQUESTS, &[], 2).await;
        let stats = stand.gateway.admin().get("/stats").await;
        let log = Value::Array(stand.gateway.access_log().entries());
        let traces =
            format!("{stats}\n{}\n{log}\n{}", stand.text().await, stand.gateway.log().text());
        assert!(!traces.contains(SECRET), "{stated_as}");
    }
}

#[tokio::test]
async fn nothing_is_stated_where_that_is_wanted() {
    let stand =
        Stand::new(&config_with(&json!({"facts": "nothing"})), |_| Reply::whole(answered())).await;
    assert_eq!(stand.gateway.http1().await.send(chat(&json!({}))).await.status, 200);
    assert_eq!(stand.gateway.http1().await.send(Call::post("/v1/embeddings")).await.status, 200);
    for turn in 0..2 {
        let entry = stand.entry(turn).await;
        for fact in super::FACTS {
            assert_eq!(text(&entry, fact), "-", "{entry}");
        }
        assert_says(&entry, &[("model", "-"), ("version", "-")]);
    }
    stand.wait_for("inference_tokens_total", &[("token_type", "input")], 16).await;
}
