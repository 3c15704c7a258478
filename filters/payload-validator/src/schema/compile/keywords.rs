use serde_json::Value;

use super::super::node::{Beside, Bounds, Contains, Limit, Node, NumberRule};
use super::super::number::{Divisor, Number};
use super::{Compiler, Place};

impl<'a> Compiler<'a> {
    /// Adds to the node what one keyword says.
    pub(super) fn keyword(
        &mut self,
        node: &mut Node,
        place: &Place<'a, '_>,
        (keyword, value): (&str, &'a Value),
    ) {
        let at = place.at(keyword);
        match keyword {
            "type" => node.types = self.types(at, value),
            "enum" | "const" => self.scalars(node, at, value),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                let rule = self.number_rule(keyword, at, value);
                node.numbers.extend(rule);
            }
            "minLength" => bound(&mut node.characters).least = self.count(at, value),
            "maxLength" => bound(&mut node.characters).most = self.count(at, value),
            "minItems" => bound(&mut node.array.count).least = self.count(at, value),
            "maxItems" => bound(&mut node.array.count).most = self.count(at, value),
            "minProperties" => bound(&mut node.object.count).least = self.count(at, value),
            "maxProperties" => bound(&mut node.object.count).most = self.count(at, value),
            "allOf" => node.beside.extend(self.list(at, value).into_iter().map(Beside::All)),
            "anyOf" => node.beside.push(Beside::Any(self.list(at, value))),
            "oneOf" => node.beside.push(Beside::One(self.list(at, value))),
            "not" => node.beside.push(Beside::Not(self.node(at, value))),
            "$ref" => node.beside.extend(self.reference(at, value).map(Beside::All)),
            "if" => {
                let condition = self.node(at, value);
                let mut branch = |keyword| {
                    let value = place.keywords.get(keyword)?;
                    Some(self.node(place.at(keyword), value))
                };
                let (then, otherwise) = (branch("then"), branch("else"));
                node.beside.push(Beside::If { condition, then, otherwise });
            }
            // Without `if` they say nothing, but what is in them is still read.
            "then" | "else" => {
                self.node(at, value);
            }
            "$defs" | "definitions" => {
                self.map(at, value);
            }
            "properties"
            | "additionalProperties"
            | "propertyNames"
            | "patternProperties"
            | "required"
            | "dependentRequired"
            | "dependentSchemas" => {
                self.object_keyword(node, place, (keyword, value));
            }
            "prefixItems" | "items" | "additionalItems" | "contains" | "minContains"
            | "maxContains" => self.array_keyword(node, place, (keyword, value)),
            "$id" if !place.pointer.is_empty() => self.problem(
                at,
                "would change what `$ref` means from here on; it can stand only at the top",
            ),
            "uniqueItems" if *value == Value::Bool(false) => {}
            _ if is_annotation(keyword) => {}
            _ => self.problem(at, refusal(keyword)),
        }
    }

