//! What a client is told of a refusal, in whichever dialect.

use integration_tests::Answer;
use prost::Message;
use proto::google_rpc::{self, BadRequest, ErrorInfo};
use serde_json::Value;

/// What a client is told of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status, or over gRPC its status code.
    pub(super) status: i32,
    pub(super) rule: String,
    pub(super) field: String,
    pub(super) found: String,
    pub(super) allowed: String,
}

/// The one that a test expects: status, rule, and field, found and allowed.
pub(super) fn refused(status: i32, rule: &str, told: [&str; 3]) -> Option<Refusal> {
    let [field, found, allowed] = told.map(str::to_owned);
    Some(Refusal { status, rule: rule.to_owned(), field, found, allowed })
}

impl Refusal {
    /// What this answer says. All the places that say something must agree.
    pub(super) fn of(answer: &Answer) -> Self {
        let refusal =
            if answer.grpc_status().is_some() { of_grpc(answer) } else { of_http(answer) };
        let reason = answer.header_text("x-inference-rejected");
        assert_eq!(reason, Some(format!("payload-validator;{}", refusal.rule)), "{answer:?}");
        refusal
    }

    /// The sentence that goes with it.
    fn sentence(&self) -> String {
        let Self { field, found, allowed, .. } = self;
        let place = if field.is_empty() { String::new() } else { format!("{field}: ") };
        format!("{place}{found}; allowed: {allowed}")
    }
}

fn of_grpc(answer: &Answer) -> Refusal {
    assert_eq!(answer.status, 200, "over gRPC, HTTP has nothing to complain about");
    let told = tonic::Status::from_header_map(&answer.headers).expect("a status in the headers");
    let status = google_rpc::Status::decode(told.details()).expect("a google.rpc.Status");
    assert_eq!((status.code, &*status.message), (i32::from(told.code()), told.message()));
    let detail = |name: &str| {
        let url = format!("type.googleapis.com/google.rpc.{name}");
        status.details.iter().find(|detail| detail.type_url == url).map(|it| it.value.as_slice())
    };
    let info = ErrorInfo::decode(detail("ErrorInfo").expect("an ErrorInfo")).unwrap();
    let said = |key: &str| info.metadata.get(key).expect("metadata").clone();
    let refusal = Refusal {
        status: status.code,
        rule: said("rule"),
        field: said("field"),
        found: said("found"),
        allowed: said("allowed"),
    };
    assert_eq!(info.reason, refusal.rule.to_ascii_uppercase());
    assert_eq!(info.domain, "inference-gateway");
    assert_eq!(status.message, refusal.sentence());
    match detail("BadRequest") {
        None => assert_eq!(refusal.field, "", "no BadRequest names the field"),
        Some(bytes) => {
            let request = BadRequest::decode(bytes).unwrap();
            let [violation] = &request.field_violations[..] else { panic!("one: {request:?}") };
            assert_eq!(violation.field, refusal.field);
            assert_eq!(violation.description, refusal.sentence());
        }
    }
    refusal
}

fn of_http(answer: &Answer) -> Refusal {
    assert_eq!(answer.header_text("content-type").as_deref(), Some("application/json"));
    let body = answer.json();
    let violation = body.pointer("/violation").or(body.pointer("/error/violation"));
    let said = |key: &str| {
        let text = violation.and_then(|violation| violation[key].as_str());
        text.unwrap_or_else(|| panic!("no {key} in {body}")).to_owned()
    };
    let refusal = Refusal {
        status: answer.status.as_u16().into(),
        rule: said("rule"),
        field: said("field"),
        found: said("found"),
        allowed: said("allowed"),
    };
    let message = body.pointer("/error/message").unwrap_or(&body["error"]);
    assert_eq!(message, &Value::String(refusal.sentence()));
    if let Some(code) = body.pointer("/error/code") {
        assert_eq!(code, &*refusal.rule, "OpenAI's `code`");
        let field = Some(&*refusal.field).filter(|field| !field.is_empty());
        assert_eq!(body["error"]["param"].as_str(), field, "OpenAI's `param`");
    }
    refusal
}
