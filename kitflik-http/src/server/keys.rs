//! `kitflik keys`: the file of master keys, changed by hand and in one piece.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kitflik_core::{Clock, SystemClock, Timestamp};

use super::cli::Keys;
use super::failure::Failure;
use super::master_key::{self, Line};
use super::settings::{Settings, environment};
use super::{console, house};

/// Runs a command on the keys. It touches nothing but their file, so a server may be running.
pub(crate) fn run(what: &Keys) -> Result<(), Failure> {
    let flags = match what {
        Keys::List(flags) | Keys::Add(flags) | Keys::Rotate(flags) => flags,
        Keys::Promote(flags) => &flags.store,
        Keys::Retire(flags) => &flags.key.store,
    };
    let settings = Settings::for_store(flags, environment())?;
    let (path, now) = (settings.key_file(), SystemClock.now());
    let told = match what {
        Keys::List(_) => list(&read(&path)?),
        Keys::Add(_) => change(&path, add)?,
        Keys::Promote(flags) => change(&path, |lines| promote(lines, &flags.key, now))?,
        Keys::Rotate(_) => change(&path, |lines| {
            add(lines)?;
            let new = lines.last().map(|line| line.key.id()).unwrap_or_default();
            promote(lines, &new, now)
        })?,
        Keys::Retire(flags) => {
            let live = house::policy(&settings).refresh_token;
            change(&path, |lines| retire(lines, &flags.key.key, now, live, flags.force))?
        }
    };
    console::say(told.trim_end());
    Ok(())
}

fn list(lines: &[Line]) -> String {
    let one = |(at, line): (usize, &Line)| {
        let what = match line.signed_until {
            _ if at == 0 => "signs".to_owned(),
            Some(until) => format!("accepted, signed until {until}"),
            None => "accepted, has not signed here".to_owned(),
        };
        format!("{}  {what}\n", line.key.id())
    };
    lines.iter().enumerate().map(one).collect()
}

fn add(lines: &mut Vec<Line>) -> Result<String, Failure> {
    let new = Line::make()?;
    let told = format!(
        "added {}: from its next start on a server accepts it; promote it once all servers do",
        new.key.id()
    );
    lines.push(new);
    Ok(told)
}

fn promote(lines: &mut Vec<Line>, key: &str, now: Timestamp) -> Result<String, Failure> {
    let at = place(lines, key)?;
    if at == 0 {
        return Ok(format!("{key} signs already"));
    }
    let mut promoted = lines.remove(at);
    promoted.signed_until = None;
    if let Some(before) = lines.first_mut() {
        before.signed_until = Some(now);
    }
    lines.insert(0, promoted);
    Ok(format!(
        "promoted {key}: from its next start on a server signs with it, and accepts the others; until then it signs \
         with the former one, so restart it now"
    ))
}

fn retire(
    lines: &mut Vec<Line>,
    key: &str,
    now: Timestamp,
    live: Duration,
    force: bool,
) -> Result<String, Failure> {
    let at = place(lines, key)?;
    if at == 0 {
        return Err(Failure::run(format!("{key} is the key that signs: promote another one first")));
    }
    let over = lines[at].signed_until.map(|until| until.plus(live));
    if !force && over.is_none_or(|over| now < over) {
        let when = match over {
            Some(over) => format!("until {over} sessions of {key} may be in use, and its tickets for longer"),
            None => format!("{key} has not signed here, but another server may sign with it"),
        };
        return Err(Failure::run(format!(
            "{when}; --force retires it all the same, and ends what it has signed"
        )));
    }
    lines.remove(at);
    Ok(format!("retired {key}: from its next start on a server refuses what it has signed"))
}

fn place(lines: &[Line], key: &str) -> Result<usize, Failure> {
    lines.iter().position(|line| line.key.id() == key).ok_or_else(|| {
        let all: Vec<String> = lines.iter().map(|line| line.key.id()).collect();
        Failure::usage(format!("there is no key {key:?}; there are {}", all.join(", ")))
    })
}

fn read(path: &Path) -> Result<Vec<Line>, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::run(format!(
            "there is no file of master keys at {shown}: a server makes it at its first start; master_key_file names \
             another"
        )),
        _ => Failure::run(format!("the master keys in {shown} cannot be read: {error}")),
    })?;
    master_key::read(path, &text)
}

/// Changes the file in one piece: whoever reads it meanwhile, and whoever starts after a power failure, finds all of
/// the old or all of the new.
fn change(
    path: &Path,
    work: impl FnOnce(&mut Vec<Line>) -> Result<String, Failure>,
) -> Result<String, Failure> {
    // A link stays a link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut lock = Lock::take(&path)?;
    let mut lines = read(&path)?;
    let before = master_key::write(&lines);
    let told = work(&mut lines)?;
    let after = master_key::write(&lines);
    if after != before {
        lock.replace(&path, &after).map_err(|error| {
            Failure::run(format!("the master keys cannot be written to {}: {error}", path.display()))
        })?;
    }
    Ok(told)
}

/// The file that the new keys are written to; while it is there, no other command changes the keys.
struct Lock {
    file: File,
    path: PathBuf,
    renamed: bool,
}

