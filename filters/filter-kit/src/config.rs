use crate::Problems;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How often [`parse_config`] mends a configuration to find its next problem.
const MAX_STRUCTURAL_PROBLEMS: usize = 32;

/// What [`parse_config`] makes of a configuration.
#[derive(Debug)]
pub struct Parsed<C> {
    /// The configuration, if it can be looked at: either nothing is wrong with
    /// it, or only that it has unknown keys, which were left out.
    pub config: Option<C>,
    /// What is wrong with its structure.
    pub problems: Problems,
}

/// Reads a configuration and finds **every** structural problem: unknown keys,
/// missing keys, wrong types.
///
/// serde stops at the first one. So the first one is written down, the piece
/// that has it is taken out, and the rest is read again: an unknown key by
/// itself; anything else with the list element or the key that holds it.
///
/// Numbers may be written with or without a fraction of zero: a configuration
/// that came through a `google.protobuf.Struct` has nothing but doubles.
pub fn parse_config<C: DeserializeOwned>(mut value: Value) -> Parsed<C> {
    let mut problems = Problems::default();
    let mut removed = Removed::default();
    let mut whole = true;
    whole_numbers(&mut value);
    for _ in 0..MAX_STRUCTURAL_PROBLEMS {
        let error = match serde_path_to_error::deserialize::<_, C>(&value) {
            Ok(config) => return Parsed { config: whole.then_some(config), problems },
            Err(error) => error,
        };
        let mut path: Vec<Step> = error.path().iter().filter_map(Step::new).collect();
        let text = without_position(error.inner().to_string());
        let unknown = text.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        let is_unknown_key = unknown.is_some();
        if let Some(key) = unknown
            && path.last() != Some(&Step::Key(key.to_owned()))
        {
            path.push(Step::Key(key.to_owned()));
        }
        let shown = removed.original(&path);
        if removed.took_out_missing(&shown, &text) {
            if !removed.take_out(&mut value, &path) {
                break;
            }
            continue;
        }
        if problems.contains(&shown, &text) {
            break;
        }
        problems.add(shown, text);
        if !is_unknown_key {
            whole = false;
            let element = path.iter().rposition(|step| matches!(step, Step::Index(_)));
            if let Some(last) = element {
                path.truncate(last.saturating_add(1));
            }
        }
        if !removed.take_out(&mut value, &path) {
            break;
        }
    }
    Parsed { config: None, problems }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl Step {
    fn new(segment: &serde_path_to_error::Segment) -> Option<Self> {
        use serde_path_to_error::Segment;
        match segment {
            Segment::Seq { index } => Some(Self::Index(*index)),
            Segment::Map { key } => Some(Self::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        }
    }
}

/// What was taken out: list elements, so that the others keep their index, and
/// keys, so that none is reported as missing that was only wrong.
#[derive(Default)]
struct Removed {
    /// By list and index, in the order of the indices.
    elements: Vec<(Vec<Step>, usize)>,
    keys: Vec<String>,
}

impl Removed {
    /// The path as it is in what the operator wrote.
    fn original(&self, path: &[Step]) -> String {
        let mut shown = String::new();
        for (depth, step) in path.iter().enumerate() {
            match step {
                Step::Key(key) if shown.is_empty() => shown.push_str(key),
                Step::Key(key) => {
                    shown.push('.');
                    shown.push_str(key);
                }
                Step::Index(index) => {
                    let list = path.get(..depth).unwrap_or_default();
                    shown.push_str(&format!("[{}]", self.original_index(list, *index)));
                }
            }
        }
        shown
    }

    fn original_index(&self, list: &[Step], now: usize) -> usize {
        let gone = self.elements.iter().filter(|(of, _)| of == list);
        gone.fold(
            now,
            |index, (_, gone)| if *gone <= index { index.saturating_add(1) } else { index },
        )
    }

    /// Whether the text says that a key is missing which was taken out.
    fn took_out_missing(&self, holder: &str, text: &str) -> bool {
        let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        missing.is_some_and(|key| {
            let path = if holder.is_empty() { key.to_owned() } else { format!("{holder}.{key}") };
            self.keys.contains(&path)
        })
    }

    /// Removes what stands at `path`. False if nothing does.
    fn take_out(&mut self, value: &mut Value, path: &[Step]) -> bool {
        let Some((last, parents)) = path.split_last() else { return false };
        let shown = self.original(path);
        let holder = parents.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(index),
        });
        match (holder, last) {
            (Some(Value::Object(map)), Step::Key(key)) => {
                self.keys.push(shown);
                map.remove(key).is_some()
            }
            (Some(Value::Array(list)), Step::Index(index)) if *index < list.len() => {
                list.remove(*index);
                let original = self.original_index(parents, *index);
                let place = self.elements.partition_point(|(_, index)| *index < original);
                self.elements.insert(place, (parents.to_vec(), original));
                true
            }
            _ => false,
        }
    }
}

