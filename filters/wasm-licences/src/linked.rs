use anyhow::{Context, bail};
use cargo_metadata::camino::Utf8Path;
use cargo_metadata::{MetadataCommand, Package};
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::process::Command;

/// How the names of files begin that have to go along with what they belong to.
const NOTICES: [&str; 6] = ["license", "licence", "copying", "notice", "copyright", "unlicense"];

/// A crate whose code is in a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Linked {
    pub(crate) name: String,
    pub(crate) version: String,
    /// An SPDX expression.
    pub(crate) licence: String,
    /// The texts that lie with its sources.
    pub(crate) texts: Vec<String>,
}

/// All that is linked into the modules of these packages, by name and version.
///
/// # Errors
/// When cargo does not know them, or one says nothing of its licence.
pub(crate) fn into(packages: &[String], target: &str) -> anyhow::Result<Vec<Linked>> {
    // What a resolver for the whole workspace says would have the host's features as well.
    let tree = tree(packages, target)?;
    let names: BTreeSet<(&str, &str)> = tree.lines().filter_map(name_and_version).collect();
    let platform = ["--locked", "--filter-platform", target].map(str::to_owned);
    let known = MetadataCommand::new().other_options(platform).exec()?;
    names
        .into_iter()
        .map(|(name, version)| {
            let is_it = |package: &&Package| {
                package.name.as_str() == name && package.version.to_string() == version
            };
            let package = known.packages.iter().find(is_it).context("cargo doesn't know it");
            package
                .and_then(|package| described(package, &known.workspace_root))
                .with_context(|| format!("{name} {version}"))
        })
        .collect()
}

fn tree(packages: &[String], target: &str) -> anyhow::Result<String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["tree", "--locked", "--target", target, "--edges", "normal,no-proc-macro"]);
    command.args(["--prefix", "none", "--no-dedupe", "--format", "{p}"]);
    for package in packages {
        command.args(["--package", package]);
    }
    let output = command.output()?;
    if !output.status.success() {
        bail!("cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// `serde v1.0.229` or `filter-kit v0.1.0 (/where/it/lies)`.
fn name_and_version(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    Some((words.next()?, words.next()?.strip_prefix('v')?))
}

fn described(package: &Package, workspace: &Utf8Path) -> anyhow::Result<Linked> {
    let directory = package.manifest_path.parent().context("no directory")?;
    // For ours there is one text, at the top.
    let directory = if directory.starts_with(workspace) { workspace } else { directory };
    let texts = texts_in(directory)?;
    if texts.is_empty() {
        bail!("no text of a licence in {directory}");
    }
    Ok(Linked {
        name: package.name.to_string(),
        version: package.version.to_string(),
        licence: package.license.clone().context("says no `license`")?,
        texts,
    })
}

fn texts_in(directory: &Utf8Path) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in directory.read_dir_utf8()? {
        let entry = entry?;
        let name = entry.file_name().to_lowercase();
        if entry.file_type()?.is_file() && NOTICES.iter().any(|begin| name.starts_with(begin)) {
            files.push(entry.into_path());
        }
    }
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).context(file.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_tree_has_name_and_version() {
        assert_eq!(name_and_version("serde v1.0.229"), Some(("serde", "1.0.229")));
        assert_eq!(
            name_and_version("filter-kit v0.1.0 (/some where/filter-kit)"),
            Some(("filter-kit", "0.1.0"))
        );
        assert_eq!(name_and_version(""), None);
    }

    #[test]
    fn what_only_the_build_needs_is_not_linked() {
        let crates = into(&["model-router-wasm".to_owned()], "wasm32-unknown-unknown").unwrap();
        let names: BTreeSet<&str> = crates.iter().map(|linked| linked.name.as_str()).collect();
        assert!(names.is_superset(&BTreeSet::from(["model-router", "proxy-wasm", "serde"])));
        for name in ["serde_derive", "syn", "proptest", "schemars"] {
            assert!(!names.contains(name), "{name}");
        }
    }

    #[test]
    fn a_crate_comes_with_its_texts() {
        let crates = into(&["model-router-wasm".to_owned()], "wasm32-unknown-unknown").unwrap();
        let proxy_wasm = crates.iter().find(|linked| linked.name == "proxy-wasm").unwrap();
        assert_eq!(proxy_wasm.licence, "Apache-2.0");
        assert!(proxy_wasm.texts.concat().contains("Apache License"));
    }
}
