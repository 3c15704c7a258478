//! Exchanges with known pauses, and what is measured of them.

use super::exchanges::{STREAM_INFER, infer_request};
use super::{DONE, ROLE, STOP, Stand, USAGE, answered, chat, config, events, streamed, token};
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use integration_tests::{Answer, Call, Client, Reply, Steps, grpc_frame};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Before the event that only says who speaks.
const BEFORE_ROLE: Duration = Duration::from_millis(60);

/// Before the first token.
const BEFORE_TOKENS: Duration = Duration::from_millis(150);

/// Between two tokens.
const BETWEEN: Duration = Duration::from_millis(40);

const TOKENS: u32 = 5;

/// What Envoy's histograms keep of a value: two digits.
const ROUNDING: f64 = 0.06;

/// What a client saw: when the first and the second of what it waited for came, and the
/// last.
struct Seen {
    first: Duration,
    second: Duration,
    last: Duration,
}

/// A server that speaks as it was told, with pauses.
async fn stand(answer: Answer, speak: fn(Steps) -> tokio::task::JoinHandle<()>) -> Stand {
    Stand::new(&config(), move |_| {
        let (reply, steps) = Reply::stepwise(answer.clone());
        drop(speak(steps));
        reply
    })
    .await
}

fn speak_events(mut steps: Steps) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        sleep(BEFORE_ROLE).await;
        steps.send_data(ROLE.into()).await.expect("a reader");
        sleep(BEFORE_TOKENS).await;
        for turn in 0..TOKENS {
            if turn > 0 {
                sleep(BETWEEN).await;
            }
            steps.send_data(token("a").into()).await.expect("a reader");
        }
        steps.send_data(format!("{STOP}{USAGE}{DONE}").into()).await.expect("a reader");
    })
}

fn speak_messages(mut steps: Steps) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        sleep(BEFORE_TOKENS).await;
        for turn in 0..TOKENS {
            if turn > 0 {
                sleep(BETWEEN).await;
            }
            steps.send_data(grpc_frame(b"")).await.expect("a reader");
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", "0".parse().unwrap());
        steps.send_trailers(trailers).await.expect("a reader");
    })
}

/// Sends it and looks at the clock when parts of its answer come.
async fn watch(client: &mut Client, call: Call) -> Seen {
    let start = Instant::now();
    let mut answer = client.begin(call).await;
    let mut times = Vec::new();
    while let Some(frame) = answer.body_mut().frame().await {
        if frame.expect("no error").is_data() {
            times.push(start.elapsed());
        }
    }
    Seen { first: times[0], second: times[1], last: start.elapsed() }
}

/// The sum of a histogram lies within what the server and what the client know: the server
/// paused so long, and the client saw it no later.
async fn assert_within(stand: &Stand, metric: &str, count: u32, at_least: f64, at_most: f64) {
    stand.wait_for(&format!("{metric}_count"), &[], count).await;
    let sum = stand.gateway.metric(&format!("{metric}_sum"), &[]).await;
    let (low, high) = (at_least * (1.0 - ROUNDING) - 1.0, at_most * (1.0 + ROUNDING) + 2.0);
    assert!((low..=high).contains(&sum), "{metric}: {sum} and not {low} to {high}");
}

