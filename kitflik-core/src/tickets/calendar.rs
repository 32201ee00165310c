//! Calendar entries of bookings.

use icalendar::{Calendar, Component, Event, EventLike, Property};

use crate::time::{Timestamp, Zone};

/// A show in a customer's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CalendarEvent {
    /// Stays the same over all versions of the entry, so that a calendar replaces it: the booking's id and a
    /// domain.
    pub(crate) uid: String,
    /// What it is called.
    pub(crate) title: String,
    /// When the show starts.
    pub(crate) starts: Timestamp,
    /// When it ends.
    pub(crate) ends: Timestamp,
    /// The zone that a calendar may show it in. The times themselves are in UTC.
    pub(crate) zone: Option<Zone>,
    /// Where it is.
    pub(crate) location: String,
    /// More about it: seats, where to find the tickets. May have several lines.
    pub(crate) description: String,
    /// When this version of the entry was made.
    pub(crate) stamp: Timestamp,
    /// The booking's page.
    pub(crate) url: Option<String>,
}

/// The `.ics` file of an event (RFC 5545), with CRLF line ends.
#[must_use]
pub(crate) fn calendar(event: &CalendarEvent) -> String {
    let mut entry = Event::new();
    entry
        .uid(&line(&event.uid))
        .timestamp(event.stamp.utc())
        .starts(event.starts.utc())
        .ends(event.ends.utc())
        .summary(&line(&event.title))
        .location(&line(&event.location))
        .description(&text(&event.description));
    if let Some(url) = &event.url {
        entry.url(&line(url));
    }
    let mut calendar = Calendar::new();
    calendar.properties = Property::from_array([
        ("VERSION", "2.0"),
        ("PRODID", "-//KitFlik//KitFlik//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
    ]);
    if let Some(zone) = event.zone {
        calendar.timezone(zone.to_string());
    }
    calendar.push(entry.done()).to_string()
}

/// A text of one line: a line end in a title or an address must not begin a property of its own.
fn line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// A text of several lines, whose ends the file escapes.
fn text(text: &str) -> String {
    text.replace("\r\n", "\n").replace(|c: char| c.is_control() && c != '\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> CalendarEvent {
        CalendarEvent {
            uid: "018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77@kitflik".into(),
            title: "Fish, Chips; and \\ Love".into(),
            starts: "2026-11-27T19:30:00+01:00".parse().unwrap(),
            ends: "2026-11-27T22:00:00+01:00".parse().unwrap(),
            zone: Some("Europe/Berlin".parse().unwrap()),
            location: "Lichtspiel, Hauptstraße 1, Köln".into(),
            description: "Seats C4, C5\r\nShow the QR codes at the gate.".into(),
            stamp: "2026-11-20T08:00:00Z".parse().unwrap(),
            url: Some("https://example.org/bookings/018f2f6e?x=1,2;3".into()),
        }
    }

    /// The lines of a file, put together where they were folded.
    fn unfolded(file: &str) -> Vec<String> {
        assert!(file.ends_with("\r\n") && !file.replace("\r\n", "").contains(['\r', '\n']));
        assert!(file.split("\r\n").all(|line| line.len() <= 75), "{file}");
        file.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn the_file_is_a_contract() {
        insta::assert_snapshot!(unfolded(&calendar(&event())).join("\n"));
    }

    #[test]
    fn nothing_is_made_up_when_it_is_written() {
        assert_eq!(calendar(&event()), calendar(&event()), "no clock, no random id");
    }

    #[test]
    fn no_text_begins_a_property_of_its_own() {
        let sneak = "x\r\nATTACH:https://example.org/evil\nSTATUS:CANCELLED\rX:1";
        let event = CalendarEvent {
            uid: sneak.into(),
            title: sneak.into(),
            location: sneak.into(),
            description: sneak.into(),
            url: Some(sneak.into()),
            ..event()
        };
        let lines = unfolded(&calendar(&event));
        assert!(
            !lines.iter().any(|line| line.starts_with("ATTACH") || line.starts_with("STATUS")),
            "{lines:?}"
        );
        assert!(unfolded(&calendar(&CalendarEvent { zone: None, url: None, ..event })).len() < lines.len());
    }

    #[test]
    fn long_texts_of_many_bytes_are_folded_between_characters() {
        let event = CalendarEvent { description: "Kölner Dom – 🎬 ".repeat(300), ..event() };
        let joined = unfolded(&calendar(&event)).join("\n");
        assert!(joined.contains("🎬 Kölner Dom – 🎬"), "{joined}");
    }
}
