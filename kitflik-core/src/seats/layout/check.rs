//! What makes a plan a layout.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Category, Place, Seat, SeatKind, SeatNo};
use crate::error::{Invalid, Validation};
use crate::ids::SeatId;
use crate::limits::{MAX_CATEGORIES, MAX_COORDINATE, MAX_LABEL_CHARS, MAX_NAME_CHARS, MAX_SEATS_PER_LAYOUT};

/// Faults that are told one by one; of the others only the number is. A plan of 20,000 seats can be wrong
/// 20,000 times.
const MAX_FAULTS: usize = 100;

/// Collects faults up to [`MAX_FAULTS`].
#[derive(Debug, Default)]
pub(crate) struct Faults {
    told: Validation,
    found: usize,
}

impl Faults {
    pub(crate) fn add(&mut self, path: impl Into<String>, code: &str, detail: impl Into<String>) {
        self.found += 1;
        if self.found <= MAX_FAULTS {
            self.told.refuse(path, code, detail);
        }
    }

    /// [`Validation::text`], but makes the path only for a text that may be refused.
    fn text(&mut self, path: impl FnOnce() -> String, text: &str, most: usize) {
        let plain = !text.trim().is_empty() && text.len() <= most && !text.contains(char::is_control);
        if plain {
            return;
        }
        let mut one = Validation::default();
        one.text(&path(), text, most);
        for error in one.finish().err().into_iter().flat_map(|invalid| invalid.errors) {
            self.add(error.path, &error.code, error.detail);
        }
    }

    pub(crate) fn finish(mut self) -> Result<(), Invalid> {
        if self.found > MAX_FAULTS {
            self.told.refuse("", "more", format!("and {} more faults", self.found - MAX_FAULTS));
        }
        self.told.finish()
    }
}

/// Tells faults of seats in the words of the file that the seats came from: `place` turns a seat's index and
/// field into a path of that file.
pub(crate) fn retell(mut invalid: Invalid, place: impl Fn(usize, &str) -> Option<String>) -> Invalid {
    for error in &mut invalid.errors {
        let told = error.path.strip_prefix("seats[").and_then(|rest| {
            let (index, field) = rest.split_once(']')?;
            place(index.parse().ok()?, field.trim_start_matches('.'))
        });
        if let Some(told) = told {
            error.detail = match error.detail.strip_prefix(&error.path) {
                Some(rest) => format!("{told}{rest}"),
                None => format!("{told}: {}", error.detail),
            };
            error.path = told;
        }
    }
    invalid
}

type Checked = (BTreeMap<SeatId, SeatNo>, Vec<Place>);

pub(super) fn check(name: &str, categories: &[Category], seats: &[Seat]) -> Result<Checked, Invalid> {
    let mut faults = Faults::default();
    faults.text(|| "name".into(), name, MAX_NAME_CHARS);
    check_categories(categories, &mut faults);
    if seats.is_empty() || seats.len() > MAX_SEATS_PER_LAYOUT {
        let detail = format!("a layout has 1 to {MAX_SEATS_PER_LAYOUT} seats, not {}", seats.len());
        faults.add("seats", "count", detail);
        faults.finish()?;
        return Ok((BTreeMap::new(), Vec::new()));
    }
    let by_id = check_seats(categories, seats, &mut faults);
    check_order(seats, &mut faults);
    check_positions(seats, &mut faults);
    let runs = runs(seats);
    let links = check_links(seats, &by_id, &runs, &mut faults);
    faults.finish()?;
    Ok((by_id, places(seats, runs, links)))
}

fn check_categories(categories: &[Category], faults: &mut Faults) {
    if categories.is_empty() || categories.len() > MAX_CATEGORIES {
        let detail = format!("a layout has 1 to {MAX_CATEGORIES} categories, not {}", categories.len());
        faults.add("categories", "count", detail);
    }
    let mut ids = BTreeSet::new();
    for (index, category) in categories.iter().enumerate() {
        if !ids.insert(&category.id) {
            let detail = format!("category {} is declared twice", category.id);
            faults.add(format!("categories[{index}].id"), "duplicate", detail);
        }
        faults.text(|| format!("categories[{index}].name"), &category.name, MAX_LABEL_CHARS);
        if let Some(color) = category.color.as_deref().filter(|color| !is_color(color)) {
            let shown: String = color.chars().take(MAX_LABEL_CHARS).collect();
            let detail =
                format!("{shown:?} is not a colour: allowed are #7a5cff, #75f, and CSS names such as teal");
            faults.add(format!("categories[{index}].color"), "invalid", detail);
        }
    }
}

