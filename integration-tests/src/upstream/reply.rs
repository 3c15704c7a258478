use super::{Crowd, Digest, Failure, RecordedBody, ReplyBody};
use crate::answer::Answer;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, Full};
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex};

/// What a model server does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Reads the whole request, then answers.
    Whole(Box<Answer>),
    /// Reads the whole request, and answers when the test lets it go.
    Crowded(Box<Answer>, Crowd),
    /// Answers without reading the body.
    Early(Box<Answer>),
    /// Reads the whole request, then sends body and trailers back with the same
    /// content type. To a gRPC call it adds the status OK.
    Echo,
    /// The same, but sends back what comes when it comes.
    EchoAtOnce,
    /// Reads the whole request without keeping its body, and answers with
    /// headers that hold its [`Digest`]; a gRPC call, also with an empty message.
    Digest,
    /// Sends the answer's headers, and of its body what the test says when it
    /// says so. For one request only.
    Stepwise(Box<Answer>, StepwiseBody),
    /// Reads nothing and says nothing.
    Hang,
    /// Breaks off before it has answered.
    Reset,
    /// Breaks off after headers and this much of the body.
    CutOff(Box<Answer>),
    /// Falls silent after headers and this much of the body.
    Stall(Box<Answer>),
}

/// The test's end of a [`Reply::Stepwise`]. Dropping it ends the answer.
pub type Steps = Sender<Bytes, Failure>;

/// The server's end of a [`Reply::Stepwise`].
#[derive(Clone)]
pub struct StepwiseBody(Arc<Mutex<Option<Channel<Bytes, Failure>>>>);

impl Reply {
    /// Reads the whole request, then answers.
    pub fn whole(answer: Answer) -> Self {
        Self::Whole(Box::new(answer))
    }

    /// Answers without reading the body.
    pub fn early(answer: Answer) -> Self {
        Self::Early(Box::new(answer))
    }

    /// Reads the whole request, and answers when the test lets it go.
    pub fn crowded(answer: Answer, crowd: &Crowd) -> Self {
        Self::Crowded(Box::new(answer), crowd.clone())
    }

    /// Breaks off after headers and this much of the body.
    pub fn cut_off(answer: Answer) -> Self {
        Self::CutOff(Box::new(answer))
    }

    /// Falls silent after headers and this much of the body.
    pub fn stall(answer: Answer) -> Self {
        Self::Stall(Box::new(answer))
    }

    /// Sends the answer's headers, and then what the test gives to the other
    /// end.
    pub fn stepwise(answer: Answer) -> (Self, Steps) {
        let (steps, channel) = Channel::new(1);
        let body = StepwiseBody(Arc::new(Mutex::new(Some(channel))));
        (Self::Stepwise(Box::new(answer), body), steps)
    }

    pub(crate) async fn perform(
        self,
        request: Request<RecordedBody>,
    ) -> Result<Response<ReplyBody>, Failure> {
        match self {
            Self::Whole(answer) => {
                request.into_body().collect().await?;
                Ok(whole(*answer))
            }
            Self::Crowded(answer, crowd) => {
                let stay = crowd.enter();
                request.into_body().collect().await?;
                stay.end().await;
                Ok(whole(*answer))
            }
            Self::Early(answer) => Ok(whole(*answer)),
            Self::Echo => {
                let mut answer = echoed_head(request.headers());
                let body = request.into_body().collect().await?;
                answer.trailers = merged(body.trailers().cloned(), answer.trailers);
                Ok(whole(answer.body(body.to_bytes())))
            }
            Self::EchoAtOnce => {
                let mut answer = echoed_head(request.headers());
                let trailers = answer.trailers.take();
                let body = request.into_body().with_trailers(async move { trailers.map(Ok) });
                Ok(with_head(answer, body.boxed_unsync()))
            }
            Self::Digest => {
                let is_grpc = is_grpc(request.headers());
                let digest = Digest::read(request.into_body()).await?;
                let answer = if is_grpc { Answer::grpc(&()) } else { Answer::status(200) };
                Ok(whole(digest.tell(answer)))
            }
            Self::Stepwise(answer, StepwiseBody(channel)) => {
                let channel = channel.lock().expect("nobody panicked with it").take();
                let channel = channel.ok_or("a stepwise reply is for one request only")?;
                // What is not read is not seen, and here nobody else reads it.
                tokio::spawn(request.into_body().collect());
                Ok(with_head(*answer, channel.boxed_unsync()))
            }
            Self::Hang => {
                // Holds the request: dropping it would be an answer.
                let _request = request;
                pending().await
            }
            Self::Reset => Err("reset by the test".into()),
            Self::CutOff(answer) => {
                begin(*answer, request, |sender| {
                    sender.abort("cut off by the test".into());
                })
                .await
            }
            // Neither sent to nor dropped: the answer stays open.
            Self::Stall(answer) => begin(*answer, request, std::mem::forget).await,
        }
    }
}

impl fmt::Debug for StepwiseBody {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("StepwiseBody")
    }
}

/// Answers with headers and a part of the body; then `end` has it.
async fn begin(
    answer: Answer,
    request: Request<RecordedBody>,
    end: impl FnOnce(Steps) + Send + 'static,
) -> Result<Response<ReplyBody>, Failure> {
    request.into_body().collect().await?;
    let (mut sender, channel) = Channel::<Bytes, Failure>::new(1);
    let start = answer.body.clone();
    tokio::spawn(async move {
        _ = sender.send_data(start).await;
        end(sender);
    });
    Ok(with_head(answer, channel.boxed_unsync()))
}

fn whole(answer: Answer) -> Response<ReplyBody> {
    let body = Full::new(answer.body.clone()).map_err(Failure::from);
    let trailers = answer.trailers.clone();
    match trailers {
        None => with_head(answer, body.boxed_unsync()),
        Some(trailers) => {
            let announced = announcement(&trailers);
            let body = body.with_trailers(async move { Some(Ok(trailers)) });
            let mut response = with_head(answer, body.boxed_unsync());
            response.headers_mut().extend(announced);
            response
        }
    }
}

/// The headers and trailers that an echo has of its own.
fn echoed_head(headers: &HeaderMap) -> Answer {
    let mut answer = Answer::status(200);
    for name in ["content-type", "trailer"] {
        if let Some(value) = headers.get(name) {
            answer = answer.header(name, value);
        }
    }
    if is_grpc(headers) { answer.trailer("grpc-status", "0") } else { answer }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get("content-type").map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"application/grpc"))
}

fn merged(one: Option<HeaderMap>, other: Option<HeaderMap>) -> Option<HeaderMap> {
    match (one, other) {
        (Some(mut one), Some(other)) => {
            one.extend(other);
            Some(one)
        }
        (one, other) => one.or(other),
    }
}

fn with_head(answer: Answer, body: ReplyBody) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// The header that HTTP/1.1 wants before there are trailers.
fn announcement(trailers: &HeaderMap) -> HeaderMap {
    let name = http::HeaderName::from_static("trailer");
    trailers
        .keys()
        .map(|key| (name.clone(), HeaderValue::from_str(key.as_str()).expect("a name")))
        .collect()
}
