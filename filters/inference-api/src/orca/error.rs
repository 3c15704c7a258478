use core::fmt;

/// Why a header is no load report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrcaError {
    /// It has more bytes than are read.
    TooLong,
    /// It has more metrics than are kept.
    TooManyMetrics,
    /// It begins with none of `TEXT `, `JSON ` and `BIN `.
    UnknownFormat,
    /// It is not UTF-8.
    NotText,
    /// It is not Base64.
    NotBase64,
    /// It is no message `OrcaLoadReport`.
    NotAMessage,
    /// It is no JSON object of that message.
    NotJson,
    /// A text without any metric.
    Empty,
    /// A metric that a report does not have.
    UnknownMetric,
    /// A metric stands there twice.
    RepeatedMetric,
    /// The value of a metric is no number, or not a finite one.
    NotANumber,
    /// The value of a metric is negative that can't be.
    Negative,
}

impl fmt::Display for OrcaError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::TooLong => "load report too long",
            Self::TooManyMetrics => "too many metrics in a load report",
            Self::UnknownFormat => "load report is neither TEXT, JSON nor BIN",
            Self::NotText => "load report that is not UTF-8",
            Self::NotBase64 => "load report that is not Base64",
            Self::NotAMessage => "load report that is no OrcaLoadReport message",
            Self::NotJson => "load report that is no JSON of an OrcaLoadReport message",
            Self::Empty => "load report without a metric",
            Self::UnknownMetric => "unknown metric in a load report",
            Self::RepeatedMetric => "metric that is there twice in a load report",
            Self::NotANumber => "metric that is no finite number in a load report",
            Self::Negative => "negative metric in a load report",
        })
    }
}

impl core::error::Error for OrcaError {}
