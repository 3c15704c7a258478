//! A filter that does what a request's header `x-do` says: step a cell that all
//! workers share, wait, wake others, watch, take trailers away, change a response
//! that goes by. With it the shell is tested: what a filter can decide, Envoy has
//! to do.

mod lines;
mod plan;

use core::cell::{Cell, RefCell};
use filter_kit::{
    Arrival, BodyChunk, Callbacks, ConfigError, Edits, Exchange, Filter, GrpcCode, HeaderBlock,
    Metric, MetricKind, Notes, Reply, ReplyKind, Series, Tick, Ticket, Timestamp, Trailers,
    Verdict,
};
use lines::Lines;
use plan::{MessagePlan, Place, Plan, Then, Watch};
use proxy_wasm::types::LogLevel;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_shell::host;

wasm_shell::export_filter!(Sharing);

/// Those whose name begins with this are woken by each tick.
const BY_TICK: &str = "tick";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The cells that there are.
    #[serde(default)]
    cells: Vec<String>,
    #[serde(default)]
    tick_ms: Option<u32>,
}

const METRICS: [&Metric; 8] =
    [&BEGUN, &FINISHED, &WAITED, &WOKEN, &SHOWN, &TICKS, &UNSHARED, &WAITING];
static BEGUN: Metric = counter("sharing_begun_total", "Exchanges that began.");
static FINISHED: Metric = counter("sharing_finished_total", "Exchanges that finished.");
static WAITED: Metric = counter("sharing_waited_total", "Requests that began to wait.");
static WOKEN: Metric = counter("sharing_woken_total", "Requests that were woken.");
static SHOWN: Metric = counter("sharing_shown_bytes_total", "Bytes of bodies that were shown.");
static TICKS: Metric = counter("sharing_ticks_total", "Ticks.");
static UNSHARED: Metric = counter("sharing_unshared_total", "Steps that could not be made.");
static WAITING: Metric = Metric {
    name: "sharing_waiting",
    kind: MetricKind::Gauge,
    labels: &[],
    help: "Requests that waited when the last tick came.",
};

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Counter, labels: &[], help }
}

struct Sharing {
    config: Config,
    /// Drawn when it was configured: another one in each VM.
    number: u64,
    /// The tickets of those who wait or have waited, by their names.
    tickets: RefCell<BTreeMap<String, Ticket>>,
    waiting: Cell<u64>,
    series: Vec<Series>,
}

struct Planned {
    filter: Rc<Sharing>,
    arrival: Arrival,
    plan: Plan,
    /// What came of the step.
    count: Option<String>,
    is_waiting: bool,
    request_bytes: u64,
    lines: Lines,
}

impl Filter for Sharing {
    const NAME: &'static str = "sharing";
    const CALLBACKS: Callbacks = Callbacks { tick: true, ..Callbacks::ALL };
    const METRICS: &'static [&'static Metric] = &METRICS;

    type Config = Config;
    type Exchange = Planned;

    fn configure(config: Config) -> Result<Self, ConfigError> {
        let series = METRICS.iter().map(|metric| Series::new(metric, &[])).collect();
        let number = host::random().map_err(|_| ConfigError::new("", "no random numbers"))?;
        let (tickets, waiting) = Default::default();
        Ok(Self { config, number, tickets, waiting, series })
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.series.iter()
    }

    fn cells(&self) -> Vec<String> {
        self.config.cells.clone()
    }

    fn tick_ms(&self) -> Option<u32> {
        self.config.tick_ms
    }

    fn tick(&self, _: Tick, notes: &mut Notes) {
        self.count(&TICKS, 1, notes);
        // Envoy's main thread has no requests.
        let tickets = self.tickets.borrow();
        if !tickets.is_empty() {
            notes.set(self.one(&WAITING), self.waiting.get());
        }
        for (_, ticket) in tickets.iter().filter(|(name, _)| name.starts_with(BY_TICK)) {
            notes.wake(*ticket);
        }
    }

    fn exchange(self: &Rc<Self>, arrival: Arrival) -> Planned {
        Planned {
            filter: Rc::clone(self),
            arrival,
            plan: Plan::default(),
            count: None,
            is_waiting: false,
            request_bytes: 0,
            lines: Lines::default(),
        }
    }
}

impl Sharing {
    fn one(&self, metric: &Metric) -> &Series {
        let position = METRICS.iter().position(|known| known.name == metric.name).unwrap();
        &self.series[position]
    }

    fn count(&self, metric: &Metric, amount: usize, notes: &mut Notes) {
        if amount > 0 {
            notes.add(self.one(metric), i64::try_from(amount).unwrap());
        }
    }

    fn wake(&self, names: &[String], notes: &mut Notes) {
        let tickets = self.tickets.borrow();
        names.iter().filter_map(|name| tickets.get(name)).for_each(|ticket| notes.wake(*ticket));
    }
}

/// Tells that nothing has kept it.
impl Drop for Sharing {
    fn drop(&mut self) {
        host::log(LogLevel::Info, "sharing: dropped");
    }
}

