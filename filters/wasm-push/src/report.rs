use crate::forms::Package;
use crate::pushing::Outcome;
use oci_client::Reference;
use std::io::{self, Write};

/// Tells a person something.
pub(crate) fn say(text: &str) {
    // Nobody is there to be told when this fails.
    _ = writeln!(io::stderr(), "{}", text.trim_end());
}

/// Tells what became of a package, and writes the line for a program: where it is fetched
/// from, pinned, and its tag.
///
/// # Errors
/// When nobody reads it.
pub(crate) fn pushed(
    reference: &Reference,
    package: &Package,
    outcome: &Outcome,
) -> io::Result<()> {
    let tag = reference.tag().unwrap_or_default();
    say(&format!("{} as {}: {}", package.name, package.form.name(), told(outcome, tag)));
    writeln!(io::stdout(), "{}", line(reference, &package.digest))
}

fn told(outcome: &Outcome, tag: &str) -> String {
    match outcome {
        Outcome::Pushed => format!("pushed, {tag}"),
        Outcome::WasThere => format!("was there already, {tag}"),
        Outcome::Moved(before) => format!("pushed, {tag}, which was {before} until now"),
    }
}

fn line(reference: &Reference, digest: &str) -> String {
    let tag = reference.tag().unwrap_or_default();
    format!("oci://{}/{}@{digest} {tag}", reference.registry(), reference.repository())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_a_pinned_address_and_the_tag() {
        let reference: Reference =
            "registry.example.com/owner/model-router:0.1.0-image".parse().unwrap();
        assert_eq!(
            line(&reference, "sha256:00"),
            "oci://registry.example.com/owner/model-router@sha256:00 0.1.0-image"
        );
    }

    #[test]
    fn a_tag_that_moves_is_told_with_what_it_was() {
        let moved = Outcome::Moved("sha256:00".to_owned());
        assert_eq!(told(&moved, "edge"), "pushed, edge, which was sha256:00 until now");
    }
}
