use super::push::{Push, Pushed};
use super::stamped::{one_module, stamp};
use integration_tests::OciRegistry;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The remote of a clone. What is before the `@` is nobody's business.
const REMOTE: &str = "https://ali:opensesame@example.org/owner/filters.git";

fn git(directory: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=tests", "-c", "user.email=tests@example.org"])
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

/// A clone with one commit, and with a module in its dist.
fn clone() -> TempDir {
    let clone = tempfile::tempdir().unwrap();
    let path = clone.path();
    fs::write(path.join(".gitignore"), "/dist\n").unwrap();
    fs::create_dir(path.join("dist")).unwrap();
    stamp(&["model_router"], "1.2.3", &path.join("dist"));
    git(path, &["init", "--quiet"]);
    git(path, &["remote", "add", "origin", REMOTE]);
    git(path, &["add", "."]);
    git(path, &["commit", "--quiet", "--message", "Begin"]);
    clone
}

/// What the registry has of each form after a push, and what the push told.
async fn pushed(modules: &Path) -> ([Value; 2], Pushed) {
    let registry = OciRegistry::start().await;
    let pushed = Push::of(modules, &format!("{}/filters", registry.name())).run();
    let [artifact, image] = &pushed.lines[..] else { panic!("{}", pushed.told) };
    let artifact = json!(registry.manifest(&artifact.address).await.annotations);
    let image = json!(registry.manifest(&image.address).await.annotations);
    ([artifact, image], pushed)
}

#[tokio::test]
async fn a_manifest_says_what_the_module_is_and_where_it_comes_from() {
    let clone = clone();
    let ([artifact, mut image], pushed) = pushed(&clone.path().join("dist")).await;
    let expected = json!({
        "org.opencontainers.image.title": "model-router",
        "org.opencontainers.image.description": "Does something",
        "org.opencontainers.image.version": "1.2.3",
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.source": "https://example.org/owner/filters",
    });
    assert_eq!(artifact, expected);
    let variant = image.as_object_mut().unwrap().remove("module.wasm.image/variant");
    assert_eq!(variant, Some(json!("compat")));
    assert_eq!(image, expected);
    assert!(!pushed.told.contains("opensesame"), "{}", pushed.told);
}

#[tokio::test]
async fn another_commit_of_the_clone_changes_nothing() {
    let registry = OciRegistry::start().await;
    let clone = clone();
    let destination = format!("{}/filters", registry.name());
    let push = || Push::of(&clone.path().join("dist"), &destination).run();
    let before = push();
    git(clone.path(), &["commit", "--quiet", "--allow-empty", "--message", "Go on"]);
    let after = push();
    assert_eq!(after.lines, before.lines);
    assert_eq!(after.told.matches("was there already").count(), 2, "{}", after.told);
}

#[tokio::test]
async fn a_source_that_is_not_known_is_left_out_and_told_once() {
    let modules = one_module("1.2.3");
    let (annotations, pushed) = pushed(modules.path()).await;
    for annotations in annotations {
        assert_eq!(annotations["org.opencontainers.image.source"], Value::Null);
    }
    assert_eq!(pushed.told.matches("--source URL says it").count(), 1, "{}", pushed.told);
}
