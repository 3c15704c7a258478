//! Tensors in JSON bodies, against a naive reading of the whole body.

use std::collections::HashSet;
use std::mem::discriminant;
use std::ops::Range;

use inference_api::json::{
    Interest, JsonError, Kind, NotedLimits, NumberWords, Options, Reader, Sink, Spelling, Survey,
};
use inference_api::tensor::json::{
    Expected, Fault, FaultKind, InferenceMessage, InferenceReader, InferenceTensors, JsonLimits,
    MAX_FAULTS_OF_A_KIND, PredictMessage, PredictReader, PredictTensors, TensorError,
};
use inference_api::tensor::{
    Datatype, DeclaredDatatype, Depth, Form, MAX_NAME_BYTES, RawValues, Shape, Tensor, TensorData,
    Values,
};
use serde_json::Value;

use super::{pieces, surveys};

const LIMITS: JsonLimits = JsonLimits {
    max_tensors: 3,
    depth: Depth::Counted,
    max_json_depth: 127,
    max_string_bytes: u64::MAX,
    noted: NotedLimits { depth: false, strings: false },
};

/// What a reader says in the end.
type Said = (Vec<Tensor>, Vec<Fault>);

/// The tensors and faults of an inference message are those of a naive reading,
/// whole or cut, surveyed or told.
pub fn inference_agrees(body: &[u8], header: Option<u64>, cuts: &[usize]) {
    for message in [InferenceMessage::Request, InferenceMessage::Response] {
        for depth in [Depth::Counted, Depth::Valued] {
            let limits = JsonLimits { depth, ..LIMITS };
            let read = |pieces: &[&[u8]]| {
                let mut reader = InferenceReader::new(message, limits, header);
                let result = pieces.iter().try_for_each(|piece| reader.push(piece));
                let result = result.and_then(|()| reader.finish());
                result.map(|()| (reader.tensors().to_vec(), reader.faults().to_vec()))
            };
            let said = read(&[body]);
            assert_eq!(read(&pieces(body, cuts)), said, "cuts change the answer");
            inference_is_that(&said, body, header, message, limits);
        }
    }
}

fn inference_is_that(
    said: &Result<Said, TensorError>,
    body: &[u8],
    header: Option<u64>,
    message: InferenceMessage,
    limits: JsonLimits,
) {
    let length = header.map_or(body.len(), |length| usize::try_from(length).unwrap());
    let (text, data) = body.split_at(length.min(body.len()));
    if header == Some(0) {
        let data = TensorData { form: Form::Raw, bytes: wide(data.len()), ..TensorData::default() };
        assert_eq!(said, &Ok((vec![Tensor { data, ..Tensor::default() }], vec![])));
        return;
    }
    assert_eq!(said.is_ok(), serde_json::from_slice::<Value>(text).is_ok(), "{said:?}");
    let Ok(said) = said else { return };
    let told = told(text, Options::default(), InferenceTensors::new(message, limits));
    let mut naive = Naive::new(limits);
    naive.inference(&Node::read(text, NumberWords::Refused), message.list());
    if text.len() < length {
        naive.fault(
            FaultKind::HeaderBeyondBody { header: wide(length), body: wide(text.len()) },
            "",
        );
    }
    if header.is_none() {
        let mut told = told.expect("it is JSON");
        told.end();
        assert_eq!((told.tensors(), told.faults()), (&said.0[..], &said.1[..]), "told");
    }
    naive.binary(data);
    assert_eq!(said.1, naive.faults, "faults");
    assert_eq!(said.0, naive.tensors, "tensors");
}

