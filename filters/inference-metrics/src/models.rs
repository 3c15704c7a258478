//! The models and versions that have series of their own.

use crate::config;
use crate::outcome::OTHER;
use crate::pricing::Price;
use filter_kit::Problems;

/// What stands in a label for a model or version that nobody names.
pub(crate) const NONE: &str = "none";

/// The models that have series of their own.
#[derive(Debug)]
pub(crate) struct Models(Vec<Model>);

#[derive(Debug)]
struct Model {
    name: String,
    versions: Vec<String>,
    price: Price,
}

/// The model and version as which a request is counted: places in the lists that an
/// operator wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    model: Place,
    version: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Listed(usize),
    /// It is not in the list.
    Other,
    /// None is named.
    None,
}

impl Target {
    /// The same, but for a model that is not listed.
    pub(crate) const fn of_strangers(self) -> Self {
        match self.model {
            Place::Listed(_) | Place::Other => Self { model: Place::Other, version: Place::Other },
            Place::None => self,
        }
    }

    /// Whether it is for a model that an operator listed.
    pub(crate) const fn is_listed(self) -> bool {
        matches!(self.model, Place::Listed(_))
    }
}

impl Models {
    /// What the configuration means; writes down what is wrong with it.
    pub(crate) fn new(written: Vec<config::Model>, problems: &mut Problems) -> Self {
        let names: Vec<String> = written.iter().map(|model| model.name.clone()).collect();
        check_names(&names, problems, |position| format!("models[{position}].name"));
        let models = written.into_iter().enumerate().map(|(position, model)| {
            let config::Model { name, versions, price } = model;
            let path = format!("models[{position}]");
            check_names(&versions, problems, |version| format!("{path}.versions[{version}]"));
            let price = Price::new(&price, &format!("{path}.price"), problems);
            Model { name, versions, price }
        });
        Self(models.collect())
    }

    /// As which model and version a request is counted that is for these.
    pub(crate) fn target(&self, model: Option<&str>, version: Option<&str>) -> Target {
        let model = place(model, self.0.iter().map(|model| &*model.name));
        let versions = match model {
            Place::Listed(position) => self.0.get(position).map(|model| &*model.versions),
            Place::Other | Place::None => None,
        };
        let versions = versions.unwrap_or_default();
        match model {
            Place::Listed(_) => {
                Target { model, version: place(version, versions.iter().map(|name| &**name)) }
            }
            // A model without a name has no versions.
            Place::Other | Place::None => Target { model, version: model },
        }
    }

    /// The values of the labels `model` and `version`.
    pub(crate) fn labels(&self, target: Target) -> [&str; 2] {
        let (model, name) = match target.model {
            Place::Listed(position) => {
                let model = self.0.get(position);
                (model, model.map_or(OTHER, |model| &*model.name))
            }
            Place::Other => (None, OTHER),
            Place::None => (None, NONE),
        };
        let version = match target.version {
            Place::Listed(position) => model
                .and_then(|model| model.versions.get(position))
                .map_or(OTHER, |version| &**version),
            Place::Other => OTHER,
            Place::None => NONE,
        };
        [name, version]
    }

    /// What it costs.
    pub(crate) fn price(&self, target: Target) -> Price {
        match target.model {
            Place::Listed(position) => self.0.get(position).map(|model| model.price),
            Place::Other | Place::None => None,
        }
        .unwrap_or_default()
    }
}

fn place<'n>(named: Option<&str>, mut listed: impl Iterator<Item = &'n str>) -> Place {
    match named {
        None | Some("") => Place::None,
        Some(named) => listed.position(|name| name == named).map_or(Place::Other, Place::Listed),
    }
}

/// Names that are empty, there twice, or mean something else as a label.
fn check_names(names: &[String], problems: &mut Problems, path: impl Fn(usize) -> String) {
    for (position, name) in names.iter().enumerate() {
        match &**name {
            "" => problems.add(path(position), "is empty"),
            OTHER | NONE => {
                let text = format!("`{name}` is the label of those that have none of their own");
                problems.add(path(position), text);
            }
            _ if names.iter().take(position).any(|other| other == name) => {
                problems.add(path(position), format!("`{name}` is here twice"));
            }
            _ => {}
        }
    }
}
