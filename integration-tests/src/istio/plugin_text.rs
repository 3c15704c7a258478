use serde_json::Value;
use std::fmt::Write as _;

/// How numbers are written. All of them have become doubles on the way, and JSON can say each
/// one in several ways.
#[derive(Clone, Copy, Debug)]
pub enum Numbers {
    /// `1024`: as protojson writes them today.
    Plain,
    /// `1024.0`
    WithFraction,
    /// `1.024e3`
    WithExponent,
}

/// The text of a `google.protobuf.Struct`: a map has no order, here that of its keys from the
/// last to the first.
pub(super) fn of(value: &Value, numbers: Numbers) -> String {
    let mut text = String::new();
    write(value, numbers, &mut text);
    text
}

fn write(value: &Value, numbers: Numbers, text: &mut String) {
    match value {
        Value::Object(members) => {
            separated(members.iter().rev(), ['{', '}'], text, |(key, value), text| {
                let _ = write!(text, "{}:", Value::from(key.as_str()));
                write(value, numbers, text);
            });
        }
        Value::Array(elements) => {
            separated(elements.iter(), ['[', ']'], text, |element, text| {
                write(element, numbers, text);
            });
        }
        Value::Number(number) => {
            let number = number.as_f64().expect("a double");
            let _ = match numbers {
                Numbers::Plain => write!(text, "{number}"),
                Numbers::WithFraction => write!(text, "{number:?}"),
                Numbers::WithExponent => write!(text, "{number:e}"),
            };
        }
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&value.to_string()),
    }
}

fn separated<T>(
    items: impl Iterator<Item = T>,
    [begin, end]: [char; 2],
    text: &mut String,
    write_one: impl Fn(T, &mut String),
) {
    text.push(begin);
    for (position, item) in items.enumerate() {
        if position > 0 {
            text.push(',');
        }
        write_one(item, text);
    }
    text.push(end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_each_kind_of_number() {
        let value = json!({"a": [1024, 0.15, -1], "b": {"c": "1"}, "d": null});
        for (numbers, written) in [
            (Numbers::Plain, r#"{"d":null,"b":{"c":"1"},"a":[1024,0.15,-1]}"#),
            (Numbers::WithFraction, r#"{"d":null,"b":{"c":"1"},"a":[1024.0,0.15,-1.0]}"#),
            (Numbers::WithExponent, r#"{"d":null,"b":{"c":"1"},"a":[1.024e3,1.5e-1,-1e0]}"#),
        ] {
            assert_eq!(of(&value, numbers), written);
        }
    }
}
