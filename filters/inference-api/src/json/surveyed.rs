//! Where in a text an array is surveyed, and where an object in it is told.

use super::reader::Reader;
use super::{Interest, Kind, Sink, Survey};

/// Whether the innermost wanted value is an array that is surveyed.
#[derive(Clone, Debug, Default)]
pub(super) struct Surveyed {
    /// What is read now is told to the survey.
    pub(super) is_on: bool,
    /// The arrays that are surveyed again once an object in them ended.
    paused: Vec<Paused>,
}

/// As the numbers of containers around them.
#[derive(Clone, Copy, Debug)]
struct Paused {
    array: Option<usize>,
    object: usize,
}

impl Reader {
    /// What hears of what is read now, if an array is surveyed.
    #[inline(always)]
    pub(super) fn survey<'a>(&self, sink: &'a mut impl Sink) -> Option<&'a mut Survey> {
        if self.surveyed.is_on { sink.survey() } else { None }
    }

    /// A container begins in an array that is surveyed.
    pub(super) fn open_in_survey(&mut self, kind: Kind, at: u64, sink: &mut impl Sink) {
        if kind != Kind::Object {
            if let Some(survey) = sink.survey() {
                survey.value(kind, at);
            }
        } else {
            let object = self.open.len();
            self.surveyed.paused.push(Paused { array: self.skipped, object });
            self.surveyed.is_on = false;
            self.skipped = (sink.value(kind, at) != Interest::Take).then_some(object);
        }
    }

    /// A container ended: maybe it was an object in a surveyed array.
    #[inline]
    pub(super) fn resume_survey(&mut self) {
        let open = self.open.len();
        if let Some(paused) = self.surveyed.paused.pop_if(|paused| paused.object == open) {
            self.skipped = paused.array;
            self.surveyed.is_on = true;
        }
    }
}
