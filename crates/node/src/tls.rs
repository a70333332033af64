//! Certificate and key, from their files to what a connection is opened with.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use moustique_monitor::Certificate as Facts;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use crate::certificate;
use crate::config::Tls;
use crate::self_signed;

/// More is no chain of certificates, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// Why there is no TLS.
#[derive(Debug)]
pub(crate) struct TlsError {
    file: PathBuf,
    reason: String,
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.reason)
    }
}

impl TlsError {
    /// What is wrong with the file, without its name.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    pub(crate) fn new(file: &Path, reason: impl fmt::Display) -> Self {
        Self {
            file: file.to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// A certificate that can be served with.
pub(crate) struct Certificate {
    /// What a connection is opened with.
    pub(crate) config: Arc<ServerConfig>,
    /// What is told of it.
    pub(crate) facts: Facts,
}

/// The certificate that is configured, or the one that is made and kept in the
/// folder.
pub(crate) fn read(tls: &Tls, folder: &Path) -> Result<Certificate, TlsError> {
    match &tls.files {
        Some(files) => read_files(&files.certificate, &files.key),
        None => self_signed::kept(folder),
    }
}

/// The certificate of two files.
pub(crate) fn read_files(chain_file: &Path, key_file: &Path) -> Result<Certificate, TlsError> {
    let (chain, key) = (content(chain_file)?, content(key_file)?);
    certificate((chain_file, &chain), (key_file, &key))
}

/// Makes sure that certificates and key can be read and belong together.
pub(crate) fn certificate(
    (chain_file, chain): (&Path, &[u8]),
    (key_file, key): (&Path, &[u8]),
) -> Result<Certificate, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::new(chain_file, format_args!("it is no PEM file: {error}")))?;
    let Some(first) = chain.first() else {
        let reason = "there is no certificate in it; expected is a PEM file";
        return Err(TlsError::new(chain_file, reason));
    };
    let facts = certificate::facts(first).map_err(|error| {
        let reason = format_args!("the certificate in it cannot be read: {error}");
        TlsError::new(chain_file, reason)
    })?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| {
        let reason = format_args!("there is no private key in it that can be read: {error}");
        TlsError::new(key_file, reason)
    })?;
    let config = config(chain, key).map_err(|error| {
        let reason = format!("it cannot be used with {}: {error}", key_file.display());
        TlsError::new(chain_file, reason)
    })?;
    Ok(Certificate {
        config: Arc::new(config),
        facts,
    })
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    // Nobody is to begin with HTTP/2 here.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The content of a file. A link is followed: who renews certificates lets one
/// lead to the newest.
fn content(path: &Path) -> Result<Vec<u8>, TlsError> {
    read_at_most(path, MAX_BYTES)
        .map_err(|error| TlsError::new(path, format_args!("it cannot be read: {error}")))
}

fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!(
            "it is longer than the {most} bytes that are expected at most"
        )));
    }
    Ok(bytes)
}
