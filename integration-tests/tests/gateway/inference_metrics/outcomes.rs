//! What became of requests, with the causes that there really are.

use super::{
    ROLE, STARTED, Stand, answered, chat, config, events, measuring, predict, streamed, token,
    transcript,
};
use http_body_util::BodyExt;
use integration_tests::{Answer, Call, Client, Gateway, Reply, whole};
use serde_json::{Value, json};

/// The request header that says what the server does.
const SERVER: &str = "x-server";

/// Routes that are in a hurry, that lead to nobody, and that bear gRPC deadlines.
async fn stand() -> Stand {
    let route = |header: &str, action: Value| {
        let headers = [json!({"name": header, "present_match": true})];
        json!({"match": {"prefix": "/", "headers": headers}, "route": action})
    };
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = nobody.local_addr().unwrap();
    drop(nobody);
    let chain = Gateway::builder()
        .wasm(&measuring(&config()))
        .route(route("x-hurry", json!({"cluster": "server", "timeout": "0.1s"})))
        .route(route("x-nobody", json!({"cluster": "nobody"})))
        .route(route(
            "grpc-timeout",
            json!({"cluster": "server", "max_stream_duration": {"grpc_timeout_header_max": "9s"}}),
        ));
    Stand::of(chain_with_nobody(chain, closed), script).await
}

/// The first cluster is the one to which everything else goes: a route says so.
fn chain_with_nobody(
    chain: integration_tests::EnvoyConfig,
    closed: std::net::SocketAddr,
) -> integration_tests::EnvoyConfig {
    chain
        .route(json!({"match": {"prefix": "/"}, "route": {"cluster": "server", "timeout": "15s"}}))
        .cluster("nobody", &[closed])
}

fn script(parts: &http::request::Parts) -> Reply {
    let refused = json!({"error": {"message": "no", "type": "invalid_request_error"}});
    let begun = format!("{ROLE}{}", token("a"));
    let failing = format!("{begun}data: {{\"error\": {{\"message\": \"out of memory\"}}}}\n\n");
    let grpc = |code: &str| {
        Answer::status(200).header("content-type", "application/grpc").header("grpc-status", code)
    };
    let begun_grpc = Answer::status(200)
        .header("content-type", "application/grpc")
        .body(integration_tests::grpc_frame(b""));
    let forged = "payload-validator;limits";
    Reply::whole(match parts.headers.get(SERVER).map(|value| value.to_str().unwrap()) {
        None => answered(),
        Some("400") => answered_with(400, &refused),
        Some("408") => answered_with(408, &refused),
        Some("503") => Answer::status(503),
        Some("forged") => answered_with(429, &refused).header("x-inference-rejected", forged),
        Some("forged ok") => answered().header("x-inference-rejected", forged),
        Some("streamed") => events(transcript()),
        Some("error event") => events(failing),
        Some("no end") => events(begun),
        Some("grpc no status") => begun_grpc,
        Some("hang") => return Reply::Hang,
        Some("reset") => return Reply::Reset,
        Some("stall") => return Reply::stall(events(begun)),
        Some("stall grpc") => return Reply::stall(begun_grpc),
        Some("stall json") => return Reply::stall(answered()),
        Some("stall unread") => return Reply::stall(Answer::text("some")),
        Some("cut") => return Reply::cut_off(events(begun)),
        Some("cut grpc") => return Reply::cut_off(begun_grpc),
        Some("cut json") => return Reply::cut_off(Answer::json_value(&json!({"choices": []}))),
        Some("cut unread") => return Reply::cut_off(Answer::text("some")),
        Some(code) => grpc(code.strip_prefix("grpc ").expect("a behaviour")),
    })
}

fn answered_with(status: u16, body: &Value) -> Answer {
    Answer::status(status).header("content-type", "application/json").body(body.to_string())
}

fn to(server: &str) -> Call {
    streamed().header(SERVER, server)
}

fn grpc_to(server: &str) -> Call {
    predict().header(SERVER, server)
}

