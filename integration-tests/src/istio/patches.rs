use crate::manifest::{Manifest, code_of, list, text};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A bootstrap with one listener, as these `EnvoyFilter`s change it. What they have discovered
/// lies in files of this directory: Istio would send it (ADS), with the images fetched by its agent.
///
/// # Panics
/// When they say something that isn't understood here.
pub fn patched(mut bootstrap: Value, filters: &[Manifest], directory: &Path) -> Value {
    let mut filters: Vec<&Manifest> = filters.iter().collect();
    // The lowest priority is applied first; 0 where there is none.
    filters.sort_by_key(|filter| filter.spec["priority"].as_i64().unwrap_or(0));
    let patches = filters.iter().flat_map(|filter| list(&filter.spec, "/configPatches"));
    for patch in patches {
        apply(patch, &mut bootstrap, directory);
    }
    bootstrap
}

/// One message merged into another, as protobuf does it: objects member by member, lists one
/// behind the other, all else replaced.
pub fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.as_str()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(from)) => into.extend(from.iter().cloned()),
        (into, from) => from.clone_into(into),
    }
}

fn apply(patch: &Value, bootstrap: &mut Value, directory: &Path) {
    assert_eq!(text(patch, "/match/context"), "GATEWAY");
    let value = &patch["patch"]["value"];
    let listener = &mut bootstrap["static_resources"]["listeners"][0];
    let chain = "/match/listener/filterChain/filter";
    let network_filter = |listener| {
        let name = text(patch, &format!("{chain}/name"));
        named(listener, "/filter_chains/0/filters", name)
    };
    match (text(patch, "/applyTo"), text(patch, "/patch/operation")) {
        ("LISTENER", "MERGE") => merge(listener, value),
        ("NETWORK_FILTER", "MERGE") => merge(network_filter(listener).1, value),
        ("HTTP_FILTER", "INSERT_BEFORE") => {
            let manager = &mut network_filter(listener).1["typed_config"];
            let successor = text(patch, &format!("{chain}/subFilter/name"));
            let (position, _) = named(manager, "/http_filters", successor);
            let filters = manager["http_filters"].as_array_mut().expect("a chain");
            filters.insert(position, discovered_in(directory, value));
        }
        ("EXTENSION_CONFIG", "ADD") => write(value, directory),
        other => panic!("not understood: {other:?}"),
    }
}

/// The element of that name in a list, and where it stands.
fn named<'v>(value: &'v mut Value, list: &str, name: &str) -> (usize, &'v mut Value) {
    let elements = value.pointer_mut(list).and_then(Value::as_array_mut).expect("a list");
    let found = elements.iter_mut().enumerate().find(|(_, element)| element["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}"))
}

/// The filter, discovered in a file instead of by ADS.
fn discovered_in(directory: &Path, filter: &Value) -> Value {
    let mut filter = filter.clone();
    let source = filter.pointer_mut("/config_discovery/config_source").expect("a source");
    let source = source.as_object_mut().expect("an object");
    assert_eq!(source.remove("ads"), Some(json!({})));
    let path = directory.join(text(&filter, "/name"));
    filter["config_discovery"]["config_source"]["path_config_source"] = json!({"path": path});
    filter
}

/// What Envoy would be sent, with the image where the agent would have put it.
fn write(extension: &Value, directory: &Path) {
    let mut extension = extension.clone();
    extension["@type"] = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig".into();
    let code = "/typed_config/config/vm_config/code";
    let image = text(&extension, &format!("{code}/remote/http_uri/uri")).to_owned();
    *extension.pointer_mut(code).expect("code") = code_of(&image);
    let file = directory.join(text(&extension, "/name"));
    let response = json!({"version_info": "1", "resources": [extension]});
    fs::write(file, response.to_string()).expect("a file to write to");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_as_protobuf_does() {
        let mut into = json!({"a": {"b": 1, "c": 2}, "d": [1], "e": "old"});
        merge(&mut into, &json!({"a": {"c": 3}, "d": [2], "e": "new", "f": {"g": [4]}}));
        let merged = json!({"a": {"b": 1, "c": 3}, "d": [1, 2], "e": "new", "f": {"g": [4]}});
        assert_eq!(into, merged);
    }
}
