use super::{Malformed, NamePart, Named, Place, Reading, Repeats};
use crate::json::{FieldLimits, FieldReader, Found, FoundValue, Kind, Options, Spelling};

/// The field `model` of a JSON object.
#[derive(Clone, Debug)]
pub(super) struct JsonModel {
    fields: FieldReader,
    repeats: Repeats,
    /// Whether even an equal repetition is an error.
    forbids_repeats: bool,
    limit: usize,
    has_byte_order_mark: bool,
    named: Option<Named>,
}

const MODEL: &str = "model";

/// No JSON text begins with it, but a byte order mark does.
const BYTE_ORDER_MARK_START: u8 = 0xef;

impl JsonModel {
    pub(super) fn new(reading: Reading) -> Self {
        let limit = reading.limits.name_bytes;
        let options = Options {
            max_depth: reading.limits.json_depth,
            byte_order_mark: reading.byte_order_mark,
            ..Options::default()
        };
        Self {
            fields: FieldReader::new(&[MODEL], FieldLimits { value_bytes: limit }, options),
            repeats: reading.repeats,
            forbids_repeats: false,
            limit,
            has_byte_order_mark: false,
            named: None,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        if self.fields.offset() == 0 && bytes.first() == Some(&BYTE_ORDER_MARK_START) {
            self.has_byte_order_mark = true;
        }
        let result = self.fields.push(bytes);
        // What is told of the fields stands before what made it fail.
        self.judge()?;
        Ok(result?)
    }

    pub(super) fn finish(&mut self) -> Result<(), Malformed> {
        if self.fields.offset() == 0 {
            return Err(Malformed::Empty);
        }
        let result = self.fields.finish();
        self.judge()?;
        result?;
        if self.named.is_none() {
            let has_byte_order_mark = self.has_byte_order_mark;
            self.named = Some(match self.fields.field(MODEL) {
                None => Named { has_byte_order_mark, ..Named::default() },
                Some(field) => {
                    let named = self.name(&field.last)?;
                    let is_escaped =
                        named.is_escaped || field.has_escaped_key || is_escaped(&field.first);
                    Named { is_contradictory: field.is_contradictory, is_escaped, ..named }
                }
            });
        }
        Ok(())
    }

    pub(super) const fn named(&self) -> Option<&Named> {
        self.named.as_ref()
    }

    pub(super) fn forbid_repeats(&mut self) -> Result<(), Malformed> {
        self.forbids_repeats = true;
        self.judge()
    }

    /// What the fields are so far, in the order in which they stand.
    fn judge(&mut self) -> Result<(), Malformed> {
        is_an_object(&self.fields)?;
        if self.repeats == Repeats::LastCounts {
            return Ok(());
        }
        let Some(field) = self.fields.field(MODEL) else { return Ok(()) };
        if self.named.is_none() {
            self.named = Some(self.name(&field.first)?);
        }
        if field.is_contradictory || (self.forbids_repeats && field.count > 1) {
            return Err(Malformed::Repeated(NamePart::Model));
        }
        Ok(())
    }

    fn name(&self, found: &Found) -> Result<Named, Malformed> {
        let model = match &found.value {
            FoundValue::Null => None,
            FoundValue::Text(text) => Some(text.clone()),
            FoundValue::TooLong(Kind::String) => {
                return Err(Malformed::NameTooLong { limit: self.limit });
            }
            other => return Err(Malformed::ModelNotText(other.kind())),
        };
        Ok(Named {
            place: model.clone().map(|model| Place::json(model, found.span.clone())),
            model,
            is_escaped: is_escaped(found),
            has_byte_order_mark: self.has_byte_order_mark,
            ..Named::default()
        })
    }
}

fn is_escaped(found: &Found) -> bool {
    found.key == Spelling::Escaped || found.spelling == Spelling::Escaped
}

/// Refuses what can't become an object as soon as it begins, whatever follows.
fn is_an_object(fields: &FieldReader) -> Result<(), Malformed> {
    match fields.root() {
        None | Some(Kind::Object) => Ok(()),
        // `nonsense` begins like `null`: only when the word is complete.
        Some(Kind::Boolean(_) | Kind::Null) if !fields.is_complete() => Ok(()),
        Some(other) => Err(Malformed::NotAnObject(other)),
    }
}
