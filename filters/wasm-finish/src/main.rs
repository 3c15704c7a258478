//! A step of the build, after linking: `wasm-finish LINKED.wasm OUT.wasm Cargo.toml`.
//!
//! It takes out of the module what the filter does not need, and writes into it what the filter's
//! `Cargo.toml` says of it. The same module and the same manifest give the same bytes: neither a
//! date nor a commit goes in.

mod names;
mod stamp;
mod trim;

use crate::stamp::Stamp;
use anyhow::{Context, bail};
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [input, output, manifest] = arguments.as_slice() else {
        bail!("usage: wasm-finish LINKED.wasm OUT.wasm Cargo.toml");
    };
    let linked = fs::read(input).with_context(|| input.display().to_string())?;
    let trimmed = trim::trim(&linked).with_context(|| input.display().to_string())?;
    let stamp = Stamp::of_package(manifest).with_context(|| manifest.display().to_string())?;
    let finished = stamp.put_on(trimmed.module())?;
    fs::write(output, finished).with_context(|| output.display().to_string())?;
    writeln!(io::stdout(), "{}: {stamp}, {trimmed}", output.display())?;
    Ok(())
}
