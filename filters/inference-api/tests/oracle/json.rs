//! JSON against `serde_json`.

use std::ops::Range;

use inference_api::json::{
    Field, FieldLimits, FieldReader, FoundValue, Interest, JsonError, Kind, Options, Reader, Sink,
    Spelling,
};
use serde_json::{Map, Value};

use super::pieces;

/// Accepted or refused, the value, every value's span and the field `model` are
/// what `serde_json` makes of the same bytes; errors don't depend on the cuts or
/// on what is skipped.
pub fn agrees(text: &[u8], cuts: &[usize]) {
    let expected = serde_json::from_slice::<Value>(text);
    let cut = pieces(text, cuts);

    let mut builder = Builder::new(text);
    let built = read(&cut, &mut builder);
    assert_eq!(built.is_ok(), expected.is_ok(), "accepted: {built:?}, {expected:?}");
    if let Ok(expected) = &expected {
        assert_eq!(builder.root.as_ref(), Some(expected), "value");
    }
    assert_eq!(read(&[text], &mut Builder::new(text)), built, "cuts change the answer");
    assert_eq!(read(&cut, &mut Skipper), built, "skipping changes the answer");
    assert_eq!(read(&cut, &mut Measurer::new(text)), built, "measuring changes the answer");
    elements_agree(text, &cut, expected.as_ref().ok());
    field_agrees(text, &cut, expected.ok().as_ref());
}

fn read(pieces: &[&[u8]], sink: &mut impl Sink) -> Result<(), JsonError> {
    let mut reader = Reader::new(Options::default());
    for piece in pieces {
        reader.push(piece, sink)?;
    }
    reader.finish(sink)
}

/// Of an array whose elements are skipped, each one is told with its span.
fn elements_agree(text: &[u8], cut: &[&[u8]], expected: Option<&Value>) {
    let mut elements = Elements::default();
    let result = read(cut, &mut elements);
    assert_eq!(result.is_ok(), expected.is_some(), "skipping the inside changes the answer");
    if let Some(Value::Array(expected)) = expected {
        let spanned: Vec<Value> = elements.spans.iter().map(|span| spanned(text, span)).collect();
        assert_eq!(&spanned, expected, "elements that were skipped");
    }
}

fn field_agrees(text: &[u8], cut: &[&[u8]], expected: Option<&Value>) {
    let read = |pieces: &[&[u8]]| {
        let limits = FieldLimits { value_bytes: usize::MAX };
        let mut reader = FieldReader::new(&["model", "n"], limits, Options::default());
        let result = pieces.iter().try_for_each(|piece| reader.push(piece));
        let result = result.and_then(|()| reader.finish());
        (result, reader.field("model").cloned())
    };
    let (result, model) = read(cut);
    assert_eq!(read(&[text]), (result, model.clone()), "cuts change the field");
    let Some(expected) = expected else { return };
    let expected = expected.as_object().and_then(|object| object.get("model"));
    assert_eq!(model.is_some(), expected.is_some(), "field is there");
    if let (Some(model), Some(expected)) = (model, expected) {
        field_is(&model, expected, text);
    }
}

fn field_is(model: &Field, expected: &Value, text: &[u8]) {
    match (&model.last.value, expected) {
        (FoundValue::Text(text), Value::String(expected)) => assert_eq!(text, expected),
        (FoundValue::Number(text), Value::Number(_)) => {
            assert_eq!(&serde_json::from_str::<Value>(text).unwrap(), expected);
        }
        (FoundValue::Boolean(boolean), Value::Bool(expected)) => assert_eq!(boolean, expected),
        (FoundValue::Null, Value::Null)
        | (FoundValue::Object, Value::Object(_))
        | (FoundValue::Array, Value::Array(_)) => {}
        (found, expected) => panic!("{found:?} is not {expected:?}"),
    }
    assert_eq!(&spanned(text, &model.last.span), expected, "span");
    if model.count == 1 {
        assert_eq!(model.first, model.last);
        assert!(!model.is_contradictory);
    }
}

fn spanned(text: &[u8], span: &Range<u64>) -> Value {
    let range = usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap();
    serde_json::from_slice(&text[range]).expect("a span holds a JSON value")
}

