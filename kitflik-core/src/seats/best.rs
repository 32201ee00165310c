//! Best available: the seats that a good box-office clerk would offer.

mod split;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::layout::check::distance;
use super::layout::{Layout, Seat, SeatKind, SeatNo};
use super::rules::Hall;
use crate::ids::CategoryId;

/// Which seats a buyer wants to be offered. Everything is off by default: any ordinary seat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default)]
pub struct SeatFilter {
    /// Only this price category.
    pub category: Option<CategoryId>,
    /// Only these price categories, such as those that cost no more than a buyer wants to pay.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub categories: Option<Vec<CategoryId>>,
    /// Only this part of the auditorium.
    pub section: Option<String>,
    /// For a party with one wheelchair user: exactly one wheelchair space, and its companion seats or
    /// ordinary seats for the others. If not set, neither wheelchair spaces nor companion seats are offered.
    pub accessible: bool,
}

impl SeatFilter {
    fn admits(&self, seat: &Seat) -> bool {
        self.category.as_ref().is_none_or(|category| *category == seat.category)
            && self.categories.as_ref().is_none_or(|categories| categories.contains(&seat.category))
            && self.section.as_ref().is_none_or(|section| *section == seat.section)
    }
}

/// Seats that are offered together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The seats, in layout order.
    pub seats: Vec<SeatNo>,
    /// Whether each stands beside the next in one row.
    pub together: bool,
}

/// The best `count` seats that are free: `free` has an entry per seat, in layout order; what is missing is
/// taken.
///
/// 1. Seats beside each other in one row that leave no single seat.
/// 2. Seats beside each other in one row.
/// 3. Four to ten seats in two groups of at least two, in one row or in neighbouring rows of a section; those that
///    leave no single seat before those that do. The distance between the groups counts as that of each seat.
/// 4. Whatever is nearest.
///
/// Within a step the least sum of squared distances from the focal point wins, which is in the middle and two thirds
/// back; of equally good choices the first in layout order, so the answer is the same everywhere. Couple seats are
/// offered in pairs. `None` if there are not that many, or `count` is 0.
///
/// What is offered passes [`check_selection`](crate::check_selection) with all rules on.
#[must_use]
pub fn best_available(layout: &Layout, free: &[bool], count: usize, filter: &SeatFilter) -> Option<Choice> {
    let is_free = |index: usize| free.get(index).copied().unwrap_or(false);
    let wanted = |(index, seat): (usize, &Seat)| is_free(index) && filter.admits(seat);
    let wanted: Vec<_> = layout.seats().iter().enumerate().map(wanted).collect();
    if count == 0 || wanted.iter().filter(|wanted| **wanted).count() < count {
        return None;
    }
    let ordinary = |(seat, wanted): (&Seat, &bool)| {
        *wanted && !matches!(seat.kind, SeatKind::Wheelchair | SeatKind::Companion { .. })
    };
    let ordinary = layout.seats().iter().zip(&wanted).map(ordinary).collect();
    let hall = Hall { layout, free: is_free, whole_couples: true };
    let search = Search { layout, hall, wanted, ordinary, count };
    if filter.accessible {
        let beside = search.beside_wheelchair().map(|seats| (seats.collect(), true));
        return beside
            .or_else(|| Some((search.around_wheelchair()?, false)))
            .map(|found| search.offer(found));
    }
    let adjacent = search.adjacent().map(|seats| (seats.collect(), true));
    let found = adjacent.or_else(|| Some((split::split(&search)?, false)));
    let found = found.or_else(|| Some((search.nearest(count, |index| search.distance(index))?, false)));
    found.map(|found| search.offer(found))
}

struct Search<'a, F> {
    layout: &'a Layout,
    hall: Hall<'a, F>,
    /// Free and admitted by the filter.
    wanted: Vec<bool>,
    /// Wanted, and neither a wheelchair space nor a companion seat.
    ordinary: Vec<bool>,
    count: usize,
}

