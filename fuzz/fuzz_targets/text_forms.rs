//! Ids, times and texts: what is read is printed so that it reads the same.
#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use kitflik_core::{
    BookingId, CategoryId, CommandId, Currency, Date, LocalTime, SeatId, ShowId, TicketType, Timestamp, Zone,
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fn round_trip<T: FromStr + Display + Debug + PartialEq>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    let printed = value.to_string();
    let again = printed.parse::<T>().ok();
    assert_eq!(again.as_ref(), Some(&value), "{text:?} was printed as {printed:?}");
    assert_eq!(again.map(|again| again.to_string()), Some(printed), "one value has one spelling");
    Some(value)
}

/// On the wire a value is the text that it is printed as.
fn wire<T>(text: &str)
where
    T: FromStr + Display + Debug + PartialEq + serde::Serialize + serde::de::DeserializeOwned,
{
    let parsed = round_trip::<T>(text);
    let json = serde_json::from_value::<T>(Value::String(text.to_owned())).ok();
    assert_eq!(parsed, json, "{text:?} is read alike from text and JSON");
    if let Some(value) = parsed {
        assert_eq!(serde_json::to_value(&value).ok(), Some(Value::String(value.to_string())));
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    wire::<BookingId>(text);
    wire::<ShowId>(text);
    wire::<SeatId>(text);
    wire::<CategoryId>(text);
    wire::<TicketType>(text);
    wire::<CommandId>(text);
    wire::<Timestamp>(text);
    wire::<Date>(text);
    wire::<Zone>(text);
    wire::<LocalTime>(text);
    if let Ok(currency) = text.parse::<Currency>() {
        assert_eq!(currency.to_string(), text);
    }
    // A time and a zone, apart by a space: no local time makes `resolve` panic, and what it finds, the clocks show.
    if let Some((time, zone)) = text.split_once(' ')
        && let (Ok(time), Ok(zone)) = (time.parse::<LocalTime>(), zone.parse::<Zone>())
        && let Ok(instant) = time.resolve(zone)
        && (1..9999).contains(&instant.utc().format("%Y").to_string().parse::<i32>().unwrap_or(0))
    {
        assert_eq!(LocalTime::new(instant.in_zone(zone).naive_local()), time);
    }
});
