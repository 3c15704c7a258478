//! Trailers: watched without the body, and taken away.

use super::{SHOWN, answering, echoing, told};
use integration_tests::{Answer, Call};
use serde_json::{Value, json};

fn removing(watch: &str) -> Value {
    let message = json!({"watch": watch, "trailers_to_remove": ["x-gone", "x-not-there"]});
    json!({"request": message, "response": message})
}

fn trailing() -> Call {
    Call::post("/").body("b".repeat(200_000)).trailer("x-gone", "1").trailer("x-stays", "2")
}

#[tokio::test]
async fn trailers_are_taken_away_over_both_versions() {
    let (upstream, gateway) = echoing().await;
    let mut shown = 0.0;
    for watch in ["trailers", "everything"] {
        for mut client in [gateway.http1().await, gateway.http2().await] {
            // The server would send back what it gets: the response has its own.
            let answer = client.send(told(trailing(), &removing(watch))).await;
            assert_eq!(answer.text_body(), "b".repeat(200_000));
            let request = upstream.last().trailers.unwrap();
            assert!(!request.contains_key("x-gone") && request["x-stays"] == "2", "{request:?}");
        }
        if watch == "everything" {
            shown = 4.0 * 200_000.0;
        }
        assert_eq!(gateway.metric(SHOWN, &[]).await, shown, "{watch}");
    }
}

#[tokio::test]
async fn trailers_of_a_response_are_taken_away() {
    let answer = Answer::text("r".repeat(200_000)).trailer("x-gone", "1").trailer("x-stays", "2");
    let (_upstream, gateway) = answering(answer).await;
    for watch in ["trailers", "everything"] {
        let call = told(Call::get("/").header("te", "trailers"), &removing(watch));
        let answer = gateway.http2().await.send(call).await;
        assert_eq!(answer.body.len(), 200_000);
        let trailers = answer.trailers.unwrap();
        assert!(!trailers.contains_key("x-gone") && trailers["x-stays"] == "2");
        if watch == "trailers" {
            assert_eq!(gateway.metric(SHOWN, &[]).await, 0.0, "nothing of the body was shown");
        }
    }
}

#[tokio::test]
async fn trailers_of_a_grpc_answer_are_taken_away() {
    let answer = Answer::grpc(&()).trailer("x-gone", "1").trailer("x-stays", "2");
    let (_upstream, gateway) = answering(answer).await;
    let call = Call::grpc_bytes("/service/Method", b"message");
    let answer = gateway.http2().await.send(told(call, &removing("trailers"))).await;
    assert_eq!(answer.grpc_status(), Some(0));
    let trailers = answer.trailers.unwrap();
    assert!(!trailers.contains_key("x-gone") && trailers["x-stays"] == "2");
    assert_eq!(gateway.metric(SHOWN, &[]).await, 0.0);
}
