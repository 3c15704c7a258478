//! The field numbers in the dialect table, and the error details, against the
//! contracts themselves.

#![allow(
    clippy::unwrap_in_result,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test fails by panicking"
)]

use inference_api::dialect::{Call, Operation, RequestLine, classify};
use inference_api::identity::{BodyReader, Malformed, NamePart, Named, NamedVersion, Reading};
use prost::Message;
use proto::tensorflow_serving::model_spec::VersionChoice;
use proto::{inference, prediction, tensorflow_serving};

fn call(path: &str) -> Call<'_> {
    let line = RequestLine {
        method: b"POST",
        path: path.as_bytes(),
        content_type: Some(b"application/grpc"),
    };
    classify(&line, &[]).unwrap()
}

fn read(path: &str, message: &impl Message) -> Result<Named, Malformed> {
    let payload = message.encode_to_vec();
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let body = [&[0][..], &length, &payload].concat();
    let mut reader = BodyReader::new(&call(path).body, None, Reading::default());
    for byte in body {
        reader.push(&[byte])?;
    }
    reader.finish()?;
    Ok(reader.named().unwrap().clone())
}

fn names(path: &str, message: &impl Message, model: &str, version: Option<NamedVersion>) {
    let named = read(path, message).unwrap();
    assert_eq!(named.model.as_deref(), Some(model), "{path}");
    assert_eq!(named.version, version, "{path}");
    assert!(!named.is_contradictory, "{path}");
}

fn version(text: &str) -> Option<NamedVersion> {
    Some(NamedVersion::Version(text.to_owned()))
}

#[test]
fn open_inference_requests_name_model_and_version() {
    let service = |method: &str| format!("/inference.GRPCInferenceService/{method}");
    let infer = inference::ModelInferRequest {
        model_name: "m".to_owned(),
        model_version: "3".to_owned(),
        id: "no".to_owned(),
        raw_input_contents: vec![vec![0; 1000]],
        ..Default::default()
    };
    names(&service("ModelInfer"), &infer, "m", version("3"));
    names(&service("ModelStreamInfer"), &infer, "m", version("3"));
    let (name, text) = ("m".to_owned(), "v3".to_owned());
    let ready = inference::ModelReadyRequest { name: name.clone(), version: text.clone() };
    names(&service("ModelReady"), &ready, "m", version("v3"));
    let metadata = inference::ModelMetadataRequest { name, version: text };
    names(&service("ModelMetadata"), &metadata, "m", version("v3"));
}

#[test]
fn tensorflow_serving_requests_name_model_and_version_or_label() {
    let spec = |choice| tensorflow_serving::ModelSpec {
        name: "m".to_owned(),
        signature_name: "no".to_owned(),
        version_choice: choice,
    };
    let label = || Some(NamedVersion::Label("stable".to_owned()));
    let choices = [
        (None, None),
        (Some(VersionChoice::Version(7)), version("7")),
        (Some(VersionChoice::Version(0)), version("0")),
        (Some(VersionChoice::VersionLabel("stable".to_owned())), label()),
    ];
    for (choice, expected) in choices {
        let spec = Some(spec(choice));
        let service = |method: &str| format!("/tensorflow.serving.PredictionService/{method}");
        let predict = tensorflow_serving::PredictRequest {
            model_spec: spec.clone(),
            output_filter: vec!["no".to_owned()],
            ..Default::default()
        };
        names(&service("Predict"), &predict, "m", expected.clone());
        let classify = tensorflow_serving::ClassificationRequest {
            model_spec: spec.clone(),
            ..Default::default()
        };
        names(&service("Classify"), &classify, "m", expected.clone());
        let regress = tensorflow_serving::RegressionRequest {
            model_spec: spec.clone(),
            ..Default::default()
        };
        names(&service("Regress"), &regress, "m", expected.clone());
        let metadata = tensorflow_serving::GetModelMetadataRequest {
            model_spec: spec.clone(),
            ..Default::default()
        };
        names(&service("GetModelMetadata"), &metadata, "m", expected.clone());
        let status = tensorflow_serving::GetModelStatusRequest { model_spec: spec.clone() };
        let path = "/tensorflow.serving.ModelService/GetModelStatus";
        names(path, &status, "m", expected.clone());
        let task = tensorflow_serving::InferenceTask { model_spec: spec, ..Default::default() };
        let multi =
            tensorflow_serving::MultiInferenceRequest { tasks: vec![task], ..Default::default() };
        names(&service("MultiInference"), &multi, "m", expected);
    }
}

#[test]
fn tasks_that_name_different_models_are_refused() {
    let task = |name: &str| tensorflow_serving::InferenceTask {
        model_spec: Some(tensorflow_serving::ModelSpec {
            name: name.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let request = |names: [&str; 2]| tensorflow_serving::MultiInferenceRequest {
        tasks: names.map(task).to_vec(),
        ..Default::default()
    };
    let path = "/tensorflow.serving.PredictionService/MultiInference";
    assert!(read(path, &request(["a", "a"])).is_ok());
    let repeated = Malformed::Repeated(NamePart::Model);
    assert_eq!(read(path, &request(["a", "b"])), Err(repeated));
}

#[test]
fn the_prediction_service_names_the_model_behind_its_features() {
    let request =
        prediction::PredictRequest { features: vec![0.5; 300], model_name: "fraud".to_owned() };
    names("/prediction.PredictionService/Predict", &request, "fraud", None);
    assert_eq!(call("/prediction.PredictionService/HealthCheck").operation, Operation::Health);
}

#[test]
fn error_details_are_a_google_rpc_status() {
    use inference_api::dialect::Dialect;
    use inference_api::errors::{ErrorKind, status_details};
    use proto::google_rpc::{BadRequest, ErrorInfo, Status};

    let mut report = ErrorKind::InvalidArgument.report(Dialect::Grpc, "wrong shape");
    report.param = Some("inputs[0].shape");
    report.code = Some("shape_mismatch");
    let status = Status::decode(from_base64(&status_details(&report)).as_slice()).unwrap();
    assert_eq!((status.code, status.message.as_str()), (3, "wrong shape"));
    let [info, bad_request] = status.details.as_slice() else {
        panic!("not two details: {status:?}")
    };
    assert_eq!(info.type_url, "type.googleapis.com/google.rpc.ErrorInfo");
    let info = ErrorInfo::decode(info.value.as_slice()).unwrap();
    assert_eq!(info.reason, "SHAPE_MISMATCH");
    assert_eq!(bad_request.type_url, "type.googleapis.com/google.rpc.BadRequest");
    let bad_request = BadRequest::decode(bad_request.value.as_slice()).unwrap();
    let violation = bad_request.field_violations.first().unwrap();
    assert_eq!(violation.field, "inputs[0].shape");
    assert_eq!(violation.description, "wrong shape");
}

fn from_base64(text: &str) -> Vec<u8> {
    let alphabet: Vec<char> =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain("+/".chars()).collect();
    let place = |character| alphabet.iter().position(|known| *known == character).unwrap();
    let bits: String = text.chars().map(|character| format!("{:06b}", place(character))).collect();
    let (octets, _) = bits.as_bytes().as_chunks::<8>();
    octets
        .iter()
        .map(|octet| u8::from_str_radix(str::from_utf8(octet).unwrap(), 2).unwrap())
        .collect()
}
