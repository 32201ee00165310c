//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use kitflik_core::{Date, VenueId, Zone};

/// A booking engine for reserved seats.
#[derive(Debug, Parser)]
#[command(name = "kitflik", version, about, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeFlags,
}

impl Arguments {
    /// What to do: serve, if nobody says otherwise.
    pub(crate) fn command(self) -> Command {
        self.command.unwrap_or(Command::Serve(self.serve))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server (also what happens without a subcommand).
    Serve(ServeFlags),
    /// Bring movies or an auditorium into the data directory.
    #[command(subcommand)]
    Import(Import),
    /// Master keys: list them, and rotate them with overlap. A running server takes a change at its next start.
    #[command(subcommand)]
    Keys(Keys),
    /// Look after the log of what staff did.
    #[command(subcommand)]
    Audit(Audit),
    /// Look at what mails say: those that come with the program, or the house's own.
    #[command(subcommand)]
    Mail(MailCommand),
    /// What was sold and taken, as comma-separated values.
    #[command(subcommand)]
    Report(Report),
    /// Help staff who are locked out.
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Book against a server on this machine as quickly as it lets you, and say how it went.
    Rush(RushFlags),
}

/// Where the settings come from and where the data is.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct StoreFlags {
    /// The file of settings; `kitflik.toml` in the working directory if it is there [env: KITFLIK_CONFIG].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The directory of everything that is kept [env: KITFLIK_DATA] [default: ./kitflik-data].
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<String>,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeFlags {
    #[command(flatten)]
    pub(crate) store: StoreFlags,
    /// The address to listen on [env: KITFLIK_LISTEN] [default: 127.0.0.1:8080].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<String>,
    /// Where bookings are kept: sled, memory or postgres://… (whose password others can see here, so better from
    /// the environment or a file) [env: KITFLIK_STORAGE] [default: sled].
    #[arg(long, value_name = "WHERE")]
    pub(crate) storage: Option<String>,
    /// Leave an empty store empty; else it gets a cinema to try things with.
    #[arg(long)]
    pub(crate) no_demo: bool,
    /// Where the house's pages are for everybody: what links in mails begin with [env: KITFLIK_PUBLIC_URL].
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// What is logged, such as debug or info,kitflik_http=debug [env: KITFLIK_LOG] [default: info].
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Say whether anything in it was altered, moved, taken out or cut off since it was written. The exit code is 1 if
    /// so, and the first fault is named.
    Verify(StoreFlags),
    /// Seal it with the key that signs, wherever a former one did, and cover staff's one-time codes by it: before the
    /// former key is retired.
    Reseal(StoreFlags),
}

#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// Show the names of all mails, their languages, and the variables that their templates have.
    List(StoreFlags),
    /// Show a mail as it would go out, with sample data.
    Preview(PreviewFlags),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PreviewFlags {
    /// The mail, such as booking_confirmed: `kitflik mail list` names all.
    pub(crate) name: String,
    /// Its language; the house's if absent.
    #[arg(long, value_name = "TAG")]
    pub(crate) lang: Option<String>,
    /// Write NAME.txt, NAME.html and NAME.eml into this directory; without it the subject and both forms are shown.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) store: StoreFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Report {
    /// Settle a day: what was open, sold, returned, taken and given back, and what is open now. The exit code is 1 if
    /// books, bookings and payments differ.
    Settlement(SettlementFlags),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct SettlementFlags {
    #[command(flatten)]
    pub(crate) store: StoreFlags,
    /// The day, from 06:00 to 05:59.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) day: Date,
    /// On whose clocks; that of the venues if they have one.
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<Zone>,
    /// Only of this venue.
    #[arg(long, value_name = "ID")]
    pub(crate) venue: Option<VenueId>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StaffCommand {
    /// Give an admin a new password, shown once, and take their one-time codes away. Their sessions end.
    Rescue(RescueFlags),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RescueFlags {
    #[command(flatten)]
    pub(crate) store: StoreFlags,
    /// The e-mail address that the admin logs in with.
    #[arg(long)]
    pub(crate) email: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Movies from a JSON file like npm's vega-datasets/data/movies.json. Running it again changes nothing.
    Movies(MoviesFlags),
    /// An auditorium from a seating plan: the JSON of pretix, or KitFlik's own text. Running it again changes
    /// nothing.
    Auditorium(AuditoriumFlags),
}

/// What `kitflik keys` does to the file of master keys. No key is ever shown, only its name.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Show the names of the keys, the one that signs first.
    List(StoreFlags),
    /// Make another key, which is accepted and does not sign yet.
    Add(StoreFlags),
    /// Let a key sign. The one that signed until now stays accepted.
    Promote(KeyFlags),
    /// Take a key out of the file. What it has signed is over.
    Retire(RetireFlags),
    /// Add a key and promote it: for a house with one server.
    Rotate(StoreFlags),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct KeyFlags {
    /// The name of the key, as `kitflik keys list` shows it.
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) store: StoreFlags,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RetireFlags {
    #[command(flatten)]
    pub(crate) key: KeyFlags,
    /// Even if sessions and tickets of it may be in use: for a key that somebody else may have got hold of.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct MoviesFlags {
    /// The file: a JSON list of objects.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) store: StoreFlags,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct AuditoriumFlags {
    /// The file of the seating plan.
    pub(crate) file: PathBuf,
    /// The venue that the auditorium is in: its name or id.
    #[arg(long)]
    pub(crate) venue: String,
    /// The auditorium's name; the plan's, or the file's, if absent.
    #[arg(long)]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) store: StoreFlags,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RushFlags {
    /// The server. Only one on this machine: others are refused.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// A show to book; may be given several times. All shows on sale if absent.
    #[arg(long = "show", value_name = "ID")]
    pub(crate) shows: Vec<String>,
    /// Customers at the same time.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) clients: u32,
    /// Bookings to try, all customers together.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) bookings: u64,
    /// Seconds after which no more bookings are begun.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: u64,
    /// No two customers want the same seat (the default).
    #[arg(long, conflicts_with = "hot")]
    pub(crate) spread: bool,
    /// Each customer wants any two neighbouring seats, taken or not.
    #[arg(long)]
    pub(crate) hot: bool,
    /// What the choices are drawn from: the same number draws the same.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}
