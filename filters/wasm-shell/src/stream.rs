//! One stream: Envoy's callbacks for a request and its response.

use crate::direction::Direction;
use crate::passage::Passage;
use crate::waking::Plugin;
use core::cell::RefCell;
use filter_kit::Filter;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::rc::Rc;

pub(crate) struct Stream<F: Filter> {
    plugin: Rc<Plugin<F>>,
    context: u32,
    /// Shared with those that wait, while it does.
    passage: Rc<RefCell<Passage<F>>>,
}

impl<F: Filter> Context for Stream<F> {
    // Others are woken here and not in the callback before it, in which Envoy
    // bears no local reply.
    fn on_done(&mut self) -> bool {
        // The callback before it comes only to filters that want to know the end.
        self.plugin.dismiss(self.context);
        self.plugin.wake(self.context);
        true
    }
}

impl<F: Filter> HttpContext for Stream<F> {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        self.request(|passage| passage.headers(Direction::Request, end_of_stream))
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        self.request(|passage| passage.body(Direction::Request, size, end_of_stream))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        self.request(|passage| passage.trailers(Direction::Request))
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        self.response(|passage| passage.headers(Direction::Response, end_of_stream))
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        self.response(|passage| passage.body(Direction::Response, size, end_of_stream))
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        self.response(|passage| passage.trailers(Direction::Response))
    }

    fn on_log(&mut self) {
        self.plugin.dismiss(self.context);
        if let Ok(mut passage) = self.passage.try_borrow_mut() {
            passage.finish();
        }
    }
}

impl<F: Filter> Stream<F> {
    pub(crate) fn new(plugin: Rc<Plugin<F>>, context: u32, chance: u64) -> Self {
        let passage = Passage::new(Rc::clone(&plugin), context, chance);
        Self { plugin, context, passage: Rc::new(RefCell::new(passage)) }
    }

    fn request(&self, event: impl FnOnce(&mut Passage<F>) -> Action) -> Action {
        let action = self.shown(event);
        if self.passage.try_borrow().is_ok_and(|passage| passage.waits()) {
            self.plugin.admit(self.context, &self.passage);
        }
        self.plugin.wake(self.context).unwrap_or(action)
    }

    fn response(&self, event: impl FnOnce(&mut Passage<F>) -> Action) -> Action {
        // It was answered while it waited, by Envoy or by another filter.
        self.plugin.dismiss(self.context);
        let action = self.shown(event);
        self.plugin.wake(self.context);
        action
    }

    fn shown(&self, event: impl FnOnce(&mut Passage<F>) -> Action) -> Action {
        // Nobody else has it: callbacks don't come within each other.
        self.passage.try_borrow_mut().map_or(Action::Pause, |mut passage| event(&mut passage))
    }
}
