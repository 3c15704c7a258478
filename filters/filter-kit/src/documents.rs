//! The parts of a filter's documents that are made from its code: the JSON
//! Schema of its configuration, the reference table of its keys, and the table
//! of its metrics. Each filter has a test that holds its README against them;
//! with `UPDATE_DOCUMENTS=1` in the environment that test writes them instead.
//!
//! Not part of the Wasm modules.

use crate::{BUILD_INFO, Metric};
use schemars::{JsonSchema, Schema, schema_for};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

/// A generated text differs from what stands in a file.
#[derive(Debug)]
pub struct Outdated(String);

impl std::fmt::Display for Outdated {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Outdated {}

impl From<io::Error> for Outdated {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// The JSON Schema of a configuration.
pub fn configuration_schema<C: JsonSchema>() -> String {
    let mut text = serde_json::to_string_pretty(&schema_for!(C)).unwrap_or_default();
    text.push('\n');
    text
}

/// A Markdown table of every key of a configuration, with its path. What is
/// held in several places is told at the first one.
pub fn configuration_table<C: JsonSchema>() -> String {
    let schema = schema_for!(C);
    let mut table = Table {
        root: &schema,
        told: BTreeMap::new(),
        text: String::from("| key | type | default | meaning |\n|---|---|---|---|\n"),
    };
    table.rows(schema.as_value(), "");
    table.text
}

/// A Markdown table of a filter's metrics, and of the one that every filter has.
pub fn metric_table(metrics: &[&Metric]) -> String {
    let mut table = String::from("| metric | kind | labels | meaning |\n|---|---|---|---|\n");
    for metric in metrics.iter().copied().chain([&BUILD_INFO]) {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let Metric { name, kind, help, .. } = metric;
        let _ = writeln!(table, "| `{name}` | {} | {} | {help} |", kind.word(), labels.join(", "));
    }
    table
}

/// Holds a whole file against `text`.
///
/// # Errors
/// When they differ, or the file can't be read or written.
pub fn check_file(path: &Path, text: &str) -> Result<(), Outdated> {
    settle(path, &fs::read_to_string(path).unwrap_or_default(), text)
}

/// Holds the section `name` of a file against `text`. In Markdown a section stands between
/// the lines `<!-- generated: NAME -->` and `<!-- end -->`, in YAML between
/// `# generated: NAME` and `# end`.
///
/// # Errors
/// When they differ, when there is no such section, or when the file can't be
/// read or written.
pub fn check_section(path: &Path, name: &str, text: &str) -> Result<(), Outdated> {
    let found = fs::read_to_string(path)?;
    let is_yaml = path.extension().is_some_and(|kind| kind == "yaml");
    let (start, gap, end) = match is_yaml {
        true => (format!("# generated: {name}\n"), "", "# end\n"),
        // A table stands by itself.
        false => (format!("<!-- generated: {name} -->\n"), "\n", "<!-- end -->"),
    };
    let parts = found
        .split_once(&start)
        .and_then(|(before, rest)| rest.split_once(end).map(|(_, after)| (before, after)));
    let Some((before, after)) = parts else {
        return Err(Outdated(format!("{}: no section `{name}`", path.display())));
    };
    settle(path, &found, &format!("{before}{start}{gap}{text}{gap}{end}{after}"))
}

fn settle(path: &Path, found: &str, wanted: &str) -> Result<(), Outdated> {
    if found == wanted {
        return Ok(());
    }
    if env::var_os("UPDATE_DOCUMENTS").is_some() {
        return Ok(fs::write(path, wanted)?);
    }
    Err(Outdated(format!("{}: not up to date: UPDATE_DOCUMENTS=1 rewrites it", path.display())))
}

/// The table of a configuration's keys while it is written.
struct Table<'s> {
    root: &'s Schema,
    /// Where each named part of the schema was told.
    told: BTreeMap<&'s str, String>,
    text: String,
}

impl<'s> Table<'s> {
    /// A row for each property of `object`, and below it those of what it holds.
    fn rows(&mut self, object: &'s Value, path: &str) {
        for form in object.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
            self.properties(resolved(self.root, form), path, "one of these");
        }
        self.properties(object, path, "required");
    }

