//! Which seats may be taken together.

mod orphans;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::layout::{Layout, SeatKind, SeatNo};
use crate::error::ErrorCode;
use crate::ids::SeatId;

pub(crate) use orphans::Hall;

/// The selection rules of a show. All are on by default; a host relaxes them shortly before the show, or for
/// staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default)]
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
}

impl Default for SelectionRules {
    fn default() -> Self {
        Self { couples: true, companions: true, orphans: true }
    }
}

impl SelectionRules {
    /// No rule at all.
    pub const OFF: Self = Self { couples: false, companions: false, orphans: false };
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
    /// A whole choice that keeps the rule, in layout order; empty if none is known.
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

/// Checks all the rules. `free` says which seats this buyer could take, those of `chosen` among them; it is
/// asked only about rows of chosen seats.
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
    check_pairs(layout, chosen, rules).map_err(|mut refusal| {
        if !refusal.instead.iter().filter_map(|id| layout.number(id)).all(&free) {
            refusal.instead.clear();
        }
        refusal
    })?;
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
