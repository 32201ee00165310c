//! What keeps the seats of a show that is taken away.

use std::collections::BTreeMap;

use super::hold::expired;
use super::maps::SeatState;
use super::rules::takeable_at;
use super::{BookingStatus, Bookings};
use crate::error::EngineError;
use crate::ids::{BookingId, ShowId};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Booking, SeatPointer};
use crate::store::tx::Loaded;
use crate::time::Timestamp;

/// Seats that are let go in one batch.
const SEATS_AT_ONCE: usize = 100;
/// Bookings that are read at once.
const STRIDE: u32 = 500;
/// How far apart clocks may be: no booking is older than its show by more.
const CLOCKS_APART: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

impl Bookings<'_> {
    fn is_live(&self, booking: &Booking, now: Timestamp) -> bool {
        !SeatState::of(booking, takeable_at(booking, &self.engine.policy)).is_free(now)
    }

    /// The bookings that have seats of a show now.
    pub(crate) async fn live_for(&self, show: ShowId) -> Result<Vec<String>, EngineError> {
        let mut pointed = BTreeMap::new();
        for (row, pointer) in self.engine.scan_all(&keys::seats(show)).await? {
            if let Some(id) = pointer.booking() {
                pointed.insert(id, row.key);
            }
        }
        let found = self.engine.get_many(pointed.keys().map(|id| keys::booking(*id))).await?;
        let now = self.engine.now();
        let live = found.into_iter().flatten().filter(|(booking, _)| self.is_live(booking, now));
        Ok(live.map(|(booking, _)| booking.id.to_string()).collect())
    }

    /// Lets go of the seats of a show of which nobody can take any more: holds that are over are ended. What is left is
    /// answered: live bookings, and blocked seats unless `unblock` lets them go, too.
    pub(crate) async fn clear_show(&self, show: ShowId, unblock: bool) -> Result<Vec<String>, EngineError> {
        loop {
            let kept = self.live_for(show).await?;
            if !kept.is_empty() {
                return Ok(kept);
            }
            let pointers = self.engine.scan_all(&keys::seats(show)).await?;
            let seats = pointers.iter().filter_map(|(row, _)| keys::seat_number(&row.key));
            let seats: Vec<_> = seats.take(SEATS_AT_ONCE).map(|seat| keys::seat(show, seat)).collect();
            if seats.is_empty() {
                return Ok(Vec::new());
            }
            let mut tx = self.engine.begin();
            let mut wanted: Vec<_> = seats.iter().map(|seat| seat.key.clone()).collect();
            let show_key = keys::show(show);
            wanted.push(show_key.key.clone());
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { continue };
            if tx.get(&show_key)?.is_none_or(|show| show.frozen.is_none()) {
                // It thawed meanwhile, and its seats are for sale again.
                return Err(EngineError::Contended);
            }
            let mut bookings: Vec<BookingId> = Vec::new();
            for seat in &seats {
                let pointer = tx.get(seat)?;
                let house = pointer.as_ref().and_then(SeatPointer::house);
                if house.is_some_and(|house| house.until() > tx.now() && !unblock) {
                    return Ok(vec!["a blocked seat".to_owned()]);
                }
                bookings.extend(pointer.and_then(|pointer| pointer.booking()));
                tx.delete(seat);
            }
            bookings.sort_unstable();
            bookings.dedup();
            tx.more(bookings.iter().map(|id| keys::booking(*id).key).collect()).await?;
            let mut live = false;
            for id in bookings {
                let key = keys::booking(id);
                let Some(booking) = tx.get(&key)? else { continue };
                live |= self.is_live(&booking, tx.now());
                if booking.status == BookingStatus::Held {
                    tx.put(&key, &expired(booking, tx.mark()))?;
                }
            }
            if !live {
                tx.commit(Durability::Durable, &()).await?;
            }
        }
    }

    /// The bookings that were ever sold for a show, or are about to be. It reads all that were made since the show was.
    pub(crate) async fn sold_for(&self, show: ShowId) -> Result<Vec<String>, EngineError> {
        let [a, b, c, d, e, f, ..] = *show.as_bytes();
        let made_at = i64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        let oldest = BookingId::new(Timestamp::from_millis(made_at).minus(CLOCKS_APART), [0; 10]);
        let mut range = keys::bookings();
        range.start = keys::booking(oldest).key;
        let mut sold = Vec::new();
        loop {
            let page = self.engine.scan(&range, STRIDE, false).await?;
            let Some((last, _)) = page.last() else { return Ok(sold) };
            range.start = format!("{}!", last.key);
            for (_, booking) in page {
                let counts = matches!(
                    booking.status,
                    BookingStatus::Confirmed | BookingStatus::Confirming | BookingStatus::Cancelled
                );
                if counts && booking.show == show {
                    sold.push(booking.id.to_string());
                }
            }
        }
    }
}
