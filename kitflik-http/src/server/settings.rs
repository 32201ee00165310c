//! The settings: `kitflik.toml`, then the environment, then flags; a later one wins.
//!
//! All three give text, and one function per key reads it: so a bad value is refused in the same words
//! wherever it came from, with the name under which it was given.

mod jobs;
mod mail;
mod protection;
mod terms;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use kitflik_core::{Policy, TokenAlgorithm};

use super::cli::{ServeFlags, StoreFlags};
use super::console;
use super::failure::Failure;
use super::limits::{Proxies, RateSettings};
use super::mail::Sender;
use crate::feeds::LISTENERS;
#[cfg(feature = "postgres")]
use crate::postgres::PostgresOptions;

pub(crate) use jobs::Jobs;
pub(crate) use protection::Hashing;
pub(crate) use terms::Terms;

/// Requests that may be under way at the same time.
const AT_ONCE: usize = 1024;

const FILE: &str = "kitflik.toml";
/// Every key of the file. In the environment it is `KITFLIK_` and the key in capitals.
const KEYS: &[&str] = &[
    "listen",
    "data",
    "storage",
    "storage_file",
    "demo",
    "staff_email",
    "staff_password",
    "staff_password_file",
    "smtp_url",
    "smtp_url_file",
    "mail_from",
    "mail_templates",
    "public_url",
    "default_locale",
    "master_key_file",
    "rate_limits",
    "rate_per_address",
    "rate_in_all",
    "log_in_rate_per_address",
    "log_in_rate_in_all",
    "staff_log_in_rate_per_address",
    "staff_log_in_rate_in_all",
    "requests_at_once",
    "listeners_at_once",
    "trusted_proxies",
    "https",
    "argon2_memory_kib",
    "argon2_passes",
    "hashing_threads",
    "hashing_queue",
    "test_payments",
    "house_name",
    "hold",
    "pay_at_counter",
    "late_money",
    "cancel_before",
    "cancellation",
    "fees_refundable",
    "zone",
    "new_releases",
    "show_reminders",
    "occupancy_report",
    "token_algorithm",
    "token_issuer",
    "log",
];

/// Those of them that are whole numbers.
const NUMBERS: &[&str] = &[
    "requests_at_once",
    "listeners_at_once",
    "argon2_memory_kib",
    "argon2_passes",
    "hashing_threads",
    "hashing_queue",
];

/// Those that are on or off.
const SWITCHES: &[&str] =
    &["demo", "rate_limits", "https", "test_payments", "pay_at_counter", "fees_refundable"];

/// Those that are something, or off.
const MAY_BE_OFF: &[&str] = &["new_releases", "show_reminders", "occupancy_report", "cancel_before", "log"];

/// Where bookings are kept.
#[derive(Debug, Clone)]
pub(crate) enum StorageKind {
    /// In the data directory.
    Sled,
    /// Nowhere: all is gone with the process.
    Memory,
    /// In a database, for many servers at once.
    #[cfg(feature = "postgres")]
    Postgres(PostgresOptions),
}

/// A text that is never shown.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What the server was told.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) data: PathBuf,
    pub(crate) storage: StorageKind,
    pub(crate) demo: bool,
    pub(crate) staff_email: Option<String>,
    pub(crate) staff_password: Option<Secret>,
    pub(crate) smtp_url: Option<Secret>,
    pub(crate) mail_from: Sender,
    /// The directory of the house's own templates of mails.
    pub(crate) mail_templates: Option<PathBuf>,
    /// What links in mails begin with.
    pub(crate) public_url: Option<String>,
    /// The language of those who have chosen none.
    pub(crate) default_locale: String,
    pub(crate) master_key_file: Option<PathBuf>,
    /// None if they are off.
    pub(crate) rates: Option<RateSettings>,
    pub(crate) requests_at_once: usize,
    pub(crate) listeners_at_once: usize,
    pub(crate) trusted_proxies: Proxies,
    /// Whether browsers come by https.
    pub(crate) https: bool,
    pub(crate) hashing: Hashing,
    /// The provider `test`, which takes no money.
    pub(crate) test_payments: bool,
    pub(crate) house_name: String,
    pub(crate) terms: Terms,
    pub(crate) jobs: Jobs,
    pub(crate) token_algorithm: TokenAlgorithm,
    pub(crate) token_issuer: String,
    pub(crate) log: String,
    /// Names in the environment that look like ours and are not.
    pub(crate) unknown: Vec<String>,
}