/// No value of a histogram is below this bound of a bucket, and all are below that one.
async fn assert_buckets(stand: &Stand, metric: &str, none: &str, all: &str, count: u32) {
    let metrics = stand.gateway.admin().metrics().await;
    let bucket = format!("{metric}_bucket");
    assert_eq!(metrics.sum(&bucket, &[("le", none)]), Some(0.0), "{metric}");
    assert_eq!(metrics.sum(&bucket, &[("le", all)]), Some(f64::from(count)), "{metric}");
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[tokio::test]
async fn the_first_token_and_the_time_of_each_are_those_of_the_server() {
    for is_http1 in [true, false] {
        let stand = stand(events(""), speak_events).await;
        let mut client = match is_http1 {
            true => stand.gateway.http1().await,
            false => stand.gateway.http2().await,
        };
        let seen = watch(&mut client, streamed()).await;
        let scripted_first = BEFORE_ROLE + BEFORE_TOKENS;
        let scripted_rest = BETWEEN * (TOKENS - 1);
        let chunk = "gen_ai_client_operation_time_to_first_chunk_ms";
        assert_within(&stand, chunk, 1, ms(BEFORE_ROLE), ms(seen.first)).await;
        let first = "gen_ai_server_time_to_first_token_ms";
        assert_within(&stand, first, 1, ms(scripted_first), ms(seen.second)).await;
        assert_buckets(&stand, first, "100", "5000", 1).await;
        let each = "gen_ai_server_time_per_output_token_us";
        let rest = us(seen.last.saturating_sub(scripted_first));
        let others = f64::from(TOKENS - 1);
        assert_within(&stand, each, 1, us(scripted_rest) / others, rest / others).await;
        assert_buckets(&stand, each, "25000", "2500000", 1).await;
        let gap = "gen_ai_client_operation_time_per_output_chunk_us";
        assert_within(&stand, gap, TOKENS - 1, us(scripted_rest), rest).await;
        let total = scripted_first + scripted_rest;
        let generation = "gen_ai_server_request_duration_ms";
        assert_within(&stand, generation, 1, ms(total), ms(seen.last)).await;
        let duration = "inference_request_duration_us";
        assert_within(&stand, duration, 1, us(total), us(seen.last)).await;
        assert_within(&stand, "inference_upstream_time_us", 1, us(total), us(seen.last)).await;
        let entry = stand.entry(0).await;
        let told: f64 = entry["ttft_ms"].as_str().expect("a fact").parse().unwrap();
        let within = ms(scripted_first) - 1.0..=ms(seen.second) + 1.0;
        assert!(within.contains(&told), "{entry}: not {within:?}");
    }
}

#[tokio::test]
async fn the_first_message_of_a_stream_and_the_pauses_are_those_of_the_server() {
    let answer = Answer::status(200).header("content-type", "application/grpc");
    let stand = stand(answer, speak_messages).await;
    let mut client = stand.gateway.http2().await;
    // A stream that is known, and a method of which nobody knows anything.
    let unknown = Call::grpc_bytes("/of.Theirs/Stream", b"");
    let known = Call::grpc(STREAM_INFER, &infer_request("iris"));
    for (operation, call) in [("infer_stream", known), ("other", unknown)] {
        let seen = watch(&mut client, call).await;
        let labels = [("operation", operation)];
        let rest = us(BETWEEN * (TOKENS - 1));
        for (metric, count, low, high) in [
            ("inference_time_to_first_message_us", 1, us(BEFORE_TOKENS), us(seen.first)),
            (
                "inference_message_gap_us",
                TOKENS - 1,
                rest,
                us(seen.last.saturating_sub(BEFORE_TOKENS)),
            ),
        ] {
            stand.wait_for(&format!("{metric}_count"), &labels, count).await;
            let sum = stand.gateway.metric(&format!("{metric}_sum"), &labels).await;
            let range = low * (1.0 - ROUNDING)..=high * (1.0 + ROUNDING);
            assert!(range.contains(&sum), "{operation}: {metric}: {sum}, not in {range:?}");
        }
    }
    stand.wait_for("gen_ai_server_time_to_first_token_ms_count", &[], 0).await;
}

#[tokio::test]
async fn an_answer_that_is_no_stream_has_no_first_token() {
    let stand = Stand::new(&config(), |_| Reply::whole(answered())).await;
    for mut client in stand.clients().await {
        assert_eq!(client.send(chat(&json!({}))).await.status, 200);
    }
    stand.wait_for("gen_ai_server_request_duration_ms_count", &[], 2).await;
    for metric in [
        "gen_ai_server_time_to_first_token_ms_count",
        "gen_ai_server_time_per_output_token_us_count",
        "gen_ai_client_operation_time_to_first_chunk_ms_count",
    ] {
        stand.wait_for(metric, &[], 0).await;
    }
}

#[tokio::test]
async fn the_time_that_a_client_takes_to_read_is_no_pause_of_the_servers() {
    let whole = format!("{ROLE}{}{STOP}{USAGE}{DONE}", ["a", "b"].map(token).concat());
    let stand = Stand::new(&config(), move |_| Reply::whole(events(whole.clone()))).await;
    for mut client in stand.clients().await {
        let mut answer = client.begin(streamed()).await;
        sleep(Duration::from_millis(300)).await;
        let mut body = Vec::<Bytes>::new();
        while let Some(frame) = answer.body_mut().frame().await {
            body.extend(frame.unwrap().into_data().ok());
        }
        assert!(!body.is_empty());
    }
    stand.wait_for("gen_ai_server_time_to_first_token_ms_count", &[], 2).await;
    let sum = stand.gateway.metric("gen_ai_server_time_to_first_token_ms_sum", &[]).await;
    assert!(sum < 300.0, "{sum}");
}
