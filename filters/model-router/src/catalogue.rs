//! The models that are served, and their versions: what the configuration means.

use crate::config::{ModelConfig, VersionConfig};
use crate::metrics::ROUTED;
use crate::split::{Caller, Split};
use filter_kit::{Problems, Series};
use hashbrown::HashMap;

/// The sum of a model's weights: they are percentages.
const WHOLE: u64 = 100;

/// Every model that is served.
#[derive(Debug)]
pub(crate) struct Catalogue {
    models: HashMap<String, Model>,
}

/// A model and its versions.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) name: String,
    versions: Vec<Version>,
    split: Split,
}

/// A version of a model.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) cluster: String,
    pub(crate) routed: Series,
}

impl Catalogue {
    /// The catalogue of these models; writes down what is wrong with them.
    pub(crate) fn new(models: Vec<ModelConfig>, problems: &mut Problems) -> Self {
        if models.is_empty() {
            problems.add("models", "is empty, must name at least one model");
        }
        let mut known = HashMap::new();
        for (position, config) in models.into_iter().enumerate() {
            let path = format!("models[{position}]");
            check_name(&format!("{path}.name"), &config.name, problems);
            if known.contains_key(&config.name) {
                problems.add(format!("{path}.name"), format!("`{}` is here twice", config.name));
            }
            let model = Model::new(config, &path, problems);
            known.insert(model.name.clone(), model);
        }
        Self { models: known }
    }

    pub(crate) fn model(&self, name: &str) -> Option<&Model> {
        self.models.get(name)
    }

    /// Every version's series.
    pub(crate) fn series(&self) -> impl Iterator<Item = &Series> {
        self.models.values().flat_map(|model| &model.versions).map(|version| &version.routed)
    }
}

impl Model {
    fn new(config: ModelConfig, path: &str, problems: &mut Problems) -> Self {
        let ModelConfig { name, versions } = config;
        check_versions(&versions, path, problems);
        let weights = weights(&versions, path, problems);
        let split = Split::new(&name, versions.iter().map(|v| v.name.as_str()).zip(weights));
        let versions = versions
            .into_iter()
            .map(|version| Version {
                routed: Series::new(&ROUTED, &[&name, &version.name]),
                name: version.name,
                cluster: version.cluster,
            })
            .collect();
        Self { name, versions, split }
    }

    pub(crate) fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// The version that this caller gets by weight.
    pub(crate) fn draw(&self, caller: Caller) -> Option<&Version> {
        self.split.pick(caller).and_then(|position| self.versions.get(position))
    }
}

fn check_versions(versions: &[VersionConfig], path: &str, problems: &mut Problems) {
    if versions.is_empty() {
        problems.add(format!("{path}.versions"), "is empty, must name at least one version");
    }
    for (position, version) in versions.iter().enumerate() {
        let path = format!("{path}.versions[{position}]");
        check_name(&format!("{path}.name"), &version.name, problems);
        if versions.iter().take(position).any(|earlier| earlier.name == version.name) {
            problems.add(format!("{path}.name"), format!("`{}` is here twice", version.name));
        }
        if version.cluster.is_empty() || !version.cluster.bytes().all(is_visible) {
            problems.add(format!("{path}.cluster"), "must be the name of an Envoy cluster");
        }
    }
}

/// The weight of each version.
fn weights(versions: &[VersionConfig], path: &str, problems: &mut Problems) -> Vec<u32> {
    if let [VersionConfig { weight: None, .. }] = versions {
        return vec![1];
    }
    let weights: Vec<u32> = versions.iter().map(|version| version.weight.unwrap_or(0)).collect();
    let sum: u64 = weights.iter().copied().map(u64::from).sum();
    if sum != WHOLE && !versions.is_empty() {
        let text = format!("weights add up to {sum}, must be {WHOLE}");
        problems.add(format!("{path}.versions"), text);
    }
    weights
}

fn check_name(path: &str, name: &str, problems: &mut Problems) {
    if name.is_empty() {
        problems.add(path, "is empty");
    } else if name.contains('@') {
        problems.add(path, "contains an `@`, which stands between a name and a version");
    } else if !name.bytes().all(is_visible) {
        problems.add(path, "must be visible ASCII characters without spaces");
    }
}

/// Whether a byte may stand in a header's value as it is, and is not a space.
const fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}
