//! What fetchers refuse. It is what makes the other tests worth something: this fetcher would tell
//! if the filters were pushed in a form that Istio doesn't take.

use flate2::Compression;
use flate2::write::GzEncoder;
use integration_tests::{OciRegistry, WasmFetcher};
use std::io::Write;

const MODULE: &[u8] = b"\0asm\x01\0\0\0";
const CONTENT: &str = "application/vnd.module.wasm.content.layer.v1+wasm";
const CONFIG: &str = "application/vnd.module.wasm.config.v1+json";
const TAR: &str = "application/vnd.oci.image.layer.v1.tar";
const TAR_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// What becomes of an image of these layers.
async fn fetched(layers: &[(&str, &[u8])]) -> Result<Vec<u8>, String> {
    let registry = OciRegistry::start().await;
    let address = registry.push("filters/a", layers).await;
    WasmFetcher::default().fetch(&address, None).await
}

async fn refusal(layers: &[(&str, &[u8])]) -> String {
    fetched(layers).await.unwrap_err()
}

fn archive(path: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, path, bytes).unwrap();
    archive.into_inner().unwrap()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
    compressed.write_all(bytes).unwrap();
    compressed.finish().unwrap()
}

#[tokio::test]
async fn takes_an_artifact_of_two_layers_in_any_order() {
    assert_eq!(fetched(&[(CONFIG, b"{}"), (CONTENT, MODULE)]).await.unwrap(), MODULE);
    assert_eq!(fetched(&[(CONTENT, MODULE), (CONFIG, b"{}")]).await.unwrap(), MODULE);
}

#[tokio::test]
async fn takes_the_module_of_the_last_layer_in_any_directory() {
    let first = gzipped(&archive("plugin.wasm", b"\0asm another"));
    let last = gzipped(&archive("opt/plugin.wasm", MODULE));
    assert_eq!(fetched(&[(TAR_GZIP, &first), (TAR_GZIP, &last)]).await.unwrap(), MODULE);
}

#[tokio::test]
async fn refuses_what_does_not_begin_as_a_module() {
    let refusal = refusal(&[(CONFIG, b"{}"), (CONTENT, b"#!/bin/sh")]).await;
    assert_eq!(refusal, "fetched Wasm binary is invalid");
}

#[tokio::test]
async fn refuses_an_artifact_of_one_layer() {
    let refusal = refusal(&[(CONTENT, MODULE)]).await;
    assert!(refusal.ends_with("number of layers must be 2 but got 1"), "{refusal}");
}

#[tokio::test]
async fn refuses_an_artifact_of_other_layers() {
    let refusal = refusal(&[(CONFIG, b"{}"), ("application/wasm", MODULE)]).await;
    assert!(refusal.contains("could not find the layer"), "{refusal}");
}

#[tokio::test]
async fn refuses_a_layer_that_is_not_compressed() {
    let refusal = refusal(&[(TAR, &archive("plugin.wasm", MODULE))]).await;
    assert!(refusal.contains("invalid media type"), "{refusal}");
}

#[tokio::test]
async fn refuses_an_image_without_a_plugin() {
    let refusal = refusal(&[(TAR_GZIP, &gzipped(&archive("router.wasm", MODULE)))]).await;
    assert!(refusal.contains("plugin.wasm not found"), "{refusal}");
}

#[tokio::test]
async fn refuses_another_digest_than_the_one_that_was_pinned() {
    let registry = OciRegistry::start().await;
    let address = registry.push("a", &[(CONFIG, b"{}"), (CONTENT, MODULE)]).await;
    let pinned = "0".repeat(64);
    let refusal = WasmFetcher::default().fetch(&address, Some(&pinned)).await.unwrap_err();
    assert!(refusal.starts_with("module downloaded has checksum sha256:"), "{refusal}");
}

#[tokio::test]
async fn refuses_a_module_that_is_too_large() {
    let registry = OciRegistry::start().await;
    let address = registry.push("a", &[(CONFIG, b"{}"), (CONTENT, MODULE)]).await;
    let fetcher = |bytes| WasmFetcher::default().largest(bytes);
    assert_eq!(fetcher(8).fetch(&address, None).await.unwrap(), MODULE);
    let refusal = fetcher(7).fetch(&address, None).await.unwrap_err();
    assert!(refusal.contains("more than 7 bytes"), "{refusal}");
}
