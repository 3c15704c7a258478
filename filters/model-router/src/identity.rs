//! Which model and version a request means, from everything in it that says so.

use crate::catalogue::{Catalogue, Model, Word};
use crate::config::OnContradiction;
use crate::rejection::Rejection;
use core::fmt;
use inference_api::identity::split_name_at_version;

/// Where a name stands. The first of these that names something counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// `x-model-name` and `x-model-version`.
    Header,
    /// Parameters in the path's query string.
    Query,
    /// The request's path.
    Path,
    /// The request's body: a JSON field, a field of a gRPC message, a part of a
    /// form.
    Body,
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Header => "the headers",
            Self::Query => "the query parameters",
            Self::Path => "the path",
            Self::Body => "the body",
        })
    }
}

/// What one source says: a model, versions of it, both or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) model: Option<String>,
    /// The version within the model's name, as in `name@version`, and the one
    /// that stands by itself.
    versions: [Option<String>; 2],
}

impl Claim {
    /// A claim from a model's name, which may be `name@version`, and a version
    /// that stands by itself. Empty ones say nothing.
    pub(crate) fn new(model: Option<&str>, version: Option<&str>) -> Self {
        let written = model.filter(|name| !name.is_empty());
        let beside = version.filter(|name| !name.is_empty());
        let (model, within) = written.map(split_name_at_version).unzip();
        Self {
            model: model.map(str::to_owned),
            versions: [within.flatten(), beside].map(|version| version.map(str::to_owned)),
        }
    }
}

/// The claims of one request, by source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    pub(crate) header: Claim,
    pub(crate) query: Claim,
    pub(crate) path: Claim,
    pub(crate) body: Claim,
}

/// What a request means as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meant {
    /// The model's position.
    pub(crate) model: usize,
    /// The version, if one is named.
    pub(crate) version: Option<Word>,
}

/// How claims are understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Understanding<'c> {
    pub(crate) catalogue: &'c Catalogue,
    /// What is meant when no model is named.
    pub(crate) default_model: Option<usize>,
    pub(crate) on_contradiction: OnContradiction,
}

impl Claims {
    /// What the request means. Two names for one model, and two for one version,
    /// are no contradiction.
    ///
    /// # Errors
    /// When nothing that is served is meant, or the sources disagree and that is
    /// to be refused.
    pub(crate) fn settle(&self, with: Understanding<'_>) -> Result<Meant, Rejection> {
        let model = self.model(with)?;
        let Some(known) = with.catalogue.model(model) else { return Err(Rejection::NoModel) };
        Ok(Meant { model, version: self.version(model, known, with)? })
    }

    /// Whether anything names a model.
    pub(crate) fn name_a_model(&self) -> bool {
        self.by_source().iter().any(|(_, claim)| claim.model.is_some())
    }

    fn by_source(&self) -> [(Source, &Claim); 4] {
        [
            (Source::Header, &self.header),
            (Source::Query, &self.query),
            (Source::Path, &self.path),
            (Source::Body, &self.body),
        ]
    }

    fn model(&self, with: Understanding<'_>) -> Result<usize, Rejection> {
        let position = |name: &str| with.catalogue.find(name).map(|found| found.model);
        let sources = self.by_source();
        let mut said =
            sources.iter().filter_map(|(source, claim)| Some((*source, claim.model.as_deref()?)));
        let Some(first) = said.next() else {
            return with.default_model.ok_or(Rejection::NoModel);
        };
        let is_another = |name: &str| match (position(first.1), position(name)) {
            (None, None) => first.1 != name,
            (one, other) => one != other,
        };
        match said.find(|(_, name)| is_another(name)) {
            Some(second) if with.on_contradiction == OnContradiction::Refuse => {
                Err(contradiction("model", first, second))
            }
            _ => position(first.1)
                .ok_or_else(|| Rejection::UnknownModel { model: first.1.to_owned() }),
        }
    }

    /// The version that is named by a source that names this model, or none.
    fn version(
        &self,
        model: usize,
        known: &Model,
        with: Understanding<'_>,
    ) -> Result<Option<Word>, Rejection> {
        let mut first: Option<(Source, &str, Option<Word>)> = None;
        for (source, claim) in self.by_source() {
            let named = claim.model.as_deref();
            let found = named.and_then(|name| with.catalogue.find(name));
            if found.is_some_and(|found| found.model != model) {
                continue;
            }
            // An alias can stand for a version.
            let alias = found.and_then(|found| found.version).zip(named);
            let written = claim.versions.iter().flatten();
            let written = written.map(|version| (version.as_str(), known.word(version)));
            for (text, word) in written.chain(alias.map(|(word, name)| (name, Some(word)))) {
                let Some(before) = first else {
                    first = Some((source, text, word));
                    continue;
                };
                let is_another = match (before.2, word) {
                    (None, None) => before.1 != text,
                    (one, other) => one.map(|word| word.version) != other.map(|word| word.version),
                };
                if is_another && with.on_contradiction == OnContradiction::Refuse {
                    return Err(contradiction("version", (before.0, before.1), (source, text)));
                }
            }
        }
        match first {
            None => Ok(None),
            Some((_, _, Some(word))) => Ok(Some(word)),
            Some((_, version, None)) => Err(Rejection::UnknownVersion {
                model: known.name.clone(),
                version: version.to_owned(),
            }),
        }
    }
}

fn contradiction(what: &'static str, one: (Source, &str), other: (Source, &str)) -> Rejection {
    Rejection::Contradiction {
        what,
        first: (one.0, one.1.to_owned()),
        second: (other.0, other.1.to_owned()),
    }
}
