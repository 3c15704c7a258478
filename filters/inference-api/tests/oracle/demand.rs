//! What a request asks for, against `serde_json`.

use inference_api::demand::{Demand, DemandReader, IncludeUsage};
use inference_api::dialect::{Dialect, Operation};
use inference_api::json::{JsonError, Options};
use serde_json::{Value, json};

use super::pieces;

/// The APIs whose requests are read.
pub const APIS: [(Dialect, Operation); 7] = [
    (Dialect::OpenAi, Operation::ChatCompletions),
    (Dialect::OpenAi, Operation::Completions),
    (Dialect::OpenAi, Operation::Embeddings),
    (Dialect::OpenAi, Operation::Responses),
    (Dialect::Anthropic, Operation::Messages),
    (Dialect::OpenInferenceRest, Operation::Generate),
    (Dialect::OpenInferenceRest, Operation::GenerateStream),
];

/// A request's body, be it one or not; and the same with usage asked for.
pub fn agrees(api: usize, body: &[u8], cuts: &[usize]) {
    let (dialect, operation) = APIS[api % APIS.len()];
    let read = |pieces: &[&[u8]]| -> Result<Demand, JsonError> {
        let mut reader = DemandReader::new(dialect, operation, Options::default()).unwrap();
        pieces.iter().try_for_each(|piece| reader.push(piece))?;
        reader.finish()
    };
    let demand = read(&pieces(body, cuts));
    assert_eq!(read(&[body]), demand, "cuts change the demand");
    let value = serde_json::from_slice::<Value>(body);
    assert_eq!(demand.is_ok(), value.is_ok());
    let (Ok(demand), Ok(value)) = (demand, value) else { return };
    let expected = naive(operation, &value);
    let is_escaped = body.contains(&b'\\');
    expected.prompt.is(&demand, is_escaped);
    assert_eq!(demand.max_output_tokens, expected.max_output_tokens);
    assert_eq!((demand.choices, demand.stream), (expected.choices, expected.stream));
    assert_eq!((demand.images, demand.inputs), (expected.prompt.images, expected.inputs));
    assert_eq!(demand.tool_bytes == 0, expected.has_no_tools);
    usage_agrees(operation, &demand, &value);
    if let IncludeUsage::Splice(splice) = &demand.include_usage {
        let place = |at: u64| usize::try_from(at).unwrap();
        let mut edited = body.to_vec();
        edited.splice(
            place(splice.range.start)..place(splice.range.end),
            splice.bytes.iter().copied(),
        );
        let mut asking = value;
        if !asking["stream_options"].is_object() {
            asking["stream_options"] = json!({});
        }
        asking["stream_options"]["include_usage"] = json!(true);
        assert_eq!(serde_json::from_slice::<Value>(&edited).unwrap(), asking);
        let again = read(&pieces(&edited, cuts)).unwrap();
        assert_eq!(again, Demand { include_usage: IncludeUsage::Present, ..demand });
    }
}

fn usage_agrees(operation: Operation, demand: &Demand, value: &Value) {
    let is_asked = is_yes(&value["stream_options"]["include_usage"]);
    let is_told = matches!(operation, Operation::Responses | Operation::Messages);
    match &demand.include_usage {
        IncludeUsage::NotStreaming => assert!(!demand.stream),
        IncludeUsage::Unavailable => assert_eq!(operation, Operation::GenerateStream),
        IncludeUsage::Present => assert!(demand.stream && (is_asked || is_told)),
        IncludeUsage::Splice(_) => assert!(demand.stream && !is_asked && !is_told),
    }
}

struct Expected {
    prompt: Text,
    max_output_tokens: Option<u64>,
    choices: u64,
    inputs: u64,
    stream: bool,
    has_no_tools: bool,
}

fn naive(operation: Operation, body: &Value) -> Expected {
    let mut prompt = Text::default();
    let max_output_tokens;
    let (mut choices, mut inputs) = (1, 1);
    let mut stream = is_yes(&body["stream"]);
    let mut tools = vec![&body["tools"]];
    match operation {
        Operation::ChatCompletions => {
            prompt.messages(&body["messages"]);
            prompt.written(&body["documents"]);
            let max_tokens = asked(&body["max_completion_tokens"]);
            max_output_tokens = max_tokens.max(asked(&body["max_tokens"]));
            choices = asked(&body["n"]).unwrap_or(1).max(1);
            tools.push(&body["functions"]);
        }
        Operation::Completions => {
            prompt.prompts(&body["prompt"]);
            prompt.text(&body["suffix"]);
            max_output_tokens = asked(&body["max_tokens"]);
            let answers = [asked(&body["n"]), asked(&body["best_of"]), Some(1)];
            inputs = batch(&body["prompt"]);
            choices = answers.into_iter().flatten().max().unwrap();
            choices = choices.saturating_mul(inputs);
            tools.clear();
        }
        Operation::Embeddings => {
            prompt.prompts(&body["input"]);
            inputs = batch(&body["input"]);
            prompt.messages(&body["messages"]);
            max_output_tokens = Some(0);
            stream = false;
            tools.clear();
        }
        Operation::Responses => {
            prompt.text(&body["input"]);
            elements(&body["input"]).for_each(|item| prompt.item(item));
            prompt.text(&body["instructions"]);
            max_output_tokens = asked(&body["max_output_tokens"]);
        }
        Operation::Messages => {
            prompt.blocks(&body["system"]);
            elements(&body["messages"]).for_each(|message| prompt.blocks(&message["content"]));
            max_output_tokens = asked(&body["max_tokens"]);
        }
        _ => {
            prompt.texts(&body["text_input"]);
            let max_tokens = asked(&body["parameters"]["max_tokens"]);
            max_output_tokens = max_tokens.max(asked(&body["max_tokens"]));
            stream = operation == Operation::GenerateStream;
            tools.clear();
        }
    }
    let has_no_tools = tools.into_iter().all(Value::is_null);
    Expected { prompt, max_output_tokens, choices, inputs, stream, has_no_tools }
}

