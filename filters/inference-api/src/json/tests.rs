use super::*;
use crate::cuts::same_however_cut;
use core::ops::Range;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Writes down what it is told, fragments joined.
#[derive(Debug, Default, PartialEq)]
struct Script {
    lines: Vec<String>,
    skips: Option<Kind>,
    measures: Option<Kind>,
    text: String,
}

impl Sink for Script {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        self.lines.push(format!("{at} {kind:?}"));
        match Some(kind) {
            kind if kind == self.skips => Interest::Skip,
            kind if kind == self.measures => Interest::Measure,
            _ => Interest::Take,
        }
    }

    fn measured(&mut self, characters: u64) {
        self.lines.push(format!("{characters} characters"));
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        let text = core::mem::take(&mut self.text);
        self.lines.push(format!("{end} end {kind:?} {text}").trim_end().to_owned());
    }

    fn key(&mut self, fragment: &str) {
        self.text.push_str(fragment);
    }

    fn key_end(&mut self, span: Range<u64>, spelling: Spelling) {
        let text = core::mem::take(&mut self.text);
        self.lines.push(format!("{span:?} key {text} {spelling:?}"));
    }

    fn text(&mut self, fragment: &str) {
        self.text.push_str(fragment);
    }

    fn text_end(&mut self, spelling: Spelling) {
        self.text.push_str(if spelling == Spelling::Escaped { " (escaped)" } else { "" });
    }

    fn number(&mut self, fragment: &str) {
        self.text.push_str(fragment);
    }
}

fn read_with(
    mut script: Script,
    options: Options,
    chunks: &[&[u8]],
) -> (Vec<String>, Result<(), JsonError>) {
    let mut reader = Reader::new(options);
    let result = chunks
        .iter()
        .try_for_each(|chunk| reader.push(chunk, &mut script))
        .and_then(|()| reader.finish(&mut script));
    (script.lines, result)
}

fn error_of(text: &[u8]) -> (JsonErrorKind, u64) {
    let read = |chunks: &[&[u8]]| read_with(Script::default(), Options::default(), chunks).1;
    let error = same_however_cut(text, read).unwrap_err();
    (error.kind, error.offset)
}

#[test]
fn tells_values_with_their_places() {
    let text = br#" {"a":[1,-2.5e3,"x\ny",true],"b\u0062":null,"":{}} "#;
    let (lines, result) = read_with(Script::default(), Options::default(), &[text]);
    assert_eq!(result, Ok(()));
    let expected = [
        "1 Object",
        "2..5 key a Plain",
        "6 Array",
        "7 Number",
        "8 end Number 1",
        "9 Number",
        "15 end Number -2.5e3",
        "16 String",
        "22 end String x\ny (escaped)",
        "23 Boolean(true)",
        "27 end Boolean(true)",
        "28 end Array",
        "29..38 key bb Escaped",
        "39 Null",
        "43 end Null",
        "44..46 key  Plain",
        "47 Object",
        "49 end Object",
        "50 end Object",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn tells_the_same_however_the_text_is_cut() {
    let text =
        "{\"é\\ud83d\\ude00€\":[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",1.25E-7,false,null,-0]}".as_bytes();
    let whole = read_with(Script::default(), Options::default(), &[text]);
    assert_eq!(whole.1, Ok(()));
    for first in 0..=text.len() {
        for second in first..=text.len() {
            let chunks = [&text[..first], &text[first..second], &text[second..]];
            let cut = read_with(Script::default(), Options::default(), &chunks);
            assert_eq!(cut, whole, "cut at {first} and {second}");
        }
    }
}

