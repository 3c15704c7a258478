//! Which of Envoy's workers are alive.
//!
//! Each worker's VM joins once, is given a number, and says from time to time that
//! it is still there: a lease. A VM that says so no more has crashed or was
//! replaced, and what it held is dropped (see `room`). Numbers are never given
//! twice: nobody inherits what another held. With its beat a worker publishes its
//! gauges, and anybody can add them up over the living.
//!
//! Numbers start at the time in seconds of the first join. So even a registry that
//! was lost, or can't be read by a newer version, gives none again, for VMs are
//! not made every second.
//!
//! Format: a version byte, the next number `u32`, then for each worker its number
//! `u32`, its last beat `u64`, how many gauges `u8`, and of each gauge its name and
//! value, `u32` both; all little-endian. Anything else reads as no workers.

use super::wire::Reader;

/// The most workers at once.
pub const MOST_WORKERS: usize = 256;

/// The most gauges of a worker; those beyond are not published.
pub const MOST_GAUGES: usize = 64;

const VERSION: u8 = 1;

const SECOND_NS: u64 = 1_000_000_000;

/// The registry of one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workers {
    next: u32,
    workers: Vec<Worker>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Worker {
    number: u32,
    beat: u64,
    gauges: Vec<Gauge>,
}

/// What a worker counts of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gauge {
    /// What it counts: workers with other configurations, or an older one, may count
    /// other things, or in another order.
    pub name: u32,
    /// How many there are.
    pub value: u32,
}

/// There are [`MOST_WORKERS`] alive already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// Those alive at some moment, by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    numbers: Vec<u32>,
    /// The number of who joins next.
    next: u32,
}

impl Live {
    /// Whether the worker of this number is alive. One that joined since is.
    pub fn contains(&self, number: u32) -> bool {
        number >= self.next || self.numbers.binary_search(&number).is_ok()
    }

    /// How many are alive.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

impl Workers {
    /// Adds a worker, whose number is returned.
    pub fn join(&mut self, at: u64, lease_ns: u64) -> Result<u32, TooMany> {
        self.drop_dead(at, lease_ns);
        let seconds = at.checked_div(SECOND_NS).unwrap_or(0);
        let number = self.next.max(u32::try_from(seconds).unwrap_or(u32::MAX));
        self.add(Worker { number, beat: at, gauges: Vec::new() })?;
        self.next = number.saturating_add(1);
        Ok(number)
    }

    /// Notes that a worker is alive, and its gauges. Not of one that was given up for
    /// dead: it must join anew, because who counts it among the dead would take away
    /// what it holds from now on.
    pub fn beat(&mut self, me: u32, gauges: &[Gauge], at: u64, lease_ns: u64) {
        self.drop_dead(at, lease_ns);
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.number == me) {
            worker.beat = at;
            worker.gauges = gauges.iter().take(MOST_GAUGES).copied().collect();
        }
    }

    /// Begins all leases anew: the clock was set, or everybody was stopped for a while.
    /// Who is dead is so for one lease longer.
    pub fn restart(&mut self, at: u64) {
        for worker in &mut self.workers {
            worker.beat = at;
        }
    }

    /// Whether the worker of this number is one of them.
    pub fn has(&self, number: u32) -> bool {
        self.workers.iter().any(|worker| worker.number == number)
    }

    /// Those whose lease has not run out. A beat from the future, of a clock that
    /// was set back since, counts as of now.
    pub fn live(&self, at: u64, lease_ns: u64) -> Live {
        let live = self.workers.iter().filter(|worker| worker.is_live(at, lease_ns));
        let mut numbers: Vec<u32> = live.map(|worker| worker.number).collect();
        numbers.sort_unstable();
        Live { numbers, next: self.next }
    }

    /// A gauge added up over the living.
    pub fn total(&self, name: u32, at: u64, lease_ns: u64) -> u64 {
        let living = self.workers.iter().filter(|worker| worker.is_live(at, lease_ns));
        let gauges = living.flat_map(|worker| &worker.gauges).filter(|gauge| gauge.name == name);
        gauges.fold(0, |sum, gauge| sum.saturating_add(u64::from(gauge.value)))
    }

    /// The registry in bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.next.to_le_bytes());
        for worker in &self.workers {
            bytes.extend_from_slice(&worker.number.to_le_bytes());
            bytes.extend_from_slice(&worker.beat.to_le_bytes());
            bytes.push(u8::try_from(worker.gauges.len()).unwrap_or(0));
            for gauge in &worker.gauges {
                bytes.extend_from_slice(&gauge.name.to_le_bytes());
                bytes.extend_from_slice(&gauge.value.to_le_bytes());
            }
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote. Anything else is no workers.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self::parse(bytes).unwrap_or_default()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return None;
        }
        let next = reader.u32()?;
        let mut workers = Vec::new();
        while !reader.is_done() {
            let worker = Worker::read(&mut reader)?;
            if workers.len() >= MOST_WORKERS {
                return None;
            }
            workers.push(worker);
        }
        Some(Self { next, workers })
    }

    fn add(&mut self, worker: Worker) -> Result<(), TooMany> {
        if self.workers.len() >= MOST_WORKERS {
            return Err(TooMany);
        }
        self.workers.push(worker);
        Ok(())
    }

    fn drop_dead(&mut self, at: u64, lease_ns: u64) {
        self.workers.retain(|worker| worker.is_live(at, lease_ns));
    }
}

impl Worker {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (number, beat) = (reader.u32()?, reader.u64()?);
        let count = usize::from(reader.u8()?);
        if count > MOST_GAUGES {
            return None;
        }
        let mut gauges = Vec::with_capacity(count);
        for _ in 0..count {
            gauges.push(Gauge { name: reader.u32()?, value: reader.u32()? });
        }
        Some(Self { number, beat, gauges })
    }

    const fn is_live(&self, at: u64, lease_ns: u64) -> bool {
        at.saturating_sub(self.beat) <= lease_ns
    }
}

#[cfg(test)]
mod tests;