/// The same of a `predict`.
pub fn predict_agrees(body: &[u8], cuts: &[usize]) {
    for message in [PredictMessage::Request, PredictMessage::Response] {
        for depth in [Depth::Counted, Depth::Valued] {
            let limits = JsonLimits { depth, ..LIMITS };
            let read = |pieces: &[&[u8]]| {
                let mut reader = PredictReader::new(message, limits);
                let result = pieces.iter().try_for_each(|piece| reader.push(piece));
                let result = result.and_then(|()| reader.finish());
                result.map(|()| (reader.tensors().to_vec(), reader.faults().to_vec()))
            };
            let said = read(&[body]);
            assert_eq!(read(&pieces(body, cuts)), said, "cuts change the answer");
            let words = without_words(body);
            assert_eq!(said.is_ok(), serde_json::from_slice::<Value>(&words).is_ok(), "{said:?}");
            let Ok(said) = said else { continue };
            let told = told(
                body,
                limits.options(NumberWords::NonFinite),
                PredictTensors::new(message, limits),
            );
            let told = told.expect("it is JSON");
            assert_eq!((told.tensors(), told.faults()), (&said.0[..], &said.1[..]), "told");
            let mut naive = Naive::new(limits);
            naive.predict(&Node::read(body, NumberWords::NonFinite), message);
            assert_eq!(said.1, naive.faults, "faults");
            assert_eq!(said.0, naive.tensors, "tensors");
        }
    }
}

/// With something in the words' place that strict JSON may have there.
fn without_words(body: &[u8]) -> Vec<u8> {
    let mut strict = Vec::new();
    let mut rest = body;
    let mut in_string = false;
    while let Some((&byte, after)) = rest.split_first() {
        let word = ["-Infinity", "Infinity", "NaN"]
            .into_iter()
            .find(|word| !in_string && rest.starts_with(word.as_bytes()));
        if let Some(word) = word {
            strict.extend(b"[]");
            rest = &rest[word.len()..];
            continue;
        }
        strict.push(byte);
        rest = after;
        match (byte, rest.first()) {
            (b'"', _) => in_string = !in_string,
            (b'\\', Some(&escaped)) if in_string => {
                strict.push(escaped);
                rest = &rest[1..];
            }
            _ => {}
        }
    }
    strict
}

struct Naive {
    limits: JsonLimits,
    tensors: Vec<Tensor>,
    faults: Vec<Fault>,
    binary: Vec<(usize, u64)>,
    binary_is_unknown: bool,
}

impl Naive {
    fn new(limits: JsonLimits) -> Self {
        let (tensors, faults, binary) = Default::default();
        Self { limits, tensors, faults, binary, binary_is_unknown: false }
    }

    fn fault(&mut self, kind: FaultKind, place: &str) {
        let same = self.faults.iter().filter(|it| discriminant(&it.kind) == discriminant(&kind));
        if same.count() < MAX_FAULTS_OF_A_KIND {
            self.faults.push(Fault { place: place.to_owned(), kind });
        }
    }

    fn wrong(&mut self, node: &Node, expected: Expected, place: &str) {
        self.fault(FaultKind::WrongType { found: node.kind(), expected }, place);
    }

    fn inference(&mut self, root: &Node, list: &str) {
        let Node::Object(members) = root else {
            return self.wrong(root, Expected::Object, "");
        };
        let place = format!("/{list}");
        let lists: Vec<&Node> = members.iter().filter(|it| it.0 == list).map(|it| &it.1).collect();
        for (count, node) in lists.iter().enumerate() {
            if count > 0 {
                self.fault(FaultKind::Duplicate, &place);
            }
            let Node::Array(elements) = node else {
                self.wrong(node, Expected::List, &place);
                continue;
            };
            for (position, element) in elements.iter().enumerate() {
                let place = format!("{place}/{position}");
                match element {
                    Node::Object(members) if self.tensors.len() < self.limits.max_tensors => {
                        self.tensor(members, position, &place);
                    }
                    Node::Object(_) => {
                        self.binary_is_unknown = true;
                        self.fault(FaultKind::TooManyTensors, &format!("/{list}"));
                    }
                    _ => self.wrong(element, Expected::Object, &place),
                }
            }
        }
        if lists.is_empty() {
            self.fault(FaultKind::Missing, &place);
        }
    }

