use super::field::OpenValue;
use super::headers::{Disposition, PartHeaders};
use super::{Boundary, Field, MultipartError, MultipartErrorKind};
use crate::cursor::Cursor;

/// Reads a form and catches the field that has the wanted name.
///
/// Memory: what [`FieldLimits`] allow, and the value three times.
#[derive(Clone, Debug)]
pub struct FieldReader {
    boundary: Boundary,
    state: State,
    headers: PartHeaders,
    /// The value of the part that is being read, if it is the wanted one.
    value: Option<OpenValue>,
    field: Option<Field>,
    limits: FieldLimits,
    offset: u64,
}

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldLimits {
    /// The longest value kept, in bytes.
    pub value_bytes: usize,
    /// The longest headers of a part, all of them with their line breaks, in
    /// bytes. Longer ones are an error.
    pub header_bytes: usize,
}

impl Default for FieldLimits {
    fn default() -> Self {
        Self { value_bytes: 256, header_bytes: 8192 }
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// At the start of a line, of which so many bytes are the boundary's.
    LineStart(Before, usize),
    /// Behind the boundary.
    Boundary,
    /// Behind the boundary and a CR.
    BoundaryReturn,
    /// Behind the boundary and a dash.
    BoundaryDash,
    Headers,
    /// Inside a line of a part's value.
    Line,
    /// Behind a CR in a part's value.
    Return,
    /// Behind the last boundary.
    Complete,
    Failed(MultipartError),
}

/// What stands before a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Headers,
    Crlf,
    Lf,
    Cr,
}

impl Before {
    /// As much of the part's value as it is, if the line is no boundary.
    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Nothing | Self::Headers => b"",
            Self::Crlf => b"\r\n",
            Self::Lf => b"\n",
            Self::Cr => b"\r",
        }
    }
}

type Outcome = Result<(), MultipartError>;

impl FieldReader {
    /// Looks for the field of this name.
    pub fn new(boundary: Boundary, wanted: &'static str, limits: FieldLimits) -> Self {
        Self {
            boundary,
            state: State::LineStart(Before::Nothing, 0),
            headers: PartHeaders::new(wanted, limits.header_bytes),
            value: None,
            field: None,
            limits,
            offset: 0,
        }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// When they can't go on a form that all servers read alike. The reader stays
    /// in that state: it answers everything else with the same error.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), MultipartError> {
        let mut cursor = Cursor::new(bytes, self.offset);
        while let Some(&byte) = cursor.rest.first() {
            if let Err(error) = self.step(byte, &mut cursor) {
                self.state = State::Failed(error);
            }
        }
        self.offset = cursor.at();
        self.failure()
    }

    /// Says that the body ends here.
    ///
    /// # Errors
    /// When it can't end here: the last boundary has not come.
    pub fn finish(&mut self) -> Result<(), MultipartError> {
        if !matches!(self.state, State::Complete | State::Failed(_)) {
            self.state = State::Failed(MultipartErrorKind::UnexpectedEnd.at(self.offset));
        }
        self.failure()
    }

    /// What was found so far: of the parts that ended, and not of the one that is
    /// being read.
    pub const fn field(&self) -> Option<&Field> {
        self.field.as_ref()
    }

