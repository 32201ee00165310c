//! An auditorium from a seating plan.

use kitflik_core::{Actor, Kitflik, Layout, NewAuditorium, PageRequest, VenueId, VenueView};

use super::super::console;
use super::super::failure::Failure;

/// What a file says.
pub(super) struct Plan {
    name: String,
    layout: Layout,
}

/// Reads a plan: JSON is pretix's format, anything else KitFlik's text.
pub(super) fn read(text: &str, name: Option<&str>, otherwise: &str) -> Result<Plan, String> {
    let is_json = text.trim_start().starts_with('{');
    let layout =
        if is_json { Layout::from_pretix(text) } else { Layout::from_text(name.unwrap_or(otherwise), text) };
    let layout = layout.map_err(|invalid| {
        let faults: Vec<String> = invalid
            .errors
            .iter()
            .map(|error| {
                if error.detail.starts_with(&error.path) {
                    error.detail.clone()
                } else {
                    format!("{}: {}", error.path, error.detail)
                }
            })
            .collect();
        let format = if is_json { "a seating plan of pretix" } else { "a plan in KitFlik's text format" };
        format!("this is not {format}:\n  {}", faults.join("\n  "))
    })?;
    let name = name.unwrap_or_else(|| layout.name()).to_owned();
    Ok(Plan { name, layout })
}

/// Adds the auditorium to its venue, if it is not there.
pub(super) async fn import(kitflik: &Kitflik, venue: &str, plan: Plan) -> Result<(), Failure> {
    let venue = find(kitflik, venue).await?;
    let (name, seats) = (plan.name, plan.layout.seats().len());
    if let Some(there) = venue.auditoriums.iter().find(|there| there.name == name) {
        let layout = kitflik.catalog().layout(there.layout_id).await;
        let layout = layout.map_err(Failure::doing("read the auditorium that is there"))?;
        let same = layout.seats == plan.layout.seats() && layout.categories == plan.layout.categories();
        if same {
            console::say(&format!("unchanged: {name} with {seats} seats in {} ({})", venue.name, there.id));
            return Ok(());
        }
        return Err(Failure::run(format!(
            "{} has an auditorium {name:?} with another plan ({} seats): shows are sold by it. Give this \
             one another name with --name",
            venue.name, there.seats
        )));
    }
    let new = NewAuditorium { command: None, venue_id: venue.id, name: name.clone(), layout: plan.layout };
    let added = kitflik.catalog().add_auditorium(&Actor::System, &new).await;
    let added = added.map_err(Failure::doing("add the auditorium"))?;
    console::say(&format!("added: {name} with {seats} seats in {} ({})", venue.name, added.id));
    Ok(())
}

/// The venue of a name or id.
async fn find(kitflik: &Kitflik, wanted: &str) -> Result<VenueView, Failure> {
    let mut page = PageRequest { cursor: None, limit: Some(100) };
    let mut all = Vec::new();
    loop {
        let more = kitflik.catalog().venues(&page).await.map_err(Failure::doing("list the venues"))?;
        all.extend(more.items);
        match more.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => break,
        }
    }
    let names: Vec<&str> = all.iter().map(|venue| venue.name.as_str()).collect();
    let known = if names.is_empty() {
        "there is none yet; add one through the API (POST /v1/admin/venues)".to_owned()
    } else {
        format!("there are {}", names.join(", "))
    };
    let id: Option<VenueId> = wanted.parse().ok();
    let mut found: Vec<VenueView> =
        all.iter().filter(|venue| venue.name == wanted || Some(venue.id) == id).cloned().collect();
    match (found.pop(), found.is_empty()) {
        (Some(venue), true) => Ok(venue),
        (Some(_), false) => {
            Err(Failure::usage(format!("--venue: there are several {wanted:?}: give the id of one")))
        }
        (None, _) => Err(Failure::usage(format!("--venue: there is no {wanted:?}; {known}"))),
    }
}
