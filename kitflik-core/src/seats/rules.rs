//! Which seats may be taken together.

mod orphans;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::best::{SeatFilter, best_available};
use super::layout::{Layout, Seat, SeatKind, SeatNo};
use crate::error::ErrorCode;
use crate::ids::SeatId;
use crate::limits::MAX_SEATS_PER_BOOKING;
use crate::time::Timestamp;

pub(crate) use orphans::Hall;

/// The selection rules of a show. All are on by default, and until the show starts.
///
/// A wheelchair space is for whoever asks for it by name; the best available are other seats unless the wish says
/// `accessible`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct SelectionRules {
    /// A couple seat is sold as a pair.
    #[cfg_attr(feature = "uniffi", uniffi(default = true))]
    pub couples: bool,
    /// A companion seat is sold only with its wheelchair space.
    #[cfg_attr(feature = "uniffi", uniffi(default = true))]
    pub companions: bool,
    /// No single free seat may be left that another choice of the same size in the row avoids.
    #[cfg_attr(feature = "uniffi", uniffi(default = true))]
    pub orphans: bool,
    /// From so many minutes before the start the halves of a couple seat are sold one by one; never if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub couples_until_minutes: Option<u32>,
    /// From so many minutes before the start a companion seat is for everybody; never if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub companions_until_minutes: Option<u32>,
    /// From so many minutes before the start single seats may be left; never if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub orphans_until_minutes: Option<u32>,
}

impl Default for SelectionRules {
    fn default() -> Self {
        Self { couples: true, companions: true, orphans: true, ..Self::OFF }
    }
}

impl SelectionRules {
    /// No rule at all.
    pub const OFF: Self = Self {
        couples: false,
        companions: false,
        orphans: false,
        couples_until_minutes: None,
        companions_until_minutes: None,
        orphans_until_minutes: None,
    };

    /// Those that are in force at a time: the others are off.
    #[must_use]
    pub fn at(self, starts_at: Timestamp, now: Timestamp) -> Self {
        let holds = |on: bool, until: Option<u32>| {
            let end = until.map(|minutes| starts_at.minus(Duration::from_secs(60 * u64::from(minutes))));
            on && end.is_none_or(|end| now < end)
        };
        Self {
            couples: holds(self.couples, self.couples_until_minutes),
            companions: holds(self.companions, self.companions_until_minutes),
            orphans: holds(self.orphans, self.orphans_until_minutes),
            ..self
        }
    }
}

/// A choice of seats that a rule forbids.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct Refusal {
    /// Which rule: [`ErrorCode::CoupleSplit`], [`ErrorCode::CompanionAlone`] or [`ErrorCode::OrphanSeat`].
    pub code: ErrorCode,
    /// The seats that offend: chosen halves of couple seats, chosen companion seats, or the single seats left
    /// over.
    pub seats: Vec<SeatId>,
    /// A whole choice that all rules allow, of seats that this buyer could take, in layout order; empty if none is
    /// known.
    pub instead: Vec<SeatId>,
    /// What is wrong and what to do, for people.
    pub detail: String,
}

/// Checks the rules that need only the layout: couples and companions. The order and repeats of `chosen` do
/// not matter, and seats that the layout does not have are passed over.
///
/// # Errors
/// The first rule that forbids the choice.
pub(crate) fn check_pairs(layout: &Layout, chosen: &[SeatNo], rules: &SelectionRules) -> Result<(), Refusal> {
    let chosen: BTreeSet<_> = chosen.iter().map(|seat| seat.index()).collect();
    let without_link = |wanted: fn(&SeatKind) -> bool| -> Vec<usize> {
        let offends = |index: &usize| {
            layout.seats().get(*index).is_some_and(|seat| wanted(&seat.kind))
                && layout.link(*index).is_some_and(|link| !chosen.contains(&link))
        };
        chosen.iter().copied().filter(offends).collect()
    };
    let refuse = |code, seats: &[usize], what: &str| {
        let links: BTreeSet<_> = seats.iter().filter_map(|index| layout.link(*index)).collect();
        let instead: Vec<_> = chosen.union(&links).copied().collect();
        let detail = format!("{} {what} {}", labels(layout, seats), labels(layout, links.iter()));
        Err(Refusal { code, seats: ids(layout, seats), instead: ids(layout, &instead), detail })
    };
    if rules.couples {
        let halves = without_link(|kind| matches!(kind, SeatKind::Couple { .. }));
        if !halves.is_empty() {
            return refuse(
                ErrorCode::CoupleSplit,
                &halves,
                "is half of a couple seat: choose it together with",
            );
        }
    }
    if rules.companions {
        let alone = without_link(|kind| matches!(kind, SeatKind::Companion { .. }));
        if !alone.is_empty() {
            let what =
                "is for the company of a wheelchair user: choose another seat, or take it together with";
            return refuse(ErrorCode::CompanionAlone, &alone, what);
        }
    }
    Ok(())
}

