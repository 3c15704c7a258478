//! The two forms in which a module lies in a registry. Source of both: the *Wasm Image
//! Specification* (solo-io/wasm, `spec/spec.md` and `spec/spec-compat.md`), of which Istio and
//! Envoy Gateway are the readers.

use crate::licences::LicenceText;
use crate::module::FilterModule;
use clap::ValueEnum;
use flate2::{Compression, GzBuilder};
use oci_client::annotations::ORG_OPENCONTAINERS_IMAGE_TITLE;
use oci_client::client::{Config, ImageLayer};
use oci_client::config::{Architecture, ConfigFile, Os, Rootfs};
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciImageManifest};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Write};
use tar::{Builder, Header};

/// The layer that is the module, as it is.
const CONTENT: &str = "application/vnd.module.wasm.content.layer.v1+wasm";

/// The layer that says what runs the module. Nobody looks into it, but it has to be there.
const RUNTIME_CONFIG: &str = "application/vnd.module.wasm.config.v1+json";

/// The configuration of an artifact that has none. Source: OCI image specification 1.1,
/// "Guidance for an Empty Descriptor".
const NOTHING: &str = "application/vnd.oci.empty.v1+json";

/// The name under which a module is looked for in an image's layer.
const PLUGIN: &str = "plugin.wasm";

/// In which form a module is pushed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Form {
    /// Two layers with media types of their own: the module as it is, and what runs it.
    Artifact,
    /// An image as Docker builds it, with `plugin.wasm` in its only layer, and the texts of licences.
    Image,
}

/// All that goes to the registry under one tag.
pub(crate) struct Package {
    /// Of the filter.
    pub(crate) name: String,
    /// What it is packed as.
    pub(crate) form: Form,
    /// In the order in which the manifest names them.
    pub(crate) layers: Vec<ImageLayer>,
    /// What the manifest's `config` is.
    pub(crate) config: Config,
    /// The manifest, as it is written.
    pub(crate) manifest: Vec<u8>,
    /// The manifest's digest, `sha256:…`: what a fetcher compares with.
    pub(crate) digest: String,
}

impl Form {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Artifact, Self::Image];

    /// What the tag of this form has behind the version.
    pub(crate) const fn tag_suffix(self) -> &'static str {
        match self {
            Self::Artifact => "",
            Self::Image => "-image",
        }
    }

    /// What it is called.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Artifact => "artifact",
            Self::Image => "image",
        }
    }

    /// The module in this form: the same bytes for the same arguments. Only an image has room for
    /// the texts of licences: an artifact of more than two layers is refused.
    ///
    /// # Errors
    /// When there is no memory to write to.
    pub(crate) fn package(
        self,
        module: &FilterModule,
        licences: &[LicenceText],
        annotations: BTreeMap<String, String>,
    ) -> anyhow::Result<Package> {
        let (layers, config) = match self {
            Self::Artifact => artifact(module)?,
            Self::Image => image(module, licences)?,
        };
        let mut manifest = OciImageManifest::build(&layers, &config, Some(annotations));
        manifest.media_type = Some(OCI_IMAGE_MEDIA_TYPE.to_owned());
        match self {
            Self::Artifact => manifest.artifact_type = Some(RUNTIME_CONFIG.to_owned()),
            Self::Image => {
                let annotations = manifest.annotations.get_or_insert_default();
                annotations.insert("module.wasm.image/variant".to_owned(), "compat".to_owned());
            }
        }
        let manifest = serde_json::to_vec(&manifest)?;
        let digest = digest(&manifest);
        Ok(Package { name: module.name.clone(), form: self, layers, config, manifest, digest })
    }
}

fn artifact(module: &FilterModule) -> anyhow::Result<(Vec<ImageLayer>, Config)> {
    let runtime = json!({
        "type": "envoy_proxy",
        "abiVersions": [module.abi],
        "config": {},
    });
    let runtime = serde_json::to_vec(&runtime)?;
    let layers = vec![
        titled("runtime-config.json", runtime, RUNTIME_CONFIG),
        titled(PLUGIN, module.bytes.clone(), CONTENT),
    ];
    Ok((layers, Config::new("{}", NOTHING.to_owned(), None)))
}

/// A layer that is a file: by its title, general clients know what to call it.
fn titled(title: &str, bytes: Vec<u8>, media_type: &str) -> ImageLayer {
    let title = (ORG_OPENCONTAINERS_IMAGE_TITLE.to_owned(), title.to_owned());
    ImageLayer::new(bytes, media_type.to_owned(), Some(BTreeMap::from([title])))
}