    fn tensor(&mut self, members: &[(String, Node)], position: usize, place: &str) {
        let mut tensor = Tensor { position, ..Tensor::default() };
        let mut seen = HashSet::new();
        let mut forms = Vec::new();
        let mut size = None;
        let known = ["name", "datatype", "shape", "data", "parameters"];
        for (key, node) in members.iter().filter(|it| known.contains(&it.0.as_str())) {
            let place = format!("{place}/{key}");
            if !seen.insert(key.clone()) {
                self.fault(FaultKind::Duplicate, &place);
            }
            match (key.as_str(), node) {
                ("name", Node::Text(name)) => {
                    tensor.name = cut(name);
                    tensor.name_is_cut = name.len() > MAX_NAME_BYTES;
                    if name.len() > MAX_NAME_BYTES {
                        self.fault(FaultKind::NameTooLong, &place);
                    }
                }
                ("datatype", Node::Text(name)) => {
                    let known = Datatype::named(name).map(DeclaredDatatype::Known);
                    tensor.datatype = Some(known.unwrap_or(DeclaredDatatype::Unknown));
                }
                ("shape", Node::Array(dimensions)) => {
                    let wrong = dimensions.iter().find(|it| it.whole().is_none());
                    if let Some(wrong) = wrong {
                        self.wrong(wrong, Expected::WholeNumbers, &place);
                    }
                    tensor.shape = dimensions
                        .iter()
                        .map(Node::whole)
                        .collect::<Option<Vec<_>>>()
                        .map(Shape::from_iter);
                }
                ("data", Node::Array(_)) => {
                    let found = data(&[node], self.limits.depth, Objects::AreOthers);
                    let before = &tensor.data;
                    let elements = before.elements.unwrap_or(0) + found.elements.unwrap();
                    tensor.data = TensorData {
                        elements: Some(elements),
                        values: before.values.and(found.values),
                        ..found
                    };
                    forms.push(Form::Json);
                }
                ("parameters", Node::Object(members)) => {
                    self.parameters(members, &place, &mut forms, &mut size, &mut seen);
                }
                ("name" | "datatype", _) => self.wrong(node, Expected::String, &place),
                ("shape", _) => self.wrong(node, Expected::WholeNumbers, &place),
                ("data", _) => self.wrong(node, Expected::List, &place),
                _ => self.wrong(node, Expected::Object, &place),
            }
        }
        for key in ["name", "shape", "datatype"] {
            if !seen.contains(key) {
                self.fault(FaultKind::Missing, &format!("{place}/{key}"));
            }
        }
        tensor.data.form = match forms[..] {
            [] => Form::Absent,
            [form] => form,
            _ => Form::Several,
        };
        self.binary.extend(size.map(|size| (self.tensors.len(), size)));
        self.tensors.push(tensor);
    }

    fn parameters(
        &mut self,
        members: &[(String, Node)],
        place: &str,
        forms: &mut Vec<Form>,
        size: &mut Option<u64>,
        seen: &mut HashSet<String>,
    ) {
        let known = ["binary_data_size", "shared_memory_region"];
        for (key, node) in members.iter().filter(|it| known.contains(&it.0.as_str())) {
            let place = format!("{place}/{key}");
            if !seen.insert(key.clone()) {
                self.fault(FaultKind::Duplicate, &place);
            }
            match (key.as_str(), node, node.whole()) {
                ("binary_data_size", _, Some(bytes @ 0..)) => {
                    forms.push(Form::Raw);
                    *size = Some(bytes.cast_unsigned());
                }
                ("binary_data_size", ..) => self.wrong(node, Expected::WholeNumber, &place),
                (_, Node::Text(_), _) => forms.push(Form::SharedMemory),
                _ => self.wrong(node, Expected::String, &place),
            }
        }
    }

    fn binary(&mut self, data: &[u8]) {
        let expected = self.binary.iter().fold(0_u64, |sum, it| sum.saturating_add(it.1));
        let mut rest = data;
        for (tensor, bytes) in std::mem::take(&mut self.binary) {
            let length = usize::try_from(bytes).unwrap_or(usize::MAX).min(rest.len());
            let (section, behind) = rest.split_at(length);
            rest = behind;
            let tensor = &mut self.tensors[tensor];
            tensor.data.bytes = wide(length);
            let datatype = match tensor.datatype {
                Some(DeclaredDatatype::Known(datatype)) => Some(datatype),
                _ => None,
            };
            // Raw data has an oracle of its own.
            let mut values = RawValues::new(datatype, self.limits.depth);
            values.push(section);
            tensor.data.elements = values.elements();
            tensor.data.values = tensor.data.values.and(values.values());
        }
        let found = wide(data.len());
        if found != expected && !self.binary_is_unknown {
            self.fault(FaultKind::BinaryBytes { found, expected }, "");
        }
    }

