use crate::linked::Linked;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Between one text and the next.
const RULE: &str =
    "--------------------------------------------------------------------------------";

/// What goes along with the modules: the crates with their licences, then each text once, with
/// the crates that it came with.
pub(crate) fn render(crates: &[Linked], compiler: &str, notices: &str) -> String {
    let mut document =
        String::from("What is linked into the modules, and under which licence.\n\n");
    for Linked { name, version, licence, .. } in crates {
        let _ = writeln!(document, "{name} {version}: {licence}");
    }
    let _ = write!(
        document,
        "\nThe standard library of {compiler}, with what it is made of: {notices}, beside this.\n\n\
         The texts, as they lie with the sources of those crates that stand above each:\n"
    );
    for (text, owners) in texts(crates) {
        let _ = write!(document, "\n{RULE}\n{}\n{RULE}\n\n{text}", owners.join(", "));
    }
    document
}

/// Each text once, in the order of the crates, with those that have it.
fn texts(crates: &[Linked]) -> Vec<(String, Vec<String>)> {
    let mut places = BTreeMap::new();
    let mut texts: Vec<(String, Vec<String>)> = Vec::new();
    for linked in crates {
        let owner = format!("{} {}", linked.name, linked.version);
        for text in &linked.texts {
            let text = tidied(text);
            let place = *places.entry(text.clone()).or_insert(texts.len());
            match texts.get_mut(place) {
                Some((_, owners)) => owners.push(owner.clone()),
                None => texts.push((text, vec![owner.clone()])),
            }
        }
    }
    texts
}

/// One way to end lines and texts, so that equal texts are the same.
fn tidied(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(name: &str, texts: &[&str]) -> Linked {
        Linked {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    #[test]
    fn each_crate_stands_there_with_its_licence() {
        let document = render(&[linked("one", &["text"])], "rustc 1", "notices.html");
        assert!(document.contains("\none 1.0.0: MIT\n"), "{document}");
        assert!(document.contains("The standard library of rustc 1,"), "{document}");
    }

    #[test]
    fn a_text_that_several_have_stands_there_once() {
        let crates = [linked("one", &["same\n", "own"]), linked("two", &["\r\nsame  \r\n"])];
        let document = render(&crates, "rustc 1", "notices.html");
        assert_eq!(document.matches("same").count(), 1, "{document}");
        let owners = format!("{RULE}\none 1.0.0, two 1.0.0\n{RULE}\n\nsame\n");
        assert!(document.contains(&owners), "{document}");
        assert!(document.contains(&format!("{RULE}\none 1.0.0\n{RULE}\n\nown\n")), "{document}");
    }
}
