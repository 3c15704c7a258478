//! The contracts, ready to hold requests against.

use crate::access::PathPattern;
use crate::config::{self, Config, Limits, OnBadAnswer};
use crate::generative;
use crate::metrics::Label;
use crate::rules::{Mode, Rule};
use crate::schema::Schema;
use crate::tensors::TensorRules;
use crate::violation::Modes;
use filter_kit::Problems;
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The contracts of all models.
#[derive(Debug)]
pub(crate) struct Contracts {
    contracts: Vec<Rc<Contract>>,
    /// What counts for a request without a contract.
    none: Rc<Contract>,
    patches: Vec<Rc<Patch>>,
}

/// What payloads for a model must be like.
#[derive(Debug)]
pub(crate) struct Contract {
    model: Option<String>,
    version: Option<String>,
    pub(crate) label: Label,
    pub(crate) modes: Modes,
    pub(crate) limits: Limits,
    pub(crate) tensors: Option<TensorRules>,
    pub(crate) generative: Option<Rc<generative::Rules>>,
    pub(crate) schema: Option<Rc<Schema>>,
    pub(crate) answers: Option<AnswerRules>,
}

/// What the answers of a model must be like.
#[derive(Debug)]
pub(crate) struct AnswerRules {
    pub(crate) outputs: TensorRules,
    pub(crate) on_violation: OnBadAnswer,
    pub(crate) hold_up_to_bytes: u32,
}

/// A rule that closes a known defect of a server.
#[derive(Debug)]
pub(crate) struct Patch {
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) schema: Option<Rc<Schema>>,
    paths: Vec<PathPattern>,
    models: Vec<String>,
}

impl Contracts {
    /// What the configuration means.
    pub(crate) fn new(config: &mut Config, problems: &mut Problems) -> Self {
        let general = General { rules: &config.rules, limits: &config.limits };
        let none = Contract {
            model: None,
            version: None,
            label: Label::new(None, None),
            modes: general.modes(None, &BTreeMap::new()),
            limits: config.limits.clone(),
            tensors: None,
            generative: None,
            schema: None,
            answers: None,
        };
        let mut contracts: Vec<Rc<Contract>> = Vec::new();
        for (position, contract) in core::mem::take(&mut config.contracts).into_iter().enumerate() {
            let path = format!("contracts[{position}]");
            let contract = Contract::new(contract, &general, &path, problems);
            if contracts.iter().any(|known| known.is_for_the_same(&contract)) {
                problems.add(&path, "is for the same model and version as an earlier one");
            }
            contracts.push(Rc::new(contract));
        }
        let mut patches: Vec<Rc<Patch>> = Vec::new();
        for (position, patch) in core::mem::take(&mut config.patches).into_iter().enumerate() {
            let path = format!("patches[{position}]");
            let patch = Patch::new(patch, &path, problems);
            if patches.iter().any(|known| known.name == patch.name) {
                problems.add(format!("{path}.name"), "is the name of an earlier one as well");
            }
            patches.push(Rc::new(patch));
        }
        Self { contracts, none: Rc::new(none), patches }
    }

    /// The contract for a version of a model: the one that says most of both.
    pub(crate) fn find(&self, model: Option<&str>, version: Option<&str>) -> &Rc<Contract> {
        let fits = |contract: &&Rc<Contract>| {
            let fits = |wanted: &Option<String>, found: Option<&str>| {
                wanted.is_none() || wanted.as_deref() == found
            };
            fits(&contract.model, model) && fits(&contract.version, version)
        };
        self.contracts.iter().filter(fits).max_by_key(|found| found.weight()).unwrap_or(&self.none)
    }

    /// The patches for a request.
    pub(crate) fn patches<'a>(
        &'a self,
        path: &'a [u8],
        model: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Rc<Patch>> {
        self.patches.iter().filter(move |patch| {
            let is_for_it = patch.models.is_empty()
                || model.is_some_and(|model| patch.models.iter().any(|known| known == model));
            is_for_it && PathPattern::any_covers(&patch.paths, path)
        })
    }

    /// All of them, the one for requests without one at the end.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Rc<Contract>> {
        self.contracts.iter().chain([&self.none])
    }
}

/// What counts where a contract says nothing.
struct General<'a> {
    rules: &'a BTreeMap<Rule, Mode>,
    limits: &'a Limits,
}

