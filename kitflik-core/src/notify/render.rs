//! What a mail says. It is rendered when it is sent, from what is stored then.

use minijinja::{Value, context};

use super::Notify;
use super::language::Language;
use super::templates::Said;
use crate::bookings::{BookingStatus, CancelledBy};
use crate::error::EngineError;
use crate::ids::{BookingId, UserId};
use crate::kitflik::Engine;
use crate::ports::mailer::{Attachment, Email};
use crate::store::keys;
use crate::store::records::{Booking, Holder, MailContent, MailedCode, Outbox};
use crate::tickets::calendar::{CalendarEvent, calendar};
use crate::tickets::qr::qr_png;
use crate::users::Purpose;

/// The digits of a code, and the link that does the same.
type MailedSecret = (String, Option<String>);

/// What a mail's templates are filled with, and what goes with it.
type Filling = (Value, Vec<Attachment>);

impl MailContent {
    /// The name of its templates.
    pub(super) fn template(&self) -> &'static str {
        match self {
            Self::Welcome { .. } => "welcome",
            Self::AlreadyRegistered => "already_registered",
            Self::StaffInvited { .. } => "staff_invited",
            Self::VerifyEmail { .. } => "verify_email",
            Self::PasswordCode { .. } => "password_code",
            Self::PasswordChanged => "password_changed",
            Self::EmailCode { .. } => "email_code",
            Self::EmailChanging => "email_changing",
            Self::EmailChanged => "email_changed",
            Self::SessionReused => "session_reused",
            Self::AccountDeleted => "account_deleted",
            Self::BookingConfirmed { .. } => "booking_confirmed",
            Self::BookingCancelled { .. } => "booking_cancelled",
            Self::ShowMoved { .. } => "show_moved",
            Self::TicketsReturned { .. } => "tickets_returned",
            Self::PaymentReturned { .. } => "payment_returned",
            Self::ShowCancelled { .. } => "show_cancelled",
            Self::NewReleases { .. } => "new_releases",
            Self::ShowReminder { .. } => "show_reminder",
            Self::OccupancyReport { .. } => "occupancy_report",
        }
    }

    /// The booking that it is about.
    pub(super) fn booking(&self) -> Option<BookingId> {
        match self {
            Self::BookingConfirmed { booking }
            | Self::BookingCancelled { booking }
            | Self::TicketsReturned { booking, .. }
            | Self::PaymentReturned { booking, .. }
            | Self::ShowCancelled { booking }
            | Self::ShowReminder { booking }
            | Self::ShowMoved { booking, .. } => Some(*booking),
            _ => None,
        }
    }

    /// Whether nobody has to get it. Such a mail goes only to customers who want to hear of offers, and tells them how
    /// to end it: its context has `unsubscribe`, a link or none.
    pub(super) fn is_optional(&self) -> bool {
        match self {
            Self::Welcome { .. }
            | Self::AlreadyRegistered
            | Self::StaffInvited { .. }
            | Self::VerifyEmail { .. }
            | Self::PasswordCode { .. }
            | Self::PasswordChanged
            | Self::EmailCode { .. }
            | Self::EmailChanging
            | Self::EmailChanged
            | Self::SessionReused
            | Self::AccountDeleted
            | Self::BookingConfirmed { .. }
            | Self::BookingCancelled { .. }
            | Self::TicketsReturned { .. }
            | Self::PaymentReturned { .. }
            | Self::ShowCancelled { .. }
            | Self::ShowReminder { .. }
            | Self::OccupancyReport { .. }
            | Self::ShowMoved { .. } => false,
            Self::NewReleases { .. } => true,
        }
    }

    /// Whether it is sent even if its reader's account is gone: it says so, or what becomes of their money.
    pub(crate) fn outlives_the_account(&self) -> bool {
        matches!(
            self,
            Self::AccountDeleted
                | Self::BookingCancelled { .. }
                | Self::PaymentReturned { .. }
                | Self::ShowCancelled { .. }
        )
    }
}

