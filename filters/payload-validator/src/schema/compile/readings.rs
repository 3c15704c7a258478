use serde_json::Value;

use super::super::node::{Node, NodeId, Scalars, Types};
use super::super::number::Number;
use super::{Compiler, within};

/// What the values of keywords are read as. What is wrong with them becomes a
/// problem, and something harmless stands in its place.
impl<'a> Compiler<'a> {
    pub(super) fn count(&mut self, at: String, value: &Value) -> u64 {
        let count = value.as_number().and_then(Number::of).and_then(Number::count);
        if count.is_none() {
            self.problem(at, "must be a whole number that is not negative");
        }
        count.unwrap_or_default()
    }

    pub(super) fn types(&mut self, at: String, value: &'a Value) -> Types {
        let names = match value {
            Value::String(name) => vec![name.as_str()],
            _ => self.strings(at.clone(), value),
        };
        let mut types = Types::NONE;
        for name in names {
            match Types::named(name) {
                Some(named) => types = types.or(named),
                None => self.problem(
                    at.clone(),
                    "must be object, array, string, number, integer, boolean or null, \
                     or a list of them",
                ),
            }
        }
        types
    }

    pub(super) fn strings(&mut self, at: String, value: &'a Value) -> Vec<&'a str> {
        let list = value.as_array();
        let strings = list.and_then(|list| list.iter().map(Value::as_str).collect());
        if strings.is_none() {
            self.problem(at, "must be a list of strings");
        }
        strings.unwrap_or_default()
    }

    pub(super) fn entries(
        &mut self,
        at: String,
        value: &'a Value,
    ) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        let object = value.as_object();
        if object.is_none() {
            self.problem(at, "must be an object");
        }
        object.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }

    /// An object of schemas.
    pub(super) fn map(&mut self, at: String, value: &'a Value) -> Vec<(&'a str, NodeId)> {
        let entries = self.entries(at.clone(), value);
        entries.map(|(name, value)| (name, self.node(within(&at, name), value))).collect()
    }

    /// A list of at least one schema.
    pub(super) fn list(&mut self, at: String, value: &'a Value) -> Vec<NodeId> {
        let Some(list) = value.as_array().filter(|list| !list.is_empty()) else {
            self.problem(at, "must be a list of at least one schema");
            return Vec::new();
        };
        let places = list.iter().enumerate();
        places.map(|(place, value)| self.node(format!("{at}/{place}"), value)).collect()
    }

    /// `enum` and `const`; beside each other they leave what is in both.
    pub(super) fn scalars(&mut self, node: &mut Node, at: String, value: &'a Value) {
        let is_const = at.ends_with("/const");
        let list = match value {
            Value::Array(list) if !is_const => list.as_slice(),
            _ if !is_const => return self.problem(at, "must be a list"),
            one => core::slice::from_ref(one),
        };
        let mut scalars = Scalars::default();
        for (place, value) in list.iter().enumerate() {
            if !scalars.add(value, node.scalars.as_ref()) {
                let at = if is_const { at.clone() } else { format!("{at}/{place}") };
                self.problem(
                    at,
                    "is an object or array, which can't be compared while the body goes by; \
                     only strings, numbers, true, false and null can",
                );
            }
        }
        node.scalars = Some(scalars);
    }
}

impl Scalars {
    /// Adds a value, if it is among the others too. False if it can't be one.
    fn add(&mut self, value: &Value, others: Option<&Self>) -> bool {
        let is_among = |test: &dyn Fn(&Self) -> bool| others.is_none_or(test);
        let is_added = match value {
            Value::Null => {
                let is_added = is_among(&|others| others.has_null);
                self.has_null |= is_added;
                is_added
            }
            Value::Bool(boolean) => {
                let is_added = is_among(&|others| others.booleans.contains(boolean));
                self.booleans.extend(is_added.then_some(*boolean));
                is_added
            }
            Value::Number(number) => {
                let number = Number::of(number);
                let number = number.filter(|one| is_among(&|others| others.has_number(*one)));
                self.numbers.extend(number);
                number.is_some()
            }
            Value::String(string) => {
                let is_added = is_among(&|others| others.has_text(string));
                if let (true, Err(place)) = (is_added, self.strings.binary_search(string)) {
                    self.strings.insert(place, string.clone());
                }
                is_added
            }
            Value::Array(_) | Value::Object(_) => return false,
        };
        self.written.extend(is_added.then(|| value.to_string()));
        true
    }
}
