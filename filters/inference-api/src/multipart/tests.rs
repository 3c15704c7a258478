use super::MultipartErrorKind::*;
use super::*;
use crate::cuts::same_however_cut;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const LIMITS: FieldLimits = FieldLimits { value_bytes: 16, header_bytes: 200 };

type Read = (Result<(), MultipartError>, Option<Field>);

fn read_with(boundary: &str, pieces: &[&[u8]]) -> Read {
    let content_type = format!("multipart/form-data; boundary=\"{boundary}\"");
    let boundary = Boundary::from_content_type(content_type.as_bytes()).unwrap();
    let mut reader = FieldReader::new(boundary, "model", LIMITS);
    let pushed = pieces.iter().try_for_each(|piece| reader.push(piece));
    let result = pushed.and_then(|()| reader.finish());
    assert_eq!(reader.push(b"more"), result, "stays as it is");
    (result, reader.field().cloned())
}

/// A form with the boundary `b`.
fn read(body: &[u8]) -> Read {
    let bytewise: Vec<&[u8]> = body.chunks(1).collect();
    let read = same_however_cut(body, |pieces| read_with("b", pieces));
    assert_eq!(read_with("b", &bytewise), read, "byte by byte: {}", body.escape_ascii());
    read
}

fn field(body: &[u8]) -> Option<Field> {
    let (result, field) = read(body);
    assert_eq!(result, Ok(()), "{}", body.escape_ascii());
    field
}

fn model(body: &[u8]) -> Option<String> {
    let field = field(body)?;
    assert_eq!((field.count, &field.first), (1, &field.last));
    field.first.text().map(str::to_owned)
}

fn error(body: &[u8]) -> (MultipartErrorKind, u64) {
    let error = read(body).0.expect_err(&body.escape_ascii().to_string());
    (error.kind, error.offset)
}

/// A form of one part with these lines of headers and this value.
fn part(headers: &str, value: &str) -> Vec<u8> {
    format!("--b\r\n{headers}\r\n\r\n{value}\r\n--b--\r\n").into_bytes()
}

const MODEL: &str = "Content-Disposition: form-data; name=\"model\"";

#[test]
fn the_wanted_field_is_found_among_fields_and_files() {
    let body = b"--b\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\
        Content-Type: audio/wav\r\n\r\n\
        RIFF\0\xff\r\n--\r\n--a\r\n\r\n\r\n\
        --b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper\r\n\
        --b\r\nContent-Disposition: form-data; name=\"models\"\r\n\r\nother\r\n--b--\r\n";
    let found = field(body).unwrap();
    let span = usize::try_from(found.first.span.start).unwrap()
        ..usize::try_from(found.first.span.end).unwrap();
    assert_eq!(found.first.text(), Some("whisper"));
    assert_eq!(&body[span], b"whisper");
    assert_eq!((found.count, found.is_contradictory), (1, false));
}

#[test]
fn forms_are_read_as_clients_write_them() {
    // As curl 7.88, undici of Node 20, httpx 0.28 and requests 2.34 wrote them,
    // and as .NET, Dart and OkHttp are documented to.
    for (boundary, body) in [
        (
            "------------------------6a4198a717b30a80",
            "--------------------------6a4198a717b30a80\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b%22c.wav\"\r\nContent-Type: application/octet-stream\r\n\r\nRIFF\r\n--\0\r\n--------------------------6a4198a717b30a80\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--------------------------6a4198a717b30a80--\r\n",
        ),
        (
            "----formdata-undici-051408030991",
            "------formdata-undici-051408030991\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--\0\r\n------formdata-undici-051408030991\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n------formdata-undici-051408030991\r\nContent-Disposition: form-data; name=\"timestamp_granularities[]\"\r\n\r\nword\r\n------formdata-undici-051408030991--\r\n",
        ),
        (
            "f8697609195ed5e17d461e5e028eeb6d",
            "--f8697609195ed5e17d461e5e028eeb6d\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--f8697609195ed5e17d461e5e028eeb6d\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b.wav\"\r\nContent-Type: audio/x-wav\r\n\r\nRIFF\r\n--\0\r\n--f8697609195ed5e17d461e5e028eeb6d--\r\n",
        ),
        (
            "b",
            "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=model\r\n\r\nwhisper-1\r\n--b\r\nContent-Disposition: form-data; name=file; filename=a.wav; filename*=utf-8''a.wav\r\n\r\nRIFF\r\n--b--\r\n",
        ),
        (
            "b",
            "--b\r\ncontent-disposition: form-data; name=\"model\"\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-transfer-encoding: binary\r\n\r\nwhisper-1\r\n--b--\r\n",
        ),
        (
            "b",
            "--b\r\nContent-Disposition: form-data; name=\"model\"\r\nContent-Length: 9\r\n\r\nwhisper-1\r\n--b--\r\n",
        ),
    ] {
        let (result, field) =
            same_however_cut(body.as_bytes(), |pieces| read_with(boundary, pieces));
        assert_eq!(result, Ok(()), "{body}");
        assert_eq!(field.unwrap().first.text(), Some("whisper-1"), "{body}");
    }
}

