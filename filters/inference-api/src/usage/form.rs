use super::reader::AnswerReader;
use crate::dialect::{Dialect, Operation};
use crate::grpc::is_grpc;
use crate::sse;

/// The longest event that is read whole.
const LONGEST_EVENT_BYTES: usize = 64 * 1024;

/// The same of `OpenAI`'s responses, of which the last one repeats all of the answer.
const LONGEST_RESPONSE_BYTES: usize = 1024 * 1024;

/// How an answer's body comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerForm {
    /// As a whole: JSON, or anything else.
    Whole,
    /// As server-sent events, while it is generated.
    Events,
    /// As gRPC messages.
    Messages,
    /// Compressed, so that nothing in it can be read.
    Compressed {
        /// Whether events are in it.
        has_events: bool,
    },
}

impl AnswerForm {
    /// What these headers of an answer say: `content-type` and `content-encoding`.
    pub fn of(content_type: &[u8], content_encoding: Option<&[u8]>) -> Self {
        if is_grpc(content_type) {
            return Self::Messages;
        }
        let is_coded =
            content_encoding.is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity"));
        let media_type = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
        let has_events = media_type.trim_ascii().eq_ignore_ascii_case(b"text/event-stream");
        match (is_coded, has_events) {
            (true, has_events) => Self::Compressed { has_events },
            (false, true) => Self::Events,
            (false, false) => Self::Whole,
        }
    }
}

impl AnswerReader {
    /// Reads an answer to such a request that comes so. `None` where there is nothing to
    /// be read in it.
    pub fn of(form: AnswerForm, dialect: Dialect, operation: Operation) -> Option<Self> {
        match form {
            AnswerForm::Whole => Some(Self::json(dialect, operation)),
            AnswerForm::Events => {
                let event_bytes = match operation {
                    Operation::Responses => LONGEST_RESPONSE_BYTES,
                    _ => LONGEST_EVENT_BYTES,
                };
                Some(Self::events(dialect, operation, sse::Limits { event_bytes }))
            }
            AnswerForm::Messages | AnswerForm::Compressed { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn headers_say_how_an_answer_comes() {
        let gzip = Some(&b"gzip"[..]);
        for (content_type, content_encoding, form) in [
            ("application/json", None, AnswerForm::Whole),
            ("", None, AnswerForm::Whole),
            ("application/json", Some(&b"Identity"[..]), AnswerForm::Whole),
            ("application/json", gzip, AnswerForm::Compressed { has_events: false }),
            ("text/event-stream", None, AnswerForm::Events),
            ("Text/Event-Stream ; charset=utf-8", None, AnswerForm::Events),
            ("text/event-stream", gzip, AnswerForm::Compressed { has_events: true }),
            ("application/grpc+proto", None, AnswerForm::Messages),
            // What is compressed there is each message by itself.
            ("application/grpc", gzip, AnswerForm::Messages),
        ] {
            let told = AnswerForm::of(content_type.as_bytes(), content_encoding);
            assert_eq!(told, form, "{content_type} {content_encoding:?}");
        }
    }
}
