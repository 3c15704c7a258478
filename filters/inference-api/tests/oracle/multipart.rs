//! Forms against a reader that has the whole body, and against `multer`.

use std::ops::Range;

use bytes::Bytes;
use futures_util::FutureExt;
use inference_api::multipart::{
    Boundary, Field, FieldLimits, FieldReader, FoundValue, MultipartError,
};

use super::pieces;

const HEADER_BYTES: usize = 300;

/// The values of the fields named `model`, with their places.
type Values = Vec<(String, Range<usize>)>;

/// Accepted or refused, and the fields that end before an error, are what a naive
/// reader makes of the same bytes; an error does not depend on the cuts. Whatever
/// is accepted, `multer` reads alike.
pub fn agrees(boundary: &str, body: &[u8], cuts: &[usize]) {
    let whole = read(boundary, &[body], usize::MAX);
    let cut = pieces(body, cuts);
    assert_eq!(read(boundary, &cut, usize::MAX), whole, "cuts change the answer");

    let mut values = Values::new();
    let expected = naive(boundary, body, &mut values);
    assert_eq!(whole.0.is_ok(), expected.is_some(), "accepted: {whole:?}");
    field_agrees(whole.1.as_ref(), &values);
    let longest = values.iter().map(|(value, _)| value.len()).max().unwrap_or_default();
    for limit in [0, 2, longest] {
        limit_agrees(read(boundary, &cut, limit).1, whole.1.as_ref(), limit);
    }

    if whole.0.is_ok() {
        let texts: Vec<&[u8]> = values.iter().map(|(value, _)| value.as_bytes()).collect();
        let by_multer = read_by_multer(boundary, body).expect("multer reads it");
        assert_eq!(by_multer, texts, "as multer reads it");
    }
}

fn read(
    boundary: &str,
    pieces: &[&[u8]],
    value_bytes: usize,
) -> (Result<(), MultipartError>, Option<Field>) {
    let content_type = format!("multipart/form-data; boundary=\"{boundary}\"");
    let boundary = Boundary::from_content_type(content_type.as_bytes()).expect("a boundary");
    let limits = FieldLimits { value_bytes, header_bytes: HEADER_BYTES };
    let mut reader = FieldReader::new(boundary, "model", limits);
    let pushed = pieces.iter().try_for_each(|piece| reader.push(piece));
    let result = pushed.and_then(|()| reader.finish());
    assert_eq!(reader.is_complete(), result.is_ok());
    (result, reader.field().cloned())
}

fn field_agrees(field: Option<&Field>, expected: &Values) {
    let (Some(first), Some(last)) = (expected.first(), expected.last()) else {
        assert_eq!(field, None);
        return;
    };
    let field = field.expect("a field");
    for (found, (value, place)) in [(&field.first, first), (&field.last, last)] {
        assert_eq!(found.text(), Some(&**value));
        assert_eq!(found.span.start, u64::try_from(place.start).unwrap());
        assert_eq!(found.span.end, u64::try_from(place.end).unwrap());
    }
    assert_eq!(field.count, u64::try_from(expected.len()).unwrap());
    assert_eq!(field.is_contradictory, expected.iter().any(|(value, _)| *value != first.0));
}

/// With a limit the field is the same, less what is too long.
fn limit_agrees(limited: Option<Field>, whole: Option<&Field>, limit: usize) {
    let Some(mut whole) = whole.cloned() else {
        assert_eq!(limited, None);
        return;
    };
    let mut is_any_too_long = false;
    for found in [&mut whole.first, &mut whole.last] {
        if found.text().is_some_and(|text| text.len() > limit) {
            found.value = FoundValue::TooLong;
            is_any_too_long = true;
        }
    }
    let limited = limited.expect("a field");
    assert_eq!((&limited.first, &limited.last), (&whole.first, &whole.last));
    let must_differ = whole.is_contradictory || (is_any_too_long && whole.count > 1);
    assert_eq!(limited.is_contradictory, must_differ);
}

/// The values that end before an error; `None` if there is one.
fn naive(boundary: &str, body: &[u8], values: &mut Values) -> Option<()> {
    let dashed = format!("--{boundary}").into_bytes();
    let mut at = body.starts_with(&dashed).then_some(dashed.len())?;
    let mut open = None;
    loop {
        let is_last = body[at..].starts_with(b"--");
        if !is_last && !body[at..].starts_with(b"\r\n") {
            return None;
        }
        if let Some(place) = open.take() {
            let Range { start, end } = place;
            values.push((String::from_utf8(body[start..end].to_vec()).ok()?, start..end));
        }
        if is_last {
            return Some(());
        }
        let (is_wanted, start) = headers(body, at + 2)?;
        let end = value_end(body, start, &dashed);
        // What is not UTF-8 is an error where it stands, whatever comes behind it.
        let text = &body[start..end.unwrap_or(body.len())];
        if is_wanted && std::str::from_utf8(text).is_err() {
            return None;
        }
        let end = end?;
        open = is_wanted.then_some(start..end);
        at = end + 2 + dashed.len();
    }
}

/// Where the CRLF stands that, with the boundary behind it, ends the value.
fn value_end(body: &[u8], start: usize, dashed: &[u8]) -> Option<usize> {
    let at = (start..body.len()).find(|at| {
        let is_line = *at == start || matches!(body[at - 1], b'\r' | b'\n');
        is_line && body[*at..].starts_with(dashed)
    })?;
    (at >= start + 2 && &body[at - 2..at] == b"\r\n").then(|| at - 2)
}

