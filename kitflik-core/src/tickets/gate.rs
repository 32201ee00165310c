//! A gate without a network: it knows what it was given before, and remembers whom it let in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::token::{TicketError, TicketKey, TicketKeys, check_window};
use crate::error::{ErrorCode, Invalid, Validation};
use crate::ids::{BookingId, ShowId, TicketId, TicketType};
use crate::limits;
use crate::time::Timestamp;

/// A seat, as people at the door call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct GateSeat {
    /// What people call it.
    pub label: String,
    /// The part of the auditorium.
    pub section: String,
}

/// A ticket that was sold when a pack was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct GateTicket {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The number of its seat in the pack's `seats`.
    pub seat: u32,
    /// Its ticket type.
    pub ticket_type: TicketType,
    /// It is to be paid at the counter, and was not when the pack was made.
    #[serde(default)]
    pub due: bool,
}

/// A ticket that does not let in although it is genuine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct RefusedTicket {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Staff revoked it: why is not told to devices. If not, it was cancelled.
    #[serde(default)]
    pub revoked: bool,
}

/// A ticket that had let somebody in when a pack was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct GateUse {
    /// The ticket.
    pub ticket_id: TicketId,
    /// When, for the first time.
    pub at: Timestamp,
    /// At which device.
    pub device: String,
}

/// What a gate needs to let people into one show without a network. It holds no personal data and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct GatePack {
    /// The show.
    pub show_id: ShowId,
    /// What is shown.
    pub title: String,
    /// Where: the auditorium and the venue.
    pub place: String,
    /// When it starts.
    pub starts_at: Timestamp,
    /// From when its tickets let in.
    pub admits_from: Timestamp,
    /// Until when, that second included.
    pub admits_until: Timestamp,
    /// The public keys whose tickets are genuine.
    pub public_keys: Vec<String>,
    /// The seats, in the order of their numbers.
    pub seats: Vec<GateSeat>,
    /// The tickets that were sold when the pack was made. Others were sold later.
    pub tickets: Vec<GateTicket>,
    /// Genuine tickets that do not let in: revoked, cancelled or given back.
    pub refused: Vec<RefusedTicket>,
    /// Tickets that had let somebody in by then.
    #[serde(default)]
    pub used: Vec<GateUse>,
    /// Another one whenever anything above is different.
    pub version: String,
    /// When it was made.
    pub made_at: Timestamp,
}

/// One scan that let somebody in, as a device without a network keeps it until it uploads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// The show.
    pub show_id: ShowId,
    /// The booking that the ticket is part of.
    pub booking_id: BookingId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// The name of the device, 1 to 100 characters.
    pub device: String,
    /// What tells this scan from all others of the device: 1 to 64 visible ASCII characters.
    pub nonce: String,
    /// When, by the device's clock.
    pub at: Timestamp,
}

/// Somebody may go in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Admission {
    /// What to keep and to upload.
    pub scan: Scan,
    /// The seat's label; absent if the ticket was sold after the pack was made and the hall has another plan since.
    pub label: Option<String>,
    /// The part of the auditorium.
    pub section: Option<String>,
    /// The ticket type; absent if the ticket was sold after the pack was made.
    pub ticket_type: Option<TicketType>,
    /// Whether it is to be paid at the counter, and was not when the pack was made; absent if the ticket was sold after
    /// that: whoever lets in has to ask.
    pub due: Option<bool>,
}

/// Why a gate refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GateError {
    /// The ticket does not let in.
    #[error(transparent)]
    Ticket(#[from] TicketError),
    /// The pack, the log, the device's name or the nonce is not of its form.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl GateError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Ticket(error) => error.code(),
            Self::Invalid(_) => ErrorCode::ValidationFailed,
        }
    }
}

/// Refuses a device's name or a nonce that is out of its bounds. `place` is where they stand.
pub(crate) fn check_scan(place: &str, device: &str, nonce: Option<&str>, fields: &mut Validation) {
    fields.text(&format!("{place}device"), device, limits::MAX_DEVICE_CHARS);
    let most = limits::MAX_NONCE_CHARS;
    let good =
        |nonce: &str| (1..=most).contains(&nonce.len()) && nonce.bytes().all(|byte| byte.is_ascii_graphic());
    if nonce.is_some_and(|nonce| !good(nonce)) {
        let detail = format!("{place}nonce must have 1 to {most} visible ASCII characters");
        fields.refuse(format!("{place}nonce"), "invalid", detail);
    }
}

