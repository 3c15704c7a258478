//! Streamed answers: what clients see of them, and what is read in them on the way.

use super::{DONE, ROLE, STOP, Stand, USAGE, config, events, streamed, token, transcript};
use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use integration_tests::{Client, Reply, Steps, in_time, whole};
use std::sync::{Arc, Mutex};

/// A server whose answers the test gives step by step: the end of each is put here when
/// its request came.
async fn stepwise() -> (Stand, Arc<Mutex<Option<Steps>>>) {
    let ends = Arc::new(Mutex::new(None));
    let theirs = Arc::clone(&ends);
    let stand = Stand::new(&config(), move |_| {
        let (reply, steps) = Reply::stepwise(events(""));
        *theirs.lock().unwrap() = Some(steps);
        reply
    })
    .await;
    (stand, ends)
}

/// Begins a stream.
async fn begin(client: &mut Client, ends: &Mutex<Option<Steps>>) -> (Response<Incoming>, Steps) {
    let answer = client.begin(streamed()).await;
    let steps = ends.lock().unwrap().take().expect("the request came");
    (answer, steps)
}

/// Reads until so many bytes have come.
async fn read(answer: &mut Response<Incoming>, seen: &mut Vec<u8>, length: usize) {
    in_time("the bytes that the server has sent", async {
        while seen.len() < length {
            let frame = answer.body_mut().frame().await.expect("more").expect("no error");
            seen.extend_from_slice(frame.data_ref().expect("data"));
        }
    })
    .await;
}

/// The answer ends, and well.
async fn assert_over(answer: Response<Incoming>) {
    let rest = in_time("the end", whole(answer)).await.expect("a proper end");
    assert_eq!(rest.text_body(), "");
}

/// As servers write it, and as none does: comments, line ends of every kind, events of
/// several lines, text that is no ASCII.
fn odd() -> String {
    let content =
        r#"data: {"choices":[{"index":0,"delta":{"content":"h\u00e9 \ud83d\ude42 é🙂"}}]}"#;
    let folded = "data: {\"choices\": [{\"index\": 0,\rdata: \"delta\": {\"content\": \"b\"}}]}";
    format!(
        ": hello\n\n{}\r\n\r\nid: 7\nretry: 10\nevent: message\n{content}\n\n{folded}\r\r{STOP}{USAGE}{DONE}",
        ROLE.trim_end()
    )
}

#[tokio::test]
async fn a_stream_is_read_wherever_it_is_cut_and_each_part_comes_at_once() {
    for (text, output) in [(transcript(), 5), (odd(), 5)] {
        let (stand, ends) = stepwise().await;
        let mut streams = 0;
        for mut client in stand.clients().await {
            for position in 1..text.len() {
                let (mut answer, mut steps) = begin(&mut client, &ends).await;
                let (first, second) = text.as_bytes().split_at(position);
                let mut seen = Vec::new();
                steps.send_data(Bytes::copy_from_slice(first)).await.expect("a reader");
                // Before the server sends the second part.
                read(&mut answer, &mut seen, first.len()).await;
                steps.send_data(Bytes::copy_from_slice(second)).await.expect("a reader");
                drop(steps);
                read(&mut answer, &mut seen, text.len()).await;
                assert_over(answer).await;
                assert!(seen == text.as_bytes(), "cut at {position}");
                streams += 1;
            }
        }
        let outcomes = stand.outcomes(streams).await;
        assert_eq!(outcomes.get("ok"), Some(&streams), "{outcomes:?}");
        let tokens = "inference_tokens_total";
        stand.wait_for(tokens, &[("token_type", "input")], 10 * streams).await;
        stand.wait_for(tokens, &[("token_type", "output")], output * streams).await;
        stand
            .wait_for("inference_finish_reasons_total", &[("finish_reason", "stop")], streams)
            .await;
        for metric in [
            "gen_ai_server_time_to_first_token_ms_count",
            "gen_ai_client_operation_time_to_first_chunk_ms_count",
            "gen_ai_server_time_per_output_token_us_count",
        ] {
            stand.wait_for(metric, &[("operation", "chat_completions")], streams).await;
        }
        stand.wait_for("inference_estimated_tokens_total", &[], 0).await;
    }
}

#[tokio::test]
async fn a_stream_comes_through_byte_by_byte() {
    let text = odd();
    let (stand, ends) = stepwise().await;
    for mut client in stand.clients().await {
        let (mut answer, mut steps) = begin(&mut client, &ends).await;
        let mut seen = Vec::new();
        for byte in text.bytes() {
            steps.send_data(Bytes::from(vec![byte])).await.expect("a reader");
            let length = seen.len() + 1;
            read(&mut answer, &mut seen, length).await;
        }
        drop(steps);
        assert_eq!(seen, text.as_bytes());
        assert_over(answer).await;
    }
    stand.wait_for("inference_tokens_total", &[("token_type", "output")], 10).await;
    stand.wait_for("gen_ai_client_operation_time_per_output_chunk_us_count", &[], 2).await;
}

#[tokio::test]
async fn of_a_stream_that_is_left_the_tokens_are_estimated() {
    let (stand, ends) = stepwise().await;
    for (turn, mut client) in stand.clients().await.into_iter().enumerate() {
        let (mut answer, mut steps) = begin(&mut client, &ends).await;
        let three = ["a", "b", "c"].map(token).concat();
        steps.send_data(Bytes::from(three.clone())).await.expect("a reader");
        read(&mut answer, &mut Vec::new(), three.len()).await;
        drop(answer);
        client.leave();
        let entry = stand.entry(turn).await;
        assert_eq!(entry["outcome"], "client_left", "{entry}");
        // Two tokens of a prompt of five letters, three of the answer, and the request.
        assert_eq!(entry["cost_microunits"], "134", "{entry}");
        drop(steps);
    }
    let estimated = "inference_estimated_tokens_total";
    stand.wait_for(estimated, &[("token_type", "input")], 4).await;
    stand.wait_for(estimated, &[("token_type", "output")], 6).await;
    stand.wait_for("inference_estimated_cost_microunits_total", &[], 68).await;
    stand.wait_for("inference_cost_microunits_total", &[], 200).await;
    stand.wait_for("gen_ai_server_time_per_output_token_us_count", &[], 0).await;
    stand.wait_for("gen_ai_server_time_to_first_token_ms_count", &[], 2).await;
}

#[tokio::test]
async fn of_a_stream_that_breaks_off_is_known_what_came() {
    let (stand, ends) = stepwise().await;
    for (turn, mut client) in stand.clients().await.into_iter().enumerate() {
        let (mut answer, mut steps) = begin(&mut client, &ends).await;
        let first = token("a");
        steps.send_data(Bytes::from(first.clone())).await.expect("a reader");
        read(&mut answer, &mut Vec::new(), first.len()).await;
        steps.abort("broken off by the test".into());
        assert!(whole(answer).await.is_err());
        let entry = stand.entry(turn).await;
        assert_eq!(entry["outcome"], "cut", "{entry}");
        assert_eq!(entry["model"], "demo", "{entry}");
        assert_eq!(entry["cost_microunits"], "114", "{entry}");
        assert!(entry["ttft_ms"].as_str().is_some_and(|it| it.parse::<u64>().is_ok()), "{entry}");
    }
    let outcomes = stand.outcomes(2).await;
    assert_eq!(outcomes.get("cut"), Some(&2), "{outcomes:?}");
}
