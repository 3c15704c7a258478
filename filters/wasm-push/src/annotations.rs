use crate::module::FilterModule;
use crate::origin::Origin;
use oci_client::annotations::{
    ORG_OPENCONTAINERS_IMAGE_DESCRIPTION, ORG_OPENCONTAINERS_IMAGE_LICENSES,
    ORG_OPENCONTAINERS_IMAGE_REVISION, ORG_OPENCONTAINERS_IMAGE_TITLE,
    ORG_OPENCONTAINERS_IMAGE_VERSION,
};
use std::collections::BTreeMap;

/// Under which a registry finds the source, and shows what belongs to it.
pub(crate) use oci_client::annotations::ORG_OPENCONTAINERS_IMAGE_SOURCE as SOURCE;

/// What the manifest says of the module. What isn't known is left out; there is no time in it,
/// for it would be another manifest each time.
pub(crate) fn annotations(
    module: &FilterModule,
    origin: &Origin,
    source: Option<&str>,
) -> BTreeMap<String, String> {
    let source = source.or(module.source.as_deref()).or(origin.source.as_deref());
    let annotations = [
        (ORG_OPENCONTAINERS_IMAGE_TITLE, Some(&*module.name)),
        (ORG_OPENCONTAINERS_IMAGE_DESCRIPTION, module.description.as_deref()),
        (ORG_OPENCONTAINERS_IMAGE_VERSION, Some(&*module.version)),
        (ORG_OPENCONTAINERS_IMAGE_LICENSES, module.licenses.as_deref()),
        (ORG_OPENCONTAINERS_IMAGE_REVISION, origin.revision.as_deref()),
        (SOURCE, source),
    ];
    annotations
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://example.org/of-git";

    fn module() -> FilterModule {
        FilterModule {
            source: Some("https://example.org/own".to_owned()),
            ..FilterModule::example()
        }
    }

    fn origin() -> Origin {
        Origin { source: Some(ORIGIN.to_owned()), revision: Some("abc".to_owned()) }
    }

    fn source(module: &FilterModule, said: Option<&str>) -> Option<String> {
        annotations(module, &origin(), said).remove(SOURCE)
    }

    #[test]
    fn what_is_said_comes_before_the_modules_word_and_that_before_gits() {
        let said = "https://example.org/said";
        assert_eq!(source(&module(), Some(said)).as_deref(), Some(said));
        assert_eq!(source(&module(), None), module().source);
        assert_eq!(source(&FilterModule::example(), None).as_deref(), Some(ORIGIN));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let known = annotations(&FilterModule::example(), &Origin::default(), None);
        let keys: Vec<_> = known.keys().collect();
        assert_eq!(keys, [ORG_OPENCONTAINERS_IMAGE_TITLE, ORG_OPENCONTAINERS_IMAGE_VERSION]);
    }
}
