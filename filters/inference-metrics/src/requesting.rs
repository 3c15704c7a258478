//! What a request brings: read as it goes by.

use filter_kit::{Headers, KeyedHasher};
use inference_api::demand::Demand;
use inference_api::identity::{BodyReader, NamedVersion};
use inference_api::workload::{Workload, WorkloadReader};

/// A request's body, while it goes by.
#[derive(Debug, Default)]
pub(crate) struct Request {
    /// How long its headers say that it is.
    announced: Option<u64>,
    /// How much of it was seen, if it is watched.
    seen: u64,
    is_watched: bool,
    workload: Option<Box<WorkloadReader>>,
    /// Finds the model, where nothing else names it.
    identity: Option<Box<BodyReader>>,
    hasher: Option<Box<KeyedHasher>>,
    brought: Brought,
}

/// What a request brought for a model to work on, as far as it was understood.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    pub(crate) demand: Option<Demand>,
    pub(crate) rows: Option<u64>,
    pub(crate) elements: Option<u64>,
}

/// What reads a request's body.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    pub(crate) workload: Option<WorkloadReader>,
    pub(crate) identity: Option<BodyReader>,
    pub(crate) hasher: Option<KeyedHasher>,
}

impl Request {
    /// One whose headers came.
    pub(crate) fn new(headers: &Headers, readers: Readers, is_all: bool) -> Self {
        let announced = headers.first("content-length").and_then(|value| {
            let text = str::from_utf8(value).ok()?;
            text.parse().ok()
        });
        let Readers { workload, identity, hasher } = readers;
        let is_read = workload.is_some() || identity.is_some() || hasher.is_some();
        Self {
            announced: if is_all { Some(0) } else { announced },
            seen: 0,
            is_watched: is_read && !is_all,
            workload: workload.map(Box::new),
            identity: identity.map(Box::new),
            hasher: hasher.map(Box::new),
            brought: Brought::default(),
        }
    }

    /// Whether its body is to be shown.
    pub(crate) const fn is_watched(&self) -> bool {
        self.is_watched
    }

    /// More of its body.
    pub(crate) fn push(&mut self, bytes: &[u8], is_last: bool) {
        self.seen = self.seen.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if let Some(hasher) = &mut self.hasher {
            hasher.write(bytes);
        }
        if let Some(identity) = &mut self.identity
            && identity.push(bytes).is_err()
        {
            self.identity = None;
        }
        self.read(bytes);
        if is_last {
            self.finish();
        }
    }

    /// Its end.
    pub(crate) fn finish(&mut self) {
        if let Some(identity) = &mut self.identity {
            // What it named before it broke is no name.
            if identity.finish().is_err() {
                self.identity = None;
            }
        }
        if let Some(mut workload) = self.workload.take()
            && let Ok(Some(last)) = workload.finish()
        {
            self.brought.add(last);
        }
    }

    /// What it brought, as far as it came.
    pub(crate) const fn brought(&self) -> &Brought {
        &self.brought
    }

    /// The model and version that its body names.
    pub(crate) fn named(&self) -> [Option<&str>; 2] {
        let Some(named) = self.identity.as_ref().and_then(|identity| identity.named()) else {
            return [None; 2];
        };
        [named.model.as_deref(), named.version.as_ref().map(NamedVersion::text)]
    }

    /// The hash of its body, as it came.
    pub(crate) fn hash(&mut self) -> Option<String> {
        self.hasher.take().map(|hasher| hasher.text())
    }

    /// How long its body is, as far as that is known.
    pub(crate) fn bytes(&self) -> Option<u64> {
        if self.is_watched { Some(self.seen) } else { self.announced }
    }

    fn read(&mut self, mut bytes: &[u8]) {
        while let Some(workload) = &mut self.workload {
            match workload.next(&mut bytes) {
                Ok(Some(message)) => self.brought.add(message),
                Ok(None) => return,
                Err(_) => self.workload = None,
            }
        }
    }
}

impl Brought {
    fn add(&mut self, workload: Workload) {
        match workload {
            Workload::Prompt(demand) => {
                self.rows = Some(demand.inputs);
                self.demand = Some(demand);
            }
            Workload::Tensors(batch) => {
                self.rows = sum(self.rows, batch.rows);
                self.elements = sum(self.elements, batch.elements);
            }
        }
    }
}

fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    }
}
