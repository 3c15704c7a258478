//! A filter that panics when a request asks for it by a header `x-panic`, and
//! refuses any configuration but an empty one or a JSON object. With it the
//! harness is tested: a trap in a filter must fail the test that met it.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Panicking));
}}

struct Panicking;

impl Context for Panicking {}

impl HttpContext for Panicking {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let asked = self.get_http_request_header_bytes("x-panic").is_some();
        assert!(!asked, "the client asked for it");
        Action::Continue
    }
}

impl RootContext for Panicking {
    fn on_configure(&mut self, _size: usize) -> bool {
        // Installs the hook that writes a panic's message to Envoy's log.
        proxy_wasm::set_log_level(LogLevel::Info);
        let configuration = self.get_plugin_configuration().unwrap_or_default();
        configuration.is_empty() || configuration.starts_with(b"{")
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Self))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