fn image(
    module: &FilterModule,
    licences: &[LicenceText],
) -> anyhow::Result<(Vec<ImageLayer>, Config)> {
    let archive = archive(&module.bytes, licences)?;
    let config = ConfigFile {
        // The platform that is looked for where none is asked for; a module runs on any.
        architecture: Architecture::Amd64,
        os: Os::Linux,
        rootfs: Rootfs { diff_ids: vec![digest(&archive)], ..Rootfs::default() },
        ..ConfigFile::default()
    };
    let layer = ImageLayer::oci_v1_gzip(compressed(&archive)?, None);
    Ok((vec![layer], Config::oci_v1_from_config_file(config, None)?))
}

/// A tar archive with the module in it, then the texts, and nothing that differs from one day or
/// machine to another.
fn archive(module: &[u8], licences: &[LicenceText]) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    append(&mut archive, PLUGIN, module)?;
    for text in licences {
        append(&mut archive, &text.name, &text.bytes)?;
    }
    archive.into_inner()
}

fn append(archive: &mut Builder<Vec<u8>>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_size(u64::try_from(bytes.len()).map_err(io::Error::other)?);
    header.set_mode(0o644);
    header.set_mtime(0);
    archive.append_data(&mut header, name, bytes)
}

fn compressed(archive: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    compressed.write_all(archive)?;
    compressed.finish()
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use serde_json::Value;
    use std::io::Read;

    fn package(form: Form) -> Package {
        let annotations = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        form.package(&FilterModule::example(), &licences(), annotations).unwrap()
    }

    fn licences() -> [LicenceText; 2] {
        ["LICENSES-rust-std.html", "LICENSES.txt"]
            .map(|name| LicenceText { name: name.to_owned(), bytes: format!("of {name}").into() })
    }

    fn manifest(form: Form) -> Value {
        serde_json::from_slice(&package(form).manifest).unwrap()
    }

    #[test]
    fn an_artifact_has_the_module_as_it_is_and_what_runs_it() {
        let layers = package(Form::Artifact).layers;
        let types: Vec<_> = layers.iter().map(|layer| &*layer.media_type).collect();
        assert_eq!(types, [RUNTIME_CONFIG, CONTENT]);
        assert_eq!(layers[1].data, FilterModule::example().bytes);
        assert_eq!(
            serde_json::from_slice::<Value>(&layers[0].data).unwrap(),
            json!({"type": "envoy_proxy", "abiVersions": ["0.2.1"], "config": {}})
        );
    }

    #[test]
    fn an_artifact_without_a_configuration_says_its_type() {
        let manifest = manifest(Form::Artifact);
        assert_eq!(manifest["config"]["mediaType"], NOTHING);
        assert_eq!(manifest["artifactType"], RUNTIME_CONFIG);
    }

    #[test]
    fn an_image_has_one_layer_with_the_module_and_then_the_licences() {
        let layers = package(Form::Image).layers;
        assert_eq!(layers.len(), 1);
        let mut archive = tar::Archive::new(GzDecoder::new(&layers[0].data[..]));
        let mut found = Vec::new();
        for file in archive.entries().unwrap() {
            let mut file = file.unwrap();
            let name = file.path().unwrap().to_str().unwrap().to_owned();
            assert_eq!(file.header().mode().unwrap(), 0o644, "{name}");
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            found.push((name, bytes));
        }
        let mut expected = vec![(PLUGIN.to_owned(), FilterModule::example().bytes)];
        expected.extend(licences().map(|text| (text.name, text.bytes)));
        assert_eq!(found, expected);
    }

    #[test]
    fn an_images_configuration_names_what_is_in_its_layer() {
        let package = package(Form::Image);
        let config: Value = serde_json::from_slice(&package.config.data).unwrap();
        let mut archive = Vec::new();
        GzDecoder::new(&package.layers[0].data[..]).read_to_end(&mut archive).unwrap();
        let expected = json!({
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [digest(&archive)]},
        });
        assert_eq!(config, expected);
    }

    #[test]
    fn an_image_says_which_variant_it_is() {
        let annotations = &manifest(Form::Image)["annotations"];
        assert_eq!(*annotations, json!({"a": "b", "module.wasm.image/variant": "compat"}));
    }

    #[test]
    fn the_same_arguments_give_the_same_digest() {
        // On another day, on another machine and with other releases of the libraries: operators
        // have written it down.
        assert_eq!(
            Form::ALL.map(|form| package(form).digest),
            [
                "sha256:abcb255383bb8fcf573918647a0b124be6cf13e1823622724789530e39540a0e",
                "sha256:538e03bf0c60b7683bc488f1a118ba8d223682b0bb089d71149dd58c160f38af",
            ]
        );
    }
}
