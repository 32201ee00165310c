//! The file of master keys: made at the first start, read ever after.
//!
//! Everything that is signed depends on it (tickets at people's homes, sessions, guests' bookings), so a new
//! one is made only for a store that holds nothing yet. `kitflik keys` adds and removes keys.
//!
//! A line is a key: 64 hexadecimal digits. The first one signs; the others are accepted, and say since when they no
//! longer sign, if they ever did.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use data_encoding::HEXLOWER;
use kitflik_core::{MasterKey, Timestamp};

use super::failure::Failure;

/// The keys of a house.
#[derive(Debug, Clone)]
pub(crate) struct MasterKeys {
    /// Signs.
    pub(crate) current: MasterKey,
    /// Are accepted too.
    pub(crate) accepted: Vec<MasterKey>,
}

impl MasterKeys {
    fn one(key: MasterKey) -> Self {
        Self { current: key, accepted: Vec::new() }
    }
}

/// A line of the file.
pub(crate) struct Line {
    digits: String,
    pub(crate) key: MasterKey,
    /// Until when it signed; not known of the one that signs, nor of one that never did.
    pub(crate) signed_until: Option<Timestamp>,
}

impl Line {
    /// A new key.
    pub(crate) fn make() -> Result<Self, Failure> {
        let bytes = random()?;
        Ok(Self { digits: HEXLOWER.encode(&bytes), key: MasterKey::new(bytes), signed_until: None })
    }

    fn read(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let digits = words.next().unwrap_or_default().to_owned();
        let key = MasterKey::from_hex(&digits).map_err(|error| error.to_string())?;
        let signed_until = words.next().map(str::parse).transpose();
        let signed_until = signed_until.map_err(|_| "after a key stands until when it signed, or nothing")?;
        match words.next() {
            None => Ok(Self { digits, key, signed_until }),
            Some(_) => Err("a line has one key".to_owned()),
        }
    }
}

/// Reads what the file says, the current key first. Nothing of it is repeated in a refusal.
pub(crate) fn read(path: &Path, text: &str) -> Result<Vec<Line>, Failure> {
    let refuse = |number: usize, why: String| {
        Failure::run(format!(
            "the master key in {} cannot be used: {why} (line {number}); put back the file that the store was made \
            with",
            path.display()
        ))
    };
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        lines.push(Line::read(line).map_err(|why| refuse(at + 1, why))?);
    }
    if lines.is_empty() {
        return Err(refuse(1, kitflik_core::InvalidMasterKey.to_string()));
    }
    Ok(lines)
}

/// What [`read`] reads.
pub(crate) fn write(lines: &[Line]) -> String {
    let line = |line: &Line| match line.signed_until {
        Some(until) => format!("{} {until}\n", line.digits),
        None => format!("{}\n", line.digits),
    };
    lines.iter().map(line).collect()
}

/// Reads the keys; makes one if there is no file and `store_is_empty`.
pub(crate) fn load(path: &Path, store_is_empty: bool) -> Result<MasterKeys, Failure> {
    let shown = path.display();
    match std::fs::read_to_string(path) {
        Ok(text) => {
            warn_if_open(path);
            let mut keys = read(path, &text)?.into_iter().map(|line| line.key);
            let current = keys.next();
            let current = current.ok_or_else(|| Failure::run(format!("{shown} holds no master key")))?;
            Ok(MasterKeys { current, accepted: keys.collect() })
        }
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(Failure::run(format!(
            "the master key in {shown} cannot be used: it is not text; put back the file that the store was \
            made with"
        ))),
        Err(error) if error.kind() == ErrorKind::NotFound && store_is_empty => make(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Failure::run(format!(
            "the store holds data, but its master key {shown} is missing: put the file back, or name it by \
             master_key_file (all servers over one database have the same). With another key no ticket, session \
             or booking token that was given out would be valid"
        ))),
        Err(error) => Err(Failure::run(format!("the master key in {shown} cannot be read: {error}"))),
    }
}

