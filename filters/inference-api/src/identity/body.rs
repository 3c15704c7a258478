use super::{Malformed, Named, NamedVersion};
use crate::dialect::BodyIdentity;
use crate::grpc::{FrameReader, Part};
use crate::json::{
    Field as JsonField, FieldLimits, FieldReader as JsonFields, FoundValue as JsonValue, Kind,
    Options, Spelling,
};
use crate::protobuf::{
    Field, FieldPath, FieldReader as MessageFields, FoundValue, OneOf, Shape, WantedField,
};

/// Reads a body for the model it names.
///
/// Of the body it keeps the name and the version, each up to the limit; and one
/// byte per JSON container that is open.
#[derive(Clone, Debug)]
pub struct BodyReader {
    limits: Limits,
    source: Source,
}

/// How much is read and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest model name and the longest version, in bytes of decoded
    /// text.
    pub name_bytes: usize,
    /// How many JSON objects and arrays may stand inside each other.
    pub json_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { name_bytes: 256, json_depth: Options::default().max_depth }
    }
}

/// Whether the rest of the body can matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It can. A JSON body is read to its end, since the last `model` counts.
    MoreNeeded,
    /// It can't: [`BodyReader::finish`] gives the answer now, and what follows
    /// need not be shown. A gRPC stream is decided by its first message.
    Settled,
}

#[derive(Clone, Debug)]
enum Source {
    /// The body does not matter.
    Nowhere,
    Json(Box<JsonFields>),
    Grpc(Box<Message>),
}

#[derive(Clone, Debug)]
struct Message {
    frames: FrameReader,
    wanted: Vec<WantedField>,
    /// From the first message's prefix on.
    fields: Option<MessageFields>,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Reading,
    Complete,
    Failed(Malformed),
}

/// The first message begins behind its prefix.
const PREFIX_BYTES: u64 = 5;

const MODEL: &str = "model";

impl BodyReader {
    /// Reads a body in which the model stands there.
    pub fn new(identity: &BodyIdentity, limits: Limits) -> Self {
        let source = match *identity {
            BodyIdentity::None => Source::Nowhere,
            BodyIdentity::JsonModel => {
                let field_limits = FieldLimits { value_bytes: limits.name_bytes };
                let options = Options { max_depth: limits.json_depth, ..Options::default() };
                Source::Json(Box::new(JsonFields::new(&[MODEL], field_limits, options)))
            }
            BodyIdentity::Grpc { model, version, label } => {
                Source::Grpc(Box::new(Message::new(model, version, label)))
            }
        };
        Self { limits, source }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// When the body is not what it must be. The reader stays in that state.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Progress, Malformed> {
        match &mut self.source {
            Source::Nowhere => Ok(Progress::Settled),
            Source::Json(fields) => {
                let result = fields.push(bytes);
                is_an_object(fields)?;
                result?;
                Ok(Progress::MoreNeeded)
            }
            Source::Grpc(message) => message.push(bytes, self.limits.name_bytes),
        }
    }

    /// What the body names: at its end, or as soon as it is
    /// [`Progress::Settled`].
    ///
    /// # Errors
    /// When the body is not what it must be.
    pub fn finish(&mut self) -> Result<Named, Malformed> {
        match &mut self.source {
            Source::Nowhere => Ok(Named::default()),
            Source::Json(fields) => named_in_json(fields, self.limits.name_bytes),
            Source::Grpc(message) => message.finish(self.limits.name_bytes),
        }
    }
}

fn named_in_json(fields: &mut JsonFields, limit: usize) -> Result<Named, Malformed> {
    if fields.offset() == 0 {
        return Err(Malformed::Empty);
    }
    let result = fields.finish();
    is_an_object(fields)?;
    result?;
    let Some(field) = fields.field(MODEL) else { return Ok(Named::default()) };
    let mut named = Named {
        is_contradictory: field.is_contradictory,
        is_repeated: field.count > 1,
        is_escaped: is_escaped(field),
        ..Named::default()
    };
    match &field.last.value {
        JsonValue::Null => {}
        JsonValue::Text(text) => {
            named.model = Some(text.clone());
            named.model_span = Some(field.last.span.clone());
        }
        JsonValue::TooLong(Kind::String) => return Err(Malformed::NameTooLong { limit }),
        other => return Err(Malformed::ModelNotText(other.kind())),
    }
    Ok(named)
}

/// Refuses what can't become an object as soon as it begins, whatever follows.
fn is_an_object(fields: &JsonFields) -> Result<(), Malformed> {
    match fields.root() {
        None | Some(Kind::Object) => Ok(()),
        // `nonsense` begins like `null`: only when the word is complete.
        Some(Kind::Boolean(_) | Kind::Null) if !fields.is_complete() => Ok(()),
        Some(other) => Err(Malformed::NotAnObject(other)),
    }
}