impl General<'_> {
    /// The general rules, then the contract's mode for those that aren't off, then
    /// the contract's own rules. Which paths are open is no part of a contract: one
    /// on trial must not open its model's administration.
    fn modes(&self, mode: Option<Mode>, own: &BTreeMap<Rule, Mode>) -> Modes {
        let mut modes = Modes::default();
        for (rule, mode) in self.rules {
            modes.set(*rule, *mode);
        }
        if let Some(mode) = mode {
            for rule in Rule::ALL {
                if modes.of(rule) != Mode::Off && rule != Rule::Access {
                    modes.set(rule, mode);
                }
            }
        }
        // Of all that is off, only what is said here comes back.
        for (rule, mode) in own {
            modes.set(*rule, *mode);
        }
        modes
    }
}

impl Contract {
    fn new(
        config: config::Contract,
        general: &General<'_>,
        path: &str,
        problems: &mut Problems,
    ) -> Self {
        if config.version.is_some() && config.model.is_none() {
            problems.add(format!("{path}.version"), "needs a `model`");
        }
        let tensors = config
            .tensors
            .map(|tensors| TensorRules::of_inputs(tensors, &format!("{path}.tensors"), problems));
        let generative = config.generative.map(|generative| {
            Rc::new(generative::Rules::new(generative, problems, &format!("{path}.generative")))
        });
        let schema = config
            .json_schema
            .as_ref()
            .and_then(|written| schema(written, &format!("{path}.json_schema"), problems));
        let answers = config
            .answers
            .map(|answers| AnswerRules::new(answers, &format!("{path}.answers"), problems));
        Self {
            label: Label::new(config.model.as_deref(), config.version.as_deref()),
            modes: general.modes(config.mode, &config.rules),
            limits: config.limits.or(general.limits),
            model: config.model,
            version: config.version,
            tensors,
            generative,
            schema,
            answers,
        }
    }

    fn is_for_the_same(&self, other: &Self) -> bool {
        self.model == other.model && self.version == other.version
    }

    /// The more it says of whom it is for, the larger.
    const fn weight(&self) -> (bool, bool) {
        (self.model.is_some(), self.version.is_some())
    }

    /// The path of the gRPC method of one's own that it is for.
    pub(crate) fn own_method(&self) -> Option<&str> {
        self.tensors.as_ref()?.own.as_ref().map(|own| own.method.as_str())
    }

    /// Whether a body is to be held against it.
    pub(crate) const fn looks_at_bodies(&self) -> bool {
        self.tensors.is_some()
            || self.generative.is_some()
            || self.schema.is_some()
            || self.limits.max_json_depth.is_some()
            || self.limits.max_string_bytes.is_some()
            || self.limits.max_message_bytes.is_some()
    }
}

impl AnswerRules {
    fn new(config: config::Answers, path: &str, problems: &mut Problems) -> Self {
        if config.hold_up_to_bytes == 0 && config.on_violation == OnBadAnswer::Replace {
            problems.add(format!("{path}.hold_up_to_bytes"), "is 0, so nothing can be replaced");
        }
        let outputs = format!("{path}.outputs");
        Self {
            outputs: TensorRules::of_outputs(config.outputs, config.unknown, &outputs, problems),
            on_violation: config.on_violation,
            hold_up_to_bytes: config.hold_up_to_bytes,
        }
    }
}

impl Patch {
    fn new(config: config::Patch, path: &str, problems: &mut Problems) -> Self {
        if config.name.is_empty() {
            problems.add(format!("{path}.name"), "is empty");
        }
        if config.paths.is_empty() {
            problems.add(format!("{path}.paths"), "is empty, must have at least one path");
        }
        let schema = config
            .json_schema
            .as_ref()
            .and_then(|written| schema(written, &format!("{path}.json_schema"), problems));
        Self {
            name: config.name,
            mode: config.mode.unwrap_or(Mode::Enforce),
            schema,
            paths: PathPattern::list(config.paths, &format!("{path}.paths"), problems),
            models: config.models,
        }
    }
}

fn schema(written: &Value, path: &str, problems: &mut Problems) -> Option<Rc<Schema>> {
    match Schema::compile(written) {
        Ok(schema) => Some(Rc::new(schema)),
        Err(found) => {
            for problem in found {
                problems.add(format!("{path}{}", problem.pointer), problem.text);
            }
            None
        }
    }
}
