//! Three servers over one database.

use std::path::PathBuf;

use kitflik_core::{
    Actor, CategoryPrice, ConfirmBooking, Currency, HoldSeats, Kitflik, Layout, MasterKey, NewAuditorium,
    NewMovie, NewPriceCard, NewShow, NewVenue, TestPayments, Zone,
};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::Database;
use super::rush_support::Rush;
use super::server_support::{Server, complaint, kitflik, send};

/// Directories and a master key for several servers.
struct Houses {
    url: String,
    directory: tempfile::TempDir,
}

impl Houses {
    fn new(database: &Database) -> Self {
        Self { url: database.server.url(), directory: tempfile::tempdir().unwrap() }
    }

    fn data(&self, number: usize) -> PathBuf {
        self.directory.path().join(format!("server{number}"))
    }

    fn start(&self, number: usize) -> Server {
        Server::start_with(&self.data(number), |command| {
            command.env("KITFLIK_STORAGE", &self.url);
            command.env("KITFLIK_MASTER_KEY_FILE", self.directory.path().join("master.key"))
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_sell_no_seat_twice_and_no_kill_loses_a_sale() {
    let database = Database::start(&[]).await;
    let houses = Houses::new(&database);
    Rush { servers: 3, kills: 3, customers: 200, holds_survive: true }
        .run(|number| houses.start(number))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_together_make_one_cinema_and_one_account() {
    let database = Database::start(&[]).await;
    let houses = Houses::new(&database);
    let servers: Vec<Server> = std::thread::scope(|scope| {
        let houses = &houses;
        let start = |number| scope.spawn(move || houses.start(number));
        let starting: Vec<_> = [0, 1, 2].map(start).into();
        starting.into_iter().map(|started| started.join().unwrap()).collect()
    });
    let admin = database.server.connect().await;
    let rows =
        admin.query("SELECT split_part(key, '/', 1), count(*) FROM kitflik GROUP BY 1", &[]).await.unwrap();
    let count = |kind: &str| {
        let found = rows.iter().find(|row| row.get::<_, &str>(0) == kind);
        found.map_or(0, |row| row.get::<_, i64>(1))
    };
    let kinds = ["venue", "auditorium", "price-card", "staff", "staff-first", "master-key"];
    assert_eq!(kinds.map(count), [1, 3, 2, 1, 1, 1]);
    // What one sells the others do not sell again. Their lists of shows may be a second old.
    let client = Client::builder().no_proxy().build().unwrap();
    let show = servers[0].large_show(&client).await;
    let hold = async |server: &Server, wanted: Value| {
        let request = server.request(&client, Method::POST, "/v1/bookings").json(&wanted);
        send(request).await.unwrap()
    };
    let (status, held) =
        hold(&servers[0], json!({ "show_id": show["id"], "best_available": { "count": 1 } })).await;
    assert_eq!(status, 201, "{held}");
    let wanted = json!({ "show_id": show["id"], "seats": [held["seats"][0]["id"]] });
    let (status, refused) = hold(&servers[2], wanted).await;
    assert_eq!((status, refused["code"].as_str()), (409, Some("seat_taken")), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_another_master_key_is_refused() {
    let database = Database::start(&[]).await;
    let houses = Houses::new(&database);
    let _first = houses.start(0);
    let refused = |key: &str| {
        let mut command = kitflik();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(houses.data(1));
        command.env("KITFLIK_STORAGE", &houses.url).env("KITFLIK_LOG", "warn");
        let output =
            command.env("KITFLIK_MASTER_KEY_FILE", houses.directory.path().join(key)).output().unwrap();
        assert!(!output.status.success());
        complaint(&output)
    };
    let missing = refused("missing.key");
    assert!(missing.contains("the store holds data, but its master key"), "{missing}");
    assert!(missing.contains("all servers over one database have the same"), "{missing}");
    std::fs::write(houses.directory.path().join("other.key"), "7".repeat(64)).unwrap();
    let other = refused("other.key");
    assert!(other.contains("the store was made with another master key than those in"), "{other}");
}

/// The engine in two processes' worth of instances: what one holds the other confirms, with its tickets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_goes_from_hold_to_ticket_over_two_engines() {
    let database = Database::start(&[]).await;
    let mut engines = Vec::new();
    for _ in 0..2 {
        let engine = Kitflik::builder(database.open().await, MasterKey::new([7; 32]));
        engines.push(engine.payments("test", std::sync::Arc::new(TestPayments::new())).build().unwrap());
    }
    let (catalog, system) = (engines[0].catalog(), Actor::System);
    let venue = NewVenue {
        command: None,
        name: "Odeon".to_owned(),
        city: "Berlin".to_owned(),
        address: None,
        zone: Zone::UTC,
    };
    let venue_id = catalog.add_venue(&system, &venue).await.unwrap().id;
    let price = CategoryPrice {
        category: "standard".parse().unwrap(),
        ticket_type: "adult".parse().unwrap(),
        amount_minor: 1200,
    };
    let card = NewPriceCard {
        command: None,
        name: "Evening".to_owned(),
        currency: Currency::EUR,
        prices: vec![price],
        booking_fee_minor: 50,
        ticket_fee_minor: 0,
        rules: Vec::new(),
        tax: None,
    };
    let price_card_id = catalog.add_price_card(&system, &card).await.unwrap().id;
    let movie = NewMovie { title: "Alien".to_owned(), runtime_minutes: Some(117), ..NewMovie::default() };
    let movie_id = catalog.add_movie(&system, &movie).await.unwrap().id;
    let layout = Layout::from_text("Hall", "A: ####").unwrap();
    let seats: Vec<_> = layout.seats()[..2].iter().map(|seat| seat.id.clone()).collect();
    let hall = NewAuditorium { command: None, venue_id, name: "Hall".to_owned(), layout };
    let auditorium_id = catalog.add_auditorium(&system, &hall).await.unwrap().id;
    let tomorrow = engines[0].now().plus(std::time::Duration::from_secs(24 * 60 * 60)).to_string();
    let show = NewShow::new(movie_id, auditorium_id, price_card_id, tomorrow[..16].parse().unwrap());
    let show_id = catalog.add_show(&system, &show).await.unwrap().id;

    let wanted = HoldSeats::seats(show_id, seats);
    let held = engines[0].bookings().hold(&Actor::guest(), &wanted).await.unwrap();
    let guest = Actor::guest_with(held.booking_token.clone().unwrap());
    assert!(engines[1].bookings().hold(&Actor::guest(), &wanted).await.is_err(), "they are held");
    engines[1].bookings().confirm(&guest, held.id, &ConfirmBooking::counter()).await.unwrap();
    let tickets = engines[0].bookings().tickets(&guest, held.id).await.unwrap();
    assert_eq!(tickets.len(), 2);
}
