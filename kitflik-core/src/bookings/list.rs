//! The bookings of the house, for its staff.

use std::collections::BTreeSet;

use super::{BookingError, BookingQuery, BookingStatus, BookingView, Bookings};
use crate::actor::{Actor, Permission};
use crate::catalog::{Page, page_limit};
use crate::error::{EngineError, Invalid};
use crate::ids::{BookingId, ShowId};
use crate::store::keys;
use crate::store::records::{Booking, SeatPointer};

/// Bookings that one call looks at in search of those that are wanted.
const MOST_LOOKED_AT: u32 = 1_000;
/// Bookings that are read at once.
const STRIDE: usize = 200;

/// What a search found, and where the next page goes on.
struct Found {
    bookings: Vec<Booking>,
    next: Option<BookingId>,
}

impl Bookings<'_> {
    /// A page of the house's bookings, the newest first.
    ///
    /// A page may have fewer items than its limit, or none, and still have a `next_cursor`: a call looks at a thousand
    /// bookings at most.
    ///
    /// # Errors
    /// [`BookingError::Denied`] unless staff who manage bookings ask, [`BookingError::Invalid`] for a page out of
    /// bounds, [`BookingError::NotFound`] for an unknown show, or [`BookingError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn list(&self, actor: &Actor, query: &BookingQuery) -> Result<Page<BookingView>, BookingError> {
        actor.may(Permission::ManageBookings)?;
        let limit = page_limit(&query.page)?;
        let before = match &query.page.cursor {
            None => None,
            Some(cursor) => Some(cursor.parse::<BookingId>().map_err(|_| {
                Invalid::one("cursor", "invalid", "cursor must be the next_cursor of the page before")
            })?),
        };
        if let Some(show) = query.show_id
            && self.engine.hint(show).await?.is_none()
        {
            return Err(BookingError::NotFound { what: "show" });
        }
        let found = match (query.show_id, query.status) {
            (
                Some(show),
                Some(status @ (BookingStatus::Held | BookingStatus::Confirming | BookingStatus::Confirmed)),
            ) => self.with_seats(show, status, before, limit).await?,
            _ => self.look_through(query, before, limit).await?,
        };
        let mut items = Vec::with_capacity(found.bookings.len());
        for booking in &found.bookings {
            items.push(self.engine.booking_view(booking).await?);
        }
        Ok(Page { items, next_cursor: found.next.map(|id| id.to_string()) })
    }

    /// Those that have seats of a show: its seats point to them.
    async fn with_seats(
        &self,
        show: ShowId,
        status: BookingStatus,
        before: Option<BookingId>,
        limit: usize,
    ) -> Result<Found, EngineError> {
        let pointers = self.engine.scan_all(&keys::seats(show)).await?;
        let ids: BTreeSet<BookingId> = pointers
            .into_iter()
            .filter_map(|(_, pointer)| match pointer {
                SeatPointer::Booking(id) if before.is_none_or(|before| id < before) => Some(id),
                _ => None,
            })
            .collect();
        let ids: Vec<BookingId> = ids.into_iter().rev().collect();
        let mut bookings = Vec::with_capacity(limit);
        for ids in ids.chunks(STRIDE) {
            let read = self.engine.get_many(ids.iter().copied().map(keys::booking)).await?;
            for (booking, _) in read.into_iter().flatten() {
                if booking.status != status || booking.show != show {
                    continue;
                }
                if bookings.len() == limit {
                    let next = bookings.last().map(|last: &Booking| last.id);
                    return Ok(Found { bookings, next });
                }
                bookings.push(booking);
            }
        }
        Ok(Found { bookings, next: None })
    }

    /// Any others: the ids of bookings grow with time, so their order is the order of their making.
    async fn look_through(
        &self,
        query: &BookingQuery,
        before: Option<BookingId>,
        limit: usize,
    ) -> Result<Found, EngineError> {
        let mut range = keys::bookings();
        if let Some(before) = before {
            range.end = keys::booking(before).key;
        }
        let (mut bookings, mut looked_at) = (Vec::with_capacity(limit), 0);
        loop {
            let rows = self.engine.scan(&range, STRIDE as u32, true).await?;
            let last = rows.len() < STRIDE;
            for (row, booking) in rows {
                let wanted = query.show_id.is_none_or(|show| booking.show == show)
                    && query.status.is_none_or(|status| booking.status == status);
                if wanted && bookings.len() == limit {
                    let next = bookings.last().map(|last: &Booking| last.id);
                    return Ok(Found { bookings, next });
                }
                range.end = row.key;
                looked_at += 1;
                if looked_at == MOST_LOOKED_AT {
                    let next = Some(booking.id);
                    bookings.extend(wanted.then_some(booking));
                    return Ok(Found { bookings, next });
                }
                bookings.extend(wanted.then_some(booking));
            }
            if last {
                return Ok(Found { bookings, next: None });
            }
        }
    }
}