impl Lock {
    fn take(keys: &Path) -> Result<Self, Failure> {
        let mut path = keys.as_os_str().to_owned();
        path.push(".change");
        let path = PathBuf::from(path);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(file) => Ok(Self { file, path, renamed: false }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Failure::run(format!(
                "another command is changing the master keys; if none is, one was cut off: remove {}",
                path.display()
            ))),
            Err(_) if !keys.exists() => {
                read(keys).and(Err(Failure::run("the master keys have just appeared")))
            }
            Err(error) => {
                Err(Failure::run(format!("the master keys cannot be changed: {}: {error}", path.display())))
            }
        }
    }

    fn replace(&mut self, keys: &Path, text: &str) -> std::io::Result<()> {
        // Run by root, the file stays the server's.
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
            let (old, new) = (keys.metadata()?, self.file.metadata()?);
            if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
                fchown(&self.file, Some(old.uid()), Some(old.gid()))?;
            }
            // The server may read it as one of a group; that everybody may is never meant.
            self.file.set_permissions(PermissionsExt::from_mode(old.mode() & 0o660 | 0o600))?;
        }
        self.file.write_all(text.as_bytes())?;
        self.file.sync_all()?;
        std::fs::rename(&self.path, keys)?;
        self.renamed = true;
        #[cfg(unix)]
        if let Some(directory) = keys.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(directory)?.sync_all()?;
        }
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if !self.renamed {
            // Nothing depends on it but the next command, which says what to do.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        master_key::load(&path, true).unwrap();
        (directory, path)
    }

    fn ids(path: &Path) -> Vec<String> {
        read(path).unwrap().iter().map(|line| line.key.id()).collect()
    }

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn a_key_is_added_promoted_and_retired_once_nothing_of_it_can_live() {
        let (_directory, path) = file();
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let first = ids(&path).remove(0);
        change(&path, add).unwrap();
        let second = ids(&path).remove(1);
        assert_ne!(first, second);
        let retire = |key: &str, now, force| change(&path, |lines| retire(lines, key, now, 30 * DAY, force));
        let refused = retire(&second, now, false).unwrap_err().to_string();
        assert!(refused.contains("another server may sign with it"), "{refused}");
        let told = change(&path, |lines| promote(lines, &second, now)).unwrap();
        assert!(told.starts_with(&format!("promoted {second}")), "{told}");
        assert_eq!(ids(&path), [second.clone(), first.clone()]);
        let told = change(&path, |lines| promote(lines, &second, now.plus(DAY))).unwrap();
        assert_eq!(told, format!("{second} signs already"));
        assert_eq!(
            list(&read(&path).unwrap()),
            format!("{second}  signs\n{first}  accepted, signed until 2026-11-26T12:00:00Z\n")
        );

        let refused = retire(&second, now.plus(99 * DAY), true).unwrap_err().to_string();
        assert_eq!(refused, format!("{second} is the key that signs: promote another one first"));
        let refused = retire(&first, now.plus(29 * DAY), false).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("until 2026-12-26T12:00:00Z sessions of {first}")), "{refused}");
        assert_eq!(ids(&path).len(), 2);
        retire(&first, now.plus(30 * DAY), false).unwrap();
        assert_eq!(ids(&path), std::slice::from_ref(&second));
        let unknown = retire(&first, now, true).unwrap_err();
        assert_eq!(unknown.to_string(), format!("there is no key {first:?}; there are {second}"));
        assert_eq!(unknown.exit_code(), 2);
    }

    #[test]
    fn the_file_is_only_ever_whole_private_and_alone() {
        let (directory, path) = file();
        let made = std::thread::scope(|scope| {
            let add = || (0..20).filter(|_| change(&path, add).is_ok()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(add)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        // Whoever was told that a key was added finds it.
        assert_eq!(ids(&path).len(), 1 + made);
        assert!(made > 0);
        assert_eq!(directory.path().read_dir().unwrap().count(), 1);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
            let link = directory.path().join("link");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            change(&link, add).unwrap();
            assert!(link.is_symlink());
            assert_eq!(ids(&path).len(), 2 + made);
        }
    }

    #[test]
    fn what_cannot_be_changed_is_said_and_left_alone() {
        let (directory, path) = file();
        let text = std::fs::read_to_string(&path).unwrap();
        let lock = directory.path().join("master.key.change");
        std::fs::write(&lock, "").unwrap();
        let refused = change(&path, add).unwrap_err().to_string();
        assert!(refused.contains(&format!("remove {}", lock.display())), "{refused}");
        assert!(lock.exists(), "it is somebody else's");
        std::fs::remove_file(&lock).unwrap();

        std::fs::write(&path, "tampered").unwrap();
        let refused = change(&path, add).unwrap_err().to_string();
        assert!(refused.contains("cannot be used"), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "tampered");
        std::fs::write(&path, text).unwrap();
        change(&path, add).unwrap();

        for missing in [directory.path().join("none"), directory.path().join("no/where")] {
            let refused = change(&missing, add).unwrap_err().to_string();
            assert!(refused.starts_with("there is no file of master keys at "), "{refused}");
        }
        assert_eq!(directory.path().read_dir().unwrap().count(), 1);
    }
}
