//! From a schema as it was written to [`Nodes`].

mod keywords;
mod numbering;
mod readings;
mod references;

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value};

use super::node::{NameId, Node, NodeId, Nodes, Types};

/// Why a schema can't be used, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaProblem {
    /// A JSON pointer into the schema, such as `/properties/x/pattern`.
    pub pointer: String,
    /// What is wrong, as a sentence without its subject: `must be a string`.
    pub text: String,
}

/// A schema has at most so many subschemas.
const MOST_NODES: usize = 4096;

pub(super) fn compile(schema: &Value) -> Result<Nodes, Vec<SchemaProblem>> {
    let mut compiler = Compiler::new(schema);
    let root = compiler.node(String::new(), schema);
    while let Some(Pending { id, pointer, value }) = compiler.pending.pop_front() {
        let node = compiler.read(&pointer, value);
        if let Some(place) = compiler.nodes.list.get_mut(id) {
            *place = node;
        }
    }
    compiler.nodes.root = root;
    compiler.finish()
}

/// Reads subschemas one by one from a queue: so neither nesting nor a `$ref` that
/// leads back makes it call itself.
struct Compiler<'a> {
    schema: &'a Value,
    nodes: Nodes,
    /// The nodes by the place of their subschema.
    ids: BTreeMap<String, NodeId>,
    pending: VecDeque<Pending<'a>>,
    names: BTreeMap<String, NameId>,
    /// In order.
    problems: Vec<SchemaProblem>,
}

struct Pending<'a> {
    id: NodeId,
    pointer: String,
    value: &'a Value,
}

/// The subschema that is read, for keywords that look at others beside them.
struct Place<'a, 'p> {
    pointer: &'p str,
    keywords: &'a Map<String, Value>,
}

impl<'a> Compiler<'a> {
    fn new(schema: &'a Value) -> Self {
        Self {
            schema,
            nodes: Nodes::default(),
            ids: BTreeMap::new(),
            pending: VecDeque::new(),
            names: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    /// The node of the subschema at this place; it is read later.
    fn node(&mut self, pointer: String, value: &'a Value) -> NodeId {
        if let Some(id) = self.ids.get(&pointer) {
            return *id;
        }
        let id = self.nodes.list.len();
        if id == MOST_NODES {
            self.problem("", format!("has more than {MOST_NODES} subschemas"));
        }
        if id >= MOST_NODES {
            return 0;
        }
        self.ids.insert(pointer.clone(), id);
        self.nodes.list.push(Node::default());
        self.pending.push_back(Pending { id, pointer, value });
        id
    }

    fn name(&mut self, name: &str) -> NameId {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let id = self.nodes.names.len();
        self.names.insert(name.to_owned(), id);
        self.nodes.names.push(name.to_owned());
        id
    }

    fn problem(&mut self, pointer: impl Into<String>, text: impl Into<String>) {
        let problem = SchemaProblem { pointer: pointer.into(), text: text.into() };
        if let Err(place) = self.problems.binary_search(&problem) {
            self.problems.insert(place, problem);
        }
    }

    fn read(&mut self, pointer: &str, value: &'a Value) -> Node {
        let mut node = Node::default();
        match value {
            Value::Bool(true) => {}
            Value::Bool(false) => node.types = Types::NONE,
            Value::Object(keywords) => {
                let place = Place { pointer, keywords };
                for (keyword, value) in keywords {
                    self.keyword(&mut node, &place, (keyword, value));
                }
            }
            _ => self.problem(pointer, "must be a schema: an object, true or false"),
        }
        node
    }

    fn finish(mut self) -> Result<Nodes, Vec<SchemaProblem>> {
        self.put_in_order();
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let mut nodes = self.nodes;
        nodes.names_in_order = self.names.into_values().collect();
        let strings = nodes.list.iter().filter_map(|node| node.scalars.as_ref());
        let strings = strings.flat_map(|scalars| &scalars.strings);
        let longest = strings.chain(&nodes.names).map(String::len).max();
        nodes.longest_text = longest.unwrap_or_default();
        Ok(nodes)
    }
}

impl Place<'_, '_> {
    /// The place of one of its keywords.
    fn at(&self, keyword: &str) -> String {
        within(self.pointer, keyword)
    }
}

/// A place in the one that `pointer` leads to.
fn within(pointer: &str, token: &str) -> String {
    let mut pointer = pointer.to_owned();
    super::push_token(&mut pointer, token);
    pointer
}
