//! Layouts to pretix seating plans.

use serde::Serialize;
use serde_json::Value;

use super::hyphen;
use crate::error::Invalid;
use crate::ids::{CategoryId, SeatId};
use crate::limits::MAX_LABEL_CHARS;
use crate::seats::export::inexpressible;
use crate::seats::layout::{Category, Layout, Seat, SeatKind};
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
        let plain = plan(self, None);
        if Self::from_pretix(&plain).as_ref() == Ok(self) {
            return Ok(plain);
        }
        let scale = if pitch(self) < NARROW { SCALE } else { 1.0 };
        let extended = plan(self, Some(scale));
        self.same(&Self::from_pretix(&extended), CAN)?;
        Ok(extended)
    }
}

/// A file, its keys in this order whatever serde_json is built with. What pretix has no place for is `kitflik`.
#[derive(Serialize)]
struct Plan<'a> {
    name: &'a str,
    size: Size,
    categories: Vec<PlanCategory<'a>>,
    zones: Vec<Zone<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kitflik: Option<PlanMore>,
}

#[derive(Serialize)]
struct PlanMore {
    scale: Value,
}

#[derive(Serialize)]
struct Size {
    width: Value,
    height: Value,
}

#[derive(Serialize)]
struct PlanCategory<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kitflik: Option<CategoryMore<'a>>,
}

#[derive(Serialize)]
struct CategoryMore<'a> {
    id: &'a CategoryId,
}

#[derive(Serialize)]
struct Zone<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    position: Position,
    rows: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kitflik: Option<ZoneMore<'a>>,
}

#[derive(Serialize)]
struct ZoneMore<'a> {
    section: &'a str,
}

#[derive(Serialize)]
struct Row<'a> {
    row_number: &'a str,
    position: Position,
    seats: Vec<PlanSeat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kitflik: Option<RowMore<'a>>,
}

#[derive(Serialize)]
struct RowMore<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<&'a str>,
    ordered: bool,
}

#[derive(Serialize)]
struct PlanSeat<'a> {
    seat_guid: &'a SeatId,
    seat_number: &'a str,
    position: Position,
    category: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kitflik: Option<SeatMore<'a>>,
}

#[derive(Serialize)]
struct SeatMore<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'a SeatKind>,
    block: u32,
}

#[derive(Serialize)]
struct Position {
    x: Value,
    y: Value,
}

const ORIGIN: (f64, f64) = (0.0, 0.0);

/// The plan, and what else there is to say if a scale is given.
fn plan(layout: &Layout, scale: Option<f64>) -> String {
    let mut categories = Vec::new();
    for Category { id, name, color } in layout.categories() {
        let kitflik = scale.filter(|_| id.as_str() != name).map(|_| CategoryMore { id });
        categories.push(PlanCategory { name, color: color.as_deref(), kitflik });
    }
    let rows: Vec<&[Seat]> = layout.rows().filter_map(|row| layout.seats().get(row)).collect();
    let mut zones = Vec::new();
    for rows in rows.chunk_by(|one, other| section(one) == section(other)) {
        let section = rows.first().map_or("", |row| section(row));
        zones.push(Zone {
            name: Some(section).filter(|name| !name.is_empty()),
            position: position(ORIGIN, 1.0),
            rows: rows.iter().map(|seats| row(layout, seats, scale)).collect(),
            kitflik: scale.map(|_| ZoneMore { section }),
        });
    }
    let farthest = |axis: fn(&Seat) -> f64| {
        let last = layout.seats().iter().map(axis).fold(0.0, f64::max);
        number((last * scale.unwrap_or(1.0) + MARGIN).ceil())
    };
    let plan = Plan {
        name: layout.name(),
        size: Size { width: farthest(|seat| seat.x), height: farthest(|seat| seat.y) },
        categories,
        zones,
        kitflik: scale.map(|scale| PlanMore { scale: number(scale) }),
    };
    // Texts and numbers can always be written; what reads otherwise is refused.
    serde_json::to_string(&plan).unwrap_or_default()
}

fn section(row: &[Seat]) -> &str {
    row.first().map_or("", |seat| seat.section.as_str())
}

fn row<'a>(layout: &'a Layout, seats: &'a [Seat], scale: Option<f64>) -> Row<'a> {
    let name = seats.first().map_or("", |seat| seat.row.as_str());
    Row {
        row_number: name,
        position: position(ORIGIN, 1.0),
        seats: seats.iter().map(|seat| plan_seat(layout, seat, scale)).collect(),
        kitflik: scale
            .map(|_| RowMore { row: Some(name).filter(|name| name.trim() != *name), ordered: true }),
    }
}

fn plan_seat<'a>(layout: &'a Layout, seat: &'a Seat, scale: Option<f64>) -> PlanSeat<'a> {
    let by_id: String = seat.id.as_str().chars().take(MAX_LABEL_CHARS).collect();
    let seat_number = match seat.number() {
        whole if whole == seat.label && whole == by_id => "",
        number => number,
    };
    let label = format!("{}{}{seat_number}", seat.row, hyphen(&seat.row, seat_number));
    let category = layout.categories().iter().find(|category| category.id == seat.category);
    PlanSeat {
        seat_guid: &seat.id,
        seat_number,
        position: position((seat.x, seat.y), scale.unwrap_or(1.0)),
        category: category.map_or("", |category| category.name.as_str()),
        kitflik: scale.map(|_| SeatMore {
            label: Some(seat.label.as_str()).filter(|told| *told != label),
            kind: Some(&seat.kind).filter(|kind| **kind != SeatKind::Standard),
            block: seat.block,
        }),
    }
}

fn position(at: (f64, f64), scale: f64) -> Position {
    Position { x: number(at.0 * scale), y: number(at.1 * scale) }
}

/// A whole number without a decimal point, as pretix's schema asks for.
#[expect(clippy::cast_possible_truncation, reason = "it is whole, and within what is exact")]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { Value::from(value as i64) } else { Value::from(value) }
}
