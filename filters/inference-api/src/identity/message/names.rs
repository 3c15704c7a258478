use super::place::{FieldPlaces, MessagePlace, VersionOneOf, VersionType};
use crate::identity::{Malformed, NamePart, Named, NamedVersion, Place, Reading, Repeats};
use crate::protobuf::{
    Extent, FieldPath, Fields, FoundValue, Interest, Key, OneOf, ProtobufErrorKind, Shape, Sink,
    WantedField,
};

/// Hears the message, and judges each name where it stands.
#[derive(Clone, Debug)]
pub(super) struct Names {
    fields: Fields,
    repeats: Repeats,
    limit: usize,
    /// The paths of model, version and label.
    paths: [Option<FieldPath>; 3],
    /// No field with a higher number holds a name.
    highest: u32,
    /// How many bytes the message has.
    length: u64,
    /// Whether it is decided before its end.
    is_long: bool,
    named: Option<Named>,
    /// How many names there were when it was decided, and how many models.
    decided_at: (u64, u64),
    /// Whether even an equal repetition is an error.
    forbids_repeats: bool,
    /// The first thing that is wrong.
    failure: Option<Malformed>,
}

/// The wanted fields, by their place in the list.
const MODEL: usize = 0;
const VERSION: usize = 1;
const LABEL: usize = 2;

/// In a longer message there may be no room for a longer name.
const LONGEST_TO_REWRITE: u64 = (1 << 32) - (1 << 24);

impl Sink for Names {
    fn field(&mut self, key: Key, at: u64) -> Result<Interest, ProtobufErrorKind> {
        let is_behind_names = key.number > self.highest && self.fields.is_at_top();
        if self.is_long && is_behind_names && self.named.is_none() && self.has_model() {
            self.decide();
        }
        self.fields.field(key, at)
    }

    fn number(&mut self, value: u64) {
        self.fields.number(value);
    }

    fn bytes(&mut self, fragment: &[u8]) -> Result<(), ProtobufErrorKind> {
        self.fields.bytes(fragment)
    }

    fn end(&mut self, extent: Extent) -> Result<(), ProtobufErrorKind> {
        self.fields.end(extent)?;
        if self.fields.take_changed() {
            self.judge();
        }
        self.judge_repeats();
        Ok(())
    }
}

impl Names {
    /// `paths` are those of the model, the version and the label.
    pub(super) fn new(paths: [Option<FieldPath>; 3], reading: Reading) -> Self {
        let limit = reading.limits.name_bytes;
        let first_number = |path: FieldPath| path.numbers().first().copied();
        Self {
            fields: Fields::new(&wanted(paths), limit),
            repeats: reading.repeats,
            limit,
            paths,
            highest: paths.into_iter().flatten().filter_map(first_number).max().unwrap_or(0),
            length: 0,
            is_long: false,
            named: None,
            decided_at: (0, 0),
            forbids_repeats: false,
            failure: None,
        }
    }

    /// The message has so many bytes, and is decided before its end if it is
    /// long.
    pub(super) const fn begin(&mut self, length: u64, is_long: bool) {
        self.length = length;
        self.is_long = is_long;
    }

    pub(super) const fn named(&self) -> Option<&Named> {
        self.named.as_ref()
    }

    /// What is wrong with what was heard so far, if anything is.
    pub(super) fn verdict(&self) -> Result<(), Malformed> {
        self.failure.map_or(Ok(()), Err)
    }

    pub(super) fn forbid_repeats(&mut self) {
        self.forbids_repeats = true;
        self.judge_repeats();
    }

    /// What is named by now is what the message names.
    pub(super) fn decide(&mut self) {
        if self.failure.is_none() && self.named.is_none() {
            match self.read() {
                Ok(named) => self.named = Some(named),
                Err(malformed) => self.failure = Some(malformed),
            }
            self.decided_at = self.counts();
        }
    }

    /// Whether a model is named by now.
    pub(super) fn has_model(&self) -> bool {
        let model = self.fields.field_at(MODEL).and_then(|model| model.last.as_ref());
        model.is_some_and(|model| model.value != FoundValue::Text(String::new()))
    }

    /// A name became another one: it may not, once it is decided or where
    /// repetitions are refused.
    fn judge(&mut self) {
        let judged = match (&self.named, self.repeats) {
            (Some(named), _) => self.is_still(named),
            (None, Repeats::Refused) => self.is_clear(),
            (None, Repeats::LastCounts) => Ok(()),
        };
        self.failure = self.failure.or(judged.err());
    }

    fn judge_repeats(&mut self) {
        let (now, before) = (self.counts(), self.decided_at);
        if self.forbids_repeats && self.named.is_some() && now != before {
            let is_model = now.1 != before.1;
            let part = if is_model { NamePart::Model } else { NamePart::Version };
            self.failure = self.failure.or(Some(Malformed::Repeated(part)));
        }
    }

    fn counts(&self) -> (u64, u64) {
        let models = self.fields.field_at(MODEL).map(|model| model.count).unwrap_or_default();
        (self.fields.occurrences(), models)
    }

