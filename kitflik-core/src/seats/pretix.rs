//! Layouts from pretix seating plans, and to them.

mod write;

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::layout::check::{Faults, retell};
use super::layout::{Category, Layout, Seat, SeatKind};
use crate::error::Invalid;
use crate::ids::{CategoryId, SeatId};
use crate::limits::MAX_LABEL_CHARS;

/// Rows with fewer gaps between seats than this say too little of their spacing: an aisle may be half of
/// them.
const TELLING_GAPS: usize = 3;

impl Layout {
    /// Reads a seating plan in the format of [pretix](https://pretix.eu): zones, rows, seats, with positions
    /// relative to what they are in. What its editor adds (areas, radii, ids) is passed over, as is any other
    /// key.
    ///
    /// A seat's id is its `seat_guid`, its label row and seat number put together (`A7`, `12-7`; without a
    /// number the `seat_guid`), a category's id its name. A zone is a section; rows of a zone with the same
    /// number are one row. The seats of a row are ordered from left to right, and a gap of more than one and
    /// a half times the usual one is an aisle. Positions are rounded to a thousandth of a unit. The plan format
    /// has no kinds of seats: all are [`SeatKind::Standard`], unless the plan has what [`Self::to_pretix`] adds.
    ///
    /// # Errors
    /// [`Invalid`] names every fault with its place in the file, such as
    /// `zones[0].rows[3].seats[7].category`.
    pub fn from_pretix(json: &str) -> Result<Self, Invalid> {
        let plan: Value = serde_json::from_slice(json.as_bytes())
            .map_err(|error| Invalid::one("", "json", format!("this is not a JSON document: {error}")))?;
        let mut reader = Reader::default();
        let Some(plan) = plan.as_object() else {
            return Err(Invalid::one(
                "",
                "wrong_type",
                "a seating plan is a JSON object with name, categories and zones",
            ));
        };
        let name = reader.text(plan, "", "name").unwrap_or_default();
        reader.scale(plan);
        reader.categories(plan);
        for (index, zone) in reader.list(plan, "", "zones").iter().enumerate() {
            reader.zone(index, zone);
        }
        std::mem::take(&mut reader.faults).finish()?;
        let (seats, places) = (reader.numbered(), reader.places);
        Self::new(name, reader.categories, seats).map_err(|invalid| {
            retell(invalid, |index, field| {
                let path = places.get(index)?;
                let row = path.rfind(".seats[").and_then(|end| path.get(..end))?;
                let zone = path.find(".rows[").and_then(|end| path.get(..end))?;
                Some(match field {
                    "id" => format!("{path}.seat_guid"),
                    "label" => format!("{path}.seat_number"),
                    "category" => format!("{path}.category"),
                    "x" | "y" => format!("{path}.position"),
                    "row" => format!("{row}.row_number"),
                    "section" => format!("{zone}.name"),
                    _ => path.clone(),
                })
            })
        })
    }
}

/// What is added to a plan that the format has no place for.
const ADDED: &str = "kitflik";

#[derive(Default)]
struct Reader {
    faults: Faults,
    /// Units of the file in a unit of the layout; none is one.
    scale: Option<f64>,
    categories: Vec<Category>,
    sections: Names,
    /// The last block that was found by the gaps between seats.
    block: u32,
    seats: Vec<Seat>,
    /// The seats whose blocks the file does not say.
    found: Vec<usize>,
    /// Where in the file each seat is.
    places: Vec<String>,
}

/// A seat on its way into a row.
struct Found {
    seat: Seat,
    /// Its label and its block if the file says them.
    label: Option<String>,
    block: Option<u32>,
    place: String,
}

/// The rows of a zone by name, and their names in the order of the file.
#[derive(Default)]
struct Rows {
    order: Vec<String>,
    seats: BTreeMap<String, Vec<Found>>,
    /// Those whose seats are in order already.
    ordered: BTreeSet<String>,
}

