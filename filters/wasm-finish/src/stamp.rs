//! What a module says of itself, in custom sections that registries and tools know:
//! <https://docs.rs/wasm-metadata>.

use anyhow::Context;
use cargo_metadata::{MetadataCommand, Package};
use std::fmt;
use std::path::Path;
use wasm_metadata::{AddMetadata, AddMetadataField, Description, Licenses, Version};

/// Whose module it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The filter.
    pub(crate) name: String,
    /// Of the filter, and hence of the module.
    pub(crate) version: String,
    /// In a sentence.
    pub(crate) description: String,
    /// An SPDX expression.
    pub(crate) licence: String,
}

impl Stamp {
    /// What this `Cargo.toml` says, with what it inherits from its workspace.
    ///
    /// # Errors
    /// When it is no package's, or does not say all of it.
    pub(crate) fn of_package(manifest: &Path) -> anyhow::Result<Self> {
        let manifest = manifest.canonicalize()?;
        let workspace = MetadataCommand::new().manifest_path(&manifest).no_deps().exec()?;
        let package: &Package = workspace
            .packages
            .iter()
            .find(|package| package.manifest_path == manifest)
            .context("no package of its workspace")?;
        Ok(Self {
            name: package.name.to_string(),
            version: package.version.to_string(),
            description: package.description.clone().context("says no `description`")?,
            licence: package.license.clone().context("says no `license`")?,
        })
    }

    /// The module with this in it.
    ///
    /// # Errors
    /// When this is no module, or the licence is no SPDX expression.
    pub(crate) fn put_on(&self, module: &[u8]) -> anyhow::Result<Vec<u8>> {
        let licence =
            Licenses::new(&self.licence).with_context(|| format!("licence `{}`", self.licence))?;
        let mut metadata = AddMetadata::default();
        metadata.name = AddMetadataField::Set(self.name.clone());
        metadata.version = AddMetadataField::Set(Version::new(self.version.clone()));
        metadata.description = AddMetadataField::Set(Description::new(self.description.clone()));
        metadata.licenses = AddMetadataField::Set(licence);
        metadata.to_wasm(module)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.name, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use wasm_metadata::{Metadata, Payload};

    fn stamp() -> Stamp {
        Stamp {
            name: "weigher".to_owned(),
            version: "1.2.3-rc.1".to_owned(),
            description: "Weighs what comes by".to_owned(),
            licence: "Apache-2.0".to_owned(),
        }
    }

    fn module() -> Vec<u8> {
        wat::parse_str("(module (func $weigh (export \"weigh\")))").unwrap()
    }

    fn said_by(module: &[u8]) -> Metadata {
        let Payload::Module(said) = Payload::from_binary(module).unwrap() else {
            panic!("no module any more");
        };
        said
    }

    #[test]
    fn a_module_says_whose_it_is() {
        let said = said_by(&stamp().put_on(&module()).unwrap());
        assert_eq!(said.name.as_deref(), Some("weigher"));
        assert_eq!(said.version.unwrap().to_string(), "1.2.3-rc.1");
        assert_eq!(said.description.unwrap().to_string(), "Weighs what comes by");
        assert_eq!(said.licenses.unwrap().to_string(), "Apache-2.0");
    }

    #[test]
    fn the_names_of_functions_stay() {
        let stamped = stamp().put_on(&module()).unwrap();
        let module = walrus::Module::from_buffer(&stamped).unwrap();
        assert!(module.funcs.by_name("weigh").is_some());
    }

    #[test]
    fn the_same_stamp_gives_the_same_bytes() {
        assert_eq!(stamp().put_on(&module()).unwrap(), stamp().put_on(&module()).unwrap());
    }

    #[test]
    fn a_package_says_what_its_workspace_says_for_it() {
        let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let expected = Stamp {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: env!("CARGO_PKG_DESCRIPTION").to_owned(),
            licence: env!("CARGO_PKG_LICENSE").to_owned(),
        };
        assert_eq!(Stamp::of_package(&manifest).unwrap(), expected);
    }

    #[test]
    fn refuses_a_licence_that_is_no_spdx_expression() {
        let stamp = Stamp { licence: "as you like".to_owned(), ..stamp() };
        let error = stamp.put_on(&module()).unwrap_err();
        assert_eq!(error.to_string(), "licence `as you like`");
    }
}
