use crate::failure::WrongCall;
use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};
use wasm_metadata::{Metadata, Payload};
use wasmparser::Parser;

/// How the export begins that says which ABI a module speaks.
const ABI_EXPORT: &str = "proxy_abi_version_";

/// What to do when modules are not as they should be.
pub(crate) const BUILD: &str = "run ./scripts/build modules";

/// A filter's module, and what it says about itself.
#[derive(Clone, Debug)]
pub(crate) struct FilterModule {
    /// Of the filter, with dashes.
    pub(crate) name: String,
    /// The module, as Envoy loads it.
    pub(crate) bytes: Vec<u8>,
    /// Of the Proxy-Wasm ABI, such as `0.2.1`.
    pub(crate) abi: String,
    /// Of the filter.
    pub(crate) version: String,
    /// What the filter does.
    pub(crate) description: Option<String>,
    /// An SPDX expression.
    pub(crate) licenses: Option<String>,
    /// The address of the source.
    pub(crate) source: Option<String>,
}

/// The filters whose modules lie there, or those of them that are wanted, if any are named.
///
/// # Errors
/// When there is none, when one that is wanted is not there, or when one doesn't say its version.
pub(crate) fn in_directory(
    directory: &Path,
    wanted: &[String],
) -> anyhow::Result<Vec<FilterModule>> {
    let files = files(directory);
    if files.is_empty() {
        bail!("there is no module in {}: {BUILD}", directory.display());
    }
    if let Some(unknown) = wanted.iter().find(|name| !files.iter().any(|(it, _)| it == *name)) {
        let known: Vec<&str> = files.iter().map(|(name, _)| &**name).collect();
        let known = known.join(", ");
        bail!(WrongCall(format!(
            "there is no filter `{unknown}` in {}, only {known}",
            directory.display()
        )));
    }
    let files = files.into_iter().filter(|(name, _)| wanted.is_empty() || wanted.contains(name));
    files
        .map(|(name, file)| {
            let read = || FilterModule::read(name, fs::read(&file)?);
            read().with_context(|| file.display().to_string())
        })
        .collect()
}

impl FilterModule {
    fn read(name: String, bytes: Vec<u8>) -> anyhow::Result<Self> {
        let payload = Payload::from_binary(&bytes)
            .with_context(|| format!("this is no WebAssembly module: {BUILD}"))?;
        let Metadata { version, description, licenses, source, .. } = payload.metadata();
        let Some(version) = version else {
            bail!("it doesn't say its version, so an older build made it: {BUILD}");
        };
        let Some(abi) = abi(&bytes)? else {
            bail!("it is no Proxy-Wasm module: it exports no {ABI_EXPORT}…");
        };
        Ok(Self {
            name,
            abi,
            version: version.to_string(),
            description: description.as_ref().map(ToString::to_string),
            licenses: licenses.as_ref().map(ToString::to_string),
            source: source.as_ref().map(ToString::to_string),
            bytes,
        })
    }

    #[cfg(test)]
    pub(crate) fn example() -> Self {
        Self {
            name: "model-router".to_owned(),
            bytes: b"\0asm\x01\0\0\0".to_vec(),
            abi: "0.2.1".to_owned(),
            version: "0.1.0".to_owned(),
            description: None,
            licenses: None,
            source: None,
        }
    }
}

/// Each filter's name and file, by name. `model_router.wasm` is the model-router.
fn files(directory: &Path) -> Vec<(String, PathBuf)> {
    // A directory that can't be read has no modules either.
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path()).filter(|path| path.is_file());
    let mut files: Vec<_> = paths
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".wasm")?.replace('_', "-");
            Some((name, path))
        })
        .collect();
    files.sort();
    files
}

