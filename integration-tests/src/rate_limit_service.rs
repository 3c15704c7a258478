//! A rate limit service for Envoy's rate limit filter, which counts with
//! Limitador.

use crate::upstream::Upstream;
use crate::waiting::eventually;
use limitador::RateLimiter;
use limitador::limit::{Context, Limit};
use proto::rate_limit::rate_limit_response::rate_limit::Unit;
use proto::rate_limit::rate_limit_response::{Code, DescriptorStatus, RateLimit};
use proto::rate_limit::rate_limit_service_server::{RateLimitService, RateLimitServiceServer};
use proto::rate_limit::{RateLimitDescriptor, RateLimitRequest, RateLimitResponse};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// How many counters there may be: far more than a test has.
const MOST_COUNTERS: u64 = 1_000;

/// A limit that counts for each combination of some entries' values.
#[derive(Clone, Debug)]
pub struct Budget {
    /// It is for descriptors of this domain,
    pub domain: &'static str,
    /// with this entry,
    pub about: (&'static str, &'static str),
    /// and with these keys. Each combination of their values has a budget of its
    /// own.
    pub per: &'static [&'static str],
    /// How many hits it has
    pub hits: u32,
    /// in each second, minute, hour or day.
    pub unit: Unit,
}

/// A rate limit service in this process, on a port of its own, for as many
/// Envoys as like. Dropping it breaks their connections off.
///
/// It counts as the reference implementation does
/// (<https://github.com/envoyproxy/ratelimit>): fixed windows; a descriptor's own
/// cost before the request's, 0 of its own asks without charging, none at all is
/// 1; every charge counts, also the one that goes past the limit.
#[derive(Debug)]
pub struct BudgetServer {
    server: Upstream,
    ledger: Arc<Ledger>,
}

struct Ledger {
    limiter: RateLimiter,
    budgets: Vec<Budget>,
    /// Held while it counts: to look and to charge are two steps.
    received: Mutex<Vec<RateLimitRequest>>,
}

impl BudgetServer {
    /// A service with these budgets. What none of them is for is not limited.
    pub async fn with(budgets: &[Budget]) -> Self {
        let limiter = RateLimiter::new(MOST_COUNTERS);
        for budget in budgets {
            limiter.add_limit(budget.limit());
        }
        let received = Mutex::default();
        let ledger = Arc::new(Ledger { limiter, budgets: budgets.to_vec(), received });
        let service = RateLimitServiceServer::from_arc(Arc::clone(&ledger));
        Self { server: Upstream::grpc(Routes::new(service)).await, ledger }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What it was asked and told so far, in order.
    pub fn received(&self) -> Vec<RateLimitRequest> {
        self.ledger.received.lock().expect("no panic while it is held").clone()
    }

    /// Waits until it was asked or told so many times, and gives all of that.
    ///
    /// # Panics
    /// When it isn't in time.
    pub async fn wait_for(&self, count: usize) -> Vec<RateLimitRequest> {
        eventually(&format!("{count} requests at the rate limit service"), async || {
            Some(self.received()).filter(|received| received.len() >= count)
        })
        .await
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Ledger").field("budgets", &self.budgets).finish_non_exhaustive()
    }
}

#[tonic::async_trait]
impl RateLimitService for Ledger {
    async fn should_rate_limit(
        &self,
        request: Request<RateLimitRequest>,
    ) -> Result<Response<RateLimitResponse>, Status> {
        let request = request.into_inner();
        let mut received = self.received.lock().expect("no panic while it is held");
        received.push(request.clone());
        let statuses: Vec<DescriptorStatus> = request
            .descriptors
            .iter()
            .map(|descriptor| self.charge(&request, descriptor))
            .collect::<Result<_, _>>()?;
        let is_over = statuses.iter().any(|status| status.code() == Code::OverLimit);
        let overall_code = if is_over { Code::OverLimit } else { Code::Ok }.into();
        Ok(Response::new(RateLimitResponse { overall_code, statuses }))
    }
}

impl Ledger {
    fn charge(
        &self,
        request: &RateLimitRequest,
        descriptor: &RateLimitDescriptor,
    ) -> Result<DescriptorStatus, Status> {
        if descriptor.is_negative_hits {
            return Err(Status::unimplemented("Limitador's counters only grow"));
        }
        let hits = descriptor.hits_addend.unwrap_or(u64::from(request.hits_addend.max(1)));
        let domain = request.domain.clone().into();
        let entries = descriptor.entries.iter();
        let entries: HashMap<String, String> =
            entries.map(|entry| (entry.key.clone(), entry.value.clone())).collect();
        let mut context = Context::default();
        context.list_binding("descriptors".to_owned(), vec![entries]);
        let failed = |error| Status::internal(format!("{error:?}"));
        let found = self.limiter.is_rate_limited(&domain, &context, hits).map_err(failed)?;
        self.limiter.update_counters(&domain, &context, hits).map_err(failed)?;
        let code = if found.limited { Code::OverLimit } else { Code::Ok }.into();
        let Some(counter) = found.counters.first() else {
            return Ok(DescriptorStatus { code, ..Default::default() });
        };
        let left = counter.remaining().unwrap_or_default().saturating_sub(hits);
        Ok(DescriptorStatus {
            code,
            current_limit: self
                .budgets
                .iter()
                .find(|it| it.is_of(counter.limit()))
                .map(Budget::told),
            limit_remaining: u32::try_from(left).unwrap_or(u32::MAX),
            duration_until_reset: counter.expires_in().and_then(|it| it.try_into().ok()),
        })
    }
}

impl Budget {
    fn limit(&self) -> Limit {
        let (key, value) = self.about;
        let condition = format!("descriptors[0]['{key}'] == '{value}'");
        let variables = self.per.iter().map(|key| format!("descriptors[0]['{key}']"));
        let mut limit = Limit::new(
            self.domain,
            self.hits.into(),
            self.seconds(),
            [condition.try_into().expect("a condition in CEL")],
            variables.map(|variable| variable.try_into().expect("an expression in CEL")),
        );
        limit.set_name(self.name());
        limit
    }

    fn is_of(&self, limit: &Limit) -> bool {
        limit.namespace().as_ref() == self.domain && limit.name() == Some(&self.name())
    }

    fn name(&self) -> String {
        self.about.1.to_owned()
    }

    fn told(&self) -> RateLimit {
        RateLimit { name: self.name(), requests_per_unit: self.hits, unit: self.unit.into() }
    }

    fn seconds(&self) -> u64 {
        match self.unit {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3_600,
            Unit::Day => 86_400,
            other => panic!("a budget per {other:?}"),
        }
    }
}
