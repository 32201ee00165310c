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

    /// Every set of seats of a row, as many and of the same categories as the ordinary ones of `chosen` there, in no
    /// more groups, free, and whole couples if that is a rule: none is left over.
    pub(super) fn can_be_helped(
        layout: &Layout,
        free: &[bool],
        row: std::ops::Range<usize>,
        chosen: &BTreeSet<usize>,
        couples: bool,
    ) -> bool {
        let picked: BTreeSet<_> =
            chosen.iter().copied().filter(|seat| row.contains(seat) && ordinary(layout, *seat)).collect();
        let kinds: BTreeSet<_> = picked.iter().map(|seat| &layout.seats()[*seat].category).collect();
        (0_u32..1 << row.len()).any(|bits| {
            let other: BTreeSet<_> = row.clone().filter(|seat| bits >> (seat - row.start) & 1 == 1).collect();
            other.len() == picked.len()
                && other.iter().all(|seat| {
                    free[*seat] && ordinary(layout, *seat) && kinds.contains(&layout.seats()[*seat].category)
                })
                && (!couples || whole(layout, &other))
                && groups(layout, &other) <= groups(layout, &picked)
                && left_over(layout, free, &other).iter().all(|seat| !row.contains(seat))
        })
    }

    /// Whether a rule forbids a choice, and which one: the first in the order of couples, companions, single seats.
    pub(super) fn forbids(
        layout: &Layout,
        free: &[bool],
        chosen: &BTreeSet<usize>,
        rules: &SelectionRules,
    ) -> Option<ErrorCode> {
        let torn = |wanted: fn(&SeatKind) -> bool| {
            chosen.iter().any(|seat| {
                let link = layout.linked(SeatNo::at(*seat));
                wanted(&layout.seats()[*seat].kind) && link.is_none_or(|link| !chosen.contains(&link.index()))
            })
        };
        if rules.couples && torn(|kind| matches!(kind, SeatKind::Couple { .. })) {
            return Some(ErrorCode::CoupleSplit);
        }
        if rules.companions && torn(|kind| matches!(kind, SeatKind::Companion { .. })) {
            return Some(ErrorCode::CompanionAlone);
        }
        let left = left_over(layout, free, chosen);
        let wrong = layout.rows().any(|row| {
            left.iter().any(|seat| row.contains(seat))
                && can_be_helped(layout, free, row, chosen, rules.couples)
        });
        (rules.orphans && wrong).then_some(ErrorCode::OrphanSeat)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    /// Every rule, alone and with the others, in halls of one and of two rows with couples, wheelchairs, companions and
    /// aisles, is what is told to people; and what is offered instead can be had.
    #[test]
    fn the_rules_are_those_that_are_told(
        (layout, free) in prop_oneof![any_hall(1, 11), any_hall(2, 8)],
        picks in proptest::collection::vec(any::<bool>(), 16),
        rules in any::<(bool, bool, bool)>(),
        whole in any::<bool>(),
    ) {
        let rules = SelectionRules { couples: rules.0, companions: rules.1, orphans: rules.2, ..SelectionRules::OFF };
        let mut chosen: BTreeSet<usize> =
            (0..free.len()).filter(|seat| picks[*seat] && free[*seat]).collect();
        if whole {
            // Mostly pairs that are complete, or the other rules would hardly be asked.
            let torn = chosen.clone();
            chosen.retain(|seat| layout.link(*seat).is_none_or(|link| torn.contains(&link)));
        }
        prop_assume!(chosen.len() <= MAX_SEATS_PER_BOOKING);
        let numbers: Vec<_> = chosen.iter().copied().map(SeatNo::at).collect();
        let is_free = |seat: SeatNo| free[seat.index()];
        let answer = check_selection(&layout, &numbers, is_free, &rules);
        let code = answer.as_ref().err().map(|refusal| refusal.code);
        prop_assert_eq!(code, told::forbids(&layout, &free, &chosen, &rules), "{:?}", answer);
        if let Err(refusal) = answer {
            let of = |ids: &[SeatId]| ids.iter().map(|id| layout.number(id).unwrap()).collect::<Vec<_>>();
            let other = alternative(&layout, &numbers, &free, &rules);
            for instead in [of(&refusal.instead), of(&other)] {
                prop_assert!(instead.iter().all(|seat| is_free(*seat)));
                prop_assert_eq!(check_selection(&layout, &instead, is_free, &rules), Ok(()));
            }
            prop_assert!(other.is_empty() || other.len() == numbers.len());
            if code == Some(ErrorCode::OrphanSeat) {
                prop_assert_eq!(refusal.instead.len(), numbers.len());
            }
        }
    }
}

#[test]
fn rules_end_before_the_start() {
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let start = time("2026-11-27T20:00:00Z");
    let rules = SelectionRules {
        couples_until_minutes: Some(0),
        companions_until_minutes: Some(120),
        orphans_until_minutes: Some(30),
        ..SelectionRules::default()
    };
    let on = |now: &str| {
        let rules = rules.at(start, time(now));
        [rules.couples, rules.companions, rules.orphans]
    };
    assert_eq!(on("2026-11-27T17:59:59.999Z"), [true, true, true]);
    assert_eq!(on("2026-11-27T18:00:00Z"), [true, false, true]);
    assert_eq!(on("2026-11-27T19:29:59.999Z"), [true, false, true]);
    assert_eq!(on("2026-11-27T19:30:00Z"), [true, false, false]);
    assert_eq!(on("2026-11-27T20:00:00Z"), [false, false, false]);
    let forever = SelectionRules::default();
    assert_eq!(forever.at(start, time("2027-01-01T00:00:00Z")), forever);
    let off = SelectionRules { orphans: false, ..rules };
    assert!(!off.at(start, time("2026-11-27T12:00:00Z")).orphans);
}

#[test]
fn what_is_offered_instead_is_like_what_was_chosen() {
    let layout =
        hall("category s Standard\ncategory p Premium\nsection Stalls\nA: ##<>\nsection Balcony\nB: pp##\n");
    let offered = |chosen: &str, taken: &str| {
        let taken = numbers(&layout, taken);
        let free: Vec<_> = (0..layout.seats().len()).map(|at| !taken.contains(&SeatNo::at(at))).collect();
        alternative(&layout, &numbers(&layout, chosen), &free, &SelectionRules::default())
            .iter()
            .map(SeatId::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(offered("A3", "A4"), "A1");
    assert_eq!(offered("A3", "A1 A2 A4"), "B4", "another section, the same price");
    assert_eq!(offered("B1", "B2"), "B1", "the seats themselves if the rules allow them");
    assert_eq!(offered("A3 B1", "A4"), "B1 B2", "of two categories any");
    assert_eq!(offered("A3", "A1 A2 A4 B3 B4"), "");
    assert_eq!(offered("", ""), "");
}