/// A gate that lets people into one show without a network.
///
/// It refuses what it let in before, and what had been let in when its pack was made; what other gates let in since it
/// cannot know, so their logs are merged later
/// ([`Bookings::merge_check_ins`](crate::Bookings::merge_check_ins)). The host keeps each
/// [`Admission::scan`] on the device before it opens the door, and gives them back when it starts again.
#[derive(Debug, Clone)]
pub struct OfflineGate {
    pack: GatePack,
    keys: TicketKeys,
    device: String,
    tickets: BTreeMap<TicketId, usize>,
    refused: BTreeMap<TicketId, TicketError>,
    /// Used before the pack was made, by its place in the pack.
    used_before: BTreeMap<TicketId, usize>,
    used: BTreeMap<TicketId, Scan>,
    log: Vec<Scan>,
}

impl OfflineGate {
    /// A gate with a pack, which has let in nobody yet.
    ///
    /// # Errors
    /// [`GateError::Invalid`] for a name that is no device's, [`GateError::Ticket`] for a key that is none.
    pub fn new(pack: GatePack, device: impl Into<String>) -> Result<Self, GateError> {
        let device = device.into();
        let mut fields = Validation::default();
        check_scan("", &device, None, &mut fields);
        fields.finish()?;
        let mut gate = Self {
            keys: keys_of(&pack)?,
            pack,
            device,
            tickets: BTreeMap::new(),
            refused: BTreeMap::new(),
            used_before: BTreeMap::new(),
            used: BTreeMap::new(),
            log: Vec::new(),
        };
        gate.look_up();
        Ok(gate)
    }

    /// A gate that goes on where its log ends: the text of [`OfflineGate::log`]. A last line that was cut off when the
    /// device lost its power counts as not written; but it is still in the host's file, so write that anew with
    /// [`OfflineGate::log`] before anything is appended.
    ///
    /// # Errors
    /// As [`OfflineGate::new`], and [`GateError::Invalid`] for a log that is damaged, naming the line.
    pub fn resume(pack: GatePack, device: impl Into<String>, log: &str) -> Result<Self, GateError> {
        let mut gate = Self::new(pack, device)?;
        for scan in read_log(log)? {
            gate.remember(scan);
        }
        Ok(gate)
    }

    /// Takes a newer pack of the same show.
    ///
    /// # Errors
    /// [`GateError::Invalid`] for another show's pack, [`GateError::Ticket`] for a key that is none. The old pack
    /// stays.
    pub fn renew(&mut self, pack: GatePack) -> Result<(), GateError> {
        if pack.show_id != self.pack.show_id {
            let detail =
                format!("the pack is of show {}, this gate is of {}", pack.show_id, self.pack.show_id);
            return Err(Invalid::one("show_id", "invalid", detail).into());
        }
        self.keys = keys_of(&pack)?;
        self.pack = pack;
        self.look_up();
        Ok(())
    }

    fn look_up(&mut self) {
        let sold = self.pack.tickets.iter().enumerate();
        self.tickets = sold.map(|(at, ticket)| (ticket.ticket_id, at)).collect();
        let used = self.pack.used.iter().enumerate();
        self.used_before = used.map(|(at, used)| (used.ticket_id, at)).collect();
        let refusal = |ticket: &RefusedTicket| {
            if ticket.revoked {
                TicketError::Revoked { reason: "the box office knows why".to_owned() }
            } else {
                TicketError::Cancelled
            }
        };
        self.refused = self.pack.refused.iter().map(|ticket| (ticket.ticket_id, refusal(ticket))).collect();
    }

    fn remember(&mut self, scan: Scan) {
        let earlier = self.used.get(&scan.ticket_id).is_some_and(|used| used.at <= scan.at);
        if !earlier {
            self.used.insert(scan.ticket_id, scan.clone());
        }
        self.log.push(scan);
    }