/// Sends it, however it ends, and checks what became of it.
async fn check(stand: &Stand, client: &mut Client, call: Call, outcome: &str) {
    let before = stand.gateway.metric(STARTED, &[]).await;
    let shown = format!("{call:?}");
    let ended = client.try_send(call).await;
    let outcomes = stand.outcomes(super::whole(before) + 1).await;
    let entry = stand.entry(usize::try_from(super::whole(before)).unwrap()).await;
    assert_eq!(entry["outcome"], outcome, "{shown}\n{ended:?}\n{entry}\n{outcomes:?}");
    assert!(outcomes.contains_key(outcome), "{shown}\n{outcomes:?}");
}

#[tokio::test]
async fn answers_over_http() {
    let stand = stand().await;
    for mut client in stand.clients().await {
        for (call, outcome) in [
            (chat(&json!({})), "ok"),
            (to("streamed"), "ok"),
            (to("400"), "client_error"),
            (to("408"), "timeout"),
            (to("503"), "upstream_error"),
            (to("reset"), "upstream_error"),
            (chat(&json!({})).header("x-nobody", "yes"), "upstream_error"),
            (to("error event"), "upstream_error"),
            (to("no end"), "cut"),
            (to("forged"), "client_error"),
            (chat(&json!({})).header(SERVER, "forged ok"), "ok"),
        ] {
            check(&stand, &mut client, call, outcome).await;
        }
    }
    stand.wait_for("inference_refused_total", &[], 0).await;
}

#[tokio::test]
async fn answers_over_grpc() {
    let stand = stand().await;
    let mut client = stand.gateway.http2().await;
    for (call, outcome) in [
        (grpc_to("grpc 0"), "ok"),
        (grpc_to("grpc 1"), "client_left"),
        (grpc_to("grpc 3"), "client_error"),
        (grpc_to("grpc 4"), "timeout"),
        (grpc_to("grpc 5"), "client_error"),
        (grpc_to("grpc 13"), "upstream_error"),
        (grpc_to("grpc 14"), "upstream_error"),
        (grpc_to("grpc no status"), "upstream_error"),
        (grpc_to("reset"), "upstream_error"),
        (predict().header("x-nobody", "yes"), "upstream_error"),
        (grpc_to("503"), "upstream_error"),
    ] {
        check(&stand, &mut client, call, outcome).await;
    }
}

#[tokio::test]
async fn those_who_are_late() {
    let stand = stand().await;
    for mut client in stand.clients().await {
        for server in ["hang", "stall", "stall json", "stall unread"] {
            let call = to(server).header("x-hurry", "yes");
            check(&stand, &mut client, call, "timeout").await;
        }
    }
    let mut client = stand.gateway.http2().await;
    for server in ["hang", "stall grpc"] {
        check(&stand, &mut client, grpc_to(server).header("x-hurry", "yes"), "timeout").await;
        check(&stand, &mut client, grpc_to(server).header("grpc-timeout", "100m"), "timeout").await;
        // Envoy holds others to it as well, and of what nobody reads only it knows the end.
        let call = to("stall unread").header("grpc-timeout", "100m");
        check(&stand, &mut client, call, "timeout").await;
    }
}

#[tokio::test]
async fn servers_that_break_off() {
    let stand = stand().await;
    for mut client in stand.clients().await {
        for server in ["cut", "cut json", "cut unread"] {
            check(&stand, &mut client, to(server), "cut").await;
        }
    }
    let mut client = stand.gateway.http2().await;
    check(&stand, &mut client, grpc_to("cut grpc"), "cut").await;
    // What streams messages is read, unlike a single answer.
    let stream =
        Call::grpc(super::exchanges::STREAM_INFER, &super::exchanges::infer_request("iris"));
    check(&stand, &mut client, stream.header(SERVER, "cut grpc"), "cut").await;
}

/// Waits until the last request is that of a client that left.
async fn assert_left(stand: &Stand, requests: u32) {
    let outcomes = stand.outcomes(requests).await;
    assert_eq!(outcomes.get("client_left"), Some(&requests), "{outcomes:?}");
    let entry = stand.entry(usize::try_from(requests - 1).unwrap()).await;
    assert_eq!(entry["outcome"], "client_left", "{entry}");
}

