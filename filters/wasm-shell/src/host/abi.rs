//! The hostcalls as they are declared, and the memory that they hand over.
//!
//! Statuses are plain numbers here: the SDK's enum has no room for one that
//! this ABI does not name.

#![expect(unsafe_code, reason = "hostcalls take pointers; nothing else in the suite does")]

use super::{HostError, Result};
use core::ptr::{null_mut, slice_from_raw_parts_mut};
use proxy_wasm::types::{BufferType, LogLevel, MapType, MetricType};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    pub(super) fn proxy_get_log_level(level: *mut u32) -> u32;
    pub(super) fn proxy_log(level: LogLevel, text: *const u8, size: usize) -> u32;
    pub(super) fn proxy_get_current_time_nanoseconds(nanos: *mut u64) -> u32;
    pub(super) fn proxy_get_header_map_pairs(
        map: MapType,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    pub(super) fn proxy_get_header_map_value(
        map: MapType,
        name: *const u8,
        name_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    pub(super) fn proxy_replace_header_map_value(
        map: MapType,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    pub(super) fn proxy_remove_header_map_value(
        map: MapType,
        name: *const u8,
        name_size: usize,
    ) -> u32;
    pub(super) fn proxy_get_buffer_bytes(
        buffer: BufferType,
        start: usize,
        length: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    pub(super) fn proxy_set_buffer_bytes(
        buffer: BufferType,
        start: usize,
        length: usize,
        data: *const u8,
        size: usize,
    ) -> u32;
    pub(super) fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    pub(super) fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    pub(super) fn proxy_set_property(
        path: *const u8,
        path_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    pub(super) fn proxy_define_metric(
        kind: MetricType,
        name: *const u8,
        name_size: usize,
        id: *mut u32,
    ) -> u32;
    pub(super) fn proxy_increment_metric(id: u32, amount: i64) -> u32;
    pub(super) fn proxy_record_metric(id: u32, value: u64) -> u32;
    pub(super) fn proxy_get_shared_data(
        cell: *const u8,
        cell_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        version: *mut u32,
    ) -> u32;
    pub(super) fn proxy_set_shared_data(
        cell: *const u8,
        cell_size: usize,
        data: *const u8,
        size: usize,
        version: u32,
    ) -> u32;
    pub(super) fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    pub(super) fn proxy_set_effective_context(context: u32) -> u32;
    pub(super) fn proxy_continue_stream(stream: u32) -> u32;
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    pub(super) fn random_get(data: *mut u8, size: usize) -> u32;
}

/// The status as a `Result`.
pub(super) fn ok(status: u32) -> Result<()> {
    if status == 0 { Ok(()) } else { Err(HostError(status)) }
}

/// Runs a hostcall that returns bytes. The host puts them into memory that it
/// asked the module's allocator for (the SDK's, a boxed slice), so they are ours.
pub(super) fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>> {
    let mut data = null_mut();
    let mut size = 0;
    ok(call(&raw mut data, &raw mut size))?;
    if data.is_null() || size == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the host allocated exactly `size` bytes with the SDK's
    // `proxy_on_memory_allocate`, which leaks a boxed slice of that length,
    // filled it, and keeps no pointer to it.
    Ok(unsafe { Box::from_raw(slice_from_raw_parts_mut(data, size)) }.into_vec())
}

/// Headers in the form in which the host takes them: see
/// [`Headers::from_abi`](filter_kit::Headers::from_abi).
pub(super) fn serialised_map(headers: &[(&str, &[u8])]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = number(headers.len()).to_vec();
    for (name, value) in headers {
        bytes.extend(number(name.len()));
        bytes.extend(number(value.len()));
    }
    for (name, value) in headers {
        for part in [name.as_bytes(), value] {
            bytes.extend_from_slice(part);
            bytes.push(0);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use filter_kit::Headers;

    #[test]
    fn a_serialised_map_reads_back() {
        let pairs: [(&str, &[u8]); 2] = [("a", b"1"), ("empty", b"")];
        let headers = Headers::from_abi(serialised_map(&pairs)).unwrap();
        let read: Vec<_> = headers.iter().collect();
        assert_eq!(read, [(&b"a"[..], &b"1"[..]), (b"empty", b"")]);
    }
}
