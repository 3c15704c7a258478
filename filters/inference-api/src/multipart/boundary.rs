use core::fmt;

use super::parameters::{Malformed, split};

/// What stands between the parts of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// With the two dashes that begin each such line.
    dashed: Vec<u8>,
}

/// Why a content type does not say how its form is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundaryError {
    /// It is not `multipart/form-data`.
    NotFormData,
    /// Its parameters are not written as parameters are.
    MalformedParameters,
    /// It has other parameters than `boundary` and `charset`; RFC 7578 has none
    /// of them, and some servers look for `boundary=` in their values.
    UnknownParameter,
    /// It names another charset than UTF-8, which some servers heed.
    UnsupportedCharset,
    /// It has no boundary.
    Missing,
    /// It has more than one.
    Repeated,
    /// The boundary is not 1 to 70 of the characters that may be in one.
    Invalid,
}

impl fmt::Display for BoundaryError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NotFormData => "the content type is not multipart/form-data",
            Self::MalformedParameters => "the content type has malformed parameters",
            Self::UnknownParameter => "the content type has a parameter that forms don't have",
            Self::UnsupportedCharset => "the content type has another charset than utf-8",
            Self::Missing => "the content type has no boundary",
            Self::Repeated => "the content type has more than one boundary",
            Self::Invalid => "the boundary must be 1 to 70 characters of those in RFC 2046",
        })
    }
}

impl core::error::Error for BoundaryError {}

impl From<Malformed> for BoundaryError {
    fn from(Malformed: Malformed) -> Self {
        Self::MalformedParameters
    }
}

impl Boundary {
    /// The boundary that this `content-type` gives.
    ///
    /// Source: RFC 2046, section 5.1.1; RFC 7578, section 4.1.
    ///
    /// # Errors
    /// When it is not that of a form, or servers may read it in different ways.
    pub fn from_content_type(value: &[u8]) -> Result<Self, BoundaryError> {
        let (media_type, parameters) = split(value);
        if !media_type.eq_ignore_ascii_case(b"multipart/form-data") {
            return Err(BoundaryError::NotFormData);
        }
        let mut boundary = None;
        for parameter in parameters {
            let parameter = parameter?;
            if parameter.name.eq_ignore_ascii_case(b"boundary") {
                if boundary.replace(parameter.value).is_some() {
                    return Err(BoundaryError::Repeated);
                }
            } else if !parameter.name.eq_ignore_ascii_case(b"charset") {
                return Err(BoundaryError::UnknownParameter);
            } else if !parameter.value.eq_ignore_ascii_case(b"utf-8") {
                return Err(BoundaryError::UnsupportedCharset);
            }
        }
        Self::new(boundary.ok_or(BoundaryError::Missing)?)
    }

    fn new(boundary: &[u8]) -> Result<Self, BoundaryError> {
        let is_valid = (1..=70).contains(&boundary.len())
            && boundary.iter().all(|byte| may_be_in_a_boundary(*byte))
            && boundary.last() != Some(&b' ');
        if !is_valid {
            return Err(BoundaryError::Invalid);
        }
        Ok(Self { dashed: [b"--", boundary].concat() })
    }

    /// What a line between two parts begins with: two dashes and the boundary.
    pub(super) fn dashed(&self) -> &[u8] {
        &self.dashed
    }
}

const fn may_be_in_a_boundary(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'\''
                | b'('
                | b')'
                | b'+'
                | b'_'
                | b','
                | b'-'
                | b'.'
                | b'/'
                | b':'
                | b'='
                | b'?'
                | b' '
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(content_type: &str) -> Result<String, BoundaryError> {
        let boundary = Boundary::from_content_type(content_type.as_bytes())?;
        Ok(String::from_utf8_lossy(&boundary.dashed).into_owned())
    }

    #[test]
    fn a_boundary_is_a_token_or_quoted() {
        for content_type in [
            "multipart/form-data; boundary=aB3",
            "multipart/form-data;boundary=aB3",
            "Multipart/Form-Data ; Boundary=aB3",
            "multipart/form-data; boundary=\"aB3\"",
            "multipart/form-data; charset=UTF-8; boundary=aB3",
            "multipart/form-data; boundary=aB3; charset=\"utf-8\";",
        ] {
            assert_eq!(read(content_type).as_deref(), Ok("--aB3"), "{content_type}");
        }
        let every = "'()+_,-./:=? 0";
        assert_eq!(
            read(&format!("multipart/form-data; boundary=\"{every}\"")),
            Ok(format!("--{every}"))
        );
    }

    #[test]
    fn what_servers_may_read_in_different_ways_is_an_error() {
        use BoundaryError::*;
        for (content_type, error) in [
            ("", NotFormData),
            ("multipart/mixed; boundary=a", NotFormData),
            ("multipart/form-data, multipart/form-data; boundary=a", NotFormData),
            ("multipart/form-data", Missing),
            ("multipart/form-data; charset=utf-8", Missing),
            ("multipart/form-data; boundary=a; boundary=a", Repeated),
            ("multipart/form-data; boundary=a; BOUNDARY=b", Repeated),
            ("multipart/form-data; boundary*=utf-8''a; boundary=b", UnknownParameter),
            ("multipart/form-data; boundary*0=a", UnknownParameter),
            ("multipart/form-data; x=\"; boundary=a\"; boundary=b", UnknownParameter),
            ("multipart/form-data; boundary=a; charset=utf-7", UnsupportedCharset),
            ("multipart/form-data; boundary=a; charset=utf-8; charset=utf-7", UnsupportedCharset),
            ("multipart/form-data; boundary=", MalformedParameters),
            ("multipart/form-data; boundary =a", MalformedParameters),
            ("multipart/form-data; boundary=a b", MalformedParameters),
            ("multipart/form-data; boundary=a, multipart/form-data", MalformedParameters),
            ("multipart/form-data; boundary=a=b", MalformedParameters),
            ("multipart/form-data; boundary=\"a", MalformedParameters),
            ("multipart/form-data; boundary=\"\"", Invalid),
            ("multipart/form-data; boundary=\"a \"", Invalid),
            ("multipart/form-data; boundary=\"a\\b\"", Invalid),
            ("multipart/form-data; boundary=\"é\"", Invalid),
            ("multipart/form-data; boundary=a*b", Invalid),
        ] {
            assert_eq!(read(content_type), Err(error), "{content_type}");
        }
    }

    #[test]
    fn a_boundary_has_at_most_70_characters() {
        let read = |length| read(&format!("multipart/form-data; boundary={}", "a".repeat(length)));
        assert_eq!(read(70).map(|boundary| boundary.len()), Ok(72));
        assert_eq!(read(71), Err(BoundaryError::Invalid));
    }
}
