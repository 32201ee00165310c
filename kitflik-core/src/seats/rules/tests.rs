use proptest::prelude::*;

use super::*;
use crate::seats::testing::{any_hall, hall};

/// The numbers of seats by label.
fn numbers(layout: &Layout, labels: &str) -> Vec<SeatNo> {
    labels.split_whitespace().map(|label| layout.number(&SeatId::new(label).unwrap()).unwrap()).collect()
}

/// Checks a choice where the seats of `taken` are taken; answers what is wrong and what would be right.
fn check(rows: &str, taken: &str, chosen: &str, rules: &SelectionRules) -> Result<(), String> {
    let layout = hall(rows);
    let taken = numbers(&layout, taken);
    let chosen = numbers(&layout, chosen);
    check_selection(&layout, &chosen, |seat| !taken.contains(&seat), rules).map_err(|refusal| {
        let list = |ids: &[SeatId]| ids.iter().map(SeatId::as_str).collect::<Vec<_>>().join(" ");
        format!("{}: {} -> {}", refusal.code, list(&refusal.seats), list(&refusal.instead))
    })
}

fn refused(rows: &str, taken: &str, chosen: &str) -> String {
    check(rows, taken, chosen, &SelectionRules::default()).unwrap_err()
}

fn allowed(rows: &str, taken: &str, chosen: &str) {
    assert_eq!(check(rows, taken, chosen, &SelectionRules::default()), Ok(()), "{rows} - {taken} + {chosen}");
}

#[test]
fn couples_are_whole() {
    assert_eq!(refused("A: #<>#", "", "A1 A2"), "couple_split: A2 -> A1 A2 A3");
    assert_eq!(refused("A: #<>#", "A3", "A2"), "couple_split: A2 -> ", "the other half is gone");
    allowed("A: ##<>##", "", "A3 A4");
    let off = SelectionRules { couples: false, ..SelectionRules::default() };
    assert_eq!(check("A: ##<>##", "", "A1 A2 A3", &off), Ok(()));
}

#[test]
fn companions_go_with_their_wheelchair() {
    assert_eq!(refused("A: @+##", "", "A2 A3"), "companion_alone: A2 -> A1 A2 A3");
    allowed("A: @+##", "", "A1 A2");
    allowed("A: @+##", "", "A1");
    let off = SelectionRules { companions: false, ..SelectionRules::default() };
    assert_eq!(check("A: @+##", "", "A2", &off), Ok(()));
}

#[test]
fn no_single_seat_is_left_where_it_can_be_helped() {
    assert_eq!(refused("A: #####", "", "A2 A3"), "orphan_seat: A1 -> A1 A2");
    assert_eq!(refused("A: ####", "", "A2 A3"), "orphan_seat: A1 A4 -> A1 A2");
    assert_eq!(refused("A: ####_####", "", "A6 A7"), "orphan_seat: A5 A8 -> A5 A6");
    assert_eq!(refused("A: ########", "A4", "A1 A2"), "orphan_seat: A3 -> A5 A6");
    allowed("A: #######", "A4", "A1 A2");
    allowed("A: #####", "", "A1 A2");
    allowed("A: ###", "", "A1 A2");
    assert_eq!(refused("A: ###", "", "A2"), "orphan_seat: A1 A3 -> A1");
    assert_eq!(check("A: ####", "", "A2 A3", &SelectionRules::OFF), Ok(()));
}

#[test]
fn what_was_single_before_is_nobodys_fault() {
    allowed("A: ####", "A2", "A3 A4");
    allowed("A: #_##", "", "A2 A3");
}

#[test]
fn companion_seats_and_wheelchairs_are_walls() {
    allowed("A: @+##", "", "A3 A4");
    assert_eq!(refused("A: @+####", "", "A4 A5"), "orphan_seat: A3 A6 -> A3 A4");
    allowed("A: ##@##", "", "A1 A2");
}

#[test]
fn the_alternative_is_of_the_same_price_and_no_more_scattered() {
    // In A the choice of one dear seat cannot be helped; the cheap ones at the end would cost it its price.
    let rows = "category s Standard\ncategory p Premium\nA: pp_sss";
    allowed(rows, "", "A1");
    assert_eq!(refused("A: ##_###", "", "A1"), "orphan_seat: A2 -> A3");
    // Three together in a run of four: A1 A2 and another elsewhere would leave none, but tear the group
    // apart.
    allowed("A: ####_##_#", "A5 A6", "A2 A3 A4");
}

#[test]
fn rows_are_judged_apart_and_staff_may_take_many() {
    assert_eq!(refused("A: #####\nB: #####", "", "A1 A2 B2 B3"), "orphan_seat: B1 -> A1 A2 B1 B2");
    let row = format!("A: {}", "#".repeat(30));
    let many = (2..=29).map(|n| format!("A{n}")).collect::<Vec<_>>().join(" ");
    allowed(&row, "", &many);
    let odd = hall("A: ##");
    assert_eq!(check_selection(&odd, &[SeatNo(7)], |_| true, &SelectionRules::default()), Ok(()));
}

