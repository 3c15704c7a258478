//! Where things are: Envoy itself, the modules that it loads, other programs.

use crate::config::EnvoyConfig;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The release that the filters are made for.
const RELEASE: &str = "1.40.0";

/// The release that scripts/setup gets.
const GRPCURL_RELEASE: &str = "1.8.6";

/// What Envoy says about a configuration without serving it.
#[derive(Clone, Debug)]
pub struct Validation {
    /// Whether it would start with it.
    pub accepted: bool,
    /// What it wrote to its log.
    pub log: String,
}

/// Asks Envoy about a configuration (`--mode validate`). The filters' modules
/// are loaded and configured.
pub fn validate(config: &EnvoyConfig) -> Validation {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("envoy.json");
    fs::write(&file, config.bootstrap(directory.path()).to_string()).expect("a file to write to");
    validate_file(&file)
}

/// Asks Envoy about a configuration file.
pub fn validate_file(file: &Path) -> Validation {
    let output = Command::new(binary())
        .args(["--mode", "validate", "--log-level", "info", "-c"])
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .expect("Envoy runs");
    Validation {
        accepted: output.status.success(),
        log: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The directory of what scripts/build makes.
pub fn dist() -> PathBuf {
    repository().join("dist")
}

/// The directory of this repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// Envoy's program.
pub(crate) fn binary() -> PathBuf {
    program("ENVOY", "envoy", &format!("envoy-{RELEASE}/envoy"))
}

/// grpcurl's program.
///
/// # Panics
/// When there is none.
pub fn grpcurl() -> PathBuf {
    program("GRPCURL", "grpcurl", &format!("grpcurl-{GRPCURL_RELEASE}/grpcurl"))
}

/// A program that the variable names, or that this part of scripts/setup has put
/// into its cache.
pub(crate) fn program(variable: &str, part: &str, place: &str) -> PathBuf {
    let named = |variable| env::var_os(variable).filter(|value| !value.is_empty());
    if let Some(program) = named(variable).map(PathBuf::from) {
        assert!(program.is_file(), "{variable} is `{}`, which is no program", program.display());
        return program;
    }
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default());
    let cache = named("XDG_CACHE_HOME").map_or_else(|| home().join(".cache"), PathBuf::from);
    let program = cache.join("envoy-inference-filters").join(place);
    assert!(program.is_file(), "no {}: run ./scripts/setup {part}", program.display());
    program
}

/// The module of the filter with this name: one of ours or one of the tests'.
pub(crate) fn module_of(name: &str) -> PathBuf {
    let file = format!("{}.wasm", name.replace('-', "_"));
    let places = [dist().join(&file), dist().join("test").join(&file)];
    places
        .into_iter()
        .find(|place| place.is_file())
        .unwrap_or_else(|| panic!("no {file} in {}: run ./scripts/build", dist().display()))
}
