//! What a gate is given before it goes where there is no network.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::due;
use super::revoke::{Revoked, current_ticket};
use crate::actor::{Actor, Permission};
use crate::bookings::read::admits;
use crate::bookings::{BookingError, BookingStatus, Bookings};
use crate::error::EngineError;
use crate::ids::{BookingId, ShowId};
use crate::limits;
use crate::seats::layout::SeatNo;
use crate::store::keys;
use crate::store::records::RevokedTicket;
use crate::tickets::gate::{GatePack, GateSeat, GateTicket, GateUse, RefusedTicket};
use crate::tickets::token::reissued_ticket_id;

impl Bookings<'_> {
    /// What a gate needs to let people into a show without a network ([`OfflineGate`](crate::OfflineGate)): the keys,
    /// the seats, the tickets that were sold, those that do not let in, and those that were used.
    ///
    /// # Errors
    /// [`BookingError::NotFound`] for an unknown show, [`BookingError::Denied`] unless staff ask.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn gate_pack(&self, actor: &Actor, show: ShowId) -> Result<GatePack, BookingError> {
        actor.may(Permission::CheckIn)?;
        let engine = self.engine;
        let no_show = || BookingError::NotFound { what: "show" };
        let record = engine.get(&keys::show(show)).await?.ok_or_else(no_show)?;
        let made_at = engine.now();
        engine.catalog.look_again(); // the time that it tells must be the one that holds
        let catalogue = engine.catalogue().await?;
        let view = catalogue.show(show, made_at).ok_or_else(no_show)?;
        let layout = engine.layout(record.layout).await?;
        let layout = layout.ok_or_else(|| EngineError::internal("the layout is gone"))?;

        let mut revoked: BTreeMap<BookingId, Revoked> = BTreeMap::new();
        for (row, record) in engine.scan_all(&keys::revoked_tickets(show)).await? {
            if let Some((booking, ticket)) = keys::voided(&row.key) {
                revoked.entry(booking).or_default().insert(ticket, record);
            }
        }
        let returned = engine.scan_all(&keys::returned_tickets(show)).await?;
        let returned = returned.into_iter().filter_map(|(row, _)| keys::voided::<u16>(&row.key));
        let mut refused = BTreeMap::new();
        for ticket in revoked.values().flat_map(BTreeMap::keys) {
            refused.insert(*ticket, true);
        }
        let none = Revoked::new();
        for (booking, number) in returned {
            let revoked = revoked.get(&booking).unwrap_or(&none);
            // Each ticket that was ever given out for the seat.
            for generation in 0..=limits::MAX_REISSUES {
                let ticket = reissued_ticket_id(booking, SeatNo(number), generation);
                refused.insert(ticket, false);
                if !revoked.get(&ticket).is_some_and(|revoked: &RevokedTicket| revoked.reissued) {
                    break;
                }
            }
        }

        let pointers = engine.scan_all(&keys::seats(show)).await?;
        let sold: BTreeSet<BookingId> =
            pointers.iter().filter_map(|(_, pointer)| pointer.booking()).collect();
        let bookings = engine.get_many(sold.into_iter().map(keys::booking)).await?;
        let mut tickets = Vec::new();
        for (booking, _) in bookings.into_iter().flatten() {
            if booking.status != BookingStatus::Confirmed {
                continue;
            }
            let due = due(&booking).is_some();
            for seat in &booking.seats {
                let Some(ticket_id) =
                    current_ticket(&booking, seat, revoked.get(&booking.id).unwrap_or(&none))
                else {
                    continue;
                };
                if record.cancelled {
                    refused.insert(ticket_id, false);
                    continue;
                }
                // Cancelled and sold again between two reads: what is sold now lets in.
                refused.remove(&ticket_id);
                let (seat, ticket_type) = (u32::from(seat.number.0), seat.ticket_type.clone());
                tickets.push(GateTicket { ticket_id, seat, ticket_type, due });
            }
        }
        let mut used = Vec::new();
        for (row, record) in engine.scan_all(&keys::check_ins(show)).await? {
            let ticket = row.key.rsplit('/').next().and_then(|id| id.parse().ok());
            let known = ticket.zip(record.scans.into_iter().next());
            // One that is refused anyway says why by that.
            let Some((ticket_id, first)) = known.filter(|(ticket, _)| !refused.contains_key(ticket)) else {
                continue;
            };
            used.push(GateUse { ticket_id, at: first.at, device: first.device });
        }
        let (admits_from, admits_until) = admits(&record);
        let seats = layout.layout.seats().iter();
        let mut pack = GatePack {
            show_id: show,
            title: view.movie.title.clone(),
            place: format!("{}, {}", view.auditorium.name, view.venue.name),
            starts_at: record.starts_at,
            admits_from,
            admits_until,
            public_keys: engine.ticket_keys().0.iter().map(ToString::to_string).collect(),
            seats: seats
                .map(|seat| GateSeat { label: seat.label.clone(), section: seat.section.clone() })
                .collect(),
            tickets,
            refused: refused
                .into_iter()
                .map(|(ticket_id, revoked)| RefusedTicket { ticket_id, revoked })
                .collect(),
            used,
            version: String::new(),
            made_at: crate::Timestamp::from_millis(0),
        };
        let text = serde_json::to_vec(&pack)
            .map_err(|error| EngineError::internal(format!("a pack cannot be written: {error}")))?;
        pack.version = HEXLOWER.encode(&Sha256::digest(text)[..8]);
        pack.made_at = made_at;
        Ok(pack)
    }
}
