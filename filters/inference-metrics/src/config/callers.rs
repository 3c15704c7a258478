use filter_kit::callers::HeaderMatch;
use serde::Deserialize;

/// How tenants are told apart.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// The request header that names the tenant, such as `x-tenant-id` or
    /// `authorization`.
    pub header: String,
    /// What is stated of it as the fact `inference.tenant`: nothing, a `hash` of its
    /// name, or the `name` itself, of which anybody who sees logs and traces must be
    /// allowed to know it.
    #[serde(default)]
    pub stated_as: TenantIs,
    /// The secret with which it is hashed. With the same one as admission control's
    /// `tenant.hash_secret` it is the same hash. By default one is drawn when Envoy
    /// starts.
    #[serde(default)]
    pub hash_secret: Option<String>,
}

/// What is stated of a tenant.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum TenantIs {
    /// Nothing.
    #[default]
    Nothing,
    /// A keyed hash of its name.
    Hash,
    /// Its name.
    Name,
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
}
