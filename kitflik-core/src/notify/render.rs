//! What a mail says. It is rendered when it is sent, from what is stored then.

use std::sync::LazyLock;

use minijinja::{Environment, context};

use super::Notify;
use crate::bookings::CancelledBy;
use crate::error::EngineError;
use crate::ids::BookingId;
use crate::kitflik::Engine;
use crate::ports::mailer::{Attachment, Email};
use crate::store::keys;
use crate::store::records::{Booking, MailContent, MailedCode, Outbox};
use crate::tickets::calendar::{CalendarEvent, calendar};
use crate::tickets::qr::qr_png;
use crate::time::Timestamp;
use crate::users::Purpose;

/// The digits of a code, and the link that does the same.
type MailedSecret = (String, Option<String>);

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    for (name, source) in [
        ("layout.html", include_str!("templates/layout.html")),
        ("welcome.html", include_str!("templates/welcome.html")),
        ("welcome.txt", include_str!("templates/welcome.txt")),
        ("already_registered.html", include_str!("templates/already_registered.html")),
        ("already_registered.txt", include_str!("templates/already_registered.txt")),
        ("staff_invited.html", include_str!("templates/staff_invited.html")),
        ("staff_invited.txt", include_str!("templates/staff_invited.txt")),
        ("verify_email.html", include_str!("templates/verify_email.html")),
        ("verify_email.txt", include_str!("templates/verify_email.txt")),
        ("password_code.html", include_str!("templates/password_code.html")),
        ("password_code.txt", include_str!("templates/password_code.txt")),
        ("password_changed.html", include_str!("templates/password_changed.html")),
        ("password_changed.txt", include_str!("templates/password_changed.txt")),
        ("email_code.html", include_str!("templates/email_code.html")),
        ("email_code.txt", include_str!("templates/email_code.txt")),
        ("email_changing.html", include_str!("templates/email_changing.html")),
        ("email_changing.txt", include_str!("templates/email_changing.txt")),
        ("email_changed.html", include_str!("templates/email_changed.html")),
        ("email_changed.txt", include_str!("templates/email_changed.txt")),
        ("account_deleted.html", include_str!("templates/account_deleted.html")),
        ("account_deleted.txt", include_str!("templates/account_deleted.txt")),
        ("session_reused.html", include_str!("templates/session_reused.html")),
        ("session_reused.txt", include_str!("templates/session_reused.txt")),
        ("booking_confirmed.html", include_str!("templates/booking_confirmed.html")),
        ("booking_confirmed.txt", include_str!("templates/booking_confirmed.txt")),
        ("booking_cancelled.html", include_str!("templates/booking_cancelled.html")),
        ("booking_cancelled.txt", include_str!("templates/booking_cancelled.txt")),
        ("tickets_returned.html", include_str!("templates/tickets_returned.html")),
        ("tickets_returned.txt", include_str!("templates/tickets_returned.txt")),
        ("show_cancelled.html", include_str!("templates/show_cancelled.html")),
        ("show_cancelled.txt", include_str!("templates/show_cancelled.txt")),
        ("show_moved.html", include_str!("templates/show_moved.html")),
        ("show_moved.txt", include_str!("templates/show_moved.txt")),
    ] {
        // A template that does not parse is missing when it is rendered; a test renders each.
        let added = templates.add_template(name, source);
        debug_assert!(added.is_ok(), "{name}: {added:?}");
    }
    templates
});

