//! Requests of the real contracts with other names in them: what a server
//! decodes is the same request but for these.

#![allow(clippy::panic, clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic_in_result_fn,
    clippy::unwrap_in_result,
    dead_code,
    unreachable_pub,
    reason = "the oracles of other tests"
)]

mod oracle;

use std::collections::HashMap;

use inference_api::dialect::{BodyIdentity, RequestLine, classify};
use inference_api::identity::{BodyReader, Limits, Named, Reading};
use oracle::rewriting::{framed, rewritten};
use proptest::collection::{hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use prost::Message;
use proto::inference::model_infer_request::InferInputTensor;
use proto::inference::{InferTensorContents, ModelInferRequest};
use proto::prediction;
use proto::tensorflow::{TensorProto, TensorShapeProto, tensor_shape_proto::Dim};
use proto::tensorflow_serving::model_spec::VersionChoice;
use proto::tensorflow_serving::{InferenceTask, ModelSpec, MultiInferenceRequest, PredictRequest};

const INFER: &str = "/inference.GRPCInferenceService/ModelInfer";
const PREDICT: &str = "/tensorflow.serving.PredictionService/Predict";
const MULTI: &str = "/tensorflow.serving.PredictionService/MultiInference";
const FEATURES: &str = "/prediction.PredictionService/Predict";

fn identity(path: &str) -> BodyIdentity {
    let (method, content_type) = (&b"POST"[..], Some(&b"application/grpc"[..]));
    classify(&RequestLine { method, path: path.as_bytes(), content_type }, &[]).unwrap().body
}

/// What the request names, decided at its end or before it.
fn named(path: &str, body: &[u8], whole_message_bytes: u64) -> Named {
    let limits = Limits { whole_message_bytes, ..Limits::default() };
    let reading = Reading { limits, ..Reading::default() };
    let mut reader = BodyReader::new(&identity(path), None, reading);
    for byte in body {
        reader.push(&[*byte]).unwrap();
        if reader.named().is_some() {
            reader.forbid_repeats().unwrap();
        }
    }
    reader.finish().unwrap();
    reader.named().unwrap().clone()
}

/// The request as a server decodes it that is given these names.
fn served<M: Message + Default>(path: &str, request: &M, model: &str, version: Option<&str>) -> M {
    let body = framed(&request.encode_to_vec());
    let decided_late = named(path, &body, u64::MAX).place.unwrap();
    let message = rewritten(&body, &decided_late, model, version);
    if let Some(decided_early) = named(path, &body, 0).place {
        assert_eq!(rewritten(&body, &decided_early, model, version), message);
    }
    M::decode(&*message).unwrap()
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,20}", "[a-z]{110,140}", "[a-zé€]{1,8}"]
}

fn version() -> impl Strategy<Value = String> {
    prop_oneof![any::<i64>().prop_map(|version| version.to_string()), name()]
}

fn choice() -> impl Strategy<Value = Option<VersionChoice>> {
    option::of(prop_oneof![
        any::<i64>().prop_map(VersionChoice::Version),
        name().prop_map(VersionChoice::VersionLabel),
    ])
}

fn chosen(version: &str) -> VersionChoice {
    match version.parse() {
        Ok(number) => VersionChoice::Version(number),
        Err(_) => VersionChoice::VersionLabel(version.to_owned()),
    }
}

fn spec() -> impl Strategy<Value = ModelSpec> {
    (name(), choice(), "[a-z]{0,20}").prop_map(|(name, version_choice, signature_name)| ModelSpec {
        name,
        version_choice,
        signature_name,
    })
}

/// The spec with these names.
fn with_names(spec: &ModelSpec, model: &str, version: Option<&str>) -> ModelSpec {
    let served = version.filter(|_| spec.version_choice.is_some()).map(chosen);
    ModelSpec {
        name: model.to_owned(),
        version_choice: served.or(spec.version_choice.clone()),
        ..spec.clone()
    }
}

fn tensor() -> impl Strategy<Value = TensorProto> {
    (vec(0..9_i64, 0..4), vec(any::<f32>().prop_filter("is itself", |it| !it.is_nan()), 0..99))
        .prop_map(|(sizes, float_val)| {
            let dim = sizes.into_iter().map(|size| Dim { size, ..Default::default() }).collect();
            let tensor_shape = Some(TensorShapeProto { dim, ..Default::default() });
            TensorProto { dtype: 1, tensor_shape, float_val, ..Default::default() }
        })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_open_inference_request(
        names in (name(), option::of(name()), "[a-z]{0,30}"),
        inputs in vec(("[a-z]{1,9}", vec(1..9_i64, 0..4), vec(any::<i64>(), 0..40)), 0..4),
        raw_input_contents in vec(vec(any::<u8>(), 0..300), 0..4),
        model in name(),
        version in option::of(version()),
    ) {
        let inputs = inputs.into_iter().map(|(name, shape, int64_contents)| InferInputTensor {
            name,
            shape,
            contents: Some(InferTensorContents { int64_contents, ..Default::default() }),
            ..Default::default()
        });
        let request = ModelInferRequest {
            model_name: names.0,
            model_version: names.1.clone().unwrap_or_default(),
            id: names.2,
            inputs: inputs.collect(),
            raw_input_contents,
            ..Default::default()
        };
        let expected = ModelInferRequest {
            model_name: model.clone(),
            model_version: names.1.map_or_else(String::new, |named| version.clone().unwrap_or(named)),
            ..request.clone()
        };
        prop_assert_eq!(served(INFER, &request, &model, version.as_deref()), expected);
    }

    #[test]
    fn a_tensorflow_serving_request(
        spec in spec(),
        inputs in hash_map("[a-z]{1,9}", tensor(), 0..3),
        model in name(),
        version in option::of(version()),
    ) {
        let expected = with_names(&spec, &model, version.as_deref());
        let request = |spec, inputs: &HashMap<String, TensorProto>| PredictRequest {
            model_spec: Some(spec),
            inputs: inputs.clone(),
            output_filter: vec!["scores".to_owned()],
        };
        let served = served(PREDICT, &request(spec, &inputs), &model, version.as_deref());
        prop_assert_eq!(served, request(expected, &inputs));
    }

    #[test]
    fn a_request_of_several_tasks(
        spec in spec(),
        methods in vec("[a-z]{0,20}", 1..16),
        model in name(),
        version in option::of(version()),
    ) {
        let request = |spec: &ModelSpec| MultiInferenceRequest {
            tasks: methods
                .iter()
                .map(|method_name| InferenceTask {
                    model_spec: Some(spec.clone()),
                    method_name: method_name.clone(),
                })
                .collect(),
            ..Default::default()
        };
        let expected = request(&with_names(&spec, &model, version.as_deref()));
        prop_assert_eq!(served(MULTI, &request(&spec), &model, version.as_deref()), expected);
    }

    #[test]
    fn a_request_that_names_its_model_behind_its_features(
        features in vec(-1.0..1.0_f32, 0..300),
        model_name in name(),
        model in name(),
    ) {
        let request = prediction::PredictRequest { features, model_name };
        let expected = prediction::PredictRequest { model_name: model.clone(), ..request.clone() };
        prop_assert_eq!(served(FEATURES, &request, &model, Some("7")), expected);
    }
}
