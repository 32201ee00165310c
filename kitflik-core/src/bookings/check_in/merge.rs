//! Merge: what devices did without a network comes together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::list::{CheckInFlag, flags};
use super::{rules, staff};
use crate::actor::{Actor, Permission};
use crate::bookings::{BookingError, Bookings};
use crate::error::{EngineError, Invalid, Validation};
use crate::ids::{BookingId, ShowId, TicketId};
use crate::limits;
use crate::ports::storage::Durability;
use crate::seats::layout::SeatNo;
use crate::store::keys;
use crate::store::records::{Booking, Scanned};
use crate::store::tx::{Loaded, Mutant, Tx};
use crate::tickets::gate::{Scan, check_scan};
use crate::tickets::token::reissued_ticket_id;

/// Tickets that one batch merges: all their rows at their longest fit one.
const TICKETS_AT_ONCE: usize = 20;

/// The log of a device that had no network, or a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct MergeCheckIns {
    /// The scans, 1 to 500.
    pub scans: Vec<Scan>,
}

/// A scan that somebody has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FlaggedScan {
    /// The scan.
    pub scan: Scan,
    /// Why: never empty.
    pub flags: Vec<CheckInFlag>,
}

/// What became of an upload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MergedCheckIns {
    /// Scans that were not known before.
    pub merged: u32,
    /// Scans that were known, or undone by staff.
    pub known: u32,
    /// Scans that somebody has to look at, new and known ones. They are kept, but for those of unknown tickets.
    pub flagged: Vec<FlaggedScan>,
}

/// Which ticket of which show.
type Ticket = (ShowId, BookingId, TicketId);