#[test]
fn of_a_skipped_value_only_the_end_is_told() {
    let script = Script { skips: Some(Kind::Array), ..Script::default() };
    let text = br#"{"a":[1,{"b":"c"},[2]],"d":3}"#;
    let (lines, result) = read_with(script, Options::default(), &[text]);
    assert_eq!(result, Ok(()));
    let expected = [
        "0 Object",
        "1..4 key a Plain",
        "5 Array",
        "22 end Array",
        "23..26 key d Plain",
        "27 Number",
        "28 end Number 3",
        "29 end Object",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn of_a_measured_string_the_characters_are_told_and_the_end() {
    let text = r#"["plain","a\\\"é\u00e9\ud83d\ude42\n😀","",7]"#.as_bytes();
    let (lines, result) = same_however_cut(text, |chunks| {
        let script = Script { measures: Some(Kind::String), ..Script::default() };
        read_with(script, Options::default(), chunks)
    });
    assert_eq!(result, Ok(()));
    let expected = [
        "0 Array",
        "1 String",
        "5 characters",
        "8 end String",
        "9 String",
        "8 characters",
        "42 end String",
        "43 String",
        "0 characters",
        "45 end String",
        "46 Number",
        "47 end Number 7",
        "48 end Array",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn to_measure_anything_but_a_string_is_to_skip_it() {
    for kind in [Kind::Array, Kind::Object, Kind::Number] {
        let text = br#"{"a":[1,{"b":"c"},[2]],"d":3}"#;
        let skipping = Script { skips: Some(kind), ..Script::default() };
        let measuring = Script { measures: Some(kind), ..Script::default() };
        let (lines, result) = read_with(measuring, Options::default(), &[text]);
        assert_eq!((lines, result), read_with(skipping, Options::default(), &[text]));
    }
}

#[test]
fn what_is_measured_is_still_checked() {
    let result = same_however_cut(b"[\"a\\n\xed\xa0\x80\"]", |chunks| {
        let script = Script { measures: Some(Kind::String), ..Script::default() };
        read_with(script, Options::default(), chunks).1
    });
    assert_eq!(result, Err(JsonError { kind: JsonErrorKind::InvalidUtf8, offset: 5 }));
}

#[test]
fn what_is_skipped_is_still_checked() {
    let script = Script { skips: Some(Kind::Object), ..Script::default() };
    let (_, result) = read_with(script, Options::default(), &[b"{\"a\":[\"\xff\"]}"]);
    assert_eq!(result, Err(JsonError { kind: JsonErrorKind::InvalidUtf8, offset: 7 }));
}

#[test]
fn says_what_is_wrong_and_where() {
    use JsonErrorKind::*;
    let cases: &[(&[u8], JsonErrorKind, u64)] = &[
        (b"", UnexpectedEnd, 0),
        (b"  ", UnexpectedEnd, 2),
        (b"\xef\xbb\xbf{}", ByteOrderMark, 0),
        (b"\xef\xbb", ExpectedValue, 0),
        (b"\xef\xbb{}", ExpectedValue, 0),
        (b" \xef\xbb\xbf{}", ExpectedValue, 1),
        (b"\xfe\xff", ExpectedValue, 0),
        (b"{", UnexpectedEnd, 1),
        (b"{]", ExpectedKey, 1),
        (b"{a:1}", ExpectedKey, 1),
        (b"{'a':1}", ExpectedKey, 1),
        (b"{\"a\" 1}", ExpectedColon, 5),
        (b"{\"a\":}", ExpectedValue, 5),
        (b"{\"a\":1,}", ExpectedKey, 7),
        (b"{\"a\":1 \"b\":2}", ExpectedSeparator, 7),
        (b"{\"a\":1]", ExpectedSeparator, 6),
        (b"[1,]", ExpectedValue, 3),
        (b"[,1]", ExpectedValue, 1),
        (b"[1}", ExpectedSeparator, 2),
        (b"[1 2]", ExpectedSeparator, 3),
        (b"tru", UnexpectedEnd, 3),
        (b"[truE]", InvalidLiteral, 1),
        (b"nul1", InvalidLiteral, 0),
        (b"NaN", ExpectedValue, 0),
        (b"-Infinity", InvalidNumber, 1),
        (b"+1", ExpectedValue, 0),
        (b"[01]", InvalidNumber, 2),
        (b"[1.]", InvalidNumber, 3),
        (b"[1.5e]", InvalidNumber, 5),
        (b"-", UnexpectedEnd, 1),
        (b"[1e999]", NumberOutOfRange, 1),
        (b"1e999", NumberOutOfRange, 0),
        (b"\"a", UnexpectedEnd, 2),
        (b"\"\\x\"", InvalidEscape, 2),
        (b"\"\\u12g4\"", InvalidEscape, 5),
        (b"\"\\ud800\"", LoneSurrogate, 1),
        (b"\"\\ud800\\n\"", LoneSurrogate, 1),
        (b"\"\\ud800\\u0041\"", LoneSurrogate, 1),
        (b"\"a\\udc00\"", LoneSurrogate, 2),
        (b"\"a\nb\"", ControlCharacter, 2),
        (b"\"a\0\"", ControlCharacter, 2),
        (b"\"a\x1f\"", ControlCharacter, 2),
        (b"\"a\xc3\"", InvalidUtf8, 2),
        (b"\"a\xe2\x82\\n\"", InvalidUtf8, 2),
        (b"\"a\xe2\x82bc\"", InvalidUtf8, 2),
        (b"\"a\xed\xa0\x80\"", InvalidUtf8, 2),
        (b"{} x", TrailingBytes, 3),
        (b"1 2", TrailingBytes, 2),
        (b"{}\0", TrailingBytes, 2),
        (b"[1]]", TrailingBytes, 3),
        (b"//\n1", ExpectedValue, 0),
    ];
    for (text, kind, offset) in cases {
        assert_eq!(error_of(text), (*kind, *offset), "{:?}", String::from_utf8_lossy(text));
        let serde = serde_json::from_slice::<serde_json::Value>(text);
        assert!(serde.is_err(), "serde_json takes {:?}", String::from_utf8_lossy(text));
    }
}

#[test]
fn an_error_stays() {
    let mut reader = Reader::new(Options::default());
    let error = reader.push(b"x", &mut Script::default());
    assert!(error.is_err());
    assert_eq!(reader.push(b"{}", &mut Script::default()), error);
    assert_eq!(reader.finish(&mut Script::default()), error);
}

#[test]
fn containers_nest_as_deep_as_allowed_and_no_deeper() {
    let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    for (max_depth, depth, is_accepted) in
        [(127, 127, true), (127, 128, false), (3, 3, true), (3, 4, false), (0, 1, false)]
    {
        let options = Options { max_depth, ..Options::default() };
        let text = nested(depth);
        let offset = u64::try_from(max_depth).unwrap();
        let error = JsonError { kind: JsonErrorKind::TooDeep, offset };
        let expected = if is_accepted { Ok(()) } else { Err(error) };
        for skips in [None, Some(Kind::Array)] {
            let script = Script { skips, ..Script::default() };
            let result = read_with(script, options, &[text.as_bytes()]).1;
            assert_eq!(result, expected, "{max_depth} {depth} {skips:?}");
        }
    }
    for depth in [127, 128] {
        let serde = serde_json::from_str::<serde_json::Value>(&nested(depth));
        assert_eq!(serde.is_ok(), depth == 127, "the default is serde_json's");
    }
}

#[test]
fn words_are_numbers_only_where_allowed() {
    let options = Options { words: NumberWords::NonFinite, ..Options::default() };
    let text = b"[NaN,Infinity,-Infinity,-1]";
    for cut in 0..=text.len() {
        let (lines, result) = read_with(Script::default(), options, &[&text[..cut], &text[cut..]]);
        assert_eq!(result, Ok(()));
        let ends: Vec<&str> = lines
            .iter()
            .filter_map(|line| line.split_once("end Number "))
            .map(|(_, text)| text)
            .collect();
        assert_eq!(ends, ["NaN", "Infinity", "-Infinity", "-1"], "cut at {cut}");
    }
    for text in ["[Nan]", "[-NaN]", "[Inf]", "[-Infinit]", "[infinity]", "NaNa", "[1Infinity]"] {
        let result = read_with(Script::default(), options, &[text.as_bytes()]).1;
        assert!(result.is_err(), "{text}");
    }
}

/// The fields `model` and `n`, whole and cut at every byte.
fn fields_of(text: &str) -> (Option<Field>, Option<Field>) {
    let read = |chunks: &[&[u8]]| {
        let limits = FieldLimits { value_bytes: 8 };
        let mut reader = FieldReader::new(&["model", "n"], limits, Options::default());
        chunks.iter().for_each(|chunk| reader.push(chunk).unwrap());
        reader.finish().unwrap();
        (reader.field("model").cloned(), reader.field("n").cloned())
    };
    same_however_cut(text.as_bytes(), read)
}

fn value_of(text: &str) -> FoundValue {
    fields_of(text).0.unwrap().last.value
}

#[test]
fn catches_wanted_fields_of_the_top_level_only() {
    let (model, n) = fields_of(r#"{"x":{"model":"no"},"model":"yes","y":["model"],"n":4}"#);
    let model = model.unwrap();
    assert_eq!(model.last.value, FoundValue::Text("yes".to_owned()));
    assert_eq!(model.last.span, 28..33);
    assert_eq!((model.count, model.is_contradictory, model.has_escaped_key), (1, false, false));
    assert_eq!(n.unwrap().last.value, FoundValue::Number("4".to_owned()));
    assert_eq!(fields_of(r#"["model","x"]"#), (None, None));
    assert_eq!(fields_of(r#"[{"model":"x"}]"#), (None, None));
    assert_eq!(fields_of(r#"{"modelx":"x","mode":"x","":"x"}"#), (None, None));
}

#[test]
fn reports_what_else_stands_where_text_should() {
    assert_eq!(value_of(r#"{"model":null}"#), FoundValue::Null);
    assert_eq!(value_of(r#"{"model":true}"#), FoundValue::Boolean(true));
    assert_eq!(value_of(r#"{"model":-1.5e3}"#), FoundValue::Number("-1.5e3".to_owned()));
    assert_eq!(value_of(r#"{"model":{"model":"x"}}"#), FoundValue::Object);
    assert_eq!(value_of(r#"{"model":["x"]}"#), FoundValue::Array);
}

#[test]
fn keeps_no_more_than_the_limit() {
    assert_eq!(value_of(r#"{"model":"12345678"}"#), FoundValue::Text("12345678".to_owned()));
    assert_eq!(value_of(r#"{"model":"123456789"}"#), FoundValue::TooLong(Kind::String));
    assert_eq!(value_of(r#"{"model":123456789}"#), FoundValue::TooLong(Kind::Number));
    // Six bytes and two of one character do fit, decoded.
    assert_eq!(value_of(r#"{"model":"123456\u00e9"}"#), FoundValue::Text("123456é".to_owned()));
    let long_first = r#"{"model":"123456789","model":"x"}"#;
    assert_eq!(value_of(long_first), FoundValue::Text("x".to_owned()));
}

#[test]
fn a_key_may_be_written_with_escapes() {
    let (model, _) = fields_of(r#"{"mod\u0065l":"a\u0062"}"#);
    let model = model.unwrap();
    assert!(model.has_escaped_key);
    assert_eq!(model.last.value, FoundValue::Text("ab".to_owned()));
    assert_eq!((model.last.key, model.last.spelling), (Spelling::Escaped, Spelling::Escaped));
    let (model, _) = fields_of(r#"{"model":"ab"}"#);
    assert_eq!(model.unwrap().last.spelling, Spelling::Plain);
}

#[test]
fn duplicate_keys_are_told_with_the_first_and_the_last_value() {
    let (model, _) = fields_of(r#"{"model":"a","model":7,"mode\u006c":"b"}"#);
    let model = model.unwrap();
    assert_eq!(model.count, 3);
    assert!(model.is_contradictory && model.has_escaped_key);
    assert_eq!(model.first.value, FoundValue::Text("a".to_owned()));
    assert_eq!(model.last.value, FoundValue::Text("b".to_owned()));
    let (model, _) = fields_of(r#"{"model":"a","model":"a"}"#);
    assert!(!model.unwrap().is_contradictory);
    let (model, _) = fields_of(r#"{"model":"a","model":"b","model":"a"}"#);
    assert!(model.unwrap().is_contradictory);
    let (model, _) = fields_of(r#"{"model":{},"model":{}}"#);
    assert!(model.unwrap().is_contradictory, "nothing is known of objects");
}

#[test]
fn a_string_that_is_too_long_is_refused_wherever_it_stands() {
    let options = Options { max_string_bytes: 5, ..Options::default() };
    let long = "x".repeat(100);
    for (text, at) in [
        (r#"["12345", {"12345": "\u00e9"}]"#.to_owned(), Some(20)),
        (r#"["12345", {"12345": "12345"}]"#.to_owned(), None),
        (r#"["123456"]"#.to_owned(), Some(1)),
        (r#"{"123456": 1}"#.to_owned(), Some(1)),
        (r#"{"a": ["", "", "12\n456"]}"#.to_owned(), Some(15)),
        (format!(r#"{{"a": "{long}"}}"#), Some(6)),
    ] {
        for interest in [Interest::Take, Interest::Skip] {
            let read = same_however_cut(text.as_bytes(), |chunks| {
                let mut reader = Reader::new(options);
                let mut sink = Inside(interest);
                for chunk in chunks {
                    reader.push(chunk, &mut sink)?;
                }
                reader.finish(&mut sink)
            });
            let expected =
                at.map(|offset| JsonError { kind: JsonErrorKind::StringTooLong, offset });
            assert_eq!(read.err(), expected, "{text} {interest:?}");
        }
    }
}

/// Takes the outermost value, and of what is inside it wants this.
struct Inside(Interest);

impl Sink for Inside {
    fn value(&mut self, _: Kind, at: u64) -> Interest {
        if at == 0 { Interest::Take } else { self.0 }
    }
}
