//! What the catalogue looks like to callers.

use serde::{Deserialize, Serialize};

use crate::ids::{
    AuditoriumId, CategoryId, CommandId, LayoutId, MovieId, PriceCardId, ShowId, TicketType, VenueId,
};
use crate::money::{Currency, Money};
use crate::seats::layout::{Category, Layout, Seat};
use crate::seats::rules::SelectionRules;
use crate::time::{Date, LocalTime, Timestamp, Zone};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts; absent on the last.
    pub next_cursor: Option<String>,
}

/// Which page of a list is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct PageRequest {
    /// The `next_cursor` of the page before.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub cursor: Option<String>,
    /// Most items, 1 to 100; 20 if absent.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub limit: Option<u32>,
}

/// A movie to add.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct NewMovie {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The title, 1 to 300 characters.
    pub title: String,
    /// The genres.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub genres: Vec<String>,
    /// Who directed it.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub director: Option<String>,
    /// The age rating, such as `PG-13`.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub rating: Option<String>,
    /// How long it runs, 1 to 1440 minutes.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub runtime_minutes: Option<u32>,
    /// When it came out.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub release_date: Option<Date>,
    /// Who distributes it.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub distributor: Option<String>,
    /// What it is about, up to 600 characters.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub synopsis: Option<String>,
}

/// A movie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MovieView {
    /// The movie.
    pub id: MovieId,
    /// The title.
    pub title: String,
    /// The genres.
    pub genres: Vec<String>,
    /// Who directed it.
    pub director: Option<String>,
    /// The age rating.
    pub rating: Option<String>,
    /// How long it runs, in minutes.
    pub runtime_minutes: Option<u32>,
    /// When it came out.
    pub release_date: Option<Date>,
    /// Who distributes it.
    pub distributor: Option<String>,
    /// What it is about.
    pub synopsis: Option<String>,
}

/// Which movies are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct MovieQuery {
    /// Words of the title, each at least as a prefix; up to 200 characters.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub q: Option<String>,
    /// Only of this genre.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub genre: Option<String>,
    /// Which page.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub page: PageRequest,
}

/// A venue to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct NewVenue {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The name.
    pub name: String,
    /// The city.
    pub city: String,
    /// The street address.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub address: Option<String>,
    /// The zone that its clocks follow.
    pub zone: Zone,
}

/// A venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct VenueView {
    /// The venue.
    pub id: VenueId,
    /// The name.
    pub name: String,
    /// The city.
    pub city: String,
    /// The street address.
    pub address: Option<String>,
    /// The zone that its clocks follow.
    pub zone: Zone,
    /// Its auditoriums.
    pub auditoriums: Vec<AuditoriumView>,
}

/// An auditorium to add.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAuditorium {
    /// The name of this command, so that a repeat has no second effect.
    pub command: Option<CommandId>,
    /// Where.
    pub venue_id: VenueId,
    /// The name.
    pub name: String,
    /// Its seats.
    pub layout: Layout,
}

/// What became of an imported item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
pub enum Imported {
    /// It is new.
    Added,
    /// It was there with other content.
    Changed,
    /// It was there already.
    Unchanged,
}

/// An auditorium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AuditoriumView {
    /// The auditorium.
    pub id: AuditoriumId,
    /// The name.
    pub name: String,
    /// Where it is.
    pub venue_id: VenueId,
    /// Its seats.
    pub layout_id: LayoutId,
    /// How many seats it has.
    pub seats: u32,
}

/// A layout: the seats of an auditorium. It never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct LayoutView {
    /// The layout.
    pub id: LayoutId,
    /// The name.
    pub name: String,
    /// The price categories.
    pub categories: Vec<Category>,
    /// The seats, in the order of the characters of a seat map.
    pub seats: Vec<Seat>,
}

/// The price of a category for a ticket type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct CategoryPrice {
    /// The category of the layout.
    pub category: CategoryId,
    /// The ticket type.
    pub ticket_type: TicketType,
    /// In minor units.
    pub amount_minor: i64,
}

/// A price card to add. The first price of a category is the one that is taken when nobody names a ticket type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct NewPriceCard {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The name.
    pub name: String,
    /// The currency of all its prices.
    pub currency: Currency,
    /// The prices, 1 to 60.
    pub prices: Vec<CategoryPrice>,
    /// A fee per booking, in minor units.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub booking_fee_minor: i64,
}

