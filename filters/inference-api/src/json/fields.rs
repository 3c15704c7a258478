//! Wanted fields of the top-level object, caught while the text goes by.

use core::ops::Range;

use super::{Interest, JsonError, Kind, Options, Reader, Sink, Spelling};

/// Reads a JSON text and catches the fields of its top-level object that have
/// one of the wanted names.
///
/// Memory: what [`FieldLimits`] allow for each wanted name, twice.
#[derive(Clone, Debug)]
pub struct FieldReader {
    reader: Reader,
    fields: Fields,
}

/// How much is kept of what is caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldLimits {
    /// The longest string or number kept, in bytes of decoded text.
    pub value_bytes: usize,
}

impl Default for FieldLimits {
    fn default() -> Self {
        Self { value_bytes: 256 }
    }
}

/// A wanted name that stood in the top-level object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The one that stands first.
    pub first: Found,
    /// The one that stands last: what most servers take.
    pub last: Found,
    /// How often the key stands there; two or more is a duplicate key.
    pub count: u64,
    /// Whether any two of them have different values. Values that are not kept
    /// (objects, arrays, too long ones) count as different.
    pub is_contradictory: bool,
    /// Whether any of the keys was written with an escape.
    pub has_escaped_key: bool,
}

/// One field as it stood in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its value.
    pub value: FoundValue,
    /// Where the value stands, quotes included, in bytes from the start of the
    /// text.
    pub span: Range<u64>,
    /// How the key was written.
    pub key: Spelling,
    /// How the value was written, if it is a string.
    pub spelling: Spelling,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundValue {
    /// A string, decoded.
    Text(String),
    /// A number, as it was written.
    Number(String),
    /// A string or number that is longer than the limit.
    TooLong(Kind),
    /// `true` or `false`.
    Boolean(bool),
    /// `null`
    Null,
    /// An object, of which nothing is kept.
    Object,
    /// An array, of which nothing is kept.
    Array,
}

impl FieldReader {
    /// Looks for these names, which are given as they are after decoding.
    pub fn new(wanted: &[&'static str], limits: FieldLimits, options: Options) -> Self {
        Self { reader: Reader::new(options), fields: Fields::new(wanted, limits) }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// When they can't go on a JSON text.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), JsonError> {
        self.reader.push(bytes, &mut self.fields)
    }

    /// Says that the text ends here. The fields are final then.
    ///
    /// # Errors
    /// When it can't end here.
    pub fn finish(&mut self) -> Result<(), JsonError> {
        self.reader.finish(&mut self.fields)
    }

    /// What the top-level value is, once it has begun.
    pub fn root(&self) -> Option<Kind> {
        self.fields.root
    }

    /// Whether the top-level value has ended; only white space may follow.
    pub fn is_complete(&self) -> bool {
        self.reader.is_complete()
    }

    /// What was found under this name so far.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.wanted.iter().find(|wanted| wanted.name == name)?.field.as_ref()
    }

    /// The same, moved out.
    pub fn take_field(&mut self, name: &str) -> Option<Field> {
        self.fields.wanted.iter_mut().find(|wanted| wanted.name == name)?.field.take()
    }

    /// How many bytes were read.
    pub const fn offset(&self) -> u64 {
        self.reader.offset()
    }
}

impl Found {
    /// The text, if the value is a string within the limit.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            FoundValue::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl FoundValue {
    /// What kind of value it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::String,
            Self::Number(_) => Kind::Number,
            Self::TooLong(kind) => *kind,
            Self::Boolean(boolean) => Kind::Boolean(*boolean),
            Self::Null => Kind::Null,
            Self::Object => Kind::Object,
            Self::Array => Kind::Array,
        }
    }

    fn is_the_same_as(&self, other: &Self) -> bool {
        self == other && !matches!(self, Self::TooLong(_) | Self::Object | Self::Array)
    }
}

/// Hears the text of one object, at whose top level the fields are.
#[derive(Clone, Debug)]
struct Fields {
    wanted: Vec<Wanted>,
    limits: FieldLimits,
    root: Option<Kind>,
    /// The key being read; one that is longer than all wanted names is cut.
    key: String,
    longest_name: usize,
    /// The field whose value is being read.
    current: Option<Current>,
    text: Bounded,
}

