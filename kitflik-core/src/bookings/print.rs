//! A page to print: one per booking, with a code for each seat.

use std::sync::LazyLock;

use minijinja::{Environment, context};

use super::check_in::due;
use super::read::admits;
use super::{BookingError, Bookings};
use crate::actor::Actor;
use crate::error::EngineError;
use crate::ids::BookingId;
use crate::store::keys;
use crate::tickets::qr::qr_svg;

const STYLE: &str = include_str!("print/page.css");

/// What a page to print may load: its own style, and nothing else. A host that serves it sends this as
/// `Content-Security-Policy`; the page itself says it, too.
pub const PRINT_POLICY: &str = "default-src 'none'; \
     style-src 'sha256-N13VfFzEZ/vLdgqAlq6YndMOhJJb++dFN+VRNgoldjY='; base-uri 'none'; form-action 'none'";

static PAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    // A template that does not parse is missing when it is rendered; a test renders it.
    let added = pages.add_template("page.html", include_str!("print/page.html"));
    debug_assert!(added.is_ok(), "{added:?}");
    pages
});

impl Bookings<'_> {
    /// The tickets of a confirmed booking as one page to print: HTML that stands alone, without a script, with each
    /// code as SVG. Revoked tickets are not on it.
    ///
    /// # Errors
    /// As [`Bookings::tickets`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn print(&self, actor: &Actor, booking: BookingId) -> Result<String, BookingError> {
        let booking = self.record(actor, booking).await?;
        let issued = self.issue(&booking).await?;
        let engine = self.engine;
        let record = engine.get(&keys::show(booking.show)).await?;
        let record = record.ok_or(BookingError::NotFound { what: "show" })?;
        engine.catalog.look_again(); // the time that it tells must be the one that holds
        let catalogue = engine.catalogue().await?;
        let show = catalogue.show(booking.show, engine.now());
        let show = show.ok_or(BookingError::NotFound { what: "show" })?;
        let mut tickets = Vec::with_capacity(issued.len());
        for ticket in &issued {
            let picture = qr_svg(&ticket.token).map_err(|error| EngineError::internal(error.to_string()))?;
            tickets.push(context! {
                seat => &ticket.seat.label,
                section => &ticket.seat.section,
                ticket_type => ticket.seat.ticket_type.as_str(),
                price => ticket.seat.price.to_string(),
                picture,
            });
        }
        let zone = show.venue.zone;
        let page = context! {
            policy => PRINT_POLICY,
            style => STYLE,
            house => &engine.policy.house_name,
            movie => &show.movie.title,
            venue => &show.venue.name,
            auditorium => &show.auditorium.name,
            starts_at => show.starts_at.in_zone(zone).format("%A, %-d %B %Y, %H:%M").to_string(),
            machine_time => show.starts_at.to_string(),
            doors => admits(&record).0.in_zone(zone).format("%H:%M").to_string(),
            zone => zone.to_string(),
            booking => booking.id.to_string(),
            total => booking.total.to_string(),
            due => due(&booking).is_some(),
            heading => if tickets.len() == 1 { "1 ticket".to_owned() } else { format!("{} tickets", tickets.len()) },
            tickets,
        };
        let template = PAGE.get_template("page.html");
        let rendered = template.and_then(|template| template.render(page));
        Ok(rendered.map_err(|error| EngineError::internal(format!("the page failed: {error}")))?)
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_policy_names_the_style() {
        let hash = BASE64.encode(&Sha256::digest(STYLE));
        assert!(PRINT_POLICY.contains(&format!("'sha256-{hash}'")), "the style's hash is {hash}");
    }
}
