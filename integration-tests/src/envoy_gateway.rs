//! What Envoy Gateway makes of its resources for the Envoys that it configures, as far as the
//! shipped ones go.
//!
//! Source: Envoy Gateway's `internal/xds/translator/wasm.go` and
//! `internal/gatewayapi/envoyextensionpolicy.go`, and the Gateway API's reference of `HTTPRoute`.

use crate::manifest::{Manifest, code_of, list, only, text};
use serde_json::{Map, Value, json};
use std::cmp::Reverse;

/// The HTTP filters that an `EnvoyExtensionPolicy` becomes, in the order of the chain. All of
/// them are off, but for requests whose route says otherwise: see [`routes`].
///
/// # Panics
/// When it says something that isn't understood here.
pub fn filters(policy: &Manifest) -> Vec<Value> {
    assert_eq!(policy.kind, "EnvoyExtensionPolicy");
    only(&policy.spec, &["targetRefs", "wasm"]);
    let names = filter_names(policy).into_iter();
    names.zip(list(&policy.spec, "/wasm")).map(|(name, wasm)| filter(&name, wasm)).collect()
}

/// The routes that an `HTTPRoute` becomes under that policy, with the filters on; and without
/// them what answers when no route matches. A backend is the cluster of its name.
///
/// # Panics
/// When it says something that isn't understood here.
pub fn routes(route: &Manifest, answers: &[Manifest], policy: &Manifest) -> Vec<Value> {
    assert_eq!(route.kind, "HTTPRoute");
    only(&route.spec, &["parentRefs", "rules"]);
    let on = json!({
        "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
        "config": {},
    });
    let enabled: Map<String, Value> =
        filter_names(policy).into_iter().map(|name| (name, on.clone())).collect();
    let rules = list(&route.spec, "/rules").iter();
    let mut matches: Vec<(&Value, &Value)> = rules
        .flat_map(|rule| list(rule, "/matches").iter().map(move |condition| (rule, condition)))
        .collect();
    matches.sort_by_key(|(_, condition)| Reverse(precedence(condition)));
    let routes = matches.into_iter().map(|(rule, condition)| {
        let mut route = settled(rule, answers);
        route["match"] = matched(condition);
        route["typed_per_filter_config"] = enabled.clone().into();
        route
    });
    let nothing = json!({"match": {"prefix": "/"}, "direct_response": {"status": 404}});
    routes.chain([nothing]).collect()
}

fn filter_names(policy: &Manifest) -> Vec<String> {
    let place = format!("{}/{}", policy.metadata.namespace, policy.metadata.name);
    let count = list(&policy.spec, "/wasm").len();
    let name =
        |position| format!("envoy.filters.http.wasm/envoyextensionpolicy/{place}/wasm/{position}");
    (0..count).map(name).collect()
}

fn filter(name: &str, wasm: &Value) -> Value {
    only(wasm, &["name", "code", "config"]);
    assert_eq!(text(wasm, "/code/type"), "Image");
    json!({
        "name": name,
        "disabled": true,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": text(wasm, "/name"),
                "vm_config": {
                    "vm_id": name.strip_prefix("envoy.filters.http.wasm/"),
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": code_of(text(wasm, "/code/image/url")),
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": wasm["config"].to_string(),
                },
            },
        },
    })
}

/// What counts first: an exact path, then the longest prefix, then the most headers.
fn precedence(condition: &Value) -> (bool, usize, usize) {
    let path = condition.pointer("/path/value").and_then(Value::as_str).unwrap_or("/");
    let is_exact = condition.pointer("/path/type").is_some_and(|kind| kind == "Exact");
    (is_exact, path.len(), list(condition, "/headers").len())
}

fn matched(condition: &Value) -> Value {
    only(condition, &["path", "headers"]);
    let mut matched = match &condition["path"] {
        Value::Null => json!({"prefix": "/"}),
        path if path["value"] == "/" => json!({"prefix": "/"}),
        path if path["type"] == "Exact" => json!({"path": path["value"]}),
        path => json!({"path_separated_prefix": path["value"]}),
    };
    let headers = list(condition, "/headers").iter();
    matched["headers"] = headers
        .map(|header| {
            only(header, &["name", "value"]);
            json!({"name": header["name"], "string_match": {"exact": header["value"]}})
        })
        .collect();
    matched
}

/// What becomes of a request that the rule takes.
fn settled(rule: &Value, answers: &[Manifest]) -> Value {
    only(rule, &["matches", "filters", "backendRefs"]);
    let mut route = json!({});
    if let [backend] = list(rule, "/backendRefs") {
        route["route"] = json!({"cluster": backend["name"]});
    }
    for filter in list(rule, "/filters") {
        match text(filter, "/type") {
            "RequestHeaderModifier" => {
                route["request_headers_to_remove"] =
                    filter["requestHeaderModifier"]["remove"].clone();
            }
            "ExtensionRef" => {
                let name = text(filter, "/extensionRef/name");
                let answer = answers.iter().find(|answer| answer.metadata.name == name);
                let response = &answer.expect("the filter that is named").spec["directResponse"];
                route["direct_response"] = json!({
                    "status": response["statusCode"],
                    "body": {"inline_string": response["body"]["inline"]},
                });
            }
            kind => panic!("not understood: {kind}"),
        }
    }
    route
}
