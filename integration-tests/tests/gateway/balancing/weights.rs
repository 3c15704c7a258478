//! Servers' reports of their load: Envoy weighs by them, clients may see them.

use super::{chain, chat, infer, listening, quotas, reporting};
use integration_tests::{Answer, Call, Client, Gateway, Upstream, eventually};
use serde_json::{Value, json};

/// Requests by which a division is judged.
const ROUND: usize = 100;

/// Weighs each server by what it reported, ten times in a second.
fn weighing_servers() -> Value {
    json!({"load_balancing_policy": {"policies": [{"typed_extension_config": {
        "name": "envoy.load_balancing_policies.client_side_weighted_round_robin",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin",
            "blackout_period": "0s",
            "weight_update_period": "0.1s",
        },
    }}]}})
}

/// How many of a round's requests this server gets.
async fn share(client: &mut Client, server: &Upstream, call: &Call) -> usize {
    server.forget();
    for _ in 0..ROUND {
        assert_eq!(client.send(call.clone()).await.status, 200);
    }
    server.received().len()
}

/// Two servers, one with 0.9 of its load and one with 0.1: at equal weights each
/// gets half of a round, by their reports a tenth and nine.
#[tokio::test]
async fn the_less_loaded_server_gets_more() {
    // In headers that stay, and in trailers that are taken out.
    for (admission, call) in [(quotas(), chat()), (listening(), infer())] {
        let busy = Upstream::scripted(reporting(0.9)).await;
        let idle = Upstream::scripted(reporting(0.1)).await;
        let gateway = chain(&admission)
            .http2_cluster("servers", &[busy.address(), idle.address()])
            .with_its(&weighing_servers())
            .start()
            .await;
        let mut client = gateway.http2().await;
        eventually("three quarters at the less loaded server", async || {
            let idles = share(&mut client, &idle, &call).await;
            (idles >= ROUND * 3 / 4).then_some(())
        })
        .await;
        assert!(share(&mut client, &busy, &call).await > 0, "the busy one gets some, too");
    }
}

async fn gateway(admission: &Value) -> (Gateway, Upstream) {
    let server = Upstream::scripted(reporting(0.5)).await;
    let gateway = chain(admission).http2_cluster("servers", &[server.address()]).start().await;
    (gateway, server)
}

/// In headers and in trailers.
fn reports_in(answer: &Answer) -> Vec<Option<String>> {
    let trailers = answer.trailers.as_ref();
    let in_trailers = trailers.and_then(|trailers| trailers.get("endpoint-load-metrics"));
    let text = |value: &http::HeaderValue| value.to_str().expect("text").to_owned();
    vec![answer.header_text("endpoint-load-metrics"), in_trailers.map(text)]
}

#[tokio::test]
async fn reports_reach_the_client_unless_admission_control_takes_them_out() {
    let report = Some("TEXT application_utilization=0.5,rps_fractional=100".to_owned());
    for (admission, expected) in [(quotas(), report), (listening(), None)] {
        let (gateway, _server) = gateway(&admission).await;
        let mut client = gateway.http2().await;
        let answer = client.send(chat()).await;
        assert_eq!(
            (answer.status.as_u16(), reports_in(&answer)),
            (200, vec![expected.clone(), None])
        );
        let answer = client.send(infer()).await;
        assert_eq!((answer.grpc_status(), reports_in(&answer)), (Some(0), vec![None, expected]));
    }
}
