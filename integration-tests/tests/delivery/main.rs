//! How the suite gets to those who use it: what is built, what lies in a registry, and what
//! Kubernetes is told of it.

mod changelog;
mod compose;
mod envoy_gateway;
mod istio;
mod modules;
mod oci;
mod published;
mod stand;
mod upgrading;
