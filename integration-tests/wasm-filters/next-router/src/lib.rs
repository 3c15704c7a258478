//! The model router as it is, but as a version that is still to come. With it is shown what an
//! upgrade does.
wasm_shell::export_filter!(model_router::ModelRouter);
