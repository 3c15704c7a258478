//! Who sends a request, and of which class it is.

use crate::config::{self, Config, TenantIs};
use filter_kit::callers::{HeaderMatch, TenantHeader};
use filter_kit::{Headers, Problems};
use std::borrow::Cow;

/// How tenants and classes are told.
#[derive(Debug)]
pub(crate) struct Callers {
    tenant: Option<Tenant>,
    rules: Vec<Rule>,
    /// The last one is that of requests for which no rule fits.
    classes: Vec<String>,
}

#[derive(Debug)]
struct Tenant {
    header: TenantHeader,
    stated_as: TenantIs,
}

#[derive(Debug)]
struct Rule {
    class: usize,
    header: Option<HeaderMatch>,
    tenants: Option<Vec<String>>,
}

impl Callers {
    /// What the configuration means; writes down what is wrong with it.
    pub(crate) fn new(config: &Config, problems: &mut Problems) -> Self {
        let tenant = config.tenant.as_ref().map(|tenant| {
            let header = TenantHeader::new(&tenant.header, "tenant.header", problems);
            if header.has_credentials() && tenant.stated_as == TenantIs::Name {
                let text = "`name` would write credentials into logs and traces";
                problems.add("tenant.stated_as", text);
            }
            Tenant { header, stated_as: tenant.stated_as }
        });
        let mut classes: Vec<String> = Vec::new();
        let rules = config.class_rules.iter().enumerate().map(|(position, rule)| {
            let path = format!("class_rules[{position}]");
            let config::ClassRule { class, header, tenants } = rule.clone();
            if class.is_empty() {
                problems.add(format!("{path}.class"), "is empty");
            }
            if tenants.is_some() && tenant.is_none() {
                let text = "is here, and `tenant` does not say how they are told apart";
                problems.add(format!("{path}.tenants"), text);
            }
            let header = header.map(|header| header.checked(&format!("{path}.header"), problems));
            let listed = |written: &Vec<String>| match &tenant {
                Some(tenant) => tenant.header.listed(written),
                None => Vec::new(),
            };
            Rule {
                class: place(class, &mut classes),
                header,
                tenants: tenants.as_ref().map(listed),
            }
        });
        let rules = rules.collect();
        if config.default_class.is_empty() {
            problems.add("default_class", "is empty");
        }
        classes.push(config.default_class.clone());
        Self { tenant, rules, classes }
    }

    /// The tenant that a request names, if it does so once.
    pub(crate) fn tenant<'h>(&self, headers: &'h Headers) -> Option<Cow<'h, [u8]>> {
        self.tenant.as_ref()?.header.named(headers).ok().flatten()
    }

    /// What is stated of a tenant.
    pub(crate) fn stated_as(&self) -> TenantIs {
        self.tenant.as_ref().map_or(TenantIs::Nothing, |tenant| tenant.stated_as)
    }

    /// The class of a request, by position.
    pub(crate) fn class(&self, headers: &Headers, tenant: Option<&[u8]>) -> usize {
        let fits = |rule: &&Rule| {
            rule.header.as_ref().is_none_or(|wanted| wanted.fits(headers))
                && rule.tenants.as_ref().is_none_or(|tenants| {
                    tenants.iter().any(|listed| Some(listed.as_bytes()) == tenant)
                })
        };
        let class = self.rules.iter().find(fits).map(|rule| rule.class);
        class.unwrap_or(self.classes.len().saturating_sub(1))
    }

    /// The name of a class.
    pub(crate) fn class_name(&self, position: usize) -> &str {
        self.classes.get(position).map_or(crate::outcome::OTHER, |class| class)
    }
}

/// Where a name stands in a list, to which it is added if it does not.
fn place(name: String, names: &mut Vec<String>) -> usize {
    let found = names.iter().position(|known| *known == name);
    found.unwrap_or_else(|| {
        names.push(name);
        names.len().saturating_sub(1)
    })
}
