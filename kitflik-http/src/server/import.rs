//! `kitflik import`: brings what a house has already into the data directory.

mod auditorium;
mod movies;

use std::path::Path;

use kitflik_core::Kitflik;

use super::cli::{Import, StoreFlags};
use super::failure::Failure;
use super::house::House;
use super::logs;
use super::settings::{Settings, StorageKind, environment};

/// Files larger than this are not what they are taken for.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Runs an import.
pub(crate) fn run(what: &Import) -> Result<(), Failure> {
    match what {
        Import::Movies(flags) => {
            let text = read(&flags.file)?;
            let reading = movies::read(&text).map_err(|error| in_file(&flags.file, &error))?;
            on_store(&flags.store, async |kitflik| movies::import(kitflik, reading).await)
        }
        Import::Auditorium(flags) => {
            let text = read(&flags.file)?;
            let stem = flags.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let plan = auditorium::read(&text, flags.name.as_deref(), &stem.unwrap_or_default())
                .map_err(|error| in_file(&flags.file, &error))?;
            on_store(&flags.store, async |kitflik| auditorium::import(kitflik, &flags.venue, plan).await)
        }
    }
}

fn in_file(path: &Path, error: &str) -> Failure {
    Failure::run(format!("{}: {error}", path.display()))
}

fn read(path: &Path) -> Result<String, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > MOST_BYTES {
        return Err(failed(&format!("it has {size} bytes, allowed are {MOST_BYTES}")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

/// Does something with the engine over the store; a data directory must not be in use by a server meanwhile.
pub(super) fn on_store(
    flags: &StoreFlags,
    work: impl AsyncFnOnce(&Kitflik) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let settings = Settings::for_store(flags, environment())?;
    logs::start(&settings.log)?;
    if matches!(settings.storage, StorageKind::Memory) {
        return Err(Failure::usage(
            "storage is memory: nothing is kept there; allowed are sled and postgres://…".to_owned(),
        ));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::doing("start the reactor"))?;
    let (house, outcome) = runtime.block_on(async {
        let house = House::open(&settings).await?;
        let outcome = work(&house.engine(&settings)?).await;
        Ok::<_, Failure>((house, outcome))
    })?;
    house.close();
    outcome
}
