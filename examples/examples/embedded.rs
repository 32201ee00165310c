//! The engine inside a Rust program: a hall, a show, two seats held and sold, their tickets verified.

use std::sync::Arc;

use kitflik_core::{
    Actor, CategoryPrice, ConfirmBooking, Currency, HoldSeats, Kitflik, Layout, MasterKey, MemoryStorage,
    NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `SledStorage::open("house")?` instead keeps it. The key must then be kept, too.
    let kitflik = Kitflik::builder(Arc::new(MemoryStorage::new()), MasterKey::new([7; 32])).build()?;
    pollster::block_on(async {
        let (catalog, house) = (kitflik.catalog(), Actor::System);
        let venue: NewVenue = from(r#"{"name": "Odeon", "city": "Berlin", "zone": "Europe/Berlin"}"#)?;
        let venue_id = catalog.add_venue(&house, &venue).await?.id;
        let layout = Layout::from_text("Hall 1", "A: ####_####\nB: ##########\n")?;
        let price = |category: &kitflik_core::Category| -> Result<CategoryPrice, kitflik_core::InvalidText> {
            let ticket_type = "adult".parse()?;
            Ok(CategoryPrice { category: category.id.clone(), ticket_type, amount_minor: 1250 })
        };
        let card = NewPriceCard {
            command: None,
            name: "All day".to_owned(),
            currency: Currency::EUR,
            prices: layout.categories().iter().map(price).collect::<Result<_, _>>()?,
            booking_fee_minor: 0,
        };
        let price_card_id = catalog.add_price_card(&house, &card).await?.id;
        let hall = NewAuditorium { command: None, venue_id, name: "Hall 1".to_owned(), layout };
        let auditorium_id = catalog.add_auditorium(&house, &hall).await?.id;
        let movie: NewMovie = from(r#"{"title": "Alien", "runtime_minutes": 117}"#)?;
        let movie_id = catalog.add_movie(&house, &movie).await?.id;
        let show: NewShow = from(&format!(
            r#"{{"movie_id": "{movie_id}", "auditorium_id": "{auditorium_id}", "price_card_id": "{price_card_id}",
                 "starts_at_local": "2099-11-27T20:00"}}"#
        ))?;
        let show_id = catalog.add_show(&house, &show).await?.id;

        let held = kitflik.bookings().hold(&Actor::guest(), &HoldSeats::best(show_id, 2)).await?;
        let me = Actor::guest_with(held.booking_token.unwrap_or_default());
        let sold = kitflik.bookings().confirm(&me, held.id, &ConfirmBooking::counter()).await?;
        print(&format!("sold for {}", sold.quote.total));
        for ticket in kitflik.bookings().tickets(&me, sold.id).await? {
            kitflik.ticket_key().verify(&ticket.token)?;
            print(&format!("{} lets in at {}", ticket.seat.label, hall.name));
        }
        Ok(())
    })
}

fn from<T: serde::de::DeserializeOwned>(json: &str) -> serde_json::Result<T> {
    serde_json::from_str(json)
}

#[expect(clippy::print_stdout, reason = "an example shows what it did")]
fn print(line: &str) {
    println!("{line}");
}
