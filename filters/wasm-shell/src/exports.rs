//! The callbacks that a module keeps, as the text of its custom section
//! `inference_filter_exports`: names joined by commas.
//!
//! The SDK exports a function for every callback of the ABI and Envoy calls
//! each that it finds, at 0.4 microseconds apiece, wanted or not. The build
//! (`wasm-finish`) removes those that are not in this list.

use filter_kit::Filter;

/// A callback's name and whether a filter wants it.
type Row = (&'static str, bool);

const fn rows<F: Filter>() -> [Row; 8] {
    let wanted = F::CALLBACKS;
    [
        ("proxy_on_request_headers", true),
        ("proxy_on_request_body", wanted.request_body),
        ("proxy_on_request_trailers", wanted.request_trailers),
        ("proxy_on_response_headers", wanted.response_headers),
        ("proxy_on_response_body", wanted.response_body),
        ("proxy_on_response_trailers", wanted.response_trailers),
        ("proxy_on_log", wanted.finished),
        ("proxy_on_tick", wanted.tick),
    ]
}

/// How long the list is, in bytes.
#[expect(clippy::indexing_slicing, reason = "runs in the compiler: a bad index does not build")]
pub const fn length<F: Filter>() -> usize {
    let rows = rows::<F>();
    let mut length: usize = 0;
    let mut row = 0;
    while row < rows.len() {
        if rows[row].1 {
            length = length.saturating_add(rows[row].0.len()).saturating_add(1);
        }
        row = row.saturating_add(1);
    }
    length.saturating_sub(1)
}

/// The list.
#[expect(clippy::indexing_slicing, reason = "runs in the compiler: a bad index does not build")]
pub const fn list<F: Filter, const LENGTH: usize>() -> [u8; LENGTH] {
    let rows = rows::<F>();
    let mut list = [b','; LENGTH];
    let mut at: usize = 0;
    let mut row = 0;
    while row < rows.len() {
        let (name, wanted) = rows[row];
        if wanted {
            let mut letter = 0;
            while letter < name.len() {
                list[at] = name.as_bytes()[letter];
                at = at.saturating_add(1);
                letter = letter.saturating_add(1);
            }
            at = at.saturating_add(1);
        }
        row = row.saturating_add(1);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use filter_kit::{Arrival, Callbacks, ConfigError, Exchange, Metric};
    use std::rc::Rc;

    struct Holder<const TICKS: bool>;
    struct Nothing;
    impl Exchange for Nothing {}
    impl<const TICKS: bool> Filter for Holder<TICKS> {
        const NAME: &'static str = "holder";
        const CALLBACKS: Callbacks = Callbacks { tick: TICKS, ..Callbacks::REQUEST };
        const METRICS: &'static [&'static Metric] = &[];
        type Config = ();
        type Exchange = Nothing;
        fn configure((): ()) -> Result<Self, ConfigError> {
            Ok(Self)
        }
        fn exchange(self: &Rc<Self>, _: Arrival) -> Nothing {
            Nothing
        }
    }

    #[test]
    fn lists_what_the_filter_asks_for_and_nothing_else() {
        const LENGTH: usize = length::<Holder<false>>();
        const TICKING_LENGTH: usize = length::<Holder<true>>();
        let request = "proxy_on_request_headers,proxy_on_request_body,proxy_on_request_trailers";
        assert_eq!(str::from_utf8(&list::<Holder<false>, LENGTH>()).unwrap(), request);
        assert_eq!(
            str::from_utf8(&list::<Holder<true>, TICKING_LENGTH>()).unwrap(),
            format!("{request},proxy_on_tick")
        );
    }
}
