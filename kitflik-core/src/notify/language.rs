//! How a language writes what mails tell: dates, money, what kind of ticket.

use chrono::Datelike;

use crate::money::Money;
use crate::time::{Timestamp, Zone};

const DAYS: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
const MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

/// The language of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Language<'a> {
    tag: &'a str,
    habits: Habits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habits {
    English,
    German,
    /// Of a language that only a house's own templates have: figures that everybody reads.
    Plain,
}

impl<'a> Language<'a> {
    pub(crate) fn new(tag: &'a str) -> Self {
        let habits = match tag.split('-').next() {
            Some("en") => Habits::English,
            Some("de") => Habits::German,
            _ => Habits::Plain,
        };
        Self { tag, habits }
    }

    /// As it is written in HTML.
    pub(crate) fn tag(self) -> &'a str {
        self.tag
    }

    /// A date.
    pub(crate) fn day(self, at: Timestamp, zone: Zone) -> String {
        let at = at.in_zone(zone);
        match self.habits {
            Habits::English => at.format("%-d %B %Y").to_string(),
            Habits::Plain => at.format("%Y-%m-%d").to_string(),
            Habits::German => {
                let month = MONTHS.get(at.month0() as usize).unwrap_or(&"");
                format!("{}. {month} {}", at.day(), at.year())
            }
        }
    }

    /// How long something takes.
    pub(crate) fn minutes(self, minutes: u32) -> String {
        match self.habits {
            Habits::German => format!("{minutes} Minuten"),
            Habits::English => format!("{minutes} minutes"),
            Habits::Plain => format!("{minutes}′"),
        }
    }

    /// A date with its time of day.
    pub(crate) fn moment(self, at: Timestamp, zone: Zone) -> String {
        let at = at.in_zone(zone);
        match self.habits {
            Habits::English => at.format("%A, %-d %B %Y, %H:%M").to_string(),
            Habits::Plain => at.format("%Y-%m-%d %H:%M").to_string(),
            Habits::German => {
                let day = DAYS.get(at.weekday().num_days_from_monday() as usize).unwrap_or(&"");
                let month = MONTHS.get(at.month0() as usize).unwrap_or(&"");
                format!("{day}, {}. {month} {}, {} Uhr", at.day(), at.year(), at.format("%H:%M"))
            }
        }
    }

    /// An amount with its currency.
    pub(crate) fn money(self, money: Money) -> String {
        let text = money.to_string();
        if self.habits != Habits::German {
            return text;
        }
        let (amount, currency) = text.split_once(' ').unwrap_or((&text, ""));
        let (whole, rest) = amount.split_once('.').unwrap_or((amount, ""));
        let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("−", whole));
        let mut grouped = String::with_capacity(amount.len() + 4);
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push('.');
            }
            grouped.push(digit);
        }
        let comma = if rest.is_empty() { "" } else { "," };
        let currency = if currency == "EUR" { "€" } else { currency };
        // They belong together: the space does not break.
        format!("{sign}{grouped}{comma}{rest}\u{a0}{currency}")
    }

    /// A kind of ticket. Kinds that a house has made up are in its own language already.
    pub(crate) fn ticket_type(self, kind: &str) -> String {
        let german = match kind {
            "adult" => "Erwachsene",
            "child" => "Kind",
            "student" => "Studierende",
            "senior" => "Senioren",
            _ => kind,
        };
        if self.habits == Habits::German { german } else { kind }.to_owned()
    }

    /// Which seats, as a line of a calendar says it.
    pub(crate) fn seats(self, seats: &str) -> String {
        match self.habits {
            Habits::German => format!("Plätze {seats}"),
            Habits::English | Habits::Plain => format!("Seats {seats}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_writes_dates_and_money_its_own_way() {
        let at: Timestamp = "2027-03-05T19:30:00Z".parse().unwrap();
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let euro = |minor| Money::new(minor, crate::Currency::EUR);
        let yen = Money::new(-1_234_567, "JPY".parse().unwrap());
        let [english, german, plain] = ["en", "de-at", "fr"].map(Language::new);
        assert_eq!(english.moment(at, zone), "Friday, 5 March 2027, 20:30");
        assert_eq!(german.moment(at, zone), "Freitag, 5. März 2027, 20:30 Uhr");
        assert_eq!(plain.moment(at, zone), "2027-03-05 20:30");
        assert_eq!(
            (english.money(euro(1250)), plain.money(euro(5))),
            ("12.50 EUR".into(), "0.05 EUR".into())
        );
        assert_eq!(german.money(euro(123_450)), "1.234,50\u{a0}€");
        assert_eq!(
            (german.money(euro(5)), german.money(yen)),
            ("0,05\u{a0}€".into(), "−1.234.567\u{a0}JPY".into())
        );
        assert_eq!((german.ticket_type("child"), german.ticket_type("vip")), ("Kind".into(), "vip".into()));
    }
}