impl Notify<'_> {
    /// The mail; `None` if what it was about is gone, or whom it was for.
    pub(super) async fn render(&self, mail: &Outbox) -> Result<Option<Email>, EngineError> {
        let engine = self.engine;
        let mut locale = mail.locale.clone();
        let optional = mail.content.is_optional();
        let mut unsubscribe = None;
        if let Some(id) = self.owner(mail).await? {
            match engine.get(&keys::user(id)).await? {
                Some(user) if optional && !user.marketing_consent => return Ok(None),
                Some(user) => {
                    locale = user.locale;
                    unsubscribe = engine.unsubscribe_link(id).filter(|_| optional);
                }
                None if mail.content.outlives_the_account() => {}
                None => return Ok(None),
            }
        }
        let template = mail.content.template();
        let wanted = locale.iter().chain([&engine.policy.default_locale]).map(String::as_str);
        let language = engine.templates.language(template, wanted);
        let Some((context, attachments)) = self.filling(mail, language).await? else { return Ok(None) };
        let context = if optional {
            context! { unsubscribe => &unsubscribe, ..context }
        } else {
            context
        };
        let house = &engine.policy.house_name;
        let said = engine.templates.say(template, language, house, context);
        let Said { subject, text, html } =
            said.map_err(|error| EngineError::internal(format!("a template of a mail failed: {error}")))?;
        let (id, to, to_name) = (mail.mail, mail.to.clone(), mail.to_name.clone());
        Ok(Some(Email { id, to, to_name, subject, text, html, attachments, unsubscribe }))
    }

    /// Whose account the mail is for, if it is for one.
    pub(crate) async fn owner(&self, mail: &Outbox) -> Result<Option<UserId>, EngineError> {
        if let MailContent::NewReleases { user, .. } = &mail.content {
            return Ok(Some(*user));
        }
        match (mail.user, mail.content.booking()) {
            (None, Some(booking)) => {
                let booking = self.engine.get(&keys::booking(booking)).await?;
                Ok(booking.and_then(|booking| match booking.holder {
                    Holder::User(id) => Some(id),
                    _ => None,
                }))
            }
            (user, _) => Ok(user),
        }
    }

    /// What the mail tells; `None` if there is nothing to say any more.
    async fn filling(&self, mail: &Outbox, language: Language<'_>) -> Result<Option<Filling>, EngineError> {
        let code = match &mail.content {
            MailContent::AlreadyRegistered
            | MailContent::PasswordChanged
            | MailContent::EmailChanging
            | MailContent::EmailChanged
            | MailContent::SessionReused
            | MailContent::AccountDeleted => {
                return Ok(Some((context! { name => &mail.to_name }, Vec::new())));
            }
            MailContent::StaffInvited { staff } => {
                let record = self.engine.get(&keys::staff(*staff)).await?;
                // Accepted meanwhile, or the account was disabled: there is nothing to accept.
                let Some(record) = record else { return Ok(None) };
                let Some(token) = self.engine.invitation_token(*staff, &record) else { return Ok(None) };
                let role = record.role.as_str();
                let context = context! { token, role, name => record.name, email => record.email };
                return Ok(Some((context, Vec::new())));
            }
            MailContent::BookingConfirmed { booking } => {
                return self.booking_confirmed(*booking, mail, language).await;
            }
            MailContent::ShowMoved { booking, from, auditorium, zone } => {
                let Some((context, attachments)) = self.booking_confirmed(*booking, mail, language).await?
                else {
                    return Ok(None);
                };
                let zone = match zone {
                    Some(zone) => Some(*zone),
                    None => self.zone_of(*booking).await?,
                };
                let Some(zone) = zone else { return Ok(None) };
                let from = language.moment(*from, zone);
                return Ok(Some((context! { from, from_auditorium => auditorium, ..context }, attachments)));
            }
            MailContent::BookingCancelled { booking } | MailContent::ShowCancelled { booking } => {
                return self.booking_cancelled(*booking, mail, language).await;
            }
            MailContent::TicketsReturned { booking, number } => {
                return self.tickets_returned(*booking, *number, mail, language).await;
            }
            MailContent::PaymentReturned { booking, charge } => {
                return self.payment_returned(*booking, *charge, mail, language).await;
            }
            MailContent::NewReleases { .. }
            | MailContent::ShowReminder { .. }
            | MailContent::OccupancyReport { .. } => {
                let said = crate::Jobs { engine: self.engine }.mail(mail, language).await?;
                return Ok(said.map(|context| (context, Vec::new())));
            }
            // A welcome has something to say without a code, too.
            MailContent::Welcome { code: Some(code) } => self.secret(Purpose::VerifyEmail, code).await?,
            MailContent::Welcome { code: None } => None,
            MailContent::VerifyEmail { code } => {
                let Some(code) = self.secret(Purpose::VerifyEmail, code).await? else { return Ok(None) };
                Some(code)
            }
            MailContent::PasswordCode { code } => {
                let Some(code) = self.secret(Purpose::ResetPassword, code).await? else { return Ok(None) };
                Some(code)
            }
            MailContent::EmailCode { code } => {
                let Some(code) = self.secret(Purpose::ChangeEmail, code).await? else { return Ok(None) };
                Some(code)
            }
        };
        let (code, link) = code.unzip();
        Ok(Some((context! { name => &mail.to_name, code, link => link.flatten() }, Vec::new())))
    }

    /// The digits of a code, and the link that does the same if the house has pages.
    async fn secret(&self, purpose: Purpose, code: &MailedCode) -> Result<Option<MailedSecret>, EngineError> {
        let engine = self.engine;
        if engine.live_code(purpose, code).await?.is_none() {
            return Ok(None);
        }
        let link = engine.policy.public_url.as_deref().map(|base| {
            let base = base.trim_end_matches('/');
            // What follows the `#` stays in the browser: it is in no log.
            match purpose {
                Purpose::ResetPassword => format!("{base}/reset-password"),
                Purpose::VerifyEmail => {
                    format!("{base}/verify-email#token={}", engine.mailed_token(purpose, code))
                }
                Purpose::ChangeEmail => {
                    format!("{base}/confirm-email#token={}", engine.mailed_token(purpose, code))
                }
            }
        });
        Ok(Some((engine.mailed_digits(purpose, code), link)))
    }

    /// What every mail about a booking tells.
    async fn about_booking(
        &self,
        booking: &Booking,
        mail: &Outbox,
        language: Language<'_>,
    ) -> Result<Option<Value>, EngineError> {
        let engine = self.engine;
        engine.catalog.look_again(); // the time that it tells must be the one that holds
        let catalogue = engine.catalogue().await?;
        let Some(show) = catalogue.show(booking.show, engine.now()) else { return Ok(None) };
        let seats: Vec<&str> = booking.seats.iter().map(|seat| seat.id.as_str()).collect();
        Ok(Some(context! {
            name => &mail.to_name,
            booking => booking.id.to_string(),
            movie => &show.movie.title,
            venue => &show.venue.name,
            auditorium => &show.auditorium.name,
            starts_at => language.moment(show.starts_at, show.venue.zone),
            zone => show.venue.zone.to_string(),
            seats => seats.join(", "),
        }))
    }

    async fn zone_of(&self, booking: BookingId) -> Result<Option<crate::Zone>, EngineError> {
        let Some(booking) = self.engine.get(&keys::booking(booking)).await? else { return Ok(None) };
        let catalogue = self.engine.catalogue().await?;
        Ok(catalogue.show(booking.show, self.engine.now()).map(|show| show.venue.zone))
    }

    async fn booking_confirmed(
        &self,
        id: BookingId,
        mail: &Outbox,
        language: Language<'_>,
    ) -> Result<Option<Filling>, EngineError> {
        let engine = self.engine;
        let Some(booking) = engine.get(&keys::booking(id)).await? else { return Ok(None) };
        let Some(about) = self.about_booking(&booking, mail, language).await? else { return Ok(None) };
        let issued = match (crate::Bookings { engine }).issue(&booking).await {
            Ok(issued) => issued,
            // Cancelled meanwhile: another mail says so.
            Err(crate::BookingError::State { .. }) => return Ok(None),
            Err(error) => return Err(EngineError::internal(error.to_string())),
        };
        let mut attachments = Vec::with_capacity(issued.len() + 1);
        let mut lines = Vec::with_capacity(issued.len());
        for ticket in &issued {
            let png = qr_png(&ticket.token).map_err(|error| EngineError::internal(error.to_string()))?;
            let cid = format!("ticket-{}", ticket.id);
            lines.push(context! {
                seat => &ticket.seat.label,
                section => &ticket.seat.section,
                ticket_type => language.ticket_type(ticket.seat.ticket_type.as_str()),
                price => language.money(ticket.seat.price),
                cid => &cid,
            });
            attachments.push(Attachment {
                file_name: format!("ticket-{}.png", lines.len()),
                content_type: "image/png".to_owned(),
                content_id: Some(cid),
                content: png,
            });
        }
        attachments.push(Attachment {
            file_name: "show.ics".to_owned(),
            content_type: "text/calendar; charset=utf-8; method=PUBLISH".to_owned(),
            content_id: None,
            content: engine.calendar_in(&booking, language).await?.into_bytes(),
        });
        let unpaid = booking.payment.as_ref().is_some_and(|payment| payment.charge.is_none());
        let due = unpaid && booking.total.amount_minor > 0;
        let total = language.money(booking.total);
        Ok(Some((context! { tickets => lines, total, due, unpaid, ..about }, attachments)))
    }

    /// Which tickets went back, and the confirmation once more for those that stay.
    async fn tickets_returned(
        &self,
        id: BookingId,
        number: u32,
        mail: &Outbox,
        language: Language<'_>,
    ) -> Result<Option<Filling>, EngineError> {
        let Some(returned) = self.engine.get(&keys::returned(id, number)).await? else { return Ok(None) };
        // Cancelled meanwhile: another mail says so.
        let Some((context, attachments)) = self.booking_confirmed(id, mail, language).await? else {
            return Ok(None);
        };
        let seats: Vec<&str> = returned.tickets.iter().map(|ticket| ticket.seat.as_str()).collect();
        let refund = (returned.refund.amount_minor > 0).then(|| language.money(returned.refund));
        let context = context! {
            seats => seats.join(", "),
            by_house => returned.by == CancelledBy::House,
            reason => &returned.reason,
            refund,
            ..context
        };
        Ok(Some((context, attachments)))
    }

    async fn payment_returned(
        &self,
        id: BookingId,
        charge: u32,
        mail: &Outbox,
        language: Language<'_>,
    ) -> Result<Option<Filling>, EngineError> {
        let Some(booking) = self.engine.get(&keys::booking(id)).await? else { return Ok(None) };
        let Some(charge) = self.engine.get(&keys::charge(id, charge)).await? else { return Ok(None) };
        let Some(about) = self.about_booking(&booking, mail, language).await? else { return Ok(None) };
        let amount = language.money(charge.amount);
        let stands = booking.status == BookingStatus::Confirmed;
        Ok(Some((context! { amount, stands, ..about }, Vec::new())))
    }

    async fn booking_cancelled(
        &self,
        id: BookingId,
        mail: &Outbox,
        language: Language<'_>,
    ) -> Result<Option<Filling>, EngineError> {
        let Some(booking) = self.engine.get(&keys::booking(id)).await? else { return Ok(None) };
        let Some(cancellation) = &booking.cancellation else { return Ok(None) };
        let Some(about) = self.about_booking(&booking, mail, language).await? else { return Ok(None) };
        let context = context! {
            by_house => cancellation.by == CancelledBy::House,
            reason => &cancellation.reason,
            refund => cancellation.refund.as_ref().map(|refund| language.money(refund.amount)),
            kept => booking.payment.as_ref().is_some_and(|payment| payment.charge.is_some()),
            ..about
        };
        Ok(Some((context, Vec::new())))
    }
}