#[test]
fn a_form_may_be_empty_and_need_not_have_the_field() {
    assert_eq!(field(b"--b--"), None);
    assert_eq!(field(b"--b--\r\n"), None);
    assert_eq!(field(&part("Content-Disposition: form-data; name=\"file\"", "x")), None);
    assert_eq!(field(&part("Content-Disposition: form-data; name=\"\"", "x")), None);
    assert_eq!(field(&part("Content-Disposition: form-data; name=\"Model\"", "x")), None);
}

#[test]
fn a_value_is_all_between_the_line_breaks_around_it() {
    for value in [
        "",
        " ",
        "a",
        "é€😀",
        "\r\n",
        "a\r\n",
        "\r\na",
        "\r",
        "\n",
        "a\r",
        "\r\r\n",
        "\n\r",
        "-",
        "--",
        "--a",
        "a--b",
        "a--b--",
        "\r\n--",
        "\r\n-b",
        "\n--a",
        "\r--a",
        "\r\n--a\r\n",
        " --b",
        "\u{0}",
    ] {
        assert_eq!(model(&part(MODEL, value)).as_deref(), Some(value), "{value:?}");
    }
}

#[test]
fn what_follows_the_last_boundary_is_not_looked_at() {
    for end in ["", "\r\n", "\n", " ", "x", "-", "\r\n\r\n--b\r\n\r\n", "\r\n--b--"] {
        let body = format!("--b\r\n{MODEL}\r\n\r\na\r\n--b--{end}");
        assert_eq!(model(body.as_bytes()).as_deref(), Some("a"), "{end:?}");
    }
}

#[test]
fn the_field_is_known_and_the_form_complete_as_soon_as_that_is_certain() {
    let boundary = Boundary::from_content_type(b"multipart/form-data; boundary=b").unwrap();
    let mut reader = FieldReader::new(boundary, "model", FieldLimits::default());
    reader.push(format!("--b\r\n{MODEL}\r\n\r\na\r\n--b\r").as_bytes()).unwrap();
    assert_eq!(reader.field(), None);
    reader.push(b"\n").unwrap();
    assert_eq!(reader.field().and_then(|field| field.first.text()), Some("a"));
    reader.push(format!("{MODEL}\r\n\r\nb\r\n--b-").as_bytes()).unwrap();
    assert_eq!(reader.field().map(|field| field.count), Some(1));
    assert!(!reader.is_complete());
    reader.push(b"-").unwrap();
    assert_eq!(reader.field().map(|field| field.count), Some(2));
    assert!(reader.is_complete());
}

