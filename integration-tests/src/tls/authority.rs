use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd,
};
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Who issues certificates. Two of the same name are not the same.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

/// A certificate and the key to it.
#[derive(Debug)]
pub struct Identity {
    certificate: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

impl Authority {
    /// One of this name.
    ///
    /// # Panics
    /// When it can't be made.
    pub fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// Its own certificate, as it stands in a file.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for the host of this name.
    pub fn host(&self, name: &str) -> Identity {
        self.issue(SanType::DnsName(name.try_into().expect("a host's name")), |_| {})
    }

    /// A certificate for whoever has this URI.
    pub fn uri(&self, uri: &str) -> Identity {
        self.issue(SanType::URI(uri.try_into().expect("a URI")), |_| {})
    }

    /// The same, but long expired.
    pub fn expired_uri(&self, uri: &str) -> Identity {
        self.issue(SanType::URI(uri.try_into().expect("a URI")), expire)
    }

    /// A certificate for the host of this name, but long expired.
    pub fn expired_host(&self, name: &str) -> Identity {
        self.issue(SanType::DnsName(name.try_into().expect("a host's name")), expire)
    }

    fn issue(&self, name: SanType, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::default();
        params.subject_alt_names.push(name);
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity { certificate: certificate.der().clone(), pem: certificate.pem(), key }
    }

    pub(super) fn trusted(&self) -> RootCertStore {
        let mut store = RootCertStore::empty();
        store.add(self.certificate.clone()).expect("an authority");
        store
    }
}

impl Identity {
    /// The certificate as it stands in a file.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The key as it stands in a file.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The certificate as it goes over the wire.
    pub fn bytes(&self) -> &[u8] {
        &self.certificate
    }

    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.clone()]
    }

    pub(super) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.serialize_der().into())
    }
}

fn expire(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2020, 1, 2);
}
