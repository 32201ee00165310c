//! Block and unblock: seats that the house keeps.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::hold::check_seat_list;
use super::rules::{self, Kept};
use super::{BookingError, BookingStatus, Bookings, SalesChannel};
use crate::actor::{Actor, Permission};
use crate::catalog::ShowStatus;
use crate::error::{EngineError, Invalid, Validation};
use crate::ids::{BookingId, CommandId, SeatId, ShowId, StaffId};
use crate::limits;
use crate::ports::storage::Durability;
use crate::seats::layout::{Layout, SeatNo};
use crate::store::keys;
use crate::store::records::{Form, HouseSeat, HouseSeats, SeatPointer, Show};
use crate::store::tx::{Loaded, Tx};
use crate::time::Timestamp;

/// Seats of a show that the house keeps: broken ones, those of the critics, a share of the box office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct BlockSeats {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The seats, 1 to 100, each once.
    pub seats: Vec<SeatId>,
    /// Why, for staff: 1 to 100 characters.
    pub reason: String,
    /// Which channels may sell them all the same; none if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub channels: Vec<SalesChannel>,
    /// From when on they are free for all; never if neither this nor `release_minutes_before` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub release_at: Option<Timestamp>,
    /// Instead of `release_at`: how many minutes before the show's start, as it is now, they are free for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub release_minutes_before: Option<u32>,
}

impl BlockSeats {
    /// Seats that nobody may buy until they are unblocked.
    #[must_use]
    pub fn new(seats: impl IntoIterator<Item = SeatId>, reason: impl Into<String>) -> Self {
        Self {
            command: None,
            seats: seats.into_iter().collect(),
            reason: reason.into(),
            channels: Vec::new(),
            release_at: None,
            release_minutes_before: None,
        }
    }
}

/// Seats of a show that the house does not keep any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct UnblockSeats {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The seats, 1 to 100, each once.
    pub seats: Vec<SeatId>,
}

/// A seat that the house keeps, as staff see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct HouseSeatView {
    /// The seat.
    pub seat: SeatId,
    /// What people call it.
    pub label: String,
    /// Why.
    pub reason: String,
    /// Which channels may sell it.
    pub channels: Vec<SalesChannel>,
    /// Who blocked it; absent if the host program did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<StaffId>,
    /// When it was blocked.
    pub blocked_at: Timestamp,
    /// From when on it is free for all; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_at: Option<Timestamp>,
    /// The booking that has it, if one of its channels sold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_id: Option<BookingId>,
}

/// Seats that were given to all, and the bookings that have them: what a receipt has room for.
type Given = Vec<(SeatNo, Option<BookingId>)>;