/// Checks all the rules that are on; which ones are at a time, [`SelectionRules::at`] says. `free` says which seats
/// this buyer could take, those of `chosen` among them; it is asked only about rows of chosen seats.
///
/// The orphan rule: a single seat is left over by a choice if it had a free neighbour before and has none
/// after. It is refused if in that row as many seats of the same categories, in no more separate groups, can
/// be chosen so that none is left over. Companion seats do not count as free here, and wheelchair spaces are
/// nobody's neighbours. The rule is silent on more than
/// [`limits::MAX_SEATS_PER_BOOKING`](crate::limits::MAX_SEATS_PER_BOOKING) seats in a row.
///
/// # Errors
/// The first rule that forbids the choice, with a choice that it would allow where there is one.
pub fn check_selection(
    layout: &Layout,
    chosen: &[SeatNo],
    free: impl Fn(SeatNo) -> bool,
    rules: &SelectionRules,
) -> Result<(), Refusal> {
    check(layout, chosen, &free, rules)
}

fn check(
    layout: &Layout,
    chosen: &[SeatNo],
    free: &dyn Fn(SeatNo) -> bool,
    rules: &SelectionRules,
) -> Result<(), Refusal> {
    if let Err(mut refusal) = check_pairs(layout, chosen, rules) {
        // Complete pairs may be gone, or break the next rule.
        let whole: Vec<_> = refusal.instead.iter().filter_map(|id| layout.number(id)).collect();
        let gone: Vec<_> = whole.iter().filter(|seat| !free(**seat)).map(|seat| seat.index()).collect();
        if !gone.is_empty() {
            let torn: Vec<_> =
                refusal.seats.iter().filter_map(|id| Some(layout.number(id)?.index())).collect();
            refusal.detail = format!(
                "{} is sold only together with {}, which is taken: choose other seats",
                labels(layout, &torn),
                labels(layout, &gone)
            );
        }
        if whole.len() > MAX_SEATS_PER_BOOKING || !gone.is_empty() {
            refusal.instead.clear();
        } else if let Err(other) = check(layout, &whole, free, rules) {
            refusal.instead = other.instead;
        }
        return Err(refusal);
    }
    if rules.orphans {
        let chosen: BTreeSet<_> = chosen.iter().map(|seat| seat.index()).collect();
        let hall = Hall { layout, free: |index| free(SeatNo::at(index)), whole_couples: rules.couples };
        if let Some((left, instead)) = hall.better(&chosen) {
            let detail = format!(
                "this would leave {} as a single seat; {} would not",
                labels(layout, &left),
                labels(layout, &instead)
            );
            let (seats, instead) = (ids(layout, &left), ids(layout, &instead));
            return Err(Refusal { code: ErrorCode::OrphanSeat, seats, instead, detail });
        }
    }
    Ok(())
}

/// What a clerk would offer to whoever chose what cannot be had: as many seats of the same category, in the same
/// section if there are, by the rules. Empty if there are none. `free` has an entry per seat, in layout order.
pub(crate) fn alternative(
    layout: &Layout,
    chosen: &[SeatNo],
    free: &[bool],
    rules: &SelectionRules,
) -> Vec<SeatId> {
    let seats: Vec<_> = chosen.iter().filter_map(|seat| layout.seat(*seat)).collect();
    let Some(first) = seats.first() else { return Vec::new() };
    let alike = |same: fn(&Seat, &Seat) -> bool| seats.iter().all(|seat| same(first, seat));
    let accessible = seats.iter().any(|seat| seat.kind == SeatKind::Wheelchair);
    let category = alike(|one, other| one.category == other.category).then(|| first.category.clone());
    let section = alike(|one, other| one.section == other.section).then(|| first.section.clone());
    let is_free = |seat: SeatNo| free.get(seat.index()).copied().unwrap_or(false);
    for section in [section, None] {
        let filter = SeatFilter { category: category.clone(), section, accessible, ..SeatFilter::default() };
        let Some(choice) = best_available(layout, free, seats.len(), &filter) else { continue };
        match check(layout, &choice.seats, &is_free, rules) {
            Ok(()) => {
                return choice.seats.iter().filter_map(|seat| Some(layout.seat(*seat)?.id.clone())).collect();
            }
            Err(refusal) if !refusal.instead.is_empty() => return refusal.instead,
            Err(_) => {}
        }
    }
    Vec::new()
}

fn ids<'a>(layout: &Layout, indices: impl IntoIterator<Item = &'a usize>) -> Vec<SeatId> {
    let id = |index: &usize| layout.seats().get(*index).map(|seat| seat.id.clone());
    indices.into_iter().filter_map(id).collect()
}

fn labels<'a>(layout: &Layout, indices: impl IntoIterator<Item = &'a usize>) -> String {
    let label = |index: &usize| layout.seats().get(*index).map(|seat| seat.label.as_str());
    indices.into_iter().filter_map(label).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
