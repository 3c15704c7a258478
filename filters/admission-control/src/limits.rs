//! What an operator's limits mean: which requests each is for, and what it keeps
//! apart.

use crate::callers::Callers;
use crate::config::{self, Dimension, Mode};
use crate::ledger::adaptive::Settings;
use crate::ledger::quota::Quota;
use filter_kit::callers::header_name;
use filter_kit::{Headers, Problems};
use filter_kit::{Key, Secret};

/// How long an adaptive limit is kept low to measure the least time, at most. Where long
/// answers hold more places than that, nobody is let in meanwhile.
const PROBE_NS: u64 = 2_000_000_000;

/// How many keys lie in one cell, at most. Each change copies all of them.
pub(crate) const BUCKETS_PER_CELL: usize = 64;
/// The same for rooms, which are larger.
pub(crate) const ROOMS_PER_CELL: usize = 16;

/// Something of which there is only so much.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) name: String,
    pub(crate) per: Vec<Dimension>,
    only: Selection,
    except: Option<Selection>,
    pub(crate) mode: Mode,
    pub(crate) kind: Kind,
    /// The cells in which its keys lie.
    cells: Vec<String>,
}

/// What is limited.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// How many requests come in.
    Requests(Quota),
    /// How many tokens are used.
    Tokens(Quota),
    /// How many requests are here.
    InFlight(Room),
}

/// How many requests may be here.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Room {
    Fixed(u32),
    Adaptive(Settings),
}

#[derive(Debug, Default)]
struct Selection {
    tenants: Option<Vec<String>>,
    models: Option<Vec<String>>,
    versions: Option<Vec<String>>,
    classes: Option<Vec<usize>>,
}

/// What a request is, as far as limits are concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'r> {
    pub(crate) tenant: Option<&'r [u8]>,
    pub(crate) model: Option<&'r str>,
    pub(crate) version: Option<&'r str>,
    pub(crate) class: usize,
    pub(crate) headers: &'r Headers,
}

/// The limits of a configuration; writes down what is wrong with them.
pub(crate) fn limits(
    config: &config::Config,
    callers: &Callers,
    problems: &mut Problems,
) -> Vec<Limit> {
    let written = &config.limits;
    let all = written.iter().enumerate().map(|(position, limit)| {
        let path = format!("limits[{position}]");
        if limit.name.is_empty() || limit.name.bytes().any(|byte| !is_name(byte)) {
            problems.add(format!("{path}.name"), "must be letters, digits, `-` and `_`");
        }
        if written.iter().take(position).any(|other| other.name == limit.name) {
            problems.add(format!("{path}.name"), format!("`{}` is here twice", limit.name));
        }
        let by_tenant = limit.per.contains(&Dimension::Tenant);
        if by_tenant && config.tenant.is_none() {
            let text = "has `tenant`, and `tenant` does not say how they are told apart";
            problems.add(format!("{path}.per"), text);
        }
        let kind = kind(limit, &path, problems).unwrap_or(Kind::InFlight(Room::Fixed(1)));
        let selection = |written: &Option<config::Selection>,
                         word: &str,
                         problems: &mut Problems| {
            let path = format!("{path}.{word}.classes");
            let written = written.as_ref().map(|written| config::Selection {
                tenants: written.tenants.as_deref().map(|tenants| callers.tenants_listed(tenants)),
                ..written.clone()
            });
            written.map(|written| Selection::new(&written, callers, &path, problems))
        };
        Limit {
            name: limit.name.clone(),
            per: dimensions(&limit.per, &path, problems),
            only: selection(&limit.only, "only", problems).unwrap_or_default(),
            except: selection(&limit.except, "except", problems),
            mode: limit.mode,
            cells: cells(config, limit, &kind),
            kind,
        }
    });
    all.collect()
}

impl Limit {
    /// Whether it is for this request.
    pub(crate) fn is_for(&self, subject: &Subject<'_>) -> bool {
        self.only.has(subject)
            && !self.except.as_ref().is_some_and(|selection| selection.has(subject))
    }

    /// What it keeps apart from others' requests.
    pub(crate) fn key(&self, subject: &Subject<'_>, secret: Secret) -> Key {
        secret.key(self.per.iter().map(|dimension| match dimension {
            Dimension::Tenant => subject.tenant,
            Dimension::Model => subject.model.map(str::as_bytes),
            Dimension::Version => subject.version.map(str::as_bytes),
            Dimension::Header(name) => subject.headers.first(name),
        }))
    }

    /// The cell in which a key lies.
    pub(crate) fn cell(&self, key: &Key) -> &str {
        let count = u64::try_from(self.cells.len()).unwrap_or(1).max(1);
        let [a, b, c, d, ..] = *key;
        let number = u64::from(u32::from_le_bytes([a, b, c, d]));
        let position = number.checked_rem(count).and_then(|rest| usize::try_from(rest).ok());
        position.and_then(|position| self.cells.get(position)).map_or("", |cell| cell)
    }

    /// The models that it is only for.
    pub(crate) fn models(&self) -> impl Iterator<Item = &str> {
        self.only.models.iter().flatten().map(String::as_str)
    }

    /// Its cells.
    pub(crate) fn cells(&self) -> &[String] {
        &self.cells
    }

    /// How many keys lie in each of them, at most.
    pub(crate) const fn keys_per_cell(&self) -> usize {
        match self.kind {
            Kind::Requests(_) | Kind::Tokens(_) => BUCKETS_PER_CELL,
            Kind::InFlight(_) => ROOMS_PER_CELL,
        }
    }
}

