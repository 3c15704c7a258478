//! The paths below `/v1/models`, which TensorFlow Serving reads in any case.

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// As written: names do have a case.
    pub(crate) model: String,
    pub(super) asked: Asked,
    pub(super) verb: Verb,
    /// Written exactly as OpenAI's clients write it.
    lower_case_root: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Latest,
    Number(i64),
    Label(String),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Predict,
    Classify,
    Regress,
    Status,
    Metadata,
}

impl Path {
    /// Reads `/v1/models/{model}[/versions/{n}|/labels/{label}][:predict|:classify|:regress|/metadata]`
    /// as the server's own regular expressions do (`http_rest_api_util.cc`); `None` for any other.
    pub(crate) fn read(path: &str) -> Option<Self> {
        const ROOT: &str = "/v1/models/";
        let (root, rest) = path.split_at_checked(ROOT.len())?;
        if !root.eq_ignore_ascii_case(ROOT) {
            return None;
        }
        let (rest, verb) = split_verb(rest)?;
        let mut segments = rest.split('/');
        let model = segments.next().filter(|model| !model.is_empty())?.to_owned();
        let asked = match (segments.next(), segments.next()) {
            (None, _) => Asked::Latest,
            (Some(kind), Some(number)) if kind.eq_ignore_ascii_case("versions") => {
                Asked::Number(number_of(number)?)
            }
            (Some(kind), Some(label)) if kind.eq_ignore_ascii_case("labels") => {
                (!label.is_empty()).then(|| Asked::Label(label.to_owned()))?
            }
            _ => return None,
        };
        let lower_case_root = root == ROOT;
        segments.next().is_none().then_some(Self { model, asked, verb, lower_case_root })
    }

    /// `GET /v1/models/{model}` is a request of OpenAI's API as well.
    pub(super) fn is_openai_model_card(&self) -> bool {
        self.lower_case_root && self.verb == Verb::Status && self.asked == Asked::Latest
    }
}

fn split_verb(path: &str) -> Option<(&str, Verb)> {
    if let Some((target, verb)) = path.split_once(':') {
        let verbs =
            [("predict", Verb::Predict), ("classify", Verb::Classify), ("regress", Verb::Regress)];
        let known = verbs.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(verb));
        return known.map(|(_, verb)| (target, verb));
    }
    match path.rsplit_once('/') {
        Some((target, last)) if last.eq_ignore_ascii_case("metadata") => {
            Some((target, Verb::Metadata))
        }
        _ => Some((path, Verb::Status)),
    }
}

/// Digits alone, without a sign.
fn number_of(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> Option<(String, Asked, Verb)> {
        Path::read(path).map(|path| (path.model, path.asked, path.verb))
    }

    #[test]
    fn reads_the_model_the_version_and_the_verb() {
        let m = || "m".to_owned();
        let cases = [
            ("/v1/models/m:predict", (m(), Asked::Latest, Verb::Predict)),
            ("/v1/models/m/versions/12:predict", (m(), Asked::Number(12), Verb::Predict)),
            ("/v1/models/m/labels/v1:classify", (m(), Asked::Label("v1".into()), Verb::Classify)),
            ("/v1/models/m/labels/v1:regress", (m(), Asked::Label("v1".into()), Verb::Regress)),
            ("/v1/models/m", (m(), Asked::Latest, Verb::Status)),
            ("/v1/models/m/versions/1", (m(), Asked::Number(1), Verb::Status)),
            ("/v1/models/m/metadata", (m(), Asked::Latest, Verb::Metadata)),
            ("/v1/models/m/versions/1/metadata", (m(), Asked::Number(1), Verb::Metadata)),
        ];
        for (path, expected) in cases {
            assert_eq!(read(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn only_names_have_a_case() {
        let expected = Some(("Demo".to_owned(), Asked::Label("V1".to_owned()), Verb::Predict));
        assert_eq!(read("/V1/MODELS/Demo/LABELS/V1:PREDICT"), expected);
    }

    #[test]
    fn other_paths_are_not_of_this_api() {
        for path in [
            "/",
            "/v1/models",
            "/v1/models/",
            "/v1/models//versions/1",
            "/v1/models/m:explain",
            "/v1/models/m/versions/v1:predict",
            "/v1/models/m/versions/-1:predict",
            "/v1/models/m/versions/+1:predict",
            "/v1/models/m/versions/:predict",
            "/v1/models/m/versions/1/2:predict",
            "/v1/models/m/labels/:predict",
            "/v1/models/m/versions",
            "/v1/models/m/other/1",
            "/v1/modelé/m",
        ] {
            assert_eq!(Path::read(path), None, "{path}");
        }
    }

    #[test]
    fn only_the_plain_path_is_openais_as_well() {
        let card = |path| Path::read(path).expect("a path of this API").is_openai_model_card();
        assert!(card("/v1/models/m"));
        for path in ["/V1/models/m", "/v1/models/m/versions/1", "/v1/models/m:predict"] {
            assert!(!card(path), "{path}");
        }
    }
}
