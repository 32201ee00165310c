//! Structured logs, on standard error. What is logged never holds secrets or personal data.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::failure::Failure;

/// Starts the logs with a filter such as `info` or `kitflik_http=debug`.
pub(crate) fn start(filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Failure::usage(format!(
            "log: {filter:?} is no filter ({error}); allowed are levels (error, warn, info, debug, trace) \
             and lists such as info,kitflik_http=debug"
        ))
    })?;
    let terminal = std::io::stderr().is_terminal();
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(terminal).with_writer(std::io::stderr);
    // A test that starts two servers in one process has logs already.
    let _ = logs.try_init();
    Ok(())
}
