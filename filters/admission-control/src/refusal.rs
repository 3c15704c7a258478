//! Why a request is refused, and how its client is told.

use crate::config::TellIn;
use crate::control::AdmissionControl;
use crate::costing::Unreadable;
use crate::told::{self, Standing};
use filter_kit::{Filter, GrpcCode, Reply, ReplyKind};
use inference_api::dialect::Dialect;
use inference_api::errors::{ErrorKind, error_body, status_details};
use std::borrow::Cow;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename_all = "snake_case"))]
pub enum Rule {
    /// Its tenant sent as many requests as it may for now.
    RequestQuota,
    /// It may use more tokens than its tenant has left for now.
    TokenQuota,
    /// As many requests are here as may be at the same time.
    InFlight,
    /// The same, and as many wait as may.
    QueueFull,
    /// It waited for room as long as requests may, and there was none.
    QueueTimeout,
    /// There is no room, and by the time that there would be its client would not
    /// wait any more.
    Deadline,
    /// The servers report more load than requests of its class may add to.
    ServerLoad,
    /// It does not say, or says twice, which tenant it comes from.
    Tenant,
    /// Its path, a header or its body can't be read, or can be in two ways.
    Malformed,
    /// Its body is compressed, and a limit of tokens is for it.
    Unreadable,
    /// Its body is longer than is held to be read, and a limit of tokens is for it.
    BodyBytes,
    /// The state that Envoy's workers share could not be changed, and the
    /// configuration says to refuse requests then.
    SharedState,
}

/// When it makes sense to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// After so many nanoseconds.
    After(u64),
    /// It does not: the same request will be refused again.
    Never,
}

/// Why a request is refused, in full.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) rule: Rule,
    /// The limit that it is beyond, by position.
    pub(crate) limit: Option<usize>,
    pub(crate) retry: Retry,
    /// What is told beyond the rule, such as the limit's name.
    pub(crate) detail: String,
}

/// A wait beyond which clients are told not to try again by themselves: OpenAI's own
/// takes no longer one for its next try.
const LONGEST_RETRY_NS: u64 = 120 * 1_000_000_000;

/// A wait that is said where nothing better is known.
const SHORT_RETRY_NS: u64 = 1_000_000_000;

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 12] = [
        Self::RequestQuota,
        Self::TokenQuota,
        Self::InFlight,
        Self::QueueFull,
        Self::QueueTimeout,
        Self::Deadline,
        Self::ServerLoad,
        Self::Tenant,
        Self::Malformed,
        Self::Unreadable,
        Self::BodyBytes,
        Self::SharedState,
    ];

    /// Its name: in refusals, metrics and the access log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestQuota => "request_quota",
            Self::TokenQuota => "token_quota",
            Self::InFlight => "in_flight",
            Self::QueueFull => "queue_full",
            Self::QueueTimeout => "queue_timeout",
            Self::Deadline => "deadline",
            Self::ServerLoad => "server_load",
            Self::Tenant => "tenant",
            Self::Malformed => "malformed",
            Self::Unreadable => "unreadable",
            Self::BodyBytes => "body_bytes",
            Self::SharedState => "shared_state",
        }
    }

    /// What sort of error it is for a client.
    pub const fn kind(self) -> ErrorKind {
        match self {
            Self::RequestQuota | Self::TokenQuota => ErrorKind::QuotaExceeded,
            Self::InFlight
            | Self::QueueFull
            | Self::QueueTimeout
            | Self::Deadline
            | Self::ServerLoad
            | Self::SharedState => ErrorKind::Overloaded,
            Self::Tenant => ErrorKind::Unauthenticated,
            Self::Malformed => ErrorKind::InvalidArgument,
            Self::Unreadable => ErrorKind::UnsupportedMedia,
            Self::BodyBytes => ErrorKind::TooLarge,
        }
    }

    /// Its gRPC status.
    pub const fn grpc(self) -> GrpcCode {
        match self.kind() {
            ErrorKind::QuotaExceeded | ErrorKind::TooLarge => GrpcCode::ResourceExhausted,
            ErrorKind::Overloaded => GrpcCode::Unavailable,
            ErrorKind::Unauthenticated => GrpcCode::Unauthenticated,
            _ => GrpcCode::InvalidArgument,
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::RequestQuota => "too many requests",
            Self::TokenQuota => "too many tokens",
            Self::InFlight => "too many requests at the same time",
            Self::QueueFull => "too many requests wait already",
            Self::QueueTimeout => "there was no room in time",
            Self::Deadline => "there will be no room before the request's deadline",
            Self::ServerLoad => "the servers have too much to do",
            Self::Tenant => "the request must name its tenant once",
            Self::Malformed => "the request can't be read",
            Self::Unreadable => "what a compressed body will cost can't be read",
            Self::BodyBytes => "the body is too long to be read for what it will cost",
            Self::SharedState => "limits can't be checked now",
        }
    }
}