/// Colours go into style sheets as they are, so only forms that cannot carry anything else are let in.
pub(crate) fn is_color(text: &str) -> bool {
    match text.strip_prefix('#') {
        Some(hex) => matches!(hex.len(), 3 | 4 | 6 | 8) && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => (3..=24).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic()),
    }
}

fn check_seats(categories: &[Category], seats: &[Seat], faults: &mut Faults) -> BTreeMap<SeatId, SeatNo> {
    let known: BTreeSet<_> = categories.iter().map(|category| &category.id).collect();
    let mut by_id = BTreeMap::new();
    for (index, seat) in seats.iter().enumerate() {
        if by_id.insert(seat.id.clone(), SeatNo::at(index)).is_some() {
            faults.add(
                format!("seats[{index}].id"),
                "duplicate",
                format!("seat id {} is used twice", seat.id),
            );
        }
        faults.text(|| format!("seats[{index}].label"), &seat.label, MAX_LABEL_CHARS);
        faults.text(|| format!("seats[{index}].row"), &seat.row, MAX_LABEL_CHARS);
        if !seat.section.is_empty() {
            faults.text(|| format!("seats[{index}].section"), &seat.section, MAX_LABEL_CHARS);
        }
        if !known.contains(&seat.category) {
            let known: Vec<_> = known.iter().take(MAX_CATEGORIES).map(|id| id.as_str()).collect();
            let detail =
                format!("category {} is not declared; declared are: {}", seat.category, known.join(", "));
            faults.add(format!("seats[{index}].category"), "unknown", detail);
        }
    }
    by_id
}

fn check_order(seats: &[Seat], faults: &mut Faults) {
    let mut rows = BTreeSet::new();
    let mut blocks = BTreeSet::new();
    let mut before: Option<&Seat> = None;
    for (index, seat) in seats.iter().enumerate() {
        let same_row = before.is_some_and(|last| last.row == seat.row && last.section == seat.section);
        if !same_row && !rows.insert((&seat.section, &seat.row)) {
            let detail = format!("the seats of row {} do not stand together in the list", seat.row);
            faults.add(format!("seats[{index}].row"), "not_contiguous", detail);
        }
        let same_block = before.is_some_and(|last| last.block == seat.block);
        if same_block && !same_row {
            let detail = format!("block {} goes on in another row; a block is a part of one row", seat.block);
            faults.add(format!("seats[{index}].block"), "spans_rows", detail);
        } else if !same_block && !blocks.insert(seat.block) {
            let detail = format!("the seats of block {} do not stand together in the list", seat.block);
            faults.add(format!("seats[{index}].block"), "not_contiguous", detail);
        }
        before = Some(seat);
    }
}

/// The position in thousandths of a unit. Positions are within [`MAX_COORDINATE`] once a layout is checked.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float that is out of range is cut to the range, a NaN is 0"
)]
fn milli(seat: &Seat) -> (i64, i64) {
    ((seat.x * 1000.0).round() as i64, (seat.y * 1000.0).round() as i64)
}

fn check_positions(seats: &[Seat], faults: &mut Faults) {
    let mut taken = Vec::with_capacity(seats.len());
    for (index, seat) in seats.iter().enumerate() {
        let mut possible = true;
        for (field, value) in [("x", seat.x), ("y", seat.y)] {
            // A NaN is in no range.
            if !(-MAX_COORDINATE..=MAX_COORDINATE).contains(&value) {
                let detail =
                    format!("{value} is not a position: allowed are numbers within ±{MAX_COORDINATE}");
                faults.add(format!("seats[{index}].{field}"), "out_of_range", detail);
                possible = false;
            }
        }
        if possible {
            taken.push((milli(seat), index));
        }
    }
    taken.sort_unstable();
    let overlaps = taken.windows(2).filter_map(|pair| match pair {
        [(one, first), (other, second)] if one == other => Some((*second, *first)),
        _ => None,
    });
    let mut overlaps: Vec<_> = overlaps.collect();
    overlaps.sort_unstable();
    for (index, first) in overlaps {
        if let (Some(seat), Some(other)) = (seats.get(index), seats.get(first)) {
            let detail = format!("seats {} and {} have the same position", other.id, seat.id);
            faults.add(format!("seats[{index}].x"), "overlap", detail);
        }
    }
}