impl Exchange for Planned {
    fn request_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        self.filter.count(&BEGUN, 1, notes);
        self.plan = match block.headers.first("x-do").map(serde_json::from_slice) {
            None => Plan::default(),
            Some(Ok(plan)) => plan,
            Some(Err(error)) => return Verdict::Reply(reply(400, error.to_string())),
        };
        assert!(!self.plan.panic, "the client asked for it");
        self.step(notes);
        self.filter.wake(&self.plan.wake, notes);
        if self.plan.answer {
            return Verdict::Reply(self.answer());
        }
        match self.plan.wait {
            Some(Place::Body) if !block.end_of_message => Verdict::Hold,
            Some(_) => self.wait(Edits::none(), notes),
            None => Verdict::Forward(self.introduced(watching(&self.plan.request))),
        }
    }

    fn request_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        self.filter.count(&SHOWN, chunk.bytes.len(), notes);
        self.request_bytes += chunk.bytes.len() as u64;
        match self.plan.wait {
            Some(Place::Body) if chunk.end_of_message => self.wait_edited(Edits::none(), notes),
            Some(Place::Body) => Verdict::Hold,
            _ => Verdict::Forward(watching(&self.plan.request)),
        }
    }

    fn request_trailers(&mut self, _: Trailers<'_>, notes: &mut Notes) -> Verdict {
        let edits = without_trailers(&self.plan.request);
        match self.plan.wait {
            Some(Place::Body) => self.wait_edited(edits, notes),
            _ => Verdict::Forward(edits),
        }
    }

    fn response_headers(&mut self, _: HeaderBlock<'_>, _: &mut Notes) -> Verdict {
        let edits = watching(&self.plan.response);
        let edits = if self.plan.drop_lines { edits.remove("content-length") } else { edits };
        Verdict::Forward(edits)
    }

    fn response_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        self.filter.count(&SHOWN, chunk.bytes.len(), notes);
        let edits = watching(&self.plan.response);
        if !self.plan.drop_lines {
            return Verdict::Forward(edits);
        }
        Verdict::Forward(self.lines.drop_from(chunk.bytes, chunk.end_of_message, edits))
    }

    fn response_trailers(&mut self, _: Trailers<'_>, _: &mut Notes) -> Verdict {
        Verdict::Forward(without_trailers(&self.plan.response))
    }

    fn woken(&mut self, _: Timestamp, notes: &mut Notes) -> Verdict {
        self.filter.count(&WOKEN, 1, notes);
        self.filter.wake(&self.plan.wake_when_woken, notes);
        if self.plan.times_to_wait_on > 0 {
            self.plan.times_to_wait_on -= 1;
            return Verdict::Wait(Edits::none());
        }
        self.waits_no_more();
        match self.plan.then {
            Then::Forward => Verdict::Forward(Edits::none()),
            Then::Reply => Verdict::Reply(reply(429, "woken".to_owned())),
        }
    }

    fn finished(&mut self, _: Timestamp, notes: &mut Notes) {
        self.filter.count(&FINISHED, 1, notes);
        self.waits_no_more();
        self.filter.wake(&self.plan.wake_when_finished, notes);
    }
}

impl Planned {
    fn step(&mut self, notes: &mut Notes) {
        let Some(cell) = &self.plan.count else { return };
        let stepped = self.arrival.cells.update(cell, |bytes| {
            let count = bytes.try_into().map_or(0, u64::from_le_bytes) + 1;
            (Some(count.to_le_bytes().to_vec()), count)
        });
        let count = match stepped {
            Ok(count) => count.to_string(),
            Err(error) => {
                self.filter.count(&UNSHARED, 1, notes);
                format!("{error:?}")
            }
        };
        self.count = Some(count);
    }

    fn wait(&mut self, edits: Edits, notes: &mut Notes) -> Verdict {
        self.filter.count(&WAITED, 1, notes);
        self.is_waiting = true;
        self.filter.waiting.set(self.filter.waiting.get() + 1);
        let mut tickets = self.filter.tickets.borrow_mut();
        tickets.insert(self.plan.name.clone(), self.arrival.ticket);
        drop(tickets);
        if self.plan.wakes_itself {
            notes.wake(self.arrival.ticket);
        }
        Verdict::Wait(self.introduced(edits))
    }

    fn wait_edited(&mut self, edits: Edits, notes: &mut Notes) -> Verdict {
        let edits = match &self.plan.append {
            None => edits,
            Some((text, times)) => {
                let end = self.request_bytes;
                edits.splice(0..0, "> ").splice(end..end, text.repeat(*times))
            }
        };
        self.wait(edits, notes)
    }

    fn waits_no_more(&mut self) {
        if core::mem::take(&mut self.is_waiting) {
            self.filter.waiting.set(self.filter.waiting.get() - 1);
        }
    }

    /// Tells the server what there is to tell.
    fn introduced(&self, edits: Edits) -> Edits {
        let edits = edits.set("x-number", self.filter.number.to_string());
        match &self.count {
            Some(count) => edits.set("x-count", count.clone()),
            None => edits,
        }
    }

    fn answer(&self) -> Reply {
        let mut reply = reply(200, self.count.clone().unwrap_or_default());
        reply.kind = ReplyKind::Answer;
        reply.headers.push(("x-number".into(), self.filter.number.to_string().into_bytes()));
        reply.headers.push(("x-chance".into(), self.arrival.chance.to_string().into_bytes()));
        reply
    }
}

fn watching(plan: &MessagePlan) -> Edits {
    match plan.watch {
        Watch::Nothing => Edits::none(),
        Watch::Trailers => Edits::none().watch_trailers(),
        Watch::Everything => Edits::none().watch(),
    }
}

fn without_trailers(plan: &MessagePlan) -> Edits {
    let names = plan.trailers_to_remove.iter().cloned();
    names.fold(Edits::none(), Edits::remove_trailer)
}

fn reply(status: u16, text: String) -> Reply {
    Reply {
        kind: ReplyKind::Refusal,
        status,
        grpc: GrpcCode::ResourceExhausted,
        headers: vec![("content-type".into(), b"text/plain".to_vec())],
        body: text.into_bytes(),
        reason: "sharing;planned".to_owned(),
    }
}
