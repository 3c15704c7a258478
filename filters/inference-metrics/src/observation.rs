//! One request and its answer, as they are measured.

mod arriving;
mod settling;

use crate::answering::{Answer, Passed};
use crate::config::ModelFrom;
use crate::family::Group;
use crate::groups::GroupKey;
use crate::measuring::InferenceMetrics;
use crate::models::Target;
use crate::outcome::Outcome;
use crate::requesting::Request;
use crate::telling;
use filter_kit::{
    Arrival, Asks, BodyChunk, Edits, Exchange, HeaderBlock, Notes, Timestamp, Told, Trailers,
    Upcoming, Verdict, Watching,
};
use inference_api::dialect::Operation;
use std::rc::Rc;

/// One request and its answer, as they are measured.
#[derive(Debug)]
pub struct Observation {
    metrics: Rc<InferenceMetrics>,
    arrival: Arrival,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The request's headers did not come yet, or it is not measured.
    Apart,
    Measured(Box<Measured>),
}

/// A request that is measured.
#[derive(Debug)]
struct Measured {
    since: Timestamp,
    operation: Operation,
    /// By position.
    class: usize,
    /// The model and version that its head names.
    named: Named,
    request: Request,
    /// As which it is counted, once that is known.
    target: Option<(Target, Rc<Group>)>,
    answer: Answer,
    /// What the answer says of who refused the request; not to be trusted yet.
    rejected: Option<Vec<u8>>,
    told: Told,
    /// What the answer said was stated.
    is_stated: bool,
    /// What was stated of what became of it, so far.
    stated_outcome: Option<Outcome>,
}

/// A model and a version, as far as they are named.
#[derive(Clone, Debug, Default)]
struct Named {
    model: Option<String>,
    version: Option<String>,
}

impl Exchange for Observation {
    fn request_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        let Some(measured) = arriving::request(&self.metrics, &self.arrival, &block, notes) else {
            return Verdict::Forward(Edits::none());
        };
        let mut edits = Edits::none();
        if self.metrics.asks_plain && block.headers.contains("accept-encoding") {
            edits = edits.remove("accept-encoding");
        }
        if measured.request.is_watched() {
            edits = edits.watch();
        }
        self.stage = Stage::Measured(Box::new(measured));
        Verdict::Forward(edits)
    }

    fn request_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        if let Stage::Measured(measured) = &mut self.stage {
            measured.request.push(chunk.bytes, chunk.end_of_message);
            if chunk.end_of_message {
                measured.state_input(notes);
            }
        }
        Verdict::Forward(Edits::none().watch())
    }

    fn request_trailers(&mut self, _: Trailers<'_>, notes: &mut Notes) -> Verdict {
        if let Stage::Measured(measured) = &mut self.stage {
            measured.request.finish();
            measured.state_input(notes);
        }
        Verdict::Forward(Edits::none())
    }

    fn asks(&self, upcoming: Upcoming) -> Asks {
        match &self.stage {
            Stage::Measured(measured) => measured.asks(&self.metrics, upcoming),
            Stage::Apart => Asks::NOTHING,
        }
    }

    fn told(&mut self, told: Told) {
        if let Stage::Measured(measured) = &mut self.stage {
            measured.told.add(told);
        }
    }

    fn response_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        let Stage::Measured(measured) = &mut self.stage else {
            return Verdict::Forward(Edits::none());
        };
        let HeaderBlock { headers, end_of_message, .. } = block;
        let shown = measured.answer.headers(headers, end_of_message, self.metrics.reads_answers);
        let rejected = headers.first(filter_kit::Reply::REASON_HEADER);
        // What is good was not refused, whatever a server writes into it.
        measured.rejected = rejected.filter(|_| !measured.answer.is_good()).map(<[u8]>::to_vec);
        measured.find_target(&self.metrics, &self.arrival, notes);
        match shown {
            // Nothing more will be known of it before it is over.
            Watching::Nothing => measured.state_end(&self.metrics, notes),
            // Should it break off: what is stated after that comes too late for traces.
            _ if measured.answer.is_streamed() || measured.answer.has_messages() => {
                measured.state_outcome(Outcome::Cut, &self.metrics, notes);
            }
            _ => {}
        }
        Verdict::Forward(match shown {
            Watching::Nothing => Edits::none(),
            Watching::Trailers => Edits::none().watch_trailers(),
            Watching::Everything => Edits::none().watch(),
        })
    }

    fn response_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        if let Stage::Measured(measured) = &mut self.stage {
            let passed = measured.answer.body(chunk.bytes, chunk.end_of_message, chunk.at);
            measured.pass(passed, chunk.at, notes);
            if passed.is_first_content && self.metrics.states_facts {
                telling::first_token(chunk.at.since(measured.since), notes);
            }
            if chunk.end_of_message {
                measured.state_end(&self.metrics, notes);
            }
        }
        Verdict::Forward(Edits::none().watch())
    }

    fn response_trailers(&mut self, trailers: Trailers<'_>, notes: &mut Notes) -> Verdict {
        if let Stage::Measured(measured) = &mut self.stage {
            measured.answer.trailers(trailers.trailers);
            measured.state_end(&self.metrics, notes);
        }
        Verdict::Forward(Edits::none())
    }

    fn finished(&mut self, at: Timestamp, notes: &mut Notes) {
        if let Stage::Measured(mut measured) = core::mem::replace(&mut self.stage, Stage::Apart) {
            measured.find_target(&self.metrics, &self.arrival, notes);
            measured.settle(&self.metrics, at, notes);
        }
    }
}

