//! Single seats left over, and choices that leave none.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::limits::MAX_SEATS_PER_BOOKING;
use crate::seats::layout::{Layout, SeatKind};

/// A layout and what is free in it.
pub(crate) struct Hall<'a, F> {
    pub(crate) layout: &'a Layout,
    pub(crate) free: F,
    /// Whether couple seats are sold as pairs only.
    pub(crate) whole_couples: bool,
}

impl<F: Fn(usize) -> bool> Hall<'_, F> {
    /// Whether a seat is kept for some: such a seat is a wall to the orphan rule.
    fn kept(&self, index: usize) -> bool {
        let kind = self.layout.seats().get(index).map(|seat| &seat.kind);
        kind.is_none_or(|kind| matches!(kind, SeatKind::Wheelchair | SeatKind::Companion { .. }))
    }

    /// Whether the choice leaves this seat over: free, with a free neighbour before and none after.
    pub(crate) fn is_left(&self, index: usize, chosen: &impl Fn(usize) -> bool) -> bool {
        if self.kept(index) || chosen(index) || !(self.free)(index) {
            return false;
        }
        let (left, right) = self.layout.beside(index);
        let mut taken = false;
        for beside in left.into_iter().chain(right).filter(|beside| !self.kept(*beside)) {
            if chosen(beside) {
                taken = true;
            } else if (self.free)(beside) {
                return false;
            }
        }
        taken
    }

    /// The seats that a choice leaves over although a better choice does not, and that better choice.
    pub(crate) fn better(&self, chosen: &BTreeSet<usize>) -> Option<(Vec<usize>, BTreeSet<usize>)> {
        let mut rows: BTreeMap<usize, (Range<usize>, BTreeSet<usize>)> = BTreeMap::new();
        for index in chosen.iter().copied().filter(|index| !self.kept(*index)) {
            if let Some(place) = self.layout.place(index) {
                let row = rows.entry(place.row.start).or_insert_with(|| (place.row.clone(), BTreeSet::new()));
                row.1.insert(index);
            }
        }
        let (mut all_left, mut instead) = (Vec::new(), chosen.clone());
        for (row, picked) in rows.into_values().filter(|row| row.1.len() <= MAX_SEATS_PER_BOOKING) {
            let left: Vec<_> =
                row.clone().filter(|index| self.is_left(*index, &|seat| chosen.contains(&seat))).collect();
            if left.is_empty() {
                continue;
            }
            if let Some(other) = self.without_left(row, &picked) {
                all_left.extend(left);
                instead.retain(|index| !picked.contains(index));
                instead.extend(other);
            }
        }
        (!all_left.is_empty()).then_some((all_left, instead))
    }

    /// As many seats of the row, of the same categories, in no more groups, that leave no seat over. Among
    /// these the one that keeps most of what was picked, and of these the leftmost.
    fn without_left(&self, row: Range<usize>, picked: &BTreeSet<usize>) -> Option<Vec<usize>> {
        let beside = |index: usize| self.layout.beside(index).0.is_some_and(|left| picked.contains(&left));
        let groups = picked.iter().filter(|index| !beside(**index)).count();
        Table::fill(self.cells(row, picked), picked.len(), groups).choice()
    }

    fn cells(&self, row: Range<usize>, picked: &BTreeSet<usize>) -> Vec<Cell> {
        let seats = self.layout.seats();
        let category = |index: usize| seats.get(index).map(|seat| &seat.category);
        let categories: BTreeSet<_> = picked.iter().map(|index| category(*index)).collect();
        let open = |index: usize| !self.kept(index) && (picked.contains(&index) || (self.free)(index));
        let fits = |index: usize| categories.contains(&category(index));
        let mut cells = Vec::with_capacity(row.len() + 1);
        let mut index = row.start;
        while index < row.end {
            let partner = self.layout.link(index).filter(|_| self.whole_couples && !self.kept(index));
            let size = if partner == Some(index + 1) && open(index) && open(index + 1) { 2 } else { 1 };
            let seats = index..index + size;
            if open(index) {
                let whole = partner.is_none() || size == 2;
                let takeable = whole && seats.clone().all(fits);
                let keeps = seats.clone().filter(|seat| picked.contains(seat)).count();
                cells.push(Cell::Open { seats: seats.clone(), takeable, keeps });
            } else {
                cells.push(Cell::Wall);
            }
            if self.layout.beside(seats.end - 1).1.is_none() {
                cells.push(Cell::Wall);
            }
            index = seats.end;
        }
        cells
    }
}

/// A step through a row, from left to right.
#[derive(Debug, Clone)]
enum Cell {
    /// A taken seat or the end of a run.
    Wall,
    /// A free seat, or a free couple that is taken whole.
    Open { seats: Range<usize>, takeable: bool, keeps: usize },
}

