use proptest::prelude::*;

use super::*;
use crate::ids::SeatId;
use crate::seats::rules::{SelectionRules, check_selection};
use crate::seats::testing::{any_hall, hall};

/// What is offered in a hall where the seats of `taken` are taken: labels, with a `|` in front if they are
/// apart.
fn offer(rows: &str, taken: &str, count: usize, filter: &SeatFilter) -> Option<String> {
    let layout = hall(rows);
    let mut free = vec![true; layout.seats().len()];
    for label in taken.split_whitespace() {
        free[layout.number(&SeatId::new(label).unwrap()).unwrap().index()] = false;
    }
    let choice = best_available(&layout, &free, count, filter)?;
    let labels: Vec<_> = choice.seats.iter().map(|seat| layout.seat(*seat).unwrap().label.as_str()).collect();
    Some(format!("{}{}", if choice.together { "" } else { "| " }, labels.join(" ")))
}

fn any(rows: &str, taken: &str, count: usize) -> String {
    offer(rows, taken, count, &SeatFilter::default()).unwrap_or_default()
}

const HALL: &str = "A: #######\nB: #######\nC: #######\nD: #######";

#[test]
fn the_middle_two_thirds_back_comes_first() {
    assert_eq!(any(HALL, "", 1), "C4");
    assert_eq!(any(HALL, "", 3), "C3 C4 C5");
    assert_eq!(any(HALL, "C3 C4 C5", 3), "B3 B4 B5");
}

#[test]
fn of_equals_the_first_wins() {
    assert_eq!(any("A: ####", "", 2), "A1 A2", "the middle pair would leave two single seats");
    assert_eq!(any("A: ######", "", 2), "A3 A4");
    assert_eq!(any("A: ##__##", "", 2), "A1 A2");
}

#[test]
fn a_single_seat_is_left_only_if_there_is_no_other_way() {
    assert_eq!(any("A: #####", "", 4), "A1 A2 A3 A4");
    assert_eq!(any("A: ###\nB: ##", "B1", 2), "A1 A2");
    assert_eq!(any("A: ###\nB: ##", "", 2), "B1 B2");
}

#[test]
fn groups_are_split_over_neighbouring_rows_and_nobody_sits_alone() {
    assert_eq!(any("A: ###\nB: ###\nC: ###", "", 4), "| B1 B2 C1 C2");
    assert_eq!(any("A: ##\nB: #\nC: ##\nD: ##", "", 4), "| C1 C2 D1 D2");
    assert_eq!(any("A: ##_##", "", 4), "| A1 A2 A3 A4");
    assert_eq!(any("A: #_#_#_##", "", 3), "| A1 A2 A3", "A2 A3 A4 would leave A5");
}

#[test]
fn couples_are_offered_whole() {
    assert_eq!(any("A: <>", "", 1), "");
    assert_eq!(any("A: #<>#", "", 2), "A2 A3");
    assert_eq!(any("A: <><>", "", 3), "");
    assert_eq!(any("A: <>_#", "A3", 2), "A1 A2");
    assert_eq!(any("A: <>_#_#", "A1", 2), "| A3 A4");
}

#[test]
fn wheelchair_spaces_are_kept_for_wheelchairs() {
    let accessible = SeatFilter { accessible: true, ..SeatFilter::default() };
    assert_eq!(any("A: @+##", "", 2), "A3 A4");
    assert_eq!(any("A: @+##", "", 3), "");
    assert_eq!(offer("A: @+##", "", 1, &accessible), Some("A1".into()));
    assert_eq!(offer("A: @+##", "", 2, &accessible), Some("A1 A2".into()));
    assert_eq!(offer("A: @+##", "", 4, &accessible), Some("A1 A2 A3 A4".into()));
    assert_eq!(offer("A: @+##", "A2", 3, &accessible), Some("| A1 A3 A4".into()));
    assert_eq!(offer("A: @+##", "A1", 2, &accessible), None);
    assert_eq!(offer("A: @@++", "", 3, &accessible), Some("A2 A3 A4".into()));
}

#[test]
fn filters_hold() {
    let rows = "category s Standard\ncategory p Premium\nsection Stalls\nA: ssss\nsection Balcony\nB: sspp";
    let category = Some(CategoryId::new("premium").unwrap());
    let premium = SeatFilter { category, ..SeatFilter::default() };
    assert_eq!(offer(rows, "", 2, &premium), Some("B3 B4".into()));
    assert_eq!(offer(rows, "", 3, &premium), None);
    let stalls = SeatFilter { section: Some("Stalls".into()), ..SeatFilter::default() };
    assert_eq!(offer(rows, "", 4, &stalls), Some("A1 A2 A3 A4".into()));
    assert_eq!(offer(rows, "", 5, &stalls), None);
}

#[test]
fn odd_questions_have_no_answer() {
    assert_eq!(any(HALL, "", 0), "");
    assert_eq!(any(HALL, "", 29), "");
    assert_eq!(any(HALL, "", usize::MAX), "");
    assert_eq!(best_available(&hall(HALL), &[], 1, &SeatFilter::default()), None);
    assert_eq!(best_available(&hall(HALL), &[true; 99], 28, &SeatFilter::default()).unwrap().seats.len(), 28);
}

/// Whether some adjacent, whole, ordinary, free seats exist: by trying all.
fn adjacent_exists(layout: &Layout, free: &[bool], count: usize) -> bool {
    (0..free.len()).any(|start| {
        let seats: Vec<_> = (start..start + count).collect();
        let ordinary = |seat: &SeatKind| !matches!(seat, SeatKind::Wheelchair | SeatKind::Companion { .. });
        let linked = |seat: usize| layout.linked(SeatNo::at(seat)).map(SeatNo::index);
        start + count <= free.len()
            && seats.iter().all(|seat| free[*seat] && ordinary(&layout.seats()[*seat].kind))
            && seats.windows(2).all(|pair| layout.seats()[pair[0]].block == layout.seats()[pair[1]].block)
            && seats.iter().all(|seat| linked(*seat).is_none_or(|half| seats.contains(&half)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn offers_keep_every_rule(
        (layout, free) in any_hall(4, 9),
        count in 1..7_usize,
        accessible in prop_oneof![3 => Just(false), 1 => Just(true)],
    ) {
        let filter = SeatFilter { accessible, ..SeatFilter::default() };
        let choice = best_available(&layout, &free, count, &filter);
        if !accessible && adjacent_exists(&layout, &free, count) {
            prop_assert!(choice.as_ref().is_some_and(|choice| choice.together));
        }
        if let Some(Choice { seats, together }) = choice {
            prop_assert_eq!(seats.len(), count);
            prop_assert!(seats.is_sorted_by(|one, other| one < other));
            prop_assert!(seats.iter().all(|seat| free[seat.index()]));
            let kinds: Vec<_> = seats.iter().map(|seat| &layout.seat(*seat).unwrap().kind).collect();
            let spaces = kinds.iter().filter(|kind| ***kind == SeatKind::Wheelchair).count();
            prop_assert_eq!(spaces, usize::from(accessible));
            let rules = SelectionRules::default();
            let verdict = check_selection(&layout, &seats, |seat| free[seat.index()], &rules);
            prop_assert_eq!(verdict, Ok(()));
            if together && !accessible {
                prop_assert!(seats.windows(2).all(|pair| layout.neighbours(pair[0]).1 == Some(pair[1])));
            }
        }
    }
}
