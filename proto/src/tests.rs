//! The contracts against bytes that were worked out by hand from their sources.

use prost::Message;

use crate::authorization::check_response::HttpResponse;
use crate::authorization::header_value_option::HeaderAppendAction;
use crate::authorization::{
    CheckRequest, CheckResponse, DeniedHttpResponse, HeaderValue, HeaderValueOption, HttpStatus,
    OkHttpResponse, StatusCode,
};
use crate::google_rpc::{BadRequest, ErrorInfo, RetryInfo, Status};
use crate::inference::{ModelInferRequest, ModelInferResponse};
use crate::load_stats::{LoadStatsRequest, LoadStatsResponse};
use crate::orca::OrcaLoadReport;
use crate::prediction::{PredictRequest, PredictResponse};
use crate::rate_limit::rate_limit_response::{Code, DescriptorStatus, RateLimit, rate_limit::Unit};
use crate::rate_limit::{RateLimitRequest, RateLimitResponse};
use crate::tensorflow::{DataType, TensorProto};
use crate::tensorflow_serving::model_spec::VersionChoice;
use crate::tensorflow_serving::{ModelSpec, PredictResponse as ServingResponse};

fn decode<M: Message + Default>(bytes: &[u8]) -> M {
    M::decode(bytes).expect("well-formed")
}

#[test]
fn a_prediction_has_features_in_1_and_the_model_in_2() {
    let request: PredictRequest = decode(b"\x0a\x04\x00\x00\x80\x3f\x12\x04demo");
    assert_eq!(request.features, [1.0]);
    assert_eq!(request.model_name, "demo");
}

#[test]
fn a_prediction_is_answered_with_predictions_in_1_the_model_in_2_the_latency_in_3() {
    let answer: PredictResponse =
        decode(b"\x0a\x04\x00\x00\x80\x3f\x12\x04demo\x1d\x00\x00\x00\x40");
    assert_eq!((answer.predictions, answer.latency_ms), (vec![1.0], 2.0));
    assert_eq!(answer.model_name, "demo");
}

#[test]
fn an_inference_request_has_the_fields_of_the_protocol() {
    let request: ModelInferRequest = decode(
        b"\x0a\x01m\x12\x01v\x1a\x01i\x2a\x10\x0a\x01x\x12\x04FP32\x1a\x01\x02\x2a\x02\x32\x00\x3a\x01r",
    );
    assert_eq!((request.model_name.as_str(), request.model_version.as_str()), ("m", "v"));
    assert_eq!(request.id, "i");
    let input = &request.inputs[0];
    assert_eq!((input.name.as_str(), input.datatype.as_str()), ("x", "FP32"));
    assert_eq!(input.shape, [2]);
    assert!(input.contents.is_some());
    assert_eq!(request.raw_input_contents, [b"r"]);
}

#[test]
fn an_inference_answer_has_its_raw_contents_in_6() {
    let answer: ModelInferResponse = decode(b"\x0a\x01m\x2a\x00\x32\x01r");
    assert_eq!((answer.outputs.len(), answer.raw_output_contents), (1, vec![b"r".to_vec()]));
}

#[test]
fn a_model_spec_has_its_version_in_a_message_of_its_own() {
    let spec: ModelSpec = decode(b"\x0a\x01m\x12\x02\x08\x07\x1a\x01s");
    assert_eq!(spec.version_choice, Some(VersionChoice::Version(7)));
    assert_eq!((spec.name.as_str(), spec.signature_name.as_str()), ("m", "s"));
}

#[test]
fn of_version_and_label_the_last_on_the_wire_wins() {
    let label_last: ModelSpec = decode(b"\x12\x02\x08\x07\x22\x06stable");
    assert_eq!(label_last.version_choice, Some(VersionChoice::VersionLabel("stable".into())));
    let version_last: ModelSpec = decode(b"\x22\x06stable\x12\x02\x08\x07");
    assert_eq!(version_last.version_choice, Some(VersionChoice::Version(7)));
}

#[test]
fn a_serving_answer_has_its_outputs_before_its_model() {
    let answer: ServingResponse = decode(b"\x0a\x05\x0a\x01y\x12\x00\x12\x03\x0a\x01m");
    assert!(answer.outputs.contains_key("y"));
    assert_eq!(answer.model_spec.expect("present").name, "m");
}

