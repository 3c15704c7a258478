//! How a client is told why its request was refused.

use crate::validator::PayloadValidator;
use crate::violation::Violation;
use filter_kit::{Filter, GrpcCode, Reply, ReplyKind};
use inference_api::dialect::Dialect;
use inference_api::errors::{self, ErrorKind, ErrorReport, error_body, status_details};

impl Violation {
    /// The answer to a request, in the dialect that the client speaks.
    pub(crate) fn refusal(&self, dialect: Dialect) -> Reply {
        let message = self.to_string();
        let report = self.rule.kind().report(dialect, &message);
        self.reply(dialect, report, self.rule.grpc())
    }

    /// What the client gets in place of an answer that breaks a rule.
    pub(crate) fn replacement(&self, dialect: Dialect) -> Reply {
        let message = format!("the model's answer is not as it must be: {self}");
        let mut report = ErrorKind::Internal.report(dialect, &message);
        report.http_status = 502;
        self.reply(dialect, report, GrpcCode::Internal)
    }

    fn reply<'r>(&'r self, dialect: Dialect, mut report: ErrorReport<'r>, grpc: GrpcCode) -> Reply {
        report.grpc_code = grpc.number();
        report.param = (!self.field.is_empty()).then_some(&*self.field);
        report.code = Some(self.rule.name());
        report.grpc_code = grpc.number();
        report.violation = Some(errors::Violation {
            rule: self.rule.name(),
            field: &self.field,
            found: &self.found,
            allowed: &self.allowed,
        });
        let mut headers = Vec::new();
        let body = if dialect.is_grpc() {
            headers.push(("grpc-status-details-bin".into(), status_details(&report).into_bytes()));
            report.message.as_bytes().to_vec()
        } else {
            let (content_type, body) = error_body(dialect, &report);
            headers.push(("content-type".into(), content_type.into()));
            body
        };
        Reply {
            kind: ReplyKind::Refusal,
            status: report.http_status,
            grpc,
            headers,
            body,
            reason: format!("{};{}", PayloadValidator::NAME, self.rule.name()),
        }
    }
}
