use super::{Failure, RecordedBody};
use crate::answer::{Answer, text_of};
use http::HeaderMap;
use http_body_util::BodyExt;
use xxhash_rust::xxh64::{Xxh64, xxh64};

const LENGTH: &str = "x-body-bytes";
const CHECKSUM: &str = "x-body-checksum";

/// What is known of a body that nobody keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    bytes: u64,
    checksum: u64,
}

impl Digest {
    /// Of this body.
    pub fn of(body: &[u8]) -> Self {
        Self { bytes: u64::try_from(body.len()).expect("64 bits"), checksum: xxh64(body, 0) }
    }

    /// Of the body that a model server answered with [`Reply::Digest`].
    ///
    /// [`Reply::Digest`]: super::Reply::Digest
    ///
    /// # Panics
    /// When the answer's headers don't tell.
    pub fn told_by(headers: &HeaderMap) -> Self {
        let number = |name| text_of(headers, name)?.parse().ok();
        let digest = || Some(Self { bytes: number(LENGTH)?, checksum: number(CHECKSUM)? });
        digest().unwrap_or_else(|| panic!("no digest in {headers:?}"))
    }

    pub(super) async fn read(mut body: RecordedBody) -> Result<Self, Failure> {
        body.keep_nothing();
        let (mut bytes, mut hasher) = (0, Xxh64::new(0));
        while let Some(frame) = body.frame().await {
            if let Some(data) = frame?.data_ref() {
                bytes += u64::try_from(data.len()).expect("64 bits");
                hasher.update(data);
            }
        }
        Ok(Self { bytes, checksum: hasher.digest() })
    }

    pub(super) fn tell(self, answer: Answer) -> Answer {
        answer.header(LENGTH, self.bytes.to_string()).header(CHECKSUM, self.checksum.to_string())
    }
}
