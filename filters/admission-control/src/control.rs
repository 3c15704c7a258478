use crate::admission::Admission;
use crate::callers::Callers;
use crate::config::{
    self, AppliesTo, Config, IncludeUsage, Mode, ModelHeaders, OnFault, OnUnreadable,
};
use crate::ledger::workers::Gauge;
use crate::limits::{self, Kind, Limit, Room};
use crate::loads::Loads;
use crate::membership::Membership;
use crate::metrics::{METRICS, Sheet};
use crate::queue::{Gate, Queue};
use core::cell::{Cell, RefCell};
use filter_kit::Secret;
use filter_kit::callers::header_name;
use filter_kit::{
    Arrival, Callbacks, CellError, ConfigError, Filter, Headers, Metric, Notes, Problems, Series,
    Tick, Ticket,
};
use inference_api::dialect::{Call, Operation};
use inference_api::identity::RequestIdentity;
use std::rc::Rc;

/// How often a worker looks after its gauges when nobody can wait, in milliseconds.
const IDLE_TICK_MS: u32 = 1000;

/// Admission control, made from its configuration.
///
/// One stands in each of Envoy's workers. What holds for all of them is in cells;
/// what stands here is of this worker alone: who waits, and what is known of the
/// others.
#[derive(Debug)]
pub struct AdmissionControl {
    pub(crate) callers: Callers,
    pub(crate) limits: Vec<Limit>,
    pub(crate) loads: Loads,
    pub(crate) told: config::Told,
    pub(crate) cost: config::Cost,
    pub(crate) deadline: config::Deadline,
    pub(crate) waiting: Option<config::Queue>,
    pub(crate) on_fault: OnFault,
    pub(crate) on_unreadable: OnUnreadable,
    pub(crate) hold_up_to_bytes: usize,
    applies_to: AppliesTo,
    model_headers: ModelHeaders,
    pub(crate) sheet: Sheet,
    pub(crate) membership: Membership,
    /// Those who wait in this worker.
    pub(crate) queue: RefCell<Queue>,
    /// How many requests of this worker hold a place of each limit.
    pub(crate) seats: Vec<Cell<u32>>,
    secret_cell: String,
    secret: Cell<Option<Secret>>,
}

impl Filter for AdmissionControl {
    const NAME: &'static str = "admission-control";
    const CALLBACKS: Callbacks = Callbacks { tick: true, ..Callbacks::ALL };
    const CLOCK: bool = true;
    const METRICS: &'static [&'static Metric] = &METRICS;

    type Config = Config;
    type Exchange = Admission;

    fn configure(config: Config) -> Result<Self, ConfigError> {
        let mut problems = Problems::default();
        if config.store.is_empty() || config.store.contains('/') {
            problems.add("store", "must be a name without slashes");
        }
        if !(1..=65_536).contains(&config.max_keys) {
            problems.add("max_keys", "must be within 1 and 65536");
        }
        if config.cost.bytes_per_token == 0 {
            problems.add("cost.bytes_per_token", "must be at least 1");
        }
        check_queue(config.queue.as_ref(), &mut problems);
        let mut deadline = config.deadline.clone();
        deadline.header = header_name(&deadline.header, "deadline.header", &mut problems);
        let callers = Callers::new(&config, &mut problems);
        let limits = limits::limits(&config, &callers, &mut problems);
        let prefix = limits::prefix(&config.store);
        let loads = Loads::new(&config, format!("{prefix}/loads"), &mut problems);
        let sheet = Sheet::new(callers.classes.iter().map(|class| &*class.name), &limits);
        let secret = config.tenant.as_ref().and_then(|tenant| tenant.hash_secret.as_deref());
        if secret == Some("") {
            problems.add("tenant.hash_secret", "is empty");
        }
        if let Some(error) = problems.into_error() {
            return Err(error);
        }
        let most = config.queue.map_or(0, |queue| queue.max_requests);
        Ok(Self {
            callers,
            seats: limits.iter().map(|_| Cell::new(0)).collect(),
            limits,
            loads,
            told: config.told,
            cost: config.cost,
            deadline,
            waiting: config.queue,
            on_fault: config.on_fault,
            on_unreadable: config.on_unreadable,
            hold_up_to_bytes: usize::try_from(config.hold_up_to_bytes).unwrap_or(usize::MAX),
            applies_to: config.applies_to,
            model_headers: config.model_headers,
            sheet,
            membership: Membership::new(format!("{prefix}/workers")),
            queue: RefCell::new(Queue::new(usize::try_from(most).unwrap_or(usize::MAX))),
            secret_cell: format!("{prefix}/secret"),
            secret: Cell::new(secret.map(Secret::written)),
        })
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.sheet.all()
    }

    fn cells(&self) -> Vec<String> {
        let own = [self.membership.cell(), self.loads.cell(), &self.secret_cell];
        let own = own.into_iter().map(str::to_owned);
        own.chain(self.limits.iter().flat_map(|limit| limit.cells().iter().cloned())).collect()
    }

    fn tick_ms(&self) -> Option<u32> {
        let has_rooms = self.limits.iter().any(|limit| matches!(limit.kind, Kind::InFlight(_)));
        let poll_ms = self.waiting.map_or(IDLE_TICK_MS, |queue| queue.poll_ms);
        has_rooms.then_some(poll_ms)
    }

    fn tick(&self, tick: Tick, notes: &mut Notes) {
        self.tell_gauges(tick, notes);
        let Ok(queue) = self.queue.try_borrow() else { return };
        for ticket in queue.expired(tick.at.nanos()) {
            notes.wake(Ticket(ticket));
        }
        drop(queue);
        self.wake_first(notes);
    }

    fn exchange(self: &Rc<Self>, arrival: Arrival) -> Admission {
        Admission::new(Rc::clone(self), arrival)
    }
}

