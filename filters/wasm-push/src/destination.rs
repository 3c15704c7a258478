use crate::forms::Form;
use crate::module::FilterModule;
use anyhow::{Context, bail};
use oci_client::Reference;
use std::net::IpAddr;
use std::str::FromStr;

/// Where the filters go: `REGISTRY/REPOSITORY[:TAG]`. Each one gets a repository of its own below.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Destination {
    /// Host, and port if it has one.
    registry: String,
    repository: String,
    tag: Option<String>,
}

impl Destination {
    /// Host, and port if it has one.
    pub(crate) fn registry(&self) -> &str {
        &self.registry
    }

    /// Whether the registry runs on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        let address = |text: &str| text.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        match self.registry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((version_6, _)) => address(version_6),
            None => {
                let host = self.registry.split_once(':').map_or(&*self.registry, |(host, _)| host);
                host == "localhost" || address(host)
            }
        }
    }

    /// Where this form of the module goes.
    ///
    /// # Errors
    /// When the module's version, which is the tag if none was said, can't be one.
    pub(crate) fn reference(&self, module: &FilterModule, form: Form) -> anyhow::Result<Reference> {
        let tag = self.tag.as_ref().unwrap_or(&module.version);
        let text = format!(
            "{}/{}/{}:{tag}{}",
            self.registry,
            self.repository,
            module.name,
            form.tag_suffix()
        );
        text.parse().with_context(|| format!("`{text}` can't be the name of an image"))
    }
}

impl FromStr for Destination {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let name = text.strip_prefix("oci://").unwrap_or(text);
        if name.contains("://") {
            bail!(
                "a registry's name, such as registry.example.com/inference-filters, has no scheme"
            );
        }
        if name.contains('@') {
            bail!("a digest can't be chosen: it comes of what is pushed");
        }
        let Some((registry, path)) = name.split_once('/') else {
            bail!("it names no repository, as in registry.example.com/inference-filters");
        };
        if !(registry.contains(['.', ':']) || registry == "localhost") {
            bail!("`{registry}` is no registry; Docker Hub's is docker.io");
        }
        let (repository, tag) = match path.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        // The rules for names and tags are the library's.
        let example = format!("{registry}/{repository}/filter:{}", tag.unwrap_or("tag"));
        let Ok(reference) = example.parse::<Reference>() else {
            bail!(
                "a repository has lower case letters, digits, `.`, `_`, `-` and `/`, a tag no `/`"
            );
        };
        if reference.registry() != registry {
            bail!("`{registry}` is no registry");
        }
        Ok(Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(text: &str) -> Destination {
        text.parse().unwrap()
    }

    fn refusal(text: &str) -> String {
        text.parse::<Destination>().unwrap_err().to_string()
    }

    fn reference(text: &str, form: Form) -> String {
        let module = FilterModule { version: "1.2.3".to_owned(), ..FilterModule::example() };
        destination(text).reference(&module, form).unwrap().whole()
    }

    #[test]
    fn a_filter_has_its_own_repository_and_its_version_as_tag() {
        let text = "registry.example.com/inference-filters";
        assert_eq!(
            reference(text, Form::Artifact),
            "registry.example.com/inference-filters/model-router:1.2.3"
        );
        assert_eq!(
            reference(text, Form::Image),
            "registry.example.com/inference-filters/model-router:1.2.3-image"
        );
    }

    #[test]
    fn a_tag_that_is_said_counts_for_both_forms() {
        let text = "localhost:5000/filters:edge";
        assert_eq!(reference(text, Form::Artifact), "localhost:5000/filters/model-router:edge");
        assert_eq!(reference(text, Form::Image), "localhost:5000/filters/model-router:edge-image");
    }

    #[test]
    fn the_url_of_a_wasm_plugin_is_understood() {
        assert_eq!(
            destination("oci://registry.example.com/owner"),
            destination("registry.example.com/owner")
        );
    }

    #[test]
    fn a_version_that_is_no_tag_is_refused() {
        let module = FilterModule { version: "1.2.3+4".to_owned(), ..FilterModule::example() };
        let error = destination("registry.example.com/owner")
            .reference(&module, Form::Artifact)
            .unwrap_err();
        assert!(
            error.to_string().contains("registry.example.com/owner/model-router:1.2.3+4"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_destination_is_refused_with_a_reason() {
        assert!(refusal("filters").contains("no repository"));
        assert!(refusal("owner/filters").contains("Docker Hub"));
        assert!(refusal("https://registry.example.com/owner").contains("scheme"));
        assert!(refusal("registry.example.com/owner@sha256:00").contains("digest"));
        assert!(refusal("registry.example.com/Owner").contains("lower case"));
        assert!(refusal("registry.example.com/owner:a/b").contains("a tag no `/`"));
        assert!(refusal("registry.example.com/").contains("a repository has"));
    }

    #[test]
    fn knows_this_machine() {
        let is_loopback = |registry: &str| destination(&format!("{registry}/a")).is_loopback();
        for here in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.9.9.9:1"] {
            assert!(is_loopback(here), "{here}");
        }
        for elsewhere in ["localhost.example", "10.0.0.1:5000", "registry.example.com"] {
            assert!(!is_loopback(elsewhere), "{elsewhere}");
        }
    }
}
