//! What shows in headers, and how much there is of anything.

use super::refusal::{Refusal, refused};
use super::requests::{INFER, ROW, infer, iris, predict, typed};
use super::{Call, Client, Stand, chat, json};
use proto::inference::ModelInferRequest;
use serde_json::Value;

/// `{}`, as gzip stores it.
const ZIPPED: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x02\0\xfd\xff{}\x43\xbf\xa6\xa3\x02\0\0\0";

async fn limited(limits: Value) -> Stand {
    Stand::new(&json!({"limits": limits})).await
}

fn admin_calls() -> Vec<Call> {
    vec![
        Call::post("/v2/repository/models/demo/load").body("{}"),
        Call::post("/v2/repository/models/demo/unload").body("{}"),
        Call::post("/v2/systemsharedmemory/region/x/register").body("{}"),
        Call::get("/metrics"),
        Call::post("/invocations").body("{}"),
    ]
}

fn admin_methods() -> Vec<Call> {
    ["RepositoryModelLoad", "SystemSharedMemoryRegister", "TraceSetting", "LogSettings"]
        .map(|method| Call::grpc_bytes(&format!("/inference.GRPCInferenceService/{method}"), b""))
        .into()
}

#[tokio::test]
async fn administration_is_closed() {
    let stand = Stand::new(&json!({})).await;
    for mut client in stand.clients().await {
        for call in admin_calls() {
            let path = call.path().to_owned();
            let refusal = stand.refusal(&mut client, call).await;
            assert_eq!((refusal.status, &*refusal.rule), (403, "access"), "{path}");
            assert_eq!(refusal.found, "a call that administers the model server");
        }
    }
    let mut client = stand.gateway.http2().await;
    for call in admin_methods() {
        let refusal = stand.refusal(&mut client, call).await;
        assert_eq!((refusal.status, &*refusal.rule), (7, "access"));
    }
    let labels = [("model", "other"), ("version", "other"), ("rule", "access")];
    let refused = "inference_validator_refused_total";
    stand.gateway.wait_for_metric(refused, &labels, |count| count == 14.0).await;
}

#[tokio::test]
async fn administration_can_be_opened() {
    let stand = Stand::new(&json!({"access": {"admin": "open"}})).await;
    for mut client in stand.clients().await {
        for call in admin_calls() {
            stand.assert_passes(&mut client, call).await;
        }
    }
    let mut client = stand.gateway.http2().await;
    for call in admin_methods() {
        stand.assert_passes(&mut client, call).await;
    }
}

#[tokio::test]
async fn what_is_not_listed_is_closed() {
    let stand = Stand::new(&json!({"access": {
        "only": ["/v1/*", INFER], "never": ["/v1/embeddings"],
    }}))
    .await;
    for mut client in stand.clients().await {
        stand.assert_passes(&mut client, chat(&json!({}))).await;
        stand.assert_passes(&mut client, Call::get("/v1/models?x=1")).await;
        for path in ["/v1/embeddings", "/v1/embeddings?a", "/v2/models/x/infer", "/"] {
            let expected = refused(
                403,
                "access",
                [
                    ":path",
                    "a path that is not open here",
                    "paths and methods that are open to clients",
                ],
            );
            stand.check(&mut client, Call::post(path).body("{}"), expected.as_ref()).await;
        }
    }
    let mut client = stand.gateway.http2().await;
    stand.assert_passes(&mut client, infer(vec![])).await;
    assert_eq!(stand.refusal(&mut client, predict(&ROW)).await.status, 7);
}

#[tokio::test]
async fn a_path_of_two_readings_is_refused() {
    let stand = Stand::new(&json!({})).await;
    for mut client in stand.clients().await {
        for path in [
            "/v2/models/iris%2Finfer",
            "/v2/%73ystemsharedmemory/region/x/register",
            "/v1/embedding%73",
        ] {
            let refusal = stand.refusal(&mut client, Call::post(path).body("{}")).await;
            let told = (refusal.status, &*refusal.rule, &*refusal.field);
            assert_eq!(told, (400, "malformed", ":path"), "{path}");
        }
    }
}