impl<F: Fn(usize) -> bool> Search<'_, F> {
    /// Leaves no seat over where that can be helped, as the buyer would be asked to.
    fn offer(&self, (seats, together): (BTreeSet<usize>, bool)) -> Choice {
        let (seats, together) = match self.hall.better(&seats) {
            None => (seats, together),
            Some((_, better)) => {
                let beside =
                    better.iter().zip(better.iter().skip(1)).all(|(left, right)| self.touch(*left, *right));
                (better, beside)
            }
        };
        Choice { seats: seats.into_iter().map(SeatNo::at).collect(), together }
    }

    fn ordinary(&self, index: usize) -> bool {
        self.ordinary.get(index).copied().unwrap_or(false)
    }

    fn wanted(&self, index: usize) -> bool {
        self.wanted.get(index).copied().unwrap_or(false)
    }

    fn distance(&self, index: usize) -> u64 {
        self.layout.place(index).map_or(u64::MAX, |place| place.distance)
    }

    fn kind(&self, index: usize) -> Option<&SeatKind> {
        self.layout.seats().get(index).map(|seat| &seat.kind)
    }

    /// The other half of a couple seat.
    fn half(&self, index: usize) -> Option<usize> {
        self.layout.link(index).filter(|_| matches!(self.kind(index), Some(SeatKind::Couple { .. })))
    }

    /// Whether seats that stand together hold both halves of each couple. Halves are neighbours, so only the
    /// ends can fail.
    fn whole(&self, seats: &Range<usize>) -> bool {
        let inside = |index: usize| self.half(index).is_none_or(|half| seats.contains(&half));
        inside(seats.start) && inside(seats.end.saturating_sub(1))
    }

    /// Whether taking these ranges leaves a single seat.
    fn leaves(&self, ranges: &[&Range<usize>]) -> bool {
        let chosen = |index: usize| ranges.iter().any(|range| range.contains(&index));
        let beside = |range: &&Range<usize>| [range.start.checked_sub(1), Some(range.end)];
        ranges.iter().flat_map(beside).flatten().any(|index| self.hall.is_left(index, &chosen))
    }

    /// Calls `each` with every window of so many ordinary seats in the runs of a part of the layout, in
    /// layout order.
    fn windows(&self, part: Range<usize>, size: usize, mut each: impl FnMut(Range<usize>, u128)) {
        let places = self.layout.places().get(part.clone()).unwrap_or_default();
        let (mut length, mut sum) = (0, 0_u128);
        for (index, place) in part.zip(places) {
            if place.run.start == index || !self.ordinary(index) {
                (length, sum) = (0, 0);
            }
            if !self.ordinary(index) {
                continue;
            }
            (length, sum) = (length + 1, sum + u128::from(place.distance));
            if length > size {
                (length, sum) = (size, sum - u128::from(self.distance(index - size)));
            }
            let seats = index + 1 - length..index + 1;
            if length == size && self.whole(&seats) {
                each(seats, sum);
            }
        }
    }

    /// Steps one and two: in one run, without a seat left over if there is such a choice.
    fn adjacent(&self) -> Option<Range<usize>> {
        let mut best: Option<(bool, u128, Range<usize>)> = None;
        self.windows(0..self.wanted.len(), self.count, |seats, sum| {
            let better = |leaves| best.as_ref().is_none_or(|best| (leaves, sum) < (best.0, best.1));
            if !better(false) {
                return;
            }
            let leaves = self.leaves(&[&seats]);
            if better(leaves) {
                best = Some((leaves, sum, seats));
            }
        });
        best.map(|best| best.2)
    }

    /// Step four: whatever is nearest, couples in pairs.
    fn nearest(&self, count: usize, distance: impl Fn(usize) -> u64) -> Option<BTreeSet<usize>> {
        let (mut singles, mut pairs) = (Vec::new(), Vec::new());
        for index in (0..self.ordinary.len()).filter(|index| self.ordinary(*index)) {
            match self.half(index) {
                None => singles.push((u128::from(distance(index)), index)),
                Some(half) if half > index && self.ordinary(half) => {
                    pairs.push((u128::from(distance(index)) + u128::from(distance(half)), index));
                }
                Some(_) => {}
            }
        }
        singles.sort_unstable();
        pairs.sort_unstable();
        let sum = |seats: &[(u128, usize)]| seats.iter().map(|seat| seat.0).sum::<u128>();
        let with_pairs = |number: usize| {
            let (pairs, singles) = (pairs.get(..number)?, singles.get(..count.checked_sub(2 * number)?)?);
            Some((sum(pairs) + sum(singles), number))
        };
        let (_, number) = (0..=pairs.len().min(count / 2)).filter_map(with_pairs).min()?;
        let pairs = pairs.iter().take(number).flat_map(|(_, index)| [*index, index + 1]);
        Some(singles.iter().take(count - 2 * number).map(|(_, index)| *index).chain(pairs).collect())
    }

    fn wheelchairs(&self) -> impl Iterator<Item = usize> {
        let is_space =
            |index: &usize| self.wanted(*index) && self.kind(*index) == Some(&SeatKind::Wheelchair);
        (0..self.wanted.len()).filter(is_space)
    }

    /// Whether a seat is for the party of this wheelchair space.
    fn joins(&self, index: usize, space: usize) -> bool {
        let companion = matches!(self.kind(index), Some(SeatKind::Companion { .. }));
        self.ordinary(index) || (self.wanted(index) && companion && self.layout.link(index) == Some(space))
    }

    /// Whether two seats that follow each other stand beside each other: as neighbours, or as a wheelchair
    /// space and its companion seat.
    fn touch(&self, left: usize, right: usize) -> bool {
        let row = |index| self.layout.place(index).map(|place| place.row.start);
        let linked = self.layout.link(left) == Some(right) || self.layout.link(right) == Some(left);
        right == left + 1 && row(left) == row(right) && (self.layout.beside(left).1 == Some(right) || linked)
    }

    /// Steps one and two for a party with a wheelchair.
    fn beside_wheelchair(&self) -> Option<Range<usize>> {
        let mut windows: Vec<(bool, u128, Range<usize>)> = Vec::new();
        for space in self.wheelchairs() {
            let (mut first, mut end) = (space, space + 1);
            while end - first < self.count
                && first > 0
                && self.joins(first - 1, space)
                && self.touch(first - 1, first)
            {
                first -= 1;
            }
            while end - space < self.count && self.joins(end, space) && self.touch(end - 1, end) {
                end += 1;
            }
            for start in first..=space {
                let seats = start..start + self.count;
                if seats.end > end || seats.end <= space || !self.whole(&seats) {
                    continue;
                }
                let sum = seats.clone().map(|index| u128::from(self.distance(index))).sum();
                windows.push((self.leaves(&[&seats]), sum, seats));
            }
        }
        windows.sort_unstable_by_key(|(leaves, sum, seats)| (*leaves, *sum, seats.start));
        let allowed = |seats: &Range<usize>| self.hall.better(&seats.clone().collect()).is_none();
        let best = windows.iter().find(|(leaves, _, seats)| !leaves || allowed(seats));
        best.or(windows.first()).map(|best| best.2.clone())
    }

    /// Steps three and four for a party with a wheelchair: the space with most free companion seats, these,
    /// and for the rest the ordinary seats nearest to it.
    fn around_wheelchair(&self) -> Option<BTreeSet<usize>> {
        let others = self.count.checked_sub(1)?;
        let mut companions: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for index in (0..self.wanted.len()).filter(|index| self.wanted(*index) && !self.ordinary(*index)) {
            // A wheelchair space has no link, so this is a companion seat.
            if let Some(space) = self.layout.link(index) {
                companions.entry(space).or_default().push(index);
            }
        }
        let company = |space: &usize| {
            let many = companions.get(space).map_or(0, Vec::len).min(others);
            (std::cmp::Reverse(many), self.distance(*space), *space)
        };
        let space = self.wheelchairs().min_by_key(company)?;
        let at = |index| self.layout.place(index).map_or((0, 0), |place| place.at);
        let from_space = |index| distance(at(index), at(space));
        let mut kept = companions.remove(&space).unwrap_or_default();
        kept.sort_by_key(|index| (from_space(*index), *index));
        kept.truncate(others);
        // With one companion seat fewer, what is left may be made of couple seats.
        (0..=kept.len()).rev().find_map(|many| {
            let mut seats = self.nearest(others - many, from_space)?;
            seats.extend(kept.iter().take(many));
            seats.insert(space);
            Some(seats)
        })
    }
}

#[cfg(test)]
mod tests;
