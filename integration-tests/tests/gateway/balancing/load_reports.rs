//! What Envoy reports of the load that it brings to a cluster.

use super::{chain, chat, infer, listening, quotas, reporting};
use integration_tests::{Answer, Call, Gateway, LoadReportServer, Reply, Upstream};
use proto::load_stats::UpstreamLocalityStats;
use serde_json::{Value, json};

/// A gateway that reports, and the service that it reports to.
struct Stand {
    gateway: Gateway,
    service: LoadReportServer,
    _server: Upstream,
}

impl Stand {
    async fn with(admission: &Value) -> Self {
        let served = reporting(0.5);
        let server = Upstream::scripted(move |head| match head.headers.get("x-fail") {
            Some(_) => Reply::whole(Answer::status(503)),
            None => served(head),
        })
        .await;
        let service = LoadReportServer::start().await;
        let gateway = chain(admission)
            .http2_cluster("servers", &[server.address()])
            .with_its(&json!({"lrs_report_endpoint_metrics": ["application_utilization"]}))
            .http2_cluster("reports", &[service.address()])
            .reporting_load_to("reports")
            .start()
            .await;
        Self { gateway, service, _server: server }
    }

    async fn send(&self, calls: impl IntoIterator<Item = Call>) {
        let mut client = self.gateway.http2().await;
        for call in calls {
            client.send(call).await;
        }
    }
}

fn sum(reports: &[UpstreamLocalityStats], of: impl Fn(&UpstreamLocalityStats) -> u64) -> u64 {
    reports.iter().map(of).sum()
}

#[tokio::test]
async fn each_request_that_reached_a_server_is_reported_once() {
    let stand = Stand::with(&quotas()).await;
    stand.send((0..7).flat_map(|_| [chat(), infer()])).await;
    stand.send((0..3).map(|_| chat().header("x-fail", "yes"))).await;
    let reports = stand.service.wait_for("servers", 17).await;
    assert_eq!(sum(&reports, |it| it.total_successful_requests), 14);
    assert_eq!(sum(&reports, |it| it.total_error_requests), 3);
    assert_eq!(sum(&reports, |it| it.total_issued_requests), 17);
}

#[tokio::test]
async fn what_a_filter_refused_is_in_no_report() {
    let stand = Stand::with(&quotas()).await;
    let unknown = Call::post("/v1/chat/completions").json(&json!({"model": "no-such"}));
    stand.send([unknown.clone(), chat(), unknown, chat()]).await;
    let reports = stand.service.wait_for("servers", 2).await;
    assert_eq!(sum(&reports, |it| it.total_issued_requests), 2);
}

#[tokio::test]
async fn what_servers_said_of_their_load_is_in_the_reports() {
    // Although clients don't see it.
    let stand = Stand::with(&listening()).await;
    stand.send((0..4).flat_map(|_| [chat(), infer()])).await;
    let reports = stand.service.wait_for("servers", 8).await;
    let metrics: Vec<_> = reports.iter().flat_map(|it| &it.load_metric_stats).collect();
    assert!(metrics.iter().all(|it| it.metric_name == "application_utilization"), "{metrics:?}");
    let count: u64 = metrics.iter().map(|it| it.num_requests_finished_with_metric).sum();
    let total: f64 = metrics.iter().map(|it| it.total_metric_value).sum();
    assert_eq!((count, total), (8, 4.0));
}
