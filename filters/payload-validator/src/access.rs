//! Which paths and gRPC methods are open to clients.

use crate::config::{self, Openness};
use filter_kit::Problems;
use inference_api::dialect::Operation;
use std::borrow::Cow;

/// Which paths and gRPC methods are open to clients.
#[derive(Debug)]
pub(crate) struct Access {
    admin: Openness,
    only: Vec<PathPattern>,
    never: Vec<PathPattern>,
}

/// Why a path is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// It is administration.
    Admin,
    /// It is not among those that are open.
    NotListed,
    /// It is among those that are closed.
    Listed,
}

/// A path, or the start of one.
#[derive(Debug)]
pub(crate) enum PathPattern {
    Whole(String),
    Start(String),
}

impl Access {
    pub(crate) fn new(config: config::Access, problems: &mut Problems) -> Self {
        let config::Access { admin, only, never } = config;
        Self {
            admin,
            only: PathPattern::list(only, "access.only", problems),
            never: PathPattern::list(never, "access.never", problems),
        }
    }

    /// Whether a path without its query is open.
    ///
    /// Servers differ in whether they decode a path before they route it. So
    /// `never` holds for the path as it is written and as it is decoded, and `only`
    /// must hold for both.
    ///
    /// # Errors
    /// With the reason why it is closed.
    pub(crate) fn check(&self, path: &[u8], operation: Operation) -> Result<(), Closed> {
        if operation == Operation::Admin && self.admin == Openness::Closed {
            return Err(Closed::Admin);
        }
        let decoded = percent_decoded(path);
        if PathPattern::any_covers(&self.never, path) {
            return Err(Closed::Listed);
        }
        let is_listed = |path: &[u8]| self.only.iter().any(|pattern| pattern.covers(path));
        let is_open = self.only.is_empty() || (is_listed(path) && is_listed(&decoded));
        if !is_open {
            return Err(Closed::NotListed);
        }
        Ok(())
    }
}

impl Closed {
    /// What was found, for the client.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Admin => "a call that administers the model server",
            Self::NotListed | Self::Listed => "a path that is not open here",
        }
    }
}

impl PathPattern {
    /// What an operator wrote.
    pub(crate) fn list(written: Vec<String>, path: &str, problems: &mut Problems) -> Vec<Self> {
        for (position, pattern) in written.iter().enumerate() {
            if !pattern.starts_with('/') && pattern != "*" {
                problems.add(format!("{path}[{position}]"), "must begin with a slash");
            }
            let stars = pattern.matches('*').count();
            if stars > 1 || (stars == 1 && !pattern.ends_with('*')) {
                problems.add(format!("{path}[{position}]"), "may have a `*` only at its end");
            }
            if pattern.contains(['?', '#']) {
                let text = "is compared with the path alone, without query and fragment";
                problems.add(format!("{path}[{position}]"), text);
            }
        }
        written.into_iter().map(Self::new).collect()
    }

    fn new(written: String) -> Self {
        match written.strip_suffix('*') {
            Some(start) => Self::Start(start.to_owned()),
            None => Self::Whole(written),
        }
    }

    /// Whether it stands for this path.
    pub(crate) fn covers(&self, path: &[u8]) -> bool {
        match self {
            Self::Whole(whole) => path == whole.as_bytes(),
            Self::Start(start) => path.starts_with(start.as_bytes()),
        }
    }

    /// Whether any of them stands for this path, as it is written or decoded, in
    /// whatever case: some servers match without it, such as TensorFlow Serving.
    pub(crate) fn any_covers(patterns: &[Self], path: &[u8]) -> bool {
        let decoded = percent_decoded(path);
        let covers = |pattern: &Self| pattern.resembles(path) || pattern.resembles(&decoded);
        patterns.iter().any(covers)
    }

    fn resembles(&self, path: &[u8]) -> bool {
        match self {
            Self::Whole(whole) => path.eq_ignore_ascii_case(whole.as_bytes()),
            Self::Start(start) => path
                .get(..start.len())
                .is_some_and(|beginning| beginning.eq_ignore_ascii_case(start.as_bytes())),
        }
    }
}

/// The path with every escape decoded once; what is no escape stays as it is.
fn percent_decoded(path: &[u8]) -> Cow<'_, [u8]> {
    if !path.contains(&b'%') {
        return Cow::Borrowed(path);
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, after)) = rest.split_first() {
        let escape = match rest {
            [b'%', high, low, after @ ..] => hexadecimal(*high)
                .zip(hexadecimal(*low))
                .map(|(high, low)| (high << 4 | low, after)),
            _ => None,
        };
        let (byte, after) = escape.unwrap_or((*first, after));
        decoded.push(byte);
        rest = after;
    }
    Cow::Owned(decoded)
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn access(only: &[&str], never: &[&str]) -> Access {
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        let config =
            config::Access { admin: Openness::Closed, only: owned(only), never: owned(never) };
        Access::new(config, &mut Problems::default())
    }

    #[test]
    fn administration_is_closed_whatever_is_listed() {
        let access = access(&["/v2/*"], &[]);
        let path = b"/v2/repository/models/demo/load";
        assert_eq!(access.check(path, Operation::Admin), Err(Closed::Admin));
        assert_eq!(access.check(path, Operation::Infer), Ok(()));
    }

    #[test]
    fn only_what_is_listed_is_open_however_it_is_written() {
        let access = access(&["/v1/chat/completions", "/v2/models/*"], &["/v2/models/secret*"]);
        let check = |path: &str| access.check(path.as_bytes(), Operation::Other);
        assert_eq!(check("/v1/chat/completions"), Ok(()));
        assert_eq!(check("/v2/models/demo/infer"), Ok(()));
        assert_eq!(check("/v1/chat/completions/x"), Err(Closed::NotListed));
        assert_eq!(check("/v1/chat%2Fcompletions"), Err(Closed::NotListed));
        assert_eq!(check("/v2/models/secret/infer"), Err(Closed::Listed));
        assert_eq!(check("/v2/models/%73ecret/infer"), Err(Closed::Listed));
        assert_eq!(check("/v2/models/SECRET/infer"), Err(Closed::Listed));
        assert_eq!(check("/V2/models/demo/infer"), Err(Closed::NotListed));
        assert_eq!(check("/v2/models/%zz%7"), Ok(()));
    }

    #[test]
    fn patterns_that_can_not_be_meant_are_problems() {
        let mut problems = Problems::default();
        let written = ["v1", "/a*b", "/a?x", "/fine*", "*"].map(str::to_owned).to_vec();
        PathPattern::list(written, "access.only", &mut problems);
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let expected = [
            "access.only[0]: must begin with a slash",
            "access.only[1]: may have a `*` only at its end",
            "access.only[2]: is compared with the path alone, without query and fragment",
        ];
        assert_eq!(told, expected);
    }
}
