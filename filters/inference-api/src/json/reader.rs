use super::byte_order_mark::{ByteOrderMark, UTF_8_MARK};
use super::number::Number;
use super::strings::{Purpose, StringState};
use super::surveyed::Surveyed;
use super::{Interest, JsonError, JsonErrorKind, Kind, Sink};

/// Reads one JSON text from pieces and tells a [`Sink`] what it is made of.
///
/// Accepts exactly what `serde_json::from_slice::<serde_json::Value>` accepts,
/// numbers out of a float's range refused included; see [`Options`] for what
/// can be set differently. Holds one byte per container that is open and
/// nothing of the text.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(super) options: Options,
    pub(super) state: State,
    pub(super) open: Vec<Container>,
    /// A container that the sink doesn't want, as the number of those around it.
    pub(super) skipped: Option<usize>,
    pub(super) surveyed: Surveyed,
    /// How many bytes came before the ones that are read now.
    pub(super) offset: u64,
    failed: Option<JsonError>,
    noted: Option<JsonError>,
    pub(super) string: StringState,
    pub(super) number: Number,
    pub(super) number_is_wanted: bool,
    /// Where the string, number or literal that is read began.
    pub(super) token_start: u64,
    /// What must follow to make a literal, a byte order mark or the second half
    /// of a surrogate pair.
    pub(super) expected: &'static [u8],
    /// What the literal is.
    pub(super) literal: Kind,
}

/// What is read as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many objects and arrays may stand inside each other. 127 is what
    /// `serde_json` allows.
    pub max_depth: usize,
    /// Which words are numbers.
    pub words: NumberWords,
    /// What a byte order mark before the text means.
    pub byte_order_mark: ByteOrderMark,
    /// How many bytes a string or key may have between its quotes, as it is
    /// written. Any number by default.
    pub max_string_bytes: u64,
    /// Which of these limits are no error to be beyond.
    pub noted: NotedLimits,
}

/// Limits beyond which a text is read on, and [`Reader::noted`] tells of it. None by
/// default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotedLimits {
    /// That of the depth. Beyond 127 it is an error all the same.
    pub depth: bool,
    /// That of strings.
    pub strings: bool,
}

/// So many objects and arrays may stand inside each other, whatever the limit: as
/// many as `serde_json` allows.
const MOST_DEPTH: usize = 127;

/// Whether there are numbers that are written as words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberWords {
    /// As RFC 8259 has it: none.
    Refused,
    /// `NaN`, `Infinity` and `-Infinity` are numbers, as TensorFlow Serving's
    /// REST API reads and writes them.
    NonFinite,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_depth: 127,
            words: NumberWords::Refused,
            byte_order_mark: ByteOrderMark::Refused,
            max_string_bytes: u64::MAX,
            noted: NotedLimits { depth: false, strings: false },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Object,
    Array,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Start,
    ByteOrderMark,
    Value,
    FirstElement,
    FirstKey,
    Key,
    Colon,
    Separator,
    Done,
    String,
    Escape,
    /// Inside `\uXXXX`.
    Hex,
    /// After the first half of a surrogate pair.
    SecondHalf,
    Number,
    Literal,
}

impl State {
    /// Whether a string, a number or a word has begun and not ended.
    const fn is_in_token(self) -> bool {
        matches!(
            self,
            Self::String
                | Self::Escape
                | Self::Hex
                | Self::SecondHalf
                | Self::Number
                | Self::Literal
        )
    }

    /// Whether no string, number or word has begun and not ended.
    pub(super) const fn is_between_tokens(self) -> bool {
        matches!(
            self,
            Self::Value
                | Self::FirstElement
                | Self::FirstKey
                | Self::Key
                | Self::Colon
                | Self::Separator
        )
    }
}

/// The text is no JSON; what and where is in [`Reader::failed`].
pub(super) struct Failed;

pub(super) type Outcome = Result<(), Failed>;

/// The bytes that are still to be read.
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
    /// The offset behind the last one.
    end: u64,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn at(&self) -> u64 {
        self.end.saturating_sub(crate::wide(self.rest.len()))
    }

    /// Takes so many bytes off the front.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }
}

