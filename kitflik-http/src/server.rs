//! The reference server: what the binary `kitflik` does.
//!
//! [`main`] is the whole program. The mailers and the test provider are public, for hosts that put a server
//! of their own together.

mod breaker;
mod cli;
mod console;
pub(crate) mod demo;
mod failure;
mod hasher;
mod house;
mod import;
mod keys;
mod limits;
mod logs;
mod mail;
mod master_key;
mod report;
mod rush;
mod serve;
mod settings;
mod staff;
mod test_payments;

use std::process::ExitCode;

use clap::Parser;

use cli::{Arguments, Command};
use failure::Failure;

pub(crate) use limits::neighbourhood;

pub use hasher::PooledHasher;
pub use mail::{FileMailer, InvalidMailer, Sender, SmtpMailer};
pub use test_payments::FilePayments;

/// Runs the program with the arguments and environment of this process.
#[must_use]
pub fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console::complain(&format!("kitflik: {failure}"));
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command() {
        Command::Serve(flags) => serve::run(&flags),
        Command::Import(what) => import::run(&what),
        Command::Audit(what) => staff::audit(&what),
        Command::Report(what) => report::run(&what),
        Command::Keys(what) => keys::run(&what),
        Command::Mail(what) => mail::preview::run(&what),
        Command::Staff(what) => staff::run(&what),
        Command::Rush(flags) => rush::run(&flags),
    }
}
