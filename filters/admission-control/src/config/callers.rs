use filter_kit::callers::HeaderMatch;
use serde::Deserialize;

/// How tenants are told apart.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// The request header that names the tenant, such as `x-tenant-id` or
    /// `authorization`. What stands there is hashed before it is kept.
    pub header: String,
    /// What happens to requests without that header: `share` lets all of them
    /// together be one tenant, `refuse` refuses them.
    #[serde(default)]
    pub on_missing: OnMissingTenant,
    /// The secret with which tenants are hashed. By default one is drawn when Envoy
    /// starts. Several Envoys that forward hashes to one rate limit service need
    /// the same.
    #[serde(default)]
    pub hash_secret: Option<String>,
    /// The request header in which the hash goes on, for filters behind this one and
    /// for Envoy's access log. What clients write there is removed. By default it
    /// does not go on.
    #[serde(default)]
    pub forward_hash_as: Option<String>,
}

/// What happens to requests that name no tenant.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum OnMissingTenant {
    /// All of them together are one tenant.
    #[default]
    Share,
    /// They are refused.
    Refuse,
}

/// A class of requests.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Its name: in rules, metrics and the access log.
    pub name: String,
    /// How much of each limit of `in_flight` it may fill, all classes together, in
    /// percent: with 80, requests of this class are admitted while less than 80 % of
    /// the room is taken. What the most important class may fill beyond the others
    /// is reserved for it.
    #[serde(default = "all_of_it")]
    pub room_percent: u32,
    /// The load of the servers from which on requests of this class are refused, in
    /// percent: see `load_reports`. By default never.
    #[serde(default)]
    pub refuse_above_load_percent: Option<u32>,
}

/// Which requests are of a class: those that fit all that is said here.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClassRule {
    /// The class.
    pub class: String,
    /// A header that the request must have.
    #[serde(default)]
    pub header: Option<HeaderMatch>,
    /// The tenants that it may come from.
    #[serde(default)]
    pub tenants: Option<Vec<String>>,
    /// The models that it may be for.
    #[serde(default)]
    pub models: Option<Vec<String>>,
}

const fn all_of_it() -> u32 {
    100
}
