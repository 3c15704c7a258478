use crate::access::Access;
use crate::checking::Checking;
use crate::config::{BeyondHold, Config, ModelHeaders, OnBadAnswer, OnFault};
use crate::contracts::{Contract, Contracts};
use crate::metrics::METRICS;
use crate::rules::{Mode, Rule};
use filter_kit::{Arrival, Callbacks, ConfigError, Filter, Headers, Metric, Problems, Series};
use inference_api::dialect::{self, BodyIdentity, Call};
use inference_api::identity::RequestIdentity;
use std::rc::Rc;

/// The payload validator, made from its configuration.
#[derive(Debug)]
pub struct PayloadValidator {
    pub(crate) access: Access,
    pub(crate) contracts: Contracts,
    pub(crate) grpc_methods: Vec<dialect::GrpcMethod>,
    pub(crate) hold_up_to_bytes: u32,
    pub(crate) beyond_hold: BeyondHold,
    model_headers: ModelHeaders,
}

impl Filter for PayloadValidator {
    const NAME: &'static str = "payload-validator";
    const CALLBACKS: Callbacks = Callbacks { finished: false, ..Callbacks::ALL };
    const CLOCK: bool = true;
    const METRICS: &'static [&'static Metric] = &METRICS;

    type Config = Config;
    type Exchange = Checking;

    fn configure(mut config: Config) -> Result<Self, ConfigError> {
        let mut problems = Problems::default();
        if config.hold_up_to_bytes == 0 && config.beyond_hold == BeyondHold::Refuse {
            let text = "is 0, which goes with \"beyond_hold\": \"stream\" only";
            problems.add("hold_up_to_bytes", text);
        }
        check_answers(&config, &mut problems);
        check_limits(&config, &mut problems);
        if config.on_fault == OnFault::Allow {
            // Unless something else is said of that rule.
            config.rules.entry(Rule::Unreadable).or_insert(Mode::ReportOnly);
        }
        let contracts = Contracts::new(&mut config, &mut problems);
        let access = Access::new(config.access, &mut problems);
        let own = contracts.all().filter_map(|contract| contract.own_method());
        let grpc_methods = own
            .map(|method| dialect::GrpcMethod {
                path: method.to_owned(),
                identity: BodyIdentity::None,
            })
            .collect();
        match problems.into_error() {
            Some(error) => Err(error),
            None => Ok(Self {
                access,
                contracts,
                grpc_methods,
                hold_up_to_bytes: config.hold_up_to_bytes,
                beyond_hold: config.beyond_hold,
                model_headers: config.model_headers,
            }),
        }
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.contracts.all().flat_map(|contract| contract.label.series())
    }

    fn exchange(self: &Rc<Self>, arrival: Arrival) -> Checking {
        Checking::new(Rc::clone(self), arrival)
    }
}

impl PayloadValidator {
    /// Which model and version a request is for.
    ///
    /// # Errors
    /// With the header that says two things.
    pub(crate) fn identity<'r>(
        &self,
        headers: &'r Headers,
        call: &'r Call<'r>,
    ) -> Result<RequestIdentity<'r>, &'static str> {
        match self.model_headers {
            ModelHeaders::Ignore => Ok(RequestIdentity::in_path(call)),
            ModelHeaders::Trust => RequestIdentity::in_headers(call, |name| headers.single(name)),
        }
    }

    /// The contract for a request.
    pub(crate) fn contract(&self, identity: RequestIdentity<'_>) -> &Rc<Contract> {
        self.contracts.find(identity.model, identity.version)
    }
}

/// On a host that can't hold headers back, an answer whose headers are held never
/// goes on.
fn check_answers(config: &Config, problems: &mut Problems) {
    for (position, contract) in config.contracts.iter().enumerate() {
        let replaces = contract
            .answers
            .as_ref()
            .is_some_and(|answers| answers.on_violation == OnBadAnswer::Replace);
        if replaces && config.hold_up_to_bytes == 0 {
            let text = "is \"replace\", which does not go with \"hold_up_to_bytes\": 0";
            problems.add(format!("contracts[{position}].answers.on_violation"), text);
        }
    }
}

fn check_limits(config: &Config, problems: &mut Problems) {
    let own =
        config.contracts.iter().enumerate().map(|(position, contract)| {
            (format!("contracts[{position}].limits"), &contract.limits)
        });
    for (path, limits) in own.chain([("limits".to_owned(), &config.limits)]) {
        if limits.max_json_depth.is_some_and(|depth| !(1..=127).contains(&depth)) {
            problems.add(format!("{path}.max_json_depth"), "must be within 1 and 127");
        }
        if limits.max_headers == Some(0) {
            problems.add(format!("{path}.max_headers"), "is 0, so no request would be accepted");
        }
    }
}
