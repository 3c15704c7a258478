//! Who sends a request, and of which class it is.

use crate::config;
use filter_kit::{Headers, Problems};
use std::borrow::Cow;

/// How tenants and classes are told.
#[derive(Debug)]
pub(crate) struct Callers {
    tenant: Option<Tenant>,
    pub(crate) classes: Vec<Class>,
    rules: Vec<Rule>,
    default_class: usize,
}

#[derive(Debug)]
struct Tenant {
    header: String,
    /// The header holds credentials, with their scheme.
    has_credentials: bool,
    on_missing: config::OnMissingTenant,
    forward_hash_as: Option<String>,
}

/// A class of requests; the first is the most important.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) name: String,
    /// How much of the room it may fill, in percent.
    pub(crate) room_percent: u32,
    /// The load from which on it is refused, in percent.
    pub(crate) most_load_percent: Option<u32>,
}

#[derive(Debug)]
struct Rule {
    class: usize,
    header: Option<config::HeaderMatch>,
    tenants: Option<Vec<String>>,
    models: Option<Vec<String>>,
}

/// Why it can't be told who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownTenant {
    /// It does not say so.
    Missing,
    /// It says so more than once.
    Repeated,
}

impl Callers {
    /// What the configuration means; writes down what is wrong with it.
    pub(crate) fn new(config: &config::Config, problems: &mut Problems) -> Self {
        let classes = classes(&config.classes, problems);
        let class = |name: &str, path: String, problems: &mut Problems| {
            let found = classes.iter().position(|class| class.name == name);
            if found.is_none() {
                problems.add(path, format!("there is no class `{name}`"));
            }
            found.unwrap_or_default()
        };
        let rules = config.class_rules.iter().enumerate().map(|(position, rule)| {
            let path = format!("class_rules[{position}]");
            let mut header = rule.header.clone();
            if let Some(header) = &mut header {
                header.name = header_name(&header.name, &format!("{path}.header.name"), problems);
            }
            Rule {
                class: class(&rule.class, format!("{path}.class"), problems),
                header,
                tenants: rule.tenants.as_deref().map(|tenants| tenants_named(tenants, config)),
                models: rule.models.clone(),
            }
        });
        let rules = rules.collect();
        let default_class = config.default_class.as_deref();
        let default_class =
            default_class.map(|name| class(name, "default_class".to_owned(), problems));
        let tenant = config.tenant.as_ref().map(|tenant| Tenant {
            header: header_name(&tenant.header, "tenant.header", problems),
            has_credentials: has_credentials(config),
            on_missing: tenant.on_missing,
            forward_hash_as: tenant
                .forward_hash_as
                .as_ref()
                .map(|name| header_name(name, "tenant.forward_hash_as", problems)),
        });
        Self { tenant, classes, rules, default_class: default_class.unwrap_or_default() }
    }

    /// The tenant that a request names.
    ///
    /// # Errors
    /// When that can't be told, and matters.
    pub(crate) fn tenant<'h>(
        &self,
        headers: &'h Headers,
    ) -> Result<Option<Cow<'h, [u8]>>, UnknownTenant> {
        let Some(tenant) = &self.tenant else { return Ok(None) };
        let named = headers.single(&tenant.header).map_err(|_| UnknownTenant::Repeated)?;
        let named = named.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty());
        match (named, tenant.on_missing) {
            (None, config::OnMissingTenant::Refuse) => Err(UnknownTenant::Missing),
            (Some(named), _) if tenant.has_credentials => Ok(Some(credentials(named))),
            (named, _) => Ok(named.map(Cow::Borrowed)),
        }
    }

    /// The header in which a tenant's hash goes on.
    pub(crate) fn forwards_hash_as(&self) -> Option<&str> {
        self.tenant.as_ref()?.forward_hash_as.as_deref()
    }

    /// The class of a request, by position.
    pub(crate) fn class(&self, headers: &Headers, named: Option<&[u8]>, model: &str) -> usize {
        let fits = |rule: &&Rule| {
            rule.header
                .as_ref()
                .is_none_or(|header| has_value(headers, &header.name, header.value.as_bytes()))
                && rule.tenants.as_ref().is_none_or(|tenants| {
                    tenants.iter().any(|tenant| Some(tenant.as_bytes()) == named)
                })
                && rule
                    .models
                    .as_ref()
                    .is_none_or(|models| models.iter().any(|listed| listed == model))
        };
        self.rules.iter().find(fits).map_or(self.default_class, |rule| rule.class)
    }

    /// A class, by its position.
    pub(crate) fn class_at(&self, position: usize) -> Option<&Class> {
        self.classes.get(position)
    }
}

