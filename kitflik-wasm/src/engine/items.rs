//! `kitflik.catalog`: what is changed about what is there.

use kitflik_core::{EditAuditorium, NewMovie, NewPriceCard, NewVenue, SetLayout};
use kitflik_http::NewLayout;
use wasm_bindgen::prelude::*;

use super::{Engine, actor, command, id, json, read, revision};

#[wasm_bindgen]
impl Engine {
    /// Replaces all that is said of a movie.
    #[wasm_bindgen(js_name = editMovie)]
    pub fn edit_movie(
        &self,
        who: String,
        movie: String,
        rev: String,
        edit: String,
        key: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let edit = NewMovie { command: command(key)?, ..read(&edit)? };
            json(&kitflik.catalog().edit_movie(&actor(&who)?, id(&movie)?, revision(&rev)?, &edit).await?)
        })
    }

    /// Replaces all that is said of a venue.
    #[wasm_bindgen(js_name = editVenue)]
    pub fn edit_venue(
        &self,
        who: String,
        venue: String,
        rev: String,
        edit: String,
        key: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let edit = NewVenue { command: command(key)?, ..read(&edit)? };
            json(&kitflik.catalog().edit_venue(&actor(&who)?, id(&venue)?, revision(&rev)?, &edit).await?)
        })
    }

    /// Gives an auditorium another name.
    #[wasm_bindgen(js_name = editAuditorium)]
    pub fn edit_auditorium(
        &self,
        who: String,
        hall: String,
        rev: String,
        edit: String,
        key: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let edit = EditAuditorium { command: command(key)?, ..read(&edit)? };
            json(&kitflik.catalog().edit_auditorium(&actor(&who)?, id(&hall)?, revision(&rev)?, &edit).await?)
        })
    }

    /// Replaces a price card.
    #[wasm_bindgen(js_name = editPriceCard)]
    pub fn edit_price_card(
        &self,
        who: String,
        card: String,
        rev: String,
        edit: String,
        key: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let edit = NewPriceCard { command: command(key)?, ..read(&edit)? };
            json(&kitflik.catalog().edit_price_card(&actor(&who)?, id(&card)?, revision(&rev)?, &edit).await?)
        })
    }

    /// Gives an auditorium other seats.
    #[wasm_bindgen(js_name = setLayout)]
    pub fn set_layout(
        &self,
        who: String,
        hall: String,
        rev: String,
        new: String,
        key: Option<String>,
    ) -> u32 {
        self.start(async move |kitflik| {
            let (hall, new): (_, NewLayout) = (id(&hall)?, read(&new)?);
            let name = kitflik.catalog().auditorium(hall).await?.name;
            let new = SetLayout { command: command(key)?, ..new.named(&name)? };
            json(&kitflik.catalog().set_layout(&actor(&who)?, hall, revision(&rev)?, &new).await?)
        })
    }

    /// What other seats would mean.
    #[wasm_bindgen(js_name = previewLayout)]
    pub fn preview_layout(&self, who: String, hall: String, new: String) -> u32 {
        self.start(async move |kitflik| {
            let (hall, new): (_, NewLayout) = (id(&hall)?, read(&new)?);
            let name = kitflik.catalog().auditorium(hall).await?.name;
            json(&kitflik.catalog().preview_layout(&actor(&who)?, hall, &new.named(&name)?).await?)
        })
    }

    /// Takes something out of the lists.
    pub fn archive(&self, who: String, item: String, rev: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let (item, command) = (read(&item)?, command(key)?);
            json(&kitflik.catalog().archive(&actor(&who)?, item, revision(&rev)?, command.as_ref()).await?)
        })
    }

    /// Puts something into the lists again.
    pub fn restore(&self, who: String, item: String, rev: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let (item, command) = (read(&item)?, command(key)?);
            json(&kitflik.catalog().restore(&actor(&who)?, item, revision(&rev)?, command.as_ref()).await?)
        })
    }

    /// Deletes what nothing refers to.
    #[wasm_bindgen(js_name = deleteItem)]
    pub fn delete_item(&self, who: String, item: String, rev: String, key: Option<String>) -> u32 {
        self.start(async move |kitflik| {
            let (item, command) = (read(&item)?, command(key)?);
            json(&kitflik.catalog().delete(&actor(&who)?, item, revision(&rev)?, command.as_ref()).await?)
        })
    }

    /// A page of the archived movies.
    #[wasm_bindgen(js_name = archivedMovies)]
    pub fn archived_movies(&self, who: String, page: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.catalog().archived_movies(&actor(&who)?, &read(&page)?).await?)
        })
    }

    /// A page of the archived venues.
    #[wasm_bindgen(js_name = archivedVenues)]
    pub fn archived_venues(&self, who: String, page: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.catalog().archived_venues(&actor(&who)?, &read(&page)?).await?)
        })
    }

    /// A page of the archived auditoriums.
    #[wasm_bindgen(js_name = archivedAuditoriums)]
    pub fn archived_auditoriums(&self, who: String, page: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.catalog().archived_auditoriums(&actor(&who)?, &read(&page)?).await?)
        })
    }

    /// A page of the archived price cards.
    #[wasm_bindgen(js_name = archivedPriceCards)]
    pub fn archived_price_cards(&self, who: String, page: String) -> u32 {
        self.start(async move |kitflik| {
            json(&kitflik.catalog().archived_price_cards(&actor(&who)?, &read(&page)?).await?)
        })
    }
}