fn within(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl Reader {
    fn wrong(&mut self, path: String, expected: &str, found: Option<&Value>) {
        let (code, found) = found.map_or(("required", "nothing"), |value| ("wrong_type", type_of(value)));
        let detail = format!("{path} must be {expected}, found {found}");
        self.faults.add(path, code, detail);
    }

    /// A text that has to be there.
    fn text(&mut self, object: &Map<String, Value>, path: &str, key: &str) -> Option<String> {
        match object.get(key) {
            Some(Value::String(text)) => Some(text.clone()),
            other => {
                self.wrong(within(path, key), "a text", other);
                None
            }
        }
    }

    /// A text that may be missing, null or empty.
    fn optional(&mut self, object: &Map<String, Value>, path: &str, key: &str) -> Option<String> {
        match object.get(key) {
            None | Some(Value::Null) => None,
            Some(_) => self
                .text(object, path, key)
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty()),
        }
    }

    fn list<'a>(&mut self, object: &'a Map<String, Value>, path: &str, key: &str) -> &'a [Value] {
        match object.get(key) {
            Some(Value::Array(list)) => list,
            other => {
                self.wrong(within(path, key), "a list", other);
                &[]
            }
        }
    }

    fn object<'a>(&mut self, value: &'a Value, path: &str) -> Option<&'a Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.wrong(path.to_owned(), "an object", Some(value));
        }
        object
    }

    /// What is added to an object that the format has no place for.
    fn added<'a>(&mut self, object: &'a Map<String, Value>, path: &str) -> Option<&'a Map<String, Value>> {
        object.get(ADDED).and_then(|added| self.object(added, &within(path, ADDED)))
    }

    /// A value of what is added, if it is there.
    fn told<T: DeserializeOwned>(
        &mut self,
        added: Option<&Map<String, Value>>,
        path: &str,
        key: &str,
        expected: &str,
    ) -> Option<T> {
        let value = added?.get(key)?;
        let told = T::deserialize(value).ok();
        if told.is_none() {
            self.wrong(format!("{}.{key}", within(path, ADDED)), expected, Some(value));
        }
        told
    }

    fn scale(&mut self, plan: &Map<String, Value>) {
        let added = self.added(plan, "");
        let scale: Option<f64> = self.told(added, "", "scale", "a number above 0");
        if scale.is_some_and(|scale| !(1e-3..=1e6).contains(&scale)) {
            let path = format!("{ADDED}.scale");
            let detail = format!("{path} is {}, allowed are 0.001 to 1000000", scale.unwrap_or_default());
            self.faults.add(path, "out_of_range", detail);
            return;
        }
        self.scale = scale;
    }

    /// A position in units of the layout, to a thousandth.
    fn units(&self, value: f64) -> f64 {
        // The sum makes a zero of a negative one.
        (value / self.scale.unwrap_or(1.0) * 1000.0).round() / 1000.0 + 0.0
    }

    /// The seats, with the blocks that were found numbered after those that the file says.
    fn numbered(&mut self) -> Vec<Seat> {
        let mut seats = std::mem::take(&mut self.seats);
        let found: BTreeSet<usize> = self.found.drain(..).collect();
        let told = seats.iter().enumerate().filter(|(index, _)| !found.contains(index));
        if let Some(last) = told.map(|(_, seat)| seat.block).max() {
            for index in found {
                if let Some(seat) = seats.get_mut(index) {
                    seat.block = seat.block.saturating_add(last);
                }
            }
        }
        seats
    }

    /// The position of a zone, row or seat, relative to what it is in.
    fn position(&mut self, object: &Map<String, Value>, path: &str, required: bool) -> (f64, f64) {
        let position = match object.get("position") {
            None | Some(Value::Null) if !required => return (0.0, 0.0),
            Some(Value::Object(position)) => position,
            other => {
                self.wrong(within(path, "position"), "an object with x and y", other);
                return (0.0, 0.0);
            }
        };
        let mut axis = |key: &str| match position.get(key).and_then(Value::as_f64) {
            Some(value) => value,
            None => {
                self.wrong(format!("{path}.position.{key}"), "a number", position.get(key));
                0.0
            }
        };
        (axis("x"), axis("y"))
    }

    fn categories(&mut self, plan: &Map<String, Value>) {
        for (index, value) in self.list(plan, "", "categories").iter().enumerate() {
            let path = format!("categories[{index}]");
            let Some(category) = self.object(value, &path) else { continue };
            let Some(name) = self.text(category, &path, "name") else { continue };
            let color = self.optional(category, &path, "color");
            let added = self.added(category, &path);
            let id = self.told(added, &path, "id", "a category");
            match id.map_or_else(|| CategoryId::new(&name), Ok) {
                Ok(id) => self.categories.push(Category { id, name, color }),
                Err(error) => {
                    self.faults.add(format!("{path}.name"), "invalid", format!("{path}.name: {error}"))
                }
            }
        }
    }

    /// A section's name: the zone's, made unique; none if the plan has but one zone, without a name.
    fn section(&mut self, index: usize, name: Option<String>) -> String {
        let name = match name {
            Some(name) => name,
            None if index == 0 => String::new(),
            None => format!("Zone {}", index + 1),
        };
        self.sections.unique(name)
    }

    fn zone(&mut self, index: usize, value: &Value) {
        let path = format!("zones[{index}]");
        let Some(zone) = self.object(value, &path) else { return };
        let name = self.optional(zone, &path, "name");
        let added = self.added(zone, &path);
        let section = self.told(added, &path, "section", "a text");
        let section = section.unwrap_or_else(|| self.section(index, name));
        let origin = self.position(zone, &path, false);
        let mut rows = Rows::default();
        for (index, row) in self.list(zone, &path, "rows").iter().enumerate() {
            self.row(&section, origin, &format!("{path}.rows[{index}]"), index, row, &mut rows);
        }
        let mut row = |name: &String| {
            let seats = rows.seats.remove(name)?;
            Some(if rows.ordered.contains(name) { seats } else { in_order(seats) })
        };
        let rows: Vec<_> = rows.order.iter().filter_map(&mut row).collect();
        let zone_gap = median(rows.iter().flat_map(|row| gaps(row)).collect());
        for row in rows {
            if row.iter().all(|found| found.block.is_some()) {
                for found in row {
                    self.seats.push(Seat { block: found.block.unwrap_or_default(), ..found.seat });
                    self.places.push(found.place);
                }
                continue;
            }
            let gaps = gaps(&row);
            let usual = if gaps.len() < TELLING_GAPS { zone_gap } else { median(gaps.clone()) };
            // The first seat of a row always begins a block.
            let begins = std::iter::once(true).chain(gaps.iter().map(|gap| *gap > 1.5 * usual));
            for (found, begins) in row.into_iter().zip(begins) {
                self.block += u32::from(begins);
                self.found.push(self.seats.len());
                self.seats.push(Seat { block: self.block, ..found.seat });
                self.places.push(found.place);
            }
        }
    }

    fn row(
        &mut self,
        section: &str,
        origin: (f64, f64),
        path: &str,
        index: usize,
        value: &Value,
        rows: &mut Rows,
    ) {
        let Some(row) = self.object(value, path) else { return };
        let number = self.optional(row, path, "row_number");
        // Rows without a number are rows of their own.
        let own = || {
            let first = format!("Row {}", index + 1);
            let numbered = (2_usize..).map(|number| format!("Row {} {number}", index + 1));
            std::iter::once(first).chain(numbered).find(|name| !rows.seats.contains_key(name))
        };
        let added = self.added(row, path);
        let named = self.told(added, path, "row", "a text");
        let name = named.or_else(|| number.clone()).or_else(own).unwrap_or_default();
        if self.told(added, path, "ordered", "true or false").unwrap_or(false) {
            rows.ordered.insert(name.clone());
        }
        let offset = self.position(row, path, false);
        let origin = (origin.0 + offset.0, origin.1 + offset.1);
        let mut seats = Vec::new();
        for (index, seat) in self.list(row, path, "seats").iter().enumerate() {
            let path = format!("{path}.seats[{index}]");
            if let Some(Found { seat, label, block, place }) = self.seat(seat, path) {
                let by_number = match (number.as_deref().unwrap_or_default(), seat.label.as_str()) {
                    // Ids may be longer than labels.
                    (_, "") => seat.id.as_str().chars().take(MAX_LABEL_CHARS).collect(),
                    (row, seat) => format!("{row}{}{seat}", hyphen(row, seat)),
                };
                let (x, y) = (self.units(origin.0 + seat.x), self.units(origin.1 + seat.y));
                let label_told = label.clone().unwrap_or(by_number);
                let (section, row) = (section.to_owned(), name.clone());
                let seat = Seat { label: label_told, section, row, x, y, ..seat };
                seats.push(Found { seat, label, block, place });
            }
        }
        if !rows.seats.contains_key(&name) {
            rows.order.push(name.clone());
        }
        rows.seats.entry(name).or_default().extend(seats);
    }

    /// A seat in its row's terms; the label is still the seat number.
    fn seat(&mut self, value: &Value, path: String) -> Option<Found> {
        let seat = self.object(value, &path)?;
        let (path, place) = (path.as_str(), path.clone());
        let id = self.text(seat, path, "seat_guid");
        let category = self.text(seat, path, "category");
        let label = self.optional(seat, path, "seat_number").unwrap_or_default();
        let (x, y) = self.position(seat, path, true);
        let added = self.added(seat, path);
        let told = self.told(added, path, "label", "a text");
        let block = self.told(added, path, "block", "a whole number");
        let kind = self.told(added, path, "kind", "an object with a type of seat");
        let category = category.map(|name| {
            let known = self.categories.iter().find(|category| category.name == name);
            known.map_or_else(|| CategoryId::new(name), |category| Ok(category.id.clone()))
        });
        let mut checked = |key: &str, error: String| {
            self.faults.add(within(path, key), "invalid", format!("{path}.{key}: {error}"))
        };
        let id = SeatId::new(id?).map_err(|error| checked("seat_guid", error.to_string())).ok();
        let category = category?.map_err(|error| checked("category", error.to_string())).ok();
        let (section, row) = (String::new(), String::new());
        let (id, category, kind) = (id?, category?, kind.unwrap_or(SeatKind::Standard));
        let seat = Seat { id, label, section, row, category, kind, x, y, block: 0 };
        Some(Found { seat, label: told, block, place })
    }
}