impl Bookings<'_> {
    /// Merges what devices scanned without a network. The earliest scan of a ticket, by the devices' clocks, counts as
    /// its check-in; the others are kept and flagged, and so are scans of tickets that were cancelled or revoked
    /// meanwhile. A ticket that its booking never had is unknown, and its scans are not kept. In which order devices
    /// upload, in which parts, and how often, makes no difference.
    ///
    /// If it fails in the middle, some of the scans are merged: upload all of them again.
    ///
    /// # Errors
    /// [`BookingError::Denied`] unless staff ask, [`BookingError::Invalid`] for scans out of bounds.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn merge_check_ins(
        &self,
        actor: &Actor,
        request: &MergeCheckIns,
    ) -> Result<MergedCheckIns, BookingError> {
        actor.may(Permission::CheckIn)?;
        check(request)?;
        let mut by_ticket: BTreeMap<Ticket, Vec<&Scan>> = BTreeMap::new();
        for scan in &request.scans {
            by_ticket.entry((scan.show_id, scan.booking_id, scan.ticket_id)).or_default().push(scan);
        }
        let tickets: Vec<_> = by_ticket.into_iter().collect();
        let mut merged = MergedCheckIns::default();
        for tickets in tickets.chunks(TICKETS_AT_ONCE) {
            let part = self.merge_some(actor, request, tickets).await?;
            merged.merged += part.merged;
            merged.known += part.known;
            merged.flagged.extend(part.flagged);
        }
        Ok(merged)
    }

    async fn merge_some(
        &self,
        actor: &Actor,
        request: &MergeCheckIns,
        tickets: &[(Ticket, Vec<&Scan>)],
    ) -> Result<MergedCheckIns, BookingError> {
        let mut tx = self.engine.begin_command(actor, None, "merge_check_ins", request)?;
        loop {
            let wanted = tickets.iter().flat_map(|((show, booking, ticket), _)| {
                let revoked = keys::revoked_ticket(*show, *booking, *ticket);
                [keys::check_in(*show, *ticket).key, keys::booking(*booking).key, revoked.key]
            });
            let mut wanted: Vec<_> = wanted.collect();
            wanted.sort_unstable();
            wanted.dedup();
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { continue };
            let (mut told, mut changed) = (MergedCheckIns::default(), false);
            for ((show, id, ticket), scans) in tickets {
                let key = keys::check_in(*show, *ticket);
                let (booking_key, revoked_key) =
                    (keys::booking(*id), keys::revoked_ticket(*show, *id, *ticket));
                let booking = tx.get(&booking_key)?.filter(|booking| booking.show == *show);
                let revoked = tx.get(&revoked_key)?.is_some();
                // What is flagged is told as it is now; the scan is kept whatever becomes of the sale meanwhile.
                tx.uncheck(&booking_key);
                tx.uncheck(&revoked_key);
                let used = tx.get(&key)?;
                // A booking that never sold anything has no tickets.
                let sold = booking.filter(|booking| booking.decided_at.is_some());
                let sold = sold.filter(|_| used.as_ref().is_none_or(|used| used.booking == *id));
                let given_out = match &sold {
                    Some(booking) => self.was_given_out(&mut tx, booking, *ticket).await?,
                    None => false,
                };
                let Some(booking) = sold.filter(|_| given_out) else {
                    let flags = vec![CheckInFlag::Unknown];
                    told.flagged.extend(
                        scans.iter().map(|scan| FlaggedScan { scan: (*scan).clone(), flags: flags.clone() }),
                    );
                    continue;
                };
                let mut used = used.unwrap_or_else(|| rules::unused(*id));
                let mut new = false;
                for scan in scans {
                    let added = rules::add(&mut used, scanned(scan, actor));
                    told.merged += u32::from(added);
                    told.known += u32::from(!added);
                    new |= added;
                }
                let flags = flags(&used, &booking, *ticket, revoked);
                if !flags.is_empty() {
                    let kept =
                        scans.iter().filter(|scan| !rules::is_undone(&used, &scan.device, &scan.nonce));
                    told.flagged
                        .extend(kept.map(|scan| FlaggedScan { scan: (*scan).clone(), flags: flags.clone() }));
                }
                if new {
                    changed = true;
                    tx.put(&key, &used)?;
                    if tx.broken(Mutant::MergeUnchecked) {
                        tx.uncheck(&key);
                    }
                } else {
                    tx.uncheck(&key);
                }
            }
            if !changed {
                tx.barrier(Durability::Durable).await?;
                return Ok(told);
            }
            tx.note(format!("{} scans, {} of them new", told.merged + told.known, told.merged));
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(told);
            }
        }
    }

    /// Whether a ticket was ever given out for a booking: for a seat that it has, or for one that went back.
    async fn was_given_out(
        &self,
        tx: &mut Tx<'_>,
        booking: &Booking,
        ticket: TicketId,
    ) -> Result<bool, EngineError> {
        let place = match rules::seat_of(booking, ticket) {
            Some((seat, generation)) => Some((seat.ticket.unwrap_or(seat.number), generation)),
            None => {
                let range = keys::returned_tickets_of(booking.show, booking.id);
                let rows = self.engine.scan_all(&range).await?;
                let numbers = rows.iter().filter_map(|(row, _)| keys::voided::<u16>(&row.key));
                rules::number_of(booking.id, numbers.map(|(_, number)| SeatNo(number)), ticket)
            }
        };
        let Some((number, generation)) = place else { return Ok(false) };
        let Some(before) = generation.checked_sub(1) else { return Ok(true) };
        let before = reissued_ticket_id(booking.id, number, before);
        let key = keys::revoked_ticket(booking.show, booking.id, before);
        tx.more(vec![key.key.clone()]).await?;
        let given_out = tx.get(&key)?.is_some_and(|revoked| revoked.reissued);
        // What was given out stays so.
        tx.uncheck(&key);
        Ok(given_out)
    }
}

fn scanned(scan: &Scan, actor: &Actor) -> Scanned {
    Scanned {
        at: scan.at,
        device: scan.device.clone(),
        nonce: scan.nonce.clone(),
        offline: true,
        by: staff(actor),
    }
}

fn check(request: &MergeCheckIns) -> Result<(), Invalid> {
    let most = limits::MAX_SCANS_PER_MERGE;
    if request.scans.is_empty() || request.scans.len() > most {
        let detail = format!("scans has {} items, allowed are 1 to {most}", request.scans.len());
        return Err(Invalid::one("scans", "out_of_range", detail));
    }
    let mut fields = Validation::default();
    for (number, scan) in request.scans.iter().enumerate() {
        check_scan(&format!("scans[{number}]."), &scan.device, Some(&scan.nonce), &mut fields);
    }
    fields.finish()
}
