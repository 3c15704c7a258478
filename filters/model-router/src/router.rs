use crate::answers;
use crate::callers::sticky_keys;
use crate::catalogue::Catalogue;
use crate::conditions::Vocabulary;
use crate::config::{
    Answer, BeyondHold, Config, GrpcMethod, OnContradiction, ParserDifferentials, QueryParameters,
    StickyKey,
};
use crate::differentials::Differential;
use crate::identity::{Meant, Understanding};
use crate::metrics::{Counters, METRICS};
use crate::names::{check_cluster, is_token};
use crate::rejection::Rejection;
use crate::routing::Routing;
use crate::tenants::{Grant, Tenants};
use filter_kit::{
    Arrival, Callbacks, ConfigError, Filter, Headers, Metric, Notes, Problems, Reply, Series,
};
use inference_api::dialect::{self, BodyIdentity, Call, Operation};
use inference_api::identity::{Limits, Reading, Repeats, split_name_at_version};
use inference_api::json::ByteOrderMark;
use inference_api::protobuf::FieldPath;
use std::rc::Rc;

/// The model router, made from its configuration.
#[derive(Debug)]
pub struct ModelRouter {
    pub(crate) grpc_methods: Vec<dialect::GrpcMethod>,
    pub(crate) counters: Counters,
    pub(crate) sticky_by: Vec<StickyKey>,
    pub(crate) query: QueryParameters,
    pub(crate) hold_up_to_bytes: u32,
    /// The cluster for requests that name no model within that.
    pub(crate) beyond_hold: Option<String>,
    pub(crate) read_body: bool,
    /// What bodies may be like.
    pub(crate) reading: Reading,
    pub(crate) catalogue: Catalogue,
    pub(crate) tenants: Option<Tenants>,
    /// What every request means, whatever it says.
    pub(crate) all_mean: Option<Meant>,
    /// Whether anything depends on more of a request than what it names.
    pub(crate) has_conditions: bool,
    default_model: Option<usize>,
    on_contradiction: OnContradiction,
    differentials: ParserDifferentials,
    answer: Vec<Answer>,
}

impl Filter for ModelRouter {
    const NAME: &'static str = "model-router";
    const CALLBACKS: Callbacks = Callbacks::REQUEST;
    const METRICS: &'static [&'static Metric] = &METRICS;

    type Config = Config;
    type Exchange = Routing;

    fn configure(config: Config) -> Result<Self, ConfigError> {
        let mut problems = Problems::default();
        let vocabulary = Vocabulary {
            prompt_version_header: &config.prompt_version_header,
            tenants: config.tenants.as_ref(),
        };
        let catalogue = Catalogue::new(config.models, vocabulary, &mut problems);
        let default_model = config.default_model.as_ref().and_then(|name| {
            let found = catalogue.find(name);
            if found.is_none() {
                problems.add("default_model", format!("`{name}` is not among the models"));
            }
            found.map(|found| found.model)
        });
        let all_mean = config.take_all_for.as_ref().and_then(|name| {
            let meant = meaning(name, &catalogue);
            if meant.is_none() {
                problems.add("take_all_for", format!("there is no `{name}`"));
            }
            meant
        });
        let sticky_by = sticky_keys(config.sticky_by, &mut problems);
        let grpc_methods = grpc_methods(config.grpc_methods, &mut problems);
        let tenants =
            config.tenants.map(|tenants| Tenants::new(tenants, &catalogue, &mut problems));
        let header = &config.prompt_version_header;
        if header.is_empty() || !header.bytes().all(is_token) {
            problems.add("prompt_version_header", "must be a header's name");
        }
        if config.hold_up_to_bytes == 0 {
            problems.add("hold_up_to_bytes", "is 0, must be at least 1");
        }
        let beyond_hold = match config.beyond_hold {
            BeyondHold::Refuse => None,
            BeyondHold::Cluster(cluster) => {
                check_cluster("beyond_hold.cluster", &cluster, &mut problems);
                Some(cluster)
            }
        };
        match problems.into_error() {
            Some(error) => Err(error),
            None => Ok(Self {
                grpc_methods,
                counters: Counters::new(),
                sticky_by,
                query: config.query,
                hold_up_to_bytes: config.hold_up_to_bytes,
                beyond_hold,
                read_body: config.read_body,
                reading: reading(&config.parser_differentials, config.hold_up_to_bytes),
                has_conditions: catalogue.has_conditions(),
                catalogue,
                tenants,
                all_mean,
                default_model,
                on_contradiction: config.on_contradiction,
                differentials: config.parser_differentials,
                answer: config.answer,
            }),
        }
    }

    fn wants_source(&self) -> bool {
        self.catalogue.wants_source()
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.catalogue.series().chain(self.counters.all())
    }

    fn exchange(self: &Rc<Self>, arrival: Arrival) -> Routing {
        Routing::new(Rc::clone(self), arrival)
    }
}

