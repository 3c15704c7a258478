use core::fmt;
use core::time::Duration;

/// Whether a content type is gRPC's: `application/grpc`, alone or followed by
/// `+proto`, `+json`, ... or by parameters. `application/grpc-web` is another
/// protocol.
///
/// The case of letters doesn't matter, as for every media type.
pub fn is_grpc(content_type: &[u8]) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    content_type.split_at_checked(GRPC.len()).is_some_and(|(start, rest)| {
        start.eq_ignore_ascii_case(GRPC) && matches!(rest.first(), None | Some(b'+' | b';'))
    })
}

/// A text as the value of `grpc-message`: whatever is not printable ASCII, and
/// the percent sign, is percent-encoded.
pub fn encode_message(message: &str) -> String {
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        if matches!(byte, 0x20..=0x7e) && byte != b'%' {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 0xf] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or_default();
                encoded.push(digit.to_ascii_uppercase());
            }
        }
    }
    encoded
}

/// A `grpc-timeout` that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutError;

impl fmt::Display for TimeoutError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("grpc-timeout is not one to eight digits and one of H, M, S, m, u, n")
    }
}

impl core::error::Error for TimeoutError {}

/// The time that a `grpc-timeout` leaves: one to eight digits and a unit.
///
/// # Errors
/// When it is anything else.
pub fn parse_timeout(value: &[u8]) -> Result<Duration, TimeoutError> {
    let (unit, digits) = value.split_last().ok_or(TimeoutError)?;
    if !(1..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return Err(TimeoutError);
    }
    let digits = str::from_utf8(digits).map_err(|_| TimeoutError)?;
    let count: u64 = digits.parse().map_err(|_| TimeoutError)?;
    Ok(match unit {
        b'H' => Duration::from_secs(count.saturating_mul(3600)),
        b'M' => Duration::from_secs(count.saturating_mul(60)),
        b'S' => Duration::from_secs(count),
        b'm' => Duration::from_millis(count),
        b'u' => Duration::from_micros(count),
        b'n' => Duration::from_nanos(count),
        _ => return Err(TimeoutError),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn grpc_is_told_from_grpc_web_and_from_look_alikes() {
        for yes in [
            "application/grpc",
            "application/grpc+proto",
            "application/grpc;x=y",
            "Application/GRPC+json",
        ] {
            assert!(is_grpc(yes.as_bytes()), "{yes}");
        }
        for no in [
            "",
            "application/grp",
            "application/grpc-web",
            "application/grpc-web+proto",
            "application/grpcx",
            "application/json",
        ] {
            assert!(!is_grpc(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn messages_are_percent_encoded_outside_printable_ascii() {
        assert_eq!(encode_message("a b~"), "a b~");
        assert_eq!(encode_message("100 %\r\né\u{7f}"), "100 %25%0D%0A%C3%A9%7F");
    }

    #[test]
    fn a_timeout_has_a_number_and_a_unit() {
        for (text, expected) in [
            ("1H", Duration::from_secs(3600)),
            ("2M", Duration::from_secs(120)),
            ("3S", Duration::from_secs(3)),
            ("4m", Duration::from_millis(4)),
            ("5u", Duration::from_micros(5)),
            ("99999999n", Duration::from_nanos(99_999_999)),
            ("0S", Duration::ZERO),
            ("99999999H", Duration::from_secs(99_999_999 * 3600)),
        ] {
            assert_eq!(parse_timeout(text.as_bytes()), Ok(expected), "{text}");
        }
        for text in ["", "S", "1", "1s", "123456789S", "-1S", "1.5S", "1 S", "\u{661}S"] {
            assert_eq!(parse_timeout(text.as_bytes()), Err(TimeoutError), "{text}");
        }
    }
}
