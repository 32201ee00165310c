//! Discount codes in bookings: what they are good for, and how their uses are counted.
//!
//! A use is taken with the hold. The row of the count is read and rewritten by everybody who takes one, so that no two
//! take the last. Nothing else touches it: whether a use is still needed, its booking tells, as with a seat. A row for
//! each use that no sale has made final yet points to its booking, and where the count is full, uses whose bookings
//! are over are taken from them. So a use comes back when a hold ends, and when a sale is cancelled.

use super::maps::SeatState;
use super::{BookingError, BookingStatus, Bookings, rules};
use crate::catalog::normal_code;
use crate::error::Invalid;
use crate::ids::{BookingId, ShowId, VoucherId};
use crate::money::{Currency, Money};
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{
    BookedDiscount, Booking, Form, Holder, Show, Voucher, VoucherCount, VoucherCustomer, VoucherUse,
};
use crate::store::tx::{Loaded, Mutant, Tx};
use crate::time::Timestamp;
use crate::users::normal_email;

/// Uses that are looked at in one go where the count is full, the oldest first: they are the likeliest to be over.
const LOOK: u32 = 100;
/// How often it goes on to the next ones.
const LOOKS: u32 = 5;
/// Uses that one command takes from bookings that are over.
const TAKE: usize = 20;

/// The id of what a customer typed.
pub(super) fn voucher_id(code: &str) -> Result<VoucherId, BookingError> {
    normal_code(code).map(|code| VoucherId::of_code(&code)).ok_or(BookingError::VoucherUnknown)
}

impl BookedDiscount {
    /// Which discount code it is.
    pub(super) fn voucher(&self) -> VoucherId {
        VoucherId::of_code(&self.code)
    }
}

/// The discount code that a booking has.
pub(super) fn voucher_of(booking: &Booking) -> Option<VoucherId> {
    booking.discount.as_ref().map(BookedDiscount::voucher)
}

/// What a discount code is good for in a booking for this show, if it is good for anything.
pub(super) fn terms(
    voucher: &Voucher,
    id: ShowId,
    show: &Show,
    currency: Currency,
    now: Timestamp,
) -> Result<BookedDiscount, BookingError> {
    let not_valid = |reason: String| Err(BookingError::VoucherNotValid { reason });
    if !voucher.active {
        return not_valid("it is closed".to_owned());
    }
    if let Some(from) = voucher.valid_from.filter(|from| now < *from) {
        return not_valid(format!("it is valid from {from} on"));
    }
    if let Some(until) = voucher.valid_until.filter(|until| *until <= now) {
        return not_valid(format!("it was valid until {until}"));
    }
    let everywhere = voucher.show_ids.is_empty() && voucher.movie_ids.is_empty();
    if !everywhere && !voucher.show_ids.contains(&id) && !voucher.movie_ids.contains(&show.movie) {
        return not_valid("it is for other shows".to_owned());
    }
    if let Some(other) = voucher.currency.filter(|other| *other != currency) {
        return not_valid(format!("it is for prices in {other}"));
    }
    Ok(BookedDiscount {
        code: voucher.code.clone(),
        kind: voucher.discount,
        min_total_minor: voucher.min_total_minor,
        counted: voucher.max_uses.is_some(),
        per_customer: voucher.max_uses_per_customer.is_some(),
        minor: 0,
    })
}

/// How much a discount takes off seats that cost so much.
pub(super) fn taken_off(discount: &BookedDiscount, seats: Money) -> Result<i64, BookingError> {
    if seats.amount_minor < discount.min_total_minor {
        let least = Money::new(discount.min_total_minor, seats.currency);
        let reason = format!("the seats have to cost {least} together, and cost {seats}");
        return Err(BookingError::VoucherNotValid { reason });
    }
    Ok(discount.kind.of(seats.amount_minor).clamp(0, seats.amount_minor))
}

/// Whether a booking needs its use of a discount code no longer.
fn is_over(booking: &Booking, voucher: VoucherId, takeable: Timestamp, now: Timestamp) -> bool {
    voucher_of(booking) != Some(voucher) || SeatState::of(booking, takeable).is_free(now)
}

/// Whom a use is counted for, where uses are counted per customer.
fn customer(booking: &Booking) -> Option<String> {
    match (booking.holder, &booking.customer) {
        (Holder::User(id), _) => Some(id.to_string()),
        (_, customer) => customer.as_ref().map(|customer| normal_email(&customer.email)),
    }
}

