//! Who is in: counted, and listed.

use serde::{Deserialize, Serialize};

use super::rules;
use crate::actor::{Actor, Permission};
use crate::bookings::{BookingError, BookingStatus, Bookings};
use crate::catalog::{Page, PageRequest, page_limit};
use crate::error::Invalid;
use crate::ids::{BookingId, ShowId, StaffId, TicketId, TicketType};
use crate::store::keys;
use crate::store::records::{Booking, UsedTicket};
use crate::time::Timestamp;

/// Check-ins that are read at once.
const STRIDE: u32 = 200;
/// Check-ins that one call looks at in search of those that are wanted.
const MOST_LOOKED_AT: u32 = 2_000;

/// How many are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CheckInCount {
    /// Tickets that were used.
    pub admitted: u32,
    /// Seats that are sold, as they were a moment ago.
    pub sold: u32,
}

/// Why somebody has to look at a check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckInFlag {
    /// The ticket let in more than once: devices without a network did not know of each other.
    Conflict,
    /// The booking is cancelled, or the ticket was given back.
    Cancelled,
    /// Staff have revoked the ticket.
    Revoked,
    /// There is no such booking, or it never had this ticket. The scan is not kept.
    Unknown,
}

/// Which check-ins of a show are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct CheckInQuery {
    /// Only those that somebody has to look at.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub flagged: bool,
    /// Which page.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub page: PageRequest,
}

/// One scan that let somebody in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ScanView {
    /// When; by the device's clock if it had no network.
    pub at: Timestamp,
    /// The device.
    pub device: String,
    /// The scan's nonce.
    pub nonce: String,
    /// The device had no network.
    pub offline: bool,
    /// Who was logged in, or uploaded it; absent for the host program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub by: Option<StaffId>,
}

/// A ticket that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CheckInView {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The booking.
    pub booking_id: BookingId,
    /// The seat's label; absent once the ticket was given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub label: Option<String>,
    /// Its ticket type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub ticket_type: Option<TicketType>,
    /// The scans that let in, the earliest first: that one counts. The first eight are kept.
    pub scans: Vec<ScanView>,
    /// There were more than are kept.
    pub more: bool,
    /// Why somebody has to look at it; empty if nobody has to.
    pub flags: Vec<CheckInFlag>,
}

/// Why somebody has to look at a ticket that was used.
pub(super) fn flags(
    used: &UsedTicket,
    booking: &Booking,
    ticket: TicketId,
    revoked: bool,
) -> Vec<CheckInFlag> {
    let cancelled = booking.status != BookingStatus::Confirmed || rules::seat_of(booking, ticket).is_none();
    let flags = [
        (used.scans.len() > 1, CheckInFlag::Conflict),
        (cancelled, CheckInFlag::Cancelled),
        (revoked, CheckInFlag::Revoked),
    ];
    flags.into_iter().filter(|(set, _)| *set).map(|(_, flag)| flag).collect()
}

impl Bookings<'_> {
    /// How many are in, of how many tickets that are sold.
    ///
    /// # Errors
    /// [`BookingError::NotFound`] for an unknown show, [`BookingError::Denied`] unless staff ask.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn check_in_count(&self, actor: &Actor, show: ShowId) -> Result<CheckInCount, BookingError> {
        actor.may(Permission::CheckIn)?;
        let map = self.seats(show).await?;
        let sold = map.view().states.bytes().filter(|state| *state == b's').count();
        let rows = self.engine.scan_all(&keys::check_ins(show)).await?;
        let admitted = rows.iter().filter(|(_, used)| used.is_used()).count();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(CheckInCount { admitted: count(admitted), sold: count(sold) })
    }

    /// A page of the tickets of a show that were used.
    ///
    /// A page may have fewer items than its limit, or none, and still have a `next_cursor`: a call looks at two
    /// thousand check-ins at most.
    ///
    /// # Errors
    /// [`BookingError::NotFound`] for an unknown show, [`BookingError::Denied`] unless staff ask,
    /// [`BookingError::Invalid`] for a page out of bounds.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn check_ins(
        &self,
        actor: &Actor,
        show: ShowId,
        query: &CheckInQuery,
    ) -> Result<Page<CheckInView>, BookingError> {
        actor.may(Permission::CheckIn)?;
        let limit = page_limit(&query.page)?;
        if self.engine.hint(show).await?.is_none() {
            return Err(BookingError::NotFound { what: "show" });
        }
        let mut range = keys::check_ins(show);
        if let Some(cursor) = &query.page.cursor {
            let last: TicketId = cursor.parse().map_err(|_| {
                Invalid::one("cursor", "invalid", "cursor must be the next_cursor of the page before")
            })?;
            range.start = format!("{}!", keys::check_in(show, last).key);
        }
        let (mut items, mut looked_at) = (Vec::new(), 0);
        loop {
            let rows = self.engine.scan(&range, STRIDE, false).await?;
            let full = rows.len() == STRIDE as usize;
            let bookings =
                self.engine.get_many(rows.iter().map(|(_, used)| keys::booking(used.booking))).await?;
            let mut revoked = Vec::with_capacity(rows.len());
            for (row, used) in &rows {
                let ticket = row.key.rsplit('/').next().and_then(|id| id.parse().ok());
                let ticket: TicketId = ticket.ok_or(BookingError::NotFound { what: "ticket" })?;
                revoked.push((ticket, keys::revoked_ticket(show, used.booking, ticket)));
            }
            let found = self.engine.get_many(revoked.iter().map(|(_, key)| key.clone())).await?;
            for (((row, used), booking), ((ticket, _), revoked)) in
                rows.into_iter().zip(bookings).zip(revoked.iter().zip(found))
            {
                looked_at += 1;
                range.start = format!("{}!", row.key);
                let Some((booking, _)) = booking.filter(|_| used.is_used()) else { continue };
                let flags = flags(&used, &booking, *ticket, revoked.is_some());
                if query.flagged && flags.is_empty() {
                    continue;
                }
                items.push(self.check_in_view(used, &booking, *ticket, flags).await?);
                if items.len() == limit {
                    let more = self.engine.scan_rows(&range, 1, false).await?;
                    let next_cursor = more.first().map(|_| ticket.to_string());
                    return Ok(Page { items, next_cursor });
                }
            }
            if !full {
                return Ok(Page { items, next_cursor: None });
            }
            if looked_at >= MOST_LOOKED_AT {
                let next_cursor = revoked.last().map(|(ticket, _)| ticket.to_string());
                return Ok(Page { items, next_cursor });
            }
        }
    }

    async fn check_in_view(
        &self,
        used: UsedTicket,
        booking: &Booking,
        ticket: TicketId,
        flags: Vec<CheckInFlag>,
    ) -> Result<CheckInView, BookingError> {
        let layout = self.engine.layout(booking.layout).await?;
        let booked = rules::seat_of(booking, ticket).map(|(booked, _)| booked);
        let seat = layout.as_ref().zip(booked).and_then(|(layout, booked)| layout.layout.seat(booked.number));
        let scan = |scan: crate::store::records::Scanned| ScanView {
            at: scan.at,
            device: scan.device,
            nonce: scan.nonce,
            offline: scan.offline,
            by: scan.by,
        };
        Ok(CheckInView {
            ticket_id: ticket,
            booking_id: booking.id,
            label: seat.map(|seat| seat.label.clone()),
            ticket_type: booked.map(|booked| booked.ticket_type.clone()),
            scans: used.scans.into_iter().map(scan).collect(),
            more: used.more,
            flags,
        })
    }
}
