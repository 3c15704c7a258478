use anyhow::bail;
use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};
use oci_client::secrets::RegistryAuth;
use std::env;
use std::fs;
use std::path::PathBuf;

/// The name under which `docker login` keeps what is for Docker Hub.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// What credential helpers say when they know none, in either stream.
const NOT_FOUND: &str = "credentials not found";

/// Who pushes to the registry, as the Docker configuration says: in the file itself, or through the
/// credential helper that it names.
///
/// # Errors
/// When it says something that can't be used. Never with what is secret in it.
pub(crate) fn login(registry: &str) -> anyhow::Result<RegistryAuth> {
    let Some(file) = configuration().filter(|file| file.exists()) else {
        return Ok(RegistryAuth::Anonymous);
    };
    let file_name = file.display();
    let Ok(text) = fs::read(&file) else { bail!("{file_name} can't be read") };
    let key = if registry == "docker.io" { DOCKER_HUB } else { registry };
    match get_credential_from_reader(&*text, key) {
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            Ok(RegistryAuth::Basic(user, password))
        }
        Ok(DockerCredential::IdentityToken(_)) => bail!(
            "the login for {registry} is an identity token, which only its own programs can use: \
             docker login {registry} with a user and a password or an access token"
        ),
        Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(RegistryAuth::Anonymous),
        Err(CredentialRetrievalError::HelperFailure { stdout, stderr, .. })
            if stdout.contains(NOT_FOUND) || stderr.contains(NOT_FOUND) =>
        {
            Ok(RegistryAuth::Anonymous)
        }
        Err(CredentialRetrievalError::HelperFailure { helper, .. }) => {
            bail!("{helper}, which {file_name} names, has no login for {registry} and fails")
        }
        Err(CredentialRetrievalError::HelperCommunicationError) => bail!(
            "the credential helper that {file_name} names for {registry} can't be run: is it in \
             the PATH?"
        ),
        Err(error) => bail!("{file_name} has no login for {registry} that can be used: {error}"),
    }
}

fn configuration() -> Option<PathBuf> {
    let named = |variable| env::var_os(variable).filter(|value| !value.is_empty());
    let directory = named("DOCKER_CONFIG").map(PathBuf::from);
    let directory = directory.or_else(|| Some(PathBuf::from(named("HOME")?).join(".docker")));
    directory.map(|directory| directory.join("config.json"))
}