impl Bookings<'_> {
    /// Keeps seats of a show for the house, all or none. Seats that it keeps already get the new reason, channels and
    /// release. A seat that one of its channels sells is the house's again when that booking is over.
    ///
    /// Whoever may not have a house seat is told `seat_taken`, as of any other seat that is gone: whom it is kept for
    /// is nobody else's business. From the time of its release on it is free, without anybody doing anything.
    ///
    /// # Errors
    /// [`BookingError::Denied`] unless an admin, a manager or the box office asks, [`BookingError::SeatTaken`] with the
    /// seats that are held or sold, [`BookingError::UnknownSeat`], [`BookingError::Invalid`],
    /// [`BookingError::NotFound`], [`BookingError::NotOnSale`] for a show that is over or cancelled.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn block_seats(
        &self,
        actor: &Actor,
        show: ShowId,
        request: &BlockSeats,
    ) -> Result<Vec<HouseSeatView>, BookingError> {
        actor.may(Permission::BlockSeats)?;
        check_block(request)?;
        let engine = self.engine;
        let command = (show, request);
        let mut tx = engine.begin_command(actor, request.command.as_ref(), "block_seats", &command)?;
        let by = match actor {
            Actor::Staff { id, .. } => Some(*id),
            _ => None,
        };
        loop {
            let (hint, layout) = self.hint_and_layout(show).await?;
            let layout = &layout.layout;
            let seats = rules::numbers(layout, &request.seats)?;
            let mut wanted = vec![keys::show(show).key, keys::house_seats(show).key];
            wanted.extend(seats.iter().map(|seat| keys::seat(show, *seat).key));
            let answer = |house: &HouseSeat| -> Vec<HouseSeatView> {
                seats.iter().filter_map(|seat| view(layout, *seat, house, None)).collect()
            };
            if let Loaded::Replay(house) = tx.load::<HouseSeat>(Durability::Durable, wanted).await? {
                return Ok(answer(&house));
            }
            let record = tx.get(&keys::show(show))?.ok_or(BookingError::NotFound { what: "show" })?;
            if self.corrected(show, hint, &record) {
                continue;
            }
            not_over(&record, tx.now())?;
            let house = HouseSeat {
                by,
                reason: request.reason.clone(),
                channels: request.channels.clone(),
                at: tx.now(),
                release_at: release(request, &record, tx.now())?.map(Timestamp::millis),
            };
            let claims = self.claims(&mut tx, show, &seats, None, None).await?;
            let taken = claims.taken(layout);
            if !taken.is_empty() {
                return Err(BookingError::SeatTaken { seats: taken });
            }
            claims.expire_stale(&mut tx)?;
            for seat in &seats {
                tx.put(&keys::seat(show, *seat), &SeatPointer::House(house.clone()))?;
            }
            count_change(&mut tx, show)?;
            tx.note(labels(layout, &seats));
            // All have the same view: a receipt has no room for a hundred.
            if let Some(version) = tx.commit(Durability::Durable, &house).await? {
                engine.maps.keep(show, version, &seats, Some(Kept::of(&house)));
                return Ok(answer(&house));
            }
        }
    }

    /// Gives seats that the house keeps to all, and answers which ones it gave. Seats that it does not keep are passed
    /// over; a booking that has one keeps it.
    ///
    /// # Errors
    /// [`BookingError::Denied`] unless an admin, a manager or the box office asks, [`BookingError::UnknownSeat`],
    /// [`BookingError::Invalid`], [`BookingError::NotFound`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn unblock_seats(
        &self,
        actor: &Actor,
        show: ShowId,
        request: &UnblockSeats,
    ) -> Result<Vec<HouseSeatView>, BookingError> {
        actor.may(Permission::BlockSeats)?;
        let mut fields = Validation::default();
        check_seat_list(&request.seats, limits::MAX_SEATS_PER_BLOCK, &mut fields);
        fields.finish()?;
        let engine = self.engine;
        let command = (show, request);
        let mut tx = engine.begin_command(actor, request.command.as_ref(), "unblock_seats", &command)?;
        loop {
            let (hint, layout) = self.hint_and_layout(show).await?;
            let layout = &layout.layout;
            let seats = rules::numbers(layout, &request.seats)?;
            let mut wanted = vec![keys::show(show).key, keys::house_seats(show).key];
            wanted.extend(seats.iter().map(|seat| keys::seat(show, *seat).key));
            if let Loaded::Replay(given) = tx.load::<Given>(Durability::Durable, wanted).await? {
                // A repeat is told which seats, and no longer why they were kept.
                let house = HouseSeat {
                    by: None,
                    reason: String::new(),
                    channels: Vec::new(),
                    at: tx.now(),
                    release_at: None,
                };
                let given = given.into_iter();
                return Ok(given.filter_map(|(seat, booking)| view(layout, seat, &house, booking)).collect());
            }
            let record = tx.get(&keys::show(show))?.ok_or(BookingError::NotFound { what: "show" })?;
            if self.corrected(show, hint, &record) {
                continue;
            }
            let (mut given, mut views) = (Given::new(), Vec::new());
            for seat in seats {
                let key = keys::seat(show, seat);
                let Some(pointer) = tx.get(&key)? else { continue };
                let Some(house) = pointer.house() else { continue };
                match pointer.booking() {
                    Some(booking) => tx.put(&key, &SeatPointer::Booking(booking))?,
                    None => tx.delete(&key),
                }
                given.push((seat, pointer.booking()));
                views.extend(view(layout, seat, &house, pointer.booking()));
            }
            if given.is_empty() && request.command.is_none() {
                return Ok(views);
            }
            if !given.is_empty() {
                count_change(&mut tx, show)?;
                let seats: Vec<SeatNo> = given.iter().map(|(seat, _)| *seat).collect();
                tx.note(labels(layout, &seats));
            }
            if let Some(version) = tx.commit(Durability::Durable, &given).await? {
                let seats: Vec<SeatNo> = given.iter().map(|(seat, _)| *seat).collect();
                engine.maps.keep(show, version, &seats, None);
                return Ok(views);
            }
        }
    }

    /// The seats of a show that the house keeps, in the order of the layout. Those that are released are not among
    /// them.
    ///
    /// # Errors
    /// [`BookingError::Denied`] unless an admin, a manager or the box office asks, [`BookingError::NotFound`] or
    /// [`BookingError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn house_seats(&self, actor: &Actor, show: ShowId) -> Result<Vec<HouseSeatView>, BookingError> {
        actor.may(Permission::BlockSeats)?;
        let (_, layout) = self.hint_and_layout(show).await?;
        let now = self.engine.now();
        let pointers = self.engine.scan_all(&keys::seats(show)).await?;
        let kept: Vec<(SeatNo, HouseSeat, Option<BookingId>)> = pointers
            .into_iter()
            .filter_map(|(row, pointer)| {
                let house = pointer.house().filter(|house| !house.is_released(now))?;
                Some((keys::seat_number(&row.key)?, house, pointer.booking()))
            })
            .collect();
        let ids: Vec<BookingId> = kept.iter().filter_map(|(.., booking)| *booking).collect();
        let found = self.engine.get_many(ids.iter().copied().map(keys::booking)).await?;
        let live = |booking: &BookingStatus| {
            matches!(booking, BookingStatus::Held | BookingStatus::Confirming | BookingStatus::Confirmed)
        };
        let live: Vec<BookingId> = ids
            .into_iter()
            .zip(found)
            .filter(|(_, found)| found.as_ref().is_some_and(|(booking, _)| live(&booking.status)))
            .map(|(id, _)| id)
            .collect();
        let views = kept.iter().filter_map(|(seat, house, booking)| {
            view(&layout.layout, *seat, house, booking.filter(|booking| live.contains(booking)))
        });
        Ok(views.collect())
    }
}

