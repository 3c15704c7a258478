//! Which model and version a request means, from everything in it that says so.

use crate::config::OnContradiction;
use crate::rejection::Rejection;
use core::fmt;
use inference_api::identity::split_name_at_version;

/// Where a name stands. The first of these that names something counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// `x-model-name` and `x-model-version`.
    Header,
    /// The request's path.
    Path,
    /// The request's body: a JSON field or a field of a gRPC message.
    Body,
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Header => "the headers",
            Self::Path => "the path",
            Self::Body => "the body",
        })
    }
}

/// What one source says: a model, a version, both or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) model: Option<String>,
    pub(crate) version: Option<String>,
}

impl Claim {
    /// A claim from a model's name, which may be `name@version`, and a version
    /// that stands by itself.
    ///
    /// # Errors
    /// When both name a version and not the same one.
    pub(crate) fn new(
        source: Source,
        model: Option<&str>,
        version: Option<&str>,
    ) -> Result<Self, Rejection> {
        let written = model.filter(|name| !name.is_empty());
        let beside = version.filter(|name| !name.is_empty());
        let (model, within) = match written.map(split_name_at_version) {
            Some((model, version)) => (Some(model), version),
            None => (None, None),
        };
        match (within, beside) {
            (Some(one), Some(other)) if one != other => Err(Rejection::Contradiction {
                what: "version",
                first: (source, one.to_owned()),
                second: (source, other.to_owned()),
            }),
            _ => Ok(Self {
                model: model.map(str::to_owned),
                version: within.or(beside).map(str::to_owned),
            }),
        }
    }
}

/// The claims of one request, by source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    pub(crate) header: Claim,
    pub(crate) path: Claim,
    pub(crate) body: Claim,
}

impl Claims {
    /// What the request means as a whole.
    ///
    /// # Errors
    /// When the sources disagree and that is to be refused.
    pub(crate) fn settle(self, policy: OnContradiction) -> Result<Claim, Rejection> {
        let Self { header, path, body } = self;
        let models = [
            (Source::Header, header.model),
            (Source::Path, path.model),
            (Source::Body, body.model),
        ];
        let versions = [
            (Source::Header, header.version),
            (Source::Path, path.version),
            (Source::Body, body.version),
        ];
        Ok(Claim {
            model: first("model", models, policy)?,
            version: first("version", versions, policy)?,
        })
    }
}

fn first(
    what: &'static str,
    said: [(Source, Option<String>); 3],
    policy: OnContradiction,
) -> Result<Option<String>, Rejection> {
    let mut said = said.into_iter().filter_map(|(source, name)| Some((source, name?)));
    let Some(first) = said.next() else { return Ok(None) };
    match said.find(|(_, name)| *name != first.1) {
        Some(second) if policy == OnContradiction::Refuse => {
            Err(Rejection::Contradiction { what, first, second })
        }
        _ => Ok(Some(first.1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn claim(model: Option<&str>, version: Option<&str>) -> Claim {
        Claim::new(Source::Body, model, version).unwrap()
    }

    #[test]
    fn a_name_may_carry_its_version() {
        let expected = Claim { model: Some("org/demo".to_owned()), version: Some("v2".to_owned()) };
        assert_eq!(claim(Some("org/demo@v2"), None), expected);
        assert_eq!(claim(Some("org/demo"), Some("v2")), expected);
        assert_eq!(claim(Some("org/demo@v2"), Some("v2")), expected);
        assert!(Claim::new(Source::Body, Some("demo@v2"), Some("v1")).is_err());
    }

    #[test]
    fn empty_names_say_nothing() {
        assert_eq!(claim(Some(""), Some("")), Claim::default());
    }

    #[test]
    fn sources_complete_each_other() {
        let claims = Claims {
            header: claim(None, Some("v2")),
            path: Claim::default(),
            body: claim(Some("demo"), None),
        };
        let settled = claims.settle(OnContradiction::Refuse).unwrap();
        assert_eq!(settled, claim(Some("demo"), Some("v2")));
    }

    #[test]
    fn a_contradiction_is_refused_or_follows_the_precedence() {
        let claims = || Claims {
            header: claim(Some("a"), Some("v1")),
            path: claim(Some("a"), Some("v2")),
            body: claim(Some("c"), None),
        };
        let refused = claims().settle(OnContradiction::Refuse).unwrap_err();
        let named = |name: &str| name.to_owned();
        assert_eq!(
            refused,
            Rejection::Contradiction {
                what: "model",
                first: (Source::Header, named("a")),
                second: (Source::Body, named("c")),
            }
        );
        let followed = claims().settle(OnContradiction::FollowPrecedence).unwrap();
        assert_eq!(followed, claim(Some("a"), Some("v1")));
    }
}
