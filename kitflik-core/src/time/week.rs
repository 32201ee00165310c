//! Weeks and days as a programme has them.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, NaiveTime, TimeDelta, Timelike};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AmbiguousTime, Date, InvalidTime, LocalTime, Timestamp, Zone};

/// When a day of the programme begins: what starts before is part of the evening before.
const DAY_BEGINS: TimeDelta = TimeDelta::hours(6);

/// Which instant is meant by a local time that a change of the clocks skips or repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
pub enum ClockReading {
    /// The first of the two.
    Earlier,
    /// The second of the two.
    Later,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are the days of the week")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A time of day, such as `19:30`, to the minute or second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "typescript", tsify(type = "string"))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
pub struct TimeOfDay(NaiveTime);

impl TimeOfDay {
    /// What a clock shows.
    pub(crate) fn of(time: NaiveTime) -> Self {
        Self(time)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = if self.0.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
        self.0.format(form).fmt(f)
    }
}

impl FromStr for TimeOfDay {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        NaiveTime::parse_from_str(text, "%H:%M")
            .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"))
            .ok()
            // A leap second is no time to start anything.
            .filter(|time| time.nanosecond() == 0)
            .map(Self)
            .ok_or_else(|| InvalidTime::new(text, "a time of day such as 19:30"))
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl AmbiguousTime {
    /// The instant of one of the two readings.
    #[must_use]
    pub fn choose(&self, reading: ClockReading) -> Timestamp {
        let (one, other) = match self {
            Self::Gap { before, after, .. } => (*before, *after),
            Self::Fold { first, second, .. } => (*first, *second),
        };
        match reading {
            ClockReading::Earlier => one.min(other),
            ClockReading::Later => one.max(other),
        }
    }
}

impl LocalTime {
    /// As [`LocalTime::resolve`], with the reading that is meant where a change of the clocks skips or repeats it.
    ///
    /// # Errors
    /// [`AmbiguousTime`], if no reading is given where it needs one.
    pub fn resolve_as(self, zone: Zone, reading: Option<ClockReading>) -> Result<Timestamp, AmbiguousTime> {
        match (self.resolve(zone), reading) {
            (Err(ambiguous), Some(reading)) => Ok(ambiguous.choose(reading)),
            (resolved, _) => resolved,
        }
    }

    /// What the clocks of a zone show at an instant.
    #[must_use]
    pub fn of(time: Timestamp, zone: Zone) -> Self {
        Self(time.in_zone(zone).naive_local())
    }

    /// The day of the programme: it goes from 06:00 to 05:59, so what starts at 01:30 belongs to the day before.
    #[must_use]
    pub fn business_day(self) -> Date {
        Date(self.0.checked_sub_signed(DAY_BEGINS).unwrap_or(self.0).date())
    }

    /// The time without its day.
    #[must_use]
    pub fn time_of_day(self) -> TimeOfDay {
        TimeOfDay(self.0.time())
    }

    /// The same time of day, days later or earlier; `None` outside the years 1 to 9999.
    pub(crate) fn plus_days(self, days: i64) -> Option<Self> {
        let date = Date(self.0.date()).plus_days(days)?;
        Some(Self(date.0.and_time(self.0.time())))
    }
}

impl Date {
    /// The day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        match self.0.weekday() {
            chrono::Weekday::Mon => Weekday::Monday,
            chrono::Weekday::Tue => Weekday::Tuesday,
            chrono::Weekday::Wed => Weekday::Wednesday,
            chrono::Weekday::Thu => Weekday::Thursday,
            chrono::Weekday::Fri => Weekday::Friday,
            chrono::Weekday::Sat => Weekday::Saturday,
            chrono::Weekday::Sun => Weekday::Sunday,
        }
    }

    /// This date at a time of day.
    #[must_use]
    pub fn at(self, time: TimeOfDay) -> LocalTime {
        LocalTime(self.0.and_time(time.0))
    }

    /// When this day of the programme begins: at 06:00 on the clocks of a zone.
    pub(crate) fn begins(self, zone: Zone) -> Timestamp {
        let begin = LocalTime(self.0.and_time(NaiveTime::MIN) + DAY_BEGINS);
        begin.resolve(zone).unwrap_or_else(|ambiguous| ambiguous.choose(ClockReading::Earlier))
    }

    /// Days later or earlier; `None` outside the years 1 to 9999.
    pub(crate) fn plus_days(self, days: i64) -> Option<Self> {
        let by = Days::new(days.unsigned_abs());
        let date = if days < 0 { self.0.checked_sub_days(by) } else { self.0.checked_add_days(by) };
        date.filter(|date| (1..=9999).contains(&date.year())).map(Self)
    }

    /// Days from `earlier` until this date; negative if `earlier` is later.
    pub(crate) fn days_since(self, earlier: Self) -> i64 {
        self.0.signed_duration_since(earlier.0).num_days()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> LocalTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_night_belongs_to_the_evening_before() {
        for (time, day) in [
            ("2026-11-27T05:59", "2026-11-26"),
            ("2026-11-27T06:00", "2026-11-27"),
            ("2026-11-28T01:30", "2026-11-27"),
            ("2027-01-01T00:00", "2026-12-31"),
        ] {
            assert_eq!(local(time).business_day().to_string(), day, "{time}");
        }
    }

    #[test]
    fn a_reading_answers_what_the_clocks_leave_open() {
        let berlin = "Europe/Berlin".parse().unwrap();
        let read = |time: &str, reading| local(time).resolve_as(berlin, Some(reading)).unwrap().to_string();
        assert_eq!(read("2026-10-25T02:30", ClockReading::Earlier), "2026-10-25T00:30:00Z");
        assert_eq!(read("2026-10-25T02:30", ClockReading::Later), "2026-10-25T01:30:00Z");
        assert_eq!(read("2026-03-29T02:30", ClockReading::Earlier), "2026-03-29T00:30:00Z");
        assert_eq!(read("2026-03-29T02:30", ClockReading::Later), "2026-03-29T01:30:00Z");
        assert_eq!(read("2026-11-27T02:30", ClockReading::Later), "2026-11-27T01:30:00Z");
        assert!(local("2026-10-25T02:30").resolve_as(berlin, None).is_err());
    }

    #[test]
    fn times_of_day_are_read_and_written() {
        for text in ["00:00", "19:30", "23:59:59"] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
        }
        for bad in ["24:00", "19:60", "7", "19:30:60", "19:30Z", ""] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
    }

    #[test]
    fn days_are_counted_within_the_years() {
        let date: Date = "2026-11-27".parse().unwrap();
        assert_eq!(date.weekday(), Weekday::Friday);
        assert_eq!(date.plus_days(-27).unwrap().to_string(), "2026-10-31");
        assert_eq!(date.plus_days(7).unwrap().days_since(date), 7);
        assert_eq!(date.plus_days(4_000_000), None);
    }
}