    /// Whether the last boundary was read. Whatever follows belongs to no part and
    /// is not looked at.
    pub const fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    /// How many bytes were read.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    const fn failure(&self) -> Outcome {
        match self.state {
            State::Failed(error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Reads as much as there is of one thing; `byte` is the next one.
    fn step(&mut self, byte: u8, cursor: &mut Cursor<'_>) -> Outcome {
        match self.state {
            State::LineStart(before, matched) => self.line_start(before, matched, cursor),
            State::Line => self.line(cursor),
            State::Return => {
                let is_crlf = byte == b'\n';
                cursor.take(usize::from(is_crlf));
                self.state = State::LineStart(if is_crlf { Before::Crlf } else { Before::Cr }, 0);
                Ok(())
            }
            State::Headers => {
                if let Some(disposition) = self.headers.read(cursor)? {
                    self.begin_value(disposition, cursor.at());
                }
                Ok(())
            }
            State::Boundary | State::BoundaryReturn | State::BoundaryDash => {
                self.behind_boundary(byte, cursor)
            }
            State::Complete | State::Failed(_) => {
                cursor.take(cursor.rest.len());
                Ok(())
            }
        }
    }

    /// What makes the boundary one between two parts, or the last one.
    fn behind_boundary(&mut self, byte: u8, cursor: &mut Cursor<'_>) -> Outcome {
        let at = cursor.at();
        cursor.take(1);
        match (self.state, byte) {
            (State::Boundary, b'\r') => self.state = State::BoundaryReturn,
            (State::Boundary, b'-') => self.state = State::BoundaryDash,
            (State::BoundaryReturn, b'\n') => {
                self.end_part()?;
                self.headers.begin(cursor.at());
                self.state = State::Headers;
            }
            (State::BoundaryDash, b'-') => {
                self.end_part()?;
                self.state = State::Complete;
            }
            (State::Boundary, _) => return Err(self.boundary_line(at)),
            _ => return Err(self.boundary_line(at.saturating_sub(1))),
        }
        Ok(())
    }

    /// A line that is not the end of its part is a piece of its value, with the
    /// line break before it.
    fn line_start(&mut self, before: Before, matched: usize, cursor: &mut Cursor<'_>) -> Outcome {
        let dashed = self.boundary.dashed();
        let missing = dashed.get(matched..).unwrap_or_default();
        let same = missing.iter().zip(cursor.rest).take_while(|(a, b)| a == b).count();
        cursor.take(same);
        let matched = matched.saturating_add(same);
        let start = cursor.at().saturating_sub(crate::wide(matched));
        if matched == dashed.len() {
            self.state = State::Boundary;
            return match before {
                Before::Nothing | Before::Crlf => Ok(()),
                _ => Err(MultipartErrorKind::UnclearBoundary.at(start)),
            };
        }
        self.state = State::LineStart(before, matched);
        if cursor.rest.is_empty() {
            return Ok(());
        }
        if before == Before::Nothing {
            return Err(MultipartErrorKind::Preamble.at(start));
        }
        self.state = State::Line;
        if let Some(value) = &mut self.value {
            value.push(before.bytes())?;
            value.push(dashed.get(..matched).unwrap_or_default())?;
        }
        Ok(())
    }

    /// As many lines as there are that don't begin with a dash, and are no boundary
    /// hence.
    #[inline]
    fn line(&mut self, cursor: &mut Cursor<'_>) -> Outcome {
        loop {
            let text = cursor.take_line();
            self.value(text)?;
            let line_break = match cursor.rest {
                [b'\r', b'\n', next, ..] if *next != b'-' => 2,
                [b'\r', next, ..] if !matches!(next, b'\n' | b'-') => 1,
                [b'\n', next, ..] if *next != b'-' => 1,
                _ => break,
            };
            self.value(cursor.take(line_break))?;
        }
        match cursor.take(1) {
            b"\r" => self.state = State::Return,
            b"\n" => self.state = State::LineStart(Before::Lf, 0),
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn value(&mut self, bytes: &[u8]) -> Outcome {
        self.value.as_mut().map_or(Ok(()), |value| value.push(bytes))
    }

    fn begin_value(&mut self, disposition: Disposition, start: u64) {
        self.state = State::LineStart(Before::Headers, 0);
        self.value = match disposition {
            Disposition::Wanted => Some(OpenValue::new(start, self.limits.value_bytes)),
            Disposition::Other => None,
        };
    }

    fn end_part(&mut self) -> Outcome {
        let Some(value) = self.value.take() else { return Ok(()) };
        let found = value.finish()?;
        match &mut self.field {
            Some(field) => field.repeat(found),
            None => self.field = Some(Field::new(found)),
        }
        Ok(())
    }

    /// For a boundary that ends before `end`.
    fn boundary_line(&self, end: u64) -> MultipartError {
        let length = crate::wide(self.boundary.dashed().len());
        MultipartErrorKind::BoundaryLine.at(end.saturating_sub(length))
    }
}
