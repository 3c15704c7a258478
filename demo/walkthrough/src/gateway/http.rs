//! The gateway over plain HTTP.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::time::timeout;

use super::{CALL_DEADLINE, Gateway, REJECTED, ServedBy, TENANT};

pub type RequestBody = Full<Bytes>;

/// An answer and what it says of itself.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    pub status: StatusCode,
    pub served_by: Option<ServedBy>,
    /// `x-inference-rejected`
    pub rejected: Option<String>,
    /// `retry-after`, in seconds.
    pub retry_after: Option<u64>,
    pub body: Bytes,
    /// Time between the first and the last piece of the body.
    pub body_took: Duration,
}

impl Gateway {
    /// Posts JSON and reads the whole answer.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<HttpAnswer> {
        self.post_as(None, path, body).await
    }

    /// The same for a tenant.
    pub async fn post_as(
        &self,
        tenant: Option<&str>,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<HttpAnswer> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("http://{}{path}", self.address))
            .header(http::header::CONTENT_TYPE, "application/json");
        if let Some(tenant) = tenant {
            request = request.header(TENANT, tenant);
        }
        let request = request.body(Full::from(body.to_string()))?;
        self.with_seen(|seen| seen.sent += 1);
        let answer = self.exchange(request).await.with_context(|| format!("POST {path}"))?;
        self.with_seen(|seen| seen.answer(&answer));
        Ok(answer)
    }

    /// Sends a request of any kind, to the gateway or to its admin interface.
    pub(super) async fn exchange(
        &self,
        request: Request<RequestBody>,
    ) -> anyhow::Result<HttpAnswer> {
        timeout(CALL_DEADLINE, async {
            let (head, body) = self.http.request(request).await?.into_parts();
            let (body, body_took) = collect(body).await?;
            Ok(HttpAnswer {
                status: head.status,
                served_by: ServedBy::read(|name| text(&head.headers, name)),
                rejected: text(&head.headers, REJECTED).map(str::to_owned),
                retry_after: text(&head.headers, "retry-after").and_then(|it| it.parse().ok()),
                body,
                body_took,
            })
        })
        .await
        .with_context(|| format!("no answer in {CALL_DEADLINE:?}"))?
    }
}

impl HttpAnswer {
    /// The body as JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("{} and no JSON: {}", self.status, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Who answered, if it went well.
    pub fn served(&self) -> anyhow::Result<&ServedBy> {
        match &self.served_by {
            Some(served) if self.status.is_success() => Ok(served),
            _ => bail!("{}: {}", self.status, self.text()),
        }
    }

    /// The `usage` that it says, whole or streamed, of OpenAI's API.
    pub fn usage(&self) -> Option<Value> {
        let events = self.events();
        let said = events.iter().filter_map(|event| serde_json::from_str(event).ok());
        let mut said = said.chain(self.json());
        said.find_map(|mut said: Value| {
            said.get_mut("usage").map(Value::take).filter(Value::is_object)
        })
    }

    /// The data of each server-sent event in the body. The demo's server writes each one on a line
    /// of its own.
    pub fn events(&self) -> Vec<String> {
        self.text()
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .map(|data| data.trim().to_owned())
            .collect()
    }
}

/// The whole body, and how long it took from its first piece on.
async fn collect(mut body: Incoming) -> Result<(Bytes, Duration), hyper::Error> {
    let mut bytes = Vec::new();
    let mut first = None;
    let mut took = Duration::ZERO;
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame?.into_data() {
            took = first.get_or_insert_with(Instant::now).elapsed();
            bytes.extend_from_slice(&piece);
        }
    }
    Ok((bytes.into(), took))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> HttpAnswer {
        HttpAnswer {
            status: StatusCode::from_u16(status).unwrap(),
            served_by: Some(ServedBy { replica: "a".to_owned(), version: "v1".to_owned() }),
            rejected: None,
            retry_after: None,
            body: Bytes::from_static(body.as_bytes()),
            body_took: Duration::ZERO,
        }
    }

    #[test]
    fn reads_the_events_of_a_stream() {
        let events = answer(200, "data: {\"a\":1}\n\n: ping\n\ndata: [DONE]\n\n").events();
        assert_eq!(events, ["{\"a\":1}", "[DONE]"]);
    }

    #[test]
    fn usage_is_found_whole_and_streamed() {
        let whole = answer(200, r#"{"usage":{"prompt_tokens":3}}"#);
        let streamed =
            answer(200, "data: {\"usage\":null}\n\ndata: {\"usage\":{\"prompt_tokens\":3}}\n\n");
        for said in [whole, streamed] {
            assert_eq!(said.usage().unwrap()["prompt_tokens"], 3);
        }
        assert_eq!(answer(200, "{}").usage(), None);
    }

    #[test]
    fn an_error_is_served_by_nobody() {
        assert_eq!(answer(200, "").served().unwrap().replica, "a");
        let error = answer(503, "no healthy upstream").served().unwrap_err().to_string();
        assert_eq!(error, "503 Service Unavailable: no healthy upstream");
    }
}
