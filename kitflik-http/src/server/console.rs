//! The terminal: results on standard output, complaints on standard error. Logs go elsewhere.

use indicatif::{ProgressBar, ProgressStyle};

/// A line of result.
#[expect(clippy::print_stdout, reason = "this is the program's voice")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// A line about what went wrong.
#[expect(clippy::print_stderr, reason = "this is the program's voice")]
pub(crate) fn complain(line: &str) {
    eprintln!("{line}");
}

/// A progress bar on standard error; none where that is not a terminal.
pub(crate) fn progress(steps: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(steps).with_message(what);
    match ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
