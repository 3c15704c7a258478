//! The way through a text.

use super::{Fact, Leaf, Place, Scalar, Tally};
use crate::json::{Interest, JsonError, Kind, Options, Reader, Sink, Spelling};
use core::ops::Range;

/// Reads one text, by a table.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    reader: Reader,
    path: Path,
}

/// Is told the values that are facts.
pub(crate) trait Hears {
    /// One begins; what stood at its place before counts no longer.
    fn begins(&mut self, fact: Fact, kind: Kind, at: u64);

    /// One ended.
    fn ends(&mut self, fact: Fact, value: &Value<'_>);
}

/// A value that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    pub(crate) kind: Kind,
    /// Where it stands, from its first byte to behind its last.
    pub(crate) span: Range<u64>,
    /// How many elements or keys there are in it, if its table says what may
    /// stand in it.
    pub(crate) count: u64,
    /// What a scalar is, if it is short.
    pub(crate) text: Option<&'a str>,
    pub(crate) tally: Tally,
}

impl Walk {
    pub(crate) fn new(root: &'static Place, options: Options) -> Self {
        Self { reader: Reader::new(options), path: Path::new(root) }
    }

    pub(crate) fn push(&mut self, bytes: &[u8], hears: &mut dyn Hears) -> Result<(), JsonError> {
        self.reader.push(bytes, &mut Walking { path: &mut self.path, hears })
    }

    pub(crate) fn finish(&mut self, hears: &mut dyn Hears) -> Result<(), JsonError> {
        self.reader.finish(&mut Walking { path: &mut self.path, hears })
    }
}

/// Where in the text we are.
#[derive(Clone, Debug)]
struct Path {
    root: &'static Place,
    /// The containers that are open and looked at.
    frames: Vec<Frame>,
    /// For each of these, in order: of an object, what each member of its table
    /// has; of an array, what its elements have together.
    tallies: Vec<Tally>,
    reading: Reading,
    key: Scalar,
    scalar: Scalar,
    /// Of the string that is read: what it stands for, and how many characters.
    bytes: u64,
    characters: u64,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    place: &'static Place,
    at: u64,
    kind: Kind,
    /// The member that is read now, if the table has it.
    member: Option<usize>,
    /// How many elements or keys have begun.
    count: u64,
    /// Where its tallies begin.
    tallies: usize,
}

/// What the value is that is read and has nothing inside that is looked at.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// There is none.
    Container,
    Passed,
    Leaf {
        place: &'static Place,
        at: u64,
    },
}

impl Path {
    const fn new(root: &'static Place) -> Self {
        Self {
            root,
            frames: Vec::new(),
            tallies: Vec::new(),
            reading: Reading::Container,
            key: Scalar::new(),
            scalar: Scalar::new(),
            bytes: 0,
            characters: 0,
        }
    }

    /// What may stand here, if the table knows the place.
    fn place(&mut self) -> Option<&'static Place> {
        let Some(frame) = self.frames.last_mut() else { return Some(self.root) };
        if frame.kind == Kind::Array {
            frame.count = frame.count.saturating_add(1);
            return frame.place.elements;
        }
        frame.place.members.get(frame.member?).map(|(_, place)| *place)
    }

    fn open(&mut self, place: &'static Place, kind: Kind, at: u64) -> Interest {
        let tallies = self.tallies.len();
        let members = if kind == Kind::Array { 1 } else { place.members.len() };
        self.tallies.resize(tallies.saturating_add(members), Tally::default());
        self.frames.push(Frame { place, at, kind, member: None, count: 0, tallies });
        self.reading = Reading::Container;
        Interest::Take
    }

    /// The innermost container ends.
    fn close(&mut self) -> Option<(Frame, Tally)> {
        let frame = self.frames.pop()?;
        let mut tally = Tally::default();
        self.tallies
            .drain(frame.tallies.min(self.tallies.len())..)
            .for_each(|part| tally.add(part));
        match frame.place.leaf {
            Leaf::Piece => tally.pieces = tally.pieces.saturating_add(1),
            Leaf::Part => tally.images = tally.images.min(1),
            _ => {}
        }
        Some((frame, tally))
    }

    /// How much text a value is that has nothing inside that is looked at.
    fn measure(&mut self, leaf: Leaf, kind: Kind, span: &Range<u64>) -> Tally {
        let decoded = core::mem::take(&mut self.bytes);
        let characters = core::mem::take(&mut self.characters);
        let written = span.end.saturating_sub(span.start);
        let (bytes, characters) = match (leaf, kind) {
            (Leaf::Text, Kind::String) => (decoded, 0),
            (Leaf::Prompt | Leaf::Written | Leaf::Part, Kind::String) => {
                (written.saturating_sub(QUOTES), characters)
            }
            (Leaf::Prompt | Leaf::Written | Leaf::Part, Kind::Number) => {
                return Tally { tokens: 1, ..Tally::default() };
            }
            (Leaf::Written, Kind::Object | Kind::Array) => (written, written),
            (Leaf::Piece, kind) => {
                let pieces = u64::from(kind != Kind::Null);
                return Tally { pieces, ..Tally::default() };
            }
            (Leaf::PartType, Kind::String) => {
                let is_image = self.scalar.text().is_some_and(|word| IMAGES.contains(&word));
                return Tally { images: u64::from(is_image), ..Tally::default() };
            }
            (Leaf::Image, kind) => {
                let images = u64::from(kind != Kind::Null);
                return Tally { images, ..Tally::default() };
            }
            _ => return Tally::default(),
        };
        Tally { bytes, characters, pieces: u64::from(bytes != 0), ..Tally::default() }
    }

    /// Gives the value's text to what it stands in. Of a key that stands twice,
    /// the last value counts.
    fn add(&mut self, tally: Tally) {
        let Some(frame) = self.frames.last() else { return };
        let place = match (frame.kind, frame.member) {
            (Kind::Array, _) => Some(frame.tallies),
            (_, member) => member.map(|member| frame.tallies.saturating_add(member)),
        };
        let Some(sum) = place.and_then(|place| self.tallies.get_mut(place)) else { return };
        if frame.kind != Kind::Array {
            *sum = Tally::default();
        }
        sum.add(tally);
    }
}

