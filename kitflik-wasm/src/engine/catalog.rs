//! `kitflik.catalog`.

use kitflik_core::{NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue};
use kitflik_http::AddAuditorium;
use wasm_bindgen::prelude::*;

use super::{Engine, actor, command, id, json, read};
use crate::failure::Failure;

#[wasm_bindgen]
impl Engine {
    /// A page of movies.
    pub fn movies(&self, query: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.catalog().movies(&read(&query)?).await?))
    }

    /// A movie.
    pub fn movie(&self, movie: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.catalog().movie(id(&movie)?).await?))
    }

    /// A page of the coming shows of a movie.
    #[wasm_bindgen(js_name = showsOf)]
    pub fn shows_of(&self, movie: String, page: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.catalog().shows_of(id(&movie)?, &read(&page)?).await?))
    }

    /// A show.
    pub fn show(&self, show: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.catalog().show(id(&show)?).await?))
    }

    /// A page of venues.
    pub fn venues(&self, page: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.catalog().venues(&read(&page)?).await?))
    }

    /// A venue.
    pub fn venue(&self, venue: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.catalog().venue(id(&venue)?).await?))
    }

    /// A page of price cards.
    #[wasm_bindgen(js_name = priceCards)]
    pub fn price_cards(&self, page: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.catalog().price_cards(&read(&page)?).await?))
    }

    /// A layout.
    pub fn layout(&self, layout: String) -> u32 {
        self.start(async move |kitflik| json(&*kitflik.catalog().layout(id(&layout)?).await?))
    }

    /// A price card.
    #[wasm_bindgen(js_name = priceCard)]
    pub fn price_card(&self, card: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.catalog().price_card(id(&card)?).await?))
    }

    /// A page of auditoriums.
    pub fn auditoriums(&self, page: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.catalog().auditoriums(&read(&page)?).await?))
    }

    /// An auditorium.
    pub fn auditorium(&self, hall: String) -> u32 {
        self.start(async move |kitflik| json(&kitflik.catalog().auditorium(id(&hall)?).await?))
    }

    /// A layout as an SVG picture.
    #[wasm_bindgen(js_name = layoutSvg)]
    pub fn layout_svg(&self, layout: String, options: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.catalog().layout_svg(id(&layout)?, &read(&options)?).await?)
        })
    }

    /// A layout as a file.
    #[wasm_bindgen(js_name = exportLayout)]
    pub fn export_layout(&self, layout: String, format: String) -> u32 {
        self.start(async move |kitflik| {
            let format = read(&format).map_err(|failure: Failure| failure.within("format"))?;
            json(&kitflik.catalog().export_layout(id(&layout)?, format).await?)
        })
    }

    /// How old what is shown is while the storage does not answer, in milliseconds.
    #[must_use]
    pub fn behind(&self) -> Option<f64> {
        self.kitflik.catalog().behind().map(|age| age.as_secs_f64() * 1000.0)
    }

    /// Adds a movie.
    #[wasm_bindgen(js_name = addMovie)]
    pub fn add_movie(&self, who: String, new: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let new = NewMovie { command: command(key)?, ..read(&new)? };
            json(&kitflik.catalog().add_movie(&actor(&who)?, &new).await?)
        })
    }

    /// Adds or changes movies.
    #[wasm_bindgen(js_name = importMovies)]
    pub fn import_movies(&self, who: String, movies: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.catalog().import_movies(&actor(&who)?, &read::<Vec<NewMovie>>(&movies)?).await?)
        })
    }

    /// Adds a venue.
    #[wasm_bindgen(js_name = addVenue)]
    pub fn add_venue(&self, who: String, new: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let new = NewVenue { command: command(key)?, ..read(&new)? };
            json(&kitflik.catalog().add_venue(&actor(&who)?, &new).await?)
        })
    }

    /// Adds an auditorium.
    #[wasm_bindgen(js_name = addAuditorium)]
    pub fn add_auditorium(&self, who: String, new: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let new: AddAuditorium = read(&new)?;
            let new = NewAuditorium { command: command(key)?, ..NewAuditorium::try_from(new)? };
            json(&kitflik.catalog().add_auditorium(&actor(&who)?, &new).await?)
        })
    }

    /// Adds a price card.
    #[wasm_bindgen(js_name = addPriceCard)]
    pub fn add_price_card(&self, who: String, new: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let new = NewPriceCard { command: command(key)?, ..read(&new)? };
            json(&kitflik.catalog().add_price_card(&actor(&who)?, &new).await?)
        })
    }

    /// Adds a show.
    #[wasm_bindgen(js_name = addShow)]
    pub fn add_show(&self, who: String, new: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let new = NewShow { command: command(key)?, ..read(&new)? };
            json(&kitflik.catalog().add_show(&actor(&who)?, &new).await?)
        })
    }
}
