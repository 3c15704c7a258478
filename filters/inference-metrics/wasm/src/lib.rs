//! Inference metrics as a module that Envoy loads.
wasm_shell::export_filter!(inference_metrics::InferenceMetrics);
