//! The contracts that the gateway, the demo and the tests speak, as Rust types.
//!
//! One module per protobuf package. With the feature `services` (the default) each service has a
//! tonic client and server module as well; without it there are messages only.
//! What each contract was taken from, and which part of it, stands in this crate's README.

#![allow(missing_docs, reason = "the .proto files are the documentation of what they generate")]
#![allow(clippy::all, reason = "generated code")]

/// Scores feature vectors: the demo's own service.
pub mod prediction {
    include!(concat!(env!("OUT_DIR"), "/prediction.rs"));
}

/// Open Inference Protocol (KServe v2), as KServe, Triton and others serve it.
pub mod inference {
    include!(concat!(env!("OUT_DIR"), "/inference.rs"));
}

/// TensorFlow's tensors, and below it the part of TensorFlow Serving that is read here.
pub mod tensorflow {
    include!(concat!(env!("OUT_DIR"), "/tensorflow.rs"));

    pub mod serving {
        include!(concat!(env!("OUT_DIR"), "/tensorflow.serving.rs"));
    }
}

pub use tensorflow::serving as tensorflow_serving;

/// `grpc.health.v1`, the standard health check.
pub mod grpc_health {
    include!(concat!(env!("OUT_DIR"), "/grpc.health.v1.rs"));
}

/// The load report that a model server may attach to its answers.
pub mod orca {
    include!(concat!(env!("OUT_DIR"), "/xds.data.orca.v3.rs"));
}

/// What `grpc-status-details-bin` holds.
pub mod google {
    pub mod rpc {
        include!(concat!(env!("OUT_DIR"), "/google.rpc.rs"));
    }
}

pub use google::rpc as google_rpc;

/// What Envoy speaks with services that it calls by itself: for leave to go on, for limits,
/// and for reports of load.
pub mod envoy {
    pub mod config {
        pub mod core {
            pub mod v3 {
                include!(concat!(env!("OUT_DIR"), "/envoy.config.core.v3.rs"));
            }
        }

        pub mod endpoint {
            pub mod v3 {
                include!(concat!(env!("OUT_DIR"), "/envoy.config.endpoint.v3.rs"));
            }
        }
    }

    pub mod extensions {
        pub mod common {
            pub mod ratelimit {
                pub mod v3 {
                    include!(concat!(env!("OUT_DIR"), "/envoy.extensions.common.ratelimit.v3.rs"));
                }
            }
        }
    }

    pub mod service {
        pub mod auth {
            pub mod v3 {
                include!(concat!(env!("OUT_DIR"), "/envoy.service.auth.v3.rs"));
            }
        }

        pub mod load_stats {
            pub mod v3 {
                include!(concat!(env!("OUT_DIR"), "/envoy.service.load_stats.v3.rs"));
            }
        }

        pub mod ratelimit {
            pub mod v3 {
                include!(concat!(env!("OUT_DIR"), "/envoy.service.ratelimit.v3.rs"));
            }
        }
    }

    pub mod r#type {
        pub mod v3 {
            include!(concat!(env!("OUT_DIR"), "/envoy.r#type.v3.rs"));
        }
    }
}

/// The authorization service without the packages of its contract: the service, its
/// messages, and the headers and statuses in them.
pub mod authorization {
    pub use crate::envoy::config::core::v3::*;
    pub use crate::envoy::service::auth::v3::*;
    pub use crate::envoy::r#type::v3::*;
}

/// The rate limit service without the packages of its contract: the service, its
/// messages, and the descriptors in them.
pub mod rate_limit {
    pub use crate::envoy::extensions::common::ratelimit::v3::*;
    pub use crate::envoy::service::ratelimit::v3::*;
}

/// The load reporting service, in the same way, and the reports in its messages.
pub mod load_stats {
    pub use crate::envoy::config::endpoint::v3::*;
    pub use crate::envoy::service::load_stats::v3::*;
}

/// All contracts as an encoded `google.protobuf.FileDescriptorSet`, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// What a gateway needs to transcode JSON for `prediction.PredictionService`: an encoded
/// `google.protobuf.FileDescriptorSet` of that contract with its `google.api.http`, and of
/// the details that errors have.
pub const TRANSCODING_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/transcoding.bin"));

#[cfg(test)]
mod tests;
