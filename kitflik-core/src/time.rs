//! Instants, zones and local times.

mod week;
mod zone;

pub use week::{ClockReading, TimeOfDay, Weekday};
pub use zone::{Zone, ZoneOffset};

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, LocalResult, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// An instant: milliseconds since 1970-01-01T00:00:00Z. On the wire it is RFC 3339 text.
///
/// ```
/// use kitflik_core::Timestamp;
/// let start: Timestamp = "2026-11-27T19:30:00+01:00".parse()?;
/// assert_eq!(start.to_string(), "2026-11-27T18:30:00Z");
/// # Ok::<(), kitflik_core::InvalidTime>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "typescript", tsify(type = "string"))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
pub struct Timestamp(i64);

/// The years that a timestamp can show in RFC 3339: 0001 to 9999.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// A text that is not a time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a time: expected {expected}")]
pub struct InvalidTime {
    text: String,
    expected: &'static str,
}

impl InvalidTime {
    fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.chars().take(64).collect(), expected }
    }
}

impl Timestamp {
    /// The instant that many milliseconds after the epoch, held within the years 1 to 9999.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(*RANGE.start(), *RANGE.end()))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The instant `by` later.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The instant `by` earlier.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self::from_millis(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long it is from `earlier` until this instant; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As a date and time in UTC.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }

    /// As a date and time in a zone.
    #[must_use]
    pub fn in_zone(self, zone: Zone) -> DateTime<Zone> {
        self.utc().with_timezone(&zone)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self::from_millis(time.timestamp_millis())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let invalid = || InvalidTime::new(text, "RFC 3339 such as 2026-11-27T19:30:00+01:00");
        let millis = DateTime::parse_from_rfc3339(text).map_err(|_| invalid())?.timestamp_millis();
        if RANGE.contains(&millis) { Ok(Self(millis)) } else { Err(invalid()) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Records keep instants as integers: smaller, and quicker to read than text.
pub(crate) mod millis {
    use super::{Deserialize, Deserializer, Serializer, Timestamp};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde's `with` calls")]
    pub(crate) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(time.millis())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_millis)
    }
}

/// A date and time on the wall of a place, such as `2026-11-27T19:30`, to the minute or second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "typescript", tsify(type = "string"))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
pub struct LocalTime(NaiveDateTime);

/// A local time that the zone's clocks show never or twice.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AmbiguousTime {
    /// The clocks jump over it.
    #[error("{local} does not exist in {zone}: the clocks go forward; choose the earlier, {}, or the later, {}",
        clocks(*.after, *.zone), clocks(*.before, *.zone))]
    Gap {
        /// The time asked for.
        local: LocalTime,
        /// The zone.
        zone: Zone,
        /// The reading by the offset before the change.
        before: Timestamp,
        /// The reading by the offset after the change.
        after: Timestamp,
    },
    /// The clocks show it twice.
    #[error("{local} happens twice in {zone}: the clocks go back; choose the earlier, {}, or the later, {}",
        clocks(*.first, *.zone), clocks(*.second, *.zone))]
    Fold {
        /// The time asked for.
        local: LocalTime,
        /// The zone.
        zone: Zone,
        /// The first of the two.
        first: Timestamp,
        /// The second of the two.
        second: Timestamp,
    },
}

/// What the clocks of a zone show, with their offset.
fn clocks(time: Timestamp, zone: Zone) -> impl fmt::Display {
    time.in_zone(zone).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

impl LocalTime {
    /// From a civil date and time.
    #[must_use]
    pub fn new(time: NaiveDateTime) -> Self {
        Self(time)
    }

    /// The instant at which the clocks of `zone` show this time.
    ///
    /// # Errors
    /// [`AmbiguousTime`], with both readings, where a change of the clocks skips or repeats it.
    pub fn resolve(self, zone: Zone) -> Result<Timestamp, AmbiguousTime> {
        let to_timestamp = |time: DateTime<Zone>| Timestamp::from(time.with_timezone(&Utc));
        match zone.from_local_datetime(&self.0) {
            LocalResult::Single(time) => Ok(to_timestamp(time)),
            LocalResult::Ambiguous(first, second) => Err(AmbiguousTime::Fold {
                local: self,
                zone,
                first: to_timestamp(first),
                second: to_timestamp(second),
            }),
            LocalResult::None => {
                let utc = Timestamp::from(self.0.and_utc());
                let offset_at = |time: Timestamp| {
                    let local = time.in_zone(zone).naive_local();
                    local.signed_duration_since(time.utc().naive_utc()).num_milliseconds()
                };
                let day = Duration::from_secs(86_400);
                Err(AmbiguousTime::Gap {
                    local: self,
                    zone,
                    before: Timestamp::from_millis(utc.millis() - offset_at(utc.minus(day))),
                    after: Timestamp::from_millis(utc.millis() - offset_at(utc.plus(day))),
                })
            }
        }
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%dT%H:%M:%S").fmt(f)
    }
}

impl FromStr for LocalTime {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
            .map(Self)
            .map_err(|_| InvalidTime::new(text, "a local time such as 2026-11-27T19:30"))
    }
}

impl Serialize for LocalTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LocalTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A civil date, such as `2026-11-27`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "typescript", tsify(type = "string"))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
pub struct Date(chrono::NaiveDate);

impl Date {
    /// From a calendar date.
    #[must_use]
    pub fn new(date: chrono::NaiveDate) -> Self {
        Self(date)
    }

    /// The calendar date.
    #[must_use]
    pub fn calendar(self) -> chrono::NaiveDate {
        self.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%d").fmt(f)
    }
}

impl FromStr for Date {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        date.filter(|date| (1..=9999).contains(&chrono::Datelike::year(date)))
            .map(Self)
            .ok_or_else(|| InvalidTime::new(text, "a date such as 2026-11-27"))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> LocalTime {
        text.parse().unwrap()
    }

    fn berlin() -> Zone {
        "Europe/Berlin".parse().unwrap()
    }

    #[test]
    fn local_times_follow_the_zone() {
        let winter = local("2026-11-27T19:30").resolve(berlin()).unwrap();
        let summer = local("2026-07-27T19:30").resolve(berlin()).unwrap();
        assert_eq!(winter.to_string(), "2026-11-27T18:30:00Z");
        assert_eq!(summer.to_string(), "2026-07-27T17:30:00Z");
    }

    #[test]
    fn a_gap_is_refused_with_both_readings() {
        let error = local("2026-03-29T02:30").resolve(berlin()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "2026-03-29T02:30:00 does not exist in Europe/Berlin: the clocks go forward; \
             choose the earlier, 2026-03-29T01:30:00+01:00, or the later, 2026-03-29T03:30:00+02:00"
        );
    }

    #[test]
    fn a_fold_is_refused_with_both_readings() {
        let error = local("2026-10-25T02:30").resolve(berlin()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "2026-10-25T02:30:00 happens twice in Europe/Berlin: the clocks go back; \
             choose the earlier, 2026-10-25T02:30:00+02:00, or the later, 2026-10-25T02:30:00+01:00"
        );
    }

    #[test]
    fn times_out_of_range_are_held_or_refused() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert!("+12026-01-01T00:00:00Z".parse::<Timestamp>().is_err());
        assert!("2026-11-27".parse::<Timestamp>().is_err());
        let last = Timestamp::from_millis(i64::MAX);
        assert_eq!(last.plus(Duration::MAX), last);
    }
}