impl Bookings<'_> {
    /// What the discount code of a request is good for.
    pub(super) async fn discount(
        &self,
        tx: &mut Tx<'_>,
        code: Option<&str>,
        id: ShowId,
        show: &Show,
        currency: Currency,
    ) -> Result<Option<BookedDiscount>, BookingError> {
        let Some(code) = code else { return Ok(None) };
        let key = keys::voucher(voucher_id(code)?);
        tx.more(vec![key.key.clone()]).await?;
        let voucher = tx.get(&key)?.ok_or(BookingError::VoucherUnknown)?;
        terms(&voucher, id, show, currency, tx.now()).map(Some)
    }

    /// Counts the use of a discount code by a booking that has not had it before.
    pub(super) async fn count_use(
        &self,
        tx: &mut Tx<'_>,
        booking: &Booking,
        nameless: bool,
    ) -> Result<(), BookingError> {
        let Some(discount) = &booking.discount else { return Ok(()) };
        let key = keys::voucher(discount.voucher());
        tx.more(vec![key.key.clone()]).await?;
        let voucher = tx.get(&key)?.ok_or(BookingError::VoucherUnknown)?;
        if let Some(most) = voucher.max_uses_per_customer {
            match customer(booking) {
                Some(who) => self.count_for(tx, booking, discount.voucher(), &who, most).await?,
                None if booking.holder == Holder::Guest && !nameless => {
                    let detail = "this discount code is counted per customer: customer is required";
                    return Err(Invalid::one("customer", "required", detail).into());
                }
                None => {}
            }
        }
        let Some(most) = voucher.max_uses else { return Ok(()) };
        let (count_key, use_key) =
            (keys::voucher_count(discount.voucher()), keys::voucher_use(discount.voucher(), booking.id));
        tx.more(vec![count_key.key.clone(), use_key.key.clone()]).await?;
        if tx.get(&use_key)?.is_some() {
            // It had this code before, and nobody has taken the use from it.
            return Ok(());
        }
        let used = tx.get(&count_key)?.map_or(0, |count| count.used);
        // Once some were taken back, the count that was read is too old, and this attempt is made again.
        if used >= most && !self.reclaim(discount.voucher(), most).await? {
            let detail = format!("all {most} uses of the discount code are taken");
            return Err(BookingError::VoucherUsedUp { detail });
        }
        if tx.broken(Mutant::UsesUnchecked) {
            tx.uncheck(&count_key);
        }
        let mark = tx.mark();
        tx.put(&count_key, &VoucherCount { v: Form, used: used + 1, mark })?;
        tx.put(&use_key, &VoucherUse { v: Form })?;
        Ok(())
    }

    /// Takes uses from bookings that are over until there is room for another; whether there is.
    async fn reclaim(&self, voucher: VoucherId, most: u32) -> Result<bool, BookingError> {
        let key = keys::voucher_count(voucher);
        let mut tx = self.engine.begin();
        loop {
            let wanted = vec![key.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Relaxed, wanted).await? else { return Ok(false) };
            let used = tx.get(&key)?.map_or(0, |count| count.used);
            if used < most {
                return Ok(true);
            }
            let taken = self.take_back(&mut tx, voucher).await?.min(used);
            if taken == 0 {
                return Ok(false);
            }
            let mark = tx.mark();
            tx.put(&key, &VoucherCount { v: Form, used: used - taken, mark })?;
            if tx.commit(Durability::Relaxed, &()).await?.is_some() {
                tx = self.engine.begin();
            }
        }
    }

    /// Takes uses from bookings that are over; how many.
    async fn take_back(&self, tx: &mut Tx<'_>, voucher: VoucherId) -> Result<u32, BookingError> {
        let mut range = keys::voucher_uses(voucher);
        let mut taken = 0;
        for _ in 0..LOOKS {
            let rows = self.engine.scan_rows(&range, LOOK, false).await?;
            let found = rows.iter().filter_map(|row| row.key.rsplit('/').next()?.parse().ok());
            let found: Vec<BookingId> = found.collect();
            let known: Vec<bool> = found.iter().map(|id| tx.has_read(&keys::booking(*id))).collect();
            tx.more(found.iter().map(|id| keys::booking(*id).key).collect()).await?;
            for (id, known) in found.iter().zip(known) {
                let key = keys::booking(*id);
                let booking = tx.get(&key)?.filter(|booking| {
                    let takeable = rules::takeable_at(booking, &self.engine.policy);
                    is_over(booking, voucher, takeable, tx.now())
                });
                let Some(booking) = booking.filter(|_| taken < TAKE) else {
                    // What keeps its use may change as it likes.
                    if !known {
                        tx.uncheck(&key);
                    }
                    continue;
                };
                self.end_if_held(tx, booking, voucher)?;
                tx.delete(&keys::voucher_use(voucher, *id));
                taken += 1;
            }
            match rows.last() {
                Some(last) if taken == 0 && rows.len() == LOOK as usize => {
                    range.start = format!("{}!", last.key)
                }
                _ => break,
            }
        }
        Ok(u32::try_from(taken).unwrap_or(0))
    }

    /// A hold that is over and loses its use must not be confirmed late, by whatever clock.
    fn end_if_held(&self, tx: &mut Tx<'_>, booking: Booking, voucher: VoucherId) -> Result<(), BookingError> {
        if voucher_of(&booking) == Some(voucher) && booking.status == BookingStatus::Held {
            let (id, mark) = (booking.id, tx.mark());
            tx.put(&keys::booking(id), &super::hold::expired(booking, mark))?;
        }
        Ok(())
    }

    async fn count_for(
        &self,
        tx: &mut Tx<'_>,
        booking: &Booking,
        voucher: VoucherId,
        who: &str,
        most: u32,
    ) -> Result<(), BookingError> {
        let key = keys::voucher_customer(voucher, who);
        tx.more(vec![key.key.clone()]).await?;
        let earlier = tx.get(&key)?.map(|row| row.bookings).unwrap_or_default();
        tx.more(earlier.iter().map(|id| keys::booking(*id).key).collect()).await?;
        let mut live = vec![booking.id];
        for id in earlier.into_iter().filter(|id| *id != booking.id) {
            let Some(other) = tx.get(&keys::booking(id))? else { continue };
            if is_over(&other, voucher, rules::takeable_at(&other, &self.engine.policy), tx.now()) {
                self.end_if_held(tx, other, voucher)?;
            } else {
                live.push(id);
            }
        }
        if live.len() > most as usize {
            let detail = format!("a customer may use the discount code {most} times");
            return Err(BookingError::VoucherUsedUp { detail });
        }
        Ok(tx.put(&key, &VoucherCustomer { v: Form, bookings: live })?)
    }
}
