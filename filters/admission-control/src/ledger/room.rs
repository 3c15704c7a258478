//! How many requests of a key are in flight, in all workers together.
//!
//! Each worker holds places of its own. A worker's VM may be gone without having
//! given them back: it crashed, or was replaced. So places are counted for each
//! worker by its number (see `workers`), which no later VM gets again, and those
//! of workers that are no longer alive are dropped at the next step. Nothing
//! leaks, and nothing has to be repaired.

use super::adaptive::Adaptive;
use super::wire::Reader;

/// The most workers that can hold places at once.
pub const MOST_HOLDERS: usize = 256;

/// How much a new service time counts: one part in so many.
const WEIGHT: u64 = 8;

/// The places of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    holders: Vec<Holder>,
    service_us: u32,
    /// The limit that finds itself, if the key has one.
    pub adaptive: Option<Adaptive>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Holder {
    worker: u32,
    count: u32,
}

/// There was a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// Requests in flight, with this one.
    pub count: u32,
}

/// There was no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// Requests in flight.
    pub in_flight: u32,
}

impl Room {
    /// The most bytes of a room.
    pub const MAX_BYTES: usize = 6 + 8 * MOST_HOLDERS + Adaptive::MAX_BYTES;

    /// Takes a place for the worker `me`, if fewer than `limit` are taken by the
    /// workers that are alive.
    pub fn enter(
        &mut self,
        live: &dyn Fn(u32) -> bool,
        me: u32,
        limit: u32,
    ) -> Result<InFlight, Full> {
        self.drop_dead(live, me);
        let in_flight = self.in_flight();
        if in_flight >= limit {
            return Err(Full { in_flight });
        }
        let is_crowded = self.holders.len() >= MOST_HOLDERS;
        match self.holders.iter_mut().find(|holder| holder.worker == me) {
            Some(holder) => holder.count = holder.count.saturating_add(1),
            None if is_crowded => return Err(Full { in_flight }),
            None => self.holders.push(Holder { worker: me, count: 1 }),
        }
        Ok(InFlight { count: in_flight.saturating_add(1) })
    }

    /// Gives a place of the worker `me` back. Returned is how many were in flight
    /// before that, in all workers: what an adaptive limit wants to know. A worker
    /// whose places were dropped has none to give.
    pub fn leave(&mut self, live: &dyn Fn(u32) -> bool, me: u32) -> InFlight {
        self.drop_dead(live, me);
        let count = self.in_flight();
        if let Some(holder) = self.holders.iter_mut().find(|holder| holder.worker == me) {
            holder.count = holder.count.saturating_sub(1);
        }
        self.holders.retain(|holder| holder.count > 0);
        InFlight { count }
    }

    /// Requests in flight, of the workers alive at the last step.
    pub fn in_flight(&self) -> u32 {
        self.holders.iter().fold(0, |sum, holder| sum.saturating_add(holder.count))
    }

    /// Notes how long a request was served, in microseconds.
    ///
    /// Kept is a moving average, of which each new time is an eighth: the
    /// smoothed round-trip time of RFC 6298, section 2.
    pub fn served(&mut self, service_us: u32) {
        if self.service_us == 0 {
            self.service_us = service_us;
            return;
        }
        let old = u64::from(self.service_us).saturating_mul(WEIGHT.saturating_sub(1));
        let sum = old.saturating_add(u64::from(service_us));
        let mean = sum.checked_div(WEIGHT).unwrap_or(sum);
        self.service_us = u32::try_from(mean).unwrap_or(u32::MAX);
    }

    /// The mean time of service, in microseconds; zero while none is known.
    pub const fn service_us(&self) -> u32 {
        self.service_us
    }

    /// How long one waits for a place behind `ahead` others, in microseconds: with
    /// all of `limit` places taken, one is left every `service / limit`.
    pub fn wait_us(&self, ahead: u32, limit: u32) -> u64 {
        let turns = u64::from(ahead).saturating_add(1);
        u64::from(self.service_us).saturating_mul(turns).div_ceil(u64::from(limit.max(1)))
    }

    /// Whether nobody alive is in the room. It can be forgotten then, with its mean
    /// service time, once what the adaptive limit knows is stale as well.
    pub fn is_idle(&self, live: &dyn Fn(u32) -> bool) -> bool {
        !self.holders.iter().any(|holder| live(holder.worker))
    }

    /// The room in bytes, at most [`Self::MAX_BYTES`], little-endian: mean service
    /// time `u32`, number of holders `u16`, a number and a count `u32` of each, and
    /// what the adaptive limit writes, if there is one.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&self.service_us.to_le_bytes());
        let holders = u16::try_from(self.holders.len()).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&holders.to_le_bytes());
        for holder in &self.holders {
            bytes.extend_from_slice(&holder.worker.to_le_bytes());
            bytes.extend_from_slice(&holder.count.to_le_bytes());
        }
        if let Some(adaptive) = &self.adaptive {
            adaptive.write(&mut bytes);
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote. None for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let service_us = reader.u32()?;
        let count = usize::from(reader.u16()?);
        if count > MOST_HOLDERS {
            return None;
        }
        let mut holders = Vec::with_capacity(count);
        for _ in 0..count {
            holders.push(Holder { worker: reader.u32()?, count: reader.u32()? });
        }
        let adaptive = if reader.is_done() { None } else { Some(Adaptive::read(reader)?) };
        Some(Self { holders, service_us, adaptive })
    }

    fn drop_dead(&mut self, live: &dyn Fn(u32) -> bool, me: u32) {
        self.holders.retain(|holder| holder.worker == me || live(holder.worker));
    }
}

/// So many percent of a limit: rounded down, so that what is left of it is kept for
/// others, and at least 1.
pub fn share(limit: u32, percent: u32) -> u32 {
    let share = u64::from(limit).saturating_mul(u64::from(percent)).checked_div(100).unwrap_or(0);
    u32::try_from(share).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests;