#[test]
fn a_tensor_has_the_fields_of_tensorflow() {
    let tensor: TensorProto = decode(
        b"\x08\x01\x12\x04\x12\x02\x08\x01\x22\x01c\x2a\x04\x00\x00\x80\x3f\x82\x01\x01\x05",
    );
    assert_eq!(tensor.dtype(), DataType::DtFloat);
    assert_eq!(tensor.tensor_shape.expect("present").dim[0].size, 1);
    assert_eq!((tensor.tensor_content, tensor.float_val), (b"c".to_vec(), vec![1.0]));
    assert_eq!(tensor.uint32_val, [5]);
}

#[test]
fn a_load_report_has_the_fields_of_orca() {
    let one = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
    let field = |key: u8| [&[key][..], &one[..]].concat();
    // cpu, memory, requests and errors per second, application: numbers 1, 2, 6, 7 and 9.
    let report: OrcaLoadReport = decode(&[0x09, 0x11, 0x31, 0x39, 0x49].map(field).concat());
    assert_eq!((report.cpu_utilization, report.mem_utilization), (1.0, 1.0));
    assert_eq!((report.rps_fractional, report.eps), (1.0, 1.0));
    assert_eq!(report.application_utilization, 1.0);
}

#[test]
fn error_details_fit_in_a_status() {
    let violation = crate::google_rpc::bad_request::FieldViolation {
        field: "features".to_owned(),
        description: "must hold exactly 4 numbers, has 3".to_owned(),
        reason: "FEATURE_COUNT".to_owned(),
    };
    let bad_request = BadRequest { field_violations: vec![violation] };
    let detail = prost_types::Any {
        type_url: "type.googleapis.com/google.rpc.BadRequest".to_owned(),
        value: bad_request.encode_to_vec(),
    };
    let status = Status { code: 3, message: "refused".to_owned(), details: vec![detail] };
    let decoded: Status = decode(&status.encode_to_vec());
    assert_eq!(decode::<BadRequest>(&decoded.details[0].value), bad_request);
}

#[test]
fn error_info_and_retry_info_have_the_fields_of_google_rpc() {
    let info: ErrorInfo = decode(b"\x0a\x01r\x12\x01d\x1a\x06\x0a\x01k\x12\x01v");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("r", "d"));
    assert_eq!(info.metadata["k"], "v");
    let retry: RetryInfo = decode(b"\x0a\x02\x08\x05");
    assert_eq!(retry.retry_delay.expect("present").seconds, 5);
}

