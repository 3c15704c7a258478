//! CHANGELOG.md has the form of <https://keepachangelog.com/en/1.1.0/>, and knows the version.

use integration_tests::repository;
use semver::Version;
use std::fs;

/// What may stand below a release.
const KINDS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

/// A heading with what stands below it.
struct Section {
    heading: String,
    lines: Vec<String>,
}

impl Section {
    fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.is_empty() || line.starts_with("### "))
    }

    /// The version and the day of a release.
    fn release(&self) -> (Version, String) {
        let parts = self.heading.strip_prefix('[').and_then(|it| it.split_once("] - "));
        let (version, day) =
            parts.unwrap_or_else(|| panic!("`{}` is not `[VERSION] - DAY`", self.heading));
        let version = Version::parse(version);
        (version.unwrap_or_else(|error| panic!("`{}`: {error}", self.heading)), day.to_owned())
    }
}

fn sections() -> Vec<Section> {
    let text = fs::read_to_string(repository().join("CHANGELOG.md")).expect("a changelog");
    let sections = text.split("\n## ").skip(1).map(|section| {
        let mut lines = section.lines().map(str::to_owned);
        Section { heading: lines.next().unwrap_or_default(), lines: lines.collect() }
    });
    sections.collect()
}

/// What is not released, and the releases.
fn parts() -> (Section, Vec<(Version, String)>) {
    let mut sections = sections();
    assert!(!sections.is_empty(), "no section");
    let unreleased = sections.remove(0);
    (unreleased, sections.iter().map(Section::release).collect())
}

#[test]
fn what_is_not_released_stands_first() {
    assert_eq!(parts().0.heading, "[Unreleased]");
}

#[test]
fn the_newest_release_stands_before_older_ones() {
    let (_, releases) = parts();
    let is_newer = |pair: &[(Version, String)]| pair[0].0 > pair[1].0 && pair[0].1 >= pair[1].1;
    assert!(releases.windows(2).all(is_newer), "{releases:?}");
}

#[test]
fn a_release_has_a_day() {
    for (version, day) in parts().1 {
        let shape: String = day.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00", "{version}");
    }
}

#[test]
fn changes_are_of_the_known_kinds() {
    for section in sections() {
        let kinds = section.lines.iter().filter_map(|line| line.strip_prefix("### "));
        for kind in kinds {
            assert!(KINDS.contains(&kind), "{}: {kind}", section.heading);
        }
    }
}

/// The crates are either the newest release, perhaps with changes since, or what comes next.
#[test]
fn the_version_is_released_or_has_changes_to_be_released() {
    let (unreleased, releases) = parts();
    let version = Version::parse(env!("CARGO_PKG_VERSION")).expect("a version");
    match releases.first() {
        Some((newest, _)) if *newest == version => {}
        newest => {
            let comes_next = newest.is_none_or(|(newest, _)| *newest < version);
            assert!(comes_next, "{version} is older than what is released: {newest:?}");
            assert!(!unreleased.is_empty(), "{version}: nobody says what is new in it");
        }
    }
}