    /// `required` is the word for a key without a default.
    fn properties(&mut self, object: &'s Value, path: &str, required: &str) {
        let Some(properties) = object.get("properties").and_then(Value::as_object) else { return };
        let is_required = |key: &str| {
            let keys = object.get("required").and_then(Value::as_array).into_iter().flatten();
            keys.filter_map(Value::as_str).any(|required| required == key)
        };
        for (key, property) in properties {
            let key_path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let default = match property.get("default") {
                Some(Value::Null) | None if is_required(key) => required.to_owned(),
                // What its keys say.
                Some(Value::Null | Value::Object(_)) | None => String::new(),
                Some(value) => format!("`{value}`"),
            };
            // A form of an enum is explained beside its one property, not in it.
            let described = property.get("description").or_else(|| object.get("description"));
            let meaning = described.and_then(Value::as_str).unwrap_or_default();
            let meaning = meaning.split_whitespace().collect::<Vec<_>>().join(" ");
            let target = resolved(self.root, property);
            let word = type_word(self.root, target);
            let (held, held_path) = match target.get("items") {
                Some(items) => (items, format!("{key_path}[]")),
                None => (property, key_path.clone()),
            };
            let elsewhere = name(held).and_then(|name| self.told.get(name));
            let pointer =
                elsewhere.map(|path| format!(" Keys as in `{path}`.")).unwrap_or_default();
            let _ =
                writeln!(self.text, "| `{key_path}` | {word} | {default} | {meaning}{pointer} |");
            if pointer.is_empty() {
                let held_target = resolved(self.root, held);
                if let (Some(name), Some("object")) =
                    (name(held), Some(type_word(self.root, held_target).as_str()))
                {
                    self.told.insert(name, held_path.clone());
                }
                self.rows(held_target, &held_path);
            }
        }
    }
}

/// The schema that this refers to, or the one that may be absent.
fn reference(schema: &Value) -> Option<&str> {
    let present = |forms: &'_ Value| -> Option<usize> {
        forms.as_array()?.iter().position(|form| form.get("$ref").is_some())
    };
    let optional = schema.get("anyOf").and_then(|forms| forms.get(present(forms)?));
    optional.unwrap_or(schema).get("$ref").and_then(Value::as_str)
}

/// The name of the part of the schema that this refers to.
fn name(schema: &Value) -> Option<&str> {
    reference(schema).and_then(|reference| reference.rsplit('/').next())
}

/// What a schema refers to, or itself.
fn resolved<'s>(root: &'s Schema, schema: &'s Value) -> &'s Value {
    reference(schema)
        .and_then(|reference| reference.strip_prefix('#'))
        .and_then(|pointer| root.as_value().pointer(pointer))
        .unwrap_or(schema)
}

/// The types of a schema that only says what it may be.
fn alternatives(root: &Schema, schema: &Value) -> String {
    let Some(forms) = schema.get("anyOf").and_then(Value::as_array) else {
        return "any".to_owned();
    };
    let words: Vec<String> =
        forms.iter().map(|form| type_word(root, resolved(root, form))).collect();
    words.join(" or ")
}

fn type_word(root: &Schema, schema: &Value) -> String {
    if let Some(items) = schema.get("items") {
        return format!("list of {}", type_word(root, resolved(root, items)));
    }
    let forms: Vec<&Value> =
        schema.get("oneOf").and_then(Value::as_array).into_iter().flatten().collect();
    let named: Vec<String> = forms
        .iter()
        .filter_map(|form| form.get("const").and_then(Value::as_str))
        .map(|name| format!("`{name}`"))
        .collect();
    if !named.is_empty() {
        let objects = (named.len() < forms.len()).then(|| "object".to_owned());
        return named.into_iter().chain(objects).collect::<Vec<_>>().join(" or ");
    }
    match schema.get("type") {
        Some(Value::String(word)) => word.clone(),
        Some(Value::Array(words)) => words
            .iter()
            .filter_map(Value::as_str)
            .filter(|word| *word != "null")
            .collect::<Vec<_>>()
            .join(" or "),
        _ if !forms.is_empty() => "object".to_owned(),
        _ => alternatives(root, schema),
    }
}