/// A value and the name under which it was given.
struct Given {
    value: String,
    name: String,
}

impl Given {
    /// The refusal of this value. A secret's is not repeated.
    fn refuse(&self, why: &str) -> Failure {
        Failure::usage(format!("{}: {:?} {why}", self.name, self.value))
    }
}

/// The layers, from the weakest to the strongest.
struct Layers {
    file: BTreeMap<String, Given>,
    environment: BTreeMap<String, String>,
    flags: BTreeMap<&'static str, String>,
}

impl Settings {
    /// The file of master keys.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| self.data.join("master.key"))
    }

    /// For `kitflik serve`.
    pub(crate) fn for_serve(
        flags: &ServeFlags,
        environment: BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        let mut given = BTreeMap::new();
        let mut flag = |key, value: Option<&String>| {
            if let Some(value) = value {
                given.insert(key, value.clone());
            }
        };
        flag("listen", flags.listen.as_ref());
        flag("data", flags.store.data.as_ref());
        flag("storage", flags.storage.as_ref());
        flag("log", flags.log.as_ref());
        flag("public_url", flags.public_url.as_ref());
        flag("demo", flags.no_demo.then(|| "off".to_owned()).as_ref());
        Self::new(flags.store.config.as_deref(), environment, given)
    }

    /// For a command that works on the data directory.
    pub(crate) fn for_store(
        flags: &StoreFlags,
        environment: BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        let given = flags.data.iter().map(|data| ("data", data.clone())).collect();
        let settings = Self::new(flags.config.as_deref(), environment, given)?;
        for name in &settings.unknown {
            console::complain(&format!("kitflik: {name}: this name in the environment is no setting"));
        }
        Ok(settings)
    }

    fn new(
        config: Option<&Path>,
        environment: BTreeMap<String, String>,
        flags: BTreeMap<&'static str, String>,
    ) -> Result<Self, Failure> {
        let named =
            config.map(Path::to_owned).or_else(|| environment.get("KITFLIK_CONFIG").map(PathBuf::from));
        let file = match named {
            Some(path) => read_file(&path)?,
            None if Path::new(FILE).exists() => read_file(Path::new(FILE))?,
            None => BTreeMap::new(),
        };
        let known = |name: &str| {
            let key = name.strip_prefix("KITFLIK_").unwrap_or_default().to_lowercase();
            KEYS.contains(&key.as_str()) || ["config", "no_demo"].contains(&key.as_str())
        };
        let unknown = environment.keys().filter(|name| !known(name)).cloned().collect();
        let layers = Layers { file, environment, flags };
        let listen = layers.listen()?;
        let trusted_proxies = layers.proxies()?;
        // Behind a proxy everybody can call, wherever the server itself listens.
        let private = listen.ip().is_loopback() && !trusted_proxies.any();
        let rate_limits = layers.switch("rate_limits", true)?;
        if !rate_limits && !listen.ip().is_loopback() {
            return Err(Failure::usage(format!(
                "rate_limits: off is allowed only where nobody else can call, such as 127.0.0.1; listen is \
                {listen}"
            )));
        }
        let rates = layers.rates()?;
        let no_demo = layers.environment.get("KITFLIK_NO_DEMO").is_some_and(|value| value != "0");
        let demo = layers.switch("demo", !no_demo)?;
        // A house that sells to the public must not be paid by a test by oversight.
        let wanted = demo && layers.get("demo").is_some() && !trusted_proxies.any();
        let test_payments = layers.switch("test_payments", private || wanted)?;
        Ok(Self {
            listen,
            data: layers.get("data").map_or_else(|| "kitflik-data".into(), |given| given.value.into()),
            storage: layers.storage()?,
            demo,
            staff_email: layers.get("staff_email").map(|given| given.value),
            staff_password: layers.secret("staff_password")?,
            smtp_url: layers.secret("smtp_url")?,
            mail_from: layers.sender()?,
            mail_templates: layers.get("mail_templates").map(|given| given.value.into()),
            public_url: layers.public_url()?,
            default_locale: layers.default_locale()?,
            master_key_file: layers.get("master_key_file").map(|given| given.value.into()),
            rates: rate_limits.then_some(rates),
            requests_at_once: layers.number("requests_at_once", AT_ONCE, 1..=1_000_000)?,
            listeners_at_once: layers.number("listeners_at_once", LISTENERS, 0..=1_000_000)?,
            https: layers.switch("https", !private)?,
            trusted_proxies,
            hashing: layers.hashing()?,
            test_payments,
            house_name: layers.get("house_name").map_or_else(|| "KitFlik".into(), |given| given.value),
            terms: layers.terms()?,
            jobs: layers.jobs()?,
            token_algorithm: layers.token_algorithm()?,
            token_issuer: layers.token_issuer()?,
            log: layers.get("log").map_or_else(|| "info".into(), |given| given.value),
            unknown,
        })
    }
}

