//! Which licences may be in what we ship.

use anyhow::bail;
use spdx::{Expression, ParseMode};

/// Licences that ask for no more than that their text goes along.
const ACCEPTED: [&str; 5] = ["Apache-2.0", "MIT", "Zlib", "BSL-1.0", "Unlicense"];

/// Whether one may have it under licences that we accept.
///
/// # Errors
/// When one may not, or the expression is none.
pub(crate) fn check(expression: &str) -> anyhow::Result<()> {
    let parsed = Expression::parse_mode(expression, ParseMode::LAX)?;
    let is_accepted = parsed.evaluate(|requirement| {
        requirement.license.id().is_some_and(|id| ACCEPTED.contains(&id.name))
    });
    if !is_accepted {
        bail!("its licence `{expression}` asks for more than we accept: {}", ACCEPTED.join(", "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_is_enough() {
        assert!(check("GPL-3.0-only OR MIT").is_ok());
    }

    #[test]
    fn each_of_those_that_go_together_has_to_be_accepted() {
        assert!(check("MIT AND Apache-2.0").is_ok());
        assert!(check("MIT AND GPL-3.0-only").is_err());
    }

    #[test]
    fn the_old_way_to_write_an_or_is_understood() {
        assert!(check("MIT/Apache-2.0").is_ok());
    }

    #[test]
    fn what_is_refused_is_told() {
        let error = check("MPL-2.0").unwrap_err().to_string();
        assert!(error.starts_with("its licence `MPL-2.0` asks for more than we accept"), "{error}");
    }

    #[test]
    fn a_licence_of_ones_own_is_refused() {
        assert!(check("LicenseRef-Own").is_err());
        assert!(check("as you like").is_err());
    }
}