impl ModelRouter {
    /// Whether a request is to be placed at all: it calls for inference, its
    /// path names a model, or it is of no API that we know and its header asks
    /// for a model by name. Administration never is, even of a model that the
    /// path names: placing it would open it to every client.
    pub(crate) fn places(&self, call: &Call<'_>, asks_by_name: bool) -> bool {
        match call.operation {
            Operation::Admin => false,
            Operation::Other => call.path_model.is_some() || asks_by_name,
            _ => call.is_inference() || call.path_model.is_some(),
        }
    }

    /// The answer to a question about models, if it is answered here.
    pub(crate) fn answer(
        &self,
        call: &Call<'_>,
        headers: &Headers,
    ) -> Result<Option<Reply>, Rejection> {
        if self.answer.is_empty() || call.is_inference() {
            return Ok(None);
        }
        let tenant = self.tenants.as_ref().map(|tenants| tenants.identify(headers)).transpose();
        let grant = |tenant: Option<String>| self.grant(tenant.as_deref());
        let reply = |grant| answers::answer(call, &self.answer, &self.catalogue, grant);
        match tenant {
            Ok(tenant) => Ok(reply(grant(tenant.flatten()))),
            // A refusal tells only those who ask for what is answered here.
            Err(rejection) => match reply(Grant::everything()) {
                Some(_) => Err(rejection),
                None => Ok(None),
            },
        }
    }

    /// What a tenant may use.
    pub(crate) fn grant(&self, tenant: Option<&str>) -> &Grant {
        self.tenants.as_ref().map_or(Grant::everything(), |tenants| tenants.grant(tenant))
    }

    /// How claims are understood.
    pub(crate) const fn understanding(&self) -> Understanding<'_> {
        Understanding {
            catalogue: &self.catalogue,
            default_model: self.default_model,
            on_contradiction: self.on_contradiction,
        }
    }

    /// Counts a case of two readings and lets it pass.
    ///
    /// # Errors
    /// When such a request is to be refused, which counts it as well.
    pub(crate) fn tolerate(
        &self,
        differential: Differential,
        notes: &mut Notes,
    ) -> Result<(), Rejection> {
        if !self.differentials.accept(differential) {
            return Err(Rejection::Differential(differential));
        }
        if let Some(series) = self.counters.differential(differential) {
            notes.count(series);
        }
        Ok(())
    }
}

/// What `model` or `model@version` stands for.
fn meaning(text: &str, catalogue: &Catalogue) -> Option<Meant> {
    let (name, version) = split_name_at_version(text);
    let found = catalogue.find(name)?;
    let version = match version {
        Some(version) => Some(catalogue.model(found.model)?.known_word(version)?),
        None => found.version,
    };
    Some(Meant { model: found.model, version })
}

/// What bodies may be like.
fn reading(policies: &ParserDifferentials, hold_up_to_bytes: u32) -> Reading {
    let accepts = |differential| policies.accept(differential);
    Reading {
        limits: Limits { whole_message_bytes: hold_up_to_bytes.into(), ..Limits::default() },
        repeats: if accepts(Differential::DuplicateModel) {
            Repeats::LastCounts
        } else {
            Repeats::Refused
        },
        byte_order_mark: if accepts(Differential::ByteOrderMark) {
            ByteOrderMark::Skipped
        } else {
            ByteOrderMark::Refused
        },
    }
}

/// The operator's own gRPC methods, as the table of dialects takes them.
fn grpc_methods(methods: Vec<GrpcMethod>, problems: &mut Problems) -> Vec<dialect::GrpcMethod> {
    let mut known = Vec::new();
    for (position, method) in methods.into_iter().enumerate() {
        let path = format!("grpc_methods[{position}]");
        if !dialect::GrpcMethod::is_path(&method.path) {
            problems.add(format!("{path}.path"), "must be `/package.Service/Method`");
        }
        let mut field = |name: &str, text: &str| {
            text.parse::<FieldPath>()
                .map_err(|error| problems.add(format!("{path}.{name}"), error.to_string()))
                .ok()
        };
        let model = field("model_field", &method.model_field);
        let version = method.version_field.as_deref().and_then(|text| field("version_field", text));
        let Some(model) = model else { continue };
        if version
            .is_some_and(|version| version.is_prefix_of(&model) || model.is_prefix_of(&version))
        {
            let text = "must not lead through `model_field`, nor that through this";
            problems.add(format!("{path}.version_field"), text);
        }
        let identity = BodyIdentity::Grpc { model, version, label: None };
        known.push(dialect::GrpcMethod { path: method.path, identity });
    }
    known
}
