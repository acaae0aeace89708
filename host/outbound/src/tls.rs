//! Whom we believe: the certificates of the system and of the company, and the one set-up of TLS for everything that goes out.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use crate::error::NotSent;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Where operating systems keep their bundle of roots: Debian and its relatives, Fedora and its, SUSE, Alpine and the BSDs.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The authorities whose certificates are believed.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("the certificates of {name} cannot be read; it must be a PEM file of certificates")]
    Pem { name: String, source: rustls::pki_types::pem::Error },
    #[error("a certificate of {name} cannot be used as an authority")]
    Authority { name: String, source: rustls::Error },
    #[error("no TLS version can be offered")]
    Versions(#[source] rustls::Error),
}

impl Trust {
    /// Believes the authorities in these PEM texts, each with a name for messages.
    ///
    /// # Errors
    /// When one of them is not PEM or not a certificate.
    pub fn from_pem<'a>(texts: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        for (name, text) in texts {
            for certificate in CertificateDer::pem_slice_iter(text) {
                let certificate = certificate.map_err(|source| TrustError::Pem { name: name.to_owned(), source })?;
                roots.add(certificate).map_err(|source| TrustError::Authority { name: name.to_owned(), source })?;
            }
        }
        Self::from_roots(roots)
    }

    /// Believes what the operating system believes, and `more` as [`Self::from_pem`] does.
    ///
    /// Where no bundle is found only `more` is believed, and every other server is refused: nothing is believed blindly.
    ///
    /// # Errors
    /// When a text of `more` cannot be used. Single certificates of the system that cannot be are left out.
    pub fn of_system<'a>(more: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        if let Some(bundle) = BUNDLES.iter().find_map(|path| std::fs::read(path).ok()) {
            roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&bundle).filter_map(Result::ok));
        }
        for (name, text) in more {
            for certificate in CertificateDer::pem_slice_iter(text) {
                let certificate = certificate.map_err(|source| TrustError::Pem { name: name.to_owned(), source })?;
                roots.add(certificate).map_err(|source| TrustError::Authority { name: name.to_owned(), source })?;
            }
        }
        Self::from_roots(roots)
    }

    fn from_roots(roots: RootCertStore) -> Result<Self, TrustError> {
        // The provider is named, so nothing depends on what else is linked and which one the process chose.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Versions)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// Makes a connection an encrypted one with exactly this host.
    pub(crate) async fn handshake(
        &self,
        host: &Host<String>,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, NotSent> {
        let failed = |why: String| NotSent::Tls { host: host.to_string(), why };
        let name = match host {
            Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|error| failed(error.to_string()))?,
            Host::Ipv4(address) => ServerName::from(std::net::IpAddr::V4(*address)),
            Host::Ipv6(address) => ServerName::from(std::net::IpAddr::V6(*address)),
        };
        let handshake = TlsConnector::from(self.0.clone()).connect(name, stream);
        match timeout(HANDSHAKE_TIMEOUT, handshake).await {
            Ok(result) => result.map_err(|error| failed(error.to_string())),
            Err(_) => Err(failed(format!("the handshake took longer than {} seconds", HANDSHAKE_TIMEOUT.as_secs()))),
        }
    }
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trust")
    }
}
