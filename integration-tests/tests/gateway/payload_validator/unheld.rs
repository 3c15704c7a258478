//! Hosts that can't hold a request's headers back, as under Istio's
//! `WasmPlugin`: everything goes by while it is checked, and nothing hangs.

use super::refusal::refused;
use super::requests::{ROW, iris, predict, rest_tensor, scores};
use super::{Call, Client, Gateway, Reply, Stand, chat, json, validator};
use integration_tests::{WasmFilter, validate};
use serde_json::Value;

async fn stand(contracts: &[Value]) -> Stand {
    let config = json!({
        "hold_up_to_bytes": 0,
        "beyond_hold": "stream",
        "limits": {"max_body_bytes": 10_000_000},
        "contracts": contracts,
    });
    // A Struct, so all numbers are doubles; and headers that are not held.
    let filter =
        WasmFilter::named("payload-validator").configured_by_struct(&config).without_held_headers();
    Stand::with_filter(&filter, |_| Reply::Echo).await
}

async fn for_all() -> Stand {
    stand(&[json!({"generative": {"max_tokens": 100}}), iris(), scores()]).await
}

/// Sends a call that is refused, and checks that the model server never has all
/// of it.
async fn check_never_whole(stand: &Stand, client: &mut Client, call: Call, rule: &str) {
    stand.server.forget();
    let answer = client.send(call).await;
    let reason = answer.header_text("x-inference-rejected");
    assert_eq!(reason, Some(format!("payload-validator;{rule}")), "{answer:?}");
    assert!(!stand.has_a_whole_request(), "{rule}: the model server has all of it");
}

fn long_chat(max_tokens: u32) -> Call {
    let content = "x".repeat(3 << 20);
    Call::post("/v1/chat/completions").header("content-type", "application/json").body(format!(
        r#"{{"messages": [{{"role": "user", "content": "{content}"}}], "max_tokens": {max_tokens}}}"#
    ))
}

/// The call with its body in a few pieces, without a content-length.
fn in_pieces(call: &Call) -> Call {
    let body = call.body_bytes();
    let (third, length) = (body.len() / 3, body.len());
    call.clone().pieces([
        body.slice(..third),
        body.slice(third..2 * third),
        body.slice(2 * third..length),
    ])
}

#[tokio::test]
async fn what_is_within_its_contract_passes_unchanged() {
    let stand = for_all().await;
    for mut client in stand.clients().await {
        for call in [chat(&json!({"max_tokens": 100})), rest_tensor(&json!({})), long_chat(100)] {
            stand.assert_passes(&mut client, call.clone()).await;
            stand.assert_passes(&mut client, in_pieces(&call)).await;
            stand.assert_passes(&mut client, call.trailer("x-end", "of it")).await;
        }
        stand.assert_passes(&mut client, Call::get("/v1/models")).await;
    }
    let mut client = stand.gateway.http2().await;
    stand.assert_passes(&mut client, predict(&ROW)).await;
    stand.assert_passes(&mut client, in_pieces(&predict(&ROW))).await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_cut_off() {
    let stand = for_all().await;
    for mut client in stand.clients().await {
        for (call, rule) in [
            (chat(&json!({"max_tokens": 101})), "max_tokens"),
            (rest_tensor(&json!({"shape": [1, 5]})), "tensor_protocol"),
            (long_chat(101), "max_tokens"),
        ] {
            check_never_whole(&stand, &mut client, call.clone(), rule).await;
            check_never_whole(&stand, &mut client, in_pieces(&call), rule).await;
            check_never_whole(&stand, &mut client, call.trailer("x-end", "of it"), rule).await;
        }
    }
    let mut client = stand.gateway.http2().await;
    for call in [predict(&[f32::NAN; 4]), in_pieces(&predict(&[f32::NAN; 4]))] {
        check_never_whole(&stand, &mut client, call, "tensor_finite").await;
    }
}

#[tokio::test]
async fn what_shows_at_the_end_only_is_cut_off() {
    let stand = for_all().await;
    for mut client in stand.clients().await {
        for body in ["", "{", r#"{"max_tokens": 1"#, r#"{"max_tokens": 1}"#] {
            let call = || Call::post("/v1/chat/completions");
            let rule = if body.ends_with('}') { "required" } else { "malformed" };
            check_never_whole(&stand, &mut client, call().body(body), rule).await;
            check_never_whole(&stand, &mut client, call().pieces([body.into()]), rule).await;
        }
    }
}

#[tokio::test]
async fn headers_are_refused_before_anything_goes_on() {
    let stand = for_all().await;
    let admin = || Call::post("/v2/repository/models/iris/load").body("{}");
    let zipped = || chat(&json!({})).header("content-encoding", "gzip");
    for mut client in stand.clients().await {
        let refusal = stand.refusal(&mut client, admin()).await;
        assert_eq!((refusal.status, &*refusal.rule), (403, "access"));
        let expected =
            refused(415, "content_encoding", ["content-encoding", "another one", "identity"]);
        stand.check(&mut client, zipped(), expected.as_ref()).await;
    }
}

#[tokio::test]
async fn answers_are_counted_and_nothing_hangs() {
    let mut contract = iris();
    contract["answers"] = json!({"outputs": []});
    let stand = stand(&[contract]).await;
    for mut client in stand.clients().await {
        stand.assert_passes(&mut client, rest_tensor(&json!({}))).await;
    }
    let answers = "inference_validator_answers_total";
    let labels = [("model", "iris"), ("version", "other")];
    stand.gateway.wait_for_metric(answers, &labels, |count| count == 2.0).await;
    // Requests are no answers: they have no outputs.
    let labels = [("model", "iris"), ("mode", "count"), ("rule", "malformed")];
    let bad = "inference_validator_bad_answers_total";
    stand.gateway.wait_for_metric(bad, &labels, |count| count == 2.0).await;
}

#[test]
fn a_configuration_that_would_hang_is_refused() {
    let config = json!({
        "hold_up_to_bytes": 0,
        "beyond_hold": "refuse",
        "contracts": [{"answers": {"on_violation": "replace"}}],
    });
    let validation = validate(&Gateway::builder().wasm(&validator(&config)));
    assert!(!validation.accepted, "accepted");
    for problem in [
        "hold_up_to_bytes: is 0, which goes with",
        "contracts[0].answers.on_violation: is \"replace\"",
    ] {
        assert!(validation.log.contains(problem), "no `{problem}` in\n{}", validation.log);
    }
}
