//! The address of the database, and whom to trust there. What is in it is not repeated: it may be a password.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::CONNECT_LIMIT;

/// Why a text is no address of a database. It does not repeat the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidPostgresUrl(String);

const EXPECTED: &str = "is no address of a PostgreSQL database: expected \
                        postgres://USER:PASSWORD@HOST:PORT/DATABASE, with what is special in the password \
                        percent-encoded";

pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: Option<MakeRustlsConnect>,
}

fn refuse(why: impl Into<String>) -> InvalidPostgresUrl {
    InvalidPostgresUrl(why.into())
}

impl FromStr for Address {
    type Err = InvalidPostgresUrl;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(refuse(EXPECTED));
        }
        let (place, query) = url.rsplit_once('?').unwrap_or((url, ""));
        let (mut mode, mut authorities, mut others) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match form_urlencoded::parse(pair.as_bytes()).next() {
                Some((name, value)) if name == "sslmode" => mode = Some(value.into_owned()),
                Some((name, value)) if name == "sslrootcert" => authorities = Some(value.into_owned()),
                _ => others.push(pair),
            }
        }
        let rest = format!("{place}?{}", others.join("&"));
        let mut config: Config = rest.trim_end_matches('?').parse().map_err(|_| refuse(EXPECTED))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(refuse(EXPECTED));
        }
        let encrypted = match mode.as_deref() {
            Some("disable") => false,
            Some("require" | "verify-full") => true,
            Some(_) => {
                return Err(refuse(
                    "has an unknown sslmode: allowed are disable, require and verify-full (the last two both \
                     verify the certificate)",
                ));
            }
            None if is_here(&config) => false,
            None => {
                return Err(refuse(
                    "is another machine, and does not say whether to encrypt: add ?sslmode=verify-full, or \
                     ?sslmode=disable if nobody else is on the network between",
                ));
            }
        };
        let tls = encrypted.then(|| tls(authorities.as_deref())).transpose()?;
        config.ssl_mode(if encrypted { SslMode::Require } else { SslMode::Disable });
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_application_name().is_none() {
            config.application_name("kitflik");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_LIMIT);
        }
        Ok(Self { config, tls })
    }
}

/// Whether nothing leaves this machine on the way to the database.
fn is_here(config: &Config) -> bool {
    let local = |host: &Host| match host {
        Host::Tcp(name) => {
            let address = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
            name == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(local) && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

fn tls(authorities: Option<&str>) -> Result<MakeRustlsConnect, InvalidPostgresUrl> {
    let roots = match authorities {
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        Some(path) => read_authorities(Path::new(path))
            .map_err(|why| refuse(format!("names the sslrootcert {path}, which cannot be used: {why}")))?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refuse(format!("cannot be reached with TLS: {error}")))?;
    Ok(MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn read_authorities(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() { Err("no certificate is in it".to_owned()) } else { Ok(roots) }
}

/// For people: where, never who or with which password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports = self.config.get_ports();
        for (at, host) in self.config.get_hosts().iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            match host {
                Host::Tcp(name) => f.write_str(name)?,
                #[cfg(unix)]
                Host::Unix(path) => path.display().fmt(f)?,
            }
            let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", self.config.get_dbname().or(self.config.get_user()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        match url.parse::<Address>() {
            Ok(address) => panic!("{url} was taken for {address}"),
            Err(refused) => refused.to_string(),
        }
    }

    #[test]
    fn a_database_on_this_machine_needs_no_tls() {
        for (url, shown) in [
            ("postgres://kit:pw@127.0.0.1/flik", "127.0.0.1:5432/flik"),
            ("postgresql://kit@localhost:6000/flik", "localhost:6000/flik"),
            ("postgres://kit@%2Fvar%2Frun%2Fpostgresql/flik", "/var/run/postgresql:5432/flik"),
            ("postgres://kit:p?w@127.0.0.1/flik?sslmode=disable", "127.0.0.1:5432/flik"),
            ("postgres://kit@[::1]/flik?application_name=x", "::1:5432/flik"),
        ] {
            let address: Address = url.parse().unwrap();
            assert!(address.tls.is_none(), "{url}");
            assert_eq!(address.to_string().replace(['[', ']'], ""), shown);
        }
    }

    #[test]
    fn another_machine_must_say_whether_to_encrypt() {
        let refused = refusal("postgres://kit:hunter2@db.example.org/flik");
        assert!(refused.contains("sslmode=verify-full") && !refused.contains("hunter2"), "{refused}");
        let clear: Address = "postgres://kit@10.0.0.5,10.0.0.6/flik?sslmode=disable".parse().unwrap();
        assert!(clear.tls.is_none());
        assert_eq!(clear.to_string(), "10.0.0.5:5432,10.0.0.6:5432/flik");
        for mode in ["require", "verify-full"] {
            let url = format!("postgres://kit@db.example.org/flik?connect_timeout=3&sslmode={mode}");
            let address: Address = url.parse().unwrap();
            assert!(address.tls.is_some());
            assert_eq!(address.config.get_ssl_mode(), SslMode::Require);
            assert_eq!(address.config.get_connect_timeout().unwrap().as_secs(), 3);
        }
    }

    #[test]
    fn nothing_of_a_bad_address_is_repeated() {
        for bad in [
            "postgres://kit:hun%ter2@127.0.0.1:port/flik",
            "postgres://kit:hunter2@127.0.0.1/flik?hunter2=1",
            "postgres://kit:hunter2@127.0.0.1/flik?sslmode=hunter2",
            "mysql://kit:hunter2@127.0.0.1/flik",
            "postgres:///hunter2",
            "hunter2",
        ] {
            let refused = refusal(bad);
            assert!(!refused.contains("hunter2") && refused.len() > 40, "{bad}: {refused}");
        }
        let missing = refusal("postgres://kit:hunter2@127.0.0.1/flik?sslmode=require&sslrootcert=/no/such");
        assert!(missing.contains("/no/such, which cannot be used: ") && !missing.contains("hunter2"));
    }
}