#[test]
fn a_repeated_field_is_told_with_whether_its_values_differ() {
    let long = "x".repeat(17);
    for (first, second, is_contradictory) in [
        ("a", "a", false),
        ("a", "b", true),
        ("", "", false),
        (&long, &long, true),
        ("a", &long, true),
    ] {
        let body =
            format!("--b\r\n{MODEL}\r\n\r\n{first}\r\n--b\r\n{MODEL}\r\n\r\n{second}\r\n--b--");
        let found = field(body.as_bytes()).unwrap();
        assert_eq!((found.count, found.is_contradictory), (2, is_contradictory));
        assert!(found.first.span.end < found.last.span.start);
    }
    let body = ["a", "b", "a"].map(|value| format!("--b\r\n{MODEL}\r\n\r\n{value}\r\n")).concat();
    assert!(field(format!("{body}--b--").as_bytes()).unwrap().is_contradictory);
}

#[test]
fn a_value_at_the_limit_is_kept_and_a_longer_one_is_not() {
    assert_eq!(model(&part(MODEL, &"x".repeat(16))), Some("x".repeat(16)));
    let found = field(&part(MODEL, &"x".repeat(17))).unwrap().first;
    assert_eq!(found.value, FoundValue::TooLong);
    assert_eq!(found.span.end - found.span.start, 17);
    // Never cut inside a character, nor at what may be a boundary.
    assert_eq!(model(&part(MODEL, &format!("{}é", "x".repeat(15)))), None);
    assert_eq!(model(&part(MODEL, "123456789012\r\n--a")), None);
}

#[test]
fn headers_are_named_in_any_case_and_read_with_blanks_around() {
    for headers in [
        "content-disposition:form-data;name=\"model\"",
        "CONTENT-DISPOSITION: \t Form-Data ; NAME=model \t",
        "X-Other: \"\r\nContent-Disposition: form-data; name=\"model\";\r\nX: \u{e9}",
        "Content-Disposition: form-data; name=\"model\"\r\nContent-Type: TEXT/PLAIN;charset=\"UTF-8\"",
        "Content-Type: text/plain\r\nContent-Disposition: form-data; name=\"model\"",
        "Content-Transfer-Encoding: 7BIT\r\nContent-Disposition: form-data; name=\"model\"",
        "Content-Transfer-Encoding: 8bit\r\nContent-Disposition: form-data; name=\"model\"",
    ] {
        assert_eq!(model(&part(headers, "a")).as_deref(), Some("a"), "{headers:?}");
    }
}

#[test]
fn a_body_begins_with_its_boundary() {
    for body in
        ["x--b--", "\r\n--b--", "\n--b--", "-", " --b--", "--a\r\n--b--", "preamble\r\n--b--"]
    {
        let expected = if body == "-" { (UnexpectedEnd, 1) } else { (Preamble, 0) };
        assert_eq!(error(body.as_bytes()), expected, "{body:?}");
    }
}

#[test]
fn nothing_stands_behind_a_boundary_but_its_line_break_or_two_dashes() {
    for end in ["x", " \r\n", "\t\r\n", "\n", "\rx", "\r\r\n", "- ", "-\r\n", "-x", "=\r\n"] {
        let line = format!("--b{end}more");
        assert_eq!(error(line.as_bytes()), (BoundaryLine, 0), "{end:?}");
        let body = format!("--b\r\n{MODEL}\r\n\r\na\r\n{line}\r\n--b--");
        let start = crate::wide(body.find(&line).unwrap());
        assert_eq!(error(body.as_bytes()), (BoundaryLine, start), "{end:?}");
    }
}

#[test]
fn a_boundary_that_only_some_servers_see_is_an_error() {
    for before in ["", "a\n", "a\r", "\n", "a\r\n\r", "a\n\r"] {
        for headers in [MODEL, "Content-Disposition: form-data; name=\"x\""] {
            let body = part(headers, &format!("{before}--b\r\n"));
            let start = "--b\r\n\r\n\r\n".len() + headers.len() + before.len();
            assert_eq!(error(&body), (UnclearBoundary, crate::wide(start)), "{before:?}");
        }
    }
}

