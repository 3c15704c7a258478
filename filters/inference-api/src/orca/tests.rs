use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// `cpu_utilization` 0.25, `rps_fractional` 10, `named_metrics.kv` 0.5.
const MESSAGE: &[u8] = b"CQAAAAAAANA/MQAAAAAAACRAQg0KAmt2EQAAAAAAAOA/";

fn read(header: &str) -> Result<Vec<(String, f64)>, OrcaError> {
    let report = LoadReport::from_header(header.as_bytes())?;
    Ok(report.iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn metrics(metrics: &[(&str, f64)]) -> Result<Vec<(String, f64)>, OrcaError> {
    Ok(metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect())
}

#[test]
fn what_vllm_and_triton_send_is_read() {
    let vllm = "TEXT named_metrics.kv_cache_usage_perc=0.25, named_metrics.num_requests_waiting=3";
    let report = LoadReport::from_header(vllm.as_bytes()).unwrap();
    assert_eq!(report.get("named_metrics.kv_cache_usage_perc"), Some(0.25));
    assert_eq!(report.get("named_metrics.num_requests_waiting"), Some(3.0));
    assert_eq!(report.get("kv_cache_usage_perc"), None);
    let triton =
        r#"JSON {"named_metrics": {"kv_cache_utilization": 0.5, "max_token_capacity": 9}}"#;
    let named =
        [("named_metrics.kv_cache_utilization", 0.5), ("named_metrics.max_token_capacity", 9.0)];
    assert_eq!(read(triton), metrics(&named));
}

#[test]
fn text_is_a_list_of_metrics() {
    for (header, expected) in [
        ("TEXT cpu_utilization=0.5", metrics(&[("cpu_utilization", 0.5)])),
        ("TEXT eps:1e-3,,rps_fractional=+10", metrics(&[("eps", 0.001), ("rps_fractional", 10.0)])),
        ("text  mem_utilization = 0.5 ", metrics(&[("mem_utilization", 0.5)])),
        ("TEXT utilization.gpu=1.5", metrics(&[("utilization.gpu", 1.5)])),
        ("TEXT named_metrics.a=-1", metrics(&[("named_metrics.a", -1.0)])),
        ("TEXT application_utilization=0", metrics(&[("application_utilization", 0.0)])),
        ("TEXT", Err(OrcaError::UnknownFormat)),
        ("TEXT ", Err(OrcaError::UnknownFormat)),
        ("TEXT ,", Err(OrcaError::Empty)),
        ("TEXT a", Err(OrcaError::NotANumber)),
        ("TEXT eps=", Err(OrcaError::NotANumber)),
        ("TEXT eps=x", Err(OrcaError::NotANumber)),
        ("TEXT eps=nan", Err(OrcaError::NotANumber)),
        ("TEXT eps=inf", Err(OrcaError::NotANumber)),
        ("TEXT eps=1e999", Err(OrcaError::NotANumber)),
        ("TEXT eps=-1", Err(OrcaError::Negative)),
        ("TEXT utilization.a=-0.1", Err(OrcaError::Negative)),
        ("TEXT eps=1,eps=1", Err(OrcaError::RepeatedMetric)),
        ("TEXT request_cost.a=1", Err(OrcaError::UnknownMetric)),
        ("TEXT rps=1", Err(OrcaError::UnknownMetric)),
        ("TEXT named_metrics.=1", Err(OrcaError::UnknownMetric)),
        ("TEXT =1", Err(OrcaError::UnknownMetric)),
        ("cpu_utilization=0.5", Err(OrcaError::UnknownFormat)),
        ("YAML cpu_utilization=0.5", Err(OrcaError::UnknownFormat)),
        ("", Err(OrcaError::UnknownFormat)),
    ] {
        assert_eq!(read(header), expected, "{header}");
    }
    assert_eq!(LoadReport::from_header(b"TEXT eps=\xff").unwrap_err(), OrcaError::NotText);
}

#[test]
fn json_is_the_message_and_has_no_other_fields() {
    for (json, expected) in [
        ("{}", metrics(&[])),
        (r#"{"eps":1}"#, metrics(&[("eps", 1.0)])),
        (r#"{"cpuUtilization":"0.5","memUtilization":null}"#, metrics(&[("cpu_utilization", 0.5)])),
        (r#"{"utilization":{"gpu":1}}"#, metrics(&[("utilization.gpu", 1.0)])),
        (r#"{"rps":"7","request_cost":{"a":1}}"#, metrics(&[])),
        (r#"{"eps":"NaN"}"#, Err(OrcaError::NotANumber)),
        (r#"{"eps":[]}"#, Err(OrcaError::NotANumber)),
        (r#"{"eps":-1}"#, Err(OrcaError::Negative)),
        (r#"{"utilization":{"a":null}}"#, Err(OrcaError::NotANumber)),
        (r#"{"utilization":[]}"#, Err(OrcaError::NotJson)),
        (r#"{"other":null}"#, Err(OrcaError::UnknownMetric)),
        (r#"{"utilization.gpu":1}"#, Err(OrcaError::UnknownMetric)),
        (r#"{"cpuUtilization":1,"cpu_utilization":1}"#, Err(OrcaError::RepeatedMetric)),
        ("[]", Err(OrcaError::NotJson)),
        ("{", Err(OrcaError::NotJson)),
    ] {
        assert_eq!(read(&format!("JSON {json}")), expected, "{json}");
    }
}

#[test]
fn messages_are_read_from_either_header_and_the_binary_one_counts() {
    let expected =
        metrics(&[("cpu_utilization", 0.25), ("rps_fractional", 10.0), ("named_metrics.kv", 0.5)]);
    assert_eq!(read(&format!("BIN {}", str::from_utf8(MESSAGE).unwrap())), expected);
    // `utilization.a` is 1, and then 2.
    let twice = "BIN KgwKAWERAAAAAAAA8D8qDAoBYREAAAAAAAAAQA==";
    assert_eq!(read(twice), metrics(&[("utilization.a", 2.0)]));
    let headers = |binary: Option<&'static [u8]>, text: Option<&'static [u8]>| {
        LoadReport::from_headers(|name| match name {
            "endpoint-load-metrics-bin" => binary,
            "endpoint-load-metrics" => text,
            _ => None,
        })
    };
    let cpu = |report: Option<Result<LoadReport, OrcaError>>| {
        report.map(|report| report.map(|report| report.get("cpu_utilization")))
    };
    let text = Some(&b"TEXT cpu_utilization=0.75"[..]);
    assert_eq!(cpu(headers(Some(MESSAGE), text)), Some(Ok(Some(0.25))));
    assert_eq!(cpu(headers(None, text)), Some(Ok(Some(0.75))));
    assert_eq!(cpu(headers(Some(b"!"), text)), Some(Err(OrcaError::NotBase64)));
    assert_eq!(cpu(headers(Some(b"CQAA"), text)), Some(Err(OrcaError::NotAMessage)));
    assert_eq!(headers(None, None), None);
    assert_eq!(headers(Some(b""), None), Some(Ok(LoadReport::default())));
}

#[test]
fn what_is_longer_than_the_limits_is_refused() {
    let named = |count: usize| {
        let metrics: Vec<String> = (0..count).map(|at| format!("named_metrics.m{at}=1")).collect();
        format!("TEXT {}", metrics.join(","))
    };
    assert_eq!(read(&named(MOST_METRICS)).map(|metrics| metrics.len()), Ok(MOST_METRICS));
    assert_eq!(read(&named(MOST_METRICS + 1)), Err(OrcaError::TooManyMetrics));
    let long = |length: usize| format!("TEXT eps={:>width$}", 1, width = length - 9);
    assert_eq!(read(&long(MOST_HEADER_BYTES)), metrics(&[("eps", 1.0)]));
    assert_eq!(read(&long(MOST_HEADER_BYTES + 1)), Err(OrcaError::TooLong));
    let message = "A".repeat(MOST_HEADER_BYTES + 1);
    assert_eq!(LoadReport::from_binary(message.as_bytes()), Err(OrcaError::TooLong));
}