#[derive(Clone, Debug)]
struct Wanted {
    name: &'static str,
    field: Option<Field>,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    wanted: usize,
    key: Spelling,
    start: u64,
    spelling: Spelling,
}

/// A text of which at most so many bytes are kept.
#[derive(Clone, Debug, Default)]
struct Bounded {
    text: String,
    is_too_long: bool,
}

impl Bounded {
    fn push(&mut self, fragment: &str, limit: usize) {
        if self.text.len().saturating_add(fragment.len()) > limit {
            self.is_too_long = true;
        }
        if !self.is_too_long {
            self.text.push_str(fragment);
        }
    }

    fn take(&mut self) -> Option<String> {
        let Self { text, is_too_long } = core::mem::take(self);
        (!is_too_long).then_some(text)
    }
}

impl Fields {
    fn new(names: &[&'static str], limits: FieldLimits) -> Self {
        Self {
            wanted: names.iter().map(|name| Wanted { name, field: None }).collect(),
            limits,
            root: None,
            key: String::new(),
            longest_name: names.iter().map(|name| name.len()).max().unwrap_or_default(),
            current: None,
            text: Bounded::default(),
        }
    }
}

impl Sink for Fields {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        if self.root.is_none() {
            self.root = Some(kind);
            return if kind == Kind::Object { Interest::Take } else { Interest::Skip };
        }
        let Some(current) = &mut self.current else { return Interest::Skip };
        current.start = at;
        match kind {
            Kind::String | Kind::Number => Interest::Take,
            _ => Interest::Skip,
        }
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        let Some(current) = self.current.take() else { return };
        let value = match kind {
            Kind::String => self.text.take().map_or(FoundValue::TooLong(kind), FoundValue::Text),
            Kind::Number => self.text.take().map_or(FoundValue::TooLong(kind), FoundValue::Number),
            Kind::Boolean(boolean) => FoundValue::Boolean(boolean),
            Kind::Null => FoundValue::Null,
            Kind::Object => FoundValue::Object,
            Kind::Array => FoundValue::Array,
        };
        let Current { key, spelling, start, wanted } = current;
        let found = Found { value, span: start..end, key, spelling };
        if let Some(wanted) = self.wanted.get_mut(wanted) {
            wanted.catch(found);
        }
    }

    fn key(&mut self, fragment: &str) {
        // One byte more than the longest name is enough to be none of them.
        if self.key.len() <= self.longest_name {
            let room = self.longest_name.saturating_add(4).saturating_sub(self.key.len());
            self.key.extend(fragment.chars().take(room));
        }
    }

    fn key_end(&mut self, _span: Range<u64>, spelling: Spelling) {
        let wanted = self.wanted.iter().position(|wanted| wanted.name == self.key);
        self.current = wanted.map(|wanted| Current {
            wanted,
            key: spelling,
            start: 0,
            spelling: Spelling::Plain,
        });
        self.key.clear();
    }

    fn text(&mut self, fragment: &str) {
        self.text.push(fragment, self.limits.value_bytes);
    }

    fn text_end(&mut self, spelling: Spelling) {
        if let Some(current) = &mut self.current {
            current.spelling = spelling;
        }
    }

    fn number(&mut self, fragment: &str) {
        self.text.push(fragment, self.limits.value_bytes);
    }
}

impl Wanted {
    fn catch(&mut self, found: Found) {
        let is_escaped = found.key == Spelling::Escaped;
        match &mut self.field {
            None => {
                self.field = Some(Field {
                    first: found.clone(),
                    last: found,
                    count: 1,
                    is_contradictory: false,
                    has_escaped_key: is_escaped,
                });
            }
            Some(field) => {
                field.count = field.count.saturating_add(1);
                field.is_contradictory |= !found.value.is_the_same_as(&field.first.value);
                field.has_escaped_key |= is_escaped;
                field.last = found;
            }
        }
    }
}
