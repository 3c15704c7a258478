//! Which tenant may use which model and which of its versions.

use crate::catalogue::Catalogue;
use crate::config::{self, OnUnknownTenant};
use crate::names::is_token;
use crate::rejection::Rejection;
use filter_kit::{Headers, Problems};
use hashbrown::HashMap;

/// The tenants and what they may use.
#[derive(Debug)]
pub(crate) struct Tenants {
    header: String,
    on_unknown: OnUnknownTenant,
    grants: HashMap<String, Grant>,
}

/// What somebody may use.
#[derive(Debug)]
pub(crate) enum Grant {
    /// Every model.
    All,
    /// These models, by position.
    Models(HashMap<usize, Versions>),
}

/// Which versions of a model.
#[derive(Debug)]
pub(crate) enum Versions {
    All,
    /// These, by position.
    Only(Vec<usize>),
}

/// What those may use who are not told apart.
static EVERYTHING: Grant = Grant::All;

impl Tenants {
    /// What the configured tenants may use; writes down what is wrong with them.
    pub(crate) fn new(
        written: config::Tenants,
        catalogue: &Catalogue,
        problems: &mut Problems,
    ) -> Self {
        let config::Tenants { header, on_unknown, list } = written;
        if header.is_empty() || !header.bytes().all(is_token) {
            problems.add("tenants.header", "must be a header's name");
        }
        let mut grants = HashMap::new();
        for (position, tenant) in list.into_iter().enumerate() {
            let path = format!("tenants.list[{position}]");
            if tenant.name.is_empty() {
                problems.add(format!("{path}.name"), "is empty");
            }
            let grant = match &tenant.models {
                None => Grant::All,
                Some(models) => grant(models, catalogue, &format!("{path}.models"), problems),
            };
            let text = format!("`{}` is here twice", tenant.name);
            if grants.insert(tenant.name, grant).is_some() {
                problems.add(format!("{path}.name"), text);
            }
        }
        Self { header: header.to_ascii_lowercase(), on_unknown, grants }
    }

    /// The tenant that a request comes from, if it is one of the list.
    ///
    /// # Errors
    /// When it is none and that is to be refused, or several are named.
    pub(crate) fn identify(&self, headers: &Headers) -> Result<Option<String>, Rejection> {
        let named = headers
            .single(&self.header)
            .map_err(|_| Rejection::Header { name: self.header.clone() })?
            .and_then(|value| str::from_utf8(value.trim_ascii()).ok())
            .filter(|name| self.grants.contains_key(*name));
        match (named, self.on_unknown) {
            (None, OnUnknownTenant::Refuse) => Err(Rejection::UnknownTenant),
            (named, _) => Ok(named.map(str::to_owned)),
        }
    }

    /// What a tenant of the list may use; everything, if it is none of it.
    pub(crate) fn grant(&self, tenant: Option<&str>) -> &Grant {
        tenant.and_then(|name| self.grants.get(name)).unwrap_or(&EVERYTHING)
    }
}

impl Grant {
    /// What everybody may use where there are no tenants.
    pub(crate) fn everything() -> &'static Self {
        &EVERYTHING
    }

    /// Whether any version of the model may be used.
    pub(crate) fn allows_model(&self, model: usize) -> bool {
        match self {
            Self::All => true,
            Self::Models(models) => models.contains_key(&model),
        }
    }

    pub(crate) fn allows(&self, model: usize, version: usize) -> bool {
        match self {
            Self::All => true,
            Self::Models(models) => match models.get(&model) {
                None => false,
                Some(Versions::All) => true,
                Some(Versions::Only(versions)) => versions.contains(&version),
            },
        }
    }
}

fn grant(written: &[String], catalogue: &Catalogue, path: &str, problems: &mut Problems) -> Grant {
    let mut models: HashMap<usize, Versions> = HashMap::new();
    for (position, text) in written.iter().enumerate() {
        let (name, version) = inference_api::identity::split_name_at_version(text);
        let found = catalogue.find(name).and_then(|found| {
            let model = catalogue.model(found.model)?;
            let word = version.map(|version| model.known_word(version));
            Some((found.model, word.or(found.version.map(Some))))
        });
        match found {
            Some((model, None)) => {
                models.insert(model, Versions::All);
            }
            Some((model, Some(Some(word)))) => {
                match models.entry(model).or_insert_with(|| Versions::Only(Vec::new())) {
                    Versions::All => {}
                    Versions::Only(versions) => versions.push(word.version),
                }
            }
            Some((_, Some(None))) | None => {
                problems.add(format!("{path}[{position}]"), format!("there is no `{text}`"));
            }
        }
    }
    Grant::Models(models)
}
