//! Whether tensors are as they must be.

use super::{TensorRule, TensorRules};
use crate::config::UnknownTensors;
use crate::rules::Rule;
use crate::violation::{Findings, Violation};
use inference_api::tensor::{
    Datatype, DeclaredDatatype, Defect, Elements, Form, Shape, Tensor, TensorData,
};

/// How the place of a tensor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// As a JSON pointer to an element of this list: `/inputs/1/shape`.
    JsonList(&'static str),
    /// Not at all: TensorFlow Serving's inputs stand in each instance, or under
    /// names.
    JsonWhole,
    /// As a path in a message: `inputs[1].shape`.
    Message(&'static str),
    /// By the names of the fields of a message of one's own: `features`.
    Own,
}

impl TensorRules {
    /// Holds all tensors of a message against the rules.
    pub(crate) fn judge(&self, tensors: &[Tensor], place: Place, findings: &mut Findings) {
        for (position, tensor) in tensors.iter().enumerate() {
            let field = place.of(tensor);
            protocol(tensor, place, &field, findings);
            let earlier = tensors.get(..position).unwrap_or_default();
            if earlier.iter().any(|earlier| earlier.is_named(&tensor.name)) && place != Place::Own {
                findings.add(Rule::TensorDuplicate, || {
                    let found = "a tensor that is there already";
                    Violation::new(Rule::TensorDuplicate, &field, found, "each tensor once")
                });
            }
            match self.contracts.iter().find(|rule| self.is_for(rule, tensor, place)) {
                Some(rule) => rule.judge(tensor, &field, place, findings),
                None if self.unknown == UnknownTensors::Refuse => {
                    findings.add(Rule::TensorUnknown, || {
                        let found = "a tensor that the contract doesn't name";
                        Violation::new(Rule::TensorUnknown, &field, found, self.names())
                    });
                }
                None => {}
            }
            self.judge_batch(tensor, &field, place, findings);
        }
        for rule in self.contracts.iter().filter(|rule| !rule.is_optional) {
            if !tensors.iter().any(|tensor| self.is_for(rule, tensor, place)) {
                findings.add(Rule::TensorMissing, || {
                    let found = format!("no tensor `{}`", rule.name);
                    Violation::new(Rule::TensorMissing, place.list(), found, self.names())
                });
            }
        }
    }

    /// Whether a rule is for this tensor. In TensorFlow Serving's JSON the only input
    /// of a model needs no name.
    ///
    /// Source: TensorFlow Serving, `api_rest.md`, "Predict API".
    fn is_for(&self, rule: &TensorRule, tensor: &Tensor, place: Place) -> bool {
        let is_only = place == Place::JsonWhole && self.contracts.len() == 1;
        tensor.is_named(&rule.name) || (is_only && tensor.is_named(""))
    }

    fn judge_batch(&self, tensor: &Tensor, field: &str, place: Place, findings: &mut Findings) {
        let Some(max_batch) = self.max_batch else { return };
        let batch = seen_shape(tensor, place).and_then(|shape| shape.dimensions().first().copied());
        let Some(batch) = batch.and_then(|batch| u64::try_from(batch).ok()) else { return };
        if batch > max_batch {
            findings.add(Rule::TensorBatch, || {
                let field = place.part(field, "shape");
                let found = format!("a batch of {batch}");
                Violation::new(Rule::TensorBatch, field, found, format!("at most {max_batch}"))
            });
        }
    }

    /// The names of the contract's tensors, as a list.
    fn names(&self) -> String {
        let names: Vec<String> =
            self.contracts.iter().map(|rule| format!("`{}`", rule.name)).collect();
        names.join(", ")
    }
}

/// What the protocol itself says of it.
fn protocol(tensor: &Tensor, place: Place, field: &str, findings: &mut Findings) {
    for defect in tensor.defects() {
        let rule = match defect {
            Defect::Padding { .. } => Rule::TensorPadding,
            _ => Rule::TensorProtocol,
        };
        findings.add(rule, || {
            let (part, found, allowed) = told(defect);
            Violation::new(rule, place.part(field, part), found, allowed)
        });
    }
}

/// The part that a defect is about, what was found, and what is allowed.
fn told(defect: Defect) -> (&'static str, String, String) {
    let elements = |count: u64| format!("{count} element{}", plural(count));
    let bytes = |count: u64| format!("{count} byte{}", plural(count));
    match defect {
        Defect::UnknownDatatype => {
            let names: Vec<&str> = Datatype::ALL.iter().map(|datatype| datatype.name()).collect();
            ("datatype", "a datatype that is none".to_owned(), names.join(", "))
        }
        Defect::UnknownRank => {
            let found = "dimensions beside `unknown_rank`";
            ("shape", found.to_owned(), "one of the two".to_owned())
        }
        Defect::NegativeDimension => {
            ("shape", "a negative dimension".to_owned(), "0 and more".to_owned())
        }
        Defect::ShapeTooLarge => {
            let allowed = format!("{} elements in 16 dimensions", i64::MAX);
            ("shape", "more elements than can be counted".to_owned(), allowed)
        }
        Defect::ElementCount { found, expected } | Defect::Padding { found, expected } => {
            ("data", elements(found), format!("{expected}, as its shape says"))
        }
        Defect::ByteCount { found, expected } => {
            ("data", bytes(found), format!("{expected}, as its datatype and shape say"))
        }
        Defect::BrokenStrings => {
            let allowed = "strings behind their lengths, as many as its shape says";
            ("data", "byte strings that don't end where the data ends".to_owned(), allowed.into())
        }
        Defect::WrongField => {
            let allowed = "the field of the tensor's own datatype";
            ("data", "data in the field of another datatype".to_owned(), allowed.into())
        }
        Defect::SeveralForms => ("data", "data in two places".to_owned(), "one of them".to_owned()),
        Defect::Nesting => {
            let allowed = "lists beside each other that are equally long and deep";
            ("data", "ragged lists".to_owned(), allowed.into())
        }
    }
}

const fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

impl TensorRule {
    fn judge(&self, tensor: &Tensor, field: &str, place: Place, findings: &mut Findings) {
        self.judge_datatype(tensor, field, place, findings);
        self.judge_shape(tensor, field, place, findings);
        if matches!(tensor.data.form, Form::SharedMemory | Form::Absent) {
            return;
        }
        self.judge_values(tensor, &place.part(field, "data"), findings);
    }

    fn judge_datatype(&self, tensor: &Tensor, field: &str, place: Place, findings: &mut Findings) {
        let Some(expected) = self.datatype else { return };
        let found = match tensor.datatype {
            Some(DeclaredDatatype::Known(found)) if found == expected => None,
            Some(DeclaredDatatype::Known(found)) => Some(found.name()),
            Some(DeclaredDatatype::Unknown) => Some("another datatype"),
            None => None,
        };
        if let Some(found) = found {
            findings.add(Rule::TensorDatatype, || {
                let field = place.part(field, "datatype");
                Violation::new(Rule::TensorDatatype, field, found, expected.name())
            });
        } else if tensor.data.form == Form::Json
            && let Some(found) = unfit_json(&tensor.data, expected)
        {
            findings.add(Rule::TensorDatatype, || {
                let field = place.part(field, "data");
                Violation::new(Rule::TensorDatatype, field, found, expected.name())
            });
        }
    }

    fn judge_shape(&self, tensor: &Tensor, field: &str, place: Place, findings: &mut Findings) {
        let Some(expected) = &self.shape else { return };
        let found = match (seen_shape(tensor, place), tensor.data.elements) {
            (Some(shape), _) if expected.accept(shape) => return,
            (Some(shape), _) => shape.to_string(),
            // Ragged lists were told already, where that is against the protocol.
            (None, _) if tensor.data.form == Form::Json => "ragged lists".to_owned(),
            (None, Some(elements)) if place == Place::Own => {
                if expected.accept_elements(elements) {
                    return;
                }
                format!("{elements} element{}", plural(elements))
            }
            _ => "no shape".to_owned(),
        };
        findings.add(Rule::TensorShape, || {
            let field = place.part(field, "shape");
            Violation::new(Rule::TensorShape, field, found, expected.to_string())
        });
    }

    fn judge_values(&self, tensor: &Tensor, field: &str, findings: &mut Findings) {
        let data = &tensor.data;
        let values = &data.values;
        let datatype = self.datatype_of(tensor);
        if self.is_finite && (values.has_non_finite || overflows(data, datatype)) {
            findings.add(Rule::TensorFinite, || {
                let found = "a value that is infinite or not a number";
                Violation::new(Rule::TensorFinite, field, found, "finite values")
            });
        }
        let (least, largest) = self.range(data, datatype);
        let is_bounded = least.is_finite() || largest.is_finite();
        // Not a number is within no bounds, and an infinite one within none on its side.
        if is_bounded && values.has_non_finite {
            findings.add(Rule::TensorRange, || {
                let found = "a value that is infinite or not a number";
                Violation::new(Rule::TensorRange, field, found, bounds(least, largest))
            });
        }
        if (is_bounded || self.is_finite) && (values.has_strings || values.has_others) {
            findings.add(Rule::TensorDatatype, || {
                let found = "a value that is no number";
                Violation::new(Rule::TensorDatatype, field, found, "numbers")
            });
        }
        if values.least < least || values.largest > largest {
            findings.add(Rule::TensorRange, || {
                let found = if values.least < least {
                    "a value below the minimum"
                } else {
                    "a value above the maximum"
                };
                Violation::new(Rule::TensorRange, field, found, bounds(least, largest))
            });
        }
        if let Some(limit) = self.max_string_bytes
            && values.longest_string > limit
        {
            findings.add(Rule::TensorStringBytes, || {
                let found = format!("a string of {} bytes", values.longest_string);
                let allowed = format!("at most {limit} bytes");
                Violation::new(Rule::TensorStringBytes, field, found, allowed)
            });
        }
    }

    /// The range of the contract, and in JSON that of the datatype: elsewhere its
    /// own bits hold a value in it.
    fn range(&self, data: &TensorData, datatype: Option<Datatype>) -> (f64, f64) {
        let datatype = match datatype.and_then(Datatype::integer_range) {
            Some(range) if data.form == Form::Json => range,
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let least = self.minimum.unwrap_or(f64::NEG_INFINITY).max(datatype.0);
        let largest = self.maximum.unwrap_or(f64::INFINITY).min(datatype.1);
        (least, largest)
    }

    /// What the tensor is made of: by the contract, or else by what it says itself.
    fn datatype_of(&self, tensor: &Tensor) -> Option<Datatype> {
        self.datatype.or(match tensor.datatype {
            Some(DeclaredDatatype::Known(datatype)) => Some(datatype),
            _ => None,
        })
    }
}

/// Whether a number in JSON becomes infinite in the tensor's own datatype.
fn overflows(data: &TensorData, datatype: Option<Datatype>) -> bool {
    let limit = match datatype {
        Some(Datatype::Fp32 | Datatype::Bf16) => f64::from(f32::MAX),
        Some(Datatype::Fp16) => 65_504.0,
        _ => return false,
    };
    data.form == Form::Json && (data.values.least < -limit || data.values.largest > limit)
}

fn bounds(least: f64, largest: f64) -> String {
    match (least.is_finite(), largest.is_finite()) {
        (true, true) => format!("{least} to {largest}"),
        (true, false) => format!("{least} and more"),
        _ => format!("up to {largest}"),
    }
}

/// What JSON data is that can't be of this datatype.
fn unfit_json(data: &TensorData, datatype: Datatype) -> Option<&'static str> {
    let values = &data.values;
    // Some servers take 0 and 1 for truth values; the range says which numbers.
    let accepts_numbers = datatype != Datatype::Bytes;
    let accepts_strings = datatype == Datatype::Bytes;
    let accepts_booleans = datatype == Datatype::Bool;
    if values.has_others {
        Some("a value that is no number, string or truth value")
    } else if values.has_strings && !accepts_strings {
        Some("a string")
    } else if values.has_booleans && !accepts_booleans {
        Some("a truth value")
    } else if values.has_numbers && !accepts_numbers {
        Some("a number")
    } else if values.has_fractions && !datatype.is_float() {
        Some("a number with a fraction or an exponent")
    } else {
        None
    }
}

/// The shape that counts: the one that is stated, else the one that the lists
/// show.
fn seen_shape(tensor: &Tensor, place: Place) -> Option<&Shape> {
    match place {
        Place::JsonWhole => tensor.data.nesting.as_ref(),
        _ => tensor.shape.as_ref(),
    }
    .filter(|shape| shape.elements() != Elements::TooMany || shape.rank() > 0)
}

impl Place {
    /// Where the list of tensors is.
    pub(crate) fn list(self) -> String {
        match self {
            Self::JsonList(list) => format!("/{list}"),
            Self::Message(list) => list.to_owned(),
            Self::JsonWhole | Self::Own => String::new(),
        }
    }

    /// Where the tensor is.
    fn of(self, tensor: &Tensor) -> String {
        let position = tensor.position;
        match self {
            Self::JsonList(list) => format!("/{list}/{position}"),
            Self::JsonWhole => String::new(),
            Self::Message(list) => format!("{list}[{position}]"),
            Self::Own => tensor.name.clone(),
        }
    }

    /// Where a part of the tensor at `field` is.
    fn part(self, field: &str, part: &str) -> String {
        match self {
            Self::JsonList(_) => format!("{field}/{part}"),
            Self::Message(_) => format!("{field}.{part}"),
            Self::JsonWhole | Self::Own => field.to_owned(),
        }
    }
}
