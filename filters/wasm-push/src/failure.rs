use oci_client::errors::{OciDistributionError, OciErrorCode};
use rustls::CertificateError;
use std::error::Error;
use std::fmt;
use std::io;

/// How much of a registry's own words is shown.
const WORDS: usize = 200;

/// The program was called with something that can't be done.
#[derive(Debug)]
pub(crate) struct WrongCall(pub(crate) String);

impl fmt::Display for WrongCall {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Error for WrongCall {}

/// Why a registry didn't take something.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// It can't be reached.
    Unreachable(String),
    /// Its certificate comes from an authority that this machine doesn't trust.
    UntrustedAuthority,
    /// Its certificate is another host's.
    AnotherName,
    /// It can't be spoken with over TLS.
    Tls(String),
    /// It doesn't let this user push, or nobody without a login.
    Refused,
    /// It answers with something else than it should.
    Answer(String),
}

/// A [`Failure`] and who has it: the sentence.
#[derive(Debug)]
pub(crate) struct RegistryError {
    /// Host and port.
    pub(crate) registry: String,
    /// Where in the registry it was pushed to.
    pub(crate) repository: String,
    /// Whether there was a login.
    pub(crate) has_login: bool,
    /// Why.
    pub(crate) failure: Failure,
}

impl From<&OciDistributionError> for Failure {
    fn from(error: &OciDistributionError) -> Self {
        match error {
            OciDistributionError::UnauthorizedError { .. }
            | OciDistributionError::AuthenticationFailure(_)
            | OciDistributionError::ServerError { code: 401 | 403, .. } => Self::Refused,
            OciDistributionError::RegistryError { envelope, .. } => {
                let refusals = [OciErrorCode::Unauthorized, OciErrorCode::Denied];
                if envelope.errors.iter().any(|error| refusals.contains(&error.code)) {
                    return Self::Refused;
                }
                Self::Answer(in_short(&envelope.to_string()))
            }
            OciDistributionError::ServerError { code, message, .. } => {
                Self::Answer(format!("HTTP {code} {}", in_short(message)))
            }
            OciDistributionError::RequestError(error) => of_request(error),
            other => Self::Answer(in_short(&other.to_string())),
        }
    }
}

impl Failure {
    /// Whether it lies in the way there, so that nothing was answered.
    pub(crate) const fn is_before_the_answer(&self) -> bool {
        !matches!(self, Self::Refused | Self::Answer(_))
    }
}

/// What is at the root of a request's failure. Addresses are left out: those of uploads hold
/// secrets.
fn of_request(error: &(dyn Error + 'static)) -> Failure {
    let mut root = error;
    loop {
        if let Some(error) = root.downcast_ref() {
            return of_tls(error);
        }
        match below(root) {
            Some(error) => root = error,
            None => return Failure::Unreachable(root.to_string()),
        }
    }
}

/// What an error is made of. Those of reading and writing don't name what they wrap as their source.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

fn of_tls(error: &rustls::Error) -> Failure {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            Failure::UntrustedAuthority
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Failure::AnotherName,
        error => Failure::Tls(error.to_string()),
    }
}

/// The first words of what a registry says, in one line.
fn in_short(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().filter(|letter| !letter.is_control()).take(WORDS).collect()
}

impl fmt::Display for RegistryError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registry, repository, has_login, failure } = self;
        match failure {
            Failure::Unreachable(why) => {
                write!(
                    out,
                    "{registry} can't be reached ({why}): is that its address, and is it up?"
                )
            }
            Failure::UntrustedAuthority => write!(
                out,
                "{registry} has a certificate of an authority that this machine doesn't trust: \
                 SSL_CERT_FILE=/path/to/authorities.pem names those to trust instead of the machine's"
            ),
            Failure::AnotherName => write!(
                out,
                "{registry} has a certificate for another name: use the name that is in it"
            ),
            Failure::Tls(why) => write!(
                out,
                "{registry} can't be spoken with over TLS ({why}): --plain-http is for a registry \
                 without it"
            ),
            Failure::Refused if *has_login => write!(
                out,
                "{registry} doesn't let this login push to {repository}: is the password still \
                 right (docker login {registry}), and may it write there?"
            ),
            Failure::Refused => write!(
                out,
                "{registry} lets nobody push to {repository} without a login: docker login \
                 {registry}"
            ),
            Failure::Answer(what) => write!(
                out,
                "{registry} didn't take what was pushed to {repository}; it says: {what}"
            ),
        }
    }
}

impl Error for RegistryError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn server_error(code: u16, message: &str) -> Failure {
        let url = "https://registry.example/v2/uploads?_state=secret".to_owned();
        Failure::from(&OciDistributionError::ServerError { code, url, message: message.to_owned() })
    }

    #[test]
    fn a_refusal_is_a_refusal_in_whichever_words() {
        assert_eq!(server_error(401, "{}"), Failure::Refused);
        assert_eq!(server_error(403, "denied"), Failure::Refused);
        let failure = OciDistributionError::AuthenticationFailure("the password is: x".to_owned());
        assert_eq!(Failure::from(&failure), Failure::Refused);
        let envelope = r#"{"errors": [{"code": "DENIED", "message": "no"}]}"#;
        let denied = OciDistributionError::RegistryError {
            envelope: serde_json::from_str(envelope).unwrap(),
            url: String::new(),
        };
        assert_eq!(Failure::from(&denied), Failure::Refused);
    }

    #[test]
    fn an_answer_is_told_in_one_line_without_the_addresses_secrets() {
        let Failure::Answer(told) = server_error(413, "too\n  large\u{1b}") else {
            panic!("not an answer");
        };
        assert_eq!(told, "HTTP 413 too large");
    }

    #[test]
    fn a_long_answer_is_cut() {
        let Failure::Answer(told) = server_error(500, &"é".repeat(1000)) else {
            panic!("not an answer");
        };
        assert_eq!(told.chars().count(), "HTTP 500 ".len() + WORDS);
    }

    #[test]
    fn finds_what_tls_says_below_what_is_around_it() {
        let issuer = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::other(issuer));
        assert_eq!(of_request(&wrapped), Failure::UntrustedAuthority);
    }

    #[test]
    fn tells_that_the_file_of_authorities_replaces_the_machines() {
        let error = RegistryError {
            registry: "registry.example".to_owned(),
            repository: "filters".to_owned(),
            has_login: false,
            failure: Failure::UntrustedAuthority,
        };
        assert!(error.to_string().ends_with("instead of the machine's"), "{error}");
    }

    #[test]
    fn says_the_root_of_what_went_wrong() {
        let refused = io::Error::new(io::ErrorKind::ConnectionRefused, "refused");
        assert_eq!(of_request(&refused), Failure::Unreachable("refused".to_owned()));
    }
}
