use serde::Deserialize;

/// Who may use which model.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tenants {
    /// The request header that names the tenant. Something before the router
    /// must have proved it: clients can write into it what they like.
    #[serde(default = "default_header")]
    pub header: String,
    /// What happens to a request whose tenant is not in the list, or that names
    /// none.
    #[serde(default)]
    pub on_unknown: OnUnknownTenant,
    /// The tenants.
    pub list: Vec<Tenant>,
}

/// One tenant.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its name, as it stands in the header.
    pub name: String,
    /// The models that it may use: `model` for all versions, `model@version` for
    /// one, by version or label; several for several. Without this key: all.
    #[serde(default)]
    pub models: Option<Vec<String>>,
}

/// What happens to a request of a tenant that is not in the list.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum OnUnknownTenant {
    /// It is refused.
    #[default]
    Refuse,
    /// It may use every model.
    Allow,
}

fn default_header() -> String {
    "x-tenant-id".to_owned()
}
