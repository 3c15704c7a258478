//! Surveys of arrays, against `serde_json` and a naive look at each number.

use inference_api::json::{Interest, JsonError, Kind, Options, Reader, Sink, Survey};
use inference_api::tensor::{Depth, Values};
use serde_json::Value;

use super::pieces;

/// Of an array, whole or cut, told or surveyed: the number of leaves, how they are
/// nested and what they are like are what `serde_json` makes of it; and surveying
/// changes no error.
pub fn agrees(text: &[u8], cuts: &[usize]) {
    let expected = serde_json::from_slice::<Value>(text);
    let skipped = read(&[text], &mut Skipper);
    for depth in [Depth::Counted, Depth::Valued] {
        for inside in [Interest::Survey, Interest::Take] {
            for pieces in [&[text][..], &pieces(text, cuts)] {
                let mut surveyor = Surveyor::new(depth, inside);
                assert_eq!(read(pieces, &mut surveyor), skipped, "surveying changes the answer");
                if let Ok(Value::Array(elements)) = &expected {
                    is_that(&surveyor, elements, text);
                }
            }
        }
    }
}

fn read(pieces: &[&[u8]], sink: &mut impl Sink) -> Result<(), JsonError> {
    let mut reader = Reader::new(Options::default());
    for piece in pieces {
        reader.push(piece, sink)?;
    }
    reader.finish(sink)
}

fn is_that(surveyor: &Surveyor, elements: &[Value], text: &[u8]) {
    let Surveyor { survey, depth, objects, .. } = surveyor;
    let array = Value::Array(elements.to_vec());
    let mut leaves = Vec::new();
    collect(&array, &mut leaves);
    assert_eq!(survey.leaves(), u64::try_from(leaves.len()).unwrap(), "leaves");
    assert_eq!(survey.outermost(), u64::try_from(elements.len()).unwrap(), "elements");
    assert_eq!(survey.open_lists(), 0, "all lists ended");
    assert_eq!(*objects, leaves.iter().filter(|leaf| leaf.is_object()).count(), "objects told");
    assert_eq!(survey.nesting(), shape(&array).map(|shape| shape.into_iter().collect()), "nesting");
    let expected = match depth {
        Depth::Counted => Values::default(),
        Depth::Valued => values(&leaves, &numbers(text)),
    };
    assert_eq!(survey.values(), expected, "values");
}

/// Whatever is in arrays, and in no object.
pub fn collect<'a>(value: &'a Value, leaves: &mut Vec<&'a Value>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, leaves)),
        leaf => leaves.push(leaf),
    }
}

/// The shape of nested arrays, if they have one.
pub fn shape(value: &Value) -> Option<Vec<i64>> {
    let Value::Array(elements) = value else { return Some(Vec::new()) };
    let mut inner = elements.iter().map(shape);
    let first = inner.next().unwrap_or(Some(Vec::new()))?;
    let length = i64::try_from(elements.len()).unwrap();
    inner.all(|shape| shape.as_ref() == Some(&first)).then(|| [&[length][..], &first].concat())
}

/// What leaves are like, given the numbers among them as they are written.
pub fn values(leaves: &[&Value], numbers: &[&str]) -> Values {
    let mut values = Values::default();
    for leaf in leaves {
        match leaf {
            Value::Null | Value::Object(_) => values.has_others = true,
            Value::Bool(_) => values.has_booleans = true,
            Value::String(text) => values.string(u64::try_from(text.len()).unwrap()),
            Value::Number(_) | Value::Array(_) => {}
        }
    }
    for number in numbers {
        values.number(number_value(number));
        values.has_fractions |= number.contains(['.', 'e', 'E']);
    }
    values
}

/// The value of a number: of one beyond 64 bytes only the first digits count, as
/// many as 64 bits hold.
pub fn number_value(text: &str) -> f64 {
    if text.len() <= 64 {
        return text.parse().unwrap();
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [integer.trim_start_matches('-'), fraction].concat();
    let significant = digits.trim_start_matches('0');
    let mut kept = significant;
    while !kept.is_empty() && kept.parse::<u64>().is_err() {
        kept = kept.split_at(kept.len() - 1).0;
    }
    let count = |digits: &str| i64::try_from(digits.len()).unwrap();
    let dropped = count(significant) - count(kept);
    let Ok(exponent) = exponent.parse::<i64>() else { return 0.0 };
    let scale = exponent.saturating_add(dropped - count(fraction));
    let sign = if integer.starts_with('-') { "-" } else { "" };
    let kept = if kept.is_empty() { "0" } else { kept };
    format!("{sign}{kept}e{scale}").parse().unwrap()
}

/// The numbers of a well-formed text, but those in objects.
pub fn numbers(text: &[u8]) -> Vec<&str> {
    let mut numbers = Vec::new();
    let (mut at, mut objects) = (0, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while text[at] != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'{' => objects += 1,
            b'}' => objects -= 1,
            b'-' | b'0'..=b'9' => {
                let is_part =
                    |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                let length = text[at..].iter().take_while(is_part).count();
                if objects == 0 {
                    numbers.push(str::from_utf8(&text[at..at + length]).unwrap());
                }
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    numbers
}

struct Skipper;

impl Sink for Skipper {
    fn value(&mut self, _kind: Kind, _at: u64) -> Interest {
        Interest::Skip
    }
}

/// Surveys the top-level array; or wants all of it told, and hands it on.
struct Surveyor {
    survey: Survey,
    depth: Depth,
    inside: Interest,
    is_open: bool,
    objects: usize,
}

impl Surveyor {
    fn new(depth: Depth, inside: Interest) -> Self {
        Self { survey: Survey::new(depth), depth, inside, is_open: false, objects: 0 }
    }
}

impl Sink for Surveyor {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        if !std::mem::replace(&mut self.is_open, true) {
            self.survey.value(kind, at);
            return if kind == Kind::Array { self.inside } else { Interest::Skip };
        }
        assert!(kind == Kind::Object || self.inside == Interest::Take, "only objects are told");
        if kind == Kind::Object {
            self.objects += 1;
        }
        self.survey.value(kind, at)
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        if kind == Kind::Object {
            self.survey.object_is_other();
        } else {
            self.survey.value_end(kind, end);
        }
    }

    fn text(&mut self, fragment: &str) {
        self.survey.text(fragment);
    }

    fn number(&mut self, fragment: &str) {
        self.survey.number(fragment);
    }

    fn survey(&mut self) -> Option<&mut Survey> {
        Some(&mut self.survey)
    }
}