/// Row 1 seat 12 must not read like row 11 seat 2.
fn hyphen(row: &str, seat: &str) -> &'static str {
    let digits =
        row.ends_with(|c: char| c.is_ascii_digit()) && seat.starts_with(|c: char| c.is_ascii_digit());
    if digits { "-" } else { "" }
}

/// Names that are taken, and for each name asked for the number to try next: a plan may repeat one name ten
/// thousand times.
#[derive(Default)]
struct Names {
    taken: BTreeSet<String>,
    next: BTreeMap<String, usize>,
}

impl Names {
    /// The name, or the first of `name 2`, `name 3`… that is not taken; it is then.
    fn unique(&mut self, name: String) -> String {
        let next = self.next.entry(name.clone()).or_insert(1);
        loop {
            let candidate = if *next == 1 { name.clone() } else { format!("{name} {next}") };
            *next += 1;
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
        }
    }
}

/// Orders the seats of a row along the way it runs: from left to right, or from front to back.
fn in_order(mut row: Vec<Found>) -> Vec<Found> {
    let spread = |axis: fn(&Seat) -> f64| {
        let values = || row.iter().map(|found| axis(&found.seat));
        values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
    };
    let across = spread(|seat| seat.x) >= spread(|seat| seat.y);
    row.sort_by(|one, other| {
        let (one, other) = (&one.seat, &other.seat);
        let (x, y) = (one.x.total_cmp(&other.x), one.y.total_cmp(&other.y));
        if across { x.then(y) } else { y.then(x) }
    });
    row
}

/// The distances from seat to seat.
fn gaps(row: &[Found]) -> Vec<f64> {
    let gap = |pair: &[Found]| match pair {
        [one, other] => (one.seat.x - other.seat.x).hypot(one.seat.y - other.seat.y),
        _ => 0.0,
    };
    row.windows(2).map(gap).collect()
}

/// The middle one, of two the lesser; a very large one of none.
fn median(mut gaps: Vec<f64>) -> f64 {
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len().saturating_sub(1) / 2).copied().unwrap_or(f64::MAX)
}

#[cfg(test)]
mod tests;
