use super::words::{Word, Words};
use crate::conditions::{Circumstances, Conditions, Vocabulary};
use crate::config::{self, Metadata, Mode, ModelConfig, VersionConfig};
use crate::metrics::{ROUTED, RULE_MATCHES, SHADOWED};
use crate::names::{check_cluster, check_name};
use crate::split::{Caller, Split};
use filter_kit::{Problems, Series};

/// The sum of a model's weights: they are percentages.
const WHOLE: u64 = 100;

/// A model and its versions.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) name: String,
    aliases: Vec<String>,
    /// The model of which it is an adapter.
    pub(crate) base: Option<String>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) rules: Vec<Rule>,
    versions: Vec<Version>,
    words: Words,
    split: Split,
    shadow: Option<usize>,
}

/// A version of a model.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) name: String,
    /// What its servers call the model.
    pub(crate) served_name: String,
    /// What its servers call it.
    pub(crate) served_version: String,
    pub(crate) routed: Series,
    /// Requests for other versions that were mirrored to it.
    pub(crate) shadowed: Series,
    cluster: String,
    clusters: Vec<(Conditions, String)>,
}

/// A rule that chooses a version.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) conditions: Conditions,
    /// The version's position.
    pub(crate) version: usize,
    pub(crate) mode: Mode,
    pub(crate) matched: Series,
}

impl Model {
    pub(super) fn new(
        config: ModelConfig,
        vocabulary: Vocabulary<'_>,
        path: &str,
        problems: &mut Problems,
    ) -> Self {
        check_versions(&config.versions, path, problems);
        let weights = weights(&config.versions, path, problems);
        let words = Words::new(&config, path, problems);
        let split_name = config.base.as_ref().unwrap_or(&config.name);
        let named = config.versions.iter().map(|version| version.name.as_str());
        let split = Split::new(split_name, named.zip(weights));
        let shadow = config.shadow.as_ref().and_then(|name| {
            let word = words.known(name);
            if word.is_none() {
                problems.add(format!("{path}.shadow"), format!("there is no version `{name}`"));
            }
            word.map(|word| word.version)
        });
        let rules = config.rules.into_iter().enumerate();
        let rules = rules.filter_map(|(position, rule)| {
            let path = format!("{path}.rules[{position}]");
            Rule::new(rule, &config.name, &words, vocabulary, &path, problems)
        });
        let rules = rules.collect();
        let served_name = config.served_name.as_ref().unwrap_or(&config.name);
        let versions = config.versions.into_iter().enumerate();
        let versions = versions.map(|(position, version)| {
            let path = format!("{path}.versions[{position}]");
            Version::new(version, &config.name, served_name, vocabulary, &path, problems)
        });
        Self {
            versions: versions.collect(),
            name: config.name,
            aliases: config.aliases.into_iter().map(|alias| alias.name).collect(),
            base: config.base,
            metadata: config.metadata,
            rules,
            words,
            split,
            shadow,
        }
    }

    /// An adapter on the servers of `base`, whose problems are told elsewhere.
    pub(super) fn adapter(
        config: &ModelConfig,
        base: &ModelConfig,
        vocabulary: Vocabulary<'_>,
    ) -> Self {
        let mut merged = ModelConfig {
            name: config.name.clone(),
            base: config.base.clone(),
            aliases: config.aliases.clone(),
            served_name: config.served_name.clone(),
            metadata: config.metadata.clone(),
            ..base.clone()
        };
        for version in &mut merged.versions {
            version.served_name = None;
        }
        Self::new(merged, vocabulary, "", &mut Problems::default())
    }

