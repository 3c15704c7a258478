//! OpenAI `responses`.

use super::chat::TOOL_CHOICE;
use super::parameters::*;
use super::parts::{CONTENT, NO_MEDIA, OUTPUT};
use crate::generative::marks::Marks;
use crate::generative::shape::{
    Array, Counter, Kinds, Leaf, Member, Need, Object, Others, Value, Words,
};
use crate::rules::Rule;

/// Nothing is required: model and input may come from a stored prompt or from an
/// earlier response.
pub(super) static BODY: Object = Object::of(
    &[
        Member::marked("model", Marks::MODEL, &NAME),
        Member::marked("input", Marks::INPUT, &INPUT),
        Member::new("instructions", &TEXT),
        Member::marked("max_output_tokens", Marks::MAX_TOKENS, &OUTPUT_TOKENS),
        Member::new("max_tool_calls", &INTEGER),
        Member::new("temperature", &TEMPERATURE),
        Member::new("top_p", &TOP_P),
        Member::new("presence_penalty", &PRESENCE_PENALTY),
        Member::new("frequency_penalty", &FREQUENCY_PENALTY),
        Member::new("top_logprobs", &TOP_LOGPROBS),
        Member::new("stream", &FLAG),
        Member::new("background", &FLAG),
        Member::new("store", &FLAG),
        Member::new("parallel_tool_calls", &FLAG),
        Member::new("previous_response_id", &NAME),
        Member::new("conversation", &NAME_OR_OBJECT),
        Member::new("reasoning", &OBJECT),
        Member::new("text", &OBJECT),
        Member::new("prompt", &OBJECT),
        Member::new("include", &STRINGS),
        Member::new("tools", &TOOLS),
        Member::new("tool_choice", &TOOL_CHOICE),
        Member::new("user", &NAME),
    ],
    &[],
);

static INPUT: Value =
    Value::of(Kinds::STRING.or(Kinds::ARRAY).or(Kinds::NULL)).with(Leaf::Text).elements(&ITEMS);
static ITEMS: Array = Array::of(&ITEM);
static ITEM: Value =
    Value::of(Kinds::OBJECT).counted(Kinds::ANY, Counter::Messages).members(&ITEM_MEMBERS);

/// A message or anything else that is part of a conversation.
static ITEM_MEMBERS: Object = Object {
    members: &[
        Member::marked("type", Marks::TYPE, &TYPE),
        Member::marked("role", Marks::ROLE, &ROLE),
        Member::marked("content", Marks::CONTENT, &CONTENT),
        Member::marked("id", Marks::ID, &ANYTHING),
        Member::marked("call_id", Marks::CALL_ID, &CALL_MEMBER),
        Member::marked("name", Marks::NAME, &CALL_MEMBER),
        Member::marked("arguments", Marks::ARGUMENTS, &WRITTEN),
        Member::marked("input", Marks::ARGUMENTS, &WRITTEN),
        Member::marked("output", Marks::OUTPUT, &OUTPUT),
        Member::new("summary", &CONTENT),
    ],
    needs: &[
        required(Marks::NONE, Marks::TYPE.and(Marks::ROLE).and(Marks::ID), "type"),
        required(Marks::OF_MESSAGE, Marks::ROLE, "role"),
        required(Marks::ROLE, Marks::CONTENT.and(Marks::OF_OTHER), "content"),
        tools(Marks::OF_CALL.and(Marks::OF_RESULT), Marks::CALL_ID, "call_id"),
        tools(Marks::OF_CALL, Marks::NAME, "name"),
        tools(Marks::OF_FUNCTION, Marks::ARGUMENTS, "arguments"),
        tools(Marks::OF_CUSTOM, Marks::ARGUMENTS, "input"),
        tools(Marks::OF_RESULT, Marks::OUTPUT, "output"),
    ],
    clashes: &[NO_MEDIA],
    lent: Marks::NONE,
};

static TYPE: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Content).with(Leaf::Word(&TYPES));
static TYPES: Words = Words {
    known: &[
        ("message", Marks::OF_MESSAGE),
        ("function_call", Marks::OF_CALL.and(Marks::OF_FUNCTION)),
        ("function_call_output", Marks::OF_RESULT),
        ("custom_tool_call", Marks::OF_CALL.and(Marks::OF_CUSTOM)),
        ("custom_tool_call_output", Marks::OF_RESULT),
    ],
    others: Others::Pass,
};

static ROLE: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Role).with(Leaf::Word(&ROLES));
/// Those of input messages, and those that items of a conversation can have.
static ROLES: Words = Words {
    known: &[
        ("user", Marks::BY_USER),
        ("assistant", Marks::BY_ASSISTANT),
        ("system", Marks::BY_OPERATOR),
        ("developer", Marks::BY_OPERATOR),
        ("tool", Marks::BY_TOOL),
        ("critic", Marks::NONE),
        ("discriminator", Marks::NONE),
        ("unknown", Marks::NONE),
    ],
    others: Others::BreakRole,
};

static CALL_MEMBER: Value = Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Tools);

static TOOLS: Value =
    Value::of(Kinds::ARRAY.or(Kinds::NULL)).else_breaks(Rule::Tools).elements(&ALL_TOOLS);
static ALL_TOOLS: Array = Array::of(&TOOL);
static TOOL: Value = Value::of(Kinds::OBJECT)
    .else_breaks(Rule::Tools)
    .counted(Kinds::ANY, Counter::Tools)
    .members(&TOOL_MEMBERS);
static TOOL_MEMBERS: Object = Object::of(
    &[
        Member::marked("type", Marks::TYPE, &TOOL_TYPE),
        Member::marked("name", Marks::NAME, &CALL_MEMBER),
    ],
    &[
        tools(Marks::NONE, Marks::TYPE, "type"),
        tools(Marks::OF_FUNCTION.and(Marks::OF_CUSTOM), Marks::NAME, "name"),
    ],
);
static TOOL_TYPE: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Tools).with(Leaf::Word(&TOOL_TYPES));
static TOOL_TYPES: Words = Words {
    known: &[("function", Marks::OF_FUNCTION), ("custom", Marks::OF_CUSTOM)],
    others: Others::Pass,
};

const fn required(of: Marks, any: Marks, member: &'static str) -> Need {
    Need { of, any, member, rule: Rule::Required }
}

const fn tools(of: Marks, any: Marks, member: &'static str) -> Need {
    Need { of, any, member, rule: Rule::Tools }
}
