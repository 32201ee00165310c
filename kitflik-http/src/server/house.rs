//! The store and its key, opened together.

use std::path::Path;
use std::sync::Arc;

use kitflik_core::{
    Builder, Kitflik, MasterKey, MemoryStorage, Policy, Read, SledStorage, Storage, StorageError,
};

use super::failure::Failure;
use super::master_key::MasterKeys;
use super::settings::{Settings, StorageKind};
use super::{console, master_key};

/// An open store.
pub(crate) struct House {
    /// Whoever holds the last of these closes the store: keep one outside of the reactor.
    pub(crate) storage: Arc<dyn Storage>,
    keys: MasterKeys,
}

impl House {
    /// Opens the store that the settings name, or makes it.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        let data = &settings.data;
        let storage: Arc<dyn Storage> = match &settings.storage {
            StorageKind::Memory => {
                return Ok(Self {
                    storage: Arc::new(MemoryStorage::default()),
                    keys: master_key::ephemeral()?,
                });
            }
            StorageKind::Sled => {
                make_directory(data)?;
                let storage = SledStorage::open(data.join("store"));
                Arc::new(storage.map_err(|error| cannot_open(data, &error))?)
            }
            #[cfg(feature = "postgres")]
            StorageKind::Postgres(options) => {
                make_directory(data)?;
                let storage = crate::postgres::PostgresStorage::open(options.clone()).await;
                Arc::new(storage.map_err(|error| Failure::run(error.to_string()))?)
            }
        };
        let anything = Read::Scan { start: "!".into(), end: "~".into(), limit: 1, reverse: false };
        let rows = storage.read(vec![anything]).await.map_err(Failure::doing("read the store"))?;
        let empty = rows.iter().all(Vec::is_empty);
        let path = settings.key_file();
        let made = !path.exists();
        let keys = master_key::load(&path, empty)?;
        let house = Self { storage, keys };
        let engine = house.engine(settings)?;
        if !engine.has_the_key().await.map_err(Failure::doing("read the store"))? {
            if made {
                // Of no use to anybody: another server made the store at the same moment, with a key of its own.
                let _it_is_refused_next_time_too = std::fs::remove_file(&path);
            }
            return Err(Failure::run(format!(
                "the store was made with another master key than those in {}: name the file of that one by \
                 master_key_file (all servers over one database have the same)",
                path.display()
            )));
        }
        let accepted: Vec<String> = house.keys.accepted.iter().map(MasterKey::id).collect();
        tracing::info!(signs = house.keys.current.id(), accepted = accepted.join(","), "master keys");
        Ok(house)
    }

    /// The engine over the store, for a command that runs alone.
    pub(crate) fn engine(&self, settings: &Settings) -> Result<Kitflik, Failure> {
        self.builder(settings).build().map_err(Failure::doing("start the engine"))
    }

    /// The start of an engine: the store, the keys, and what the house decides.
    pub(crate) fn builder(&self, settings: &Settings) -> Builder {
        Kitflik::builder(Arc::clone(&self.storage), self.keys.current.clone())
            .accepted_keys(self.keys.accepted.clone())
            .policy(policy(settings))
    }

    /// Closes the store: what was written is on disk when this returns.
    pub(crate) fn close(self) {
        if Arc::strong_count(&self.storage) > 1 {
            console::complain("kitflik: a request is still at work; what it had acknowledged is on disk");
        }
        drop(self.storage);
    }
}

/// What the house decides, as far as it is the program that says it.
pub(crate) fn policy(settings: &Settings) -> Policy {
    let mut policy = Policy::default();
    // The other stores belong to one process; behind a database others may write too.
    if matches!(settings.storage, StorageKind::Sled | StorageKind::Memory) {
        policy.view_max_age = None;
    }
    policy.house_name.clone_from(&settings.house_name);
    policy.token_algorithm = settings.token_algorithm;
    policy.public_url.clone_from(&settings.public_url);
    policy.default_locale.clone_from(&settings.default_locale);
    policy.token_issuer.clone_from(&settings.token_issuer);
    settings.terms.apply(&mut policy);
    settings.jobs.apply(&mut policy);
    policy
}

fn cannot_open(data: &Path, error: &StorageError) -> Failure {
    let shown = data.display();
    let text = error.to_string();
    if text.contains("is in use") {
        return Failure::run(format!(
            "the data directory {shown} is in use, perhaps by a running server: stop that first, or name \
             another directory with --data"
        ));
    }
    Failure::run(format!("the data directory {shown} cannot be opened: {text}"))
}

/// Nobody else may read what is in it.
fn make_directory(path: &Path) -> Result<(), Failure> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| {
        Failure::run(format!("the data directory {} cannot be made: {error}", path.display()))
    })
}