impl Layers {
    fn get(&self, key: &str) -> Option<Given> {
        self.found(key).map(|(_, given)| given)
    }

    /// A value, and how strong the layer is that has it.
    fn found(&self, key: &str) -> Option<(u8, Given)> {
        if let Some(value) = self.flags.get(key) {
            let name = format!("--{}", key.replace('_', "-"));
            return Some((3, Given { value: value.clone(), name }));
        }
        let name = format!("KITFLIK_{}", key.to_uppercase());
        if let Some(value) = self.environment.get(&name) {
            return Some((2, Given { value: value.clone(), name }));
        }
        let given = self.file.get(key)?;
        Some((1, Given { value: given.value.clone(), name: given.name.clone() }))
    }

    fn switch(&self, key: &str, otherwise: bool) -> Result<bool, Failure> {
        let Some(given) = self.get(key) else { return Ok(otherwise) };
        match given.value.as_str() {
            "on" | "true" | "1" => Ok(true),
            "off" | "false" | "0" => Ok(false),
            _ => Err(given.refuse("is neither on nor off")),
        }
    }

    fn listen(&self) -> Result<SocketAddr, Failure> {
        let Some(given) = self.get("listen") else { return Ok(SocketAddr::from(([127, 0, 0, 1], 8080))) };
        let found = given.value.to_socket_addrs().ok().and_then(|mut found| found.next());
        found.ok_or_else(|| given.refuse("is no address: expected HOST:PORT such as 127.0.0.1:8080"))
    }

