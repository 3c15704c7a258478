use crate::catalogue::{Catalogue, Model, Version};
use crate::config::{Config, GrpcMethod, OnContradiction, StickyKey};
use crate::identity::Claim;
use crate::metrics::{Counters, METRICS};
use crate::rejection::Rejection;
use crate::routing::Routing;
use crate::split::Caller;
use filter_kit::{Arrival, Callbacks, ConfigError, Filter, Metric, Problems, Series};
use inference_api::dialect::{self, BodyIdentity, Call, Operation};
use inference_api::protobuf::FieldPath;
use std::rc::Rc;

/// The model router, made from its configuration.
#[derive(Debug)]
pub struct ModelRouter {
    pub(crate) grpc_methods: Vec<dialect::GrpcMethod>,
    pub(crate) counters: Counters,
    pub(crate) sticky_by: Vec<StickyKey>,
    pub(crate) on_contradiction: OnContradiction,
    pub(crate) hold_up_to_bytes: u32,
    catalogue: Catalogue,
    default_model: Option<String>,
}

impl Filter for ModelRouter {
    const NAME: &'static str = "model-router";
    const CALLBACKS: Callbacks = Callbacks::REQUEST;
    const METRICS: &'static [&'static Metric] = &METRICS;

    type Config = Config;
    type Exchange = Routing;

    fn configure(config: Config) -> Result<Self, ConfigError> {
        let mut problems = Problems::default();
        let catalogue = Catalogue::new(config.models, &mut problems);
        if let Some(name) = &config.default_model
            && catalogue.model(name).is_none()
        {
            problems.add("default_model", format!("`{name}` is not among the models"));
        }
        let sticky_by = sticky_keys(config.sticky_by, &mut problems);
        let grpc_methods = grpc_methods(config.grpc_methods, &mut problems);
        if config.hold_up_to_bytes == 0 {
            problems.add("hold_up_to_bytes", "is 0, must be at least 1");
        }
        match problems.into_error() {
            Some(error) => Err(error),
            None => Ok(Self {
                grpc_methods,
                counters: Counters::new(),
                sticky_by,
                on_contradiction: config.on_contradiction,
                hold_up_to_bytes: config.hold_up_to_bytes,
                catalogue,
                default_model: config.default_model,
            }),
        }
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.catalogue.series().chain(self.counters.all())
    }

    fn exchange(self: &Rc<Self>, arrival: Arrival) -> Routing {
        Routing::new(Rc::clone(self), arrival.chance)
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

    /// The model and the version that serve what a request means.
    pub(crate) fn find(
        &self,
        meant: Claim,
        caller: Caller,
    ) -> Result<(&Model, &Version), Rejection> {
        let Some(name) = meant.model.as_ref().or(self.default_model.as_ref()) else {
            return Err(Rejection::NoModel);
        };
        let Some(model) = self.catalogue.model(name) else {
            return Err(Rejection::UnknownModel { model: name.clone() });
        };
        let version = match &meant.version {
            Some(version) => model.version(version),
            None => model.draw(caller),
        };
        match version {
            Some(version) => Ok((model, version)),
            None => Err(Rejection::UnknownVersion {
                model: name.clone(),
                version: meant.version.unwrap_or_default(),
            }),
        }
    }
}

/// The keys, with header names in the case in which Envoy shows them.
fn sticky_keys(keys: Vec<StickyKey>, problems: &mut Problems) -> Vec<StickyKey> {
    keys.into_iter()
        .enumerate()
        .map(|(position, key)| {
            let (StickyKey::Header(name) | StickyKey::Cookie(name)) = &key;
            if name.is_empty() || !name.bytes().all(is_token) {
                problems
                    .add(format!("sticky_by[{position}]"), "must be a header's or cookie's name");
            }
            match key {
                StickyKey::Header(name) => StickyKey::Header(name.to_ascii_lowercase()),
                cookie @ StickyKey::Cookie(_) => cookie,
            }
        })
        .collect()
}

/// Whether a byte may stand in a header's name (RFC 9110, 5.6.2).
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// The operator's own gRPC methods, as the table of dialects takes them.
fn grpc_methods(methods: Vec<GrpcMethod>, problems: &mut Problems) -> Vec<dialect::GrpcMethod> {
    let mut known = Vec::new();
    for (position, method) in methods.into_iter().enumerate() {
        let path = format!("grpc_methods[{position}]");
        if !is_method_path(&method.path) {
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

fn is_method_path(path: &str) -> bool {
    path.strip_prefix('/').and_then(|rest| rest.split_once('/')).is_some_and(|(service, method)| {
        !service.is_empty() && !method.is_empty() && !method.contains('/')
    })
}
