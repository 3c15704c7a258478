//! How much requests and answers bring.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Batch, elements and characters, as far as they are recorded; images.
fn brought(trial: Trial) -> ([Option<u64>; 3], i64) {
    let record = recorded(trial.answered(JSON, "{}"), models());
    let one = |row| match values(&record, row).as_slice() {
        [] => None,
        [one] => Some(*one),
        more => panic!("{more:?}"),
    };
    let sizes = [&table::BATCH_SIZE, &table::TENSOR_ELEMENTS, &table::PROMPT_CHARACTERS].map(one);
    (sizes, sum(&record, &table::IMAGES))
}

fn post(path: &str, body: &str) -> Trial {
    Trial::of("POST", path).body(body)
}

/// A `ModelInferRequest` with one input of this shape, without data.
fn infer_message(shape: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| [u8::try_from(bytes.len()).unwrap()];
    let tensor = [b"\x0a\x01x\x12\x04FP32\x1a", &length(shape)[..], shape].concat();
    [b"\x0a\x01m\x2a", &length(&tensor)[..], &tensor].concat()
}

#[test]
fn prompts_are_measured_in_characters_and_images() {
    let image = r#"{"type":"image_url","image_url":{"url":"data:"}}"#;
    let text = r#"{"type":"text","text":"Größe"}"#;
    let parts = format!(r#"{{"messages":[{{"content":[{text},{image},{image}]}}]}}"#);
    let claude =
        r#"{"messages":[{"content":[{"type":"image","source":{}},{"type":"text","text":"ab"}]}]}"#;
    for (trial, rows, characters, images) in [
        (post("/v1/chat/completions", &parts), 1, 5, 2),
        (post("/v1/messages", claude), 1, 2, 1),
        (post("/v1/completions", r#"{"prompt":["ab","c"]}"#), 2, 3, 0),
        (post("/v1/embeddings", r#"{"input":["a","b","c"]}"#), 3, 3, 0),
        (post("/v1/responses", r#"{"input":"\u00e9\n"}"#), 1, 2, 0),
        (post("/v2/models/demo/generate", r#"{"text_input":"abc"}"#), 1, 3, 0),
        (post("/v2/models/demo/generate_stream", r#"{"text_input":"abc"}"#), 1, 3, 0),
    ] {
        let expected = ([Some(rows), None, Some(characters)], images);
        for trial in [trial.clone(), trial.clone().cut_at_every(1), trial.clone().with_trailers()] {
            assert_eq!(brought(trial.clone()), expected, "{trial:?}");
        }
    }
}

#[test]
fn tensors_are_measured_in_rows_and_elements() {
    let infer = r#"{"inputs":[{"name":"x","datatype":"FP32","shape":[2,3],"data":[1,2,3,4,5,6]},
        {"name":"y","datatype":"INT64","shape":[4],"data":[1,2,3,4]}]}"#;
    let binary = r#"{"inputs":[{"name":"x","datatype":"FP32","shape":[2,3],
        "parameters":{"binary_data_size":24}}]}"#;
    let tensorflow = b"\x12\x23\x0a\x01x\x12\x1e\x08\x01\x12\x08\x12\x02\x08\x02\x12\x02\x08\x03\
        \x2a\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let with_binary = Trial::of("POST", "/v2/models/demo/infer")
        .header("inference-header-content-length", binary.len().to_string())
        .body([binary.as_bytes(), &[0; 24]].concat());
    let predict = "/tensorflow.serving.PredictionService/Predict";
    for (trial, rows, elements) in [
        (post("/v2/models/demo/infer", infer), 2, 10),
        (with_binary, 2, 6),
        (post("/v1/models/demo:predict", r#"{"instances":[[1,2],[3,4],[5,6]]}"#), 3, 6),
        (Trial::grpc("/inference.GRPCInferenceService/ModelInfer", &infer_message(&[5, 3])), 5, 15),
        (Trial::grpc(predict, tensorflow), 2, 4),
        (
            Trial::grpc(
                "/prediction.PredictionService/Predict",
                b"\x0a\x08\0\0\0\0\0\0\0\0\x12\x01m",
            ),
            1,
            2,
        ),
    ] {
        let expected = ([Some(rows), Some(elements), None], 0);
        for trial in [trial.clone(), trial.clone().cut_at_every(1), trial.clone().with_trailers()] {
            assert_eq!(brought(trial.clone()), expected, "{trial:?}");
        }
    }
}

#[test]
fn the_messages_of_a_stream_add_up() {
    let path = "/inference.GRPCInferenceService/ModelStreamInfer";
    let frames = [5, 2].map(|rows| filter_kit::trial::grpc_frame(&infer_message(&[rows, 3])));
    let trial = Trial::of("POST", path).header("content-type", "application/grpc");
    for cut in [1, 7, usize::MAX] {
        let trial = trial.clone().body(frames.concat()).cut_at_every(cut);
        assert_eq!(brought(trial), ([Some(7), Some(21), None], 0), "{cut}");
    }
}

#[test]
fn what_is_malformed_brings_nothing_but_its_length() {
    for (path, body) in [
        ("/v1/chat/completions", r#"{"messages":[{"content":"abc"}]"#),
        ("/v1/chat/completions", r#"{"messages":[}"#),
        ("/v2/models/demo/infer", r#"{"inputs":"#),
    ] {
        let record = recorded(post(path, body).answered(JSON, "{}"), models());
        let length = u64::try_from(body.len()).unwrap();
        assert_eq!(values(&record, &table::REQUEST_BYTES), [length], "{body}");
        assert_eq!(brought(post(path, body)), ([None; 3], 0), "{body}");
    }
}

#[test]
fn bodies_that_are_read_are_as_long_as_they_were_seen() {
    let answer = r#"{"choices":[]}"#;
    let trial = post("/v1/chat/completions", "{}").header("content-length", "99");
    let known = Told { request_bytes: Some(77), response_bytes: Some(88), ..Told::default() };
    let record = recorded(trial.answered(JSON, answer).known(known), models());
    assert_eq!(values(&record, &table::REQUEST_BYTES), [2]);
    assert_eq!(values(&record, &table::RESPONSE_BYTES), [14]);
}

#[test]
fn bodies_that_are_not_read_are_as_long_as_envoy_says() {
    let unread = || Trial::of("POST", "/v1/audio/speech").body("{}");
    let mut config = models();
    config["model_from"] = json!("router");
    let known = Told { request_bytes: Some(77), response_bytes: Some(88), ..Told::default() };
    let record = recorded(unread().answered("audio/mpeg", "abc").known(known), config.clone());
    assert_eq!(values(&record, &table::REQUEST_BYTES), [77]);
    assert_eq!(values(&record, &table::RESPONSE_BYTES), [88]);

    let record = recorded(unread().answered("audio/mpeg", "abc"), config.clone());
    assert_eq!(values(&record, &table::REQUEST_BYTES), [0; 0], "nobody knows");
    assert_eq!(values(&record, &table::RESPONSE_BYTES), [0; 0]);

    let announced = unread().header("content-length", "2").answered("audio/mpeg", "abc");
    let record = recorded(announced, config);
    assert_eq!(values(&record, &table::REQUEST_BYTES), [2]);
}

#[test]
fn a_request_without_a_body_has_a_length_of_zero() {
    for config in [models(), json!({})] {
        let answered = Trial::of("POST", "/v1/completions").answered(JSON, "{}");
        assert_eq!(values(&recorded(answered, config), &table::REQUEST_BYTES), [0]);
    }
}

#[test]
fn what_nobody_answered_has_no_length() {
    let announced = Trial::of("POST", "/v1/audio/speech").header("content-length", "99");
    for trial in [announced, chat()] {
        let record = recorded(trial.clone(), models());
        assert_eq!(values(&record, &table::REQUEST_BYTES), [0; 0], "{trial:?}");
        assert_eq!(values(&record, &table::RESPONSE_BYTES), [0; 0], "{trial:?}");
    }
}

#[test]
fn a_value_beyond_all_buckets_counts_as_twice_the_last_bound() {
    let announced = |length: &str| {
        let trial =
            Trial::of("POST", "/v1/audio/speech").body("a").header("content-length", length);
        let record = recorded(trial.answered("audio/mpeg", "abc"), json!({}));
        values(&record, &table::REQUEST_BYTES)
    };
    assert_eq!(announced("536870911"), [536_870_911]);
    assert_eq!(announced("536870913"), [536_870_912]);
    assert_eq!(announced("18446744073709551615"), [536_870_912]);
}

#[test]
fn nothing_is_read_in_requests_where_that_is_not_wanted() {
    let mut config = models();
    config["read_requests"] = json!(false);
    let record = recorded(chat().answered(JSON, "{}"), config);
    for row in [&table::BATCH_SIZE, &table::PROMPT_CHARACTERS] {
        assert_eq!(values(&record, row), [0; 0], "{}", row.metric.name);
    }
}
