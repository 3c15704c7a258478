//! What stands before a part's value.

use super::parameters::{Parameters, is_token, split, trim_blanks, trim_start_blanks};
use super::{MultipartError, MultipartErrorKind};
use crate::cursor::Cursor;

/// The headers of the part that is being read.
#[derive(Clone, Debug)]
pub(super) struct PartHeaders {
    wanted: &'static str,
    /// How many bytes they may have.
    limit: usize,
    bytes: usize,
    line: Vec<u8>,
    line_start: u64,
    is_behind_return: bool,
    part: Part,
}

/// What the headers have said so far.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    disposition: Option<Disposition>,
    has_type: bool,
    has_encoding: bool,
    /// Why it can't be the wanted field.
    unfit: Option<MultipartError>,
}

/// Which part it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disposition {
    /// The wanted field.
    Wanted,
    /// Another field, or a file.
    Other,
}

impl PartHeaders {
    pub(super) fn new(wanted: &'static str, limit: usize) -> Self {
        Self {
            wanted,
            limit,
            bytes: 0,
            line: Vec::new(),
            line_start: 0,
            is_behind_return: false,
            part: Part::default(),
        }
    }

    /// A part begins; its first header stands at `start`.
    pub(super) fn begin(&mut self, start: u64) {
        self.bytes = 0;
        self.part = Part::default();
        self.begin_line(start);
    }

    /// Reads as much of them as there is; what part it is, when that was all.
    pub(super) fn read(
        &mut self,
        cursor: &mut Cursor<'_>,
    ) -> Result<Option<Disposition>, MultipartError> {
        if !self.is_behind_return {
            let room = self.limit.saturating_sub(self.bytes);
            let text = cursor.rest.iter().take(room).take_while(|byte| !is_control(**byte)).count();
            self.line.extend_from_slice(cursor.take(text));
            self.bytes = self.bytes.saturating_add(text);
        }
        let at = cursor.at();
        match *cursor.take(1) {
            [byte] => self.control(byte, at),
            _ => Ok(None),
        }
    }

    /// A byte that is not text of a line, or one too many.
    fn control(&mut self, byte: u8, at: u64) -> Result<Option<Disposition>, MultipartError> {
        self.bytes = self.bytes.saturating_add(1);
        if self.bytes > self.limit {
            return Err(MultipartErrorKind::HeadersTooLong.at(at));
        }
        match (self.is_behind_return, byte) {
            (false, b'\r') => {
                self.is_behind_return = true;
                Ok(None)
            }
            (true, b'\n') if self.line.is_empty() => self.end().map(Some),
            (true, b'\n') => {
                self.part.read(&self.line, self.wanted, self.line_start)?;
                self.begin_line(at.saturating_add(1));
                Ok(None)
            }
            _ => Err(MultipartErrorKind::HeaderLine.at(at)),
        }
    }

    fn begin_line(&mut self, start: u64) {
        self.line.clear();
        self.line_start = start;
        self.is_behind_return = false;
    }

    fn end(&self) -> Result<Disposition, MultipartError> {
        match (self.part.disposition, self.part.unfit) {
            (None, _) => Err(MultipartErrorKind::NoDisposition.at(self.line_start)),
            (Some(Disposition::Wanted), Some(unfit)) => Err(unfit),
            (Some(disposition), _) => Ok(disposition),
        }
    }
}

