//! Every shipped resource is one that Istio would take.

use super::{BOOTSTRAP, ENVOY_FILTERS, ROUTING, TRAFFIC_EXTENSIONS, WASM_PLUGINS};
use crate::published::{assert_all, assert_is};
use integration_tests::Manifest;
use kcr_extensions_istio_io::v1alpha1::wasmplugins::{
    WasmPluginMatch, WasmPluginSelector, WasmPluginSpec, WasmPluginTargetRefs,
};
use kcr_networking_istio_io::v1::destinationrules::DestinationRuleSpec;
use kcr_networking_istio_io::v1::gateways::GatewaySpec;
use kcr_networking_istio_io::v1::virtualservices::VirtualServiceSpec;
use kcr_networking_istio_io::v1alpha3::envoyfilters::EnvoyFilterSpec;
use serde::Deserialize;
use serde_json::Value;

#[test]
fn wasm_plugins_are_of_their_type() {
    assert_all(WASM_PLUGINS, &["WasmPlugin"; 4], |plugin| {
        assert_eq!(plugin.api_version, "extensions.istio.io/v1alpha1");
        assert_is::<WasmPluginSpec>(&plugin.spec, &plugin.metadata.name);
    });
}

#[test]
fn traffic_extensions_are_of_their_type() {
    assert_all(TRAFFIC_EXTENSIONS, &["TrafficExtension"; 4], |extension| {
        assert_eq!(extension.api_version, "extensions.istio.io/v1alpha1");
        assert_is::<TrafficExtension>(&extension.spec, &extension.metadata.name);
        // It has the same members as in a WasmPlugin, but for those that are outside of it here.
        assert_is::<WasmPluginSpec>(&extension.spec["wasm"], &extension.metadata.name);
        let outside = ["selector", "targetRef", "targetRefs", "phase", "priority", "match"];
        let wasm = extension.spec["wasm"].as_object().expect("an object");
        assert_eq!(wasm.keys().find(|key| outside.contains(&key.as_str())), None);
    });
}

#[test]
fn envoy_filters_are_of_their_type() {
    assert_all(ENVOY_FILTERS, &["EnvoyFilter"; 5], |filter| {
        assert_eq!(filter.api_version, "networking.istio.io/v1alpha3");
        assert_is::<EnvoyFilterSpec>(&filter.spec, &filter.metadata.name);
    });
}

#[test]
fn routing_is_of_its_types() {
    assert_all(ROUTING, &["Gateway", "VirtualService", "DestinationRule"], |manifest| {
        assert_eq!(manifest.api_version, "networking.istio.io/v1");
        let Manifest { kind, spec, .. } = manifest;
        match kind.as_str() {
            "Gateway" => assert_is::<GatewaySpec>(spec, kind),
            "VirtualService" => assert_is::<VirtualServiceSpec>(spec, kind),
            _ => assert_is::<DestinationRuleSpec>(spec, kind),
        }
    });
}

#[test]
fn the_bootstrap_is_a_config_map() {
    assert_all(BOOTSTRAP, &["ConfigMap"], |map| {
        assert_eq!(map.api_version, "v1");
        assert_eq!(map.spec, Value::Null);
        assert_eq!(map.data.keys().collect::<Vec<_>>(), ["custom_bootstrap.json"]);
    });
}

/// Nobody publishes this type in Rust, so it is ours, after its description
/// (`extensions/v1alpha1/traffic_extension.proto`, Istio 1.30), but for `phase` and `lua`, which we don't use.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape counts")]
struct TrafficExtension {
    selector: Option<WasmPluginSelector>,
    target_refs: Option<Vec<WasmPluginTargetRefs>>,
    priority: Option<i32>,
    r#match: Option<Vec<WasmPluginMatch>>,
    wasm: Value,
}
