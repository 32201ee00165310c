//! Inputs and answers that must be the same on every platform and in every language.
//!
//! `kitflik-core/tests/vectors.json` is a list of `{kind, name, input, answer}`. Whoever brings the engine to another
//! language reads that file, gives each `kind` and `input` to [`answer`] through its own door, and compares the answer
//! as JSON. The file is made by the core: `KITFLIK_VECTORS=write cargo test -p kitflik-core --test vectors`.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::ports::{ManualClock, PlainHasher, SeededEntropy};
use crate::keyring::KeyRing;
use crate::{
    Actor, BlockSeats, CategoryPrice, Currency, Error, ErrorCode, HoldSeats, Kitflik, Layout, LayoutFormat,
    MasterKey, MemoryStorage, NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, Role, SeatFilter,
    SeatId, SelectionRules, ShowId, StaffId, SvgOptions, TicketError, TicketKey, TicketKeys, Timestamp, Zone,
    best_available, layout_svg, seat_map_svg,
};

/// The answer to an input, both as JSON texts.
///
/// | kind | what it answers |
/// |---|---|
/// | `best_available` | the seats that are offered in a hall, or null |
/// | `svg` | the picture of a hall, or of its seats where their states are given |
/// | `export` | the file of a hall in a format, which reads as the same hall, or the refusal |
/// | `hold` | the seats and the quote of a hold in a small cinema, or the refusal |
/// | `ticket` | what a ticket says at a time, or the refusal |
/// | `request_digest` | what a repeated command is recognised by |
/// | `error_codes` | every code, and whether a repeat may succeed |
///
/// # Errors
/// What is wrong with the kind or the input.
pub async fn answer(kind: &str, input: &str) -> Result<String, String> {
    let answer = match kind {
        "best_available" => offer(read(input)?)?,
        "svg" => svg(&read(input)?)?,
        "export" => export(&read(input)?)?,
        "hold" => hold(read(input)?).await?,
        "ticket" => ticket(&read(input)?),
        "request_digest" => digest(read(input)?)?,
        "error_codes" => codes(),
        _ => return Err(format!("there is no kind of vector {kind:?}")),
    };
    Ok(answer.to_string())
}

fn read<T: DeserializeOwned>(input: &str) -> Result<T, String> {
    serde_json::from_str(input).map_err(told)
}

