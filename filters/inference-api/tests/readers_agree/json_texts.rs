//! JSON texts for the property tests: valid ones, pieces in any order, and what
//! is long enough for whatever reads many bytes at once.

use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

/// Strings of what matters to a JSON reader.
pub fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("model".to_owned()),
        Just("plain text, long enough to fill several words at once. ".to_owned()),
        select(vec![
            "\"", "\\", "/", "\n", "\u{0}", "\u{1f}", "é", "€", "😀", "\u{fffd}", "u00", "\\u"
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

pub fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        let key = prop_oneof![Just("model".to_owned()), text()];
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::Array),
            hash_map(key, inner, 0..8)
                .prop_map(|members| { Value::Object(members.into_iter().collect::<Map<_, _>>()) }),
        ]
    })
}

/// JSON that is laid out and escaped in one of many ways.
pub fn json_text() -> impl Strategy<Value = Vec<u8>> {
    (json_value(), 0..4_u8).prop_map(|(value, style)| {
        let text = match style {
            0 => value.to_string(),
            1 => serde_json::to_string_pretty(&value).unwrap(),
            2 => escaped(&value.to_string()),
            // Duplicate keys: one object's members after another's.
            _ => {
                let twice = format!("{value},{value}").replace("},{", ",");
                twice.replace("{,", "{").replace(",}", "}")
            }
        };
        text.into_bytes()
    })
}

/// Every character beyond ASCII, and every `m`, as `\u`.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if character.is_ascii() && character != 'm' {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

/// Texts of the pieces that JSON is made of, in any order.
pub fn json_salad() -> impl Strategy<Value = Vec<u8>> {
    let token = select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\"model\"",
        "\"mod\\u0065l\"",
        "\"a\"",
        "\"\\ud83d\\ude00\"",
        "\\ud800",
        "\\u00e9",
        "true",
        "false",
        "null",
        "nul",
        "NaN",
        "-",
        "0",
        "1",
        "12345678901234567890",
        "1e308",
        "1e309",
        ".5",
        "e+",
        "E-5",
        " ",
        "\n",
        "\u{feff}",
        "é",
        "\u{1}",
    ]);
    vec(token, 0..14).prop_map(|tokens| tokens.concat().into_bytes())
}

/// Strings of the pieces that strings are made of, long enough for whatever
/// reads many bytes at once, and few of them malformed.
pub fn json_string() -> impl Strategy<Value = Vec<u8>> {
    let good = select(vec![
        "plain text, a few words of it",
        "a",
        "\\n",
        "\\\"",
        "\\\\",
        "\\\\\\\\",
        "\\/",
        "\\u00e9",
        "\\uD83d\\ude42",
        "é",
        "\u{800}",
        "漢字",
        "\u{d7ff}\u{e000}",
        "😀",
        "\u{10ffff}",
    ]);
    let bad: Vec<&[u8]> = vec![
        b"\"",
        b"\\",
        b"\\x",
        b"\\u12",
        b"\\ud800",
        b"\n",
        b"\x80",
        b"\xc3",
        b"\xc1\xbf",
        b"\xe2\x82",
        b"\xe0\x9f\xbf",
        b"\xed\xa0\x80",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",
    ];
    let piece = prop_oneof![
        60 => good.prop_map(|piece| piece.as_bytes().to_vec()),
        1 => select(bad).prop_map(<[u8]>::to_vec),
    ];
    vec(piece, 0..60).prop_map(|pieces| [&b"\""[..], &pieces.concat(), b"\""].concat())
}

/// Arrays of numbers, long enough for whatever reads many bytes at once, and
/// few of them malformed.
pub fn json_numbers() -> impl Strategy<Value = Vec<u8>> {
    let good = prop_oneof![
        4 => "-?(0|[1-9][0-9]{0,7})(\\.[0-9]{1,17})?",
        2 => "0|1|128000",
        1 => "-?[1-9](\\.[0-9]{1,3})?[eE][+-]?[0-9]{1,3}",
        1 => "[1-9][0-9]{60,70}",
    ];
    let bad =
        select(vec!["", "01", "-", "1.", ".5", "1e", "1e+", "1.2.3", "1e5.5", "1-2", "+1", "1 2"]);
    let other = select(vec!["null", "\"a\"", "[1,2]", "{}", "{\"a\":[1,2,3,4,5,6]}", "[]"]);
    let element = prop_oneof![
        200 => good,
        1 => bad.prop_map(str::to_owned),
        3 => other.prop_map(str::to_owned),
    ];
    let comma = prop_oneof![
        20 => Just(","),
        10 => Just(", "),
        4 => Just("],["),
        2 => Just("], ["),
        1 => Just(",\n   "),
        1 => Just(" ,"),
        1 => Just(",\t"),
        1 => Just("]],[["),
    ];
    // The last one is malformed: rows are no members of an object.
    let around = select(vec![("[[", "],7]"), ("[[[", "]]]"), ("{\"a\":[", "]}")]);
    (vec((element, comma), 0..60), "0|1\\.5|-|", around).prop_map(|(elements, last, around)| {
        let elements: String =
            elements.into_iter().map(|(element, comma)| element + comma).collect();
        format!("{}{elements}{last}{}", around.0, around.1).into_bytes()
    })
}

/// Numbers in every form, near the borders of the grammar and of the range.
pub fn json_number() -> impl Strategy<Value = Vec<u8>> {
    let digits =
        prop_oneof!["[0-9]{0,3}", "[0-9]{15,25}", "[0-9]{290,330}", "1797693134862315[0-9]{3,6}"];
    let exponent = prop_oneof![
        Just(String::new()),
        "[eE][+-]?[0-9]{0,3}",
        "[eE][+-]?[0-9]{9,12}",
        "e(2[89]|30)[0-9]"
    ];
    ("-?", digits, "(\\.[0-9]{0,3}|\\.[0-9]{18,25}|)", exponent).prop_map(
        |(sign, integer, fraction, exponent)| {
            [sign, integer, fraction, exponent].concat().into_bytes()
        },
    )
}
