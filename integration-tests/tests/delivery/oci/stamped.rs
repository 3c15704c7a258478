use integration_tests::dist;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use wasm_metadata::{AddMetadata, AddMetadataField, Description, Licenses, Version};

/// The filters' files in dist.
pub(super) const FILTERS: [&str; 4] =
    ["admission_control", "inference_metrics", "model_router", "payload_validator"];

/// The texts of licences that scripts/build writes beside the modules: name and text.
pub(super) const LICENCES: [(&str, &str); 2] = [
    ("LICENSES-rust-std.html", "<p>Those of Rust's library</p>"),
    ("LICENSES.txt", "Those of the crates"),
];

/// The filters that are built, which say that they have this version, and the texts of licences.
pub(super) fn modules(version: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    stamp(&FILTERS, version, directory.path());
    for (name, text) in LICENCES {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// The smallest of them alone, without the texts; it says that it has this version.
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
