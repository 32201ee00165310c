//! What a power failure leaves of a store.
//!
//! `kill -9` shows nothing of this: what a process wrote stays in the kernel's cache. Here a child works on
//! an ext4 file system in an image file behind a loop device with direct I/O, so that the image holds what
//! reached "the disk" and nothing else. The child is stopped in the middle of its work, the image is
//! copied, and the copy is mounted and opened; while it opens, it is stopped and copied once more. What the
//! child had acknowledged must be there.
//!
//! `cargo test -p kitflik-core --test crash_images -- --nocapture`, as root;
//! `KITFLIK_CRASH_IMAGES=100` for more images than 10.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod audit;
mod device;
mod load;

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use kitflik_core::SledStorage;
use parking_lot::Mutex;
use tempfile::TempDir;

use audit::{Ack, Found};
use device::{Mount, copy_image, make_image, require_tools, run};
use load::{Mode, Role};

const IMAGES: &str = "KITFLIK_CRASH_IMAGES";
const MUTANT_IMAGES: u32 = 5;

#[test]
fn nothing_acknowledged_is_lost() {
    let base = base();
    let images =
        std::env::var(IMAGES).map_or(10, |count| count.parse().expect("KITFLIK_CRASH_IMAGES is a number"));
    let mut violations = Vec::new();
    for image in 1..=images {
        let mode = Mode::of(image);
        let label = format!("image {image}/{images} ({mode:?})");
        match crash(&base, image, mode, false) {
            Ok(found) => println!("{label}: {found}, ok"),
            Err(violation) => {
                println!("{label}: {violation}");
                violations.push(format!("{label}: {violation}"));
            }
        }
    }
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn a_store_that_does_not_sync_is_caught() {
    let base = base();
    for image in 1..=MUTANT_IMAGES {
        match crash(&base, image, Mode::Mixed, true) {
            Ok(found) => println!("mutant, image {image}: {found}, not caught yet"),
            Err(violation) => return println!("mutant, image {image}: caught: {violation}"),
        }
    }
    panic!("without sync_data {MUTANT_IMAGES} images were whole: this test cannot see a lost write");
}

#[test]
#[ignore = "the process that is stopped: the tests above start it"]
fn child() {
    if let Some(role) = Role::from_environment() {
        role.play();
    }
}

/// A file system with a closed store of [`load::BASE_RECORDS`] records.
struct Base {
    directory: TempDir,
    image: PathBuf,
}

/// Both tests share one while both run.
fn base() -> Arc<Base> {
    static SHARED: Mutex<Weak<Base>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock();
    if let Some(base) = shared.upgrade() {
        return base;
    }
    require_tools();
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("base.img");
    make_image(&image);
    let mount = Mount::new(&image, &directory.path().join("base"));
    load::fill(&store(&mount));
    drop(mount);
    let base = Arc::new(Base { directory, image });
    *shared = Arc::downgrade(&base);
    base
}

fn store(mount: &Mount) -> PathBuf {
    mount.path().join("store")
}

/// Everything of one image: load, stop, copy, open, stop, copy, open, audit.
fn crash(base: &Base, image: u32, mode: Mode, mutant: bool) -> Result<Found, String> {
    let directory = tempfile::tempdir_in(base.directory.path()).unwrap();
    let file = |name: &str| directory.path().join(name);
    copy_image(&base.image, &file("load.img"));
    let loaded = Mount::new(&file("load.img"), &file("load"));
    let mut worker = Process::start(Role::Worker { store: store(&loaded), mode, mutant });
    let mut acks = Vec::new();
    worker.read_until(|line| {
        acks.extend(Ack::parse(line));
        acks.len() >= mode.acks(image)
    });
    worker.stop();
    copy_image(&file("load.img"), &file("opening.img"));
    // Whatever comes out of the pipe now was acknowledged before the stop.
    acks.extend(worker.end().iter().filter_map(|line| Ack::parse(line)));
    drop(loaded);

    let opening = Mount::new(&file("opening.img"), &file("opening"));
    let mut opener = Process::start(Role::Opener { store: store(&opening) });
    opener.read_until(|line| line.contains(load::OPENING));
    pause(Duration::from_millis(u64::from(image) * 37 % 90));
    opener.stop();
    copy_image(&file("opening.img"), &file("opened.img"));
    opener.end();
    drop(opening);

    let opened = Mount::new(&file("opened.img"), &file("opened"));
    let found = open_and_audit(&store(&opened), &acks);
    drop(opened);
    found
}

#[expect(clippy::disallowed_methods, reason = "reported only: how long opening took")]
fn open_and_audit(path: &Path, acks: &[Ack]) -> Result<Found, String> {
    let start = std::time::Instant::now();
    let storage = SledStorage::open(path).map_err(|error| format!("it does not open: {error}"))?;
    let took = start.elapsed();
    audit::audit(&storage, acks).map(|found| Found { took, ..found })
}

#[expect(clippy::disallowed_methods, reason = "stops a process at some moment; nothing is asserted of it")]
fn pause(time: Duration) {
    thread::sleep(time);
}

/// A child with a role, and the lines that it prints.
struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    fn start(role: Role) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"]);
        let mut child =
            role.to_environment(&mut command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// Reads lines until one is enough; the end of the child is an error.
    fn read_until(&mut self, mut enough: impl FnMut(&str) -> bool) {
        while !enough(&self.lines.recv().expect("the child ended by itself")) {}
    }

    /// Returns when no thread of the child runs any more, not even in the kernel.
    fn stop(&mut self) {
        let id = self.child.id().to_string();
        run(Command::new("kill").args(["-STOP", &id]));
        let is_stopped = |task: std::io::Result<std::fs::DirEntry>| {
            // A thread that is gone has stopped too. The state follows the name, which is in parentheses.
            let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap_or_default();
            stat.rsplit(") ")
                .next()
                .is_none_or(|state| state.is_empty() || state.starts_with(['T', 'Z', 'X']))
        };
        while !std::fs::read_dir(format!("/proc/{id}/task")).unwrap().all(is_stopped) {
            thread::yield_now();
        }
    }

    /// Kills it; the lines that were not read yet.
    fn end(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.lines, channel().1).iter().collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // After `end` there is nothing left to kill. A panic must not leave the file system in use.
        let _was_ended = self.child.kill();
        let _was_ended = self.child.wait();
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the parent reads");
}
