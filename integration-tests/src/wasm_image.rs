//! A fetcher of modules, by the rules of Istio's and Envoy Gateway's.
//!
//! Source: Istio 1.30, `pkg/wasm/imagefetcher.go` and `cache.go`; Envoy Gateway's
//! `internal/wasm/imagefetcher.go` is the same.

use crate::oci_registry::plain_client;
use flate2::read::GzDecoder;
use oci_client::Client;
use oci_client::Reference;
use oci_client::manifest::{OciDescriptor, OciImageManifest};
use oci_client::secrets::RegistryAuth;
use std::io::Read;
use tar::Archive;

/// A manifest as Docker writes them.
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// The layer of such a manifest.
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// The layer of an image of OCI's.
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The layer of an artifact that is the module.
const WASM_LAYER: &str = "application/vnd.module.wasm.content.layer.v1+wasm";

/// What is looked for in an archive, in whichever directory.
const PLUGIN: &str = "plugin.wasm";

/// The largest module, in bytes.
const LARGEST: u64 = 256 << 20;

/// How a WebAssembly module begins.
const MAGIC: &[u8] = b"\0asm";

/// The shortest module: magic and version.
const SHORTEST: usize = 8;

/// Fetches modules from registries without TLS and logins.
#[derive(Clone, Copy, Debug)]
pub struct WasmFetcher {
    largest: u64,
}

impl Default for WasmFetcher {
    fn default() -> Self {
        Self { largest: LARGEST }
    }
}

impl WasmFetcher {
    /// The same that refuses larger modules than this.
    pub const fn largest(mut self, bytes: u64) -> Self {
        self.largest = bytes;
        self
    }

    /// The module at the address `oci://…`, if what is there has the digest that the address or
    /// `sha256` says.
    ///
    /// # Errors
    /// With a sentence, when there is none, or none that the fetchers take.
    pub async fn fetch(self, address: &str, sha256: Option<&str>) -> Result<Vec<u8>, String> {
        let text = address.strip_prefix("oci://").ok_or("no address of an image")?;
        let reference: Reference = text.parse().map_err(|error| format!("{text}: {error}"))?;
        let client = plain_client();
        let pulled = client.pull_image_manifest(&reference, &RegistryAuth::Anonymous).await;
        let (manifest, digest) = pulled.map_err(|error| format!("no manifest: {error}"))?;
        if let Some(expected) = sha256
            && digest != format!("sha256:{expected}")
        {
            return Err(format!("module downloaded has checksum {digest}, not {expected}"));
        }
        let image = Image { client, reference, largest: self.largest };
        let module = image.module(&manifest).await?;
        if module.len() < SHORTEST || !module.starts_with(MAGIC) {
            return Err("fetched Wasm binary is invalid".to_owned());
        }
        Ok(module)
    }
}

struct Image {
    client: Client,
    reference: Reference,
    largest: u64,
}

impl Image {
    async fn module(&self, manifest: &OciImageManifest) -> Result<Vec<u8>, String> {
        if manifest.media_type.as_deref() == Some(DOCKER_MANIFEST) {
            return self.in_archive(manifest, DOCKER_LAYER).await;
        }
        let as_image = match self.in_archive(manifest, OCI_LAYER).await {
            Ok(module) => return Ok(module),
            Err(reason) => reason,
        };
        self.in_artifact(manifest)
            .await
            .map_err(|as_artifact| format!("no image: {as_image}; no artifact: {as_artifact}"))
    }

    /// In the last layer, which must be of this type.
    async fn in_archive(&self, manifest: &OciImageManifest, kind: &str) -> Result<Vec<u8>, String> {
        let layer = manifest.layers.last().ok_or("it has no layer")?;
        if layer.media_type != kind {
            return Err(format!("invalid media type {} (expect {kind})", layer.media_type));
        }
        let compressed = self.blob(layer).await?;
        let mut archive = Archive::new(GzDecoder::new(&*compressed));
        let files = archive.entries().map_err(|error| error.to_string())?;
        for file in files {
            let file = file.map_err(|error| format!("failed to parse layer as tar.gz: {error}"))?;
            let path = file.path().map_err(|error| error.to_string())?;
            if path.file_name().is_some_and(|name| name == PLUGIN) {
                return self.read(file);
            }
        }
        Err(format!("{PLUGIN} not found in the archive"))
    }

    async fn in_artifact(&self, manifest: &OciImageManifest) -> Result<Vec<u8>, String> {
        let count = manifest.layers.len();
        if count != 2 {
            return Err(format!("number of layers must be 2 but got {count}"));
        }
        let layer = manifest.layers.iter().find(|layer| layer.media_type == WASM_LAYER);
        let layer = layer.ok_or(format!("could not find the layer of type {WASM_LAYER}"))?;
        self.read(&*self.blob(layer).await?)
    }

    async fn blob(&self, layer: &OciDescriptor) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let pulled = self.client.pull_blob(&self.reference, layer, &mut bytes).await;
        pulled.map_err(|error| format!("no layer: {error}"))?;
        Ok(bytes)
    }

    fn read(&self, module: impl Read) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let room = self.largest.saturating_add(1);
        module.take(room).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > self.largest {
            return Err(format!("it has more than {} bytes", self.largest));
        }
        Ok(bytes)
    }
}
