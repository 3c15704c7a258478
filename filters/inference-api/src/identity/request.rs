//! The model that a request is for, as its headers and its path say it.

use crate::dialect::Call;

/// The model and version that a request is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestIdentity<'r> {
    /// The model's name.
    pub model: Option<&'r str>,
    /// The version, or its label.
    pub version: Option<&'r str>,
}

impl<'r> RequestIdentity<'r> {
    /// What stands in the path.
    pub fn in_path(call: &'r Call<'r>) -> Self {
        Self {
            model: call.path_model.as_deref(),
            version: call.path_version.as_ref().map(|version| &**version.text()),
        }
    }

    /// What stands in `x-model-name` and `x-model-version`, which the model router
    /// sets, or else in the path. `single` gives a header's value, and an error
    /// when it stands there twice.
    ///
    /// # Errors
    /// With the name of the header that stands there twice.
    pub fn in_headers<E>(
        call: &'r Call<'r>,
        single: impl Fn(&'static str) -> Result<Option<&'r [u8]>, E>,
    ) -> Result<Self, &'static str> {
        let text = |name| match single(name) {
            Ok(value) => Ok(value.and_then(|value| str::from_utf8(value).ok())),
            Err(_) => Err(name),
        };
        let version = text("x-model-version")?;
        Ok(match text("x-model-name")? {
            Some(model) => Self { model: Some(model), version },
            None => Self::in_path(call),
        })
    }
}
