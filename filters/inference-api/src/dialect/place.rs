use core::ops::Range;

use super::path;

/// Where a path names its model and version, so that others can be put there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPlace {
    layout: Layout,
    model: Range<usize>,
    /// The version itself, without the word before it.
    version: Option<Range<usize>>,
}

/// How a version stands in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// `v2/models/{model}/versions/{version}`
    OpenInference,
    /// `v1/models/{model}/versions/{number}`, or `/labels/{label}`.
    TensorFlowServing,
    /// `predictions/{model}/{version}`
    TorchServe,
}

impl PathPlace {
    /// `model` and `version` are parts of the path.
    pub(super) fn new(
        layout: Layout,
        path: &str,
        model: &str,
        version: Option<&str>,
    ) -> Option<Self> {
        let version = match version {
            Some(version) => Some(range_in(path, version)?),
            None => None,
        };
        Some(Self { layout, model: range_in(path, model)?, version })
    }

    /// The path that was classified, query string included, with this model and
    /// this version in it. What must not stand in a path is percent-encoded; a
    /// name that is there already stays as it is written, as does all else.
    ///
    /// A version is written only where the path names one. For TensorFlow
    /// Serving decimal digits are a version and anything else is a label,
    /// whichever of them the path names.
    pub fn rewrite(&self, path: &[u8], model: &str, version: Option<&str>) -> Vec<u8> {
        let part = |range: Range<usize>| path.get(range).unwrap_or_default();
        let mut rewritten = part(0..self.model.start).to_vec();
        rewritten.extend(self.name(part(self.model.clone()), model));
        let rest = match (&self.version, version) {
            (Some(place), Some(version)) => {
                rewritten.extend(self.before(part(self.model.end..place.start), version));
                rewritten.extend(self.name(part(place.clone()), version));
                place.end
            }
            _ => self.model.end,
        };
        rewritten.extend_from_slice(part(rest..path.len()));
        rewritten
    }

    /// What stands between model and version.
    fn before<'a>(&self, written: &'a [u8], version: &str) -> &'a [u8] {
        if self.layout != Layout::TensorFlowServing {
            return written;
        }
        let is_number = version.bytes().all(|byte| byte.is_ascii_digit());
        let word: &[u8] = if is_number { b"/versions/" } else { b"/labels/" };
        if written.eq_ignore_ascii_case(word) { written } else { word }
    }

    fn name(&self, written: &[u8], name: &str) -> Vec<u8> {
        let said = str::from_utf8(written).ok().and_then(|written| path::decode(written).ok());
        if said.as_deref() == Some(name) { written.to_vec() } else { self.encoded(name) }
    }

    fn encoded(&self, name: &str) -> Vec<u8> {
        let mut encoded = Vec::with_capacity(name.len());
        for byte in name.bytes() {
            if self.may_stand(byte) {
                encoded.push(byte);
            } else {
                encoded.push(b'%');
                encoded.extend(path::hexadecimal_digits(byte));
            }
        }
        encoded
    }

    /// Whether it may stand in a part of a path: RFC 3986, section 3.3, `pchar`.
    /// To TensorFlow Serving a colon ends the name.
    fn may_stand(&self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric()
            || b"-._~!$&'()*+,;=@".contains(&byte)
            || (byte == b':' && self.layout != Layout::TensorFlowServing)
    }
}

