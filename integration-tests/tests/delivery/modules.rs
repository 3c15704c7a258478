//! What scripts/build puts into dist/ for those who use the modules.

use integration_tests::{dist, repository};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use wasm_metadata::{Metadata, Payload};

/// The filters, and how many KiB the module of each may have: Envoy compiles it at start and keeps
/// it in memory for each worker. A little more than it has.
const BUDGETS: [(&str, usize); 4] = [
    ("admission-control", 704),
    ("inference-metrics", 560),
    ("model-router", 456),
    ("payload-validator", 632),
];

/// What the standard library is made of, beside crates that its notices name.
/// `__rustc` is where the compiler puts its own symbols.
const STANDARD_LIBRARY: [&str; 7] =
    ["__rustc", "alloc", "compiler_builtins", "core", "panic_abort", "std", "unwind"];

/// `model-router` is in `model_router.wasm`.
fn file_of(filter: &str) -> String {
    format!("{}.wasm", filter.replace('-', "_"))
}

fn module(filter: &str) -> Vec<u8> {
    fs::read(dist().join(file_of(filter))).unwrap_or_else(|error| panic!("{filter}: {error}"))
}

fn text(file: &str) -> String {
    fs::read_to_string(dist().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn said_by(filter: &str) -> Metadata {
    match Payload::from_binary(&module(filter)) {
        Ok(Payload::Module(said)) => said,
        other => panic!("{filter}: no module: {other:?}"),
    }
}

/// The modules that are there.
fn built() -> BTreeSet<String> {
    let entries = fs::read_dir(dist()).expect("a directory");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.into_string().expect("a name that is text"))
        .filter(|name| name.ends_with(".wasm"))
        .collect()
}

#[test]
fn each_filter_has_a_module_and_a_budget() {
    assert_eq!(built(), BUDGETS.iter().map(|(filter, _)| file_of(filter)).collect());
}

#[test]
fn no_module_is_larger_than_its_budget() {
    for (filter, most) in BUDGETS {
        let size = module(filter).len().div_ceil(1024);
        assert!(size <= most, "{filter} has {size} KiB, may have {most}");
    }
}

#[test]
fn the_checksums_are_those_of_the_modules() {
    let sums = text("SHA256SUMS");
    let named = sums.lines().filter_map(|line| line.split_once("  "));
    let named = named.map(|(sum, name)| (name.to_owned(), sum.to_owned()));
    let are = built().into_iter().map(|name| {
        let sum = Sha256::digest(fs::read(dist().join(&name)).expect("a module"));
        (name, hex::encode(sum))
    });
    assert_eq!(named.collect::<BTreeMap<_, _>>(), are.collect());
}

#[test]
fn each_module_says_whose_it_is() {
    for (filter, _) in BUDGETS {
        let said = said_by(filter);
        let manifest =
            fs::read_to_string(repository().join("filters").join(filter).join("Cargo.toml"));
        let description = said.description.map(|text| text.to_string()).unwrap_or_default();
        assert_eq!(said.name.as_deref(), Some(filter));
        assert_eq!(said.licenses.map(|text| text.to_string()).as_deref(), Some("Apache-2.0"));
        assert!(
            manifest.expect("a manifest").contains(&format!("\ndescription = \"{description}\"\n")),
            "{filter}: {description}"
        );
    }
}

#[test]
fn each_module_has_the_version_of_its_filter() {
    for (filter, _) in BUDGETS {
        let version = said_by(filter).version.map(|version| version.to_string());
        // All crates have that of the workspace.
        assert_eq!(version.as_deref(), Some(env!("CARGO_PKG_VERSION")), "{filter}");
    }
}

#[test]
fn every_crate_in_a_module_stands_in_the_licences() {
    let licences = text("LICENSES.txt");
    let listed: BTreeSet<String> =
        crates_in(&licences).map(|(name, _)| name.replace('-', "_")).collect();
    let library = notices_of_the_standard_library();
    for (filter, _) in BUDGETS {
        let linked = crates_of(&module(filter));
        assert!(linked.contains("proxy_wasm"), "{filter}: {linked:?}");
        for name in linked {
            let is_known = listed.contains(&name)
                || STANDARD_LIBRARY.contains(&name.as_str())
                || library.contains(&name.replace('_', "-"));
            assert!(is_known, "{filter}: {name} has no licence");
        }
    }
}

#[test]
fn every_crate_in_the_licences_has_a_text() {
    let licences = text("LICENSES.txt");
    let (_, texts) = licences.split_once("The texts, ").expect("texts");
    for (name, version) in crates_in(&licences) {
        let owner = format!("{name} {version}");
        let has_text = texts.lines().any(|line| line.split(", ").any(|it| it == owner));
        assert!(has_text, "{owner} has no text");
    }
}

/// Name and version of each crate in the list at the top.
fn crates_in(licences: &str) -> impl Iterator<Item = (&str, &str)> {
    let list = licences.split("\n\n").nth(1).unwrap_or_default();
    list.lines().filter_map(|line| line.split_once(": ")?.0.split_once(' '))
}

/// What the compiler says of its library's own crates: HTML of Rust's, or text of Debian's.
fn notices_of_the_standard_library() -> String {
    let licences = text("LICENSES.txt");
    let named = licences.split_once(", with what it is made of: ").expect("a file's name").1;
    text(named.split(',').next().expect("a file's name"))
}

/// The crates whose functions are in the module, by its name section.
fn crates_of(module: &[u8]) -> BTreeSet<String> {
    let module = walrus::Module::from_buffer(module).expect("a module");
    let names = module.funcs.iter().filter_map(|function| function.name.as_deref());
    names.flat_map(roots).map(str::to_owned).collect()
}

/// Where the paths in a function's name begin: `<a::B as c::D>::e` in `a` and `c`.
fn roots(name: &str) -> impl Iterator<Item = &str> {
    let is_of_a_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    name.split(move |c| !is_of_a_path(c))
        .filter(|path| !path.starts_with(':'))
        .filter_map(|path| path.split_once("::"))
        .map(|(root, _)| root)
}
