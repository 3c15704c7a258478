//! `push-oci REGISTRY/REPOSITORY[:TAG]`: pushes the filters' modules to an OCI registry.
//!
//! Istio and Envoy Gateway fetch a module from there, in one of two forms ([`forms`]): an
//! artifact of two layers, or an image as Docker would build it. Each module is pushed in both, since
//! registries and clusters differ in which one they take. Same modules, same digests: what is
//! there already is left alone.
//!
//! The version, the description and the licence stand in the module itself
//! ([`module`]); where its source lies is asked of git ([`origin`]). Who may push is
//! written where `docker login` writes it ([`credentials`]).

mod annotations;
mod credentials;
mod destination;
mod failure;
mod forms;
mod module;
mod options;
mod origin;
mod pushing;
mod report;

use crate::annotations::annotations;
use crate::failure::WrongCall;
use crate::module::FilterModule;
use crate::options::Options;
use crate::origin::Origin;
use crate::pushing::Registry;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = match options::read() {
        Ok(options) => options,
        Err(ending) => return ending,
    };
    match push(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let is_wrong_call = error.is::<WrongCall>();
            report::say(&format!("push-oci: {error:#}"));
            ExitCode::from(if is_wrong_call { 2 } else { 1 })
        }
    }
}

/// Everything is read and put together before the first byte goes out: what can't be pushed
/// must not leave half of the filters behind.
async fn push(options: &Options) -> anyhow::Result<()> {
    let modules = module::in_directory(&options.from, &options.filters)?;
    let origin = Origin::of(&options.from);
    let mut packages = Vec::new();
    for module in &modules {
        let annotations = annotations(module, &origin, options.source.as_deref());
        if !annotations.contains_key(annotations::SOURCE) {
            report::say(&without_source(module));
        }
        for form in options.forms() {
            let reference = options.destination.reference(module, form)?;
            packages.push((reference, form.package(module, annotations.clone())?));
        }
    }
    let registry = Registry::connect(&options.destination, options.transport())?;
    for (reference, package) in &packages {
        let outcome = registry.push(reference, package).await?;
        report::pushed(reference, package, &outcome)?;
    }
    Ok(())
}

fn without_source(module: &FilterModule) -> String {
    format!("{}: its source is not known; --source URL says it", module.name)
}