impl Part {
    /// A line that begins at `at`.
    fn read(&mut self, line: &[u8], wanted: &str, at: u64) -> Result<(), MultipartError> {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or_default();
        let (name, value) = line.split_at_checked(colon).unwrap_or_default();
        if !is_token(name) {
            return Err(MultipartErrorKind::HeaderLine.at(at));
        }
        let value = trim_blanks(value.strip_prefix(b":").unwrap_or_default());
        if name.eq_ignore_ascii_case(b"content-disposition") {
            self.disposition(value, wanted, at)
        } else if name.eq_ignore_ascii_case(b"content-type") {
            self.content_type(value, at)
        } else if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
            self.transfer_encoding(value, at)
        } else {
            Ok(())
        }
    }

    fn disposition(&mut self, value: &[u8], wanted: &str, at: u64) -> Result<(), MultipartError> {
        let (word, parameters) = split(value);
        let names = value.split(|byte| *byte == b';').skip(1).filter(|text| begins_a_name(text));
        // Counted without regard to quotes, as some servers read it.
        if !word.eq_ignore_ascii_case(b"form-data") || names.count() != 1 {
            return Err(MultipartErrorKind::Disposition.at(at));
        }
        let (name, has_more) = name_of(parameters).ok_or(MultipartErrorKind::Disposition.at(at))?;
        let is_unclear =
            name.iter().any(|byte| b"\\%;".contains(byte)) || trim_blanks(name) != name;
        if is_unclear {
            return Err(MultipartErrorKind::UnclearName.at(at));
        }
        let is_wanted = name == wanted.as_bytes();
        if has_more {
            self.unfit.get_or_insert(MultipartErrorKind::FieldParameter.at(at));
        }
        let disposition = if is_wanted { Disposition::Wanted } else { Disposition::Other };
        match self.disposition.replace(disposition) {
            Some(_) => Err(MultipartErrorKind::RepeatedHeader.at(at)),
            None => Ok(()),
        }
    }

    fn content_type(&mut self, value: &[u8], at: u64) -> Result<(), MultipartError> {
        if core::mem::replace(&mut self.has_type, true) {
            return Err(MultipartErrorKind::RepeatedHeader.at(at));
        }
        let (media_type, mut parameters) = split(value);
        let kind = media_type.split(|byte| *byte == b'/').next().unwrap_or_default();
        if kind.eq_ignore_ascii_case(b"multipart") {
            return Err(MultipartErrorKind::NestedMultipart.at(at));
        }
        let is_text = media_type.eq_ignore_ascii_case(b"text/plain")
            && parameters.all(|parameter| {
                parameter.is_ok_and(|parameter| {
                    parameter.name.eq_ignore_ascii_case(b"charset")
                        && parameter.value.eq_ignore_ascii_case(b"utf-8")
                })
            });
        if !is_text {
            self.unfit.get_or_insert(MultipartErrorKind::FieldType.at(at));
        }
        Ok(())
    }

    fn transfer_encoding(&mut self, value: &[u8], at: u64) -> Result<(), MultipartError> {
        if core::mem::replace(&mut self.has_encoding, true) {
            return Err(MultipartErrorKind::RepeatedHeader.at(at));
        }
        let is_none = [&b"7bit"[..], b"8bit", b"binary"]
            .iter()
            .any(|encoding| value.eq_ignore_ascii_case(encoding));
        if !is_none {
            self.unfit.get_or_insert(MultipartErrorKind::FieldEncoding.at(at));
        }
        Ok(())
    }
}

/// Whether it must not be in a line: all but the tab.
const fn is_control(byte: u8) -> bool {
    byte != b'\t' && byte.is_ascii_control()
}

/// Whether the text behind a semicolon is `name=` or `name*`.
fn begins_a_name(text: &[u8]) -> bool {
    let text = trim_start_blanks(text);
    let (name, rest) = text.split_at_checked(4).unwrap_or_default();
    name.eq_ignore_ascii_case(b"name") && matches!(trim_start_blanks(rest), [b'=' | b'*', ..])
}

/// The name of a part, and whether there are more parameters beside it. `None` if
/// they are malformed, or there is not exactly one.
fn name_of(parameters: Parameters<'_>) -> Option<(&[u8], bool)> {
    let mut name = None;
    let mut has_more = false;
    for parameter in parameters {
        let parameter = parameter.ok()?;
        if !parameter.name.eq_ignore_ascii_case(b"name") {
            has_more = true;
        } else if name.replace(parameter.value).is_some() {
            return None;
        }
    }
    Some((name?, has_more))
}
