//! What servers report of their load.

use super::{Stand, any_chat, predict, rule_of};
use integration_tests::{Answer, Call, Client, Reply};
use prost::Message;
use proto::orca::OrcaLoadReport;
use serde_json::{Value, json};

const LOAD: &str = "inference_admission_server_load_percent";

fn config(more: Value) -> Value {
    let rule = |class: &str| json!({"class": class, "header": {"name": "x-class", "value": class}});
    let mut reports = json!({
        "metrics": [
            {"name": "application_utilization"},
            {"name": "named_metrics.num_requests_waiting", "full_at": 10},
        ],
        "stale_after_ms": 3_600_000,
        "half_life_ms": 1,
    });
    reports.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({
        "classes": [
            {"name": "high"},
            {"name": "middle", "refuse_above_load_percent": 90},
            {"name": "low", "refuse_above_load_percent": 50},
        ],
        "class_rules": [rule("high"), rule("low"), rule("middle")],
        "load_reports": reports,
    })
}

/// A server that reports what a request says, in the place that it says.
fn script(parts: &http::request::Parts) -> Reply {
    let value = |name| parts.headers.get(name).map(|value| value.as_bytes().to_vec());
    let answer = match parts.uri.path() {
        "/v1/chat/completions" => Answer::json_value(&json!({"choices": []})),
        _ => Answer::grpc(&proto::prediction::PredictResponse::default()),
    };
    let answer = answer.header("x-other", "kept").trailer("x-last", "kept");
    let answer = match value("x-report") {
        None => answer,
        Some(report) => answer.header("endpoint-load-metrics", report),
    };
    let answer = match value("x-report-bin") {
        None => answer,
        Some(report) => answer.trailer("endpoint-load-metrics-bin", report),
    };
    Reply::whole(match value("x-trailer") {
        None => answer,
        Some(report) => answer.trailer("endpoint-load-metrics", report),
    })
}

fn of(class: &str) -> Call {
    any_chat().header("x-class", class)
}

/// Sends a call that makes the server report, until what was reported before counts
/// for almost nothing; the last answer.
async fn learnt(stand: &Stand, client: &mut Client, call: &Call, percent: f64) -> Answer {
    for _ in 0..1000 {
        let answer = client.send(call.clone()).await;
        let load = stand.gateway.metric(LOAD, &[]).await;
        if (load - percent).abs() <= 0.5 {
            return answer;
        }
    }
    panic!("the load never was {percent} %");
}

async fn let_in(client: &mut Client) -> Vec<&'static str> {
    let mut classes = Vec::new();
    for class in ["high", "middle", "low"] {
        let answer = client.send(of(class)).await;
        match answer.status.as_u16() {
            200 => classes.push(class),
            status => {
                assert_eq!(status, 503);
                assert_eq!(rule_of(&answer).as_deref(), Some("server_load"));
            }
        }
    }
    classes
}

#[tokio::test]
async fn the_lower_a_class_the_sooner_it_is_refused() {
    let stand = Stand::new(&config(json!({})), 2, script).await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for (report, percent, classes) in [
            ("TEXT application_utilization=0.45", 45.0, &["high", "middle", "low"][..]),
            ("TEXT application_utilization=0.75", 75.0, &["high", "middle"]),
            ("JSON {\"application_utilization\": 0.95}", 95.0, &["high"]),
            ("TEXT named_metrics.num_requests_waiting=8", 80.0, &["high", "middle"]),
            ("TEXT application_utilization=0.1", 10.0, &["high", "middle", "low"]),
        ] {
            let call = of("high").header("x-report", report);
            let answer = learnt(&stand, &mut client, &call, percent).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header_text("endpoint-load-metrics"), None, "{answer:?}");
            assert_eq!(answer.header_text("x-other").as_deref(), Some("kept"));
            assert_eq!(let_in(&mut client).await, classes, "{report}");
        }
    }
    stand.wait_for("refused_total", &[("rule", "server_load"), ("class", "low")], 6).await;
}