fn told(error: impl ToString) -> String {
    error.to_string()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Offer {
    plan: String,
    /// `.` for each free seat, in layout order.
    states: String,
    count: usize,
    #[serde(default)]
    filter: SeatFilter,
}

fn offer(input: Offer) -> Result<Value, String> {
    let layout = Layout::from_text("Hall", &input.plan).map_err(told)?;
    let free: Vec<bool> = input.states.chars().map(|state| state == '.').collect();
    let choice = best_available(&layout, &free, input.count, &input.filter);
    Ok(choice.map_or(Value::Null, |choice| {
        let seats = choice.seats.iter().filter_map(|seat| Some(&layout.seat(*seat)?.id));
        json!({ "seats": seats.collect::<Vec<_>>(), "together": choice.together })
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Svg {
    plan: String,
    states: Option<String>,
    #[serde(default)]
    options: SvgOptions,
}

fn svg(input: &Svg) -> Result<Value, String> {
    let layout = Layout::from_text("Hall", &input.plan).map_err(told)?;
    Ok(json!(match &input.states {
        None => layout_svg(&layout, &input.options),
        Some(states) => seat_map_svg(&layout, states, &input.options),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    /// In the text format.
    plan: Option<String>,
    /// Instead of `plan`: a pretix seating plan.
    pretix: Option<Value>,
    format: LayoutFormat,
}

fn export(input: &Export) -> Result<Value, String> {
    let layout = match (&input.plan, &input.pretix) {
        (Some(plan), None) => Layout::from_text("Hall", plan),
        (None, Some(plan)) => Layout::from_pretix(&plan.to_string()),
        _ => return Err("give either plan or pretix".to_owned()),
    };
    let layout = layout.map_err(told)?;
    let file = match layout.export(input.format) {
        Ok(file) => file,
        Err(invalid) => return Ok(json!({ "errors": invalid.errors })),
    };
    let again = match input.format {
        LayoutFormat::Pretix => Layout::from_pretix(&file),
        LayoutFormat::Text => Layout::from_text(layout.name(), &file),
    };
    Ok(json!({ "file": file, "same": again.as_ref() == Ok(&layout) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    plan: String,
    currency: Currency,
    prices: Vec<CategoryPrice>,
    #[serde(default)]
    booking_fee_minor: i64,
    #[serde(default)]
    rules: SelectionRules,
    max_seats_per_customer: Option<u32>,
    /// Seats that the house keeps.
    #[serde(default)]
    blocks: Vec<BlockSeats>,
    /// How many minutes before the start it is; eight hours if absent.
    minutes_before: Option<u32>,
    /// Seats that somebody else has; the rules of choice hold for them too.
    #[serde(default)]
    taken: Vec<SeatId>,
    /// Whether the box office asks, and not a guest.
    #[serde(default)]
    by_staff: bool,
    /// A request to hold, without its show.
    request: Value,
}

async fn hold(input: Hold) -> Result<Value, String> {
    let (kitflik, clock) = house()?;
    let show = show(&kitflik, &input).await.map_err(told)?;
    for block in &input.blocks {
        kitflik.bookings().block_seats(&Actor::System, show, block).await.map_err(told)?;
    }
    if let Some(minutes) = input.minutes_before {
        clock.shift(i64::from(HOURS_BEFORE * 60) * 60_000 - i64::from(minutes) * 60_000);
    }
    if !input.taken.is_empty() {
        let others = HoldSeats::seats(show, input.taken.clone());
        let held = kitflik.bookings().hold(&Actor::System, &others).await;
        held.map_err(|error| format!("the seats cannot be taken beforehand: {error}"))?;
    }
    let mut request = input.request;
    request["show_id"] = json!(show);
    let request: HoldSeats = serde_json::from_value(request).map_err(told)?;
    let clerk = Actor::Staff { id: StaffId::from_bytes([9; 16]), role: Role::BoxOffice };
    let actor = if input.by_staff { clerk } else { Actor::guest() };
    Ok(match kitflik.bookings().hold(&actor, &request).await {
        Ok(held) => {
            let seats: Vec<_> = held.seats.iter().map(|seat| &seat.id).collect();
            json!({ "seats": seats, "together": held.together, "quote": held.quote })
        }
        Err(error) => refusal(&Error::from(error)),
    })
}

fn refusal(error: &Error) -> Value {
    json!({
        "code": error.code(), "detail": error.to_string(), "errors": error.fields(), "seats": error.seats(),
        "alternative": error.alternative(), "retryable": error.is_retryable(),
    })
}

fn house() -> Result<(Kitflik, Arc<ManualClock>), String> {
    let now: Timestamp = "2026-11-27T12:00:00Z".parse().map_err(told)?;
    let clock = Arc::new(ManualClock::new(now));
    let kitflik = Kitflik::builder(Arc::new(MemoryStorage::new()), MasterKey::new([7; 32]))
        .clock(clock.clone())
        .entropy(Arc::new(SeededEntropy::new(1)))
        .password_hasher(Arc::new(PlainHasher))
        .build()
        .map_err(told)?;
    Ok((kitflik, clock))
}

/// How long before the start the show is made.
const HOURS_BEFORE: u32 = 8;

async fn show(kitflik: &Kitflik, input: &Hold) -> Result<ShowId, Error> {
    let (catalog, house) = (kitflik.catalog(), Actor::System);
    let (name, city, zone) = ("Odeon".to_owned(), "Berlin".to_owned(), Zone::UTC);
    let venue =
        catalog.add_venue(&house, &NewVenue { command: None, name, city, address: None, zone }).await?;
    let layout = Layout::from_text("Hall", &input.plan).map_err(crate::CatalogError::from)?;
    let hall = NewAuditorium { command: None, venue_id: venue.id, name: "Hall".to_owned(), layout };
    let hall = catalog.add_auditorium(&house, &hall).await?;
    let card = NewPriceCard {
        command: None,
        name: "Card".to_owned(),
        currency: input.currency,
        prices: input.prices.clone(),
        booking_fee_minor: input.booking_fee_minor,
        ticket_fee_minor: 0,
        rules: Vec::new(),
        tax: None,
    };
    let card = catalog.add_price_card(&house, &card).await?;
    let movie = NewMovie { title: "Alien".to_owned(), ..NewMovie::default() };
    let movie = catalog.add_movie(&house, &movie).await?;
    let evening = kitflik
        .now()
        .plus(std::time::Duration::from_secs(u64::from(HOURS_BEFORE) * 60 * 60))
        .utc()
        .naive_utc();
    let mut show = NewShow::new(movie.id, hall.id, card.id, crate::LocalTime::new(evening));
    show.selection = input.rules;
    show.max_seats_per_customer = input.max_seats_per_customer;
    Ok(catalog.add_show(&house, &show).await?.id)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scan {
    keys: Vec<String>,
    token: String,
    at: Timestamp,
}

fn ticket(input: &Scan) -> Value {
    let verified = || {
        let keys: Result<Vec<TicketKey>, TicketError> = input.keys.iter().map(|key| key.parse()).collect();
        let claims = TicketKeys(keys?).verify(&input.token)?;
        claims.check_window(input.at)?;
        Ok::<_, TicketError>(claims)
    };
    match verified() {
        Ok(claims) => json!(claims),
        Err(error) => json!({ "code": error.code(), "detail": error.to_string() }),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Repeat {
    master_key: String,
    hold: HoldSeats,
}

fn digest(input: Repeat) -> Result<Value, String> {
    let keys = KeyRing::new(&MasterKey::from_hex(&input.master_key).map_err(told)?, &[]);
    Ok(json!(keys.request_digest("hold", &input.hold).map_err(told)?.current))
}

fn codes() -> Value {
    let retryable = |code: &ErrorCode| (code.to_string(), json!(code.is_retryable()));
    Value::Object(ErrorCode::ALL.iter().map(retryable).collect())
}