#[test]
fn lines_of_headers_that_only_some_servers_read_are_an_error() {
    let start = crate::wide(MODEL.len() + 7);
    for (line, at) in [
        ("no colon", 0),
        (": no name", 0),
        ("a name: x", 0),
        ("name : x", 0),
        ("é: x", 0),
        (" folded: x", 0),
        ("\tfolded", 0),
        ("lf: a\nb: c", 5),
        ("cr: a\rb", 6),
        ("nul: \0", 5),
        ("del: \x7f", 5),
    ] {
        let body = part(&format!("{MODEL}\r\n{line}"), "a");
        assert_eq!(error(&body), (HeaderLine, start + at), "{line:?}");
    }
}

#[test]
fn headers_of_a_part_are_at_most_as_long_as_the_limit() {
    let of_length = |length: usize| {
        let padding = "x".repeat(length - MODEL.len() - "\r\nX: \r\n\r\n".len());
        format!("{MODEL}\r\nX: {padding}")
    };
    assert_eq!(model(&part(&of_length(200), "a")).as_deref(), Some("a"));
    assert_eq!(error(&part(&of_length(201), "a")), (HeadersTooLong, 205));
    assert_eq!(error(&part(&of_length(300), "a")), (HeadersTooLong, 205));
    let two = [part(&of_length(200), "a"), part(&of_length(200), "a")].concat();
    let two = String::from_utf8(two).unwrap().replacen("--b--\r\n", "", 1);
    assert_eq!(field(two.as_bytes()).unwrap().count, 2);
}

#[test]
fn a_part_has_one_disposition_with_one_clear_name() {
    for (headers, kind) in [
        ("X: y", NoDisposition),
        ("Content-Type: text/plain", NoDisposition),
        ("Content-Disposition:", Disposition),
        ("Content-Disposition: form-data", Disposition),
        ("Content-Disposition: name=\"model\"", Disposition),
        ("Content-Disposition: attachment; name=\"model\"", Disposition),
        ("Content-Disposition: form-data; filename=\"model\"", Disposition),
        ("Content-Disposition: form-data; name*=utf-8''model", Disposition),
        ("Content-Disposition: form-data; name=\"x\"; name*=utf-8''model", Disposition),
        ("Content-Disposition: form-data; name=\"x\"; name=\"model\"", Disposition),
        ("Content-Disposition: form-data; name=\"x\"; NAME=\"x\"", Disposition),
        ("Content-Disposition: form-data; name=\"x\"; filename=\"; name=model\"", Disposition),
        ("Content-Disposition: form-data; name=\"x\"; filename=\";name = model;\"", Disposition),
        ("Content-Disposition: form-data; filename=\"\\\"; name=\"model\"", Disposition),
        ("Content-Disposition: form-data; name=model name", Disposition),
        ("Content-Disposition: form-data; name =model", Disposition),
        ("Content-Disposition: form-data; name=\"model", Disposition),
        ("Content-Disposition: form-data, name=\"model\"", Disposition),
        ("Content-Disposition: form-data; name='model'; x", Disposition),
        ("Content-Disposition: form-data; name=\"mod\\el\"", UnclearName),
        ("Content-Disposition: form-data; name=\"mod\\\"el\"", UnclearName),
        ("Content-Disposition: form-data; name=\"mod%65l\"", UnclearName),
        ("Content-Disposition: form-data; name=mod%65l", UnclearName),
        ("Content-Disposition: form-data; name=\"model;x\"", UnclearName),
        ("Content-Disposition: form-data; name=\" model\"", UnclearName),
        ("Content-Disposition: form-data; name=\"model\t\"", UnclearName),
        (
            "Content-Disposition: form-data; name=\"x\"\r\nContent-Disposition: form-data; name=\"model\"",
            RepeatedHeader,
        ),
        (
            "Content-Disposition: form-data; name=x\r\nContent-Type: a/b\r\ncontent-type: c/d",
            RepeatedHeader,
        ),
    ] {
        assert_eq!(error(&part(headers, "a")).0, kind, "{headers:?}");
    }
    assert_eq!(error(b"--b\r\n\r\na\r\n--b--"), (NoDisposition, 5));
}

