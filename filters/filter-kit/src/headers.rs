use core::fmt;
use core::ops::Range;

/// A block of headers or trailers, in the order in which they came.
///
/// Names and values are bytes: HTTP lets clients send values that are not
/// UTF-8. Envoy has already put names into lower case.
///
/// All of them share one buffer, the one in which the host handed them over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    name: Range<usize>,
    value: Range<usize>,
}

/// A header that must stand once stands several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated;

/// The bytes are not a serialised header map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadersError;

impl fmt::Display for HeadersError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not a serialised header map")
    }
}

impl core::error::Error for HeadersError {}

impl Headers {
    /// Takes over a header map as the host serialises it: a count, a pair of
    /// lengths for each header, then each name and each value followed by a
    /// zero byte; all numbers are 32 bit, little-endian.
    ///
    /// Source: Proxy-Wasm ABI 0.2.1, `proxy_get_header_map_pairs`.
    ///
    /// # Errors
    /// When a length points beyond the end.
    pub fn from_abi(bytes: Vec<u8>) -> Result<Self, HeadersError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let count = read_u32(&bytes, 0).ok_or(HeadersError)?;
        let lengths_end = count
            .checked_mul(8)
            .and_then(|size| size.checked_add(4))
            .filter(|end| *end <= bytes.len())
            .ok_or(HeadersError)?;
        let mut spans = Vec::with_capacity(count);
        let mut at = lengths_end;
        for lengths in (4..lengths_end).step_by(8) {
            let name = take(&bytes, &mut at, lengths)?;
            let value = take(&bytes, &mut at, lengths.saturating_add(4))?;
            spans.push(Span { name, value });
        }
        Ok(Self { bytes, spans })
    }

    /// The first value under this name, which is given in lower case.
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| value)
    }

    /// The value under this name.
    ///
    /// # Errors
    /// [`Repeated`] when it stands more than once, even with equal values: who
    /// reads the request after us may pick another one.
    pub fn single(&self, name: &str) -> Result<Option<&[u8]>, Repeated> {
        let mut values = self.iter().filter(|(key, _)| *key == name.as_bytes());
        let first = values.next().map(|(_, value)| value);
        if values.next().is_some() { Err(Repeated) } else { Ok(first) }
    }

    /// Every value under this name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(move |(key, _)| *key == name.as_bytes()).map(|(_, value)| value)
    }

    /// Whether a header of this name is there.
    pub fn contains(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// Every header in order, as name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.spans.iter().map(|span| {
            let part = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
            (part(&span.name), part(&span.value))
        })
    }

    /// How many headers there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut headers = Self::default();
        let mut append = |part: &[u8]| {
            let start = headers.bytes.len();
            headers.bytes.extend_from_slice(part);
            start..headers.bytes.len()
        };
        for (name, value) in pairs {
            let span = Span { name: append(name.as_ref()), value: append(value.as_ref()) };
            headers.spans.push(span);
        }
        headers
    }
}

fn read_u32(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?.first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*four)).ok()
}

/// The next part, whose length stands at `length_at`; moves past its zero byte.
fn take(bytes: &[u8], at: &mut usize, length_at: usize) -> Result<Range<usize>, HeadersError> {
    let length = read_u32(bytes, length_at).ok_or(HeadersError)?;
    let end = at.checked_add(length).filter(|end| *end < bytes.len()).ok_or(HeadersError)?;
    let range = *at..end;
    *at = end.saturating_add(1);
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn serialised(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
        let length = |part: &[u8]| u32::try_from(part.len()).unwrap().to_le_bytes();
        let mut bytes = u32::try_from(pairs.len()).unwrap().to_le_bytes().to_vec();
        for (name, value) in pairs {
            bytes.extend(length(name));
            bytes.extend(length(value));
        }
        for (name, value) in pairs {
            for part in [name, value] {
                bytes.extend_from_slice(part);
                bytes.push(0);
            }
        }
        bytes
    }

    const PAIRS: [(&[u8], &[u8]); 4] =
        [(b":path", b"/v2"), (b"x", b""), (b"accept", b"\xff\xfe"), (b"x", b"2")];

    #[test]
    fn reads_what_the_host_serialises() {
        let headers = Headers::from_abi(serialised(&PAIRS)).unwrap();
        assert_eq!(headers.iter().collect::<Vec<_>>(), PAIRS);
        assert_eq!(headers.first("accept"), Some(&b"\xff\xfe"[..]));
        assert_eq!(headers.all("x").collect::<Vec<_>>(), [&b""[..], b"2"]);
        assert_eq!(headers.first("absent"), None);
        assert_eq!(headers.single("x"), Err(Repeated));
        assert_eq!(headers.single(":path"), Ok(Some(&b"/v2"[..])));
    }

    #[test]
    fn no_bytes_are_no_headers() {
        assert!(Headers::from_abi(Vec::new()).unwrap().is_empty());
        assert!(Headers::from_abi(serialised(&[])).unwrap().is_empty());
    }

    #[test]
    fn refuses_a_map_that_is_cut_anywhere() {
        let whole = serialised(&PAIRS);
        for end in 1..whole.len() {
            assert_eq!(Headers::from_abi(whole[..end].to_vec()), Err(HeadersError), "cut at {end}");
        }
    }

    #[test]
    fn refuses_lengths_that_lie() {
        for at in (0..36).step_by(4) {
            let mut bytes = serialised(&PAIRS);
            bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
            assert_eq!(Headers::from_abi(bytes), Err(HeadersError), "length at {at}");
        }
    }

    #[test]
    fn pairs_give_the_same_headers_as_the_host() {
        let built: Headers = PAIRS.into_iter().collect();
        assert!(built.iter().eq(Headers::from_abi(serialised(&PAIRS)).unwrap().iter()));
        assert_eq!(built.len(), 4);
    }
}
