use core::fmt;

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where, such as `models[2].versions`; empty for the whole.
    pub path: String,
    /// What is wrong and what would be right, such as
    /// `weights add up to 90, must be 100`.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, text } = self;
        if path.is_empty() { out.write_str(text) } else { write!(out, "{path}: {text}") }
    }
}

/// Everything that is wrong with a configuration: at least one problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Problems);

impl ConfigError {
    /// One problem.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let mut problems = Problems::default();
        problems.add(path, text);
        Self(problems)
    }

    /// Every problem, in the order in which they were found.
    pub fn problems(&self) -> &[Problem] {
        &self.0.0
    }

    /// These problems and then those.
    #[must_use]
    pub fn and(mut self, more: Problems) -> Self {
        self.0.0.extend(more.0);
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.problems().iter().enumerate() {
            if position > 0 {
                out.write_str("; ")?;
            }
            problem.fmt(out)?;
        }
        Ok(())
    }
}

impl core::error::Error for ConfigError {}

/// The problems found so far, maybe none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Writes down one more.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.0.push(Problem { path: path.into(), text: text.into() });
    }

    /// The problems, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The error that they are, if there is any.
    pub fn into_error(self) -> Option<ConfigError> {
        if self.0.is_empty() { None } else { Some(ConfigError(self)) }
    }

    /// Takes over the problems of a step that failed.
    pub fn take<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        result.map_err(|error| self.0.extend(error.0.0)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn problems_read_as_one_sentence_each() {
        let error = ConfigError::new("a[0]", "is empty").and(Problems(vec![Problem {
            path: String::new(),
            text: "nothing is right".to_owned(),
        }]));
        assert_eq!(error.to_string(), "a[0]: is empty; nothing is right");
    }
}