#[test]
fn the_descriptors_hold_every_contract_and_what_it_imports() {
    let set: prost_types::FileDescriptorSet = decode(crate::FILE_DESCRIPTOR_SET);
    let names: Vec<&str> = set.file.iter().map(prost_types::FileDescriptorProto::name).collect();
    for name in [
        "prediction/prediction.proto",
        "inference/open_inference_grpc.proto",
        "tensorflow_serving/apis/prediction_service.proto",
        "grpc/health/v1/health.proto",
        "google/rpc/status.proto",
        "xds/data/orca/v3/orca_load_report.proto",
        "google/protobuf/any.proto",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
}

#[test]
fn a_rate_limit_request_has_descriptors_with_costs_of_their_own() {
    let request: RateLimitRequest =
        decode(b"\x0a\x01d\x12\x0e\x0a\x06\x0a\x01k\x12\x01v\x1a\x02\x08\x07\x20\x01\x12\x02\x1a\x00\x12\x00\x18\x05");
    assert_eq!((request.domain.as_str(), request.hits_addend), ("d", 5));
    let [charged, asked, plain] = &request.descriptors[..] else { panic!("three") };
    assert_eq!((charged.hits_addend, charged.is_negative_hits), (Some(7), true));
    assert_eq!((charged.entries[0].key.as_str(), charged.entries[0].value.as_str()), ("k", "v"));
    assert_eq!((asked.hits_addend, plain.hits_addend), (Some(0), None));
}

#[test]
fn a_rate_limit_answer_has_a_status_for_each_descriptor() {
    let limit = RateLimit { name: "n".into(), requests_per_unit: 9, unit: Unit::Minute.into() };
    let status = DescriptorStatus {
        code: Code::OverLimit.into(),
        current_limit: Some(limit),
        limit_remaining: 3,
        duration_until_reset: Some(prost_types::Duration { seconds: 4, nanos: 0 }),
    };
    let answer = RateLimitResponse { overall_code: Code::Ok.into(), statuses: vec![status] };
    let bytes: &[u8] =
        b"\x08\x01\x12\x11\x08\x02\x12\x07\x08\x09\x10\x02\x1a\x01n\x18\x03\x22\x02\x08\x04";
    assert_eq!(answer.encode_to_vec(), bytes);
}

#[test]
fn an_authorization_request_has_a_method_headers_and_a_path() {
    // The client's side of the connection (1) and the time (1 in 4) are skipped.
    let request: CheckRequest = decode(
        b"\x0a\x18\x0a\x00\x22\x14\x0a\x00\x12\x10\x12\x01G\x1a\x06\x0a\x01k\x12\x01v\x22\x01/\x5a\x00",
    );
    let request = request.attributes.and_then(|it| it.request).and_then(|it| it.http);
    let http = request.expect("an HTTP request");
    assert_eq!((http.method.as_str(), http.path.as_str()), ("G", "/"));
    assert_eq!(http.headers["k"], "v");
}

#[test]
fn an_authorization_lets_go_on_with_other_headers() {
    let header = HeaderValue { key: "k".into(), value: "v".into() };
    let option = HeaderValueOption {
        header: Some(header),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
    };
    let ok = OkHttpResponse {
        headers: vec![option],
        headers_to_remove: vec!["r".into()],
        response_headers_to_add: Vec::new(),
    };
    let answer = CheckResponse {
        status: Some(Status::default()),
        http_response: Some(HttpResponse::OkResponse(ok)),
    };
    let bytes: &[u8] = b"\x0a\x00\x1a\x0f\x12\x0a\x0a\x06\x0a\x01k\x12\x01v\x18\x02\x2a\x01r";
    assert_eq!(answer.encode_to_vec(), bytes);
}

#[test]
fn an_authorization_denies_with_a_status_and_a_body() {
    let denied = DeniedHttpResponse {
        status: Some(HttpStatus { code: StatusCode::Forbidden.into() }),
        headers: Vec::new(),
        body: "b".into(),
    };
    let answer = CheckResponse {
        status: Some(Status { code: 7, ..Default::default() }),
        http_response: Some(HttpResponse::DeniedResponse(denied)),
    };
    let bytes: &[u8] = b"\x0a\x02\x08\x07\x12\x08\x0a\x03\x08\x93\x03\x1a\x01b";
    assert_eq!(answer.encode_to_vec(), bytes);
}

#[test]
fn a_load_report_counts_requests_and_metrics_by_cluster() {
    // The node (1) and the cluster's locality (1) are skipped.
    let request: LoadStatsRequest = decode(
        b"\x0a\x00\x12\x25\x0a\x01c\x12\x1a\x0a\x00\x10\x07\x18\x01\x20\x02\x2a\x0e\x0a\x01m\x10\x03\
        \x19\x00\x00\x00\x00\x00\x00\xf8\x3f\x40\x09\x18\x04\x22\x02\x08\x05",
    );
    let [cluster] = &request.cluster_stats[..] else { panic!("one cluster") };
    assert_eq!((cluster.cluster_name.as_str(), cluster.total_dropped_requests), ("c", 4));
    let [locality] = &cluster.upstream_locality_stats[..] else { panic!("one locality") };
    assert_eq!((locality.total_successful_requests, locality.total_error_requests), (7, 2));
    assert_eq!((locality.total_requests_in_progress, locality.total_issued_requests), (1, 9));
    let [metric] = &locality.load_metric_stats[..] else { panic!("one metric") };
    assert_eq!((metric.metric_name.as_str(), metric.total_metric_value), ("m", 1.5));
    assert_eq!(metric.num_requests_finished_with_metric, 3);
}

#[test]
fn envoy_is_told_of_which_clusters_to_report_and_how_often() {
    let answer = LoadStatsResponse {
        clusters: vec!["c".into()],
        send_all_clusters: true,
        load_reporting_interval: Some(prost_types::Duration { seconds: 4, nanos: 0 }),
        report_endpoint_granularity: false,
    };
    assert_eq!(answer.encode_to_vec(), b"\x0a\x01c\x12\x02\x08\x04\x20\x01");
}
