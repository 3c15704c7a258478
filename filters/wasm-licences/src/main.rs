//! A step of the build: writes down under which licences that is what is linked into the
//! filters' modules, with the texts that have to go along. Fails when a licence is not one
//! that we accept.

mod accepted;
mod document;
mod linked;

use anyhow::Context;
use clap::Parser;
use std::fs;
use std::path::PathBuf;

/// Writes down the licences of all that is linked into the modules of these packages.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to write it.
    #[arg(long)]
    output: PathBuf,
    /// The compiler whose standard library is linked as well, such as `rustc 1.96.0`.
    #[arg(long)]
    compiler: String,
    /// The name of the file beside it with that library's own notices.
    #[arg(long)]
    notices: String,
    /// For what the modules are compiled.
    #[arg(long)]
    target: String,
    /// The packages.
    #[arg(required = true)]
    packages: Vec<String>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let crates = linked::into(&arguments.packages, &arguments.target)?;
    for linked in &crates {
        accepted::check(&linked.licence)
            .with_context(|| format!("{} {}", linked.name, linked.version))?;
    }
    let text = document::render(&crates, &arguments.compiler, &arguments.notices);
    let output = &arguments.output;
    fs::write(output, text).with_context(|| output.display().to_string())
}
