//! Every shipped resource is one that Envoy Gateway would take.
//!
//! Nobody publishes the types of its own group in Rust, so those are ours, after their
//! description (`gateway.envoyproxy.io` in its chart `gateway-crds-helm`, 2026), with the parts that we use.

use super::{BOOTSTRAP, POLICY, ROUTING};
use crate::published::{assert_all, assert_is};
use integration_tests::Manifest;
use kcr_gateway_networking_k8s_io::v1::httproutes::HttpRouteSpec;
use serde::Deserialize;
use serde_json::Value;

const OWN_GROUP: &str = "gateway.envoyproxy.io/v1alpha1";

#[test]
fn the_policy_is_of_its_type() {
    assert_all(POLICY, &["EnvoyExtensionPolicy"], |policy| {
        assert_eq!(policy.api_version, OWN_GROUP);
        assert_is::<EnvoyExtensionPolicy>(&policy.spec, &policy.kind);
    });
}

#[test]
fn the_route_is_of_its_type() {
    assert_all(ROUTING, &["HTTPRoute", "HTTPRouteFilter"], |manifest| {
        let Manifest { api_version, kind, spec, .. } = manifest;
        if kind == "HTTPRoute" {
            assert_eq!(api_version, "gateway.networking.k8s.io/v1");
            assert_is::<HttpRouteSpec>(spec, kind);
        } else {
            assert_eq!(api_version, OWN_GROUP);
            assert_is::<HttpRouteFilter>(spec, kind);
        }
    });
}

#[test]
fn the_bootstrap_is_of_its_type() {
    assert_all(BOOTSTRAP, &["EnvoyProxy"], |proxy| {
        assert_eq!(proxy.api_version, OWN_GROUP);
        assert_is::<EnvoyProxy>(&proxy.spec, &proxy.kind);
    });
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct EnvoyExtensionPolicy {
    target_refs: Vec<TargetRef>,
    wasm: Vec<Wasm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct TargetRef {
    group: String,
    kind: String,
    name: String,
    section_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct Wasm {
    name: Option<String>,
    #[serde(rename = "rootID")]
    root_id: Option<String>,
    code: Code,
    config: Option<Value>,
    fail_open: Option<bool>,
    env: Option<Environment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct Environment {
    host_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct Code {
    r#type: CodeType,
    image: Image,
    pull_policy: Option<PullPolicy>,
}

#[derive(Deserialize)]
enum CodeType {
    Image,
}

#[derive(Deserialize)]
enum PullPolicy {
    IfNotPresent,
    Always,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct Image {
    url: String,
    sha256: Option<String>,
    pull_secret_ref: Option<PullSecretRef>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct PullSecretRef {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct HttpRouteFilter {
    direct_response: DirectResponse,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct DirectResponse {
    content_type: Option<String>,
    body: Option<ResponseBody>,
    status_code: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct ResponseBody {
    r#type: BodyType,
    inline: Option<String>,
}

#[derive(Deserialize)]
enum BodyType {
    Inline,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct EnvoyProxy {
    bootstrap: Bootstrap,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct Bootstrap {
    r#type: BootstrapType,
    value: String,
}

#[derive(Deserialize)]
enum BootstrapType {
    Merge,
}
