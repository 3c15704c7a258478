use super::{Malformed, NamePart, Named, Place, Reading, Repeats};
use crate::multipart::{Boundary, BoundaryError, FieldLimits, FieldReader, Found, FoundValue};

/// The field `model` of a form.
#[derive(Clone, Debug)]
pub(super) struct FormModel {
    fields: FieldReader,
    repeats: Repeats,
    /// Whether even an equal repetition is an error.
    forbids_repeats: bool,
    limit: usize,
    named: Option<Named>,
}

const MODEL: &str = "model";

impl FormModel {
    /// Of a form whose parts end where the content type says.
    pub(super) fn new(
        content_type: Option<&[u8]>,
        reading: Reading,
    ) -> Result<Self, BoundaryError> {
        let content_type = content_type.ok_or(BoundaryError::NotFormData)?;
        let boundary = Boundary::from_content_type(content_type)?;
        let limit = reading.limits.name_bytes;
        let limits = FieldLimits { value_bytes: limit, ..FieldLimits::default() };
        Ok(Self {
            fields: FieldReader::new(boundary, MODEL, limits),
            repeats: reading.repeats,
            forbids_repeats: false,
            limit,
            named: None,
        })
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let result = self.fields.push(bytes);
        // What is told of the fields stands before what made it fail.
        self.judge()?;
        result?;
        if self.is_complete() { self.decide() } else { Ok(()) }
    }

    pub(super) fn finish(&mut self) -> Result<(), Malformed> {
        if self.fields.offset() == 0 {
            return Err(Malformed::Empty);
        }
        Ok(self.fields.finish()?)
    }

    pub(super) const fn named(&self) -> Option<&Named> {
        self.named.as_ref()
    }

    /// Whether the last boundary was read; behind that nobody reads on.
    pub(super) const fn is_complete(&self) -> bool {
        self.fields.is_complete()
    }

    pub(super) fn forbid_repeats(&mut self) -> Result<(), Malformed> {
        self.forbids_repeats = true;
        self.judge()
    }

    /// What the fields are so far, in the order in which they stand.
    fn judge(&mut self) -> Result<(), Malformed> {
        if self.repeats == Repeats::LastCounts {
            return Ok(());
        }
        let Some(field) = self.fields.field() else { return Ok(()) };
        if self.named.is_none() {
            self.named = Some(self.name(&field.first)?);
        }
        if field.is_contradictory || (self.forbids_repeats && field.count > 1) {
            return Err(Malformed::Repeated(NamePart::Model));
        }
        Ok(())
    }

    /// The form is over: what is named by now is what it names.
    fn decide(&mut self) -> Result<(), Malformed> {
        if self.named.is_none() {
            self.named = Some(match self.fields.field() {
                None => Named::default(),
                Some(field) => {
                    let is_contradictory = field.is_contradictory;
                    Named { is_contradictory, ..self.name(&field.last)? }
                }
            });
        }
        Ok(())
    }

    fn name(&self, found: &Found) -> Result<Named, Malformed> {
        let FoundValue::Text(model) = &found.value else {
            return Err(Malformed::NameTooLong { limit: self.limit });
        };
        let place = Some(Place::form(model.clone(), found.span.clone()));
        Ok(Named { model: Some(model.clone()), place, ..Named::default() })
    }
}