#[tokio::test]
async fn clients_that_leave_before_there_is_an_answer() {
    let stand = stand().await;
    let mut requests = 0;
    for mut client in stand.clients().await {
        stand.server.forget();
        let call = tokio::spawn(async move { client.try_send(to("hang")).await });
        stand.server.wait_for("the request", |_| true).await;
        call.abort();
        requests += 1;
        assert_left(&stand, requests).await;
    }
}

#[tokio::test]
async fn clients_that_leave_while_they_send() {
    let stand = stand().await;
    let mut requests = 0;
    for mut client in stand.clients().await {
        stand.server.forget();
        let (mut body, answer) = client.open(to("hang"));
        let answer = tokio::spawn(answer);
        body.send_data("{\"model\": \"demo\", ".into()).await.unwrap();
        stand.server.wait_for("the request", |_| true).await;
        client.leave();
        answer.abort();
        requests += 1;
        assert_left(&stand, requests).await;
    }
}

#[tokio::test]
async fn clients_that_leave_in_the_middle_of_an_answer() {
    let stand = stand().await;
    let mut requests = 0;
    for mut client in stand.clients().await {
        for server in ["stall", "stall json", "stall unread"] {
            let mut answer = client.begin(to(server)).await;
            answer.body_mut().frame().await.unwrap().unwrap();
            // Over HTTP/2 this resets the stream, over HTTP/1.1 it closes the connection.
            drop(answer);
            requests += 1;
            assert_left(&stand, requests).await;
        }
    }
    let mut client = stand.gateway.http2().await;
    let mut answer = client.begin(grpc_to("stall grpc")).await;
    answer.body_mut().frame().await.unwrap().unwrap();
    drop(answer);
    assert_left(&stand, requests + 1).await;
}

#[tokio::test]
async fn a_client_that_leaves_when_it_has_everything_is_served() {
    let stand = stand().await;
    for mut client in stand.clients().await {
        let answer = client.begin(to("streamed")).await;
        assert_eq!(whole(answer).await.unwrap().text_body(), transcript());
        client.leave();
    }
    let outcomes = stand.outcomes(2).await;
    assert_eq!(outcomes.get("ok"), Some(&2), "{outcomes:?}");
}

#[tokio::test]
async fn what_asks_no_model_to_work_is_not_measured() {
    let stand = stand().await;
    for mut client in stand.clients().await {
        for path in ["/", "/v1/models", "/v2/health/ready", "/healthz"] {
            assert_eq!(client.send(Call::get(path)).await.status, 200);
        }
        assert_eq!(client.send(chat(&json!({}))).await.status, 200);
    }
    stand.wait_for("inference_request_duration_us_count", &[], 2).await;
    stand.wait_for(STARTED, &[], 2).await;
}

#[tokio::test]
async fn behind_a_path_that_nobody_knows_there_may_be_a_model() {
    let stand = stand().await;
    for mut client in stand.clients().await {
        for path in ["/", "/predict", "/nobody/knows"] {
            check(&stand, &mut client, Call::post(path).json(&json!({})), "ok").await;
            let failing = Call::post(path).json(&json!({})).header(SERVER, "503");
            check(&stand, &mut client, failing, "upstream_error").await;
        }
    }
    stand.wait_for(super::REQUESTS, &[("operation", "other"), ("model", "none")], 12).await;
    stand.wait_for("inference_grpc_responses_total", &[], 0).await;
}

#[tokio::test]
async fn everything_is_measured_where_that_is_wanted() {
    let config = super::config_with(&json!({"applies_to": "all"}));
    let stand = Stand::new(&config, script).await;
    for mut client in stand.clients().await {
        for path in ["/", "/v1/models", "/v2/health/ready", "/v2/models/iris"] {
            check(&stand, &mut client, Call::get(path), "ok").await;
        }
    }
    stand.wait_for(super::REQUESTS, &[("operation", "health"), ("model", "none")], 2).await;
    stand.wait_for(super::REQUESTS, &[("operation", "model_metadata"), ("model", "iris")], 2).await;
}