impl AdmissionControl {
    /// Whether requests for this are counted.
    pub(crate) fn counts(&self, operation: Operation, method: &[u8]) -> bool {
        // Of a path that nobody knows a model may be behind it, as behind vLLM's
        // `/invocations`.
        let may_infer = matches!(operation, Operation::Other | Operation::Admin);
        match self.applies_to {
            AppliesTo::Inference => operation.is_inference() || (may_infer && method == b"POST"),
            AppliesTo::All => true,
        }
    }

    /// The model and version that a request is for.
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

    /// The secret with which keys are hashed.
    ///
    /// # Errors
    /// When the shared state can't be had.
    pub(crate) fn secret(&self, arrival: &Arrival) -> Result<Secret, CellError> {
        if let Some(secret) = self.secret.get() {
            return Ok(secret);
        }
        let secret = Secret::shared(&self.secret_cell, arrival)?;
        self.secret.set(Some(secret));
        Ok(secret)
    }

    /// Whether those beyond a limit are refused.
    pub(crate) fn is_enforced(&self, limit: usize) -> bool {
        self.limits.get(limit).is_some_and(|limit| limit.mode == Mode::Enforce)
    }

    /// Whether streamed answers are to be made to say what they used.
    pub(crate) fn asks_for_usage(&self) -> bool {
        self.cost.include_usage == IncludeUsage::Inject
    }

    /// Wakes whoever is the first at each gate, to see whether there is room now.
    pub(crate) fn wake_first(&self, notes: &mut Notes) {
        let Ok(queue) = self.queue.try_borrow() else { return };
        let mut round = queue.round();
        while let Some(waiting) = round.next(&queue) {
            notes.wake(Ticket(waiting.ticket));
            round.block();
        }
    }

    /// Wakes whoever is the first at this gate now.
    pub(crate) fn wake_next(&self, gate: Gate, notes: &mut Notes) {
        let Ok(queue) = self.queue.try_borrow() else { return };
        if let Some(waiting) = queue.first_at(gate) {
            notes.wake(Ticket(waiting.ticket));
        }
    }

    /// One more request of this worker holds a place of a limit, or one less.
    pub(crate) fn seat(&self, limit: usize, step: impl FnOnce(u32) -> u32) {
        if let Some(seats) = self.seats.get(limit) {
            seats.set(step(seats.get()));
        }
    }

    /// Tells what all workers hold together, if it is time to.
    fn tell_gauges(&self, tick: Tick, notes: &mut Notes) {
        let waiting = self.queue.try_borrow().map_or(0, |queue| queue.len());
        let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
        let seats = self.limits.iter().zip(&self.seats);
        let seats = seats.map(|(limit, seats)| gauge(&limit.name, seats.get()));
        // No limit has an empty name.
        let gauges: Vec<Gauge> = [gauge("", waiting)].into_iter().chain(seats).collect();
        let Ok(Some(totals)) = self.membership.beat(tick.cells, &gauges, tick.at) else { return };
        let of = |position: usize| totals.get(position).copied().unwrap_or_default();
        notes.set(&self.sheet.queue, of(0));
        for (position, limit) in self.sheet.limits.iter().enumerate() {
            if let Some(series) = &limit.in_flight {
                notes.set(series, of(position.saturating_add(1)));
            }
            // One that finds itself is told when it changes.
            if let Some(Kind::InFlight(Room::Fixed(max))) =
                self.limits.get(position).map(|limit| &limit.kind)
            {
                limit.limits().for_each(|series| notes.set(series, u64::from(*max)));
            }
        }
    }
}

/// A gauge of this name, by the name's hash (Fowler, Noll, Vo: FNV-1a).
fn gauge(name: &str, value: u32) -> Gauge {
    let step = |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    Gauge { name: name.bytes().fold(0x811c_9dc5, step), value }
}

fn check_queue(queue: Option<&config::Queue>, problems: &mut Problems) {
    let Some(queue) = queue else { return };
    if !(1..=100_000).contains(&queue.max_requests) {
        problems.add("queue.max_requests", "must be within 1 and 100000");
    }
    if queue.max_wait_ms == 0 {
        problems.add("queue.max_wait_ms", "must be at least 1");
    }
    if !(1..=1000).contains(&queue.poll_ms) {
        problems.add("queue.poll_ms", "must be within 1 and 1000");
    }
}
