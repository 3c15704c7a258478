//! What operators see, and what they must not see.

use super::{
    IN_FLIGHT, Stand, admission, any_chat, begin, chat, chat_of, ended, rule_of, wait_for_crowd,
};
use admission_control::metrics::{METRICS, UNCHECKED};
use integration_tests::{Answer, Call, Client, Crowd, Gateway, Reply, eventually};
use serde_json::{Value, json};

/// A word that no program has of its own.
const SECRET: &str = "zxqvjk77";

fn config() -> Value {
    let rule = |class: &str| json!({"class": class, "header": {"name": "x-class", "value": class}});
    let day = 86_400_000;
    json!({
        "tenant": {"header": "authorization", "forward_hash_as": "x-tenant-hash"},
        "classes": [{"name": "high"}, {"name": "low", "refuse_above_load_percent": 50}],
        "class_rules": [rule("low"), {"class": "low", "tenants": [format!("Bearer {SECRET}-low")]}],
        "limits": [
            {"name": "gpu", "in_flight": {"max": 1}},
            {"name": "found", "per": ["model"], "only": {"models": ["m"]},
             "in_flight": {"adaptive": {"initial": 9, "min": 2, "max": 9}}},
            {"name": "budget", "per": ["tenant"], "tokens": {"count": 100_000, "window_ms": day}},
            {"name": "watched", "mode": "report_only", "requests": {"count": 1, "window_ms": day}},
        ],
        "queue": {"max_requests": 1, "max_wait_ms": 100},
        "load_reports": {"metrics": [{"name": "application_utilization"}], "stale_after_ms": day},
        "cost": {"bytes_per_token": 1},
    })
}

/// Traffic that moves everything that is counted.
async fn busy() -> (Stand, Crowd) {
    let crowd = Crowd::default();
    let inside = crowd.clone();
    let stand = Stand::new(&config(), 1, move |parts| {
        let usage = |total: u64| {
            Answer::json_value(&json!({"usage": {
                "prompt_tokens": 10, "completion_tokens": total - 10, "total_tokens": total,
            }}))
        };
        match parts.headers.get("x-server").map(|value| value.as_bytes()) {
            Some(b"loaded") => {
                let report = "TEXT application_utilization=0.75";
                Reply::whole(usage(300).header("endpoint-load-metrics", report))
            }
            _ => Reply::crowded(usage(50), &inside),
        }
    })
    .await;
    let call = || chat(&chat_of(100, 100)).header("authorization", format!("Bearer {SECRET}"));
    let first = begin(stand.gateway.http1().await, call());
    wait_for_crowd(&crowd, 1).await;
    stand.wait_for_in_flight("gpu", 1).await;
    let low = format!("Bearer {SECRET}-low");
    let late = chat(&chat_of(1, 1)).header("authorization", low);
    let answer = stand.gateway.http2().await.send(late).await;
    assert_eq!(rule_of(&answer).as_deref(), Some("queue_timeout"));
    crowd.let_go(1);
    assert_eq!(ended(first).await.status, 200);
    stand.wait_for_in_flight("gpu", 0).await;
    let overdrawn = stand.gateway.http1().await.send(call().header("x-server", "loaded")).await;
    assert_eq!(overdrawn.status, 200);
    stand.wait_for_in_flight("gpu", 0).await;
    crowd.let_go(1);
    let of_model = Call::post("/v2/models/m/infer").json(&json!({"inputs": []}));
    assert_eq!(stand.gateway.http1().await.send(of_model).await.status, 200);
    let loaded = any_chat().header("x-class", "low");
    let answer = stand.gateway.http1().await.send(loaded).await;
    assert_eq!(rule_of(&answer).as_deref(), Some("server_load"));
    (stand, crowd)
}

#[tokio::test]
async fn every_metric_moves_and_has_its_labels() {
    let (stand, _) = busy().await;
    let sum = |name: &'static str, labels: &'static [(&str, &str)], expected: f64| {
        let gateway = &stand.gateway;
        let name = format!("inference_admission_{name}");
        async move { gateway.wait_for_metric(&name, labels, |sum| sum == expected).await }
    };
    sum("admitted_total", &[("class", "high")], 3.0).await;
    sum("refused_total", &[("rule", "queue_timeout"), ("class", "low")], 1.0).await;
    sum(
        "reported_total",
        &[("rule", "request_quota"), ("limit", "watched"), ("class", "high")],
        2.0,
    )
    .await;
    sum("queued_total", &[("class", "low")], 1.0).await;
    sum("queue_wait_us_count", &[("class", "low")], 1.0).await;
    // It begins with a look at how fast the servers are, at its least.
    sum("limit", &[("limit", "found"), ("model", "m")], 2.0).await;
    sum("limit", &[("limit", "found"), ("model", "")], 0.0).await;
    sum("limit", &[("limit", "gpu")], 1.0).await;
    sum("server_load_percent", &[], 75.0).await;
    sum("tokens_reserved_total", &[("limit", "budget")], 403.0).await;
    sum("tokens_used_total", &[("limit", "budget")], 351.0).await;
    sum("tokens_refunded_total", &[("limit", "budget")], 152.0).await;
    sum("tokens_overdrawn_total", &[("limit", "budget")], 100.0).await;
    let metrics = stand.gateway.admin().metrics().await;
    for metric in METRICS {
        let name = match metric.kind {
            filter_kit::MetricKind::Histogram(_) => format!("{}_count", metric.name),
            _ => metric.name.to_owned(),
        };
        let series = metrics.series(&name);
        assert!(!series.is_empty(), "{name}");
        for labels in series {
            let names: Vec<&str> = labels.iter().map(|(label, _)| label.as_str()).collect();
            for label in names {
                assert!(metric.labels.contains(&label), "{name} has {label}");
            }
        }
    }
    let known: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
    for name in metrics.names("inference_admission") {
        let is_known = known.iter().any(|known| name.starts_with(known));
        assert!(is_known, "{name} is in no table");
    }
}

