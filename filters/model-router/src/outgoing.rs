//! What a placed request carries on: our headers, and the names that its
//! servers know in the place of those that the client wrote.

use crate::catalogue::Version;
use crate::choosing::Choice;
use crate::conditions::Circumstances;
use crate::differentials::Differential;
use crate::rejection::Rejection;
use filter_kit::{Edits, Headers};
use inference_api::dialect::{Call, PathPlace};
use inference_api::identity::{Named, NamedVersion, Splice};

/// The model's name: a client's wish, and the router's answer.
pub(crate) const MODEL_NAME: &str = "x-model-name";
/// The version's name: a client's wish, and the router's answer.
pub(crate) const MODEL_VERSION: &str = "x-model-version";
/// The cluster, for routes with `cluster_header`.
const MODEL_CLUSTER: &str = "x-model-cluster";
/// The shadow's cluster, for mirror policies with `cluster_header`.
const MODEL_SHADOW: &str = "x-model-shadow";

/// The headers that only the router may say.
const OURS: [&str; 4] = [MODEL_NAME, MODEL_VERSION, MODEL_CLUSTER, MODEL_SHADOW];

/// Which of our headers the client sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent([bool; OURS.len()]);

/// A path that names a model.
#[derive(Debug)]
pub(crate) struct WrittenPath {
    path: Vec<u8>,
    place: PathPlace,
    model: String,
    version: Option<String>,
}

impl Sent {
    pub(crate) fn of(headers: &Headers) -> Self {
        Self(OURS.map(|name| headers.contains(name)))
    }

    pub(crate) const fn asks_by_name(&self) -> bool {
        let Self([model, ..]) = self;
        *model
    }

    /// Takes all of them out.
    pub(crate) fn removed(&self) -> Edits {
        let sent = OURS.into_iter().zip(self.0).filter_map(|(name, sent)| sent.then_some(name));
        sent.fold(Edits::none(), Edits::remove)
    }

    /// What tells the route where a request goes, and the servers what it is.
    pub(crate) fn placed(&self, choice: &Choice<'_>, circumstances: &Circumstances) -> Edits {
        let edits = Edits::none()
            .set(MODEL_NAME, choice.model.name.as_str())
            .set(MODEL_VERSION, choice.version.name.as_str())
            .set(MODEL_CLUSTER, choice.version.cluster(circumstances));
        let Self([.., shadow]) = self;
        match choice.model.shadow_of(choice.position) {
            Some(version) => edits.set(MODEL_SHADOW, version.cluster(circumstances)),
            None if *shadow => edits.remove(MODEL_SHADOW),
            None => edits,
        }
    }

    /// What tells the route where a request goes of which nothing is known.
    pub(crate) fn unplaced(&self, cluster: &str) -> Edits {
        self.removed().set(MODEL_CLUSTER, cluster)
    }
}

impl WrittenPath {
    /// The path of this call, if it names a model.
    pub(crate) fn of(call: &Call<'_>, headers: &Headers) -> Option<Self> {
        Some(Self {
            place: call.path_place.clone()?,
            path: headers.first(":path")?.to_vec(),
            model: call.path_model.as_deref()?.to_owned(),
            version: call.path_version.as_ref().map(|version| version.text().to_string()),
        })
    }

    /// The path in the servers' words, where these are others.
    pub(crate) fn served_as(&self, version: &Version) -> Option<Vec<u8>> {
        let Version { served_name, served_version, .. } = version;
        let is_same = self.model == *served_name
            && self.version.as_ref().is_none_or(|written| written == served_version);
        let written = self.version.is_some().then_some(served_version.as_str());
        (!is_same).then(|| self.place.rewrite(&self.path, served_name, written))
    }
}

/// The changes that put the servers' words into a body, where these are others.
///
/// # Errors
/// When the body names its model at more places than can be changed.
pub(crate) fn served_as(named: &Named, version: &Version) -> Result<Vec<Splice>, Rejection> {
    let Version { served_name, served_version, .. } = version;
    let written = named.version.as_ref().map(NamedVersion::text);
    let is_same = named.model.as_ref().is_none_or(|model| model == served_name)
        && written.is_none_or(|written| written == served_version);
    match &named.place {
        _ if is_same => Ok(Vec::new()),
        Some(place) => {
            Ok(place.rewrite(served_name, written.is_some().then_some(served_version.as_str())))
        }
        None => Err(Rejection::Differential(Differential::DuplicateModel)),
    }
}
