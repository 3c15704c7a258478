//! What was seen of an object.

/// A set of facts about an object: which members it has with something else than
/// `null`, and what its role and type are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(u64);

impl Marks {
    pub(super) const NONE: Self = Self(0);

    // Members of a body.
    pub(super) const MODEL: Self = Self(1);
    pub(super) const MESSAGES: Self = Self(1 << 1);
    pub(super) const PROMPT: Self = Self(1 << 2);
    pub(super) const INPUT: Self = Self(1 << 3);
    pub(super) const MAX_TOKENS: Self = Self(1 << 4);

    // Members of a message, of an item, or of a part.
    pub(super) const ROLE: Self = Self(1 << 5);
    pub(super) const CONTENT: Self = Self(1 << 6);
    /// What an assistant may say in place of content.
    pub(super) const ANSWER: Self = Self(1 << 7);
    pub(super) const NAME: Self = Self(1 << 8);
    pub(super) const TYPE: Self = Self(1 << 9);
    pub(super) const TEXT: Self = Self(1 << 10);
    pub(super) const REFUSAL: Self = Self(1 << 11);
    pub(super) const IMAGE_URL: Self = Self(1 << 12);
    pub(super) const AUDIO: Self = Self(1 << 13);
    pub(super) const FILE: Self = Self(1 << 14);
    pub(super) const SOURCE: Self = Self(1 << 15);
    pub(super) const THINKING: Self = Self(1 << 16);
    pub(super) const ID: Self = Self(1 << 17);
    /// Which call a result belongs to.
    pub(super) const CALL_ID: Self = Self(1 << 18);
    pub(super) const ARGUMENTS: Self = Self(1 << 19);
    pub(super) const OUTPUT: Self = Self(1 << 20);
    /// Something that vLLM takes for what its type would need.
    pub(super) const STAND_IN: Self = Self(1 << 21);

    // Members of a tool, or of a call of one.
    pub(super) const FUNCTION: Self = Self(1 << 22);
    pub(super) const CUSTOM: Self = Self(1 << 23);
    pub(super) const SCHEMA: Self = Self(1 << 24);

    // Members of what a part holds.
    pub(super) const URL: Self = Self(1 << 25);
    pub(super) const DATA: Self = Self(1 << 26);
    pub(super) const FORMAT: Self = Self(1 << 27);

    // Roles.
    pub(super) const BY_OPERATOR: Self = Self(1 << 32);
    pub(super) const BY_USER: Self = Self(1 << 33);
    pub(super) const BY_ASSISTANT: Self = Self(1 << 34);
    pub(super) const BY_TOOL: Self = Self(1 << 35);
    pub(super) const BY_FUNCTION: Self = Self(1 << 36);

    // Types.
    pub(super) const OF_TEXT: Self = Self(1 << 40);
    pub(super) const OF_REFUSAL: Self = Self(1 << 41);
    pub(super) const OF_IMAGE_URL: Self = Self(1 << 42);
    pub(super) const OF_AUDIO: Self = Self(1 << 43);
    pub(super) const OF_FILE: Self = Self(1 << 44);
    pub(super) const OF_SOURCE: Self = Self(1 << 45);
    pub(super) const OF_THINKING: Self = Self(1 << 46);
    pub(super) const OF_CALL: Self = Self(1 << 47);
    pub(super) const OF_RESULT: Self = Self(1 << 48);
    pub(super) const OF_MESSAGE: Self = Self(1 << 49);
    pub(super) const OF_FUNCTION: Self = Self(1 << 50);
    pub(super) const OF_CUSTOM: Self = Self(1 << 51);
    /// A type that the table doesn't have.
    pub(super) const OF_OTHER: Self = Self(1 << 52);
    /// Text, where other types are bytes.
    pub(super) const OF_PLAIN_TEXT: Self = Self(1 << 53);

    /// An image, whatever it is called.
    pub(super) const IMAGE: Self = Self(1 << 60);
    /// An image, audio or a file.
    pub(super) const MEDIA: Self = Self(1 << 61);

    pub(super) const fn and(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// Those that are in both.
    pub(super) const fn among(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    pub(super) const fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    pub(super) const fn is_none(self) -> bool {
        self.0 == 0
    }
}
