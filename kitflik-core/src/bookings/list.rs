//! The bookings of the house, for its staff, and those of one customer.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::{BookingError, BookingQuery, BookingStatus, BookingView, Bookings};
use crate::actor::{Actor, Permission};
use crate::catalog::{Page, PageRequest, page_limit};
use crate::error::{EngineError, Invalid};
use crate::ids::{BookingId, ShowId, UserId};
use crate::store::keys;
use crate::store::records::{Booking, Holder};

/// Bookings that one call looks at in search of those that are wanted.
const MOST_LOOKED_AT: u32 = 1_000;
/// Bookings that are read at once.
const STRIDE: usize = 200;

/// A search for a page of bookings, the newest first. The ids of bookings grow with the time of their making, so their
/// order is its order, and a time is a place among them.
struct Search<'q> {
    query: &'q BookingQuery,
    limit: usize,
    /// Only this id and later ones.
    from: Option<BookingId>,
    /// Only ids before this one.
    before: Option<BookingId>,
    found: Vec<Booking>,
    looked_at: u32,
    /// Where the next page goes on.
    next: Option<BookingId>,
}

impl<'q> Search<'q> {
    fn new(query: &'q BookingQuery) -> Result<Self, Invalid> {
        let limit = page_limit(&query.page)?;
        if let (Some(from), Some(to)) = (query.from, query.to)
            && to <= from
        {
            let detail = format!("to is {to}, which must be later than from, {from}");
            return Err(Invalid::one("to", "out_of_range", detail));
        }
        let after = match &query.page.cursor {
            None => None,
            Some(cursor) => Some(cursor.parse::<BookingId>().map_err(|_| {
                Invalid::one("cursor", "invalid", "cursor must be the next_cursor of the page before")
            })?),
        };
        // The least id of a moment is the one without any random bits.
        let from = query.from.map(|from| BookingId::new(from, [0; 10]));
        let to = query.to.map(|to| BookingId::new(to, [0; 10]));
        let before = [after, to].into_iter().flatten().min();
        Ok(Self { query, limit, from, before, found: Vec::new(), looked_at: 0, next: None })
    }

    fn covers(&self, id: BookingId) -> bool {
        self.from.is_none_or(|from| from <= id) && self.before.is_none_or(|before| id < before)
    }

    /// Looks at the next booking. Breaks once the page is full, or enough have been looked at.
    fn look_at(&mut self, booking: Booking) -> ControlFlow<()> {
        let query = self.query;
        let wanted = query.show_id.is_none_or(|show| booking.show == show)
            && query.status.is_none_or(|status| booking.status == status)
            && query.user_id.is_none_or(|user| booking.holder == Holder::User(user));
        if wanted && self.found.len() == self.limit {
            self.next = self.found.last().map(|last| last.id);
            return ControlFlow::Break(());
        }
        self.looked_at += 1;
        let enough = self.looked_at == MOST_LOOKED_AT;
        self.next = enough.then_some(booking.id);
        self.found.extend(wanted.then_some(booking));
        if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Bookings<'_> {
    /// A page of the house's bookings, the newest first.
    ///
    /// A page may have fewer items than its limit, or none, and still have a `next_cursor`: a call looks at a thousand
    /// bookings at most.
    ///
    /// # Errors
    /// [`BookingError::Denied`] unless staff who manage bookings ask, [`BookingError::Invalid`] for a page or a time
    /// out of bounds, [`BookingError::NotFound`] for an unknown show or customer, or [`BookingError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn list(&self, actor: &Actor, query: &BookingQuery) -> Result<Page<BookingView>, BookingError> {
        actor.may(Permission::ManageBookings)?;
        let mut search = Search::new(query)?;
        if let Some(show) = query.show_id
            && self.engine.hint(show).await?.is_none()
        {
            return Err(BookingError::NotFound { what: "show" });
        }
        if let Some(user) = query.user_id
            && self.engine.get(&keys::user(user)).await?.is_none()
        {
            return Err(BookingError::NotFound { what: "customer" });
        }
        match (query.user_id, query.show_id, query.status) {
            (Some(user), _, None | Some(BookingStatus::Confirmed | BookingStatus::Cancelled)) => {
                self.of_user(user, &mut search).await?;
            }
            (
                _,
                Some(show),
                Some(BookingStatus::Held | BookingStatus::Confirming | BookingStatus::Confirmed),
            ) => self.with_seats(show, &mut search).await?,
            _ => self.look_through(&mut search).await?,
        }
        self.page(search).await
    }

    /// A page of a customer's sales, cancelled ones too, the newest first.
    pub(crate) async fn sales_of(
        &self,
        user: UserId,
        page: &PageRequest,
    ) -> Result<Page<BookingView>, BookingError> {
        let query = BookingQuery { page: page.clone(), ..BookingQuery::default() };
        let mut search = Search::new(&query)?;
        self.of_user(user, &mut search).await?;
        self.page(search).await
    }

    async fn page(&self, search: Search<'_>) -> Result<Page<BookingView>, BookingError> {
        let mut items = Vec::with_capacity(search.found.len());
        for booking in &search.found {
            items.push(self.engine.booking_view(booking).await?);
        }
        Ok(Page { items, next_cursor: search.next.map(|id| id.to_string()) })
    }

    /// Those that a customer's index names.
    async fn of_user(&self, user: UserId, search: &mut Search<'_>) -> Result<(), EngineError> {
        let mut range = keys::user_bookings(user);
        if let Some(from) = search.from {
            range.start = keys::user_booking(user, from).key;
        }
        if let Some(before) = search.before {
            range.end = keys::user_booking(user, before).key;
        }
        loop {
            let rows = self.engine.scan(&range, STRIDE as u32, true).await?;
            let ids = rows.iter().filter_map(|(row, _)| row.key.rsplit('/').next()?.parse().ok());
            let read = self.engine.get_many(ids.map(keys::booking)).await?;
            for (booking, _) in read.into_iter().flatten() {
                if search.look_at(booking).is_break() {
                    return Ok(());
                }
            }
            match rows.last() {
                Some((last, _)) if rows.len() == STRIDE => range.end.clone_from(&last.key),
                _ => return Ok(()),
            }
        }
    }

    /// Those that have seats of a show: its seats point to them.
    async fn with_seats(&self, show: ShowId, search: &mut Search<'_>) -> Result<(), EngineError> {
        let pointers = self.engine.scan_all(&keys::seats(show)).await?;
        let ids: BTreeSet<BookingId> = pointers
            .into_iter()
            .filter_map(|(_, pointer)| pointer.booking())
            .filter(|id| search.covers(*id))
            .collect();
        let ids: Vec<BookingId> = ids.into_iter().rev().collect();
        for ids in ids.chunks(STRIDE) {
            let read = self.engine.get_many(ids.iter().copied().map(keys::booking)).await?;
            for (booking, _) in read.into_iter().flatten() {
                if search.look_at(booking).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Any others.
    async fn look_through(&self, search: &mut Search<'_>) -> Result<(), EngineError> {
        let mut range = keys::bookings();
        if let Some(from) = search.from {
            range.start = keys::booking(from).key;
        }
        if let Some(before) = search.before {
            range.end = keys::booking(before).key;
        }
        loop {
            let rows = self.engine.scan(&range, STRIDE as u32, true).await?;
            let last = rows.len() < STRIDE;
            for (row, booking) in rows {
                range.end = row.key;
                if search.look_at(booking).is_break() {
                    return Ok(());
                }
            }
            if last {
                return Ok(());
            }
        }
    }
}