    /// Its name and its aliases.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        core::iter::once(&self.name).chain(&self.aliases).map(String::as_str)
    }

    /// What a version's name, or a label, stands for in a request.
    pub(crate) fn word(&self, word: &str) -> Option<Word> {
        self.words.find(word)
    }

    /// The same in the configuration, where nothing stands in for what is not
    /// there.
    pub(crate) fn known_word(&self, word: &str) -> Option<Word> {
        self.words.known(word)
    }

    pub(crate) fn version(&self, position: usize) -> Option<&Version> {
        self.versions.get(position)
    }

    pub(crate) fn versions(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter()
    }

    /// The position of the version that this caller gets by weight, among those
    /// that it may have. Where none of these has any weight, the first.
    pub(crate) fn draw(&self, caller: Caller, allowed: impl Fn(usize) -> bool) -> Option<usize> {
        let drawn = self.split.pick(caller, &allowed);
        drawn.or_else(|| (0..self.versions.len()).find(|position| allowed(*position)))
    }

    /// The version that gets a copy of requests for the version at this
    /// position.
    pub(crate) fn shadow_of(&self, position: usize) -> Option<&Version> {
        self.shadow.filter(|shadow| *shadow != position).and_then(|shadow| self.version(shadow))
    }

    /// Every set of conditions on which a choice depends.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Conditions> {
        let of_versions = self.versions.iter().flat_map(|version| &version.clusters);
        let of_rules = self.rules.iter().map(|rule| &rule.conditions);
        of_versions.map(|(conditions, _)| conditions).chain(of_rules)
    }

    pub(super) fn series(&self) -> impl Iterator<Item = &Series> {
        let shadow = self.shadow.and_then(|shadow| self.version(shadow));
        let of_versions = self.versions.iter().map(|version| &version.routed);
        let of_rules = self.rules.iter().map(|rule| &rule.matched);
        of_versions.chain(of_rules).chain(shadow.map(|version| &version.shadowed))
    }
}

impl Version {
    fn new(
        config: VersionConfig,
        model: &str,
        served_name: &str,
        vocabulary: Vocabulary<'_>,
        path: &str,
        problems: &mut Problems,
    ) -> Self {
        let clusters = config.clusters.into_iter().enumerate();
        let clusters = clusters.map(|(position, choice)| {
            let path = format!("{path}.clusters[{position}]");
            check_cluster(&format!("{path}.cluster"), &choice.cluster, problems);
            let when = format!("{path}.when");
            (Conditions::new(choice.when, vocabulary, &when, problems), choice.cluster)
        });
        Self {
            clusters: clusters.collect(),
            routed: Series::new(&ROUTED, &[model, &config.name]),
            shadowed: Series::new(&SHADOWED, &[model, &config.name]),
            served_name: config.served_name.unwrap_or_else(|| served_name.to_owned()),
            served_version: config.served_version.unwrap_or_else(|| config.name.clone()),
            name: config.name,
            cluster: config.cluster,
        }
    }

    /// The cluster that serves such a request.
    pub(crate) fn cluster(&self, circumstances: &Circumstances) -> &str {
        let special = self.clusters.iter().find(|(conditions, _)| conditions.hold(circumstances));
        special.map_or(&self.cluster, |(_, cluster)| cluster)
    }
}

impl Rule {
    fn new(
        written: config::Rule,
        model: &str,
        words: &Words,
        vocabulary: Vocabulary<'_>,
        path: &str,
        problems: &mut Problems,
    ) -> Option<Self> {
        let config::Rule { name, when, version, mode } = written;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if name.is_empty() || !name.bytes().all(is_plain) {
            problems.add(format!("{path}.name"), "must be letters, digits, `-` and `_`");
        }
        let conditions = Conditions::new(when, vocabulary, &format!("{path}.when"), problems);
        let word = words.known(&version);
        if word.is_none() {
            problems.add(format!("{path}.version"), format!("there is no version `{version}`"));
        }
        let matched = Series::new(&RULE_MATCHES, &[model, &name, mode.name()]);
        Some(Self { name, conditions, version: word?.version, mode, matched })
    }
}

impl Mode {
    /// Its name in metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::ReportOnly => "report_only",
        }
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
        check_cluster(&format!("{path}.cluster"), &version.cluster, problems);
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
