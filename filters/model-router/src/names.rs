//! What may stand in a configuration as a name.

use filter_kit::Problems;

/// Writes down what is wrong with the name of a model or version.
pub(crate) fn check_name(path: &str, name: &str, problems: &mut Problems) {
    if name.is_empty() {
        problems.add(path, "is empty");
    } else if name.contains('@') {
        problems.add(path, "contains an `@`, which stands between a name and a version");
    } else if !name.bytes().all(is_visible) {
        problems.add(path, "must be visible ASCII characters without spaces");
    }
}

/// Writes it down when this is not the name of a cluster.
pub(crate) fn check_cluster(path: &str, name: &str, problems: &mut Problems) {
    if name.is_empty() || !name.bytes().all(is_visible) {
        problems.add(path, "must be the name of an Envoy cluster");
    }
}

/// Whether a byte may stand in a header's name (RFC 9110, 5.6.2).
pub(crate) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// Whether a byte may stand in a header's value as it is, and is not a space.
const fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}
