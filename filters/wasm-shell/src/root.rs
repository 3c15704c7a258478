//! One plugin configuration in one VM.

use crate::host;
use crate::publishing::publish;
use crate::stream::Stream;
use crate::waking::Plugin;
use crate::{cells, configuration, meters};
use core::cell::Cell;
use filter_kit::{BUILD_INFO, Change, ConfigError, Filter, Notes, Series, Tick, parse_config};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{BufferType, ContextType, LogLevel};
use std::rc::Rc;

/// What Envoy loads: a filter, of which there are versions.
pub trait Module: 'static {
    /// The filter.
    type Filter: Filter;

    /// That of the crate which exports it.
    const VERSION: &'static str;
}

/// Tells the SDK which filter this module runs.
pub fn start<M: Module>() {
    proxy_wasm::set_root_context(|context| Box::new(Root::<M>::new(context)));
}

struct Root<M: Module> {
    context: u32,
    plugin: Option<Rc<Plugin<M::Filter>>>,
    /// The state of the generator that draws
    /// [`Arrival::chance`](filter_kit::Arrival::chance).
    chance: Cell<u64>,
}

impl<M: Module> Root<M> {
    const fn new(context: u32) -> Self {
        Self { context, plugin: None, chance: Cell::new(0) }
    }
}

impl<M: Module> Context for Root<M> {}

impl<M: Module> RootContext for Root<M> {
    fn on_configure(&mut self, size: usize) -> bool {
        proxy_wasm::set_log_level(host::log_level());
        let bytes = host::buffer(BufferType::PluginConfiguration, 0, size).unwrap_or_default();
        match configure::<M::Filter>(&bytes) {
            Ok(filter) => {
                let time = host::now().unwrap_or_default();
                self.chance.set(host::random().unwrap_or_default() ^ time.nanos());
                filter.series().for_each(meters::define);
                filter.cells().iter().for_each(|cell| cells::make(cell));
                if let Some(period) = filter.tick_ms() {
                    let _ = host::set_tick_period(period);
                }
                self.plugin = Some(Rc::new(Plugin::new(filter)));
                announce::<M>();
                true
            }
            Err(error) => {
                refuse::<M::Filter>(&error);
                false
            }
        }
    }

    fn on_tick(&mut self) {
        let Some(plugin) = &self.plugin else { return };
        let at = host::now().unwrap_or_default();
        let mut notes = Notes::default();
        plugin.filter.tick(Tick { at, cells: cells::SHARED }, &mut notes);
        plugin.call(notes.wakes());
        publish::<M::Filter>(&mut notes);
        plugin.wake(self.context);
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        let plugin = Rc::clone(self.plugin.as_ref()?);
        let (state, chance) = draw(self.chance.get());
        self.chance.set(state);
        Some(Box::new(Stream::new(plugin, context, chance)))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// Says that this version of the filter runs. Envoy forgets it with the last machine that said so.
fn announce<M: Module>() {
    let info = Series::new(&BUILD_INFO, &[M::Filter::NAME, M::VERSION]);
    meters::apply(&Change::Set(info, 1));
}

/// Makes the filter, or tells everything that is wrong with its configuration.
fn configure<F: Filter>(bytes: &[u8]) -> Result<F, ConfigError> {
    let parsed = parse_config::<F::Config>(configuration::read(bytes)?);
    let mut problems = parsed.problems;
    let filter = parsed.config.and_then(|config| problems.take(F::configure(config)));
    match (filter, problems.into_error()) {
        (Some(filter), None) => Ok(filter),
        (_, Some(error)) => Err(error),
        (None, None) => Err(ConfigError::new("", "can't be read")),
    }
}

fn refuse<F: Filter>(error: &ConfigError) {
    let name = F::NAME;
    let problems = error.problems();
    let noun = if problems.len() == 1 { "problem" } else { "problems" };
    let count = problems.len();
    host::log(LogLevel::Error, &format!("{name}: configuration refused, {count} {noun}:"));
    for problem in problems {
        host::log(LogLevel::Error, &format!("{name}: {problem}"));
    }
}

/// The next state of the generator, and an evenly drawn number: SplitMix64
/// (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
const fn draw(state: u64) -> (u64, u64) {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (state, mixed ^ (mixed >> 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_the_published_generator() {
        // The first numbers of the reference implementation for seed 1234567.
        let mut state = 1_234_567;
        let drawn: Vec<u64> = (0..3)
            .map(|_| {
                let (next, number) = draw(state);
                state = next;
                number
            })
            .collect();
        assert_eq!(
            drawn,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }
}