fn is_escaped(field: &JsonField) -> bool {
    field.has_escaped_key
        || [&field.first, &field.last].iter().any(|found| found.spelling == Spelling::Escaped)
}

impl Message {
    fn new(model: FieldPath, version: Option<FieldPath>, label: Option<FieldPath>) -> Self {
        let one_of = |depth: usize| Some(OneOf { group: 0, depth });
        // Version and label are members of the innermost message that they share.
        let member = match (version, label) {
            (Some(version), Some(label)) => one_of(version.shared_depth(&label).saturating_add(1)),
            _ => None,
        };
        let mut wanted = vec![WantedField { path: model, shape: Shape::Text, one_of: None }];
        // In place of a path that is not wanted stands the empty one: it leads nowhere.
        let nowhere = FieldPath::new(&[]);
        for (path, shape) in [(version, Shape::TextOrInteger), (label, Shape::Text)] {
            wanted.push(WantedField { path: path.unwrap_or(nowhere), shape, one_of: member });
        }
        Self { frames: FrameReader::new(), wanted, fields: None, stage: Stage::Reading }
    }

    fn push(&mut self, bytes: &[u8], limit: usize) -> Result<Progress, Malformed> {
        match self.stage {
            Stage::Complete => return Ok(Progress::Settled),
            Stage::Failed(malformed) => return Err(malformed),
            Stage::Reading => {}
        }
        let result = self.read(bytes, limit);
        match result {
            Ok(Progress::MoreNeeded) => {}
            Ok(Progress::Settled) => self.stage = Stage::Complete,
            Err(malformed) => self.stage = Stage::Failed(malformed),
        }
        result
    }

    fn read(&mut self, mut bytes: &[u8], limit: usize) -> Result<Progress, Malformed> {
        while let Some(part) = self.frames.next(&mut bytes)? {
            match (part, &mut self.fields) {
                (Part::Message { is_compressed: true, .. }, _) => {
                    return Err(Malformed::Compressed);
                }
                (Part::Message { length, .. }, _) => {
                    let length = Some(u64::from(length));
                    self.fields = Some(MessageFields::new(&self.wanted, limit, length));
                }
                (Part::Payload(payload), Some(fields)) => fields.push(payload)?,
                (Part::End, Some(fields)) => {
                    fields.finish()?;
                    return Ok(Progress::Settled);
                }
                (Part::Payload(_) | Part::End, None) => {}
            }
        }
        Ok(Progress::MoreNeeded)
    }

    fn finish(&mut self, limit: usize) -> Result<Named, Malformed> {
        match (self.stage.clone(), &self.fields) {
            (Stage::Failed(malformed), _) => Err(malformed),
            (Stage::Complete, Some(fields)) => named_in_message(fields, limit),
            _ => match self.frames.finish() {
                Ok(()) => Err(Malformed::Empty),
                Err(error) => Err(error.into()),
            },
        }
    }
}

fn named_in_message(fields: &MessageFields, limit: usize) -> Result<Named, Malformed> {
    let missing = Field::default();
    let field = |place: usize| fields.field(place).unwrap_or(&missing);
    let (model, version, label) = (field(0), field(1), field(2));
    let span = model.last.as_ref().map(|found| found.span.clone());
    let in_body = |offset: u64| offset.saturating_add(PREFIX_BYTES);
    let name = text(model, limit)?;
    Ok(Named {
        model_span: name.as_ref().and(span).map(|span| in_body(span.start)..in_body(span.end)),
        model: name,
        version: match text(label, limit)? {
            Some(label) => Some(NamedVersion::Label(label)),
            None => text(version, limit)?.map(NamedVersion::Version),
        },
        is_contradictory: [model, version, label].iter().any(|field| field.is_contradictory),
        is_repeated: model.count > 1,
        is_escaped: false,
    })
}

/// What is not the default; an integer in decimal digits.
///
/// A zero is a version where it was chosen in a oneof, even by an `Int64Value`
/// that holds nothing. Otherwise it can't be told from an absent one.
fn text(field: &Field, limit: usize) -> Result<Option<String>, Malformed> {
    match field.last.as_ref().map(|found| &found.value) {
        Some(FoundValue::TooLong) => Err(Malformed::NameTooLong { limit }),
        Some(FoundValue::Text(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(FoundValue::Integer(0)) | None if !field.is_chosen => Ok(None),
        Some(FoundValue::Integer(integer)) => Ok(Some(integer.cast_signed().to_string())),
        None => Ok(Some("0".to_owned())),
    }
}