fn check_block(request: &BlockSeats) -> Result<(), BookingError> {
    let mut fields = Validation::default();
    check_seat_list(&request.seats, limits::MAX_SEATS_PER_BLOCK, &mut fields);
    fields.text("reason", &request.reason, limits::MAX_BLOCK_REASON_CHARS);
    for (at, channel) in request.channels.iter().enumerate() {
        if request.channels.iter().take(at).any(|other| other == channel) {
            fields.refuse(format!("channels[{at}]"), "duplicate", "each channel once");
        }
    }
    if request.channels.contains(&SalesChannel::Online) {
        let detail = "seats that are sold online are not kept: allowed is box_office";
        fields.refuse("channels", "contradictory", detail);
    }
    if request.release_at.is_some() && request.release_minutes_before.is_some() {
        let detail = "give either release_at or release_minutes_before";
        fields.refuse("release_minutes_before", "contradictory", detail);
    }
    Ok(fields.finish()?)
}

fn not_over(show: &Show, now: Timestamp) -> Result<(), BookingError> {
    if show.frozen.is_some() {
        // Somebody counts on it that no seat changes hands now.
        return Err(EngineError::Contended.into());
    }
    let reason = match show.status(now) {
        ShowStatus::Scheduled | ShowStatus::OnSale | ShowStatus::Closed => return Ok(()),
        ShowStatus::Ended => "it is over".to_owned(),
        ShowStatus::Cancelled => "it is cancelled".to_owned(),
    };
    Err(BookingError::NotOnSale { reason })
}

/// When the seats are free for all.
fn release(request: &BlockSeats, show: &Show, now: Timestamp) -> Result<Option<Timestamp>, Invalid> {
    let minutes = |minutes: u32| show.starts_at.minus(Duration::from_secs(60 * u64::from(minutes)));
    let before_start = request.release_minutes_before.map(minutes);
    let path = if before_start.is_some() { "release_minutes_before" } else { "release_at" };
    match before_start.or(request.release_at) {
        Some(at) if at <= now => {
            let detail = format!("the seats would be released at {at}, which must be later than now, {now}");
            Err(Invalid::one(path, "out_of_range", detail))
        }
        at => Ok(at),
    }
}

fn count_change(tx: &mut Tx<'_>, show: ShowId) -> Result<(), BookingError> {
    let key = keys::house_seats(show);
    let changes = tx.get(&key)?.map_or(0, |row| row.changes) + 1;
    let mark = tx.mark();
    Ok(tx.put(&key, &HouseSeats { v: Form, changes, mark })?)
}

/// What the log says of the seats. A reason may name a person, so it does not stand there.
fn labels(layout: &Layout, seats: &[SeatNo]) -> String {
    let all = seats.iter().filter_map(|seat| Some(layout.seat(*seat)?.label.as_str()));
    let mut told: String = all.collect::<Vec<_>>().join(", ").chars().take(MOST_NOTED).collect();
    if told.chars().count() == MOST_NOTED {
        told.push('…');
    }
    told
}

/// Characters of labels in an entry of the log.
const MOST_NOTED: usize = 300;

fn view(
    layout: &Layout,
    seat: SeatNo,
    house: &HouseSeat,
    booking_id: Option<BookingId>,
) -> Option<HouseSeatView> {
    let seat = layout.seat(seat)?;
    Some(HouseSeatView {
        seat: seat.id.clone(),
        label: seat.label.clone(),
        reason: house.reason.clone(),
        channels: house.channels.clone(),
        by: house.by,
        blocked_at: house.at,
        release_at: house.release_at.map(Timestamp::from_millis),
        booking_id,
    })
}