fn abi(bytes: &[u8]) -> anyhow::Result<Option<String>> {
    for payload in Parser::new(0).parse_all(bytes) {
        if let wasmparser::Payload::ExportSection(exports) = payload? {
            for export in exports {
                if let Some(version) = export?.name.strip_prefix(ABI_EXPORT) {
                    return Ok(Some(version.replace('_', ".")));
                }
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const EXPORT: &str = "(func (export \"proxy_abi_version_0_2_1\"))";

    fn directory(files: &[(&str, &str)]) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, fields) in files {
            let module = wat::parse_str(format!("(module {fields})")).unwrap();
            fs::write(directory.path().join(name), module).unwrap();
        }
        directory
    }

    fn stamped(version: &str) -> String {
        format!("{EXPORT} (@custom \"version\" \"{version}\")")
    }

    fn refusal(directory: &TempDir, wanted: &[String]) -> anyhow::Error {
        in_directory(directory.path(), wanted).unwrap_err()
    }

    #[test]
    fn finds_every_filter_and_says_its_name_with_dashes() {
        let directory = directory(&[
            ("payload_validator.wasm", &stamped("0.2.0")),
            ("model_router.wasm", &stamped("0.1.0")),
        ]);
        fs::write(directory.path().join("model-server"), "a program").unwrap();
        let modules = in_directory(directory.path(), &[]).unwrap();
        let found: Vec<_> = modules.iter().map(|it| (&*it.name, &*it.version)).collect();
        assert_eq!(found, [("model-router", "0.1.0"), ("payload-validator", "0.2.0")]);
    }

    #[test]
    fn reads_what_the_module_says_about_itself() {
        let fields = format!(
            "{} (@custom \"description\" \"routes\") (@custom \"licenses\" \"Apache-2.0\")
             (@custom \"source\" \"https://example.org/filters\")",
            stamped("0.1.0")
        );
        let directory = directory(&[("model_router.wasm", &fields)]);
        let [module] = &in_directory(directory.path(), &[]).unwrap()[..] else {
            panic!("not one module");
        };
        assert_eq!(module.abi, "0.2.1");
        assert_eq!(module.description.as_deref(), Some("routes"));
        assert_eq!(module.licenses.as_deref(), Some("Apache-2.0"));
        assert_eq!(module.source.as_deref(), Some("https://example.org/filters"));
    }

    #[test]
    fn reads_only_what_is_wanted() {
        let directory = directory(&[("a.wasm", &stamped("1")), ("b.wasm", "")]);
        let modules = in_directory(directory.path(), &["a".to_owned()]).unwrap();
        assert_eq!(modules.len(), 1, "the other one would be refused");
    }

    #[test]
    fn a_name_that_is_no_filter_is_a_wrong_call() {
        let directory = directory(&[("model_router.wasm", &stamped("1"))]);
        let error = refusal(&directory, &["model_router".to_owned()]);
        assert!(error.is::<WrongCall>());
        assert!(error.to_string().ends_with(", only model-router"), "{error}");
    }

    #[test]
    fn says_what_to_do_when_nothing_is_built() {
        let error = refusal(&directory(&[]), &[]);
        assert!(error.to_string().ends_with("run ./scripts/build modules"), "{error}");
    }

    #[test]
    fn refuses_a_module_without_a_version() {
        let error = refusal(&directory(&[("a.wasm", EXPORT)]), &[]);
        assert!(format!("{error:#}").contains("doesn't say its version"), "{error:#}");
    }

    #[test]
    fn refuses_a_module_that_is_not_for_envoy() {
        let error = refusal(&directory(&[("a.wasm", "(@custom \"version\" \"1\")")]), &[]);
        assert!(format!("{error:#}").contains("no Proxy-Wasm module"), "{error:#}");
    }

    #[test]
    fn refuses_what_is_no_module() {
        let directory = directory(&[]);
        fs::write(directory.path().join("a.wasm"), "text").unwrap();
        let error = refusal(&directory, &[]);
        assert!(format!("{error:#}").contains("no WebAssembly module"), "{error:#}");
    }
}
