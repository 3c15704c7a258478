use crate::credentials::login;
use crate::destination::Destination;
use crate::failure::{Failure, RegistryError};
use crate::forms::Package;
use anyhow::Context;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};
use rustls::crypto::ring;
use std::time::Duration;

/// How long a registry may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long it may be silent.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// How to speak with a registry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Transport {
    /// HTTP.
    PlainHttp,
    /// HTTPS, with the authorities that this machine trusts.
    Tls,
}

/// What became of a tag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// It is new.
    Pushed,
    /// It named the same already.
    WasThere,
    /// It named this digest before.
    Moved(String),
}

/// A registry, and who pushes to it.
pub(crate) struct Registry {
    client: Client,
    login: RegistryAuth,
}

impl Registry {
    /// A registry to push to. Nothing is sent yet.
    ///
    /// # Errors
    /// When the Docker configuration has no login that can be used, or when there are no
    /// authorities to trust.
    pub(crate) fn connect(destination: &Destination, transport: Transport) -> anyhow::Result<Self> {
        // An error would mean that there is a provider already.
        _ = ring::default_provider().install_default();
        let config = ClientConfig {
            protocol: match transport {
                Transport::PlainHttp => ClientProtocol::Http,
                Transport::Tls => ClientProtocol::Https,
            },
            // What every registry takes: chunks are read differently by several.
            use_monolithic_push: true,
            connect_timeout: Some(CONNECT_TIMEOUT),
            read_timeout: Some(READ_TIMEOUT),
            user_agent: concat!("envoy-inference-filters/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).context(
            "TLS needs authorities to trust: install ca-certificates, or name a file of them with \
             SSL_CERT_FILE",
        )?;
        Ok(Self { client, login: login(destination.registry())? })
    }

    /// Pushes the package, unless it is there already.
    ///
    /// # Errors
    /// When the registry can't be reached or doesn't take it.
    pub(crate) async fn push(
        &self,
        reference: &Reference,
        package: &Package,
    ) -> Result<Outcome, RegistryError> {
        self.try_to_push(reference, package).await.map_err(|error| RegistryError {
            registry: reference.registry().to_owned(),
            repository: reference.repository().to_owned(),
            has_login: self.login != RegistryAuth::Anonymous,
            failure: Failure::from(&error),
        })
    }

    async fn try_to_push(
        &self,
        reference: &Reference,
        package: &Package,
    ) -> Result<Outcome, OciDistributionError> {
        self.client.auth(reference, &self.login, RegistryOperation::Push).await?;
        let before = self.digest_of(reference).await?;
        if before.as_ref() == Some(&package.digest) {
            return Ok(Outcome::WasThere);
        }
        for layer in &package.layers {
            let digest = layer.sha256_digest();
            self.push_blob(reference, layer.data.clone(), &digest).await?;
        }
        let digest = package.config.sha256_digest();
        self.push_blob(reference, package.config.data.clone(), &digest).await?;
        let media_type = http::HeaderValue::from_static(OCI_IMAGE_MEDIA_TYPE);
        self.client.push_manifest_raw(reference, package.manifest.clone(), media_type).await?;
        Ok(before.map_or(Outcome::Pushed, Outcome::Moved))
    }

    /// What the tag names now. Registries answer in many ways that it names nothing, or that the
    /// repository isn't there yet; if more than that is wrong, pushing will tell.
    async fn digest_of(
        &self,
        reference: &Reference,
    ) -> Result<Option<String>, OciDistributionError> {
        match self.client.fetch_manifest_digest(reference, &self.login).await {
            Ok(digest) => Ok(Some(digest)),
            Err(error) if Failure::from(&error).is_before_the_answer() => Err(error),
            Err(_) => Ok(None),
        }
    }

    async fn push_blob(
        &self,
        reference: &Reference,
        bytes: impl Into<bytes::Bytes>,
        digest: &str,
    ) -> Result<(), OciDistributionError> {
        let is_there = self.client.blob_exists(reference, digest).await;
        if !is_there.unwrap_or(false) {
            self.client.push_blob(reference, bytes, digest).await?;
        }
        Ok(())
    }
}
