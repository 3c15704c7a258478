//! Compiles `proto/**/*.proto` with protox (no protoc needed) and generates the Rust types.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use prost::Message;

const CONTRACTS: &str = "proto";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed={CONTRACTS}");
    let descriptors = protox::compile(contracts_under(Path::new(CONTRACTS))?, [CONTRACTS])?;

    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out_dir.join("descriptors.bin"), descriptors.encode_to_vec())?;

    let services = env::var_os("CARGO_FEATURE_SERVICES").is_some();
    tonic_prost_build::configure()
        .build_client(services)
        .build_server(services)
        .compile_fds(descriptors)?;
    Ok(())
}

/// Every contract, in a fixed order, so that the descriptors are the same on every machine.
fn contracts_under(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(contracts_under(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
