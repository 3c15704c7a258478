//! OpenAI `chat/completions`.

use super::parameters::*;
use super::parts::{CONTENT, NO_MEDIA};
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
        Member::marked("max_completion_tokens", Marks::MAX_TOKENS, &TOKENS),
        Member::new("stream", &FLAG),
        Member::new("stream_options", &OBJECT),
        Member::new("n", &ANSWERS),
        // Earlier versions of vLLM.
        Member::new("best_of", &ANSWERS),
        Member::new("temperature", &TEMPERATURE),
        Member::new("top_p", &TOP_P),
        Member::new("presence_penalty", &PRESENCE_PENALTY),
        Member::new("frequency_penalty", &FREQUENCY_PENALTY),
        Member::new("logit_bias", &OBJECT),
        Member::new("logprobs", &FLAG),
        Member::new("top_logprobs", &TOP_LOGPROBS),
        Member::new("stop", &STOP),
        Member::new("seed", &INTEGER),
        Member::new("tools", &TOOLS),
        Member::new("tool_choice", &TOOL_CHOICE),
        Member::new("parallel_tool_calls", &FLAG),
        Member::new("functions", &FUNCTIONS),
        Member::new("function_call", &NAME_OR_OBJECT),
        Member::new("response_format", &RESPONSE_FORMAT),
        Member::new("user", &NAME),
        // vLLM: they become part of the prompt.
        Member::new("documents", &WRITTEN),
    ],
    &[required(Marks::NONE, Marks::MESSAGES, "messages")],
);

/// Also what vLLM's embeddings take in place of an input.
pub(super) static MESSAGES: Value = Value::of(Kinds::ARRAY.or(Kinds::NULL)).elements(&ALL_MESSAGES);
static ALL_MESSAGES: Array = Array::of(&MESSAGE).not_empty();
static MESSAGE: Value =
    Value::of(Kinds::OBJECT).counted(Kinds::ANY, Counter::Messages).members(&MESSAGE_MEMBERS);

static MESSAGE_MEMBERS: Object = Object {
    members: &[
        Member::marked("role", Marks::ROLE, &ROLE),
        Member::marked("content", Marks::CONTENT, &CONTENT),
        Member::marked("name", Marks::NAME, &NAME),
        Member::marked("tool_call_id", Marks::CALL_ID, &CALL_ID),
        Member::marked("tool_calls", Marks::ANSWER, &TOOL_CALLS),
        Member::marked("function_call", Marks::ANSWER, &CALLED_FUNCTION),
        Member::marked("refusal", Marks::ANSWER, &TEXT),
        Member::marked("audio", Marks::ANSWER, &OBJECT),
        Member::marked("reasoning", Marks::ANSWER, &WRITTEN),
        Member::marked("reasoning_content", Marks::ANSWER, &WRITTEN),
        Member::marked("reasoning_details", Marks::ANSWER, &WRITTEN),
        // vLLM: tools of a developer's.
        Member::new("tools", &TOOLS),
        // vLLM: messages of the Harmony format say who speaks in here.
        Member::marked("author", Marks::STAND_IN, &AUTHOR),
    ],
    needs: &[
        required(Marks::NONE, Marks::ROLE.and(Marks::STAND_IN), "role"),
        required(
            Marks::BY_OPERATOR.and(Marks::BY_USER).and(Marks::BY_TOOL),
            Marks::CONTENT,
            "content",
        ),
        required(Marks::BY_ASSISTANT, Marks::CONTENT.and(Marks::ANSWER), "content"),
        required(Marks::BY_FUNCTION, Marks::NAME, "name"),
        Need { of: Marks::BY_TOOL, any: Marks::CALL_ID, member: "tool_call_id", rule: Rule::Tools },
    ],
    clashes: &[NO_MEDIA],
    lent: Marks::NONE,
};

static ROLE: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Role).with(Leaf::Word(&ROLES));
static ROLES: Words = Words {
    known: &[
        ("developer", Marks::BY_OPERATOR),
        ("system", Marks::BY_OPERATOR),
        ("user", Marks::BY_USER),
        ("assistant", Marks::BY_ASSISTANT),
        ("tool", Marks::BY_TOOL),
        ("function", Marks::BY_FUNCTION),
    ],
    others: Others::BreakRole,
};
static AUTHOR: Value = Value::of(Kinds::OBJECT.or(Kinds::NULL)).members(&AUTHOR_MEMBERS);
static AUTHOR_MEMBERS: Object = Object::of(
    &[Member::marked("role", Marks::ROLE, &ROLE)],
    &[required(Marks::NONE, Marks::ROLE, "role")],
);

static CALL_ID: Value = Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Tools);
static TOOL_CALLS: Value =
    Value::of(Kinds::ARRAY.or(Kinds::NULL)).else_breaks(Rule::Tools).elements(&ALL_TOOL_CALLS);
