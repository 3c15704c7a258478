use core::fmt;

/// Splits a body into messages, of which it keeps nothing.
///
/// A message stands behind a prefix of five bytes: whether it is compressed (0
/// or 1), and its length (32 bit, big-endian). How the body is cut into chunks
/// has nothing to do with where messages begin and end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameReader {
    state: State,
}

/// What a body is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// A message begins.
    Message {
        /// Whether its payload is compressed, as `grpc-encoding` says.
        is_compressed: bool,
        /// How many bytes its payload has.
        length: u32,
    },
    /// More of the message's payload; never empty.
    Payload(&'a [u8]),
    /// The message is complete.
    End,
}

/// Why a body is not a sequence of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The first byte of a prefix is neither 0 nor 1.
    UnknownFlag(u8),
    /// The body ends inside a prefix or a message.
    UnexpectedEnd,
}

/// How many bytes stand before a message: its flag and its length.
pub(crate) const PREFIX_BYTES: u64 = 5;

impl fmt::Display for FrameError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFlag(flag) => {
                write!(out, "gRPC message with flag {flag}, only 0 and 1 are known")
            }
            Self::UnexpectedEnd => out.write_str("the body ends inside a gRPC message"),
        }
    }
}

impl core::error::Error for FrameError {}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before the first byte of a prefix.
    #[default]
    Flag,
    /// Inside the length.
    Length {
        is_compressed: bool,
        length: u32,
        missing: u8,
    },
    Payload {
        missing: u32,
    },
    Failed(FrameError),
}

impl FrameReader {
    /// Ready for the first byte of a body.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next part, taken off the front of `bytes`. `None` when all that can
    /// be told from them was told; `bytes` is empty then.
    ///
    /// # Errors
    /// When the bytes are no message. The reader stays in that state.
    pub fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Part<'a>>, FrameError> {
        loop {
            if self.state == (State::Payload { missing: 0 }) {
                self.state = State::Flag;
                return Ok(Some(Part::End));
            }
            let Some((&byte, after)) = bytes.split_first() else { return self.failure() };
            match self.state {
                State::Flag => {
                    let Ok(is_compressed) = is_compressed(byte) else {
                        self.state = State::Failed(FrameError::UnknownFlag(byte));
                        return self.failure();
                    };
                    self.state = State::Length { is_compressed, length: 0, missing: 4 };
                }
                State::Length { is_compressed, length, missing } => {
                    let length = length << 8 | u32::from(byte);
                    let missing = missing.saturating_sub(1);
                    if missing == 0 {
                        *bytes = after;
                        self.state = State::Payload { missing: length };
                        return Ok(Some(Part::Message { is_compressed, length }));
                    }
                    self.state = State::Length { is_compressed, length, missing };
                }
                State::Payload { missing } => return Ok(Some(self.payload(missing, bytes))),
                State::Failed(error) => return Err(error),
            }
            *bytes = after;
        }
    }

    /// Says that the body ends here.
    ///
    /// # Errors
    /// When it can't: inside a prefix or a message.
    pub const fn finish(&self) -> Result<(), FrameError> {
        match self.state {
            State::Flag => Ok(()),
            State::Failed(error) => Err(error),
            State::Length { .. } | State::Payload { .. } => Err(FrameError::UnexpectedEnd),
        }
    }

    fn payload<'a>(&mut self, missing: u32, bytes: &mut &'a [u8]) -> Part<'a> {
        let here = usize::try_from(missing).unwrap_or(usize::MAX).min(bytes.len());
        let (payload, after) = bytes.split_at_checked(here).unwrap_or_default();
        *bytes = after;
        let here = u32::try_from(here).unwrap_or(missing);
        self.state = State::Payload { missing: missing.saturating_sub(here) };
        Part::Payload(payload)
    }

    const fn failure<T>(&self) -> Result<Option<T>, FrameError> {
        match self.state {
            State::Failed(error) => Err(error),
            _ => Ok(None),
        }
    }
}

const fn is_compressed(flag: u8) -> Result<bool, ()> {
    match flag {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Each message as its flag and payload, and how the body ends.
    type Told = (Vec<(bool, Vec<u8>, bool)>, Result<(), FrameError>);

    fn read(chunks: &[&[u8]]) -> Told {
        let mut reader = FrameReader::new();
        let mut messages = Vec::new();
        for chunk in chunks {
            let mut rest = *chunk;
            loop {
                match reader.next(&mut rest) {
                    Err(error) => return (messages, Err(error)),
                    Ok(None) => break,
                    Ok(Some(Part::Message { is_compressed, .. })) => {
                        messages.push((is_compressed, Vec::new(), false));
                    }
                    Ok(Some(Part::Payload(payload))) => {
                        messages.last_mut().unwrap().1.extend_from_slice(payload);
                    }
                    Ok(Some(Part::End)) => messages.last_mut().unwrap().2 = true,
                }
            }
        }
        (messages, reader.finish())
    }

    const BODY: &[u8] = b"\x00\x00\x00\x00\x02hi\x01\x00\x00\x00\x00\x00\x00\x00\x00\x03abc";

    #[test]
    fn reads_the_same_messages_however_the_body_is_cut() {
        let expected = vec![
            (false, b"hi".to_vec(), true),
            (true, Vec::new(), true),
            (false, b"abc".to_vec(), true),
        ];
        for first in 0..=BODY.len() {
            for second in first..=BODY.len() {
                let chunks = [&BODY[..first], &BODY[first..second], &BODY[second..]];
                assert_eq!(read(&chunks), (expected.clone(), Ok(())), "cut at {first} {second}");
            }
        }
    }

    #[test]
    fn a_body_that_ends_inside_a_message_is_told_from_a_whole_one() {
        for end in 0..=BODY.len() {
            let expected = if [0, 7, 12, BODY.len()].contains(&end) {
                Ok(())
            } else {
                Err(FrameError::UnexpectedEnd)
            };
            assert_eq!(read(&[&BODY[..end]]).1, expected, "ends at {end}");
        }
    }

    #[test]
    fn a_flag_other_than_0_and_1_is_refused_and_stays_refused() {
        for flag in 2..=u8::MAX {
            let mut reader = FrameReader::new();
            let mut bytes: &[u8] = &[flag, 0, 0, 0, 0];
            assert_eq!(reader.next(&mut bytes), Err(FrameError::UnknownFlag(flag)));
            let mut more: &[u8] = &[0, 0, 0, 0, 0];
            assert_eq!(reader.next(&mut more), Err(FrameError::UnknownFlag(flag)));
            assert_eq!(reader.finish(), Err(FrameError::UnknownFlag(flag)));
        }
    }

    #[test]
    fn the_largest_length_is_a_length() {
        let mut bytes: &[u8] = b"\x00\xff\xff\xff\xffx";
        let mut reader = FrameReader::new();
        let message = Part::Message { is_compressed: false, length: u32::MAX };
        assert_eq!(reader.next(&mut bytes), Ok(Some(message)));
        assert_eq!(reader.next(&mut bytes), Ok(Some(Part::Payload(b"x"))));
        assert_eq!(reader.next(&mut bytes), Ok(None));
    }
}