#[tokio::test]
async fn content_types_are_limited_to_those_that_are_accepted() {
    let stand = limited(json!({"content_types": ["application/json"]})).await;
    let typed_as = |content_type: &str| {
        Call::post("/v1/completions").header("content-type", content_type).body("{}")
    };
    for mut client in stand.clients().await {
        for good in ["application/json", "Application/JSON; charset=utf-8"] {
            stand.assert_passes(&mut client, typed_as(good)).await;
        }
        let told =
            |found| refused(415, "content_type", ["content-type", found, "application/json"]);
        for bad in ["text/plain", "application/jsonp", "text/plain; application/json"] {
            stand.check(&mut client, typed_as(bad), told("another one").as_ref()).await;
        }
        let none = Call::post("/v1/completions").body("{}");
        stand.check(&mut client, none, told("none").as_ref()).await;
        stand.assert_passes(&mut client, Call::get("/v1/models")).await;
    }
    let mut client = stand.gateway.http2().await;
    stand.assert_passes(&mut client, predict(&ROW)).await;
}

fn zipped() -> Call {
    Call::post("/v2/models/iris/infer").header("content-encoding", "gzip").body(ZIPPED)
}

#[tokio::test]
async fn a_compressed_body_is_refused_whose_encoding_is_not_accepted() {
    let stand = Stand::new(&json!({})).await;
    for mut client in stand.clients().await {
        let told = ["content-encoding", "another one", "identity"];
        let expected = refused(415, "content_encoding", told);
        stand.check(&mut client, zipped(), expected.as_ref()).await;
        let plain = chat(&json!({})).header("content-encoding", "identity");
        stand.assert_passes(&mut client, plain).await;
    }
    let mut client = stand.gateway.http2().await;
    let grpc = infer(vec![]).header("content-encoding", "gzip");
    assert_eq!(stand.refusal(&mut client, grpc).await.status, 12);
}

#[tokio::test]
async fn a_compressed_body_under_a_contract_fares_as_configured() {
    let config = |on_fault: &str| {
        json!({
            "limits": {"content_encodings": ["gzip"]}, "contracts": [iris()], "on_fault": on_fault,
        })
    };
    let denying = Stand::new(&config("deny")).await;
    let allowing = Stand::new(&config("allow")).await;
    for mut client in denying.clients().await {
        let told = ["", "a compressed body", "a body without an encoding"];
        let expected = refused(415, "unreadable", told);
        denying.check(&mut client, zipped(), expected.as_ref()).await;
        // Nothing is to be checked of other models.
        let other = Call::post("/v2/models/other/infer").header("content-encoding", "gzip");
        denying.assert_passes(&mut client, other.body(ZIPPED)).await;
    }
    for mut client in allowing.clients().await {
        allowing.assert_passes(&mut client, zipped()).await;
    }
    let labels = [("model", "iris"), ("version", "other")];
    let unchecked = "inference_validator_unchecked_total";
    allowing.gateway.wait_for_metric(unchecked, &labels, |count| count == 2.0).await;
    let log = allowing.gateway.access_log();
    log.wait_for("the fact", |entry| entry["validation"] == "unchecked:unreadable").await;
}

#[tokio::test]
async fn a_compressed_message_under_a_contract_fares_as_configured() {
    let call = || {
        Call::post(INFER)
            .header("content-type", "application/grpc")
            .header("grpc-encoding", "gzip")
            .header("x-model-name", "iris")
            .body([&[1, 0, 0, 0, 25][..], ZIPPED].concat())
    };
    let denying = Stand::with_contract(&iris()).await;
    let mut client = denying.gateway.http2().await;
    let told = ["", "a compressed message", "messages without compression"];
    denying.check(&mut client, call(), refused(3, "unreadable", told).as_ref()).await;
    let allowing = Stand::new(&json!({"contracts": [iris()], "on_fault": "allow"})).await;
    let mut client = allowing.gateway.http2().await;
    allowing.assert_passes(&mut client, call()).await;
    allowing.assert_passes(&mut client, infer(vec![typed(&[1, 4], &ROW)])).await;
    let labels = [("model", "iris"), ("version", "other")];
    let unchecked = "inference_validator_unchecked_total";
    allowing.gateway.wait_for_metric(unchecked, &labels, |count| count == 1.0).await;
}