impl Engine {
    /// The show of a booking as an iCalendar file.
    pub(crate) async fn calendar(&self, booking: &Booking) -> Result<String, EngineError> {
        let language = Language::new(&self.policy.default_locale);
        self.calendar_in(booking, language).await
    }

    async fn calendar_in(&self, booking: &Booking, language: Language<'_>) -> Result<String, EngineError> {
        let catalogue = self.catalogue().await?;
        // A calendar replaces an entry by one that was made later.
        let moved_at = catalogue.shows.get(&booking.show).and_then(|show| show.moved_at);
        let show = catalogue.show(booking.show, self.now());
        let show = show.ok_or_else(|| EngineError::internal(format!("the show {} is gone", booking.show)))?;
        let seats: Vec<&str> = booking.seats.iter().map(|seat| seat.id.as_str()).collect();
        Ok(calendar(&CalendarEvent {
            uid: format!("{}@kitflik", booking.id),
            title: show.movie.title,
            starts: show.starts_at,
            ends: show.ends_at,
            zone: Some(show.venue.zone),
            url: None,
            location: format!("{}, {}, {}", show.auditorium.name, show.venue.name, show.venue.city),
            description: language.seats(&seats.join(", ")),
            stamp: booking.decided_at.max(moved_at).map_or(booking.created_at, crate::Timestamp::from_millis),
        }))
    }
}
