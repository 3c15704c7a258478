//! Which model this server has, and whether a request means it.

use axum::http::HeaderValue;

use crate::refusal::Refusal;

/// The one model version that this server has, and the name of this copy of it.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    model: String,
    version: String,
    replica: String,
}

/// A name that can't be used: why, in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnusableName {
    pub(crate) setting: &'static str,
    pub(crate) name: String,
}

impl Identity {
    /// # Errors
    /// A model name or version that couldn't stand in a path segment or in `name@version`, or any
    /// name that couldn't stand in a header.
    pub(crate) fn new(model: &str, version: &str, replica: &str) -> Result<Self, UnusableName> {
        let usable = |name: &str| {
            !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        let unusable = |setting, name: &str| UnusableName { setting, name: name.to_owned() };
        if !usable(model) {
            return Err(unusable("MODEL_NAME", model));
        }
        if !usable(version) {
            return Err(unusable("MODEL_VERSION", version));
        }
        if replica.is_empty() || HeaderValue::from_str(replica).is_err() {
            return Err(unusable("REPLICA_NAME", replica));
        }
        Ok(Self {
            model: model.to_owned(),
            version: version.to_owned(),
            replica: replica.to_owned(),
        })
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn replica(&self) -> &str {
        &self.replica
    }

    /// `name@version`.
    pub(crate) fn qualified(&self) -> String {
        format!("{}@{}", self.model, self.version)
    }

    /// The digits at the version's end, for APIs whose versions are numbers: 12 for `v12`, 1 if
    /// there are none.
    pub(crate) fn version_number(&self) -> i64 {
        let digits = self.version.trim_start_matches(|c: char| !c.is_ascii_digit());
        digits.parse().unwrap_or(1)
    }

    /// `asked` is `name` or `name@version`.
    pub(crate) fn answers_to(&self, asked: &str) -> Result<(), Refusal> {
        match asked.split_once('@') {
            Some((name, version)) => {
                self.is_model(name)?;
                self.is_version(version)
            }
            None => self.is_model(asked),
        }
    }

    pub(crate) fn is_model(&self, asked: &str) -> Result<(), Refusal> {
        if asked == self.model {
            return Ok(());
        }
        Err(Refusal::UnknownModel { asked: asked.to_owned(), served: self.model.clone() })
    }

    /// The version may be asked for by its number, too.
    pub(crate) fn is_version(&self, asked: &str) -> Result<(), Refusal> {
        if asked == self.version || asked == self.version_number().to_string() {
            return Ok(());
        }
        Err(Refusal::UnknownVersion {
            model: self.model.clone(),
            asked: asked.to_owned(),
            served: self.version.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity::new("demo", "v12", "host:9000").expect("usable names")
    }

    #[test]
    fn answers_to_its_name_alone_and_with_its_version() {
        for asked in ["demo", "demo@v12", "demo@12"] {
            assert_eq!(identity().answers_to(asked), Ok(()), "{asked}");
        }
    }

    #[test]
    fn does_not_answer_to_another_name() {
        for asked in ["", "Demo", "demo2", "other@v12", "@v12"] {
            let refused = identity().answers_to(asked);
            assert!(matches!(refused, Err(Refusal::UnknownModel { .. })), "{asked}: {refused:?}");
        }
    }

    #[test]
    fn does_not_answer_to_another_version_of_its_name() {
        for asked in ["demo@v1", "demo@", "demo@v12@v12", "demo@012"] {
            let refused = identity().answers_to(asked);
            assert!(matches!(refused, Err(Refusal::UnknownVersion { .. })), "{asked}: {refused:?}");
        }
    }

    #[test]
    fn a_version_without_digits_has_number_one() {
        let stable = Identity::new("demo", "stable", "r").expect("usable names");
        assert_eq!(stable.version_number(), 1);
    }

    #[test]
    fn a_name_that_would_break_a_path_is_refused() {
        for name in ["", "a/b", "a@b", "a:b", "a b", "é"] {
            let refused = Identity::new(name, "v1", "r").expect_err("unusable");
            assert_eq!(refused.setting, "MODEL_NAME", "{name}");
        }
    }

    #[test]
    fn a_replica_name_that_would_break_a_header_is_refused() {
        let refused = Identity::new("demo", "v1", "a\r\nb").expect_err("unusable");
        assert_eq!(refused.setting, "REPLICA_NAME");
    }
}