    /// Whether the holder of a ticket may go in now, by the device's clock. The same nonce again gets the same answer.
    ///
    /// # Errors
    /// [`GateError::Ticket`] says why not, [`GateError::Invalid`] is for a nonce out of its bounds.
    pub fn scan(&mut self, token: &str, nonce: &str, now: Timestamp) -> Result<Admission, GateError> {
        let mut fields = Validation::default();
        check_scan("", &self.device, Some(nonce), &mut fields);
        fields.finish()?;
        let claims = self.keys.verify(token.trim())?;
        if claims.show != self.pack.show_id {
            let right = claims.show.to_string();
            return Err(TicketError::WrongShow { show: claims.show, right }.into());
        }
        let used = self.used.get(&claims.ticket);
        let repeat = used.filter(|used| used.device == self.device && used.nonce == nonce).cloned();
        let scan = match repeat {
            Some(scan) => scan,
            None => {
                if let Some(refusal) = self.refused.get(&claims.ticket) {
                    return Err(refusal.clone().into());
                }
                check_window(self.pack.admits_from, self.pack.admits_until, now)?;
                if let Some(used) = used {
                    let (at, device) = (used.at, used.device.clone());
                    return Err(TicketError::AlreadyUsed { at, device }.into());
                }
                let before = self.used_before.get(&claims.ticket).and_then(|at| self.pack.used.get(*at));
                if let Some(used) = before {
                    let (at, device) = (used.at, used.device.clone());
                    return Err(TicketError::AlreadyUsed { at, device }.into());
                }
                let scan = Scan {
                    show_id: claims.show,
                    booking_id: claims.booking,
                    ticket_id: claims.ticket,
                    device: self.device.clone(),
                    nonce: nonce.to_owned(),
                    at: now,
                };
                self.remember(scan.clone());
                scan
            }
        };
        let sold = self.tickets.get(&claims.ticket).and_then(|at| self.pack.tickets.get(*at));
        let number = sold.map_or(claims.seat.index(), |sold| sold.seat as usize);
        let seat = self.pack.seats.get(number);
        Ok(Admission {
            scan,
            label: seat.map(|seat| seat.label.clone()),
            section: seat.map(|seat| seat.section.clone()),
            ticket_type: sold.map(|sold| sold.ticket_type.clone()),
            due: sold.map(|sold| sold.due),
        })
    }

    /// What it was given.
    #[must_use]
    pub fn pack(&self) -> &GatePack {
        &self.pack
    }

    /// Whom it let in, in that order.
    #[must_use]
    pub fn scans(&self) -> &[Scan] {
        &self.log
    }

    /// The log as text, a line for each scan.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.iter().map(log_line).collect()
    }
}

fn keys_of(pack: &GatePack) -> Result<TicketKeys, TicketError> {
    let keys: Result<Vec<TicketKey>, _> = pack.public_keys.iter().map(|key| key.parse()).collect();
    Ok(TicketKeys(keys?))
}

/// The line of a log that keeps a scan, with its end.
#[must_use]
pub fn log_line(scan: &Scan) -> String {
    // A scan has nothing that JSON cannot say.
    let mut line = serde_json::to_string(scan).unwrap_or_default();
    line.push('\n');
    line
}

/// How a line of a log begins. Nowhere else does one say that: the quotes within a text are escaped.
const LINE_START: &str = "{\"show_id\":";

/// Reads a log: what a gate has to upload. A last line without an end that cannot be read was cut off, and so was one
/// that the next was joined to.
///
/// # Errors
/// [`Invalid`] names the first line that is damaged.
pub fn read_log(log: &str) -> Result<Vec<Scan>, Invalid> {
    let mut scans = Vec::new();
    for (number, line) in log.split_inclusive('\n').enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut rest = line;
        while let Some(at) = rest.get(1..).and_then(|tail| tail.find(LINE_START)) {
            let (cut, joined) = rest.split_at(at + 1);
            scans.extend(serde_json::from_str::<Scan>(cut));
            rest = joined;
        }
        match serde_json::from_str::<Scan>(rest) {
            Ok(scan) => scans.push(scan),
            Err(_) if !line.ends_with('\n') => {}
            Err(error) => {
                let place = format!("log[{number}]");
                let detail = format!("line {} of the log is no scan: {error}", number + 1);
                return Err(Invalid::one(place, "invalid", detail));
            }
        }
    }
    Ok(scans)
}

#[cfg(test)]
mod tests;
