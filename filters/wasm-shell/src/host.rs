//! Envoy's hostcalls, as functions that return bytes and never panic.
//!
//! Source: Proxy-Wasm ABI 0.2.1. Only what the suite uses is here.

mod abi;
mod address;

use abi::ok;
use core::net::IpAddr;
use filter_kit::{Headers, MetricKind, Timestamp};
use proxy_wasm::types::{BufferType, LogLevel, MapType, MetricType};

/// Outcome of a hostcall.
pub type Result<T> = core::result::Result<T, HostError>;

/// Why a hostcall failed: the status that the host gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostError(pub u32);

/// The number under which the host knows a metric, in this VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricId(u32);

impl MetricId {
    /// The one with this number.
    pub const fn of(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl HostError {
    /// Something is not there.
    pub const NOT_FOUND: Self = Self(1);

    /// Somebody else was faster.
    pub const CAS_MISMATCH: Self = Self(8);
}

/// Every header of a map, in one call.
///
/// # Errors
/// When the host can't give the map in this phase.
pub fn headers(map: MapType) -> Result<Headers> {
    let bytes =
        abi::returned(|data, size| unsafe { abi::proxy_get_header_map_pairs(map, data, size) })?;
    Headers::from_abi(bytes).map_err(|_| HostError::NOT_FOUND)
}

/// The first header of this name.
///
/// # Errors
/// When the host can't give the map in this phase.
pub fn header(map: MapType, name: &str) -> Result<Option<Vec<u8>>> {
    let value = abi::returned(|data, size| unsafe {
        abi::proxy_get_header_map_value(map, name.as_ptr(), name.len(), data, size)
    });
    match value {
        Ok(value) => Ok(Some(value)),
        Err(HostError::NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sets a header, whatever stood there before.
///
/// # Errors
/// When the map can't be written in this phase.
pub fn set_header(map: MapType, name: &str, value: &[u8]) -> Result<()> {
    ok(unsafe {
        abi::proxy_replace_header_map_value(
            map,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

/// Removes every header of this name.
///
/// # Errors
/// When the map can't be written in this phase.
pub fn remove_header(map: MapType, name: &str) -> Result<()> {
    ok(unsafe { abi::proxy_remove_header_map_value(map, name.as_ptr(), name.len()) })
}

/// At most `length` bytes of a buffer, from `start` on; fewer, or none, if it
/// ends before.
///
/// # Errors
/// When the host has no such buffer in this phase.
pub fn buffer(buffer: BufferType, start: usize, length: usize) -> Result<Vec<u8>> {
    let bytes = abi::returned(|data, size| unsafe {
        abi::proxy_get_buffer_bytes(buffer, start, length, data, size)
    });
    match bytes {
        Err(HostError::NOT_FOUND) => Ok(Vec::new()),
        other => other,
    }
}

/// Puts these bytes in the place of all that a buffer holds, which is at most
/// `held` bytes.
///
/// # Errors
/// When it holds more, or can't be written in this phase.
pub fn replace_buffer(buffer: BufferType, held: usize, bytes: &[u8]) -> Result<()> {
    ok(unsafe { abi::proxy_set_buffer_bytes(buffer, 0, held, bytes.as_ptr(), bytes.len()) })
}

/// A local reply.
#[derive(Clone, Copy, Debug)]
pub struct LocalReply<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The gRPC status; a gRPC client gets the body as `grpc-message`.
    pub grpc_status: u8,
    /// What the access log shows as `%RESPONSE_CODE_DETAILS%`.
    pub details: &'a str,
    /// Further headers.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body.
    pub body: &'a [u8],
}

/// Answers in the server's place. Once response headers went out it resets the
/// stream instead.
///
/// # Errors
/// When the host refuses it.
pub fn send_local_reply(reply: LocalReply<'_>) -> Result<()> {
    let headers = abi::serialised_map(reply.headers);
    ok(unsafe {
        abi::proxy_send_local_response(
            u32::from(reply.status),
            reply.details.as_ptr(),
            reply.details.len(),
            reply.body.as_ptr(),
            reply.body.len(),
            headers.as_ptr(),
            headers.len(),
            i32::from(reply.grpc_status),
        )
    })
}

/// States a fact about the request: `%FILTER_STATE(wasm.NAME:PLAIN)%`.
///
/// # Errors
/// When the host refuses it.
pub fn set_property(name: &str, value: &[u8]) -> Result<()> {
    ok(unsafe { abi::proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

/// The client that Envoy takes a request to come from. None when it came over
/// something other than IP.
///
/// # Errors
/// When the host does not say.
pub fn source() -> Result<Option<IpAddr>> {
    Ok(address::ip(&property(b"source\0address")?))
}

/// What stands at a path into Envoy's attributes, whose steps are divided by zero
/// bytes, or a fact that was stated.
///
/// # Errors
/// [`HostError::NOT_FOUND`] when there is nothing in this phase.
pub fn property(path: &[u8]) -> Result<Vec<u8>> {
    abi::returned(|data, size| unsafe {
        abi::proxy_get_property(path.as_ptr(), path.len(), data, size)
    })
}

/// The wall clock.
///
/// # Errors
/// When the host has none.
pub fn now() -> Result<Timestamp> {
    let mut nanos = 0;
    ok(unsafe { abi::proxy_get_current_time_nanoseconds(&mut nanos) })?;
    Ok(Timestamp::from_nanos(nanos))
}

/// Makes a metric known. Give a name once per VM: each call makes a new number.
///
/// # Errors
/// When the host refuses it.
pub fn define_metric(kind: MetricKind, name: &str) -> Result<MetricId> {
    let kind = match kind {
        MetricKind::Counter => MetricType::Counter,
        MetricKind::Gauge => MetricType::Gauge,
        MetricKind::Histogram(_) => MetricType::Histogram,
    };
    let mut id = 0;
    ok(unsafe { abi::proxy_define_metric(kind, name.as_ptr(), name.len(), &mut id) })?;
    Ok(MetricId(id))
}

/// Adds to a counter or moves a gauge.
///
/// # Errors
/// When the host refuses it: a counter does not take zero or less.
pub fn increment_metric(metric: MetricId, amount: i64) -> Result<()> {
    ok(unsafe { abi::proxy_increment_metric(metric.0, amount) })
}

/// Sets a gauge, or records a value in a histogram.
///
/// # Errors
/// When the host refuses it.
pub fn record_metric(metric: MetricId, value: u64) -> Result<()> {
    ok(unsafe { abi::proxy_record_metric(metric.0, value) })
}

/// What a cell of the shared data holds, and the number to say with what is put
/// in its place.
///
/// # Errors
/// [`HostError::NOT_FOUND`] when there is no such cell.
pub fn shared_data(cell: &str) -> Result<(Vec<u8>, u32)> {
    let mut version = 0;
    let bytes = abi::returned(|data, size| unsafe {
        abi::proxy_get_shared_data(cell.as_ptr(), cell.len(), data, size, &mut version)
    })?;
    Ok((bytes, version))
}

/// Puts bytes into a cell of the shared data, unless somebody did since it had
/// this version. With version 0, or when there is no such cell, in any case.
///
/// # Errors
/// [`HostError::CAS_MISMATCH`] when somebody was faster.
pub fn set_shared_data(cell: &str, bytes: &[u8], version: u32) -> Result<()> {
    ok(unsafe {
        abi::proxy_set_shared_data(cell.as_ptr(), cell.len(), bytes.as_ptr(), bytes.len(), version)
    })
}

/// Asks to be called so often.
///
/// # Errors
/// When the host refuses it.
pub fn set_tick_period(milliseconds: u32) -> Result<()> {
    ok(unsafe { abi::proxy_set_tick_period_milliseconds(milliseconds) })
}

/// Makes the next hostcalls be about another context of this VM.
///
/// # Errors
/// When there is no such context.
pub fn set_effective_context(context: u32) -> Result<()> {
    ok(unsafe { abi::proxy_set_effective_context(context) })
}

/// Lets a request go on that was held.
///
/// # Errors
/// When the host refuses it.
pub fn resume_request() -> Result<()> {
    // The stream's number in the ABI: 0 is the request from downstream.
    ok(unsafe { abi::proxy_continue_stream(0) })
}

/// A number that nobody can guess.
///
/// # Errors
/// When the host has none.
pub fn random() -> Result<u64> {
    let mut bytes = [0; 8];
    ok(unsafe { abi::random_get(bytes.as_mut_ptr(), bytes.len()) })?;
    Ok(u64::from_le_bytes(bytes))
}

/// The level from which on Envoy writes a Wasm module's log lines.
pub fn log_level() -> LogLevel {
    let mut level: u32 = 0;
    if ok(unsafe { abi::proxy_get_log_level(&mut level) }).is_err() {
        return LogLevel::Info;
    }
    match level {
        0 => LogLevel::Trace,
        1 => LogLevel::Debug,
        2 => LogLevel::Info,
        3 => LogLevel::Warn,
        4 => LogLevel::Error,
        _ => LogLevel::Critical,
    }
}

/// Writes a line to Envoy's log.
pub fn log(level: LogLevel, text: &str) {
    let _ = unsafe { abi::proxy_log(level, text.as_ptr(), text.len()) };
}