#[tokio::test]
async fn the_access_log_says_what_became_of_each_request() {
    let (stand, _) = busy().await;
    let log = stand.gateway.access_log();
    log.wait_for("all", |_| log.entries().len() == 5).await;
    let said: Vec<_> = log
        .entries()
        .iter()
        .map(|entry| {
            let of = |field: &str| entry[field].as_str().unwrap_or("-").to_owned();
            (of("admission"), of("reserved"), of("used"))
        })
        .collect();
    let expected = [
        ("refused:queue_timeout", "-", "-"),
        ("admitted", "200", "50"),
        ("reported:request_quota", "200", "300"),
        ("reported:request_quota", "1", "1"),
    ];
    for expected in expected {
        let found = said
            .iter()
            .any(|(admission, reserved, used)| (&**admission, &**reserved, &**used) == expected);
        assert!(found, "no {expected:?} in {said:?}");
    }
}

#[tokio::test]
async fn keys_of_tenants_are_nowhere_but_where_they_were_sent() {
    let (stand, _) = busy().await;
    let limits = json!([{"name": "narrow", "per": ["tenant"], "requests": {"count": 1}}]);
    let mut strict = config();
    strict["limits"] = limits;
    strict["told"] = json!({"x_rate_limit": "answers"});
    stand.gateway.replace_filter(&admission(&strict));
    let call = || any_chat().header("authorization", format!("Bearer {SECRET}"));
    let mut client = stand.gateway.http2().await;
    let refusal = eventually("a refusal", async || {
        let answer = client.send(call().header("x-server", "loaded")).await;
        (answer.status == 429).then_some(answer)
    })
    .await;
    let told = format!("{:?} {}", refusal.headers, refusal.text_body());
    assert!(!told.contains(SECRET), "{told}");
    let hash = stand.server.received()[0].header_text("x-tenant-hash").expect("a hash");
    assert_eq!(hash.len(), 32);
    let metrics = stand.gateway.admin().get("/stats").await;
    let prometheus = stand.gateway.admin().get("/stats/prometheus").await;
    let entries = Value::Array(stand.gateway.access_log().entries());
    let traces = format!("{metrics}\n{prometheus}\n{entries}\n{}", stand.gateway.log().text());
    // The configuration names one of them, and Envoy does not log it either.
    assert!(!traces.contains(SECRET));
    assert!(!traces.contains(&hash), "a hash is for those behind the filter only");
}

#[tokio::test]
async fn what_clients_say_of_a_hash_does_not_go_on() {
    let (stand, crowd) = busy().await;
    crowd.let_go(10);
    let mut client = stand.gateway.http1().await;
    let call = any_chat().header("x-tenant-hash", "forged");
    assert_eq!(client.send(call.clone()).await.status, 200);
    assert_eq!(stand.server.last().header_text("x-tenant-hash"), None);
    stand.gateway.wait_for_metric(IN_FLIGHT, &[], |sum| sum == 0.0).await;
    let answer = client.send(call.header("authorization", "Bearer x")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(stand.server.last().header_values("x-tenant-hash").len(), 1);
    assert_ne!(stand.server.last().header_text("x-tenant-hash").as_deref(), Some("forged"));
}

/// As many filters of one store as can't all be known, each behind a listener.
async fn too_many(on_fault: &str) -> (Stand, Vec<Client>) {
    let config = |number: usize| {
        let budget = json!({"count": 1_000_000 + number});
        json!({
            "limits": [
                {"name": "gpu", "in_flight": {"max": 1000}},
                {"name": "requests", "requests": budget},
            ],
            "on_fault": on_fault,
        })
    };
    let chain = (1..=256).fold(Gateway::builder().wasm(&admission(&config(0))), |chain, number| {
        chain.other_listener(&admission(&config(number)))
    });
    let stand = Stand::of(chain, |_| Reply::Echo).await;
    let mut clients = Vec::new();
    for number in 0..256 {
        clients.push(Client::http1(stand.gateway.other_address(number)).await);
    }
    (stand, clients)
}

#[tokio::test]
async fn what_cannot_be_checked_is_let_in_and_counted_or_refused() {
    for (on_fault, status) in [("allow", 200), ("deny", 503)] {
        let (stand, clients) = too_many(on_fault).await;
        for mut client in clients {
            assert_eq!(client.send(any_chat()).await.status, 200);
        }
        let answer = stand.gateway.http1().await.send(any_chat()).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let unchecked = stand.gateway.metric(UNCHECKED.name, &[("class", "default")]).await;
        if on_fault == "allow" {
            assert!(unchecked == 1.0);
            let log = stand.gateway.access_log();
            log.wait_for("it", |entry| entry["admission"] == "unchecked").await;
        } else {
            assert!(unchecked == 0.0);
            assert_eq!(rule_of(&answer).as_deref(), Some("shared_state"));
        }
    }
}
