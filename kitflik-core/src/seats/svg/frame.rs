//! Where everything is in a picture. Integers all through, so that every machine draws the same.

use std::collections::BTreeMap;

use super::{HEADING, STEP};
use crate::seats::layout::Layout;
use crate::seats::layout::check::distance;

/// Widest and highest that seats are spread, in tenths of a pixel.
const MOST: i64 = 300_000;

/// A part of the auditorium.
#[derive(Debug)]
pub(super) struct Section<'a> {
    pub(super) name: &'a str,
    /// The middle of its seats and the first of them from the screen, in tenths of a pixel.
    pub(super) middle: i64,
    pub(super) top: i64,
}

/// Seats in tenths of a pixel, from 0.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) seats: Vec<(i64, i64)>,
    pub(super) sections: Vec<Section<'a>>,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// Leftmost, rightmost, first and last.
type Bounds = (i64, i64, i64, i64);

fn around(places: impl Iterator<Item = (i64, i64)>) -> Option<Bounds> {
    places.fold(None, |found: Option<Bounds>, (x, y)| {
        let (left, right, top, bottom) = found.unwrap_or((x, x, y, y));
        Some((left.min(x), right.max(x), top.min(y), bottom.max(y)))
    })
}

impl<'a> Frame<'a> {
    pub(super) fn of(layout: &'a Layout) -> Self {
        let at = |index: usize| layout.place(index).map_or((0, 0), |place| place.at);
        let (left, right, top, bottom) =
            around(layout.places().iter().map(|place| place.at)).unwrap_or_default();
        let extent = (right - left).max(bottom - top);
        let pitch = pitch(layout).max(extent * i64::from(STEP) * 10 / MOST).max(1);
        let scaled = |value: i64| value * i64::from(STEP) * 10 / pitch;
        let mut seats: Vec<_> = (0..layout.seats().len())
            .map(|index| (scaled(at(index).0 - left), scaled(at(index).1 - top)))
            .collect();
        let mut boxes: BTreeMap<&str, Bounds> = BTreeMap::new();
        let mut names = Vec::new();
        for row in layout.rows() {
            let Some(seat) = layout.seats().get(row.start) else { continue };
            let Some(here) = seats.get(row).and_then(|seats| around(seats.iter().copied())) else { continue };
            match boxes.get_mut(seat.section.as_str()) {
                Some(found) => {
                    *found =
                        (found.0.min(here.0), found.1.max(here.1), found.2.min(here.2), found.3.max(here.3));
                }
                None => {
                    names.push(seat.section.as_str());
                    boxes.insert(&seat.section, here);
                }
            }
        }
        // Room for a section's name, where no other section stands on both sides of it.
        let mut cuts: Vec<i64> = boxes
            .iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(_, section)| section.2)
            .filter(|cut| boxes.values().all(|other| other.3 < *cut || other.2 >= *cut))
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        let down = |y: i64| {
            let above = cuts.partition_point(|cut| *cut <= y);
            y + i64::try_from(above).unwrap_or(0) * i64::from(HEADING) * 10
        };
        seats.iter_mut().for_each(|seat| seat.1 = down(seat.1));
        let section = |name: &'a str| {
            let section = boxes.get(name).filter(|_| !name.is_empty())?;
            Some(Section { name, middle: (section.0 + section.1) / 2, top: down(section.2) })
        };
        let sections = names.into_iter().filter_map(section).collect();
        let height = seats.iter().map(|seat| seat.1).max().unwrap_or_default();
        Self { seats, sections, width: scaled(right - left), height }
    }
}

/// How far neighbours usually stand apart, or rows where that is less; in thousandths of a unit.
pub(in crate::seats) fn pitch(layout: &Layout) -> i64 {
    let places = layout.places();
    let between = |one: usize, other: usize| match (places.get(one), places.get(other)) {
        (Some(one), Some(other)) => i64::try_from(distance(one.at, other.at).isqrt()).ok(),
        _ => None,
    };
    let beside = (1..places.len())
        .filter(|index| places.get(*index).is_some_and(|place| place.run.start < *index))
        .filter_map(|index| between(index - 1, index));
    let rows: Vec<usize> = layout.rows().map(|row| row.start).collect();
    let apart = rows.windows(2).filter_map(|pair| match pair {
        [one, other] if layout.seats().get(*one)?.section == layout.seats().get(*other)?.section => {
            between(*one, *other)
        }
        _ => None,
    });
    let usual = [median(beside.collect()), median(apart.collect())];
    usual.into_iter().flatten().min().unwrap_or(1000)
}

fn median(mut gaps: Vec<i64>) -> Option<i64> {
    gaps.sort_unstable();
    gaps.get(gaps.len().saturating_sub(1) / 2).copied()
}
