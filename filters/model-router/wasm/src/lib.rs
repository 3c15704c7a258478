//! The model router as a module that Envoy loads.
wasm_shell::export_filter!(model_router::ModelRouter);