impl Reader {
    /// Ready for the first byte of a text.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            state: State::Start,
            open: Vec::new(),
            skipped: None,
            surveyed: Surveyed::default(),
            offset: 0,
            failed: None,
            noted: None,
            string: StringState::default(),
            number: Number::begin(b'0'),
            number_is_wanted: false,
            token_start: 0,
            expected: UTF_8_MARK,
            literal: Kind::Null,
        }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// When they can't go on a JSON text. The reader stays in that state: it
    /// answers everything else with the same error.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<(), JsonError> {
        if self.failed.is_none() {
            let end = self.offset.saturating_add(crate::wide(bytes.len()));
            // Why it failed is in `failed`.
            let _ = self.run(Cursor { rest: bytes, end }, sink);
            self.offset = end;
        }
        self.failed.map_or(Ok(()), Err)
    }

    /// Says that the text ends here.
    ///
    /// # Errors
    /// When it can't.
    pub fn finish(&mut self, sink: &mut impl Sink) -> Result<(), JsonError> {
        if self.failed.is_none() {
            let _ = self.end(sink);
        }
        self.failed.map_or(Ok(()), Err)
    }

    /// The first limit that the text was found to be beyond, where that is no
    /// error.
    pub const fn noted(&self) -> Option<JsonError> {
        self.noted
    }

    /// The text is beyond a limit, which may be no error.
    pub(super) fn beyond_limit(&mut self, kind: JsonErrorKind, offset: u64) -> Outcome {
        let NotedLimits { depth, strings } = self.options.noted;
        let is_noted = if kind == JsonErrorKind::TooDeep { depth } else { strings };
        if !is_noted {
            return self.fail(kind, offset);
        }
        self.noted.get_or_insert(JsonError { kind, offset });
        Ok(())
    }

    /// How many bytes were read.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the value has ended; only white space may follow.
    pub fn is_complete(&self) -> bool {
        self.state == State::Done
    }

    fn run(&mut self, mut cursor: Cursor<'_>, sink: &mut impl Sink) -> Outcome {
        while let Some((&byte, after)) = cursor.rest.split_first() {
            match self.state {
                state if state.is_in_token() => match self.survey(sink) {
                    Some(survey) => self.token(&mut cursor, survey)?,
                    None => self.token(&mut cursor, sink)?,
                },
                State::Start if !UTF_8_MARK.starts_with(&[byte]) => self.state = State::Value,
                state => {
                    cursor.rest = after;
                    let end = cursor.at();
                    match state {
                        State::Start | State::ByteOrderMark => self.byte_order_mark(byte)?,
                        _ if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') => {}
                        _ => self.structure(byte, end, sink)?,
                    }
                }
            }
            self.skip(&mut cursor, sink);
        }
        Ok(())
    }

    /// As much of a string, number or word as there is, at least a byte.
    #[inline]
    fn token(&mut self, cursor: &mut Cursor<'_>, sink: &mut impl Sink) -> Outcome {
        match self.state {
            State::String => self.string(cursor, sink),
            State::Number => self.number(cursor, sink),
            State::Literal => self.literal(cursor, sink),
            _ => match *cursor.take(1) {
                [byte] => self.escape(byte, cursor.at(), sink),
                _ => Ok(()),
            },
        }
    }

    #[cold]
    pub(super) fn fail(&mut self, kind: JsonErrorKind, offset: u64) -> Outcome {
        self.failed = Some(JsonError { kind, offset });
        Err(Failed)
    }

    /// One byte between keys and values that is not white space; it ends at
    /// `end`.
    #[inline]
    fn structure(&mut self, byte: u8, end: u64, sink: &mut impl Sink) -> Outcome {
        let at = end.saturating_sub(1);
        match (self.state, byte) {
            (State::FirstKey | State::Key, b'"') => {
                let is_skipped = self.skipped.is_some();
                self.begin_string(if is_skipped { Purpose::SkippedKey } else { Purpose::Key }, at);
            }
            (State::FirstKey, b'}') | (State::FirstElement, b']') => self.close(end, sink),
            (State::FirstKey | State::Key, _) => return self.fail(JsonErrorKind::ExpectedKey, at),
            (State::Colon, b':') => self.state = State::Value,
            (State::Colon, _) => return self.fail(JsonErrorKind::ExpectedColon, at),
            (State::Separator, _) => match (self.open.last(), byte) {
                (Some(Container::Object), b',') => self.state = State::Key,
                (Some(Container::Array), b',') => self.state = State::Value,
                (Some(Container::Object), b'}') | (Some(Container::Array), b']') => {
                    self.close(end, sink);
                }
                _ => return self.fail(JsonErrorKind::ExpectedSeparator, at),
            },
            (State::Done, _) => return self.fail(JsonErrorKind::TrailingBytes, at),
            _ => return self.value(byte, at, sink),
        }
        Ok(())
    }

    /// The first byte of a value.
    #[inline]
    fn value(&mut self, byte: u8, at: u64, sink: &mut impl Sink) -> Outcome {
        match byte {
            b'"' => {
                let interest = self.begin(Kind::String, at, sink);
                self.begin_string(interest.into(), at);
            }
            b'{' => return self.open(Container::Object, at, sink),
            b'[' => return self.open(Container::Array, at, sink),
            b'-' | b'0'..=b'9' => self.begin_number(byte, at, sink),
            b't' => self.begin_literal(Kind::Boolean(true), b"rue", at, sink),
            b'f' => self.begin_literal(Kind::Boolean(false), b"alse", at, sink),
            b'n' => self.begin_literal(Kind::Null, b"ull", at, sink),
            b'N' if self.options.words == NumberWords::NonFinite => {
                self.begin_literal(Kind::Number, b"aN", at, sink);
            }
            b'I' if self.options.words == NumberWords::NonFinite => {
                self.begin_literal(Kind::Number, b"nfinity", at, sink);
            }
            _ => return self.fail(JsonErrorKind::ExpectedValue, at),
        }
        Ok(())
    }

    pub(super) fn begin(&mut self, kind: Kind, at: u64, sink: &mut impl Sink) -> Interest {
        if let Some(survey) = self.survey(sink) {
            return survey.value(kind, at);
        }
        if self.skipped.is_some() { Interest::Skip } else { sink.value(kind, at) }
    }

    #[inline]
    pub(super) fn ended(&mut self, kind: Kind, end: u64, sink: &mut impl Sink) {
        self.state = if self.open.is_empty() { State::Done } else { State::Separator };
        // What is in a surveyed array ends for its survey, which is the sink here.
        if self.skipped.is_none() || self.surveyed.is_on {
            sink.value_end(kind, end);
        }
    }

    fn open(&mut self, container: Container, at: u64, sink: &mut impl Sink) -> Outcome {
        if self.open.len() >= MOST_DEPTH.max(self.options.max_depth) {
            return self.fail(JsonErrorKind::TooDeep, at);
        }
        if self.open.len() >= self.options.max_depth {
            self.beyond_limit(JsonErrorKind::TooDeep, at)?;
        }
        let (kind, state) = match container {
            Container::Object => (Kind::Object, State::FirstKey),
            Container::Array => (Kind::Array, State::FirstElement),
        };
        if self.surveyed.is_on {
            self.open_in_survey(kind, at, sink);
        } else if self.skipped.is_none() {
            let interest = sink.value(kind, at);
            if interest != Interest::Take {
                self.skipped = Some(self.open.len());
            }
            self.surveyed.is_on =
                kind == Kind::Array && interest == Interest::Survey && sink.survey().is_some();
        }
        self.open.push(container);
        self.state = state;
        Ok(())
    }

    fn close(&mut self, end: u64, sink: &mut impl Sink) {
        let kind = match self.open.pop() {
            Some(Container::Array) => Kind::Array,
            _ => Kind::Object,
        };
        if self.skipped == Some(self.open.len()) {
            self.skipped = None;
            self.surveyed.is_on = false;
        }
        match self.survey(sink) {
            Some(survey) => self.ended(kind, end, survey),
            None => self.ended(kind, end, sink),
        }
        self.resume_survey();
    }

    fn end(&mut self, sink: &mut impl Sink) -> Outcome {
        if self.state == State::Number && self.number.may_end() && self.open.is_empty() {
            self.end_number(self.offset, sink)?;
        }
        match self.state {
            State::Done => Ok(()),
            State::ByteOrderMark => self.fail(JsonErrorKind::ExpectedValue, 0),
            _ => self.fail(JsonErrorKind::UnexpectedEnd, self.offset),
        }
    }
}
