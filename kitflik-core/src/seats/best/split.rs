//! Two groups that sit near each other.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Search;
use crate::ids::CategoryId;
use crate::limits::MAX_SEATS_PER_BOOKING;
use crate::seats::layout::check::distance;

/// Some seats beside each other.
#[derive(Debug, Clone)]
struct Window {
    seats: Range<usize>,
    /// Twice its middle.
    middle: (i64, i64),
    /// Its seats' distances from the focal point.
    distance: u64,
    /// Whether taking it leaves a single seat.
    leaves: bool,
}

/// The windows of a row by size, from two up; of each size the nearest first.
type Sizes = Vec<Vec<Window>>;

/// The groups of one part that come with groups of another, and the least score that any two of them can have.
struct Pairs<'a> {
    least: u64,
    ones: &'a [Window],
    others: &'a [Window],
    same_row: bool,
}

/// Two groups of at least two, in one row or in neighbouring rows of a section: of all such pairs the best that the
/// orphan rule allows.
pub(super) fn split<F: Fn(usize) -> bool>(search: &Search<'_, F>) -> Option<BTreeSet<usize>> {
    if !(4..=MAX_SEATS_PER_BOOKING).contains(&search.count) {
        return None;
    }
    let rows: Vec<(Range<usize>, Sizes)> =
        search.layout.rows().map(|row| (row.clone(), sizes(search, &row))).collect();
    let mut all: Vec<Pairs<'_>> = rows.iter().flat_map(|(_, sizes)| pairs(sizes, sizes, true)).collect();
    let section = |row: &Range<usize>| search.layout.seats().get(row.start).map(|seat| &seat.section);
    for pair in rows.windows(2) {
        if let [(one, ones), (other, others)] = pair
            && section(one) == section(other)
        {
            all.extend(pairs(ones, others, false));
        }
    }
    all.sort_by_key(|pairs| pairs.least);
    let mut allowed = Allowed { search, known: BTreeMap::new() };
    let best = best_of(search, &all, &mut |one, other, same| !leaves(search, one, other, same));
    let best = best.or_else(|| best_of(search, &all, &mut |one, other, same| allowed.pair(one, other, same)));
    best.map(|(_, seats)| seats.into_iter().collect())
}

/// The windows of a row that may be one of two groups.
fn sizes<F: Fn(usize) -> bool>(search: &Search<'_, F>, row: &Range<usize>) -> Sizes {
    let at = |index: usize| search.layout.place(index).map_or((0, 0), |place| place.at);
    let of_size = |size: usize| {
        let mut windows = Vec::new();
        search.windows(row.clone(), size, |seats, distance| {
            let (first, last) = (at(seats.start), at(seats.end.saturating_sub(1)));
            let (middle, leaves) = ((first.0 + last.0, first.1 + last.1), search.leaves(&[&seats]));
            // At most ten distances of at most 10^17.
            let distance = u64::try_from(distance).unwrap_or(u64::MAX / 2);
            windows.push(Window { seats, middle, distance, leaves });
        });
        windows.sort_by_key(|window| window.distance);
        windows
    };
    (2..=search.count - 2).map(of_size).collect()
}

/// Of two rows the sizes that make up the whole party.
fn pairs<'a>(ones: &'a Sizes, others: &'a Sizes, same_row: bool) -> impl Iterator<Item = Pairs<'a>> {
    ones.iter().zip(others.iter().rev()).filter_map(move |(ones, others)| {
        let least = ones.first()?.distance + others.first()?.distance;
        Some(Pairs { least, ones, others, same_row })
    })
}

/// The least score of all pairs that are good, and of equals the first in layout order.
fn best_of<F: Fn(usize) -> bool>(
    search: &Search<'_, F>,
    all: &[Pairs<'_>],
    good: &mut dyn FnMut(&Window, &Window, bool) -> bool,
) -> Option<(u64, Vec<usize>)> {
    let mut best: Option<(u64, Vec<usize>)> = None;
    for pairs in all {
        let beyond =
            |best: &Option<(u64, Vec<usize>)>, score: u64| best.as_ref().is_some_and(|best| score > best.0);
        if beyond(&best, pairs.least) {
            break;
        }
        let nearest = pairs.others.first().map_or(0, |other| other.distance);
        for one in pairs.ones {
            if beyond(&best, one.distance + nearest) {
                break;
            }
            for other in pairs.others {
                if beyond(&best, one.distance + other.distance) {
                    break;
                }
                if pairs.same_row && other.seats.start < one.seats.end {
                    continue;
                }
                let apart = distance(one.middle, other.middle) / 4;
                let score = one.distance + other.distance + apart.saturating_mul(search.count as u64);
                if beyond(&best, score) {
                    continue;
                }
                let seats = || one.seats.clone().chain(other.seats.clone());
                let better = match &best {
                    Some(best) if score == best.0 => seats().lt(best.1.iter().copied()),
                    _ => true,
                };
                if better && good(one, other, pairs.same_row) {
                    best = Some((score, seats().collect()));
                }
            }
        }
    }
    best
}

/// Whether two groups leave a single seat. Only what stands between them can be due to both.
fn leaves<F: Fn(usize) -> bool>(
    search: &Search<'_, F>,
    one: &Window,
    other: &Window,
    same_row: bool,
) -> bool {
    if same_row && other.seats.start - one.seats.end <= 1 {
        search.leaves(&[&one.seats, &other.seats])
    } else {
        one.leaves || other.leaves
    }
}

/// What the orphan rule says of groups that leave a single seat. It says the same of all groups of a row that are
/// as many, of as many seats, in the same categories: whether others leave none.
struct Allowed<'a, 'b, F> {
    search: &'a Search<'b, F>,
    known: BTreeMap<(usize, usize, usize, Vec<&'b CategoryId>), bool>,
}

impl<'b, F: Fn(usize) -> bool> Allowed<'_, 'b, F> {
    fn pair(&mut self, one: &Window, other: &Window, same_row: bool) -> bool {
        if same_row {
            return self.row(&[one, other]);
        }
        [one, other].into_iter().all(|window| !window.leaves || self.row(&[window]))
    }

    fn row(&mut self, groups: &[&Window]) -> bool {
        let seats: BTreeSet<usize> = groups.iter().flat_map(|window| window.seats.clone()).collect();
        let layout = self.search.layout;
        let mut categories: Vec<&'b CategoryId> =
            seats.iter().filter_map(|index| Some(&layout.seats().get(*index)?.category)).collect();
        categories.sort_unstable();
        categories.dedup();
        let row = seats.first().and_then(|index| layout.place(*index)).map_or(0, |place| place.row.start);
        let key = (row, seats.len(), groups.len(), categories);
        *self.known.entry(key).or_insert_with(|| self.search.hall.better(&seats).is_none())
    }
}
