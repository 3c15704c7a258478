//! scripts/push-oci: the filters in a real registry, and back in a real Envoy.

mod annotations;
mod delivered;
mod fetching;
mod licences;
mod logins;
mod push;
mod refusals;
mod stamped;
