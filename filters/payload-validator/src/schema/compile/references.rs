use serde_json::Value;

use super::super::node::NodeId;
use super::Compiler;

impl Compiler<'_> {
    /// The node that a `$ref` leads to. Only `#` and JSON pointers in it, such as
    /// `#/$defs/name`, lead anywhere: nothing is fetched.
    pub(super) fn reference(&mut self, at: String, value: &Value) -> Option<NodeId> {
        let Some(fragment) = value.as_str().and_then(|text| text.strip_prefix('#')) else {
            self.problem(at, "must be a place in this schema, such as `#/$defs/name`");
            return None;
        };
        let pointer = percent_decoded(fragment);
        let target = pointer.as_ref().and_then(|pointer| self.schema.pointer(pointer));
        match (pointer, target) {
            (Some(pointer), Some(target)) => Some(self.node(pointer, target)),
            _ => {
                self.problem(at, "leads to nothing in this schema");
                None
            }
        }
    }
}

/// RFC 6901, section 6: in a URI, a pointer is percent-encoded.
fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut decoded = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        decoded.push(u8::from_str_radix(digits, 16).ok()?);
        decoded.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(decoded).ok()
}