    fn predict(&mut self, root: &Node, message: PredictMessage) {
        let Node::Object(members) = root else { return self.wrong(root, Expected::Object, "") };
        let (rows, columns) = (message.rows(), message.columns());
        let mut seen = HashSet::new();
        for (key, node) in members {
            let place = format!("/{key}");
            let is_signature = key == "signature_name" && message == PredictMessage::Request;
            if key != rows && key != columns && !is_signature {
                continue;
            }
            if !seen.insert(key) {
                self.fault(FaultKind::Duplicate, &place);
            }
            match node {
                Node::Array(instances) if key == rows => self.rows(instances, node, &place),
                _ if key == rows => self.wrong(node, Expected::List, &place),
                Node::Text(_) if is_signature => {}
                _ if is_signature => self.wrong(node, Expected::String, &place),
                Node::Object(members) if node.base64().is_none() => self.columns(members, &place),
                _ => self.unnamed(node, &place),
            }
        }
        match (seen.iter().any(|key| *key == rows), seen.iter().any(|key| *key == columns)) {
            (true, true) => self.fault(FaultKind::BothForms, ""),
            (false, false) => self.fault(FaultKind::NeitherForm, ""),
            _ => {}
        }
    }

    fn unnamed(&mut self, node: &Node, place: &str) {
        if self.tensors.len() >= self.limits.max_tensors {
            return self.fault(FaultKind::TooManyTensors, place);
        }
        let data = data(&[node], self.limits.depth, Objects::MayBeBase64);
        self.tensors
            .push(Tensor { data: TensorData { form: Form::Json, ..data }, ..Tensor::default() });
    }

    fn rows(&mut self, instances: &[Node], node: &Node, place: &str) {
        let is_named = |it: &&Node| matches!(it, Node::Object(_)) && it.base64().is_none();
        let named = instances.iter().filter(is_named).count();
        if named == 0 {
            return self.unnamed(node, place);
        }
        let room = self.limits.max_tensors - self.tensors.len();
        let mut inputs: Vec<(String, Vec<&Node>, usize)> = Vec::new();
        let mut is_first = true;
        let mut is_cut = false;
        for (row, instance) in instances.iter().enumerate() {
            let Node::Object(members) = instance else { continue };
            if instance.base64().is_some() {
                continue;
            }
            let place = format!("{place}/{row}");
            let mut seen: Vec<String> = Vec::new();
            let mut differs = false;
            for (key, value) in members {
                if key.len() > MAX_NAME_BYTES {
                    self.fault(FaultKind::NameTooLong, &format!("{place}/*"));
                }
                // Names that have the same beginning are taken for the same.
                let name = cut(key);
                let is_full = inputs.len() >= room;
                match inputs.iter_mut().find(|input| input.0 == name) {
                    Some(input) => {
                        input.1.push(value);
                        if seen.contains(&name) {
                            self.fault(FaultKind::Duplicate, &format!("{place}/*"));
                        } else {
                            input.2 += 1;
                        }
                    }
                    None if !is_first => {
                        differs |= !is_cut;
                        continue;
                    }
                    None if is_full => {
                        is_cut = true;
                        self.fault(FaultKind::TooManyTensors, &place);
                        continue;
                    }
                    None => inputs.push((name.clone(), vec![value], 1)),
                }
                seen.push(name);
            }
            differs |= inputs.iter().any(|input| !seen.contains(&input.0));
            is_first = false;
            if differs {
                self.fault(FaultKind::KeySetsDiffer, &place);
            }
        }
        if named != instances.len() {
            self.fault(FaultKind::MixedInstances, place);
        }
        for (position, (name, values, rows)) in inputs.into_iter().enumerate() {
            let mut data = data(&values, self.limits.depth, Objects::MayBeBase64);
            data.nesting = data.nesting.map(|inner| {
                [&[i64::try_from(rows).unwrap()], inner.dimensions()].concat().into_iter().collect()
            });
            let (name, data) = (name, TensorData { form: Form::Json, ..data });
            self.tensors.push(Tensor {
                name_is_cut: name.len() > MAX_NAME_BYTES,
                name,
                position,
                data,
                ..Tensor::default()
            });
        }
    }