/// Wants nothing.
struct Skipper;

impl Sink for Skipper {
    fn value(&mut self, _kind: Kind, _at: u64) -> Interest {
        Interest::Skip
    }
}

/// Wants the length of every string.
struct Measurer<'a> {
    source: &'a [u8],
    start: u64,
    characters: Option<u64>,
}

impl<'a> Measurer<'a> {
    fn new(source: &'a [u8]) -> Self {
        Self { source, start: 0, characters: None }
    }
}

impl Sink for Measurer<'_> {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        self.start = at;
        if matches!(kind, Kind::Object | Kind::Array) { Interest::Take } else { Interest::Measure }
    }

    fn measured(&mut self, characters: u64) {
        assert_eq!(self.characters.replace(characters), None, "measured twice");
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        let characters = self.characters.take();
        assert_eq!(characters.is_some(), kind == Kind::String, "{kind:?} is measured");
        if let Some(characters) = characters {
            let text = spanned(self.source, &(self.start..end));
            let expected = text.as_str().expect("a string").chars().count();
            assert_eq!(usize::try_from(characters), Ok(expected), "characters of {text}");
        }
    }

    fn text(&mut self, fragment: &str) {
        panic!("nobody wants {fragment}");
    }

    fn number(&mut self, fragment: &str) {
        panic!("nobody wants {fragment}");
    }
}

/// Wants the top-level value and nothing that is in it.
#[derive(Default)]
struct Elements {
    is_inside: bool,
    start: Option<u64>,
    spans: Vec<Range<u64>>,
}

impl Sink for Elements {
    fn value(&mut self, _kind: Kind, at: u64) -> Interest {
        if !std::mem::replace(&mut self.is_inside, true) {
            return Interest::Take;
        }
        assert_eq!(self.start.replace(at), None, "a value within a skipped one");
        Interest::Skip
    }

    fn value_end(&mut self, _kind: Kind, end: u64) {
        self.spans.extend(self.start.take().map(|start| start..end));
    }
}

/// Builds the value from what it is told.
struct Builder<'a> {
    source: &'a [u8],
    root: Option<Value>,
    open: Vec<(Value, u64)>,
    keys: Vec<String>,
    start: u64,
    text: String,
}

impl<'a> Builder<'a> {
    fn new(source: &'a [u8]) -> Self {
        Self {
            source,
            root: None,
            open: Vec::new(),
            keys: Vec::new(),
            start: 0,
            text: String::new(),
        }
    }

    fn add(&mut self, value: Value, span: Range<u64>) {
        // Of every value: quadratic, so of small texts only.
        if self.source.len() < 500 && !matches!(value, Value::Number(_)) {
            assert_eq!(spanned(self.source, &span), value, "span of a value");
        }
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some((Value::Object(members), _)) => {
                members.insert(self.keys.pop().expect("a key before its value"), value);
            }
            Some((Value::Array(elements), _)) => elements.push(value),
            Some(_) => panic!("a value inside a scalar"),
        }
    }
}

impl Sink for Builder<'_> {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        match kind {
            Kind::Object => self.open.push((Value::Object(Map::new()), at)),
            Kind::Array => self.open.push((Value::Array(Vec::new()), at)),
            _ => self.start = at,
        }
        Interest::Take
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        let text = std::mem::take(&mut self.text);
        let (value, start) = match kind {
            Kind::Object | Kind::Array => self.open.pop().expect("an open container"),
            Kind::String => (Value::String(text), self.start),
            Kind::Number => (serde_json::from_str(&text).expect("a number"), self.start),
            Kind::Boolean(boolean) => (Value::Bool(boolean), self.start),
            Kind::Null => (Value::Null, self.start),
        };
        self.add(value, start..end);
    }

    fn key(&mut self, fragment: &str) {
        self.text.push_str(fragment);
    }

    fn key_end(&mut self, _span: Range<u64>, _spelling: Spelling) {
        self.keys.push(std::mem::take(&mut self.text));
    }

    fn text(&mut self, fragment: &str) {
        assert!(!fragment.is_empty(), "fragments are not empty");
        self.text.push_str(fragment);
    }

    fn number(&mut self, fragment: &str) {
        self.text.push_str(fragment);
    }
}