const QUOTES: u64 = 2;

/// The types of parts that are images: of `OpenAI`'s chat completions, of its
/// responses, of Anthropic's messages, and vLLM's own.
const IMAGES: [&str; 5] = ["image_url", "input_image", "image", "image_embeds", "image_pil"];

/// A path, and who is told what is on it.
struct Walking<'a> {
    path: &'a mut Path,
    hears: &'a mut dyn Hears,
}

impl Walking<'_> {
    fn tell(&mut self, fact: Fact, value: &Value<'_>) {
        if fact != Fact::None {
            self.hears.ends(fact, value);
        }
        self.path.add(value.tally);
    }
}

impl Sink for Walking<'_> {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        let path = &mut *self.path;
        path.reading = Reading::Passed;
        let Some(place) = path.place() else { return Interest::Skip };
        if place.fact != Fact::None {
            self.hears.begins(place.fact, kind, at);
        }
        match kind {
            Kind::Object if !place.members.is_empty() => return path.open(place, kind, at),
            Kind::Array if place.elements.is_some() => return path.open(place, kind, at),
            _ => path.reading = Reading::Leaf { place, at },
        }
        path.scalar.clear();
        match (place.leaf, kind) {
            (Leaf::Scalar, Kind::String | Kind::Number)
            | (Leaf::Text | Leaf::PartType, Kind::String) => Interest::Take,
            (Leaf::Prompt | Leaf::Written | Leaf::Part, Kind::String) => Interest::Measure,
            _ => Interest::Skip,
        }
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        match core::mem::replace(&mut self.path.reading, Reading::Container) {
            Reading::Passed => {}
            Reading::Container => {
                let Some((frame, tally)) = self.path.close() else { return };
                let span = frame.at..end;
                let value = Value { kind, span, count: frame.count, text: None, tally };
                self.tell(frame.place.fact, &value);
            }
            Reading::Leaf { place, at } => {
                let span = at..end;
                let tally = self.path.measure(place.leaf, kind, &span);
                // Told while the path goes on: 64 bytes are copied, of facts only.
                let scalar = self.path.scalar;
                let text = if place.leaf == Leaf::Scalar { scalar.text() } else { None };
                self.tell(place.fact, &Value { kind, span, count: 0, text, tally });
            }
        }
    }

    fn key(&mut self, fragment: &str) {
        self.path.key.push(fragment);
    }

    fn key_end(&mut self, _span: Range<u64>, _spelling: Spelling) {
        if let Some(frame) = self.path.frames.last_mut() {
            frame.count = frame.count.saturating_add(1);
            frame.member = self.path.key.text().and_then(|name| frame.place.member(name));
        }
        self.path.key.clear();
    }

    fn text(&mut self, fragment: &str) {
        match self.path.reading {
            Reading::Leaf { place: Place { leaf: Leaf::Text, .. }, .. } => {
                self.path.bytes = self.path.bytes.saturating_add(crate::wide(fragment.len()));
            }
            _ => self.path.scalar.push(fragment),
        }
    }

    fn measured(&mut self, characters: u64) {
        self.path.characters = characters;
    }

    fn number(&mut self, fragment: &str) {
        self.path.scalar.push(fragment);
    }
}
