//! A filter that Envoy discovers in a file, and that is replaced with that.

use super::{WasmFilter, type_url};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The name under which it is discovered.
const DISCOVERED: &str = "discovered";

/// Where a replaceable filter's configuration lies within a gateway's directory.
pub(crate) fn discovery_file(directory: &Path) -> PathBuf {
    directory.join("discovery").join("filter.json")
}

/// What stands in that file.
pub(crate) fn discovery_response(filter: &WasmFilter, version: u32) -> Value {
    json!({
        "version_info": version.to_string(),
        "resources": [{
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
            "name": DISCOVERED,
            "typed_config": filter.typed_config(),
        }],
    })
}

/// Where Envoy is told of it.
pub(super) fn discovery(directory: &Path) -> Value {
    let file = discovery_file(directory);
    json!({
        "name": DISCOVERED,
        "config_discovery": {
            "config_source": {
                "path_config_source": {
                    "path": file,
                    "watched_directory": {"path": file.parent()},
                },
                "resource_api_version": "V3",
            },
            "type_urls": [type_url("filters.http.wasm.v3.Wasm")],
        },
    })
}