impl Retry {
    /// The wait in milliseconds, rounded up; none when there is nothing to be said.
    const fn milliseconds(self) -> Option<u64> {
        match self {
            Self::After(nanoseconds) => Some(nanoseconds.div_ceil(1_000_000)),
            Self::Never => None,
        }
    }

    const fn is_pointless(self) -> bool {
        match self {
            Self::After(nanoseconds) => nanoseconds > LONGEST_RETRY_NS,
            Self::Never => true,
        }
    }
}

impl Unreadable {
    /// The refusal of a request for it.
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::Compressed => Refusal::new(Rule::Unreadable, ""),
            Self::Malformed => Refusal::new(Rule::Malformed, "its body is not what its API wants"),
            Self::TooLong => Refusal::new(Rule::BodyBytes, ""),
        }
    }
}

impl Refusal {
    /// Without a limit, and with no word on when to try again.
    pub(crate) fn new(rule: Rule, detail: impl Into<String>) -> Self {
        let retry = match rule.kind() {
            ErrorKind::Overloaded => Retry::After(SHORT_RETRY_NS),
            _ => Retry::Never,
        };
        Self { rule, limit: None, retry, detail: detail.into() }
    }

    /// The answer to the request, in the dialect that its client speaks. `standings`
    /// are what is told of its quotas.
    pub(crate) fn reply(
        &self,
        control: &AdmissionControl,
        dialect: Dialect,
        standings: &[Standing],
    ) -> Reply {
        let message = self.message();
        let mut report = self.rule.kind().report(dialect, &message);
        report.grpc_code = self.rule.grpc().number();
        report.code = Some(self.rule.name());
        report.retry_after_ms = self.retry.milliseconds();
        let mut headers: Vec<(Cow<'static, str>, Vec<u8>)> = Vec::new();
        let body = if dialect.is_grpc() {
            headers.push(("grpc-status-details-bin".into(), status_details(&report).into_bytes()));
            let pushback = match self.retry {
                _ if self.retry.is_pointless() => Some("-1".to_owned()),
                _ => self.retry.milliseconds().map(|milliseconds| milliseconds.to_string()),
            };
            headers.extend(pushback.map(|text| ("grpc-retry-pushback-ms".into(), text.into())));
            report.message.as_bytes().to_vec()
        } else {
            let (content_type, body) = error_body(dialect, &report);
            headers.push(("content-type".into(), content_type.into()));
            headers.extend(self.retry_headers(dialect));
            body
        };
        headers.extend(told::headers(control, standings, TellIn::Refusals));
        Reply {
            kind: ReplyKind::Refusal,
            status: report.http_status,
            grpc: self.rule.grpc(),
            headers,
            body,
            reason: format!("{};{}", AdmissionControl::NAME, self.rule.name()),
        }
    }

    fn message(&self) -> String {
        let sentence = self.rule.sentence();
        let mut message = match &*self.detail {
            "" => sentence.to_owned(),
            detail => format!("{sentence}: {detail}"),
        };
        match self.retry.milliseconds() {
            Some(milliseconds) if milliseconds >= 1000 => {
                let seconds = milliseconds.div_ceil(1000);
                message.push_str(&format!("; try again in {seconds} s"));
            }
            Some(milliseconds) => message.push_str(&format!("; try again in {milliseconds} ms")),
            None => {}
        }
        message
    }

    /// When to try again. Sources: RFC 9110, 10.2.3 for `retry-after`, in whole
    /// seconds; the other two are what OpenAI's clients look at.
    fn retry_headers(&self, dialect: Dialect) -> Vec<(Cow<'static, str>, Vec<u8>)> {
        let mut headers: Vec<(Cow<'static, str>, Vec<u8>)> = Vec::new();
        let speaks_openai = dialect == Dialect::OpenAi;
        if let Some(milliseconds) = self.retry.milliseconds() {
            let seconds = milliseconds.div_ceil(1000).max(1);
            headers.push(("retry-after".into(), seconds.to_string().into()));
            if speaks_openai {
                headers.push(("retry-after-ms".into(), milliseconds.to_string().into()));
            }
        }
        if speaks_openai && self.retry.is_pointless() {
            headers.push(("x-should-retry".into(), b"false".to_vec()));
        }
        headers
    }
}
