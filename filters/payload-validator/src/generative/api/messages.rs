//! Anthropic `messages`.

use super::parameters::*;
use crate::generative::marks::Marks;
use crate::generative::shape::{
    Array, Counter, Kinds, Leaf, Member, Need, Object, Others, Value, Words,
};
use crate::rules::Rule;

pub(super) static BODY: Object = Object::of(
    &[
        Member::marked("model", Marks::MODEL, &NAME),
        Member::marked("messages", Marks::MESSAGES, &MESSAGES),
        Member::marked("max_tokens", Marks::MAX_TOKENS, &TOKENS),
        Member::new("max_tokens_to_sample", &TOKENS),
        Member::new("system", &BLOCKS),
        Member::new("temperature", &TEMPERATURE),
        Member::new("top_p", &TOP_P),
        Member::new("top_k", &INTEGER),
        Member::new("stop_sequences", &STRINGS),
        Member::new("stream", &FLAG),
        Member::new("tools", &TOOLS),
        Member::new("tool_choice", &TOOL_CHOICE),
        Member::new("mcp_servers", &MCP_SERVERS),
        Member::new("thinking", &OBJECT),
        Member::new("metadata", &OBJECT),
    ],
    &[
        required(Marks::NONE, Marks::MODEL, "model"),
        required(Marks::NONE, Marks::MAX_TOKENS, "max_tokens"),
        required(Marks::NONE, Marks::MESSAGES, "messages"),
    ],
);

static MESSAGES: Value = Value::of(Kinds::ARRAY.or(Kinds::NULL)).elements(&ALL_MESSAGES);
static ALL_MESSAGES: Array = Array::of(&MESSAGE).not_empty();
static MESSAGE: Value =
    Value::of(Kinds::OBJECT).counted(Kinds::ANY, Counter::Messages).members(&MESSAGE_MEMBERS);
static MESSAGE_MEMBERS: Object = Object::of(
    &[
        Member::marked("role", Marks::ROLE, &ROLE),
        Member::marked("content", Marks::CONTENT, &BLOCKS),
    ],
    &[required(Marks::NONE, Marks::ROLE, "role"), required(Marks::NONE, Marks::CONTENT, "content")],
);
static ROLE: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Role).with(Leaf::Word(&ROLES));
static ROLES: Words = Words {
    known: &[("user", Marks::BY_USER), ("assistant", Marks::BY_ASSISTANT)],
    others: Others::BreakRole,
};

/// A text, or blocks.
static BLOCKS: Value = Value::of(Kinds::STRING.or(Kinds::ARRAY).or(Kinds::NULL))
    .else_breaks(Rule::Content)
    .with(Leaf::Text)
    .elements(&ALL_BLOCKS);
static ALL_BLOCKS: Array = Array::of(&BLOCK);
static BLOCK: Value = Value::of(Kinds::OBJECT).else_breaks(Rule::Content).members(&BLOCK_MEMBERS);

/// What is in a block, such as the result of a tool: whatever it is, its text
/// counts.
static INSIDE: Value =
    Value::of(Kinds::ANY).with(Leaf::Text).elements(&ALL_INSIDE).members(&BLOCK_INSIDE_MEMBERS);
static ALL_INSIDE: Array = Array::of(&INSIDE);

static BLOCK_MEMBERS: Object = Object::of(
    MEMBERS_OF_A_BLOCK,
    &[
        content(Marks::NONE, Marks::TYPE, "type"),
        content(Marks::OF_TEXT, Marks::TEXT, "text"),
        content(Marks::OF_SOURCE, Marks::SOURCE, "source"),
        content(Marks::OF_THINKING, Marks::THINKING, "thinking"),
        tools(Marks::OF_RESULT, Marks::CALL_ID, "tool_use_id"),
        tools(Marks::OF_CALL, Marks::ID, "id"),
        tools(Marks::OF_CALL, Marks::NAME, "name"),
        tools(Marks::OF_CALL, Marks::ARGUMENTS, "input"),
    ],
);
static BLOCK_INSIDE_MEMBERS: Object = Object::of(
    MEMBERS_OF_A_BLOCK,
    &[
        content(Marks::OF_TEXT, Marks::TEXT, "text"),
        content(Marks::OF_SOURCE, Marks::SOURCE, "source"),
    ],
);
static MEMBERS_OF_A_BLOCK: &[Member] = &[
    Member::marked("type", Marks::TYPE, &TYPE),
    Member::marked("text", Marks::TEXT, &BLOCK_TEXT),
    Member::marked("source", Marks::SOURCE, &SOURCE),
    Member::marked("content", Marks::CONTENT, &INSIDE),
    Member::marked("tool_use_id", Marks::CALL_ID, &CALL_MEMBER),
    Member::marked("id", Marks::ID, &CALL_MEMBER),
    Member::marked("name", Marks::NAME, &CALL_MEMBER),
    Member::marked("input", Marks::ARGUMENTS, &WRITTEN),
    Member::marked("thinking", Marks::THINKING, &BLOCK_TEXT),
    Member::new("title", &WRITTEN),
    Member::new("context", &WRITTEN),
];
static TYPE: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Content).with(Leaf::Word(&TYPES));
static TYPES: Words = Words {
    known: &[
        ("text", Marks::OF_TEXT),
        ("image", Marks::OF_SOURCE.and(Marks::IMAGE)),
        ("document", Marks::OF_SOURCE),
        ("thinking", Marks::OF_THINKING),
        ("tool_use", Marks::OF_CALL),
        ("tool_result", Marks::OF_RESULT),
    ],
    others: Others::Pass,
};
static BLOCK_TEXT: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Content).with(Leaf::Text);
static CALL_MEMBER: Value = Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Tools);