    fn is_still(&self, named: &Named) -> Result<(), Malformed> {
        if self.model().as_ref() != Ok(&named.model) {
            return Err(Malformed::Repeated(NamePart::Model));
        }
        if self.version().as_ref() != Ok(&named.version) {
            return Err(Malformed::Repeated(NamePart::Version));
        }
        Ok(())
    }

    fn is_clear(&self) -> Result<(), Malformed> {
        for (place, part) in
            [(MODEL, NamePart::Model), (VERSION, NamePart::Version), (LABEL, NamePart::Version)]
        {
            let Some(field) = self.fields.field_at(place) else { continue };
            if field.first == Some(FoundValue::TooLong) {
                return Err(Malformed::NameTooLong { limit: self.limit });
            }
            if field.is_contradictory {
                return Err(Malformed::Repeated(part));
            }
        }
        Ok(())
    }

    fn read(&mut self) -> Result<Named, Malformed> {
        let (model, version) = (self.model()?, self.version()?);
        let names =
            [MODEL, VERSION, LABEL].into_iter().filter_map(|name| self.fields.field_at(name));
        let is_contradictory = names.into_iter().any(|name| name.is_contradictory);
        let place = self.take_place(model.clone(), version.clone());
        Ok(Named { model, version, is_contradictory, place, ..Named::default() })
    }

    fn model(&self) -> Result<Option<String>, Malformed> {
        self.text(MODEL)
    }

    fn version(&self) -> Result<Option<NamedVersion>, Malformed> {
        match self.text(LABEL)? {
            Some(label) => Ok(Some(NamedVersion::Label(label))),
            None => Ok(self.text(VERSION)?.map(NamedVersion::Version)),
        }
    }

    /// What is not the default; an integer in decimal digits.
    ///
    /// A zero is a version where it was chosen in a oneof, even by an
    /// `Int64Value` that holds nothing. Otherwise it can't be told from an
    /// absent one.
    fn text(&self, place: usize) -> Result<Option<String>, Malformed> {
        let Some(field) = self.fields.field_at(place) else { return Ok(None) };
        match field.last.as_ref().map(|found| &found.value) {
            Some(FoundValue::TooLong) => Err(Malformed::NameTooLong { limit: self.limit }),
            Some(FoundValue::Text(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(FoundValue::Integer(0)) | None if !field.is_chosen => Ok(None),
            Some(FoundValue::Integer(integer)) => Ok(Some(integer.cast_signed().to_string())),
            None => Ok(Some("0".to_owned())),
        }
    }

    /// Where all that stands, if it is known of all.
    fn take_place(
        &mut self,
        model: Option<String>,
        version: Option<NamedVersion>,
    ) -> Option<Place> {
        let mut all = [MODEL, VERSION, LABEL].into_iter().filter_map(|it| self.fields.field_at(it));
        let is_named = model.is_some() || version.is_some();
        if !is_named || self.length > LONGEST_TO_REWRITE || all.any(|it| it.has_more_places) {
            return None;
        }
        Some(Place::message(MessagePlace {
            length: self.length,
            model: model.map(|model| self.take_places(model, &[MODEL])),
            version: version.map(|version| self.take_places(version, &[VERSION, LABEL])),
            one_of: self.version_one_of(),
            enclosures: self.fields.take_enclosures(),
        }))
    }

    fn take_places<T>(&mut self, said: T, fields: &[usize]) -> FieldPlaces<T> {
        let (mut is_contradictory, mut places) = (false, Vec::new());
        for place in fields {
            let field = self.fields.field_at(*place);
            is_contradictory |= field.is_some_and(|field| field.is_contradictory);
            places.append(&mut self.fields.take_places(*place));
        }
        FieldPlaces { said, is_contradictory, places }
    }

    fn version_one_of(&self) -> Option<VersionOneOf> {
        let [_, Some(version), Some(label)] = self.paths else { return None };
        let before = version.shared_depth(&label);
        let member = |path: FieldPath| FieldPath::new(path.numbers().get(before..).unwrap_or(&[]));
        let found = self.fields.field_at(VERSION).and_then(|field| field.last.as_ref());
        let version_type = match found.map(|found| &found.value) {
            Some(FoundValue::Integer(_)) => VersionType::Integer,
            Some(FoundValue::Text(_) | FoundValue::TooLong) => VersionType::Text,
            // A message around it, as `google.protobuf.Int64Value` is.
            None if member(version).numbers().len() > 1 => VersionType::Integer,
            None => VersionType::Unknown,
        };
        Some(VersionOneOf { version: member(version), label: member(label), version_type })
    }
}

fn wanted([model, version, label]: [Option<FieldPath>; 3]) -> [WantedField; 3] {
    // Version and label are members of the innermost message that they share.
    let member = match (version, label) {
        (Some(version), Some(label)) => {
            let depth = version.shared_depth(&label).saturating_add(1);
            Some(OneOf { group: 0, depth })
        }
        _ => None,
    };
    // In place of a path that is not wanted stands the empty one: it leads nowhere.
    let field = |path: Option<FieldPath>, shape, one_of| {
        let path = path.unwrap_or(FieldPath::new(&[]));
        WantedField { path, shape, one_of }
    };
    [
        field(model, Shape::Text, None),
        field(version, Shape::TextOrInteger, member),
        field(label, Shape::Text, member),
    ]
}