static ALL_TOOL_CALLS: Array = Array::of(&TOOL_CALL);
static TOOL_CALL: Value =
    Value::of(Kinds::OBJECT).else_breaks(Rule::Tools).members(&TOOL_CALL_MEMBERS);
static TOOL_CALL_MEMBERS: Object = Object::of(
    &[
        Member::marked("type", Marks::TYPE, &CALL_TYPE),
        Member::marked("function", Marks::FUNCTION, &CALLED_FUNCTION),
        Member::marked("custom", Marks::CUSTOM, &CALLED_FUNCTION),
    ],
    &[
        tools(Marks::OF_FUNCTION, Marks::FUNCTION, "function"),
        tools(Marks::OF_CUSTOM, Marks::CUSTOM, "custom"),
        tools(Marks::NONE, Marks::TYPE.and(Marks::FUNCTION).and(Marks::CUSTOM), "type"),
    ],
);
static CALL_TYPE: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Tools).with(Leaf::Word(&CALL_TYPES));
static CALL_TYPES: Words = Words { known: TOOL_TYPES.known, others: Others::Pass };
static CALLED_FUNCTION: Value =
    Value::of(Kinds::OBJECT.or(Kinds::NULL)).else_breaks(Rule::Tools).members(&CALLED_MEMBERS);
static CALLED_MEMBERS: Object = Object::of(
    &[
        Member::marked("name", Marks::NAME, &TOOL_NAME),
        Member::new("arguments", &WRITTEN),
        Member::new("input", &WRITTEN),
    ],
    &[tools(Marks::NONE, Marks::NAME, "name")],
);

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
        Member::marked("function", Marks::FUNCTION, &NAMED_TOOL),
        Member::marked("custom", Marks::CUSTOM, &NAMED_TOOL),
    ],
    &[
        tools(Marks::OF_FUNCTION, Marks::FUNCTION, "function"),
        tools(Marks::OF_CUSTOM, Marks::CUSTOM, "custom"),
        // vLLM takes a tool without a type for a function.
        tools(Marks::NONE, Marks::TYPE.and(Marks::FUNCTION).and(Marks::CUSTOM), "type"),
    ],
);
static TOOL_TYPE: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Tools).with(Leaf::Word(&TOOL_TYPES));
static TOOL_TYPES: Words = Words {
    known: &[("function", Marks::OF_FUNCTION), ("custom", Marks::OF_CUSTOM)],
    others: Others::Break(Rule::Tools),
};
static NAMED_TOOL: Value =
    Value::of(Kinds::OBJECT.or(Kinds::NULL)).else_breaks(Rule::Tools).members(&NAMED_MEMBERS);
static NAMED_MEMBERS: Object = Object::of(
    &[Member::marked("name", Marks::NAME, &TOOL_NAME)],
    &[tools(Marks::NONE, Marks::NAME, "name")],
);
static TOOL_NAME: Value = Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Tools);
/// Deprecated, but read.
static FUNCTIONS: Value =
    Value::of(Kinds::ARRAY.or(Kinds::NULL)).else_breaks(Rule::Tools).elements(&ALL_FUNCTIONS);
static ALL_FUNCTIONS: Array = Array::of(&OLD_FUNCTION);
static OLD_FUNCTION: Value = Value::of(Kinds::OBJECT)
    .else_breaks(Rule::Tools)
    .counted(Kinds::ANY, Counter::Tools)
    .members(&NAMED_MEMBERS);

/// Also of responses.
pub(super) static TOOL_CHOICE: Value = Value::of(Kinds::STRING.or(Kinds::OBJECT).or(Kinds::NULL))
    .else_breaks(Rule::Tools)
    .with(Leaf::Word(&TOOL_CHOICES))
    .members(&TOOL_CHOICE_MEMBERS);
static TOOL_CHOICES: Words = Words {
    known: &[("none", Marks::NONE), ("auto", Marks::NONE), ("required", Marks::NONE)],
    others: Others::Break(Rule::Tools),
};
static TOOL_CHOICE_MEMBERS: Object = Object::of(
    &[
        Member::marked("type", Marks::TYPE, &TOOL_NAME),
        Member::marked("function", Marks::FUNCTION, &NAMED_TOOL),
        Member::marked("custom", Marks::CUSTOM, &ANYTHING),
    ],
    &[tools(Marks::NONE, Marks::TYPE.and(Marks::FUNCTION).and(Marks::CUSTOM), "type")],
);

static RESPONSE_FORMAT: Value = Value::of(Kinds::OBJECT.or(Kinds::NULL)).members(&FORMAT_MEMBERS);
static FORMAT_MEMBERS: Object = Object::of(
    &[Member::marked("type", Marks::TYPE, &NAME)],
    &[required(Marks::NONE, Marks::TYPE, "type")],
);

const fn required(of: Marks, any: Marks, member: &'static str) -> Need {
    Need { of, any, member, rule: Rule::Required }
}

const fn tools(of: Marks, any: Marks, member: &'static str) -> Need {
    Need { of, any, member, rule: Rule::Tools }
}