/// Where a part of a text stands in it.
fn range_in(text: &str, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (text.get(start..end) == Some(part)).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use crate::dialect::{Call, PathVersion, RequestLine, classify};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn classified<'a>(method: &'a str, path: &'a [u8]) -> Call<'a> {
        let line = RequestLine { method: method.as_bytes(), path, content_type: None };
        classify(&line, &[]).unwrap()
    }

    fn rewritten(line: &str, model: &str, version: Option<&str>) -> String {
        let (method, path) = line.split_once(' ').unwrap();
        let call = classified(method, path.as_bytes());
        let place = call.path_place.as_ref().unwrap();
        let after = place.rewrite(path.as_bytes(), model, version);
        let again = classified(method, &after);
        assert_eq!(again.operation, call.operation, "{line}");
        assert_eq!(again.path_model.as_deref(), Some(model), "{line}");
        let told = |call: &Call<'_>| call.path_version.as_ref().map(PathVersion::to_string);
        match version.filter(|_| call.path_version.is_some()) {
            Some(version) => assert_eq!(told(&again).as_deref(), Some(version), "{line}"),
            None => assert_eq!(told(&again), told(&call), "{line}"),
        }
        String::from_utf8(after).unwrap()
    }

    #[test]
    fn names_are_put_where_names_stand_and_nothing_else_changes() {
        for (line, version, expected) in [
            ("POST /v2/models/a/infer?x=a", None, "/v2/models/new/infer?x=a"),
            ("POST /v2/models/a/infer", Some("3"), "/v2/models/new/infer"),
            (
                "POST /v2/models/a/versions/1/infer#a",
                Some("v3"),
                "/v2/models/new/versions/v3/infer#a",
            ),
            ("POST /v2/models/a/versions/1/infer", None, "/v2/models/new/versions/1/infer"),
            ("GET /v2/models/models", Some("3"), "/v2/models/new"),
            ("GET /v2/models/versions/versions/versions", Some("3"), "/v2/models/new/versions/3"),
            ("POST /v1/models/a:predict", Some("3"), "/v1/models/new:predict"),
            ("GET /v1/models/a", Some("3"), "/v1/models/new"),
            ("POST /predictions/a", Some("3"), "/predictions/new"),
            ("PUT /predictions/a/1?a=1", Some("2.0"), "/predictions/new/2.0?a=1"),
        ] {
            assert_eq!(rewritten(line, "new", version), expected, "{line}");
        }
    }

    #[test]
    fn to_tensorflow_serving_digits_are_a_version_and_all_else_is_a_label() {
        for (path, version, expected) in [
            ("/v1/models/m/versions/7:predict", "8", "/v1/models/m/versions/8:predict"),
            ("/v1/models/m/versions/7:predict", "blue", "/v1/models/m/labels/blue:predict"),
            ("/v1/models/m/labels/blue:predict", "8", "/v1/models/m/versions/8:predict"),
            ("/v1/models/m/labels/blue:predict", "red", "/v1/models/m/labels/red:predict"),
            ("/v1/models/m/versions/v2:predict", "v2", "/v1/models/m/labels/v2:predict"),
            ("/V1/Models/m/VERSIONS/7:PREDICT", "8", "/V1/Models/m/VERSIONS/8:PREDICT"),
            ("/V1/Models/m/VERSIONS/7:PREDICT", "-8", "/V1/Models/m/labels/-8:PREDICT"),
        ] {
            assert_eq!(rewritten(&format!("POST {path}"), "m", Some(version)), expected, "{path}");
        }
        let metadata = rewritten("GET /v1/models/m/labels/blue/metadata", "n", Some("3"));
        assert_eq!(metadata, "/v1/models/n/versions/3/metadata");
    }

    #[test]
    fn what_must_not_stand_in_a_path_is_encoded() {
        let infer = |model| rewritten("POST /v2/models/m/infer", model, None);
        assert_eq!(
            infer("meta/llama 3.1?%é#"),
            "/v2/models/meta%2Fllama%203.1%3F%25%C3%A9%23/infer"
        );
        assert_eq!(infer("a:b@c+d"), "/v2/models/a:b@c+d/infer");
        let predict = rewritten("POST /v1/models/m/versions/1:predict", "a:b", Some("c:d"));
        assert_eq!(predict, "/v1/models/a%3Ab/labels/c%3Ad:predict");
    }

    #[test]
    fn a_name_that_is_there_stays_as_it_is_written() {
        let path = "/v2/models/%6d%2fn/versions/v%31/infer";
        assert_eq!(rewritten(&format!("POST {path}"), "m/n", Some("v1")), path);
    }

    #[test]
    fn a_path_without_a_model_has_no_place() {
        for line in ["GET /v2", "POST /v1/chat/completions", "GET /v1/models", "GET /other"] {
            let (method, path) = line.split_once(' ').unwrap();
            assert_eq!(classified(method, path.as_bytes()).path_place, None, "{line}");
        }
    }
}