/// A price card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PriceCardView {
    /// The price card.
    pub id: PriceCardId,
    /// The name.
    pub name: String,
    /// The currency of all its prices.
    pub currency: Currency,
    /// The prices.
    pub prices: Vec<CategoryPrice>,
    /// The fee per booking.
    pub booking_fee: Money,
}

/// How a show is projected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ShowFormat {
    /// Flat.
    #[default]
    #[serde(rename = "2D")]
    TwoD,
    /// With glasses.
    #[serde(rename = "3D")]
    ThreeD,
    /// IMAX.
    #[serde(rename = "IMAX")]
    Imax,
}

/// A show to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct NewShow {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// What is shown.
    pub movie_id: MovieId,
    /// Where.
    pub auditorium_id: AuditoriumId,
    /// When, on the venue's clocks.
    pub starts_at_local: LocalTime,
    /// For how much.
    pub price_card_id: PriceCardId,
    /// How long the auditorium is taken, in minutes; the movie's runtime and half an hour if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub duration_minutes: Option<u32>,
    /// When sales open; at once if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub sales_open_at: Option<Timestamp>,
    /// When sales close; at the start if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub sales_close_at: Option<Timestamp>,
    /// The language spoken.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub language: Option<String>,
    /// The language of the subtitles.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub subtitles: Option<String>,
    /// How it is projected.
    #[serde(default)]
    pub format: ShowFormat,
    /// Most seats that one customer may have; no limit if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub max_seats_per_customer: Option<u32>,
    /// Which rules a choice of seats must follow; all if absent.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub selection: SelectionRules,
}

impl NewShow {
    /// A show with everything else as it mostly is: sold from now until its start, with all rules of choice.
    #[must_use]
    pub fn new(
        movie_id: MovieId,
        auditorium_id: AuditoriumId,
        price_card_id: PriceCardId,
        starts_at_local: LocalTime,
    ) -> Self {
        Self {
            command: None,
            movie_id,
            auditorium_id,
            starts_at_local,
            price_card_id,
            duration_minutes: None,
            sales_open_at: None,
            sales_close_at: None,
            language: None,
            subtitles: None,
            format: ShowFormat::default(),
            max_seats_per_customer: None,
            selection: SelectionRules::default(),
        }
    }
}

/// Where a show stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ShowStatus {
    /// Sales have not opened.
    Scheduled,
    /// Seats can be bought.
    OnSale,
    /// Sales are over.
    Closed,
    /// The show is over.
    Ended,
    /// It will not take place.
    Cancelled,
}

/// An auditorium or movie by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AuditoriumRef {
    /// The auditorium.
    pub id: AuditoriumId,
    /// Its name.
    pub name: String,
}

/// A venue by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct VenueRef {
    /// The venue.
    pub id: VenueId,
    /// Its name.
    pub name: String,
    /// Its city.
    pub city: String,
    /// The zone that its clocks follow.
    pub zone: Zone,
}

/// A movie by title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MovieRef {
    /// The movie.
    pub id: MovieId,
    /// Its title.
    pub title: String,
}

/// A show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ShowView {
    /// The show.
    pub id: ShowId,
    /// What is shown.
    pub movie: MovieRef,
    /// Where in the venue.
    pub auditorium: AuditoriumRef,
    /// Where.
    pub venue: VenueRef,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it starts, on the venue's clocks.
    pub starts_at_local: LocalTime,
    /// When the auditorium is free again.
    pub ends_at: Timestamp,
    /// Where it stands.
    pub status: ShowStatus,
    /// The layout of its seats.
    pub layout_id: LayoutId,
    /// The language spoken.
    pub language: Option<String>,
    /// The language of the subtitles.
    pub subtitles: Option<String>,
    /// How it is projected.
    pub format: ShowFormat,
    /// When sales open.
    pub sales_open_at: Timestamp,
    /// When sales close.
    pub sales_close_at: Timestamp,
    /// The currency of its prices.
    pub currency: Currency,
    /// Its prices.
    pub prices: Vec<CategoryPrice>,
    /// Most seats that one customer may have.
    pub max_seats_per_customer: Option<u32>,
}
