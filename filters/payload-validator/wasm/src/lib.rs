//! The payload validator as a module that Envoy loads.
wasm_shell::export_filter!(payload_validator::PayloadValidator);
