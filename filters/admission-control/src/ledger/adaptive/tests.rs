use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_800_000_000 * SECOND;

/// Requests answered one after the other, a millisecond apart.
struct Play {
    settings: Settings,
    adaptive: Adaptive,
    at: u64,
}

impl Play {
    fn new(settings: Settings) -> Self {
        Self { settings, adaptive: Adaptive::new(&settings, START), at: START }
    }

    /// After the first probe, which found a base of 10 ms.
    fn probed() -> Self {
        let mut play = Self::new(Settings { initial: 16, ..Settings::default() });
        play.answer(25, 10_000, 1);
        play
    }

    fn answer(&mut self, count: usize, rtt_us: u32, in_flight: u32) {
        for _ in 0..count {
            let sample = Sample { started: self.at, rtt_us, in_flight };
            self.at = self.at.saturating_add(1_000_000);
            self.adaptive.record(&self.settings, sample, self.at);
            let mut bytes = Vec::new();
            self.adaptive.write(&mut bytes);
            assert!(bytes.len() <= Adaptive::MAX_BYTES);
            assert_eq!(Adaptive::read(Reader::new(&bytes)), Some(self.adaptive.clone()));
        }
    }

    fn limit(&self) -> u32 {
        self.adaptive.limit(&self.settings, self.at)
    }
}

#[test]
fn the_limit_is_the_least_until_the_base_is_known() {
    let mut play = Play::new(Settings { initial: 16, ..Settings::default() });
    assert_eq!(play.limit(), 3);
    play.answer(24, 10_000, 1);
    assert_eq!((play.limit(), play.adaptive.base_us()), (3, None));
    play.answer(1, 10_000, 1);
    assert_eq!((play.limit(), play.adaptive.base_us()), (16, Some(10_000)));
}

#[test]
fn a_window_at_the_base_time_grows_the_limit_by_the_formula() {
    let mut play = Play::probed();
    play.answer(49, 10_000, 16);
    assert_eq!(play.limit(), 16);
    play.answer(1, 10_000, 16);
    assert_eq!(play.limit(), 24, "1.25 * 16 + 4");
}

#[test]
fn a_window_four_times_as_slow_halves_the_limit_and_adds_the_root() {
    let mut play = Play::probed();
    play.answer(50, 40_000, 16);
    assert_eq!(play.limit(), 12, "0.5 * 16 + 4");
}

#[test]
fn idle_traffic_leaves_the_limit_alone() {
    let mut play = Play::probed();
    play.answer(500, 10_000, 7);
    assert_eq!(play.limit(), 16);
    play.answer(50, 10_000, 8);
    assert_eq!(play.limit(), 24);
}

#[test]
fn the_limit_stays_between_the_least_and_the_most() {
    let settings = Settings { initial: 16, most: 20, ..Settings::default() };
    let mut play = Play::new(settings);
    play.answer(25, 10_000, 1);
    play.answer(200, 10_000, 20);
    assert_eq!(play.limit(), 20);
    let mut play = Play::new(Settings { least: 9, initial: 1, ..Settings::default() });
    assert_eq!(play.limit(), 9);
    play.answer(25, 10_000, 1);
    assert_eq!(play.limit(), 9);
}

#[test]
fn a_probe_takes_only_requests_begun_since_with_few_in_flight() {
    let mut play = Play::new(Settings::default());
    play.answer(100, 10_000, 4);
    let sample = Sample { started: START - 1, rtt_us: 9, in_flight: 1 };
    (0..100).for_each(|_| play.adaptive.record(&play.settings, sample, play.at));
    assert!(play.adaptive.is_probing(&play.settings, play.at));
    assert_eq!(play.adaptive.base_us(), None);
}

#[test]
fn a_probe_that_takes_too_long_keeps_nobody_out() {
    let mut play = Play::new(Settings { initial: 16, ..Settings::default() });
    play.answer(6, 8_000, 3);
    play.at += 10 * SECOND;
    assert_eq!(play.limit(), 16, "even if nobody is answered");
    play.answer(1, 10_000, 3);
    assert_eq!(play.adaptive.base_us(), Some(8_000));
}

#[test]
fn a_window_with_few_samples_ends_when_it_is_old() {
    let mut play = Play::probed();
    play.answer(4, 10_000, 16);
    play.at += 10 * SECOND;
    assert_eq!(play.limit(), 16);
    play.answer(1, 10_000, 16);
    assert_eq!(play.limit(), 24);
}

#[test]
fn the_base_is_measured_again_after_each_interval() {
    let mut play = Play::probed();
    play.at += 60 * SECOND;
    assert!(play.adaptive.is_stale(&play.settings, play.at));
    play.answer(1, 10_000, 10);
    assert_eq!(play.limit(), 3);
    play.answer(25, 20_000, 3);
    assert_eq!((play.limit(), play.adaptive.base_us()), (16, Some(20_000)));
}

#[test]
fn a_server_that_became_faster_is_the_new_base() {
    let mut play = Play::probed();
    play.answer(50, 5_000, 16);
    assert_eq!(play.adaptive.base_us(), Some(5_000));
}

#[test]
fn the_base_is_measured_again_after_five_windows_at_the_least() {
    let mut play = Play::probed();
    play.settings.least = 8;
    // To 12, to 9, and to 8.
    play.answer(3 * 50, 100_000, 16);
    play.answer(4 * 50 - 1, 100_000, 8);
    assert!(!play.adaptive.is_probing(&play.settings, play.at));
    play.answer(1, 100_000, 8);
    assert!(play.adaptive.is_probing(&play.settings, play.at));
}

#[test]
fn a_clock_set_back_by_an_hour_does_not_stop_a_probe() {
    let mut play = Play::new(Settings::default());
    play.at -= 3_600 * SECOND;
    play.answer(26, 10_000, 1);
    assert_eq!(play.adaptive.base_us(), Some(10_000));
}

#[test]
fn windows_at_the_least_count_only_one_after_the_other() {
    let mut play = Play::probed();
    play.settings.least = 8;
    for _ in 0..5 {
        play.answer(3 * 50, 100_000, 16);
        play.answer(50, 10_000, 16);
        assert!(!play.adaptive.is_probing(&play.settings, play.at));
    }
}

#[test]
fn what_was_let_in_during_a_probe_is_no_sample_of_the_limit_after_it() {
    let mut play = Play::probed();
    let sample = Sample { started: START, rtt_us: 10_000, in_flight: 16 };
    (0..50).for_each(|_| play.adaptive.record(&play.settings, sample, play.at));
    assert_eq!(play.limit(), 16);
}

#[test]
fn a_clock_set_back_by_an_hour_does_not_put_off_the_next_probe() {
    let mut play = Play::probed();
    play.at -= 3_600 * SECOND;
    play.answer(1, 10_000, 16);
    play.at += 60 * SECOND;
    play.answer(1, 10_000, 16);
    assert!(play.adaptive.is_probing(&play.settings, play.at));
}
