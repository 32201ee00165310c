//! The gate: with a network, and without one.

use kitflik_core::{
    Actor, Admission, BookingError, BookingId, CheckIn, CheckInCount, CheckInQuery, CheckInView, CheckedIn,
    GateError, GatePack, KitflikError, MergeCheckIns, MergedCheckIns, RevokeTicket, RevokedTicketView, Scan,
    ShowId, TicketId, Timestamp, UndoCheckIn,
};
use parking_lot::Mutex;

use crate::bookings::Bookings;
use crate::catalog::page;
use crate::guard::{guard, guarded};

page! {
    /// A page of tickets that were used.
    CheckInPage of CheckInView
}

#[uniffi::export]
impl Bookings {
    /// Lets the holder of a ticket in, once. The same device with the same nonce gets the same answer again.
    ///
    /// # Errors
    /// `Ticket` says why not, with a code for each reason.
    pub async fn check_in(&self, actor: Actor, request: CheckIn) -> Result<CheckedIn, KitflikError> {
        guarded(self.kitflik.bookings().check_in(&actor, &request)).await
    }

    /// Takes a check-in back: the ticket may be used again.
    ///
    /// # Errors
    /// `not_found` for a ticket that nobody used, `Invalid` without a reason.
    pub async fn undo_check_in(&self, actor: Actor, request: UndoCheckIn) -> Result<(), KitflikError> {
        guarded(self.kitflik.bookings().undo_check_in(&actor, &request)).await
    }

    /// Merges what devices scanned without a network. Order, parts and repeats make no difference.
    ///
    /// # Errors
    /// `Invalid` for scans out of bounds.
    pub async fn merge_check_ins(
        &self,
        actor: Actor,
        request: MergeCheckIns,
    ) -> Result<MergedCheckIns, KitflikError> {
        guarded(self.kitflik.bookings().merge_check_ins(&actor, &request)).await
    }

    /// How many are in, of how many tickets that are sold.
    ///
    /// # Errors
    /// `not_found`, `unauthenticated` or `forbidden`.
    pub async fn check_in_count(&self, actor: Actor, show: ShowId) -> Result<CheckInCount, KitflikError> {
        guarded(self.kitflik.bookings().check_in_count(&actor, show)).await
    }

    /// A page of the tickets of a show that were used.
    ///
    /// # Errors
    /// `not_found`, `unauthenticated`, `forbidden` or `validation_failed`.
    pub async fn check_ins(
        &self,
        actor: Actor,
        show: ShowId,
        query: CheckInQuery,
    ) -> Result<CheckInPage, KitflikError> {
        let bookings = self.kitflik.bookings();
        guarded(async { Ok::<_, BookingError>(bookings.check_ins(&actor, show, &query).await?.into()) }).await
    }

    /// What a gate without a network needs, as JSON to keep in a file: [`OfflineGate`] reads it.
    ///
    /// # Errors
    /// `not_found`, `unauthenticated` or `forbidden`.
    pub async fn gate_pack(&self, actor: Actor, show: ShowId) -> Result<String, KitflikError> {
        let pack = guarded(self.kitflik.bookings().gate_pack(&actor, show)).await?;
        serde_json::to_string(&pack).map_err(KitflikError::invalid)
    }

    /// Makes a ticket invalid; with `reissue` the booking gets another one for its seat.
    ///
    /// # Errors
    /// `not_found`, `booking_state`, `Ticket` for a cancelled one, `Invalid` without a reason.
    pub async fn revoke_ticket(
        &self,
        actor: Actor,
        booking: BookingId,
        ticket: TicketId,
        request: RevokeTicket,
    ) -> Result<RevokedTicketView, KitflikError> {
        guarded(self.kitflik.bookings().revoke_ticket(&actor, booking, ticket, &request)).await
    }
}

/// A gate that lets people into one show without a network. Keep the line of each scan on the device before the door
/// opens.
#[derive(Debug, uniffi::Object)]
pub struct OfflineGate {
    gate: Mutex<kitflik_core::OfflineGate>,
}

#[uniffi::export]
impl OfflineGate {
    /// A gate with a pack (the text that [`Bookings::gate_pack`] gave) that goes on where its log ends: the lines that
    /// were kept, or an empty text. A last line that was cut off counts as not written; write the file anew with
    /// [`OfflineGate::log`] before anything is appended to it.
    ///
    /// # Errors
    /// `Invalid` for a pack, a name or a log that is not of its form.
    #[uniffi::constructor]
    pub fn new(pack: String, device: String, log: String) -> Result<Self, KitflikError> {
        let pack: GatePack = serde_json::from_str(&pack).map_err(KitflikError::invalid)?;
        let gate = guard(|| kitflik_core::OfflineGate::resume(pack, device, &log))?;
        Ok(Self { gate: Mutex::new(gate) })
    }

    /// Takes a newer pack of the same show.
    ///
    /// # Errors
    /// `Invalid`; the old pack stays.
    pub fn renew(&self, pack: String) -> Result<(), KitflikError> {
        let pack: GatePack = serde_json::from_str(&pack).map_err(KitflikError::invalid)?;
        guard(|| self.gate.lock().renew(pack))
    }

    /// Whether the holder of a ticket may go in now, by the device's clock. The same nonce again gets the same answer.
    ///
    /// # Errors
    /// `Ticket` says why not.
    pub fn scan(&self, token: String, nonce: String, now: Timestamp) -> Result<Admission, KitflikError> {
        guard(|| self.gate.lock().scan(&token, &nonce, now))
    }

    /// What to upload.
    #[must_use]
    pub fn scans(&self) -> Vec<Scan> {
        self.gate.lock().scans().to_vec()
    }

    /// The log as text, a line for each scan.
    #[must_use]
    pub fn log(&self) -> String {
        self.gate.lock().log()
    }

    /// The name of the show, where and when: for the display of the device.
    #[must_use]
    pub fn show(&self) -> String {
        let gate = self.gate.lock();
        let pack = gate.pack();
        format!("{}, {}, {}", pack.title, pack.place, pack.starts_at)
    }
}

/// The line of a gate's log that keeps a scan, with its end.
#[uniffi::export]
#[must_use]
pub fn gate_log_line(scan: Scan) -> String {
    kitflik_core::log_line(&scan)
}

/// Reads a gate's log: what is to be uploaded.
///
/// # Errors
/// `Invalid` names the first line that is damaged.
#[uniffi::export]
pub fn read_gate_log(log: String) -> Result<Vec<Scan>, KitflikError> {
    guard(|| kitflik_core::read_log(&log).map_err(GateError::from))
}
