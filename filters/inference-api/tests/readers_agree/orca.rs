//! Load reports, against prost and `serde_json`.

use super::changes::{change, changed};
use super::oracle::orca::{Metrics, Report, agrees};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message;
use serde_json::json;

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![20 => 0.0..2.0, 4 => Just(0.0), 1 => any::<f64>(), 1 => select(vec![-1.0, 1e300])]
}

fn metrics() -> impl Strategy<Value = Metrics> {
    btree_map("[a-z_.é]{1,6}|", number(), 0..4)
}

fn report() -> impl Strategy<Value = Report> {
    let numbers = (number(), number(), number(), number(), number());
    let maps = (metrics(), metrics(), metrics());
    (numbers, maps, any::<u64>()).prop_map(|(numbers, maps, rps)| {
        let (cpu_utilization, mem_utilization, rps_fractional, eps, application_utilization) =
            numbers;
        let (request_cost, utilization, named_metrics) = maps;
        Report {
            cpu_utilization,
            mem_utilization,
            rps,
            request_cost,
            utilization,
            rps_fractional,
            eps,
            named_metrics,
            application_utilization,
        }
    })
}

/// The report in each form.
fn headers(report: &Report) -> Vec<Vec<u8>> {
    let message = report.encode_to_vec();
    let prefixed = |prefix: &str, metrics: &Metrics| -> Vec<String> {
        metrics.iter().map(|(name, value)| format!("{prefix}.{name}={value}")).collect()
    };
    let own = vec![
        format!("cpu_utilization={}", report.cpu_utilization),
        format!("eps:{:e}", report.eps),
    ];
    let text = [
        own,
        prefixed("named_metrics", &report.named_metrics),
        prefixed("utilization", &report.utilization),
    ]
    .concat();
    let json = json!({
        "cpu_utilization": report.cpu_utilization,
        "memUtilization": report.mem_utilization.to_string(),
        "rps": report.rps.to_string(),
        "request_cost": report.request_cost,
        "utilization": report.utilization,
        "namedMetrics": report.named_metrics,
        "eps": null,
    });
    vec![
        BASE64_STANDARD.encode(&message).into_bytes(),
        BASE64_STANDARD_NO_PAD.encode(&message).into_bytes(),
        format!("BIN {}", BASE64_STANDARD.encode(&message)).into_bytes(),
        format!("TEXT {}", text.join(", ")).into_bytes(),
        format!("JSON {json}").into_bytes(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3000,
        // What fails once becomes a unit test with a name.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn reports_are_read_as_they_were_written(report in report()) {
        for header in headers(&report) {
            agrees(&header);
        }
    }

    #[test]
    fn changed_reports_are_judged_as_by_the_libraries(
        report in report(),
        changes in vec(change(), 1..3),
    ) {
        for header in headers(&report) {
            agrees(&changed(header, &changes));
        }
        let message = changed(report.encode_to_vec(), &changes);
        agrees(BASE64_STANDARD.encode(message).as_bytes());
    }

    #[test]
    fn noise_is_judged_as_by_the_libraries(
        format in select(vec!["TEXT ", "text ", "JSON ", "BIN ", ""]),
        noise in vec(any::<u8>(), 0..40),
        text in "[a-z_.=:, 0-9{}\"]{0,40}",
    ) {
        agrees(&[format.as_bytes(), &noise].concat());
        agrees([format, &text].concat().as_bytes());
    }
}