/// How much text there is, decoded.
#[derive(Default)]
struct Text {
    bytes: u64,
    characters: u64,
    tokens: u64,
    images: u64,
    /// Something counts as it is written, which a value does not tell.
    has_written: bool,
}

impl Text {
    fn is(&self, demand: &Demand, is_escaped: bool) {
        assert_eq!(demand.prompt_token_ids, self.tokens);
        if is_escaped || self.has_written {
            assert!(demand.prompt_bytes >= self.bytes);
        } else {
            assert_eq!(demand.prompt_bytes, self.bytes);
        }
        if !self.has_written {
            assert_eq!(demand.prompt_characters, self.characters);
        }
    }

    fn text(&mut self, value: &Value) {
        if let Some(text) = value.as_str() {
            self.bytes += u64::try_from(text.len()).unwrap();
            self.characters += u64::try_from(text.chars().count()).unwrap();
        }
        self.tokens += u64::from(value.is_number());
    }

    fn texts(&mut self, value: &Value) {
        self.text(value);
        elements(value).for_each(|text| self.text(text));
    }

    fn written(&mut self, value: &Value) {
        self.text(value);
        self.has_written |= value.is_object() || value.is_array();
    }

    fn prompts(&mut self, value: &Value) {
        self.text(value);
        elements(value).for_each(|prompt| self.texts(prompt));
    }

    fn members(&mut self, value: &Value, names: &[&str]) {
        names.iter().for_each(|name| self.text(&value[*name]));
    }

    fn content(&mut self, value: &Value) {
        self.text(value);
        elements(value).for_each(|part| {
            self.text(part);
            self.members(part, &["text", "refusal", "thinking"]);
            let names = ["image_url", "image_embeds", "image_pil"];
            let is_named = names.iter().any(|name| part.get(name).is_some_and(|is| !is.is_null()));
            self.images += u64::from(is_named || is_image(part));
        });
    }

    fn called(&mut self, value: &Value) {
        self.written(&value["arguments"]);
        self.written(&value["input"]);
    }

    fn messages(&mut self, value: &Value) {
        for message in elements(value) {
            self.content(&message["content"]);
            self.text(&message["refusal"]);
            self.written(&message["reasoning"]);
            self.written(&message["reasoning_content"]);
            self.called(&message["function_call"]);
            for call in elements(&message["tool_calls"]) {
                self.called(&call["function"]);
                self.called(&call["custom"]);
            }
        }
    }

    fn item(&mut self, item: &Value) {
        self.images += u64::from(is_image(item));
        self.content(&item["content"]);
        self.content(&item["summary"]);
        self.called(item);
        match &item["output"] {
            output @ Value::Array(_) => self.content(output),
            output => self.written(output),
        }
    }

    fn blocks(&mut self, value: &Value) {
        self.text(value);
        for block in elements(value) {
            self.images += u64::from(is_image(block));
            self.members(block, &["text", "thinking", "title", "context"]);
            self.written(&block["input"]);
            self.blocks(&block["content"]);
        }
    }
}

/// How many texts, or rows of token numbers.
fn batch(value: &Value) -> u64 {
    let inputs = elements(value).filter(|input| !input.is_number()).count();
    u64::try_from(inputs.max(1)).unwrap()
}

fn is_image(part: &Value) -> bool {
    matches!(
        part["type"].as_str(),
        Some("image_url" | "input_image" | "image" | "image_embeds" | "image_pil")
    )
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn is_yes(value: &Value) -> bool {
    match value {
        Value::Bool(is_yes) => *is_yes,
        Value::String(text) if text.len() <= 64 => {
            let words = ["true", "yes", "on", "t", "y"];
            words.contains(&text.to_ascii_lowercase().as_str()) || asked(value) == Some(1)
        }
        Value::Number(_) => asked(value) == Some(1),
        _ => false,
    }
}

fn asked(value: &Value) -> Option<u64> {
    let number: f64 = match value {
        Value::Number(number) => match number.as_u64() {
            Some(number) => return Some(number),
            None => number.as_f64()?,
        },
        Value::String(text) if text.len() > 64 => return Some(u64::MAX),
        Value::String(text) => {
            let text = text.trim_ascii().replace('_', "");
            match text.parse::<u64>() {
                Ok(number) if !text.starts_with('+') => return Some(number),
                _ => text.parse().ok()?,
            }
        }
        _ => return None,
    };
    let is_count = number.is_finite() && number >= 0.0 && number.fract() == 0.0;
    #[allow(clippy::as_conversions, reason = "it saturates")]
    is_count.then_some(number as u64)
}
