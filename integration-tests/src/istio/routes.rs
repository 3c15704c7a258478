use crate::manifest::{Manifest, list, only, text};
use serde_json::{Value, json};

/// The routes that a `VirtualService` becomes, and what answers when none of them matches. A
/// subset of a host is the cluster `outbound|PORT|SUBSET|HOST`.
///
/// # Panics
/// When it says something that isn't understood here.
pub fn routes(service: &Manifest) -> Vec<Value> {
    assert_eq!(service.kind, "VirtualService");
    only(&service.spec, &["gateways", "hosts", "http"]);
    let rules = list(&service.spec, "/http").iter();
    // Rules are tried in their order, and a rule's conditions are alternatives.
    let routes = rules.flat_map(|rule| {
        only(rule, &["name", "match", "headers", "route"]);
        list(rule, "/match").iter().map(|condition| route(rule, condition))
    });
    let nothing = json!({"match": {"prefix": "/"}, "direct_response": {"status": 404}});
    routes.chain([nothing]).collect()
}

fn route(rule: &Value, condition: &Value) -> Value {
    let [destination] = list(rule, "/route") else { panic!("not one destination: {rule}") };
    only(destination, &["destination"]);
    let destination = &destination["destination"];
    only(destination, &["host", "port", "subset"]);
    let cluster = format!(
        "outbound|{}|{}|{}",
        destination["port"]["number"],
        text(destination, "/subset"),
        text(destination, "/host")
    );
    json!({
        "match": matched(condition),
        "request_headers_to_remove": list(rule, "/headers/request/remove"),
        "route": {"cluster": cluster, "timeout": "0s"},
    })
}

fn matched(condition: &Value) -> Value {
    only(condition, &["uri", "headers"]);
    let mut matched = match &condition["uri"] {
        Value::Null => json!({"prefix": "/"}),
        uri if uri.get("exact").is_some() => json!({"path": text(uri, "/exact")}),
        uri => json!({"prefix": text(uri, "/prefix")}),
    };
    let headers = condition["headers"].as_object().into_iter().flatten();
    matched["headers"] = headers
        .map(|(name, value)| json!({"name": name, "string_match": {"exact": value["exact"]}}))
        .collect();
    matched
}
