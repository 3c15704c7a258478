//! Admission control as a module that Envoy loads.
wasm_shell::export_filter!(admission_control::AdmissionControl);