/// Doubles that are whole numbers become whole numbers.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(whole) = number.as_f64().and_then(whole_number) {
                *number = whole.into();
            }
        }
        Value::Array(list) => list.iter_mut().for_each(whole_numbers),
        Value::Object(map) => map.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

/// A double as a whole number, if it is one that a double can tell from its
/// neighbours.
#[expect(clippy::as_conversions, reason = "exact in this range; there is no other conversion")]
fn whole_number(double: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    (double.trunc() == double && double.abs() <= LARGEST).then_some(double as i64)
}

/// A value has no lines, so the position that serde_json appends says nothing.
fn without_position(text: String) -> String {
    match text.rfind(" at line ") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Fleet {
        ships: Vec<Ship>,
        #[serde(default)]
        harbour: Option<String>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Ship {
        name: String,
        #[serde(default)]
        guns: u32,
    }

    fn problems(value: Value) -> Vec<String> {
        let parsed = parse_config::<Fleet>(value);
        parsed.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn reads_what_is_right() {
        let parsed = parse_config::<Fleet>(json!({"ships": [{"name": "a", "guns": 12.0}]}));
        assert!(parsed.problems.is_empty());
        let ship = Ship { name: "a".to_owned(), guns: 12 };
        assert_eq!(parsed.config, Some(Fleet { ships: vec![ship], harbour: None }));
    }

    #[test]
    fn finds_every_problem_with_its_path() {
        let found = problems(json!({
            "ships": [
                {"name": 7},
                {"name": "b", "sails": 3},
                {"guns": 1},
                {"name": "d", "guns": -4},
                {"name": "e", "mast": true},
            ],
            "harbor": "x",
            "harbour": 5,
        }));
        let expected = [
            "harbor: unknown field `harbor`, expected `ships` or `harbour`",
            "harbour: invalid type: integer `5`, expected a string",
            "ships[0].name: invalid type: integer `7`, expected a string",
            "ships[1].sails: unknown field `sails`, expected `name` or `guns`",
            "ships[2]: missing field `name`",
            "ships[3].guns: invalid value: integer `-4`, expected u32",
            "ships[4].mast: unknown field `mast`, expected `name` or `guns`",
        ];
        let mut sorted = found.clone();
        sorted.sort();
        assert_eq!(sorted, expected, "found {found:#?}");
    }

    #[test]
    fn unknown_keys_do_not_hide_what_else_is_wrong() {
        let parsed = parse_config::<Fleet>(json!({"ships": [], "harbor": 1}));
        assert!(!parsed.problems.is_empty());
        assert!(parsed.config.is_some(), "the rest can still be looked at");
        let parsed = parse_config::<Fleet>(json!({"ships": [{"name": 1}]}));
        assert!(parsed.config.is_none(), "a ship is missing now: nothing true can be said");
    }

    #[test]
    fn the_whole_can_be_wrong() {
        assert_eq!(problems(json!([])).len(), 1);
        assert_eq!(problems(json!({})), ["missing field `ships`"]);
        assert_eq!(
            problems(json!({"ships": {}})),
            ["ships: invalid type: map, expected a sequence"]
        );
    }

    #[test]
    fn a_fraction_is_not_a_whole_number() {
        let found = problems(json!({"ships": [{"name": "a", "guns": 1.5}]}));
        assert_eq!(found, ["ships[0].guns: invalid type: floating point `1.5`, expected u32"]);
    }
}