#[test]
fn rules_that_are_not_mentioned_are_on() {
    let rules: SelectionRules = serde_json::from_str(r#"{"orphans": false}"#).unwrap();
    assert_eq!(rules, SelectionRules { orphans: false, ..SelectionRules::default() });
}

/// The rule as it is told to people, for one row and without regard to cost.
mod told {
    use super::*;

    pub(super) fn ordinary(layout: &Layout, seat: usize) -> bool {
        !matches!(layout.seats()[seat].kind, SeatKind::Wheelchair | SeatKind::Companion { .. })
    }

    fn neighbours(layout: &Layout, seat: usize) -> Vec<usize> {
        let (left, right) = layout.neighbours(SeatNo::at(seat));
        left.into_iter().chain(right).map(SeatNo::index).collect()
    }

    pub(super) fn left_over(layout: &Layout, free: &[bool], chosen: &BTreeSet<usize>) -> Vec<usize> {
        let before = |seat: &usize| free[*seat] && ordinary(layout, *seat);
        let after = |seat: &usize| before(seat) && !chosen.contains(seat);
        (0..free.len())
            .filter(|seat| {
                let beside = neighbours(layout, *seat);
                after(seat) && !beside.iter().any(after) && beside.iter().any(before)
            })
            .collect()
    }

    pub(super) fn groups(layout: &Layout, chosen: &BTreeSet<usize>) -> usize {
        let goes_on = |seat: &usize| {
            neighbours(layout, *seat).iter().any(|other| other < seat && chosen.contains(other))
        };
        chosen.iter().filter(|seat| !goes_on(seat)).count()
    }

    pub(super) fn whole(layout: &Layout, chosen: &BTreeSet<usize>) -> bool {
        chosen
            .iter()
            .all(|seat| layout.linked(SeatNo::at(*seat)).is_none_or(|half| chosen.contains(&half.index())))
    }

    /// Every set of seats of the row, as many and of the same categories as the ordinary ones of `chosen`, in
    /// no more groups, whole couples, free: none is left over.
    pub(super) fn can_be_helped(layout: &Layout, free: &[bool], chosen: &BTreeSet<usize>) -> bool {
        let picked: BTreeSet<_> = chosen.iter().copied().filter(|seat| ordinary(layout, *seat)).collect();
        let kinds: BTreeSet<_> = picked.iter().map(|seat| &layout.seats()[*seat].category).collect();
        (0_u32..1 << free.len()).any(|bits| {
            let other: BTreeSet<_> = (0..free.len()).filter(|seat| bits >> seat & 1 == 1).collect();
            other.len() == picked.len()
                && other.iter().all(|seat| {
                    free[*seat] && ordinary(layout, *seat) && kinds.contains(&layout.seats()[*seat].category)
                })
                && whole(layout, &other)
                && groups(layout, &other) <= groups(layout, &picked)
                && left_over(layout, free, &other).is_empty()
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_orphan_rule_is_the_one_that_is_told(
        (layout, free) in any_hall(1, 11),
        picks in proptest::collection::vec(any::<bool>(), 11),
    ) {
        // A choice that the other rules allow: free seats, couples whole, no companion seats.
        let mut chosen: BTreeSet<usize> = (0..free.len())
            .filter(|seat| picks[*seat] && free[*seat] && told::ordinary(&layout, *seat))
            .collect();
        let torn = chosen.clone();
        let half = |seat: &usize| layout.linked(SeatNo::at(*seat));
        chosen.retain(|seat| half(seat).is_none_or(|half| torn.contains(&half.index())));
        prop_assume!(chosen.len() <= crate::limits::MAX_SEATS_PER_BOOKING);
        let numbers: Vec<_> = chosen.iter().copied().map(SeatNo::at).collect();
        let rules = SelectionRules::default();
        let answer = check_selection(&layout, &numbers, |seat| free[seat.index()], &rules);
        let left = told::left_over(&layout, &free, &chosen);
        let wrong = !left.is_empty() && told::can_be_helped(&layout, &free, &chosen);
        prop_assert_eq!(answer.is_err(), wrong, "{:?}", answer);
        if let Err(refusal) = answer {
            let instead: Vec<_> = refusal.instead.iter().map(|id| layout.number(id).unwrap()).collect();
            prop_assert_eq!(instead.len(), chosen.len());
            prop_assert!(instead.iter().all(|seat| free[seat.index()]));
            let again = check_selection(&layout, &instead, |seat| free[seat.index()], &rules);
            prop_assert_eq!(again, Ok(()));
        }
    }
}
