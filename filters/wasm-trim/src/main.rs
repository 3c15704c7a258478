//! A step of the build, after linking: `wasm-trim IN.wasm OUT.wasm`.
//!
//! The Proxy-Wasm SDK exports a function for every callback of the ABI, and Envoy
//! calls each that it finds in a module, for every request. This removes those
//! which the filter does not ask for, and the code that only they reached.

mod module;
mod names;

use anyhow::{Context, bail};
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [input, output] = arguments.as_slice() else {
        bail!("usage: wasm-trim IN.wasm OUT.wasm");
    };
    let linked = fs::read(input).with_context(|| input.display().to_string())?;
    let trimmed = module::trim(&linked).with_context(|| input.display().to_string())?;
    fs::write(output, trimmed.module()).with_context(|| output.display().to_string())?;
    writeln!(io::stdout(), "{}: {trimmed}", output.display())?;
    Ok(())
}
