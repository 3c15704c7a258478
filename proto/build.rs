//! Compiles `proto/**/*.proto` with protox (no protoc needed) and generates the Rust types.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use prost::Message;

const CONTRACTS: &str = "proto";

/// What a gateway has to know to transcode JSON: the service, and what errors have as details.
const TRANSCODED: [&str; 2] = ["prediction/prediction.proto", "google/rpc/error_details.proto"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed={CONTRACTS}");
    let descriptors = protox::compile(contracts_under(Path::new(CONTRACTS))?, [CONTRACTS])?;

    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out_dir.join("descriptors.bin"), descriptors.encode_to_vec())?;

    fs::write(out_dir.join("transcoding.bin"), transcoding()?)?;

    let services = env::var_os("CARGO_FEATURE_SERVICES").is_some();
    tonic_prost_build::configure()
        .build_client(services)
        .build_server(services)
        .compile_fds(descriptors)?;
    Ok(())
}

/// Encoded by protox: prost would lose `google.api.http`, an extension. Without comments.
fn transcoding() -> Result<Vec<u8>, protox::Error> {
    let mut compiler = protox::Compiler::new([CONTRACTS])?;
    compiler.include_imports(true).include_source_info(false).open_files(TRANSCODED)?;
    Ok(compiler.encode_file_descriptor_set())
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
