use crate::module::FilterModule;
use oci_client::annotations::{
    ORG_OPENCONTAINERS_IMAGE_DESCRIPTION, ORG_OPENCONTAINERS_IMAGE_LICENSES,
    ORG_OPENCONTAINERS_IMAGE_TITLE, ORG_OPENCONTAINERS_IMAGE_VERSION,
};
use std::collections::BTreeMap;

/// Under which a registry finds the source, and shows what belongs to it.
pub(crate) use oci_client::annotations::ORG_OPENCONTAINERS_IMAGE_SOURCE as SOURCE;

/// What the manifest says of the module, with the source that is said, or else the module's own, or
/// else git's. What isn't known is left out. There is no time in it, for it would be another
/// manifest each time, and no revision: nobody here knows of which one the module was built.
pub(crate) fn annotations(
    module: &FilterModule,
    said: Option<&str>,
    of_git: Option<&str>,
) -> BTreeMap<String, String> {
    let source = said.or(module.source.as_deref()).or(of_git);
    let annotations = [
        (ORG_OPENCONTAINERS_IMAGE_TITLE, Some(&*module.name)),
        (ORG_OPENCONTAINERS_IMAGE_DESCRIPTION, module.description.as_deref()),
        (ORG_OPENCONTAINERS_IMAGE_VERSION, Some(&*module.version)),
        (ORG_OPENCONTAINERS_IMAGE_LICENSES, module.licenses.as_deref()),
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

    const OF_GIT: &str = "https://example.org/of-git";

    fn module() -> FilterModule {
        FilterModule {
            source: Some("https://example.org/own".to_owned()),
            ..FilterModule::example()
        }
    }

    fn source(module: &FilterModule, said: Option<&str>) -> Option<String> {
        annotations(module, said, Some(OF_GIT)).remove(SOURCE)
    }

    #[test]
    fn what_is_said_comes_before_the_modules_word_and_that_before_gits() {
        let said = "https://example.org/said";
        assert_eq!(source(&module(), Some(said)).as_deref(), Some(said));
        assert_eq!(source(&module(), None), module().source);
        assert_eq!(source(&FilterModule::example(), None).as_deref(), Some(OF_GIT));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let known = annotations(&FilterModule::example(), None, None);
        let keys: Vec<_> = known.keys().collect();
        assert_eq!(keys, [ORG_OPENCONTAINERS_IMAGE_TITLE, ORG_OPENCONTAINERS_IMAGE_VERSION]);
    }
}
