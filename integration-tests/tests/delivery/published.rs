//! Resources of Kubernetes, held against the types that their authors publish.

use integration_tests::Manifest;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Sees to it that a value is of a type, and has nothing in it that the type doesn't know.
pub(crate) fn assert_is<T: DeserializeOwned>(value: &Value, what: &str) {
    let unknown = unknown_in::<T>(value).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(unknown.is_empty(), "{what} has unknown members: {unknown:?}");
}

/// Sees to it that all resources of a file are of the types to which `check` holds them.
pub(crate) fn assert_all(path: &str, kinds: &[&str], check: impl Fn(&Manifest)) {
    let manifests = Manifest::all_in(path);
    let found: Vec<&str> = manifests.iter().map(|manifest| manifest.kind.as_str()).collect();
    assert_eq!(found, kinds, "{path}");
    manifests.iter().for_each(check);
}

fn unknown_in<T: DeserializeOwned>(value: &Value) -> serde_json::Result<Vec<String>> {
    let mut unknown = Vec::new();
    let read: T = serde_ignored::deserialize(value, |path| unknown.push(path.to_string()))?;
    drop(read);
    Ok(unknown)
}

#[test]
fn a_member_that_a_type_does_not_know_is_found_wherever_it_stands() {
    use kcr_networking_istio_io::v1::virtualservices::VirtualServiceSpec;
    let matches = json!([{"uri": {"exact": "/", "is_new": true}}]);
    let service = json!({"hosts": ["*"], "http": [{"match": matches}]});
    let unknown = unknown_in::<VirtualServiceSpec>(&service).expect("its type");
    assert_eq!(unknown, ["http.?.0.match.?.0.uri.?.is_new"]);
}
