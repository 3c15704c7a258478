use crate::callers::Callers;
use crate::config::{AppliesTo, CompressedAnswers, Config, Facts, ModelFrom, TenantIs};
use crate::family::Group;
use crate::groups::{Counted, GroupKey, Groups};
use crate::metrics::{FOLDED, METRICS};
use crate::models::Models;
use crate::observation::Observation;
use core::cell::Cell;
use filter_kit::{
    Arrival, Callbacks, Cells, ConfigError, Filter, KeyedHasher, Metric, Notes, Problems, Secret,
    Series,
};
use inference_api::dialect::Operation;
use std::rc::Rc;

/// The longest name of a tenant that is stated, in bytes.
const LONGEST_NAME: usize = 256;

/// For so many groups there must be room: that of what is folded, one for models that are
/// not listed, and one for a model that is.
const LEAST_GROUPS: usize = 3;

/// Inference metrics, made from their configuration.
#[derive(Debug)]
pub struct InferenceMetrics {
    pub(crate) models: Models,
    pub(crate) callers: Callers,
    pub(crate) model_from: ModelFrom,
    pub(crate) reads_requests: bool,
    pub(crate) reads_answers: bool,
    pub(crate) splits_time: bool,
    pub(crate) asks_plain: bool,
    pub(crate) states_facts: bool,
    bytes_per_token: u32,
    applies_to: AppliesTo,
    groups: Groups,
    folded: Series,
    input_secret: Option<Secret>,
    tenant_secret: Cell<Option<Secret>>,
    tenant_secret_cell: String,
}

impl Filter for InferenceMetrics {
    const NAME: &'static str = "inference-metrics";
    const CALLBACKS: Callbacks = Callbacks::ALL;
    const CLOCK: bool = true;
    const METRICS: &'static [&'static Metric] = &METRICS;

    type Config = Config;
    type Exchange = Observation;

    fn configure(config: Config) -> Result<Self, ConfigError> {
        let mut problems = Problems::default();
        let callers = Callers::new(&config, &mut problems);
        if config.store.is_empty() || config.store.contains('/') {
            problems.add("store", "must be a name without slashes");
        }
        if config.bytes_per_token == 0 {
            problems.add("bytes_per_token", "must be at least 1");
        }
        let least = Group::most_series().saturating_mul(LEAST_GROUPS);
        if usize::try_from(config.max_series).is_ok_and(|most| most < least) {
            let text = format!("must be at least {least}: there would be room for no model");
            problems.add("max_series", text);
        }
        let tenant_secret = config.tenant.as_ref().and_then(|tenant| tenant.hash_secret.as_deref());
        if tenant_secret == Some("") {
            problems.add("tenant.hash_secret", "is empty");
        }
        let input_secret = config.input_hash.as_ref().map(|input| &*input.secret);
        if input_secret == Some("") {
            problems.add("input_hash.secret", "is empty");
        }
        let models = Models::new(config.models, &mut problems);
        if let Some(error) = problems.into_error() {
            return Err(error);
        }
        Ok(Self {
            models,
            callers,
            model_from: config.model_from,
            reads_requests: config.read_requests,
            reads_answers: config.read_answers,
            splits_time: config.split_time,
            asks_plain: config.compressed_answers == CompressedAnswers::AskPlain,
            states_facts: config.facts == Facts::All,
            bytes_per_token: config.bytes_per_token,
            applies_to: config.applies_to,
            groups: Groups::new(&config.store, config.max_series),
            folded: Series::new(&FOLDED, &[]),
            input_secret: input_secret.map(Secret::written),
            tenant_secret: Cell::new(tenant_secret.map(Secret::written)),
            tenant_secret_cell: format!("inference-metrics/{}/secret", config.store),
        })
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        [&self.folded].into_iter()
    }

    fn cells(&self) -> Vec<String> {
        let [listed, strangers] = self.groups.cells();
        [listed, strangers, &self.tenant_secret_cell].map(str::to_owned).into()
    }

    fn exchange(self: &Rc<Self>, arrival: Arrival) -> Observation {
        Observation::new(Rc::clone(self), arrival)
    }
}

impl InferenceMetrics {
    /// Whether requests for this are measured.
    pub(crate) fn measures(&self, operation: Operation, method: &[u8]) -> bool {
        // Behind a path that nobody knows there may be a model.
        let may_infer = matches!(operation, Operation::Other | Operation::Admin);
        match self.applies_to {
            AppliesTo::Inference => operation.is_inference() || (may_infer && method == b"POST"),
            AppliesTo::All => true,
        }
    }

    /// The series of a request that came in.
    pub(crate) fn started(&self, class: usize, operation: Operation) -> Series {
        self.groups.started(class, self.callers.class_name(class), operation)
    }

    /// Whether requests of this kind were counted before, in any worker.
    pub(crate) fn knows(&self, key: &GroupKey, cells: Cells) -> bool {
        self.groups.has(key, self.callers.class_name(key.class), &self.models, cells)
    }

    /// The series as which a request is counted.
    pub(crate) fn group(&self, key: GroupKey, cells: Cells, notes: &mut Notes) -> Rc<Group> {
        let class = self.callers.class_name(key.class);
        match self.groups.of(key, class, &self.models, cells) {
            Counted::As(group) => group,
            Counted::Folded(group) => {
                notes.count(&self.folded);
                group
            }
        }
    }

    /// How many tokens a text of so many bytes is taken to have.
    pub(crate) fn tokens_of(&self, bytes: u64) -> u64 {
        bytes.div_ceil(u64::from(self.bytes_per_token.max(1)))
    }

    /// What hashes a request's body, if that is wanted.
    pub(crate) fn input_hasher(&self) -> Option<KeyedHasher> {
        self.input_secret.map(Secret::hasher)
    }

    /// What is stated of a tenant.
    pub(crate) fn stated_tenant(&self, tenant: Option<&[u8]>, arrival: &Arrival) -> Option<String> {
        match self.callers.stated_as() {
            TenantIs::Nothing => None,
            TenantIs::Name => {
                let mut name = String::from_utf8_lossy(tenant?).into_owned();
                name.truncate(name.floor_char_boundary(LONGEST_NAME));
                Some(name)
            }
            TenantIs::Hash => Some(self.tenant_secret(arrival)?.tenant_hash(tenant?)),
        }
    }

    /// The secret with which tenants are hashed, if it can be had.
    fn tenant_secret(&self, arrival: &Arrival) -> Option<Secret> {
        if let Some(secret) = self.tenant_secret.get() {
            return Some(secret);
        }
        let secret = Secret::shared(&self.tenant_secret_cell, arrival).ok()?;
        self.tenant_secret.set(Some(secret));
        Some(secret)
    }
}
