use integration_tests::dist;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use wasm_metadata::{AddMetadata, AddMetadataField, Description, Licenses, Version};

/// The filters' files in dist.
pub(super) const FILTERS: [&str; 4] =
    ["admission_control", "inference_metrics", "model_router", "payload_validator"];

/// The filters that are built, which say that they have this version.
pub(super) fn modules(version: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    stamp(&FILTERS, version, directory.path());
    directory
}

/// The smallest of them alone, which says that it has this version.
pub(super) fn one_module(version: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    stamp(&["model_router"], version, directory.path());
    directory
}

/// Writes the modules of these filters there, with what scripts/build writes into them.
pub(super) fn stamp(filters: &[&str], version: &str, directory: &Path) {
    let mut stamp = AddMetadata::default();
    stamp.version = AddMetadataField::Set(Version::new(version.to_owned()));
    stamp.description = AddMetadataField::Set(Description::new("Does something"));
    stamp.licenses = AddMetadataField::Set(Licenses::new("Apache-2.0").unwrap());
    for filter in filters {
        let file = format!("{filter}.wasm");
        let module = fs::read(dist().join(&file)).unwrap();
        fs::write(directory.join(&file), stamp.to_wasm(&module).unwrap()).unwrap();
    }
}