#[tokio::test]
async fn a_report_in_grpc_trailers_counts_and_is_taken_out() {
    let stand = Stand::new(&config(json!({})), 2, script).await;
    let mut client = stand.gateway.http2().await;
    let report = OrcaLoadReport { application_utilization: 0.75, ..OrcaLoadReport::default() };
    let base64 = base64(&report.encode_to_vec());
    for (name, value, percent) in
        [("x-trailer", "TEXT application_utilization=0.5", 50.0), ("x-report-bin", &*base64, 75.0)]
    {
        let call = predict().header(name, value).header("x-class", "high");
        let answer = learnt(&stand, &mut client, &call, percent).await;
        assert_eq!(answer.grpc_status(), Some(0));
        let trailers = answer.trailers.expect("trailers");
        assert!(trailers.keys().all(|key| !key.as_str().starts_with("endpoint")), "{trailers:?}");
        assert_eq!(trailers["x-last"], "kept");
    }
    let answer = client.send(predict().header("x-class", "low")).await;
    assert_eq!(answer.grpc_status(), Some(14), "{answer:?}");
    assert_eq!(rule_of(&answer).as_deref(), Some("server_load"));
    assert_eq!(client.send(predict().header("x-class", "middle")).await.grpc_status(), Some(0));
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = |three: &[u8]| {
        let number = three.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        let number = number << (8 * (3 - three.len()));
        (0..=three.len())
            .map(|place| char::from(DIGITS[(number >> (18 - 6 * place)) as usize & 63]))
            .collect::<String>()
    };
    // gRPC leaves the padding out.
    bytes.chunks(3).map(digits).collect()
}

#[tokio::test]
async fn what_cannot_be_read_is_no_report_and_is_taken_out_all_the_same() {
    let stand = Stand::new(&config(json!({})), 1, script).await;
    let mut client = stand.gateway.http1().await;
    let high = "TEXT application_utilization=0.75";
    let call = of("high").header("x-report", high);
    assert_eq!(learnt(&stand, &mut client, &call, 75.0).await.status, 200);
    for report in ["", "TEXT", "TEXT application_utilization=many", "JSON {", "BIN ?", "TEXT x=1"] {
        let answer = client.send(of("high").header("x-report", report)).await;
        assert_eq!(answer.header_text("endpoint-load-metrics"), None);
        assert_eq!(stand.gateway.metric(LOAD, &[]).await, 75.0, "{report}");
    }
}

#[tokio::test]
async fn reports_can_be_left_in_and_only_be_counted() {
    let more = json!({"strip": false, "mode": "report_only"});
    let stand = Stand::new(&config(more), 1, script).await;
    let report = "TEXT application_utilization=0.75";
    let mut client = stand.gateway.http2().await;
    let answer = client.send(of("high").header("x-report", report)).await;
    assert_eq!(answer.header_text("endpoint-load-metrics").as_deref(), Some(report));
    let call = predict().header("x-trailer", report).header("x-class", "high");
    let answer = learnt(&stand, &mut client, &call, 75.0).await;
    assert_eq!(answer.trailers.expect("trailers")["endpoint-load-metrics"], report);
    assert_eq!(let_in(&mut client).await, ["high", "middle", "low"]);
    stand.wait_for("reported_total", &[("rule", "server_load"), ("class", "low")], 1).await;
}

#[tokio::test]
async fn servers_are_asked_for_reports_if_they_want_to_be() {
    for (ask_for, expected) in [("nothing", None), ("text", Some("text")), ("json", Some("json"))] {
        let stand = Stand::new(&config(json!({"ask_for": ask_for})), 1, script).await;
        for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
            assert_eq!(client.send(of("high")).await.status, 200);
            let asked = stand.server.last().header_text("endpoint-load-metrics-format");
            assert_eq!(asked.as_deref(), expected);
        }
    }
}

#[tokio::test]
async fn a_load_that_is_not_heard_of_any_more_is_forgotten() {
    let stand = Stand::new(&config(json!({"stale_after_ms": 500})), 1, script).await;
    let mut client = stand.gateway.http1().await;
    let report = "TEXT application_utilization=0.75";
    assert_eq!(client.send(of("high").header("x-report", report)).await.status, 200);
    integration_tests::eventually("room for the low", async || {
        (client.send(of("low")).await.status == 200).then_some(())
    })
    .await;
}
