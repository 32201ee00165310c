//! Layouts to pretix seating plans.

use serde_json::{Map, Value, json};

use super::hyphen;
use crate::error::Invalid;
use crate::limits::MAX_LABEL_CHARS;
use crate::seats::export::inexpressible;
use crate::seats::layout::{Layout, Seat, SeatKind};
use crate::seats::svg::pitch;

/// Plans in their own units, such as columns, are written so large that pretix's editor can show them.
const SCALE: f64 = 25.0;
/// Seats nearer to each other than this, in thousandths of a unit, are in units of their own.
const NARROW: i64 = 10_000;
/// Room around the seats.
const MARGIN: f64 = 40.0;

const CAN: &str = "a pretix plan knows categories by name, and positions to a thousandth";

impl Layout {
    /// Writes a seating plan in the format of [pretix](https://pretix.eu), with every seat at its own position in
    /// rows and zones at 0, 0. [`Self::from_pretix`] reads it as the same layout again.
    ///
    /// What the format has no place for is in further objects named `kitflik`, and only if something would be lost
    /// without them: at the top the `scale` of all positions, with a category its `id`, with a zone its `section`,
    /// with a row its name (`row`) and that its seats are `ordered`, with a seat its `label`, `kind` and `block`.
    /// pretix itself takes plans without them: a layout that came from a pretix plan is written without, unless
    /// its rows or seats had no numbers.
    ///
    /// # Errors
    /// [`Invalid`] with the code `not_expressible`: two categories of one name, or positions finer than a thousandth
    /// of a unit.
    pub fn to_pretix(&self) -> Result<String, Invalid> {
        for (index, category) in self.categories().iter().enumerate() {
            if self.categories().iter().take(index).any(|other| other.name == category.name) {
                let what = format!("two categories are called {}", category.name);
                return Err(inexpressible(format!("categories[{index}].name"), &what, CAN));
            }
        }
        let plain = plan(self, None).to_string();
        if Self::from_pretix(&plain).as_ref() == Ok(self) {
            return Ok(plain);
        }
        let scale = if pitch(self) < NARROW { SCALE } else { 1.0 };
        let extended = plan(self, Some(scale)).to_string();
        self.same(&Self::from_pretix(&extended), CAN)?;
        Ok(extended)
    }
}

/// The plan, and what else there is to say if a scale is given.
fn plan(layout: &Layout, scale: Option<f64>) -> Value {
    let categories: Vec<Value> = layout
        .categories()
        .iter()
        .map(|category| {
            let mut written = object(json!({ "name": category.name }));
            if let Some(color) = &category.color {
                written.insert("color".into(), json!(color));
            }
            if scale.is_some() && category.id.as_str() != category.name {
                written.insert("kitflik".into(), json!({ "id": category.id }));
            }
            written.into()
        })
        .collect();
    let mut zones: Vec<Value> = Vec::new();
    let rows: Vec<&[Seat]> = layout.rows().filter_map(|row| layout.seats().get(row)).collect();
    for rows in rows.chunk_by(|one, other| section(one) == section(other)) {
        let name = rows.first().map_or("", |row| section(row));
        let mut zone = object(json!({
            "position": { "x": 0, "y": 0 },
            "rows": rows.iter().map(|seats| row(layout, seats, scale)).collect::<Vec<_>>(),
        }));
        if !name.is_empty() {
            zone.insert("name".into(), json!(name));
        }
        if scale.is_some() {
            zone.insert("kitflik".into(), json!({ "section": name }));
        }
        zones.push(zone.into());
    }
    let farthest = |axis: fn(&Seat) -> f64| {
        let last = layout.seats().iter().map(axis).fold(0.0, f64::max);
        number((last * scale.unwrap_or(1.0) + MARGIN).ceil())
    };
    let mut plan = object(json!({
        "name": layout.name(), "categories": categories, "zones": zones,
        "size": { "width": farthest(|seat| seat.x), "height": farthest(|seat| seat.y) },
    }));
    if let Some(scale) = scale {
        plan.insert("kitflik".into(), json!({ "scale": number(scale) }));
    }
    plan.into()
}

fn section(row: &[Seat]) -> &str {
    row.first().map_or("", |seat| seat.section.as_str())
}

fn row(layout: &Layout, seats: &[Seat], scale: Option<f64>) -> Value {
    let name = seats.first().map_or("", |seat| seat.row.as_str());
    let mut row = object(json!({
        "row_number": name, "position": { "x": 0, "y": 0 },
        "seats": seats.iter().map(|seat| self::seat(layout, seat, scale)).collect::<Vec<_>>(),
    }));
    if scale.is_some() {
        let mut more = object(json!({ "ordered": true }));
        if name.trim() != name {
            more.insert("row".into(), json!(name));
        }
        row.insert("kitflik".into(), more.into());
    }
    row.into()
}

fn seat(layout: &Layout, seat: &Seat, scale: Option<f64>) -> Value {
    let by_id: String = seat.id.as_str().chars().take(MAX_LABEL_CHARS).collect();
    let seat_number = match seat.number() {
        whole if whole == seat.label && whole == by_id => "",
        number => number,
    };
    let category = layout.categories().iter().find(|category| category.id == seat.category);
    let at = |value: f64| number(value * scale.unwrap_or(1.0));
    let mut written = object(json!({
        "seat_guid": seat.id, "seat_number": seat_number, "position": { "x": at(seat.x), "y": at(seat.y) },
        "category": category.map_or("", |category| category.name.as_str()),
    }));
    if scale.is_some() {
        let mut more = object(json!({ "block": seat.block }));
        if seat.label != format!("{}{}{seat_number}", seat.row, hyphen(&seat.row, seat_number)) {
            more.insert("label".into(), json!(seat.label));
        }
        if seat.kind != SeatKind::Standard {
            more.insert("kind".into(), json!(seat.kind));
        }
        written.insert("kitflik".into(), more.into());
    }
    written.into()
}

/// A whole number without a decimal point, as pretix's schema asks for.
#[expect(clippy::cast_possible_truncation, reason = "it is whole, and within what is exact")]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
