use crate::module::BUILD;
use anyhow::Context;
use std::fs;
use std::path::Path;

/// The licences of the crates that are linked into the modules.
const OF_CRATES: &str = "LICENSES.txt";

/// How the name begins of those of Rust's own library, which are a text or a page.
const OF_RUST: &str = "LICENSES-rust-std.";

/// A text of licences, which goes along with what is linked into a module.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LicenceText {
    /// Of the file.
    pub(crate) name: String,
    /// As it is.
    pub(crate) bytes: Vec<u8>,
}

/// The texts that lie there, by name.
///
/// # Errors
/// When one of them can't be read.
pub(crate) fn in_directory(directory: &Path) -> anyhow::Result<Vec<LicenceText>> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .filter(|(name, path)| (name == OF_CRATES || is_of_rust(name)) && path.is_file())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|(name, file)| {
            let bytes = fs::read(&file).with_context(|| file.display().to_string())?;
            Ok(LicenceText { name, bytes })
        })
        .collect()
}

/// What a person is told when some are not there.
pub(crate) fn missing(directory: &Path, texts: &[LicenceText]) -> Option<String> {
    let has = |wanted: fn(&str) -> bool| texts.iter().any(|text| wanted(&text.name));
    let missing = match (has(|name| name == OF_CRATES), has(is_of_rust)) {
        (true, true) => return None,
        (false, true) => OF_CRATES.to_owned(),
        (true, false) => format!("{OF_RUST}*"),
        (false, false) => format!("{OF_CRATES} and {OF_RUST}*"),
    };
    let directory = directory.display();
    Some(format!("the images go without {missing}, which {directory} doesn't have: {BUILD}"))
}

fn is_of_rust(name: &str) -> bool {
    name.starts_with(OF_RUST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn directory(files: &[&str]) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        for name in files {
            fs::write(directory.path().join(name), name).unwrap();
        }
        directory
    }

    fn told(files: &[&str]) -> Option<String> {
        let directory = directory(files);
        missing(directory.path(), &in_directory(directory.path()).unwrap())
    }

    #[test]
    fn finds_the_texts_and_nothing_else_in_the_order_of_their_names() {
        let files = ["LICENSES.txt", "LICENSES-rust-std.html", "SHA256SUMS", "LICENSES.txt.new"];
        let texts = in_directory(directory(&files).path()).unwrap();
        let expected = ["LICENSES-rust-std.html", "LICENSES.txt"]
            .map(|name| LicenceText { name: name.to_owned(), bytes: name.into() });
        assert_eq!(texts, expected);
    }

    #[test]
    fn nothing_is_told_when_all_are_there() {
        assert_eq!(told(&["LICENSES.txt", "LICENSES-rust-std.txt"]), None);
    }

    #[test]
    fn what_is_missing_is_told() {
        let begins = |files: &[&str], expected: &str| {
            let told = told(files).unwrap();
            let expected = format!("the images go without {expected}, which ");
            assert!(told.starts_with(&expected), "{told}");
        };
        begins(&[], "LICENSES.txt and LICENSES-rust-std.*");
        begins(&["LICENSES.txt"], "LICENSES-rust-std.*");
        begins(&["LICENSES-rust-std.html"], "LICENSES.txt");
    }
}