impl Selection {
    fn new(
        written: &config::Selection,
        callers: &Callers,
        path: &str,
        problems: &mut Problems,
    ) -> Self {
        let classes = written.classes.as_ref().map(|names| {
            let positions = names.iter().enumerate().filter_map(|(position, name)| {
                let found = callers.classes.iter().position(|class| class.name == *name);
                if found.is_none() {
                    let text = format!("there is no class `{name}`");
                    problems.add(format!("{path}[{position}]"), text);
                }
                found
            });
            positions.collect()
        });
        let config::Selection { tenants, models, versions, .. } = written.clone();
        Self { tenants, models, versions, classes }
    }

    fn has(&self, subject: &Subject<'_>) -> bool {
        let lists = |list: &Option<Vec<String>>, value: Option<&[u8]>| {
            list.as_ref()
                .is_none_or(|list| list.iter().any(|listed| Some(listed.as_bytes()) == value))
        };
        lists(&self.tenants, subject.tenant)
            && lists(&self.models, subject.model.map(str::as_bytes))
            && lists(&self.versions, subject.version.map(str::as_bytes))
            && self.classes.as_ref().is_none_or(|classes| classes.contains(&subject.class))
    }
}

/// Its name stands in those of cells and structured header fields.
const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn dimensions(written: &[Dimension], path: &str, problems: &mut Problems) -> Vec<Dimension> {
    let named = written.iter().enumerate().map(|(position, dimension)| match dimension {
        Dimension::Header(name) => Dimension::Header(header_name(
            name,
            &format!("{path}.per[{position}].header"),
            problems,
        )),
        other => other.clone(),
    });
    named.collect()
}

fn kind(limit: &config::Limit, path: &str, problems: &mut Problems) -> Option<Kind> {
    match (limit.requests, limit.tokens, &limit.in_flight) {
        (Some(budget), None, None) => {
            quota(budget, &format!("{path}.requests"), problems).map(Kind::Requests)
        }
        (None, Some(budget), None) => {
            quota(budget, &format!("{path}.tokens"), problems).map(Kind::Tokens)
        }
        (None, None, Some(in_flight)) => {
            room(in_flight, &format!("{path}.in_flight"), problems).map(Kind::InFlight)
        }
        _ => {
            problems.add(path, "must have exactly one of `requests`, `tokens` and `in_flight`");
            None
        }
    }
}

fn quota(budget: config::Budget, path: &str, problems: &mut Problems) -> Option<Quota> {
    let window_ns = budget.window_ms.saturating_mul(1_000_000);
    match Quota::new(budget.count, window_ns, budget.burst) {
        Ok(quota) => Some(quota),
        Err(error) => {
            problems.add(path, error.to_string());
            None
        }
    }
}

fn room(written: &config::InFlight, path: &str, problems: &mut Problems) -> Option<Room> {
    match (written.max, &written.adaptive) {
        (Some(0), None) => problems.add(format!("{path}.max"), "is 0, so nobody would be let in"),
        (Some(max), None) => return Some(Room::Fixed(max)),
        (None, Some(adaptive)) => {
            return adaptive_settings(adaptive, &format!("{path}.adaptive"), problems)
                .map(Room::Adaptive);
        }
        _ => problems.add(path, "must have either `max` or `adaptive`"),
    }
    None
}

fn adaptive_settings(
    written: &config::Adaptive,
    path: &str,
    problems: &mut Problems,
) -> Option<Settings> {
    let before = problems.iter().count();
    if written.min == 0 || written.min > written.max {
        problems.add(format!("{path}.min"), "must be within 1 and `max`");
    }
    if !(written.min..=written.max).contains(&written.initial) {
        problems.add(format!("{path}.initial"), "must be within `min` and `max`");
    }
    if !(5..=128).contains(&written.samples) {
        problems.add(format!("{path}.samples"), "must be within 5 and 128");
    }
    if written.tolerance_percent > 1000 {
        problems.add(format!("{path}.tolerance_percent"), "must be at most 1000");
    }
    if written.remeasure_ms < 1000 {
        problems.add(format!("{path}.remeasure_ms"), "must be at least 1000");
    }
    (problems.iter().count() == before).then(|| settings(written))
}

fn settings(written: &config::Adaptive) -> Settings {
    Settings {
        least: written.min,
        most: written.max,
        initial: written.initial,
        buffer_percent: written.tolerance_percent,
        samples: usize::try_from(written.samples).unwrap_or(usize::MAX),
        interval_ns: written.remeasure_ms.saturating_mul(1_000_000),
        probe_ns: PROBE_NS,
        ..Settings::default()
    }
}

/// The cells for a limit's keys: enough that they are half full when there are as many
/// keys as were asked for.
fn cells(config: &config::Config, limit: &config::Limit, kind: &Kind) -> Vec<String> {
    let per_cell = match kind {
        Kind::Requests(_) | Kind::Tokens(_) => BUCKETS_PER_CELL,
        Kind::InFlight(_) => ROOMS_PER_CELL,
    };
    let keys = if limit.per.is_empty() { 1 } else { config.max_keys };
    let half_full = u32::try_from(per_cell.div_ceil(2)).unwrap_or(1).max(1);
    let count = keys.div_ceil(half_full).max(1);
    (0..count).map(|number| format!("{}{}/{number}", prefix(&config.store), limit.name)).collect()
}

/// What the names of all cells of a store begin with.
pub(crate) fn prefix(store: &str) -> String {
    format!("admission-control/{store}/")
}