/// Whether these are the headers of the wanted field, and where its value begins.
fn headers(body: &[u8], start: usize) -> Option<(bool, usize)> {
    let block = &body[start..body.len().min(start + HEADER_BYTES)];
    let end = (0..block.len()).find(|at| {
        block[*at..].starts_with(b"\r\n\r\n") || (*at == 0 && block.starts_with(b"\r\n"))
    })?;
    if end == 0 {
        return None;
    }
    let mut disposition = None;
    let mut content_type = None;
    let mut encoding = None;
    for line in split(&block[..end], b"\r\n") {
        if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return None;
        }
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = std::str::from_utf8(&line[..colon]).ok().filter(|name| is_token(name))?;
        let value = trim(&line[colon + 1..]);
        let place = match &*name.to_ascii_lowercase() {
            "content-disposition" => &mut disposition,
            "content-type" => &mut content_type,
            "content-transfer-encoding" => &mut encoding,
            _ => continue,
        };
        if place.replace(value).is_some() {
            return None;
        }
    }
    let (name, has_more) = name_of(disposition?)?;
    let lower = |value: Option<&[u8]>| value.map(<[u8]>::to_ascii_lowercase);
    let content_type = lower(content_type).unwrap_or_else(|| b"text/plain".to_vec());
    let encoding = lower(encoding).unwrap_or_else(|| b"8bit".to_vec());
    let kind = content_type.split(|byte| b";/".contains(byte)).next().map(trim);
    if kind == Some(b"multipart") {
        return None;
    }
    let is_wanted = name == b"model";
    let is_fit = !has_more && is_plain(&content_type) && is_unencoded(&encoding);
    (is_fit || !is_wanted).then_some((is_wanted, start + end + 4))
}

fn is_plain(content_type: &[u8]) -> bool {
    parameters(content_type).is_some_and(|(word, parameters)| {
        word == b"text/plain"
            && parameters.iter().all(|parameter| *parameter == (b"charset", b"utf-8"))
    })
}

fn is_unencoded(encoding: &[u8]) -> bool {
    [&b"7bit"[..], b"8bit", b"binary"].contains(&encoding)
}

fn name_of(disposition: &[u8]) -> Option<(&[u8], bool)> {
    let (word, parameters) = parameters(disposition)?;
    let is_name = |name: &[u8]| name.eq_ignore_ascii_case(b"name");
    let mut names = parameters.iter().filter(|(name, _)| is_name(name));
    let (Some((_, name)), None) = (names.next(), names.next()) else { return None };
    let looks_like_a_name = |text: &&[u8]| {
        let text = trim(text);
        let rest = text.get(4..).map(trim).unwrap_or_default();
        is_name(text.get(..4).unwrap_or_default())
            && (rest.starts_with(b"=") || rest.starts_with(b"*"))
    };
    let count = disposition.split(|byte| *byte == b';').skip(1).filter(looks_like_a_name).count();
    let is_clear = !name.iter().any(|byte| b"\\%;".contains(byte)) && trim(name) == *name;
    let is_form_data = word.eq_ignore_ascii_case(b"form-data");
    (is_form_data && is_clear && count == 1).then_some((*name, parameters.len() > 1))
}

/// A name and a value.
type Parameter<'a> = (&'a [u8], &'a [u8]);

/// A word and the parameters behind it.
fn parameters(value: &[u8]) -> Option<(&[u8], Vec<Parameter<'_>>)> {
    let mut segments = Vec::new();
    let (mut start, mut is_quoted, mut is_escaped) = (0, false, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' if !segments.is_empty() => is_quoted = !is_quoted,
            b';' if !is_quoted => {
                segments.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    segments.push(&value[start..]);
    let mut parameters = Vec::new();
    for segment in &segments[1..] {
        let segment = trim(segment);
        if segment.is_empty() {
            continue;
        }
        let equals = segment.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (&segment[..equals], &segment[equals + 1..]);
        let inside = value.strip_prefix(b"\"").map(|value| value.strip_suffix(b"\""));
        let value = match inside {
            Some(inside) => inside.filter(|inside| is_closed(inside))?,
            None => std::str::from_utf8(value).ok().filter(|value| is_token(value))?.as_bytes(),
        };
        std::str::from_utf8(name).ok().filter(|name| is_token(name))?;
        parameters.push((name, value));
    }
    Some((trim(segments[0]), parameters))
}

/// Whether no quote stands unescaped between the quotes, and the last one is not
/// escaped either.
fn is_closed(inside: &[u8]) -> bool {
    let mut bytes = inside.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'"' || (*byte == b'\\' && bytes.next().is_none()) {
            return false;
        }
    }
    true
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn trim(bytes: &[u8]) -> &[u8] {
    let is_blank = |byte: &&u8| b" \t".contains(byte);
    let start = bytes.iter().take_while(is_blank).count();
    let end = bytes.iter().rev().take_while(is_blank).count();
    &bytes[start..bytes.len().saturating_sub(end).max(start)]
}

fn split<'a>(bytes: &'a [u8], separator: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut start = 0;
    for at in 0..bytes.len() {
        if at >= start && bytes[at..].starts_with(separator) {
            parts.push(&bytes[start..at]);
            start = at + separator.len();
        }
    }
    parts.push(&bytes[start..]);
    parts
}

/// The values of the fields named `model`. All of the body is there, so nothing
/// has to be waited for.
fn read_by_multer(boundary: &str, body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let body = Bytes::copy_from_slice(body);
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(body)]);
    let mut form = multer::Multipart::new(stream, boundary);
    let mut values = Vec::new();
    let read = async {
        while let Some(field) = form.next_field().await? {
            let is_wanted = field.name() == Some("model");
            let value = field.bytes().await?;
            if is_wanted {
                values.push(value.to_vec());
            }
        }
        Ok::<_, multer::Error>(())
    };
    read.now_or_never()?.ok()?;
    Some(values)
}