/// The tenants of a list, as requests name them.
pub(crate) fn tenants_named(written: &[String], config: &config::Config) -> Vec<String> {
    let named = |tenant: &String| match has_credentials(config) {
        true => String::from_utf8_lossy(&credentials(tenant.as_bytes())).into_owned(),
        false => tenant.clone(),
    };
    written.iter().map(named).collect()
}

/// Whether tenants are told apart by credentials with their scheme.
fn has_credentials(config: &config::Config) -> bool {
    let header = config.tenant.as_ref().map(|tenant| tenant.header.to_ascii_lowercase());
    matches!(header.as_deref(), Some("authorization" | "proxy-authorization"))
}

/// Credentials in the one way of writing them that all others mean: the scheme in
/// lower case, one space, the rest.
///
/// Source: RFC 9110, 11.1 and 11.4: the case of a scheme does not matter.
fn credentials(written: &[u8]) -> Cow<'_, [u8]> {
    let mut words = written.splitn(2, |byte| byte.is_ascii_whitespace());
    let (Some(scheme), Some(rest)) = (words.next(), words.next()) else {
        return Cow::Borrowed(written);
    };
    let mut named = scheme.to_ascii_lowercase();
    named.push(b' ');
    named.extend_from_slice(rest.trim_ascii());
    Cow::Owned(named)
}

/// A header that stands there once, with this value: of one that stands there twice
/// it can't be told which of them counts.
fn has_value(headers: &Headers, name: &str, value: &[u8]) -> bool {
    headers.single(name).is_ok_and(|found| found.map(<[u8]>::trim_ascii) == Some(value))
}

fn classes(written: &[config::Class], problems: &mut Problems) -> Vec<Class> {
    if written.is_empty() {
        let name = "default".to_owned();
        return vec![Class { name, room_percent: 100, most_load_percent: None }];
    }
    let mut least = 100;
    for (position, class) in written.iter().enumerate() {
        let path = format!("classes[{position}]");
        if class.name.is_empty() {
            problems.add(format!("{path}.name"), "is empty");
        }
        if written.iter().take(position).any(|other| other.name == class.name) {
            problems.add(format!("{path}.name"), format!("`{}` is here twice", class.name));
        }
        if !(1..=100).contains(&class.room_percent) {
            problems.add(format!("{path}.room_percent"), "must be within 1 and 100");
        } else if class.room_percent > least {
            let text = "is more than a more important class may fill";
            problems.add(format!("{path}.room_percent"), text);
        }
        least = least.min(class.room_percent);
        if class.refuse_above_load_percent == Some(0) {
            problems.add(format!("{path}.refuse_above_load_percent"), "must be at least 1");
        }
    }
    written
        .iter()
        .map(|class| Class {
            name: class.name.clone(),
            room_percent: class.room_percent,
            most_load_percent: class.refuse_above_load_percent,
        })
        .collect()
}

/// A header's name as Envoy shows it; writes down when it is none.
pub(crate) fn header_name(written: &str, path: &str, problems: &mut Problems) -> String {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if written.is_empty() || !written.bytes().all(is_token) {
        problems.add(path, "must be a header's name");
    }
    written.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn one_key_is_one_tenant_however_its_scheme_is_written() {
        let expected = b"bearer sk-A b".as_slice();
        for written in ["Bearer sk-A b", "BEARER  sk-A b", "bearer\tsk-A b", "bEarer sk-A b "] {
            assert_eq!(&*credentials(written.as_bytes()), expected, "{written:?}");
        }
        assert_eq!(&*credentials(b"sk-A"), b"sk-A");
    }
}