impl Observation {
    pub(crate) const fn new(metrics: Rc<InferenceMetrics>, arrival: Arrival) -> Self {
        Self { metrics, arrival, stage: Stage::Apart }
    }
}

impl Measured {
    /// What it needs to know of Envoy.
    fn asks(&self, metrics: &InferenceMetrics, upcoming: Upcoming) -> Asks {
        let is_placed = self.target.is_some() || metrics.model_from != ModelFrom::Router;
        let needs_usage = upcoming == Upcoming::End && self.may_have_lost_its_usage();
        let facts: &'static [&'static str] = match (is_placed, needs_usage) {
            (true, false) => &[],
            (false, false) => &telling::TARGET_FACTS,
            (true, true) => &inference_api::usage::USAGE_FACTS,
            (false, true) => &telling::ALL_FACTS,
        };
        match upcoming {
            Upcoming::ResponseHeaders => Asks { facts, ..Asks::NOTHING },
            Upcoming::End => Asks {
                facts,
                // What is good and complete needs no explanation.
                flags: !self.answer.is_complete(),
                details: self.rejected.is_some() || !self.answer.has_all_content(),
                upstream_time: metrics.splits_time && self.answer.has_begun(),
                request_bytes: self.request.bytes().is_none(),
                response_bytes: self.answer.has_begun() && self.answer.bytes().is_none(),
            },
        }
    }

    /// Whether something between the server and this filter may have taken the event out
    /// that says what was used: admission control does, where only it had asked for it.
    fn may_have_lost_its_usage(&self) -> bool {
        let is_told = matches!(self.operation, Operation::ChatCompletions | Operation::Completions);
        is_told
            && self.answer.is_good()
            && self.answer.is_streamed()
            && self.answer.usage().is_none()
    }

    /// As which model and version it is counted.
    fn find_target(&mut self, metrics: &InferenceMetrics, arrival: &Arrival, notes: &mut Notes) {
        if self.target.is_some() {
            return;
        }
        let fact = |name| self.told.fact(name).and_then(|fact| str::from_utf8(fact).ok());
        let [model, version] = telling::TARGET_FACTS.map(fact);
        let [model, version] = match (model, &self.named) {
            (Some(model), _) => [Some(model), version],
            (None, Named { model: Some(model), version }) => [Some(&**model), version.as_deref()],
            (None, _) => self.request.named(),
        };
        let target = metrics.models.target(model, version);
        if metrics.states_facts && metrics.model_from != ModelFrom::Router {
            telling::target(metrics.models.labels(target), notes);
        }
        let key = |target| GroupKey { target, class: self.class, operation: self.operation };
        // What no server saw makes no series for a model: clients can say anything.
        let was_served = self.answer.has_begun() && self.rejected.is_none();
        let target = match was_served || metrics.knows(&key(target), arrival.cells) {
            true => target,
            false => target.of_strangers(),
        };
        self.target = Some((target, metrics.group(key(target), arrival.cells, notes)));
    }

    /// States what the request's body told.
    fn state_input(&mut self, notes: &mut Notes) {
        if let Some(hash) = self.request.hash() {
            telling::input_hash(hash, notes);
        }
    }

    /// A part of the answer came.
    fn pass(&mut self, passed: Passed, at: Timestamp, notes: &mut Notes) {
        let Some((_, group)) = &self.target else { return };
        let time = at.since(self.since);
        let (first, gap) = match self.answer.has_messages() {
            true => (&group.first_message, &group.message_gap),
            false => (&group.first_chunk, &group.chunk_gap),
        };
        if passed.is_first {
            match self.answer.has_messages() {
                true => first.record_us(time, notes),
                false => first.record_ms(time, notes),
            }
        }
        if passed.is_first_content && !self.answer.has_messages() {
            group.first_token.record_ms(time, notes);
        }
        if let Some(pause) = passed.gap {
            gap.record_us(pause, notes);
        }
    }
}
