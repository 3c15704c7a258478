//! The parts of which OpenAI's messages are made, of chat completions and of
//! responses, with those that vLLM has in addition.

use super::parameters::{ANYTHING, NAME, TEXT};
use crate::generative::marks::Marks;
use crate::generative::shape::{
    Array, Clash, Kinds, Leaf, Member, Need, Object, Others, Value, Words,
};
use crate::rules::Rule;

/// A text, or parts of which some may be text themselves (vLLM).
pub(super) static CONTENT: Value = Value::of(Kinds::STRING.or(Kinds::ARRAY).or(Kinds::NULL))
    .else_breaks(Rule::Content)
    .with(Leaf::Text)
    .elements(&PARTS);
/// What came of a call: the same, or one part, or parts of a tool's own.
pub(super) static OUTPUT: Value =
    Value::of(Kinds::ANY).with(Leaf::Text).elements(&OUTPUTS).members(&OUTPUT_MEMBERS);
static OUTPUTS: Array = Array::of(&ONE_OUTPUT);
static ONE_OUTPUT: Value = Value::of(Kinds::ANY).with(Leaf::Text).members(&OUTPUT_MEMBERS);

static PARTS: Array = Array::of(&PART);
static PART: Value = Value::of(Kinds::STRING.or(Kinds::OBJECT))
    .else_breaks(Rule::Content)
    .with(Leaf::Text)
    .members(&PART_MEMBERS);

static PART_MEMBERS: Object = Object {
    members: MEMBERS_OF_A_PART,
    needs: &[
        need(Marks::OF_TEXT, Marks::TEXT, "text"),
        need(Marks::OF_REFUSAL, Marks::REFUSAL, "refusal"),
        need(Marks::OF_IMAGE_URL, Marks::IMAGE_URL.and(Marks::STAND_IN), "image_url"),
        need(Marks::OF_AUDIO, Marks::AUDIO.and(Marks::STAND_IN), "input_audio"),
        need(Marks::OF_FILE, Marks::FILE.and(Marks::STAND_IN), "file"),
        need(
            Marks::NONE,
            Marks::TYPE
                .and(Marks::TEXT)
                .and(Marks::REFUSAL)
                .and(Marks::IMAGE_URL)
                .and(Marks::AUDIO)
                .and(Marks::FILE)
                .and(Marks::STAND_IN),
            "type",
        ),
    ],
    clashes: &[],
    lent: Marks::MEDIA,
};
static OUTPUT_MEMBERS: Object =
    Object::of(MEMBERS_OF_A_PART, &[need(Marks::OF_TEXT, Marks::TEXT, "text")]);

static MEMBERS_OF_A_PART: &[Member] = &[
    Member::marked("type", Marks::TYPE, &TYPE),
    Member::marked("text", Marks::TEXT, &PART_TEXT),
    Member::marked("refusal", Marks::REFUSAL, &PART_TEXT),
    Member::marked("image_url", Marks::IMAGE_URL.and(Marks::IMAGE), &IMAGE_URL),
    Member::marked("input_audio", Marks::AUDIO, &AUDIO),
    Member::marked("file", Marks::FILE, &FILE),
    // vLLM: what it has in store under this name, or what it knows by other
    // names and without a type.
    Member::marked("uuid", Marks::STAND_IN, &ANYTHING),
    Member::marked("image_pil", Marks::STAND_IN.and(Marks::IMAGE), &ANYTHING),
    Member::marked("image_embeds", Marks::STAND_IN.and(Marks::IMAGE), &ANYTHING),
    Member::marked("video_url", Marks::STAND_IN, &ANYTHING),
    Member::marked("audio_url", Marks::STAND_IN, &ANYTHING),
    Member::marked("audio_embeds", Marks::STAND_IN, &ANYTHING),
    Member::marked("thinking", Marks::STAND_IN, &TEXT),
    // What a shell printed.
    Member::new("stdout", &TEXT),
    Member::new("stderr", &TEXT),
];

/// What the messages of an operator are not made of. (vLLM leaves that to the
/// model; OpenAI takes only text.)
pub(super) const NO_MEDIA: Clash = Clash {
    these: Marks::BY_OPERATOR,
    with: Marks::MEDIA,
    member: "content",
    rule: Rule::Content,
    found: "a part that is an image, audio or a file",
    allowed: "text, of a system or developer message",
};

static TYPE: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Content).with(Leaf::Word(&TYPES));
static TYPES: Words = Words {
    known: &[
        ("text", Marks::OF_TEXT),
        ("image_url", Marks::OF_IMAGE_URL.and(Marks::IMAGE).and(Marks::MEDIA)),
        ("input_audio", Marks::OF_AUDIO.and(Marks::MEDIA)),
        ("file", Marks::OF_FILE.and(Marks::MEDIA)),
        ("refusal", Marks::OF_REFUSAL),
        ("input_text", Marks::OF_TEXT),
        ("output_text", Marks::OF_TEXT),
        ("summary_text", Marks::OF_TEXT),
        ("reasoning_text", Marks::OF_TEXT),
        ("input_image", Marks::IMAGE.and(Marks::MEDIA)),
        ("computer_screenshot", Marks::IMAGE.and(Marks::MEDIA)),
        ("image", Marks::IMAGE.and(Marks::MEDIA)),
        ("input_file", Marks::MEDIA),
    ],
    others: Others::Pass,
};

static PART_TEXT: Value =
    Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Content).with(Leaf::Text);

static IMAGE_URL: Value = Value::of(Kinds::STRING.or(Kinds::OBJECT).or(Kinds::NULL))
    .else_breaks(Rule::Content)
    .members(&IMAGE_URL_MEMBERS);
static IMAGE_URL_MEMBERS: Object = Object::of(
    &[Member::marked("url", Marks::URL, &ADDRESS)],
    &[need(Marks::NONE, Marks::URL, "url")],
);
static ADDRESS: Value = Value::of(Kinds::STRING.or(Kinds::NULL)).else_breaks(Rule::Content);

static AUDIO: Value =
    Value::of(Kinds::OBJECT.or(Kinds::NULL)).else_breaks(Rule::Content).members(&AUDIO_MEMBERS);
static AUDIO_MEMBERS: Object = Object::of(
    &[
        Member::marked("data", Marks::DATA, &ADDRESS),
        Member::marked("format", Marks::FORMAT, &NAME),
    ],
    &[need(Marks::NONE, Marks::DATA, "data"), need(Marks::NONE, Marks::FORMAT, "format")],
);

static FILE: Value = Value::of(Kinds::OBJECT.or(Kinds::NULL)).else_breaks(Rule::Content);

const fn need(of: Marks, any: Marks, member: &'static str) -> Need {
    Need { of, any, member, rule: Rule::Content }
}