    fn object_keyword(
        &mut self,
        node: &mut Node,
        place: &Place<'a, '_>,
        (keyword, value): (&str, &'a Value),
    ) {
        let at = place.at(keyword);
        let object = &mut node.object;
        match keyword {
            "properties" => {
                for (name, id) in self.map(at, value) {
                    let named = (self.name(name), id);
                    if let Err(place) = object.named.binary_search(&named) {
                        object.named.insert(place, named);
                    }
                }
            }
            "additionalProperties" => object.others = Some(self.node(at, value)),
            "propertyNames" => object.names = Some(self.node(at, value)),
            "required" => {
                for name in self.strings(at, value) {
                    object.required.push(self.name(name));
                }
            }
            "dependentRequired" => {
                for (name, others) in self.entries(at.clone(), value) {
                    let beside = self.strings(super::within(&at, name), others);
                    let name = self.name(name);
                    for other in beside {
                        object.required_beside.push((name, self.name(other)));
                    }
                }
            }
            "dependentSchemas" => {
                for (name, id) in self.map(at, value) {
                    node.beside.push(Beside::Dependent { name: self.name(name), node: id });
                    object.has_dependent_schemas = true;
                }
            }
            _ => self.problem(at, refusal(keyword)),
        }
    }

    fn array_keyword(
        &mut self,
        node: &mut Node,
        place: &Place<'a, '_>,
        (keyword, value): (&str, &'a Value),
    ) {
        let at = place.at(keyword);
        let array = &mut node.array;
        let items = place.keywords.get("items");
        match keyword {
            "prefixItems" => array.first = self.list(at, value),
            // As draft-07 has it: then `additionalItems` is for all others.
            "items" if value.is_array() => {
                if place.keywords.contains_key("prefixItems") {
                    self.problem(at, "is a list, but `prefixItems` is there already");
                } else {
                    array.first = self.list(at, value);
                }
            }
            "items" => array.others = Some(self.node(at, value)),
            "additionalItems" => {
                let others = self.node(at, value);
                if items.is_some_and(Value::is_array) {
                    array.others = Some(others);
                }
            }
            "contains" => {
                let contained = self.node(at, value);
                let mut count = Bounds { least: 1, ..Bounds::ANY };
                if let Some(least) = place.keywords.get("minContains") {
                    count.least = self.count(place.at("minContains"), least);
                }
                if let Some(most) = place.keywords.get("maxContains") {
                    count.most = self.count(place.at("maxContains"), most);
                }
                array.contains = Some(Contains { node: contained, count });
            }
            // Said with `contains`; without it they say nothing.
            _ => {
                self.count(at, value);
            }
        }
    }

    fn number_rule(&mut self, keyword: &str, at: String, value: &Value) -> Option<NumberRule> {
        let number = value.as_number();
        let Some((written, number)) = number.and_then(|one| Some((one, Number::of(one)?))) else {
            self.problem(at, "must be a number");
            return None;
        };
        let limit = Limit { number, written: written.to_string() };
        Some(match keyword {
            "minimum" => NumberRule::Minimum(limit),
            "maximum" => NumberRule::Maximum(limit),
            "exclusiveMinimum" => NumberRule::ExclusiveMinimum(limit),
            "exclusiveMaximum" => NumberRule::ExclusiveMaximum(limit),
            _ => {
                let Some(divisor) = Divisor::new(written) else {
                    self.problem(at, "must be more than zero");
                    return None;
                };
                NumberRule::MultipleOf { divisor, written: limit.written }
            }
        })
    }
}

fn bound(bounds: &mut Option<Bounds>) -> &mut Bounds {
    bounds.get_or_insert(Bounds::ANY)
}

/// Whether it says nothing about what is valid. `x-` is how tools mark their own.
fn is_annotation(keyword: &str) -> bool {
    keyword.starts_with("x-")
        || matches!(
            keyword,
            "title"
                | "description"
                | "default"
                | "examples"
                | "$comment"
                | "$schema"
                | "$id"
                | "format"
                | "deprecated"
                | "readOnly"
                | "writeOnly"
                | "contentEncoding"
                | "contentMediaType"
        )
}

/// Why a keyword can't be used.
fn refusal(keyword: &str) -> &'static str {
    match keyword {
        "uniqueItems" => {
            "can't be checked while the body goes by: every item would have to be kept"
        }
        "unevaluatedProperties" | "unevaluatedItems" => {
            "can't be checked while the body goes by: which values it is for is known only \
             after them; name them beside `additionalProperties` or `items`"
        }
        "$dynamicRef" | "$dynamicAnchor" | "$recursiveRef" | "$recursiveAnchor" => {
            "is not supported: what it refers to depends on the way that led there; use `$ref`"
        }
        "$anchor" => "is not supported: `$ref` is a JSON pointer, such as `#/$defs/name`",
        "$vocabulary" => "is not supported: the vocabulary is that of draft 2020-12",
        "dependencies" => "is not supported: write `dependentRequired` or `dependentSchemas`",
        "pattern" | "patternProperties" => PATTERN_REFUSAL,
        _ => {
            "is not a keyword that is known here; a check with its name misspelt would not be made"
        }
    }
}

const PATTERN_REFUSAL: &str =
    "is not supported: regular expressions would make the module much larger";