/// Of each seat, the unbroken run of seats that it stands in.
fn runs(seats: &[Seat]) -> Vec<Range<usize>> {
    let breaks = |left: &Seat, right: &Seat| {
        left.block != right.block || [left, right].iter().any(|seat| seat.kind == SeatKind::Wheelchair)
    };
    spread(seats, breaks)
}

/// Of each seat, the part of the list that it stands in, where `breaks` says between which seats parts end.
fn spread(seats: &[Seat], breaks: impl Fn(&Seat, &Seat) -> bool) -> Vec<Range<usize>> {
    let mut parts = Vec::with_capacity(seats.len());
    for part in seats.chunk_by(|left, right| !breaks(left, right)) {
        let start = parts.len();
        parts.extend(std::iter::repeat_n(start..start + part.len(), part.len()));
    }
    parts
}

fn check_links(
    seats: &[Seat],
    by_id: &BTreeMap<SeatId, SeatNo>,
    runs: &[Range<usize>],
    faults: &mut Faults,
) -> Vec<Option<usize>> {
    let mut links = Vec::with_capacity(seats.len());
    for (index, seat) in seats.iter().enumerate() {
        let path = || format!("seats[{index}].kind");
        let find =
            |id: &SeatId| by_id.get(id).and_then(|number| Some((number.index(), seats.get(number.index())?)));
        let link = match &seat.kind {
            SeatKind::Standard | SeatKind::Recliner | SeatKind::Wheelchair => None,
            SeatKind::Companion { of } => match find(of) {
                None => {
                    faults.add(
                        path(),
                        "dangling",
                        format!("companion seat {} names {of}, which is no seat", seat.id),
                    );
                    None
                }
                Some((_, other)) if other.kind != SeatKind::Wheelchair => {
                    let detail =
                        format!("companion seat {} names {of}, which is no wheelchair space", seat.id);
                    faults.add(path(), "not_a_wheelchair", detail);
                    None
                }
                Some((other, _)) => Some(other),
            },
            SeatKind::Couple { with } => match find(with) {
                None => {
                    faults.add(
                        path(),
                        "dangling",
                        format!("couple seat {} names {with}, which is no seat", seat.id),
                    );
                    None
                }
                Some((other, _)) if other == index => {
                    faults.add(path(), "with_itself", format!("couple seat {with} is a couple with itself"));
                    None
                }
                Some((_, half)) if half.kind != (SeatKind::Couple { with: seat.id.clone() }) => {
                    let detail = format!("couple seat {} names {with}, which does not name it back", seat.id);
                    faults.add(path(), "not_mutual", detail);
                    None
                }
                Some((other, _)) if other.abs_diff(index) != 1 || runs.get(index) != runs.get(other) => {
                    let detail =
                        format!("couple seats {} and {with} are not neighbours in one block", seat.id);
                    faults.add(path(), "not_adjacent", detail);
                    None
                }
                Some((other, _)) => Some(other),
            },
        };
        links.push(link);
    }
    links
}

fn places(seats: &[Seat], runs: Vec<Range<usize>>, links: Vec<Option<usize>>) -> Vec<Place> {
    let rows = spread(seats, |left, right| left.row != right.row || left.section != right.section);
    let at: Vec<_> = seats.iter().map(milli).collect();
    let focus = focus(&at);
    let parts = rows.into_iter().zip(runs);
    let seats = links.into_iter().zip(at);
    let place = |((row, run), (link, at))| Place { row, run, link, at, distance: distance(at, focus) };
    parts.zip(seats).map(place).collect()
}

/// Where sight and sound are best: in the middle, two thirds of the way back.
fn focus(at: &[(i64, i64)]) -> (i64, i64) {
    let bounds = |of: fn(&(i64, i64)) -> i64| {
        (at.iter().map(of).min().unwrap_or_default(), at.iter().map(of).max().unwrap_or_default())
    };
    let ((left, right), (front, back)) = (bounds(|at| at.0), bounds(|at| at.1));
    (left + (right - left) / 2, front + (back - front) * 2 / 3)
}

/// The squared distance. Within [`MAX_COORDINATE`] it is below 10^17.
pub(crate) fn distance(one: (i64, i64), other: (i64, i64)) -> u64 {
    let square = |a: i64, b: i64| a.abs_diff(b).saturating_mul(a.abs_diff(b));
    square(one.0, other.0).saturating_add(square(one.1, other.1))
}

#[cfg(test)]
mod tests;