impl Notify<'_> {
    /// The mail; `None` if what it was about is gone.
    pub(super) async fn render(&self, mail: &Outbox) -> Result<Option<Email>, EngineError> {
        let house = &self.engine.policy.house_name;
        let (template, subject, context, attachments) = match &mail.content {
            MailContent::StaffInvited { staff } => {
                let record = self.engine.get(&keys::staff(*staff)).await?;
                // Accepted meanwhile, or the account was disabled: there is nothing to accept.
                let Some(record) = record else { return Ok(None) };
                let Some(token) = self.engine.invitation_token(*staff, &record) else { return Ok(None) };
                let context = context! {
                    house, token, name => record.name, email => record.email,
                    role => record.role.as_str().replace('_', " "),
                };
                ("staff_invited", format!("You are invited to work with {house}"), context, Vec::new())
            }
            MailContent::BookingConfirmed { booking } => {
                let Some(parts) = self.booking_confirmed(*booking, mail).await? else { return Ok(None) };
                parts
            }
            MailContent::ShowMoved { booking, from, auditorium } => {
                let Some(parts) = self.show_moved(*booking, *from, auditorium, mail).await? else {
                    return Ok(None);
                };
                parts
            }
            MailContent::BookingCancelled { booking } => {
                let Some((subject, context)) = self.booking_cancelled(*booking, mail).await? else {
                    return Ok(None);
                };
                ("booking_cancelled", subject, context, Vec::new())
            }
            MailContent::ShowCancelled { booking } => {
                let Some((subject, context)) = self.booking_cancelled(*booking, mail).await? else {
                    return Ok(None);
                };
                ("show_cancelled", subject, context, Vec::new())
            }
            MailContent::TicketsReturned { booking, number } => {
                let Some(parts) = self.tickets_returned(*booking, *number, mail).await? else {
                    return Ok(None);
                };
                parts
            }
            about => {
                let Some((template, subject, code)) = self.about_account(about).await? else {
                    return Ok(None);
                };
                let (code, link) = code.unzip();
                let context = context! { house, name => &mail.to_name, code, link => link.flatten() };
                (template, subject, context, Vec::new())
            }
        };
        let text = render(&format!("{template}.txt"), &context)?;
        let html = render(&format!("{template}.html"), &context)?;
        let (id, to, to_name) = (mail.mail, mail.to.clone(), mail.to_name.clone());
        Ok(Some(Email { id, to, to_name, subject, text, html, attachments }))
    }

    /// Template and subject of a mail about an account, and the code that it tells with its link. `None`: the code is
    /// used, replaced or over, and there is nothing to say.
    async fn about_account(
        &self,
        content: &MailContent,
    ) -> Result<Option<(&'static str, String, Option<MailedSecret>)>, EngineError> {
        let house = &self.engine.policy.house_name;
        let (template, subject, code) = match content {
            MailContent::Welcome { code } => {
                // A welcome has something to say without a code, too.
                let code = match code {
                    Some(code) => self.secret(Purpose::VerifyEmail, code).await?,
                    None => None,
                };
                return Ok(Some(("welcome", format!("Welcome to {house}"), code)));
            }
            MailContent::VerifyEmail { code } => {
                let subject = format!("Confirm your address at {house}");
                ("verify_email", subject, Some((Purpose::VerifyEmail, code)))
            }
            MailContent::PasswordCode { code } => {
                let subject = format!("Your code for a new password at {house}");
                ("password_code", subject, Some((Purpose::ResetPassword, code)))
            }
            MailContent::EmailCode { code } => {
                let subject = format!("Confirm your new address at {house}");
                ("email_code", subject, Some((Purpose::ChangeEmail, code)))
            }
            MailContent::AlreadyRegistered => {
                ("already_registered", format!("Your account at {house}"), None)
            }
            MailContent::PasswordChanged => {
                ("password_changed", format!("Your password at {house} was changed"), None)
            }
            MailContent::EmailChanging => {
                ("email_changing", format!("Your address at {house} is about to change"), None)
            }
            MailContent::EmailChanged => {
                ("email_changed", format!("Your address at {house} was changed"), None)
            }
            MailContent::SessionReused => ("session_reused", format!("A session at {house} was ended"), None),
            MailContent::AccountDeleted => {
                ("account_deleted", format!("Your account at {house} was deleted"), None)
            }
            MailContent::BookingConfirmed { .. }
            | MailContent::BookingCancelled { .. }
            | MailContent::TicketsReturned { .. }
            | MailContent::ShowCancelled { .. }
            | MailContent::ShowMoved { .. }
            | MailContent::StaffInvited { .. } => return Ok(None),
        };
        let Some((purpose, code)) = code else { return Ok(Some((template, subject, None))) };
        Ok(self.secret(purpose, code).await?.map(|secret| (template, subject, Some(secret))))
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

    async fn booking_confirmed(
        &self,
        id: BookingId,
        mail: &Outbox,
    ) -> Result<Option<(&'static str, String, minijinja::Value, Vec<Attachment>)>, EngineError> {
        let engine = self.engine;
        let Some(booking) = engine.get(&keys::booking(id)).await? else { return Ok(None) };
        engine.catalog.look_again(); // the time that it tells must be the one that holds
        let catalogue = engine.catalogue().await?;
        let Some(show) = catalogue.show(booking.show, engine.now()) else { return Ok(None) };
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
                ticket_type => ticket.seat.ticket_type.as_str(),
                price => ticket.seat.price.to_string(),
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
            content: engine.calendar(&booking).await?.into_bytes(),
        });
        let starts_at = show.starts_at.in_zone(show.venue.zone).format("%A, %-d %B %Y, %H:%M").to_string();
        let due = booking.payment.as_ref().is_some_and(|payment| payment.charge.is_none());
        let context = context! {
            house => &engine.policy.house_name,
            name => &mail.to_name,
            booking => id.to_string(),
            movie => &show.movie.title,
            venue => &show.venue.name,
            auditorium => &show.auditorium.name,
            starts_at,
            zone => show.venue.zone.to_string(),
            tickets => lines,
            total => booking.total.to_string(),
            due,
        };
        let subject = format!("Your tickets: {}", show.movie.title);
        Ok(Some(("booking_confirmed", subject, context, attachments)))
    }

    /// The confirmation once more, with the new time, and what it was before.
    async fn show_moved(
        &self,
        id: BookingId,
        from: Timestamp,
        auditorium: &str,
        mail: &Outbox,
    ) -> Result<Option<(&'static str, String, minijinja::Value, Vec<Attachment>)>, EngineError> {
        let Some((_, _, context, attachments)) = self.booking_confirmed(id, mail).await? else {
            return Ok(None);
        };
        let Some(booking) = self.engine.get(&keys::booking(id)).await? else { return Ok(None) };
        let catalogue = self.engine.catalogue().await?;
        let Some(show) = catalogue.show(booking.show, self.engine.now()) else { return Ok(None) };
        let from = from.in_zone(show.venue.zone).format("%A, %-d %B %Y, %H:%M").to_string();
        let subject = format!("Moved: {}", show.movie.title);
        let context = context! { from, from_auditorium => auditorium, ..context };
        Ok(Some(("show_moved", subject, context, attachments)))
    }

    /// Which tickets went back, and the confirmation once more for those that stay.
    async fn tickets_returned(
        &self,
        id: BookingId,
        number: u32,
        mail: &Outbox,
    ) -> Result<Option<(&'static str, String, minijinja::Value, Vec<Attachment>)>, EngineError> {
        let Some(returned) = self.engine.get(&keys::returned(id, number)).await? else { return Ok(None) };
        // Cancelled meanwhile: another mail says so.
        let Some((_, subject, context, attachments)) = self.booking_confirmed(id, mail).await? else {
            return Ok(None);
        };
        let subject = subject.replacen("Your tickets", "Tickets cancelled", 1);
        let seats: Vec<&str> = returned.tickets.iter().map(|ticket| ticket.seat.as_str()).collect();
        let refund = (returned.refund.amount_minor > 0).then(|| returned.refund.to_string());
        let context = context! {
            seats => seats.join(", "),
            by_house => returned.by == CancelledBy::House,
            reason => returned.reason,
            refund,
            ..context
        };
        Ok(Some(("tickets_returned", subject, context, attachments)))
    }

    async fn booking_cancelled(
        &self,
        id: BookingId,
        mail: &Outbox,
    ) -> Result<Option<(String, minijinja::Value)>, EngineError> {
        let engine = self.engine;
        let Some(booking) = engine.get(&keys::booking(id)).await? else { return Ok(None) };
        let Some(cancellation) = booking.cancellation else { return Ok(None) };
        let catalogue = engine.catalogue().await?;
        let Some(show) = catalogue.show(booking.show, engine.now()) else { return Ok(None) };
        let starts_at = show.starts_at.in_zone(show.venue.zone).format("%A, %-d %B %Y, %H:%M").to_string();
        let seats: Vec<&str> = booking.seats.iter().map(|seat| seat.id.as_str()).collect();
        let context = context! {
            house => &engine.policy.house_name,
            name => &mail.to_name,
            booking => id.to_string(),
            movie => &show.movie.title,
            venue => &show.venue.name,
            auditorium => &show.auditorium.name,
            starts_at,
            zone => show.venue.zone.to_string(),
            seats => seats.join(", "),
            by_house => cancellation.by == CancelledBy::House,
            reason => cancellation.reason,
            refund => cancellation.refund.map(|refund| refund.amount.to_string()),
            kept => booking.payment.is_some_and(|payment| payment.charge.is_some()),
        };
        Ok(Some((format!("Cancelled: {}", show.movie.title), context)))
    }
}

fn render(name: &str, context: &minijinja::Value) -> Result<String, EngineError> {
    let template = TEMPLATES.get_template(name);
    let rendered = template.and_then(|template| template.render(context));
    rendered.map_err(|error| EngineError::internal(format!("the template {name} failed: {error}")))
}

impl Engine {
    /// The show of a booking as an iCalendar file.
    pub(crate) async fn calendar(&self, booking: &Booking) -> Result<String, EngineError> {
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
            description: format!("Seats {}", seats.join(", ")),
            stamp: booking.decided_at.max(moved_at).map_or(booking.created_at, crate::Timestamp::from_millis),
        }))
    }
}
