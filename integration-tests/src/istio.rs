//! What Istio makes of its resources for the Envoys that it configures, as far as the shipped
//! ones go.
//!
//! Source: Istio's `pilot/pkg/model/extensions.go` (extensions), `pilot/pkg/networking/core`
//! (patches), its agent's `pkg/wasm/convert.go` (images), and its reference of `VirtualService`.

mod patches;
mod plugin_text;
mod routes;

pub use patches::{merge, patched};
pub use plugin_text::Numbers;
pub use routes::routes;

use crate::manifest::{Manifest, code_of, only, text};
use serde_json::{Value, json};

/// How a plugin's configuration gets to it.
#[derive(Clone, Copy, Debug)]
pub enum Passing {
    /// As Istio does it: a text, made from a `google.protobuf.Struct`, with its numbers written
    /// like this.
    AsText(Numbers),
    /// As the `google.protobuf.Struct` itself.
    AsStruct,
}

/// The HTTP filters that these `WasmPlugin`s become, in the order of the chain. Istio handles a
/// `TrafficExtension` in the same way.
///
/// # Panics
/// When they are of other kinds, or say something that isn't understood here.
pub fn filters(plugins: &[Manifest], passing: Passing) -> Vec<Value> {
    let mut plugins: Vec<(&Manifest, Value)> =
        plugins.iter().map(|plugin| (plugin, as_wasm_plugin(plugin))).collect();
    // The highest priority comes first.
    plugins.sort_by_key(|(_, spec)| -spec["priority"].as_i64().expect("a priority"));
    plugins.iter().map(|(plugin, spec)| filter(plugin, spec, passing)).collect()
}

/// The one as the other.
fn as_wasm_plugin(plugin: &Manifest) -> Value {
    let mut spec = plugin.spec.clone();
    match plugin.kind.as_str() {
        "WasmPlugin" => {}
        "TrafficExtension" => {
            let members = spec.as_object_mut().expect("an object");
            let wasm = members.remove("wasm").expect("a Wasm extension");
            members.extend(wasm.as_object().expect("an object").clone());
        }
        kind => panic!("not understood: {kind}"),
    }
    only(&spec, &["selector", "priority", "url", "failStrategy", "pluginConfig"]);
    spec
}

fn filter(plugin: &Manifest, spec: &Value, passing: Passing) -> Value {
    let name = format!("{}.{}", plugin.metadata.namespace, plugin.metadata.name);
    let failure_policy = match text(spec, "/failStrategy") {
        "FAIL_CLOSE" => "FAIL_CLOSED",
        other => other,
    };
    let configuration = match passing {
        Passing::AsText(numbers) => json!({
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": plugin_text::of(&spec["pluginConfig"], numbers),
        }),
        Passing::AsStruct => json!({
            "@type": "type.googleapis.com/google.protobuf.Struct",
            "value": spec["pluginConfig"],
        }),
    };
    json!({
        "name": name,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": name,
                "root_id": "",
                "configuration": configuration,
                "failure_policy": failure_policy,
                "vm_config": {
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": code_of(text(spec, "/url")),
                    "environment_variables": {
                        "key_values": {"ISTIO_META_WASM_PLUGIN_RESOURCE_VERSION": "1"},
                    },
                },
            },
        },
    })
}
