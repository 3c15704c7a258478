//! Every configuration in envoy/, found by itself.

use integration_tests::{ShippedConfig, Validation, dist, repository};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_configuration_passes_validation() {
    let files = yaml_files(&repository().join("envoy"));
    assert!(files.len() > 1, "only {files:?}");
    // What Kubernetes reads is held against its own types, in `delivery`.
    let of_envoy = files.iter().filter(|file| !read(file).contains("\napiVersion: "));
    for file in of_envoy {
        let validation = validate(file);
        let name = file.display();
        assert!(validation.accepted, "{name}: {}", validation.log);
        for sign in ["deprecated", "[warning]", "[error]"] {
            let complaint = validation.log.lines().find(|line| line.contains(sign));
            assert_eq!(complaint, None, "{name}");
        }
    }
}

fn yaml_files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => yaml_files(&path),
            Some(kind) if kind == "yaml" => vec![path],
            _ => Vec::new(),
        })
        .collect()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).expect("text")
}

/// Asks Envoy about a file, with our modules and with the files beside it.
fn validate(file: &Path) -> Validation {
    let beside = file.parent().expect("a directory").display().to_string();
    let text = read(file)
        .replace("/etc/envoy/filters", &dist().display().to_string())
        .replace("/etc/envoy/discovery", &beside)
        .replace("/etc/envoy/descriptors", &beside)
        .replace("/etc/envoy/secrets", &format!("{beside}/secrets"));
    let content: Value = yaml_serde::from_str(&text).expect("YAML");
    if content.get("static_resources").is_some() {
        return ShippedConfig::of_text(text).validate();
    }
    // Envoy looks at what it discovers when it runs, not when it validates.
    let resources = content["resources"].as_array().expect("a bootstrap or a discovery response");
    let kind = resources[0]["@type"].as_str().expect("a type");
    let around = if kind.ends_with(".v3.Secret") { around_secrets } else { around_filters };
    ShippedConfig::of_text(around(resources).to_string()).validate()
}

/// The smallest Envoy with these secrets, as it would have them without discovery.
fn around_secrets(secrets: &[Value]) -> Value {
    let mut secrets = secrets.to_vec();
    for secret in secrets.iter_mut().filter_map(Value::as_object_mut) {
        secret.remove("@type");
    }
    json!({"static_resources": {"secrets": secrets}})
}

/// The smallest Envoy with these discovered filters.
fn around_filters(filters: &[Value]) -> Value {
    let extension = |name: &str| format!("type.googleapis.com/envoy.extensions.filters.{name}");
    let router = json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": extension("http.router.v3.Router")},
    });
    let filters = filters
        .iter()
        .map(|filter| json!({"name": filter["name"], "typed_config": filter["typed_config"]}))
        .chain([router]);
    let manager = json!({
        "@type": extension("network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "validation",
        "http_filters": filters.collect::<Vec<Value>>(),
        "route_config": {},
    });
    let filter = json!({
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": manager,
    });
    json!({"static_resources": {"listeners": [{
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [filter]}],
    }]}})
}
