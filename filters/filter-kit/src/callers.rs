//! Who sends a request, as its headers say it.

use crate::{Headers, Problems};
use serde::Deserialize;
use std::borrow::Cow;

/// A header with a value.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HeaderMatch {
    /// The header's name.
    pub name: String,
    /// The value that it must have.
    pub value: String,
}

/// The header in which a request names its tenant.
#[derive(Clone, Debug)]
pub struct TenantHeader {
    name: String,
    /// It holds credentials, with their scheme.
    has_credentials: bool,
}

/// A request names its tenant more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepeatedTenant;

impl HeaderMatch {
    /// The same with its name as Envoy shows it; writes down when it is none.
    #[must_use]
    pub fn checked(self, path: &str, problems: &mut Problems) -> Self {
        let name = header_name(&self.name, &format!("{path}.name"), problems);
        Self { name, ..self }
    }

    /// Whether a request has it: once, for of one that stands there twice it can't be
    /// told which of them counts.
    pub fn fits(&self, headers: &Headers) -> bool {
        let found = headers.single(&self.name).ok().flatten();
        found.is_some_and(|found| found.trim_ascii() == self.value.as_bytes())
    }
}

impl TenantHeader {
    /// The header of this name; writes down when it is none.
    pub fn new(name: &str, path: &str, problems: &mut Problems) -> Self {
        let name = header_name(name, path, problems);
        let has_credentials = matches!(&*name, "authorization" | "proxy-authorization");
        Self { name, has_credentials }
    }

    /// Whether it holds credentials, which nobody may see.
    pub const fn has_credentials(&self) -> bool {
        self.has_credentials
    }

    /// The tenant that a request names, if it does.
    ///
    /// # Errors
    /// When it does so more than once.
    pub fn named<'h>(&self, headers: &'h Headers) -> Result<Option<Cow<'h, [u8]>>, RepeatedTenant> {
        let named = headers.single(&self.name).map_err(|_| RepeatedTenant)?;
        let named = named.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty());
        Ok(named.map(|named| self.plain(named)))
    }

    /// The tenants of a list, as requests name them.
    pub fn listed(&self, written: &[String]) -> Vec<String> {
        let as_named =
            |tenant: &String| String::from_utf8_lossy(&self.plain(tenant.as_bytes())).into_owned();
        written.iter().map(as_named).collect()
    }

    fn plain<'n>(&self, named: &'n [u8]) -> Cow<'n, [u8]> {
        if self.has_credentials { credentials(named) } else { Cow::Borrowed(named) }
    }
}

/// A header's name as Envoy shows it; writes down when it is none.
pub fn header_name(written: &str, path: &str, problems: &mut Problems) -> String {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if written.is_empty() || !written.bytes().all(is_token) {
        problems.add(path, "must be a header's name");
    }
    written.to_ascii_lowercase()
}

/// Credentials in the one way of writing them that all others mean: the scheme in
/// lower case, one space, the rest.
///
/// Source: RFC 9110, 11.1 and 11.4: the case of a scheme does not matter.
fn credentials(written: &[u8]) -> Cow<'_, [u8]> {
    let mut words = written.splitn(2, |byte| byte.is_ascii_whitespace());
    let (Some(scheme), Some(rest)) = (words.next(), words.next()) else {
        return Cow::Borrowed(written);
    };
    let mut named = scheme.to_ascii_lowercase();
    named.push(b' ');
    named.extend_from_slice(rest.trim_ascii());
    Cow::Owned(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn one_key_is_one_tenant_however_its_scheme_is_written() {
        let expected = b"bearer sk-A b".as_slice();
        for written in ["Bearer sk-A b", "BEARER  sk-A b", "bearer\tsk-A b", "bEarer sk-A b "] {
            assert_eq!(&*credentials(written.as_bytes()), expected, "{written:?}");
        }
        assert_eq!(&*credentials(b"sk-A"), b"sk-A");
    }

    #[test]
    fn a_tenant_is_told_as_its_header_says_it_and_only_once() {
        let header = TenantHeader::new("X-Tenant-Id", "", &mut Problems::default());
        let named = |values: &[&str]| {
            let headers: Headers = values.iter().map(|value| ("x-tenant-id", value)).collect();
            header.named(&headers).map(|name| name.map(|name| name.into_owned()))
        };
        assert_eq!(named(&[" Acme "]), Ok(Some(b"Acme".to_vec())));
        assert_eq!(named(&[" "]), Ok(None));
        assert_eq!(named(&[]), Ok(None));
        assert_eq!(named(&["a", "b"]), Err(RepeatedTenant));
    }
}
