//! File systems in image files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const IMAGE_BYTES: u64 = 1 << 30;

/// Fails in one line if this machine cannot run the test.
pub(crate) fn require_tools() {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let is_root =
        status.lines().any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"));
    assert!(is_root, "crash images need root, to mount file systems");
    for (tool, package) in [
        ("losetup", "util-linux"),
        ("mount", "util-linux"),
        ("umount", "util-linux"),
        ("mkfs.ext4", "e2fsprogs"),
        ("kill", "procps"),
    ] {
        let answers = Command::new(tool).arg("-V").output().is_ok();
        assert!(answers, "crash images need {tool} (package {package})");
    }
    let has_loop_devices = Path::new("/dev/loop-control").exists();
    assert!(has_loop_devices, "crash images need loop devices (/dev/loop-control, kernel module loop)");
}

pub(crate) fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{command:?}: {status}, {}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).trim().to_owned()
}

pub(crate) fn make_image(image: &Path) {
    fs::File::create(image).unwrap().set_len(IMAGE_BYTES).unwrap();
    // Nothing is left to be written in the background, which would reach the image while it is copied.
    run(Command::new("mkfs.ext4")
        .args(["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"])
        .arg(image));
}

pub(crate) fn copy_image(from: &Path, to: &Path) {
    run(Command::new("cp").args(["--sparse=always", "--reflink=auto"]).args([from, to]));
}

/// A mounted image; dropping it unmounts it and lets its loop device go.
pub(crate) struct Mount {
    path: PathBuf,
}

impl Mount {
    pub(crate) fn new(image: &Path, path: &Path) -> Self {
        fs::create_dir_all(path).unwrap();
        // Direct I/O: without it a write would reach the image by way of a cache that a power failure takes.
        let device = run(Command::new("losetup").args(["--direct-io=on", "--find", "--show"]).arg(image));
        // A journal that commits by itself every few seconds would hide a missing sync.
        let mut mount = Command::new("mount");
        let mounted =
            mount.args(["-t", "ext4", "-o", "noatime,commit=300", &device]).arg(path).output().unwrap();
        // While it is mounted the device stays; with the last unmount it goes, even if this process is gone
        // by then.
        run(Command::new("losetup").args(["--detach", &device]));
        assert!(mounted.status.success(), "{mount:?}: {}", String::from_utf8_lossy(&mounted.stderr));
        Self { path: path.to_owned() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.path).output();
        if !unmounted.is_ok_and(|output| output.status.success()) {
            let _last_resort = Command::new("umount").arg("--lazy").arg(&self.path).output();
        }
    }
}
