use core::fmt;

/// Why a body is not a form that all servers read alike, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultipartError {
    /// What is wrong.
    pub kind: MultipartErrorKind,
    /// At which byte of the body: where the line in question begins, or the very
    /// byte.
    pub offset: u64,
}

/// What makes a body no form, or no clear one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MultipartErrorKind {
    /// The body does not begin with its first boundary.
    Preamble,
    /// Behind a boundary stands neither CRLF nor `--`.
    BoundaryLine,
    /// A boundary at the start of a line that servers don't agree is one: behind
    /// LF or CR alone, or right behind the headers of a part.
    UnclearBoundary,
    /// A line of a part's headers that is not `name: value` and CRLF.
    HeaderLine,
    /// The headers of a part are longer than allowed.
    HeadersTooLong,
    /// A header that must stand once in a part stands there twice.
    RepeatedHeader,
    /// A part without `content-disposition`.
    NoDisposition,
    /// A `content-disposition` that is not `form-data` with one `name`.
    Disposition,
    /// A name with something in it that may be an escape, or blanks around it.
    UnclearName,
    /// A part that is a `multipart/*` of its own.
    NestedMultipart,
    /// The wanted field has a file name, or another parameter beside its name.
    FieldParameter,
    /// The wanted field is not `text/plain` in UTF-8.
    FieldType,
    /// The wanted field has a transfer encoding.
    FieldEncoding,
    /// The value of the wanted field is not UTF-8.
    InvalidUtf8,
    /// The body ends before its last boundary.
    UnexpectedEnd,
}

impl fmt::Display for MultipartError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at byte {}", self.kind.sentence(), self.offset)
    }
}

impl core::error::Error for MultipartError {}

impl MultipartErrorKind {
    pub(super) const fn at(self, offset: u64) -> MultipartError {
        MultipartError { kind: self, offset }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Preamble => "the form does not begin with its boundary",
            Self::BoundaryLine => "expected CRLF or -- behind the boundary",
            Self::UnclearBoundary => "a boundary that is not behind a CRLF of its own",
            Self::HeaderLine => "malformed header of a part",
            Self::HeadersTooLong => "too long headers of a part",
            Self::RepeatedHeader => "a header of a part that is there twice",
            Self::NoDisposition => "a part without content-disposition",
            Self::Disposition => "expected content-disposition: form-data with one name",
            Self::UnclearName => "a name of a part with escapes in it or blanks around it",
            Self::NestedMultipart => "a part that is a multipart of its own",
            Self::FieldParameter => "a file name where a plain field is expected",
            Self::FieldType => "expected a field of type text/plain in utf-8",
            Self::FieldEncoding => "a field in a transfer encoding",
            Self::InvalidUtf8 => "a field that is not UTF-8",
            Self::UnexpectedEnd => "the form ends too early",
        }
    }
}
