//! The models that are served, and their versions: what the configuration means.

mod model;
mod words;

pub(crate) use model::{Model, Rule, Version};
pub(crate) use words::Word;

use crate::conditions::{Conditions, Vocabulary};
use crate::config::{ModelConfig, UnknownVersion};
use crate::names::check_name;
use filter_kit::{Problems, Series};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// Every model that is served.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    models: Vec<Model>,
    /// Names and aliases.
    names: HashMap<String, Name>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The model's position.
    pub(crate) model: usize,
    /// The version that an alias stands for, if it does for one alone.
    pub(crate) version: Option<Word>,
}

impl Catalogue {
    /// The catalogue of these models; writes down what is wrong with them.
    pub(crate) fn new(
        written: Vec<ModelConfig>,
        vocabulary: Vocabulary<'_>,
        problems: &mut Problems,
    ) -> Self {
        if written.is_empty() {
            problems.add("models", "is empty, must name at least one model");
        }
        let mut catalogue = Self::default();
        for (position, config) in written.iter().enumerate() {
            let path = format!("models[{position}]");
            check_name(&format!("{path}.name"), &config.name, problems);
            let model = match &config.base {
                None => Model::new(config.clone(), vocabulary, &path, problems),
                Some(base) => {
                    check_adapter(config, &path, problems);
                    let Some(base) = base_of(&written, base, &path, problems) else { continue };
                    Model::adapter(config, base, vocabulary)
                }
            };
            catalogue.add(model, config, &path, problems);
        }
        catalogue
    }

    fn add(&mut self, model: Model, config: &ModelConfig, path: &str, problems: &mut Problems) {
        let position = self.models.len();
        self.name(&config.name, Name { model: position, version: None }, path, problems);
        for (alias_position, alias) in config.aliases.iter().enumerate() {
            let path = format!("{path}.aliases[{alias_position}]");
            check_name(&format!("{path}.name"), &alias.name, problems);
            let version = alias.version.as_ref().and_then(|version| {
                let word = model.known_word(version);
                if word.is_none() {
                    problems.add(format!("{path}.version"), format!("there is no `{version}`"));
                }
                word
            });
            self.name(&alias.name, Name { model: position, version }, &path, problems);
        }
        self.models.push(model);
    }

    fn name(&mut self, text: &str, name: Name, path: &str, problems: &mut Problems) {
        match self.names.entry(text.to_owned()) {
            Entry::Occupied(_) => {
                problems.add(format!("{path}.name"), format!("`{text}` is here twice"));
            }
            Entry::Vacant(place) => {
                place.insert(name);
            }
        }
    }

    /// What a name or alias stands for.
    pub(crate) fn find(&self, name: &str) -> Option<Name> {
        self.names.get(name).copied()
    }

    pub(crate) fn model(&self, position: usize) -> Option<&Model> {
        self.models.get(position)
    }

    /// Every name and alias, with the position of its model, in the order of the
    /// configuration.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, usize)> {
        let models = self.models.iter().enumerate();
        models.flat_map(|(position, model)| model.names().map(move |name| (name, position)))
    }

    /// Whether anything depends on more of a request than what it names.
    pub(crate) fn has_conditions(&self) -> bool {
        self.models.iter().any(|model| model.conditions().next().is_some())
    }

    /// Whether anything depends on the client's address.
    pub(crate) fn wants_source(&self) -> bool {
        self.models.iter().flat_map(Model::conditions).any(Conditions::want_source)
    }

    /// Every series of the models.
    pub(crate) fn series(&self) -> impl Iterator<Item = &Series> {
        self.models.iter().flat_map(Model::series)
    }
}

/// What an adapter must not have, because it has its base's.
fn check_adapter(config: &ModelConfig, path: &str, problems: &mut Problems) {
    for (key, is_there) in [
        ("versions", !config.versions.is_empty()),
        ("labels", !config.labels.is_empty()),
        ("rules", !config.rules.is_empty()),
        ("retired", !config.retired.is_empty()),
        ("unknown_version", config.unknown_version != UnknownVersion::Refuse),
        ("shadow", config.shadow.is_some()),
    ] {
        if is_there {
            problems.add(format!("{path}.{key}"), "is the `base`'s, can't be here as well");
        }
    }
}

fn base_of<'m>(
    written: &'m [ModelConfig],
    name: &str,
    path: &str,
    problems: &mut Problems,
) -> Option<&'m ModelConfig> {
    let base = written.iter().find(|model| model.name == name);
    match base {
        Some(base) if base.base.is_none() => return Some(base),
        Some(_) => problems.add(format!("{path}.base"), format!("`{name}` has a base itself")),
        None => problems.add(format!("{path}.base"), format!("`{name}` is not among the models")),
    }
    None
}