/// A group may be how the file is shared out; everybody is never meant.
fn warn_if_open(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = path.metadata() {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
        if mode & 0o007 != 0 {
            tracing::warn!(file = %path.display(), "everybody on this machine can get at the master keys: chmod 600");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// A key that nobody keeps, for a store that nobody keeps.
pub(crate) fn ephemeral() -> Result<MasterKeys, Failure> {
    Ok(MasterKeys::one(MasterKey::new(random()?)))
}

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Failure::doing("get random bytes from the operating system"))?;
    Ok(bytes)
}

/// On disk before it is used, and under its name only when it is whole.
fn make(path: &Path) -> Result<MasterKeys, Failure> {
    let failed = |error: std::io::Error| {
        Failure::run(format!("the master key cannot be written to {}: {error}", path.display()))
    };
    let bytes: [u8; 32] = random()?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or_else(|| Path::new("."));
    // A name of its own: another server over the same database may be doing this too.
    let temporary = path.with_extension(format!("{}.new", HEXLOWER.encode(&random::<4>()?)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary).map_err(failed)?;
    writeln!(file, "{}", HEXLOWER.encode(&bytes)).and_then(|()| file.sync_all()).map_err(failed)?;
    // A link, unlike a name, is not taken from whoever was quicker: then theirs is the key.
    let linked = std::fs::hard_link(&temporary, path);
    std::fs::remove_file(&temporary).map_err(failed)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return load(path, false),
        linked => linked.map_err(failed)?,
    }
    #[cfg(unix)]
    std::fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
    Ok(MasterKeys::one(MasterKey::new(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_read_after() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        load(&path, true).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.trim().len(), 64);
        load(&path, false).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn servers_that_start_together_have_one_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let make = || load(&path, true).map(|_| std::fs::read_to_string(&path).unwrap()).unwrap();
        let texts: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
        assert_eq!(directory.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn a_store_with_data_does_not_get_a_new_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let refused = load(&path, false).unwrap_err().to_string();
        assert!(
            refused.contains("is missing: put the file back, or name it by master_key_file"),
            "{refused}"
        );
        assert!(!path.exists());
    }

    #[test]
    fn a_malformed_key_is_refused_without_being_repeated() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let [one, ago] = ["0f".repeat(32), "2026-11-26T12:00:00Z".to_owned()];
        let second = [format!("{one}\ndeadbeef"), format!("{one} {one}"), format!("{one}\n{one} {ago} x")];
        for bad in &second {
            std::fs::write(&path, bad).unwrap();
            let refused = load(&path, true).unwrap_err().to_string();
            assert!(refused.contains("cannot be used") && !refused.contains(&one), "{refused}");
        }
        for bad in ["deadbeef", "", "not hexadecimal at all, but a long secret of somebody, 64 letters"] {
            std::fs::write(&path, bad).unwrap();
            let refused = load(&path, true).unwrap_err().to_string();
            assert!(refused.contains("cannot be used"), "{refused}");
            assert!(bad.is_empty() || !refused.contains(bad), "{refused}");
        }
    }

    #[test]
    fn the_first_line_signs_and_the_others_are_accepted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let [first, second] = ["0f".repeat(32), "1f".repeat(32)];
        // As an editor would leave it.
        std::fs::write(&path, format!("{first}\r\n\n  {second}  2026-11-26T12:00:00Z\n\n")).unwrap();
        let keys = load(&path, false).unwrap();
        assert_eq!(keys.current.id(), MasterKey::from_hex(&first).unwrap().id());
        let accepted: Vec<String> = keys.accepted.iter().map(MasterKey::id).collect();
        assert_eq!(accepted, [MasterKey::from_hex(&second).unwrap().id()]);
        let lines = read(&path, &std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(write(&lines), format!("{first}\n{second} 2026-11-26T12:00:00Z\n"));
    }
}
