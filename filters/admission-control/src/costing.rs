//! A request's body, read for what it will cost.

use crate::config::{Cost, TensorUnit};
use crate::cost::{Estimate, announced, carries_tensors};
use filter_kit::Headers;
use inference_api::demand::{Demand, IncludeUsage};
use inference_api::dialect::{Call, Dialect, Operation};
use inference_api::identity::Splice;
use inference_api::workload::{Batch, Workload, WorkloadError, WorkloadReader};

/// Reads a request's body for what it will cost.
#[derive(Debug)]
pub(crate) struct CostReader {
    operation: Operation,
    unit: TensorUnit,
    body: Body,
    bytes: u64,
    /// How long it says that it is.
    announced: u64,
}

#[derive(Debug)]
enum Body {
    Read(Reading),
    /// Nobody knows what it means: its length is what counts.
    Counted,
    Broken(Unreadable),
}

/// A body that says what is in it, at its end or with each message.
#[derive(Debug)]
struct Reading {
    workload: WorkloadReader,
    /// What the first message cost, once it ended.
    first: Option<u64>,
    /// What those that ended cost together.
    tokens: u64,
}

/// Why a body does not say what it will cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is compressed.
    Compressed,
    /// It is not what its API wants.
    Malformed,
    /// It is longer than is held.
    TooLong,
}

/// What reading a body came to.
#[derive(Debug)]
pub(crate) struct Costed {
    pub(crate) estimate: Estimate,
    /// The edit by which a streamed answer is made to say what it used.
    pub(crate) include_usage: Option<Splice>,
    /// Why it does not say what it will cost; the estimate is by its length then.
    pub(crate) unreadable: Option<Unreadable>,
}

impl CostReader {
    /// For a request whose body says what it will cost, or whose length does and is
    /// not known yet.
    pub(crate) fn of(call: &Call<'_>, headers: &Headers, cost: &Cost) -> Option<Self> {
        let workload = is_read(call, cost)
            .then(|| WorkloadReader::new(call, |name| headers.first(name)))
            .flatten();
        let body = match workload {
            Some(workload) => Body::Read(Reading { workload, first: None, tokens: 0 }),
            None if headers.contains("content-length") || costs_the_same(call, cost) => {
                return None;
            }
            None => Body::Counted,
        };
        let (operation, unit) = (call.operation, cost.tensors);
        Some(Self { operation, unit, body, bytes: 0, announced: announced(headers) })
    }

    /// More of the body. Whether nothing more has to be seen of it.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> bool {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(length);
        // What there is of any other is counted on.
        let Body::Read(reading) = &mut self.body else { return false };
        match reading.push(bytes, self.unit) {
            Ok(()) => reading.first.is_some(),
            Err(error) => {
                self.body = Body::Broken(error.into());
                false
            }
        }
    }

    /// What the messages of a stream cost by now, all together.
    pub(crate) fn streamed(&self) -> Option<u64> {
        match &self.body {
            Body::Read(reading) if self.operation == Operation::InferStream => Some(reading.tokens),
            _ => None,
        }
    }

    /// What it comes to, of which all was seen, or as much as is held.
    pub(crate) fn finish(&mut self, is_all: bool, call: &Call<'_>, cost: &Cost) -> Costed {
        let length = self.bytes.max(self.announced);
        let (mut include_usage, mut unreadable) = (None, None);
        let read = match &mut self.body {
            Body::Read(Reading { first: Some(tokens), .. }) => Ok(Estimate::of_known(*tokens)),
            Body::Read(reading) if is_all => match reading.workload.finish() {
                Ok(Some(Workload::Prompt(demand))) => {
                    let estimate = Estimate::of_demand(&demand, self.operation, cost);
                    include_usage = splice(demand);
                    Ok(estimate)
                }
                Ok(Some(Workload::Tensors(batch))) => Ok(Estimate::of_batch(batch, cost.tensors)),
                // There is no message.
                Ok(None) => Err(Unreadable::Malformed),
                Err(error) => Err(error.into()),
            },
            Body::Read(reading) => of_some(reading.workload.so_far(), length, cost),
            Body::Counted if is_all || self.announced > 0 => {
                Ok(Estimate::unread(length, call, cost))
            }
            Body::Counted => Err(Unreadable::TooLong),
            Body::Broken(why) => Err(*why),
        };
        let estimate = read.unwrap_or_else(|why| {
            unreadable = Some(why);
            Estimate::unread(length, call, cost)
        });
        Costed { estimate, include_usage, unreadable }
    }
}

impl Reading {
    fn push(&mut self, mut bytes: &[u8], unit: TensorUnit) -> Result<(), WorkloadError> {
        while let Some(workload) = self.workload.next(&mut bytes)? {
            let Workload::Tensors(batch) = workload else { continue };
            let tokens = Estimate::of_batch(batch, unit).tokens;
            self.first.get_or_insert(tokens);
            self.tokens = self.tokens.saturating_add(tokens);
        }
        Ok(())
    }
}

/// Of a body or message of which only the beginning was seen: its shapes say how many
/// rows there are.
fn of_some(seen: Option<Batch>, length: u64, cost: &Cost) -> Result<Estimate, Unreadable> {
    match (seen, cost.tensors) {
        // None is shorter than a byte.
        (Some(_), TensorUnit::Elements) => Ok(Estimate::of_known(length)),
        (Some(Batch { rows: Some(rows), .. }), TensorUnit::Rows | TensorUnit::Request) => {
            Ok(Estimate::of_known(rows))
        }
        _ => Err(Unreadable::TooLong),
    }
}

/// The edit that it takes for a streamed answer to say what it used, if any.
fn splice(demand: Demand) -> Option<Splice> {
    match demand.include_usage {
        IncludeUsage::Splice(splice) => Some(splice),
        _ => None,
    }
}

/// Whether what is in its body decides what it costs. A gRPC service of a team's own
/// costs its length.
const fn is_read(call: &Call<'_>, cost: &Cost) -> bool {
    !carries_tensors(call)
        || !(matches!(cost.tensors, TensorUnit::Request) || matches!(call.dialect, Dialect::Grpc))
}

/// Whether it costs the same whatever its body is.
const fn costs_the_same(call: &Call<'_>, cost: &Cost) -> bool {
    carries_tensors(call) && !matches!(cost.tensors, TensorUnit::Elements)
}

impl From<WorkloadError> for Unreadable {
    fn from(error: WorkloadError) -> Self {
        match error {
            WorkloadError::Compressed => Self::Compressed,
            WorkloadError::Malformed => Self::Malformed,
        }
    }
}