    fn columns(&mut self, members: &[(String, Node)], place: &str) {
        let room = self.limits.max_tensors - self.tensors.len();
        let mut inputs: Vec<(String, Vec<&Node>)> = Vec::new();
        for (key, value) in members {
            if key.len() > MAX_NAME_BYTES {
                self.fault(FaultKind::NameTooLong, &format!("{place}/*"));
            }
            let name = cut(key);
            let is_full = inputs.len() >= room;
            match inputs.iter_mut().find(|input| input.0 == name) {
                Some(input) => {
                    input.1.push(value);
                    self.fault(FaultKind::Duplicate, &format!("{place}/*"));
                }
                None if is_full => self.fault(FaultKind::TooManyTensors, place),
                None => inputs.push((name.clone(), vec![value])),
            }
        }
        for (position, (name, values)) in inputs.into_iter().enumerate() {
            let data = data(&values, self.limits.depth, Objects::MayBeBase64);
            let (name, data) = (name, TensorData { form: Form::Json, ..data });
            self.tensors.push(Tensor {
                name_is_cut: name.len() > MAX_NAME_BYTES,
                name,
                position,
                data,
                ..Tensor::default()
            });
        }
    }
}

/// A name up to the first character that goes beyond the limit.
fn cut(name: &str) -> String {
    let mut kept = String::new();
    for character in name.chars() {
        if kept.len() > MAX_NAME_BYTES {
            break;
        }
        kept.push(character);
    }
    kept
}

#[derive(Clone, Copy, PartialEq)]
enum Objects {
    AreOthers,
    MayBeBase64,
}

/// What values are like together.
fn data(nodes: &[&Node], depth: Depth, objects: Objects) -> TensorData {
    let mut shapes = nodes.iter().map(|node| node.shape());
    let first = shapes.next().unwrap();
    let nesting = first.filter(|first| shapes.all(|shape| shape.as_ref() == Some(first)));
    let mut leaves = Vec::new();
    nodes.iter().for_each(|node| node.leaves(&mut leaves));
    let mut values = Values::default();
    for leaf in &leaves {
        match leaf {
            Node::Null => values.has_others = true,
            Node::Object(_) => match leaf.base64().filter(|_| objects == Objects::MayBeBase64) {
                Some(bytes) => values.string(bytes),
                None => values.has_others = true,
            },
            Node::Boolean(_) => values.has_booleans = true,
            Node::Text(text) => values.string(wide(text.len())),
            Node::Number(text) => {
                values.number(surveys::number_value(text));
                values.has_fractions |= text.contains(['.', 'e', 'E']);
            }
            Node::Array(_) => panic!("an array is no leaf"),
        }
    }
    TensorData {
        elements: Some(wide(leaves.len())),
        nesting: nesting.map(Shape::from_iter),
        values: if depth == Depth::Valued { values } else { Values::default() },
        ..TensorData::default()
    }
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap()
}

/// A JSON value that keeps the order of members, duplicates among them, and how
/// numbers are written.
#[derive(Clone, Debug)]
enum Node {
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    Text(String),
    Number(String),
    Boolean(bool),
    Null,
}

