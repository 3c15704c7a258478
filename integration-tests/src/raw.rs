//! Connections on which every byte is the test's own.

use crate::answer::Answer;
use crate::call::Call;
use crate::waiting::in_time;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An HTTP/1.1 connection on which the test decides where a write ends.
#[derive(Debug)]
pub struct RawHttp1 {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl RawHttp1 {
    /// Connects.
    ///
    /// # Panics
    /// When nobody listens there.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("somebody who listens");
        stream.set_nodelay(true).expect("a TCP socket");
        Self { stream, unread: Vec::new() }
    }

    /// Sends these bytes at once.
    ///
    /// # Panics
    /// When the other side is gone.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("somebody who reads");
    }

    /// The next answer, whose length must be given by a content-length.
    ///
    /// # Panics
    /// When none comes in time.
    pub async fn read_answer(&mut self) -> Answer {
        in_time("the answer", async {
            loop {
                if let Some((answer, length)) = parse(&self.unread) {
                    self.unread.drain(..length);
                    return answer;
                }
                let count = self.stream.read_buf(&mut self.unread).await.expect("a connection");
                let so_far = String::from_utf8_lossy(&self.unread);
                assert_ne!(count, 0, "closed before the answer was whole: {so_far}");
            }
        })
        .await
    }

    /// Everything that comes until the other side closes.
    ///
    /// # Panics
    /// When it doesn't.
    pub async fn read_to_end(mut self) -> Vec<u8> {
        // A reset is an end as well.
        _ = in_time("the end", self.stream.read_to_end(&mut self.unread)).await;
        self.unread
    }
}

impl Call {
    /// The call as HTTP/1.1 writes it, with a content-length.
    pub fn http1_bytes(&self) -> Vec<u8> {
        let (head, body) =
            (self.clone().into_request(http::Version::HTTP_11, "test"), self.body_bytes());
        let mut bytes = format!("{} {} HTTP/1.1\r\n", head.method(), self.path()).into_bytes();
        for (name, value) in head.headers() {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }
}

/// The first answer and how long it is. None if it isn't complete.
fn parse(bytes: &[u8]) -> Option<(Answer, usize)> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).expect("text in the head");
    let mut lines = text.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().expect("a status");
    let answer = lines.fold(Answer::status(status), |answer, line| {
        let (name, value) = line.split_once(':').expect("a header");
        answer.header(name, value.trim())
    });
    let length: usize = answer.header_text("content-length").expect("a length").parse().ok()?;
    let end = head + 4 + length;
    let body = bytes.get(head + 4..end)?.to_vec();
    Some((answer.body(body), end))
}