/// Of an image or a document; of a search result it is a string.
static SOURCE: Value = Value::of(Kinds::OBJECT.or(Kinds::STRING).or(Kinds::NULL))
    .else_breaks(Rule::Content)
    .members(&SOURCE_MEMBERS);
static SOURCE_MEMBERS: Object = Object::of(
    &[
        Member::marked("type", Marks::TYPE, &SOURCE_TYPE),
        Member::new("data", &SOURCE_TEXT),
        Member::new("content", &INSIDE),
    ],
    &[],
);
static SOURCE_TYPE: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Content).with(Leaf::Word(&SOURCES));
static SOURCES: Words = Words { known: &[("text", Marks::OF_PLAIN_TEXT)], others: Others::Pass };
static SOURCE_TEXT: Value = Value::of(Kinds::STRING.or(Kinds::NULL))
    .else_breaks(Rule::Content)
    .with(Leaf::TextIf(Marks::OF_PLAIN_TEXT));

static TOOLS: Value =
    Value::of(Kinds::ARRAY.or(Kinds::NULL)).else_breaks(Rule::Tools).elements(&ALL_TOOLS);
static ALL_TOOLS: Array = Array::of(&TOOL);
static TOOL: Value = Value::of(Kinds::OBJECT)
    .else_breaks(Rule::Tools)
    .counted(Kinds::ANY, Counter::Tools)
    .members(&TOOL_MEMBERS);
/// Tools of the server's have other types, and members of their own.
static TOOL_MEMBERS: Object = Object::of(
    &[
        Member::marked("type", Marks::TYPE, &TOOL_TYPE),
        Member::marked("name", Marks::NAME, &CALL_MEMBER),
        Member::marked("input_schema", Marks::SCHEMA, &SCHEMA),
    ],
    &[
        tools(Marks::NONE, Marks::NAME.and(Marks::OF_OTHER), "name"),
        tools(Marks::NONE, Marks::SCHEMA.and(Marks::OF_OTHER), "input_schema"),
    ],
);
static TOOL_TYPE: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Tools).with(Leaf::Word(&TOOL_TYPES));
static TOOL_TYPES: Words = Words { known: &[("custom", Marks::OF_CUSTOM)], others: Others::Pass };
static SCHEMA: Value = Value::of(Kinds::OBJECT.or(Kinds::NULL)).else_breaks(Rule::Tools);

static TOOL_CHOICE: Value =
    Value::of(Kinds::OBJECT.or(Kinds::NULL)).else_breaks(Rule::Tools).members(&CHOICE_MEMBERS);
static CHOICE_MEMBERS: Object = Object::of(
    &[
        Member::marked("type", Marks::TYPE, &CHOICE_TYPE),
        Member::marked("name", Marks::NAME, &CALL_MEMBER),
    ],
    &[tools(Marks::NONE, Marks::TYPE, "type"), tools(Marks::OF_FUNCTION, Marks::NAME, "name")],
);
static CHOICE_TYPE: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Tools).with(Leaf::Word(&CHOICES));
static CHOICES: Words = Words {
    known: &[
        ("auto", Marks::NONE),
        ("any", Marks::NONE),
        ("tool", Marks::OF_FUNCTION),
        ("none", Marks::NONE),
    ],
    others: Others::Break(Rule::Tools),
};

/// Each of them brings tools.
static MCP_SERVERS: Value = Value::of(Kinds::ARRAY.or(Kinds::NULL)).elements(&ALL_MCP_SERVERS);
static ALL_MCP_SERVERS: Array = Array::of(&MCP_SERVER);
static MCP_SERVER: Value = Value::of(Kinds::OBJECT).counted(Kinds::ANY, Counter::Tools);

const fn required(of: Marks, any: Marks, member: &'static str) -> Need {
    Need { of, any, member, rule: Rule::Required }
}

const fn content(of: Marks, any: Marks, member: &'static str) -> Need {
    Need { of, any, member, rule: Rule::Content }
}

const fn tools(of: Marks, any: Marks, member: &'static str) -> Need {
    Need { of, any, member, rule: Rule::Tools }
}