    fn storage(&self) -> Result<StorageKind, Failure> {
        let Some(given) = self.text_or_file("storage")? else { return Ok(StorageKind::Sled) };
        match given.value.as_str() {
            "sled" => Ok(StorageKind::Sled),
            "memory" => Ok(StorageKind::Memory),
            // The address may hold a password: it is not repeated.
            text if text.starts_with("postgres://") || text.starts_with("postgresql://") => postgres(&given),
            text if text.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                Err(given.refuse("is no storage; allowed are sled, memory and postgres://…"))
            }
            // Perhaps an address that is mistyped: it is not repeated either.
            _ => Err(Failure::usage(format!(
                "{}: this is no storage; allowed are sled, memory and postgres://…",
                given.name
            ))),
        }
    }

    fn token_algorithm(&self) -> Result<TokenAlgorithm, Failure> {
        let Some(given) = self.get("token_algorithm") else { return Ok(TokenAlgorithm::default()) };
        match given.value.as_str() {
            "hs256" => Ok(TokenAlgorithm::Hs256),
            "eddsa" => Ok(TokenAlgorithm::EdDsa),
            _ => Err(given.refuse("is no algorithm of tokens; allowed are hs256 and eddsa")),
        }
    }

    fn token_issuer(&self) -> Result<String, Failure> {
        let Some(given) = self.get("token_issuer") else { return Ok(Policy::default().token_issuer) };
        let good =
            (1..=200).contains(&given.value.len()) && given.value.bytes().all(|byte| byte.is_ascii_graphic());
        if good {
            return Ok(given.value);
        }
        Err(given
            .refuse("is no issuer: expected 1 to 200 visible ASCII characters such as https://kino.example"))
    }

    /// A secret, or the content of the file that holds it.
    fn secret(&self, key: &str) -> Result<Option<Secret>, Failure> {
        Ok(self.text_or_file(key)?.map(|given| Secret(given.value)))
    }

    fn text_or_file(&self, key: &str) -> Result<Option<Given>, Failure> {
        let file_key = format!("{key}_file");
        let (text, file) = (self.found(key), self.found(&file_key));
        let given = match (text, file) {
            (Some((layer, text)), Some((other, file))) if layer == other => {
                let (text, file) = (text.name, file.name);
                return Err(Failure::usage(format!(
                    "{text} and {file} say the same thing: give one of them"
                )));
            }
            (Some((layer, text)), Some((other, _))) if layer > other => return Ok(Some(text)),
            (Some((_, text)), None) => return Ok(Some(text)),
            (_, Some((_, file))) => file,
            (None, None) => return Ok(None),
        };
        let text = std::fs::read_to_string(&given.value)
            .map_err(|error| given.refuse(&format!("cannot be read: {error}")))?;
        Ok(Some(Given { value: text.trim_end_matches(['\r', '\n']).to_owned(), name: given.name }))
    }
}

#[cfg(feature = "postgres")]
fn postgres(given: &Given) -> Result<StorageKind, Failure> {
    let options = given.value.parse();
    options
        .map(StorageKind::Postgres)
        .map_err(|error| Failure::usage(format!("{}: this {error}", given.name)))
}

#[cfg(not(feature = "postgres"))]
fn postgres(given: &Given) -> Result<StorageKind, Failure> {
    Err(Failure::usage(format!(
        "{}: this program was built without the feature postgres; allowed are sled and memory",
        given.name
    )))
}

fn read_file(path: &Path) -> Result<BTreeMap<String, Given>, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("the settings in {shown} cannot be read: {error}")))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
        Failure::usage(format!("{shown}, line {line}: {}", error.message()))
    })?;
    let mut file = BTreeMap::new();
    for (key, value) in table {
        if !KEYS.contains(&key.as_str()) {
            let all = KEYS.join(", ");
            return Err(Failure::usage(format!("{shown}: there is no setting {key:?}; there are {all}")));
        }
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) if NUMBERS.contains(&key.as_str()) => number.to_string(),
            toml::Value::Boolean(on) if SWITCHES.contains(&key.as_str()) => {
                if on { "on" } else { "off" }.to_owned()
            }
            toml::Value::Boolean(false) if MAY_BE_OFF.contains(&key.as_str()) => "off".to_owned(),
            other => {
                let kind = other.type_str();
                return Err(Failure::usage(format!("{shown}, {key}: expected text in quotes, found {kind}")));
            }
        };
        let name = format!("{shown}, {key}");
        file.insert(key, Given { value, name });
    }
    Ok(file)
}

/// What the environment says about this program.
pub(crate) fn environment() -> BTreeMap<String, String> {
    // What is not Unicode cannot be a value of ours.
    let readable = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    readable.filter(|(name, _)| name.starts_with("KITFLIK_") && name != "KITFLIK_TEST_PYTHON").collect()
}

#[cfg(test)]
mod tests;