impl Node {
    /// Built by the reader that `oracle::json` holds against `serde_json`.
    fn read(text: &[u8], words: NumberWords) -> Self {
        let options = Options { words, ..Options::default() };
        let mut builder = Builder::default();
        let mut reader = Reader::new(options);
        reader.push(text, &mut builder).and_then(|()| reader.finish(&mut builder)).unwrap();
        builder.root.unwrap()
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Object(_) => Kind::Object,
            Self::Array(_) => Kind::Array,
            Self::Text(_) => Kind::String,
            Self::Number(_) => Kind::Number,
            Self::Boolean(boolean) => Kind::Boolean(*boolean),
            Self::Null => Kind::Null,
        }
    }

    fn whole(&self) -> Option<i64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// How many bytes a `{"b64": "..."}` stands for.
    fn base64(&self) -> Option<u64> {
        match self {
            Self::Object(members) => match &members[..] {
                [(key, Self::Text(text))] if key == "b64" => {
                    let is_digit = |it: &char| *it != '=' && !" \n\r\t".contains(*it);
                    let digits: usize = text.chars().filter(is_digit).map(char::len_utf8).sum();
                    Some((wide(digits) * 3).div_euclid(4))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn leaves<'a>(&'a self, leaves: &mut Vec<&'a Self>) {
        match self {
            Self::Array(elements) => elements.iter().for_each(|element| element.leaves(leaves)),
            leaf => leaves.push(leaf),
        }
    }

    fn shape(&self) -> Option<Vec<i64>> {
        let Self::Array(elements) = self else { return Some(Vec::new()) };
        let mut inner = elements.iter().map(Self::shape);
        let first = inner.next().unwrap_or(Some(Vec::new()))?;
        let length = i64::try_from(elements.len()).unwrap();
        inner.all(|shape| shape.as_ref() == Some(&first)).then(|| [&[length][..], &first].concat())
    }
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<Node>,
    keys: Vec<String>,
    text: String,
}

impl Sink for Builder {
    fn value(&mut self, kind: Kind, _at: u64) -> Interest {
        match kind {
            Kind::Object => self.open.push(Node::Object(Vec::new())),
            Kind::Array => self.open.push(Node::Array(Vec::new())),
            _ => {}
        }
        Interest::Take
    }

    fn value_end(&mut self, kind: Kind, _end: u64) {
        let text = std::mem::take(&mut self.text);
        let node = match kind {
            Kind::Object | Kind::Array => self.open.pop().unwrap(),
            Kind::String => Node::Text(text),
            Kind::Number => Node::Number(text),
            Kind::Boolean(boolean) => Node::Boolean(boolean),
            Kind::Null => Node::Null,
        };
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Node::Object(members)) => members.push((self.keys.pop().unwrap(), node)),
            Some(Node::Array(elements)) => elements.push(node),
            Some(_) => panic!("a value inside a scalar"),
        }
    }

    fn key(&mut self, fragment: &str) {
        self.text.push_str(fragment);
    }

    fn key_end(&mut self, _span: Range<u64>, _spelling: Spelling) {
        self.keys.push(std::mem::take(&mut self.text));
    }

    fn text(&mut self, fragment: &str) {
        self.text.push_str(fragment);
    }

    fn number(&mut self, fragment: &str) {
        self.text.push_str(fragment);
    }
}

/// What hears a text of which all is told, because of another check of it.
fn told<S: Sink>(text: &[u8], options: Options, sink: S) -> Result<S, JsonError> {
    let mut told = Told { sink, skipped: 0, is_muted: false };
    let mut reader = Reader::new(options);
    reader.push(text, &mut told)?;
    reader.finish(&mut told)?;
    Ok(told.sink)
}

/// Takes everything, and hands on what the sink takes or surveys.
struct Told<S> {
    sink: S,
    /// How many containers are open that the sink skips.
    skipped: usize,
    is_muted: bool,
}

const fn is_container(kind: Kind) -> bool {
    matches!(kind, Kind::Object | Kind::Array)
}

impl<S: Sink> Sink for Told<S> {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        if self.skipped == 0 {
            let is_skipped = self.sink.value(kind, at) == Interest::Skip;
            self.is_muted = is_skipped;
            self.skipped = usize::from(is_skipped && is_container(kind));
        } else if is_container(kind) {
            self.skipped += 1;
        }
        Interest::Take
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        if is_container(kind) {
            self.skipped = self.skipped.saturating_sub(1);
        }
        if self.skipped == 0 {
            self.is_muted = false;
            self.sink.value_end(kind, end);
        }
    }

    fn key(&mut self, fragment: &str) {
        if self.skipped == 0 {
            self.sink.key(fragment);
        }
    }

    fn key_end(&mut self, span: Range<u64>, spelling: Spelling) {
        if self.skipped == 0 {
            self.sink.key_end(span, spelling);
        }
    }

    fn text(&mut self, fragment: &str) {
        if self.skipped == 0 && !self.is_muted {
            self.sink.text(fragment);
        }
    }

    fn number(&mut self, fragment: &str) {
        if self.skipped == 0 && !self.is_muted {
            self.sink.number(fragment);
        }
    }

    fn survey(&mut self) -> Option<&mut Survey> {
        panic!("nothing is surveyed");
    }
}