#[test]
fn errors_in_headers_are_told_where_the_line_begins() {
    let first = "X: y\r\n";
    let start = crate::wide("--b\r\n".len() + first.len());
    for line in ["Content-Disposition: form-data", "x", "Content-Type: multipart/mixed"] {
        assert_eq!(error(&part(&format!("{first}{line}"), "a")).1, start, "{line}");
    }
    // Where the headers end, and the missing one should have been.
    assert_eq!(error(&part("X: y", "a")), (NoDisposition, start));
}

#[test]
fn file_names_may_have_escapes_and_semicolons() {
    for filename in
        ["a;b.wav", "a\\\"b.wav", "C:\\\\dir\\\\a.wav", "C:\\dir", "a%22b", "my name=x", "é"]
    {
        let headers =
            format!("Content-Disposition: form-data; filename=\"{filename}\"; name=\"file\"");
        assert_eq!(field(&part(&headers, "a")), None, "{filename}");
    }
}

#[test]
fn a_part_that_is_a_multipart_of_its_own_is_an_error() {
    for value in ["multipart/mixed; boundary=c", "Multipart/form-data", "multipart"] {
        let headers =
            format!("Content-Disposition: form-data; name=\"x\"\r\nContent-Type: {value}");
        assert_eq!(error(&part(&headers, "a")).0, NestedMultipart, "{value}");
    }
}

#[test]
fn the_wanted_field_is_plain_text_in_utf8_and_no_file() {
    let disposition = "Content-Disposition: form-data; ";
    for (name, kind) in [
        ("name=\"model\"; filename=\"a\"", FieldParameter),
        ("filename=\"\"; name=\"model\"", FieldParameter),
        ("name=\"model\"; filename*=utf-8''a", FieldParameter),
        ("name=\"model\"; x=y", FieldParameter),
    ] {
        assert_eq!(error(&part(&format!("{disposition}{name}"), "a")), (kind, 5), "{name}");
    }
    for (line, kind) in [
        ("Content-Type: application/json", FieldType),
        ("Content-Type: text/plain; charset=iso-8859-1", FieldType),
        ("Content-Type: text/plain; charset=utf-8; charset=utf-7", FieldType),
        ("Content-Type: text/plain; format=flowed", FieldType),
        ("Content-Type: text/plain; charset", FieldType),
        ("Content-Type:", FieldType),
        ("Content-Transfer-Encoding: base64", FieldEncoding),
        ("Content-Transfer-Encoding: quoted-printable", FieldEncoding),
        ("Content-Transfer-Encoding:", FieldEncoding),
    ] {
        // Before the name is known as well as behind it.
        assert_eq!(error(&part(&format!("{line}\r\n{MODEL}"), "a")), (kind, 5), "{line}");
        let behind = part(&format!("{MODEL}\r\n{line}"), "a");
        assert_eq!(error(&behind), (kind, crate::wide(MODEL.len() + 7)), "{line}");
        let other = part(&format!("{disposition}name=\"x\"; filename=\"y\"\r\n{line}"), "a");
        assert_eq!(field(&other), None, "{line}");
    }
}

#[test]
fn a_value_that_is_not_utf8_is_found_where_it_begins() {
    let start = crate::wide(MODEL.len() + 9);
    for bad in [&b"\xff"[..], b"\xe2\x82", b"\xe2\x82\r\nx", b"\xed\xa0\x80", b"\xc3\r\n--\xff"] {
        let body = [&part(MODEL, "ab")[..usize::try_from(start).unwrap() + 2], bad, b"\r\n--b--"];
        assert_eq!(error(&body.concat()), (InvalidUtf8, start + 2), "{bad:x?}");
    }
    let long = [&part(MODEL, "")[..usize::try_from(start).unwrap()], &[b'x'; 20], b"\xff\r\n--b--"];
    assert_eq!(error(&long.concat()), (InvalidUtf8, start + 20));
}

#[test]
fn a_body_that_ends_before_its_last_boundary_is_told_from_a_whole_one() {
    let body = part(MODEL, "a\r\n-");
    for end in 0..body.len() - "\r\n".len() {
        assert_eq!(error(&body[..end]), (UnexpectedEnd, crate::wide(end)), "ends at {end}");
    }
}
