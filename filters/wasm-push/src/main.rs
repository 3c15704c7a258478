//! `push-oci REGISTRY/REPOSITORY[:TAG]`: pushes the filters' modules to an OCI registry.
//!
//! Istio and Envoy Gateway fetch a module from there, in one of two forms ([`forms`]): an
//! artifact of two layers, or an image as Docker would build it. Each module is pushed in both, since
//! registries and clusters differ in which one they take. What is there already is
//! left alone: a digest depends on the module, on its form, on where its source is said to lie, and,
//! in an image, on the texts of licences that go along ([`licences`]).
//!
//! The version, the description and the licence stand in the module itself
//! ([`module`]); where its source lies too, or else git knows it ([`origin`]). Who may push is
//! written where `docker login` writes it ([`credentials`]).

mod annotations;
mod credentials;
mod destination;
mod failure;
mod forms;
mod licences;
mod module;
mod options;
mod origin;
mod pushing;
mod report;

use crate::annotations::annotations;
use crate::failure::WrongCall;
use crate::forms::Form;
use crate::module::FilterModule;
use crate::options::Options;
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
    let licences = licences::in_directory(&options.from)?;
    if options.forms().any(|form| form == Form::Image)
        && let Some(missing) = licences::missing(&options.from, &licences)
    {
        report::say(&missing);
    }
    let of_git = origin::source(&options.from);
    let mut packages = Vec::new();
    for module in &modules {
        let annotations = annotations(module, options.source.as_deref(), of_git.as_deref());
        if !annotations.contains_key(annotations::SOURCE) {
            report::say(&without_source(module));
        }
        for form in options.forms() {
            let reference = options.destination.reference(module, form)?;
            packages.push((reference, form.package(module, &licences, annotations.clone())?));
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