#[tokio::test]
async fn headers_are_counted() {
    let stand = limited(json!({"max_headers": 20, "max_header_bytes": 2000})).await;
    for mut client in stand.clients().await {
        stand.assert_passes(&mut client, chat(&json!({}))).await;
        let many =
            (0..20).fold(chat(&json!({})), |call, number| call.header(&format!("x-{number}"), "y"));
        let refusal = stand.refusal(&mut client, many).await;
        assert_eq!((refusal.status, &*refusal.rule), (400, "header_count"));
        assert_eq!(refusal.allowed, "at most 20");
        let long = chat(&json!({})).header("x-long", "y".repeat(2000));
        let refusal = stand.refusal(&mut client, long).await;
        assert_eq!((refusal.status, &*refusal.rule), (400, "header_count"));
        assert_eq!(refusal.allowed, "at most 2000");
    }
}

#[tokio::test]
async fn bodies_have_a_greatest_length() {
    let stand = limited(json!({"max_body_bytes": 100})).await;
    let of = |length: usize| Call::post("/v1/completions").body("x".repeat(length));
    let told = ["", "a body of more than 100 bytes", "at most 100 bytes"];
    let expected = refused(413, "body_bytes", told);
    for mut client in stand.clients().await {
        stand.assert_passes(&mut client, of(100)).await;
        stand.check(&mut client, of(101), expected.as_ref()).await;
        let upload = Call::post("/upload").body("x".repeat(101));
        stand.check(&mut client, upload, expected.as_ref()).await;
        // Without a content-length, it shows at the end of what is allowed, and what is
        // only counted goes by until then.
        stand.assert_passes(&mut client, of(100).cut_at(50)).await;
        for call in [of(101).cut_at(50), of(101).cut_at(50).trailer("x-end", "y")] {
            assert_broken_off(&stand, &mut client, call, expected.as_ref()).await;
        }
    }
    let mut client = stand.gateway.http2().await;
    let expected = refused(8, "body_bytes", told);
    assert_broken_off(&stand, &mut client, predict(&[0.5; 40]), expected.as_ref()).await;
}

/// Sends a call of which the model server never gets the end.
async fn assert_broken_off(
    stand: &Stand,
    client: &mut Client,
    call: Call,
    expected: Option<&Refusal>,
) {
    stand.server.forget();
    let answer = client.send(call).await;
    assert_eq!(Some(&Refusal::of(&answer)), expected);
    assert!(!stand.has_a_whole_request(), "{answer:?}");
}

#[tokio::test]
async fn messages_have_a_greatest_length() {
    let stand = limited(json!({"max_message_bytes": 30})).await;
    let mut client = stand.gateway.http2().await;
    let of = |length: usize| {
        let message = ModelInferRequest { id: "x".repeat(length - 2), ..Default::default() };
        Call::grpc(INFER, &message)
    };
    stand.assert_passes(&mut client, of(30)).await;
    let told = ["", "a message of 31 bytes", "at most 30 bytes"];
    stand.check(&mut client, of(31), refused(8, "message_bytes", told).as_ref()).await;
}

#[tokio::test]
async fn json_has_a_greatest_depth_and_strings_a_greatest_length() {
    let stand = limited(json!({"max_json_depth": 3, "max_string_bytes": 8})).await;
    let of = |body: &str| Call::post("/v1/completions").body(body.to_owned());
    for mut client in stand.clients().await {
        stand.assert_passes(&mut client, of(r#"{"12345678": [[" 345678"]]}"#)).await;
        for (body, status, rule) in [
            ("{\"a\": [[[]]]}", 400, "json_depth"),
            (r#"{"a": "123456789"}"#, 422, "string_bytes"),
            (r#"{"123456789": 1}"#, 422, "string_bytes"),
            (r#"{"a": "\u0031234"}"#, 422, "string_bytes"),
        ] {
            let refusal = stand.refusal(&mut client, of(body)).await;
            assert_eq!((refusal.status, &*refusal.rule), (status, rule), "{body}");
        }
    }
}

#[tokio::test]
async fn a_million_brackets_are_refused() {
    let stand = Stand::new(&json!({"contracts": [{"json_schema": {}}]})).await;
    for mut client in stand.clients().await {
        let call = Call::post("/v1/completions").body("[".repeat(1_000_000));
        assert_eq!(stand.refusal(&mut client, call).await.rule, "json_depth");
    }
}
