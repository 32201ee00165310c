//! What mails are tried with: templates of a house before they are used, and previews.
//!
//! A sample has every variable that its mail has when it is sent. The full one has a value for each, the bare one for
//! none that may be absent; both must render.

use minijinja::{Value, context};

use super::language::Language;
use crate::money::{Currency, Money};
use crate::ports::mailer::Attachment;
use crate::time::{Timestamp, Zone};

/// A Friday in 2026, 20:00 in Berlin.
const FRIDAY: i64 = 1_796_410_800_000;
const TOKEN: &str = "KF1.a-ticket-that-opens-nothing";

/// How a sample is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    pub(super) language: Language<'a>,
    pub(super) full: bool,
}

impl Sample<'_> {
    fn optional<T>(self, value: T) -> Option<T> {
        self.full.then_some(value)
    }

    fn moment(self, days: i64) -> String {
        let zone: Zone = "Europe/Berlin".parse().unwrap_or(Zone::UTC);
        self.language.moment(Timestamp::from_millis(FRIDAY + days * 24 * 60 * 60 * 1000), zone)
    }

    fn money(self, minor: i64) -> String {
        self.language.money(Money::new(minor, Currency::EUR))
    }
}

/// Mails about an account that tell nothing else.
pub(super) fn account(_: Sample<'_>) -> Value {
    context! { name => "Ada Lovelace" }
}

/// Mails that tell a code, as long as it is good for something.
pub(super) fn code(sample: Sample<'_>) -> Value {
    context! {
        name => "Ada Lovelace",
        code => sample.optional("AB12-CD34"),
        link => sample.optional("https://tickets.example.org/verify-email#token=sample"),
    }
}

pub(super) fn invitation(sample: Sample<'_>) -> Value {
    context! {
        name => "Grace Hopper",
        email => "grace@example.org",
        role => if sample.full { "box_office" } else { "admin" },
        token => "a-token-that-opens-nothing",
    }
}

/// Which booking, of which show.
pub(super) fn booking(sample: Sample<'_>) -> Value {
    context! {
        name => sample.optional("Ada Lovelace"),
        booking => "0198c0de-0000-7000-8000-000000000001",
        movie => "The Long Night",
        venue => "Lichtspielhaus",
        auditorium => "Saal 1",
        starts_at => sample.moment(0),
        zone => "Europe/Berlin",
        seats => "F7, F8",
    }
}

/// A booking with its tickets.
pub(super) fn tickets(sample: Sample<'_>) -> Value {
    let ticket = |number: u32, kind: &str, minor| {
        context! {
            seat => format!("F{}", 6 + number),
            section => "Parkett",
            ticket_type => sample.language.ticket_type(kind),
            price => sample.money(minor),
            cid => format!("ticket-{number}"),
        }
    };
    context! {
        tickets => [ticket(1, "adult", 1_250), ticket(2, "child", 900)].to_vec(),
        total => sample.money(2_150),
        due => sample.full,
        unpaid => sample.full,
        ..booking(sample)
    }
}

pub(super) fn moved(sample: Sample<'_>) -> Value {
    context! { from => sample.moment(-1), from_auditorium => "Saal 2", ..tickets(sample) }
}

pub(super) fn cancelled(sample: Sample<'_>) -> Value {
    context! {
        by_house => sample.full,
        reason => sample.optional("The projector broke."),
        refund => sample.optional(sample.money(2_150)),
        kept => !sample.full,
        ..booking(sample)
    }
}

/// Some tickets went back; the others are there as in a confirmation.
pub(super) fn returned(sample: Sample<'_>) -> Value {
    context! {
        seats => "F9",
        by_house => sample.full,
        reason => sample.optional("The seat is broken."),
        refund => sample.optional(sample.money(1_250)),
        ..tickets(sample)
    }
}

/// A payment that came too late.
pub(super) fn late_payment(sample: Sample<'_>) -> Value {
    context! { amount => sample.money(2_150), stands => sample.full, ..booking(sample) }
}

pub(super) fn reminder(sample: Sample<'_>) -> Value {
    context! { total => sample.money(2_150), due => sample.full, ..booking(sample) }
}

/// Films that are new this week.
pub(super) fn releases(sample: Sample<'_>) -> Value {
    let show = context! { at => sample.moment(0), venue => "Lichtspielhaus" };
    let film = context! {
        title => "The Long Night",
        facts => sample.optional("Drama, Crime, PG-13"),
        synopsis => sample.optional("A night, and it is long."),
        shows => [show].to_vec(),
    };
    context! {
        name => sample.optional("Ada Lovelace"),
        films => [film].to_vec(),
        link => sample.optional("https://tickets.example.org"),
        unsubscribe => sample.optional("https://tickets.example.org/v1/mail/unsubscribe?token=sample"),
    }
}

/// How full the shows of a week were.
pub(super) fn occupancy(sample: Sample<'_>) -> Value {
    let show = context! {
        at => sample.moment(0), hall => "Saal 1", movie => "The Long Night", sold => 120, seats => 160,
        percent => 75, revenue => sample.money(150_000),
    };
    let venue = context! {
        name => "Lichtspielhaus", sold => 120, seats => 160, percent => 75, revenue => sample.money(150_000),
        shows => [show].to_vec(),
    };
    context! {
        name => sample.optional("Grace Hopper"),
        first => "2026-11-30",
        last => "2026-12-06",
        shows => u32::from(sample.full),
        venues => if sample.full { [venue].to_vec() } else { Vec::new() },
        sold => 120,
        seats => 160,
        percent => 75,
        revenue => sample.optional(sample.money(150_000)),
        more => if sample.full { 3 } else { 0 },
    }
}

/// What a preview of a mail with tickets has with it.
pub(super) fn attachments(context: &Value) -> Vec<Attachment> {
    let tickets = context.get_attr("tickets").ok().and_then(|tickets| tickets.len()).unwrap_or(0);
    let picture = |number: usize| {
        Some(Attachment {
            file_name: format!("ticket-{number}.png"),
            content_type: "image/png".to_owned(),
            content_id: Some(format!("ticket-{number}")),
            content: crate::tickets::qr::qr_png(TOKEN).ok()?,
        })
    };
    (1..=tickets).filter_map(picture).collect()
}
