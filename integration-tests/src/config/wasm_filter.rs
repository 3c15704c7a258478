use super::type_url;
use crate::envoy::module_of;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// A Wasm module as a filter, with its configuration.
#[derive(Clone, Debug)]
pub struct WasmFilter {
    name: String,
    module: PathBuf,
    configuration: Option<Value>,
    reloads: bool,
    holds_headers: bool,
}

impl WasmFilter {
    /// The filter of this name, as in `model-router`, without a configuration.
    ///
    /// # Panics
    /// When its module is not there.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            module: module_of(name),
            configuration: None,
            reloads: false,
            holds_headers: true,
        }
    }

    /// The same with the module in this file, as when it was replaced by another one.
    pub fn with_module(mut self, file: &Path) -> Self {
        file.clone_into(&mut self.module);
        self
    }

    /// With this configuration, as a JSON text: the recommended way.
    pub fn configured(self, config: &Value) -> Self {
        self.configured_by_text(&config.to_string())
    }

    /// With this text as its configuration, JSON or not.
    pub fn configured_by_text(mut self, text: &str) -> Self {
        self.configuration = Some(json!({
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": text,
        }));
        self
    }

    /// With this configuration as a `google.protobuf.Struct`.
    ///
    /// # Panics
    /// When it is no object.
    pub fn configured_by_struct(mut self, config: &Value) -> Self {
        let fields: &Map<String, Value> = config.as_object().expect("an object");
        self.configuration = Some(json!({
            "@type": "type.googleapis.com/google.protobuf.Struct",
            "value": fields,
        }));
        self
    }

    /// Lets Envoy make a new VM after a crash, as our shipped configurations do.
    /// Without it, one crash answers every later request with 503.
    pub const fn reloading(mut self) -> Self {
        self.reloads = true;
        self
    }

    /// Without `allow_on_headers_stop_iteration`, which some hosts can't set.
    pub const fn without_held_headers(mut self) -> Self {
        self.holds_headers = false;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn typed_config(&self) -> Value {
        let mut plugin = json!({
            "name": self.name,
            "vm_config": {
                "vm_id": self.name,
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": self.module}},
            },
            "allow_on_headers_stop_iteration": self.holds_headers,
        });
        if let Some(configuration) = &self.configuration {
            plugin["configuration"] = configuration.clone();
        }
        if self.reloads {
            plugin["failure_policy"] = "FAIL_RELOAD".into();
            plugin["reload_config"] = json!({"backoff": {"base_interval": "0.005s"}});
        }
        json!({"@type": type_url("filters.http.wasm.v3.Wasm"), "config": plugin})
    }
}