/// What a step has to know of the steps before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The last seat is taken by others, or there is none.
    Wall,
    /// The last seat is taken by the choice.
    Taken,
    /// The last seat stays free and has a free neighbour.
    Fine,
    /// The last seat stays free, and beside it was never a free one so far.
    Single,
    /// The last seat stays free, and the choice took the one before it.
    Left,
}

impl State {
    const ALL: [Self; 5] = [Self::Wall, Self::Taken, Self::Fine, Self::Single, Self::Left];

    fn wall(self) -> Option<Self> {
        (self != Self::Left).then_some(Self::Wall)
    }

    fn take(self) -> Option<Self> {
        (!matches!(self, Self::Left | Self::Single)).then_some(Self::Taken)
    }

    fn leave(self) -> Self {
        match self {
            Self::Wall => Self::Single,
            Self::Taken => Self::Left,
            Self::Fine | Self::Single | Self::Left => Self::Fine,
        }
    }
}

/// For each step, number of seats and groups still to take, and state: the most picked seats that can be kept
/// from there to the end of the row, or [`NEVER`]. At most ten seats and ten groups, so a row of a hundred
/// seats has 60,000 entries.
struct Table {
    cells: Vec<Cell>,
    seats: usize,
    groups: usize,
    kept: Vec<u8>,
}

const NEVER: u8 = u8::MAX;

impl Table {
    fn fill(cells: Vec<Cell>, seats: usize, groups: usize) -> Self {
        let size = (cells.len() + 1) * (seats + 1) * (groups + 1) * State::ALL.len();
        let mut table = Self { cells, seats, groups, kept: vec![NEVER; size] };
        for step in (0..=table.cells.len()).rev() {
            for seats in 0..=table.seats {
                for groups in 0..=table.groups {
                    for state in State::ALL {
                        let pass = table.pass(step, seats, groups, state);
                        let take = table.take(step, seats, groups, state).map(|(kept, ..)| kept);
                        let best = [pass, take].into_iter().flatten().max().unwrap_or(NEVER);
                        let at = table.at(step, seats, groups, state);
                        if let Some(entry) = table.kept.get_mut(at) {
                            *entry = best;
                        }
                    }
                }
            }
        }
        table
    }

    fn at(&self, step: usize, seats: usize, groups: usize, state: State) -> usize {
        ((step * (self.seats + 1) + seats) * (self.groups + 1) + groups) * State::ALL.len() + state as usize
    }

    fn get(&self, step: usize, seats: usize, groups: usize, state: State) -> Option<u8> {
        self.kept.get(self.at(step, seats, groups, state)).copied().filter(|kept| *kept != NEVER)
    }

    /// The worth of not taking this step's seats.
    fn pass(&self, step: usize, seats: usize, groups: usize, state: State) -> Option<u8> {
        let Some(cell) = self.cells.get(step) else {
            return (seats == 0).then_some(0);
        };
        self.get(step + 1, seats, groups, Self::passed(cell, state)?)
    }

    fn passed(cell: &Cell, state: State) -> Option<State> {
        match cell {
            Cell::Wall => state.wall(),
            Cell::Open { seats, .. } => Some(seats.clone().fold(state, |state, _| state.leave())),
        }
    }

    /// The worth of taking this step's seats, and the seats and groups that are then still to take.
    fn take(&self, step: usize, seats: usize, groups: usize, state: State) -> Option<(u8, usize, usize)> {
        let Some(Cell::Open { seats: here, takeable: true, keeps }) = self.cells.get(step) else {
            return None;
        };
        let seats = seats.checked_sub(here.len())?;
        let groups = if state == State::Taken { groups } else { groups.checked_sub(1)? };
        let rest = self.get(step + 1, seats, groups, state.take()?)?;
        Some((rest.saturating_add(u8::try_from(*keeps).unwrap_or(u8::MAX)), seats, groups))
    }

    fn choice(&self) -> Option<Vec<usize>> {
        let (mut seats, mut groups, mut state) = (self.seats, self.groups, State::Wall);
        self.get(0, seats, groups, state)?;
        let mut choice = Vec::with_capacity(seats);
        for (step, cell) in self.cells.iter().enumerate() {
            let best = self.get(step, seats, groups, state)?;
            match (cell, self.take(step, seats, groups, state)) {
                (Cell::Open { seats: here, .. }, Some((kept, rest, others))) if kept == best => {
                    choice.extend(here.clone());
                    (seats, groups, state) = (rest, others, State::Taken);
                }
                _ => state = Self::passed(cell, state)?,
            }
        }
        Some(choice)
    }
}
