//! What the auditor knows of house seats.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::BookingId;

/// What a seat points to, as the store has it.
#[derive(Debug, Clone, Default)]
pub(super) struct Pointer {
    pub(super) booking: Option<BookingId>,
    house: Option<House>,
}

/// A seat that the house keeps.
#[derive(Debug, Clone)]
struct House {
    /// When it is free for all, in milliseconds.
    release_at: Option<i64>,
    by_box_office: bool,
}

/// A booking, as far as house seats are concerned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taker {
    pub(super) by_staff: bool,
    /// When it was made, if it was made just now.
    pub(super) made_at: Option<i64>,
}

impl Pointer {
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(value).ok()?;
        let booking = value.get("booking").or_else(|| value.pointer("/lent/booking"));
        let house = value.get("house").or_else(|| value.pointer("/lent/house"));
        Some(Self {
            booking: booking.and_then(Value::as_str).and_then(|id| id.parse().ok()),
            house: house.map(|house| House {
                release_at: house.get("release_at").and_then(Value::as_i64),
                by_box_office: house.get("channels").is_some(),
            }),
        })
    }
}

/// The pointers of the show's seats.
#[derive(Debug, Clone, Default)]
pub(super) struct Pointers(BTreeMap<u64, Pointer>);

impl Pointers {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn booking(&self, seat: u64) -> Option<BookingId> {
        self.0.get(&seat)?.booking
    }

    /// A pointer was written, or deleted. `clerks` says whether the batch blocks or unblocks seats, and `taker` what is
    /// known of the booking that is pointed to now. Answers whether a seat was taken after its release.
    ///
    /// # Errors
    /// The house lost a seat that it keeps.
    pub(super) fn write(
        &mut self,
        seat: u64,
        pointer: Option<Pointer>,
        clerks: bool,
        taker: Option<Taker>,
    ) -> Result<bool, String> {
        let before = self.0.remove(&seat).unwrap_or_default();
        let now = pointer.unwrap_or_default();
        self.0.insert(seat, now.clone());
        let Some(house) = before.house.filter(|_| !clerks) else { return Ok(false) };
        match (&now.house, now.booking, taker) {
            // It goes on being the house's, with a booking or without.
            (Some(_), None, _) => Ok(false),
            (Some(_), Some(id), taker) => {
                let same = before.booking == Some(id);
                let sold_by_staff = taker.is_some_and(|taker| taker.by_staff);
                if same || (house.by_box_office && sold_by_staff) {
                    return Ok(false);
                }
                Err(format!(
                    "house seat {seat} went to {id}, which is not of a channel that sells it: {house:?}"
                ))
            }
            // It is everybody's: then its time has come.
            (None, booking, taker) => {
                let made_at = taker.and_then(|taker| taker.made_at);
                match (house.release_at, made_at) {
                    (None, _) => Err(format!("house seat {seat}, which has no release, went to {booking:?}")),
                    (Some(release), Some(made)) if made < release => {
                        Err(format!("house seat {seat} went to {booking:?} at {made}, before {release}"))
                    }
                    (Some(_), _) => Ok(booking.is_some()),
                }
            }
        }
    }
}
