//! What Kubernetes is told: the resources in a shipped file.

use crate::envoy::{dist, repository};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// A resource of Kubernetes. There is nothing in it beside these members.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// Group and version, such as `networking.istio.io/v1`.
    pub api_version: String,
    /// Such as `VirtualService`.
    pub kind: String,
    /// What it is called.
    pub metadata: Metadata,
    /// What it says, if its kind says it here.
    #[serde(default)]
    pub spec: Value,
    /// What a ConfigMap says.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
}

/// What a resource is called.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Its name, unique among those of its kind and namespace.
    pub name: String,
    /// The namespace that it is in.
    pub namespace: String,
}

impl Manifest {
    /// All resources in the file with this path in the repository.
    ///
    /// # Panics
    /// When it isn't there, or has something else in it.
    pub fn all_in(path: &str) -> Vec<Self> {
        let text = fs::read_to_string(repository().join(path))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        yaml_serde::Deserializer::from_str(&text)
            .map(|document| {
                Self::deserialize(document).unwrap_or_else(|error| panic!("{path}: {error}"))
            })
            .collect()
    }

    /// Those of a kind in the file with this path in the repository.
    ///
    /// # Panics
    /// When there are none.
    pub fn all_of(kind: &str, path: &str) -> Vec<Self> {
        let found: Vec<Self> =
            Self::all_in(path).into_iter().filter(|manifest| manifest.kind == kind).collect();
        assert!(!found.is_empty(), "{path}: no {kind}");
        found
    }

    /// The resource of this kind in the file with this path in the repository.
    ///
    /// # Panics
    /// When there isn't exactly one.
    pub fn one_of(kind: &str, path: &str) -> Self {
        let mut found = Self::all_of(kind, path);
        assert_eq!(found.len(), 1, "{path}: {kind}");
        found.remove(0)
    }
}

/// Where Envoy finds the module that an image has: what a mesh fetches from a registry, a test
/// finds where scripts/build has put it.
///
/// # Panics
/// When the image is none of ours.
pub(crate) fn code_of(image: &str) -> Value {
    let path = image.strip_prefix("oci://").unwrap_or(image);
    let reference = path.strip_prefix("registry.example.com/inference-filters/");
    let name = reference.and_then(|reference| reference.split_once(':'));
    let (name, tag) = name.unwrap_or_else(|| panic!("no image of ours: {image}"));
    assert_eq!(tag, env!("CARGO_PKG_VERSION"), "{image} is of another release");
    let module = dist().join(format!("{}.wasm", name.replace('-', "_")));
    assert!(module.is_file(), "no {}: run ./scripts/build", module.display());
    json!({"local": {"filename": module}})
}

/// The text of a member.
///
/// # Panics
/// When there is none.
pub(crate) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text {pointer} in {value}"))
}

/// The elements of a member. None if it isn't there.
pub(crate) fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Sees to it that an object has no other keys than these: what is not understood is not
/// passed over.
///
/// # Panics
/// When it has.
pub(crate) fn only(value: &Value, keys: &[&str]) {
    let mut found = value.as_object().expect("an object").keys();
    let other = found.find(|key| !keys.contains(&key.as_str()));
    assert_eq!(other, None, "not understood in {value}");
}
