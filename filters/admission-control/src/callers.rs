//! Who sends a request, and of which class it is.

use crate::config;
use filter_kit::callers::{HeaderMatch, RepeatedTenant, TenantHeader, header_name};
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
    header: TenantHeader,
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
    header: Option<HeaderMatch>,
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
        let header = config.tenant.as_ref().map(|tenant| &*tenant.header);
        let header = header.map(|name| TenantHeader::new(name, "tenant.header", problems));
        let rules = config.class_rules.iter().enumerate().map(|(position, rule)| {
            let path = format!("class_rules[{position}]");
            let wanted = rule.header.clone();
            let tenants = rule.tenants.as_deref();
            Rule {
                header: wanted.map(|wanted| wanted.checked(&format!("{path}.header"), problems)),
                class: class(&rule.class, format!("{path}.class"), problems),
                tenants: tenants.map(|tenants| tenants_named(tenants, header.as_ref())),
                models: rule.models.clone(),
            }
        });
        let rules: Vec<Rule> = rules.collect();
        let default_class = config.default_class.as_deref();
        let default_class =
            default_class.map(|name| class(name, "default_class".to_owned(), problems));
        let tenant = config.tenant.as_ref().zip(header).map(|(tenant, header)| Tenant {
            header,
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
        match (tenant.header.named(headers), tenant.on_missing) {
            (Err(RepeatedTenant), _) => Err(UnknownTenant::Repeated),
            (Ok(None), config::OnMissingTenant::Refuse) => Err(UnknownTenant::Missing),
            (Ok(named), _) => Ok(named),
        }
    }

    /// The tenants of a list, as requests name them.
    pub(crate) fn tenants_listed(&self, written: &[String]) -> Vec<String> {
        tenants_named(written, self.tenant.as_ref().map(|tenant| &tenant.header))
    }

    /// The header in which a tenant's hash goes on.
    pub(crate) fn forwards_hash_as(&self) -> Option<&str> {
        self.tenant.as_ref()?.forward_hash_as.as_deref()
    }

    /// The class of a request, by position.
    pub(crate) fn class(&self, headers: &Headers, named: Option<&[u8]>, model: &str) -> usize {
        let fits = |rule: &&Rule| {
            rule.header.as_ref().is_none_or(|wanted| wanted.fits(headers))
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

fn tenants_named(written: &[String], header: Option<&TenantHeader>) -> Vec<String> {
    header.map_or_else(|| written.to_vec(), |header| header.listed(written))
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
