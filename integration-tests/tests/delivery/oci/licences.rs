use super::push::{Push, Pushed};
use super::stamped::{LICENCES, modules, one_module};
use flate2::read::GzDecoder;
use integration_tests::{OciRegistry, WasmFetcher};
use std::fs;
use std::io::Read;
use std::path::Path;
use tar::Archive;

/// A push of the model-router in this form.
fn pushed(registry: &OciRegistry, modules: &Path, form: &str) -> Pushed {
    Push::of(modules, &format!("{}/filters", registry.name()))
        .with(&["--filter", "model-router", "--form", form])
        .run()
}

/// The files of an archive, in its order.
fn files(layer: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for file in Archive::new(GzDecoder::new(layer)).entries().unwrap() {
        let mut file = file.unwrap();
        let name = file.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.push((name, bytes));
    }
    files
}

#[tokio::test]
async fn an_image_carries_the_licences_behind_the_module() {
    let registry = OciRegistry::start().await;
    let modules = modules("1.2.3");
    let pushed = pushed(&registry, modules.path(), "image");
    let address = &pushed.lines[0].address;
    let [layer] = &registry.layers(address).await[..] else { panic!("not one layer") };
    let module = fs::read(modules.path().join("model_router.wasm")).unwrap();
    let mut expected = vec![("plugin.wasm".to_owned(), module.clone())];
    expected.extend(LICENCES.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())));
    assert!(files(layer) == expected, "{}", pushed.told);
    let fetched = WasmFetcher::default().fetch(address, None).await.unwrap();
    assert!(fetched == module, "the fetcher takes something else for the module");
}

#[tokio::test]
async fn an_artifact_is_the_same_with_licences_and_without() {
    let registry = OciRegistry::start().await;
    let with = pushed(&registry, modules("1.2.3").path(), "artifact");
    let without = pushed(&registry, one_module("1.2.3").path(), "artifact");
    assert_eq!(with.lines.len(), 1, "{}", with.told);
    assert_eq!(without.lines, with.lines);
}

#[tokio::test]
async fn an_image_without_licences_is_told_in_one_line() {
    let registry = OciRegistry::start().await;
    let modules = one_module("1.2.3");
    let lines = |form: &str| {
        let told = pushed(&registry, modules.path(), form).told;
        told.lines().filter(|line| line.contains("LICENSES")).count()
    };
    assert_eq!(lines("image"), 1);
    assert_eq!(lines("artifact"), 0);
}
