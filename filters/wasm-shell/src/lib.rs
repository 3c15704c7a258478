//! Runs a [`Filter`](filter_kit::Filter) inside Envoy: callbacks in, hostcalls
//! out. The only crate that knows Proxy-Wasm.
//!
//! A module that Envoy loads is a `cdylib` of one line:
//!
//! ```ignore
//! wasm_shell::export_filter!(model_router::ModelRouter);
//! ```
//!
//! What is in here:
//! - [`host`]: Envoy's hostcalls as functions that return bytes and `Result`s.
//!   The SDK's own panic on a status that they did not expect and on a header
//!   value that is not UTF-8, and a panic takes every request of the worker.
//! - `message`: what one message (a request, a response) does next, given a
//!   verdict: a pure state machine, tested natively.
//! - `splicing`: a body with other bytes in some places, pure as well.
//! - `direction`: what Envoy lets be read and written of either message.
//! - `root`, `stream`: the SDK's two contexts, generic over the filter; `passage`:
//!   what one stream is, beside its callbacks.
//! - `waking`: requests that wait, and how one is woken in another's callback.
//! - `cells`: what the workers share, over Envoy's shared data.
//! - `configuration`: JSON or a serialised `google.protobuf.Struct`, in.
//! - `publishing`: what a filter says beside deciding; `meters`: each series is
//!   defined once per VM.
//! - `exports`: the list of callbacks that the build leaves in the module.

mod asking;
mod cells;
mod configuration;
mod direction;
#[doc(hidden)]
pub mod exports;
pub mod host;
mod message;
mod meters;
mod passage;
mod publishing;
mod root;
mod splicing;
mod stream;
mod waking;

pub use root::{Module, start};

/// Makes the crate a module that runs this filter.
#[macro_export]
macro_rules! export_filter {
    ($filter:ty) => {
        #[doc(hidden)]
        enum Exported {}

        impl $crate::Module for Exported {
            type Filter = $filter;
            const VERSION: &'static str = env!("CARGO_PKG_VERSION");
        }

        /// What the host calls first.
        #[doc(hidden)]
        #[unsafe(no_mangle)]
        pub extern "C" fn _initialize() {
            $crate::start::<Exported>();
        }

        /// The callbacks that the build leaves in the module.
        #[cfg(target_arch = "wasm32")]
        #[used]
        #[unsafe(link_section = "inference_filter_exports")]
        static EXPORTS: [u8; $crate::exports::length::<$filter>()] =
            $crate::exports::list::<$filter, { $crate::exports::length::<$filter>() }>();
    };
}
