//! Load reports of servers.

use super::*;
use filter_kit::HeaderEdit;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const REPORT: &str = "endpoint-load-metrics";

/// The low class is refused above 80 percent.
fn config() -> Value {
    json!({
        "classes": [{"name": "high"}, {"name": "low", "refuse_above_load_percent": 80}],
        "class_rules": [{"class": "low", "header": {"name": "x-class", "value": "low"}}],
        "load_reports": {
            "metrics": [
                {"name": "application_utilization"},
                {"name": "named_metrics.num_requests_waiting", "full_at": 10.0},
            ],
        },
    })
}

fn high(model: &str) -> Ask {
    Ask::of(&format!("/v2/models/{model}/infer"))
}

fn low(model: &str) -> Ask {
    high(model).header("x-class", "low")
}

/// A worker to which a server of the model `m` reports at the start.
fn told(config: &Value, report: &str) -> Worker {
    let mut worker = Worker::new(config, local_cells());
    worker.send(1, at(0), &high("m"));
    worker.answer_headers(1, at(0), &[(":status", "200"), (REPORT, report)]);
    worker.finish(1, at(0));
    worker
}

#[test]
fn a_class_is_refused_above_its_load_and_others_are_not() {
    for report in [
        "TEXT application_utilization=0.81",
        "TEXT named_metrics.num_requests_waiting=9, application_utilization=0.1",
        "JSON {\"application_utilization\": 0.9}",
    ] {
        let mut worker = told(&config(), report);
        worker.send(2, at(10), &low("m"));
        assert_eq!(worker.refused_by(2).as_deref(), Some("server_load"), "{report}");
        assert_eq!(worker.send(3, at(10), &high("m")), Stage::Goes);
        assert_eq!(worker.send(4, at(10), &low("n")), Stage::Goes, "of another model");
    }
    for report in ["TEXT application_utilization=0.8", "TEXT cpu_utilization=9", "nonsense"] {
        assert_eq!(told(&config(), report).send(2, at(10), &low("m")), Stage::Goes, "{report}");
    }
}

#[test]
fn a_load_that_was_not_heard_of_for_long_refuses_nobody() {
    let mut worker = told(&config(), "TEXT application_utilization=2");
    worker.send(2, at(5000), &low("m"));
    assert_eq!(worker.refused_by(2).as_deref(), Some("server_load"));
    assert_eq!(worker.send(3, at(5001), &low("m")), Stage::Goes);
}

#[test]
fn a_report_after_long_silence_counts_alone() {
    let mut config = config();
    config["load_reports"]["half_life_ms"] = json!(60_000);
    let mut worker = told(&config, "TEXT application_utilization=9");
    worker.send(2, at(6000), &high("m"));
    worker.answer_headers(
        2,
        at(6000),
        &[(":status", "200"), (REPORT, "TEXT application_utilization=0.1")],
    );
    assert_eq!(worker.send(3, at(6000), &low("m")), Stage::Goes);
}

#[test]
fn other_workers_know_the_load_too() {
    let cells = local_cells();
    let mut fleet = workers(2, &config(), cells);
    fleet[0].send(1, at(0), &high("m"));
    fleet[0].answer_headers(
        1,
        at(0),
        &[(":status", "200"), (REPORT, "TEXT application_utilization=1")],
    );
    fleet[1].send(2, at(1), &low("m"));
    assert_eq!(fleet[1].refused_by(2).as_deref(), Some("server_load"));
}

#[test]
fn a_load_that_is_only_reported_refuses_nobody() {
    let mut config = config();
    config["load_reports"]["mode"] = json!("report_only");
    let mut worker = told(&config, "TEXT application_utilization=1");
    assert_eq!(worker.send(2, at(1), &low("m")), Stage::Goes);
    assert_eq!(worker.fact(2, "inference.admission"), Some("reported:server_load"));
    let reported = "inference_admission_reported_total_rule=.=server_load;_limit=.=;_class=.=low;";
    assert_eq!(worker.counted[reported], 1);
    assert_eq!(worker.gauges["inference_admission_server_load_percent"], 100);
}

#[test]
fn reports_are_taken_out_of_headers() {
    let trial = Trial::of("POST", "/v2/models/m/infer")
        .sharing(local_cells())
        .answered("application/json", "{}")
        .answer_header(REPORT, "TEXT application_utilization=1");
    let removed = |config: &Value, trial: &Trial| {
        let record = trial.recorded(&control(config));
        record.answer.unwrap().forwarded().headers.remove(REPORT)
    };
    assert_eq!(removed(&config(), &trial), Some(None));
    assert_eq!(removed(&json!({}), &trial), Some(None), "also where nobody reads them");
    let mut kept = config();
    kept["load_reports"]["strip"] = json!(false);
    assert_eq!(removed(&kept, &trial), None);
    let health = Trial::of("GET", "/v2/health/ready")
        .answered("application/json", "{}")
        .answer_header(REPORT, "TEXT application_utilization=1");
    assert_eq!(removed(&config(), &health), Some(None), "also of what is not counted");
}

#[test]
fn reports_in_trailers_are_read_and_taken_out() {
    let bin = "endpoint-load-metrics-bin";
    // application_utilization (field 9, a double): 1.
    let report = "SQAAAAAAAPA/";
    for path in ["/inference.GRPCInferenceService/ModelInfer", "/grpc.health.v1.Health/Check"] {
        let cells = local_cells();
        let trial = Trial::grpc(path, b"")
            .sharing(cells)
            .header("x-model-name", "m")
            .answered_by_grpc(&[b"x"])
            .answer_trailer(bin, report)
            .answer_trailer("grpc-status", "0");
        let filter = control(&config());
        let removed = trial.recorded(&filter).answer.unwrap().forwarded().removed_trailers;
        assert_eq!(removed, [bin], "{path}");
        let next = Trial::grpc("/inference.GRPCInferenceService/ModelInfer", b"")
            .sharing(cells)
            .header("x-class", "low")
            .header("x-model-name", "m")
            .through(&filter);
        let expected = path.contains("Infer").then_some("server_load");
        assert_eq!(rule_of(&next), expected, "{path}");
    }
}

#[test]
fn an_answer_of_only_headers_over_grpc_tells_it_too() {
    let mut worker = Worker::new(&config(), local_cells());
    let infer = Ask::of("/inference.GRPCInferenceService/ModelInfer")
        .header("content-type", "application/grpc")
        .header("x-model-name", "m");
    worker.send(1, at(0), &infer);
    let headers: &[(&str, &str)] = &[
        (":status", "200"),
        ("content-type", "application/grpc"),
        ("grpc-status", "8"),
        (REPORT, "TEXT application_utilization=1"),
    ];
    worker.answer_headers(1, at(0), headers);
    let removed = worker.passages[&1].answered[0].headers().to_vec();
    assert_eq!(removed, [HeaderEdit::Remove(REPORT.into())]);
    worker.send(2, at(1), &infer.header("x-class", "low"));
    assert_eq!(worker.refused_by(2).as_deref(), Some("server_load"));
}

#[test]
fn servers_are_asked_for_reports_if_configured() {
    for (ask_for, value) in [("text", Some("text")), ("json", Some("json")), ("nothing", None)] {
        let mut config = config();
        config["load_reports"]["ask_for"] = json!(ask_for);
        let trial = Trial::chat(&chat_of(1, 1)).sharing(local_cells());
        let set = trial.through(&control(&config)).forwarded().headers;
        let asked = set.get("endpoint-load-metrics-format").map(|value| value.as_deref());
        assert_eq!(asked, value.map(Some));
    }
}
