//! What answers say that they used, apart from OpenAI's streams.

use super::streams::{events, stand, streamed, used};
use super::{chat, chat_of};
use integration_tests::{Answer, Call, Reply};
use serde_json::{Value, json};

#[tokio::test]
async fn anthropic_says_it_at_both_ends() {
    let event = |data: Value| {
        format!("event: {}\ndata: {data}\n\n", data["type"].as_str().expect("a type"))
    };
    let body = [
        event(
            json!({"type": "message_start", "message": {"usage": {"input_tokens": 40, "output_tokens": 1}}}),
        ),
        event(
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        ),
        event(
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}}),
        ),
        event(
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}}),
        ),
        event(json!({"type": "message_stop"})),
    ];
    let whole = body.concat();
    // Without its end there is no last word on what was generated.
    let cut = body[..3].concat();
    let stand =
        stand("inject", vec![Reply::whole(events(whole.clone())), Reply::cut_off(events(cut))])
            .await;
    let mut client = stand.gateway.http2().await;
    let call = || Call::post("/v1/messages").json(&streamed());
    let answer = client.send(call()).await;
    assert_eq!(answer.text_body(), whole);
    assert_eq!(stand.server.last().body, streamed().to_string(), "nothing to be asked for");
    assert_eq!(used(&stand, 1).await, "47");
    assert!(client.try_send(call()).await.is_err());
    let paid: u32 = used(&stand, 2).await.parse().unwrap();
    assert!((41..=142).contains(&paid), "{paid}");
}

#[tokio::test]
async fn answers_that_are_no_streams_say_it_too() {
    let openai = json!({"choices": [{"message": {"content": "hi"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}});
    let anthropic = json!({"type": "message", "content": [], "usage": {"input_tokens": 30, "output_tokens": 9}});
    let silent = json!({"choices": [{"message": {"content": "hi"}}]});
    let replies = [&openai, &anthropic, &silent].map(|body| Reply::whole(Answer::json_value(body)));
    let failed = Reply::whole(Answer::status(500));
    let stand = stand("inject", [replies.to_vec(), vec![failed]].concat()).await;
    let mut client = stand.gateway.http1().await;
    let body = chat_of(100, 700);
    for (turn, (path, body_of_answer, expected)) in [
        ("/v1/chat/completions", &openai, 7..=7),
        ("/v1/messages", &anthropic, 39..=39),
        ("/v1/chat/completions", &silent, 101..=110),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = client.send(Call::post(path).json(&body)).await;
        assert_eq!(answer.json(), *body_of_answer);
        assert_eq!(stand.server.last().body, body.to_string());
        let paid: u32 = used(&stand, turn + 1).await.parse().unwrap();
        assert!(expected.contains(&paid), "{path}: {paid}");
    }
    let before = stand.gateway.metric("inference_admission_tokens_used_total", &[]).await;
    assert_eq!(client.send(chat(&body)).await.status, 500);
    assert_eq!(used(&stand, 4).await, "nothing");
    let refunded = 800.0 * 4.0 - before;
    let name = "inference_admission_tokens_refunded_total";
    stand.gateway.wait_for_metric(name, &[], |sum| sum == refunded).await;
}
