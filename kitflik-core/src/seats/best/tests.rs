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
    let categories = Some(vec![CategoryId::new("premium").unwrap(), CategoryId::new("x").unwrap()]);
    assert_eq!(offer(rows, "", 2, &SeatFilter { categories, ..SeatFilter::default() }), Some("B3 B4".into()));
    assert_eq!(offer(rows, "", 1, &SeatFilter { categories: Some(vec![]), ..SeatFilter::default() }), None);
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

/// All that a brute force needs to know of a hall.
struct Brute<'a> {
    layout: &'a Layout,
    free: &'a [bool],
    filter: &'a SeatFilter,
}

/// How good a choice is: the step, whether it leaves a single seat, the score, and the seats.
type Worth = (u8, bool, u128, Vec<usize>);

impl Brute<'_> {
    fn kept(&self, index: usize) -> bool {
        matches!(self.layout.seats()[index].kind, SeatKind::Wheelchair | SeatKind::Companion { .. })
    }

    fn neighbours(&self, index: usize) -> Vec<usize> {
        let (left, right) = self.layout.neighbours(SeatNo::at(index));
        left.into_iter().chain(right).map(SeatNo::index).filter(|index| !self.kept(*index)).collect()
    }

    /// Whether a seat stays free alone that had free company before.
    fn leaves(&self, chosen: &[usize]) -> bool {
        let stays = |index: usize| self.free[index] && !chosen.contains(&index);
        (0..self.free.len()).filter(|index| stays(*index) && !self.kept(*index)).any(|index| {
            let beside = self.neighbours(index);
            beside.iter().any(|seat| self.free[*seat]) && !beside.iter().any(|seat| stays(*seat))
        })
    }

    fn distance(&self, seats: &[usize]) -> u128 {
        seats.iter().map(|index| u128::from(self.layout.place(*index).unwrap().distance)).sum()
    }

    /// The rows of seats, as their places among the rows, and the sections they are in.
    fn rows(&self, seats: &[usize]) -> Vec<(usize, &str)> {
        let row = |index: &usize| {
            let at = self.layout.rows().position(|row| row.contains(index)).unwrap();
            (at, self.layout.seats()[*index].section.as_str())
        };
        seats.iter().map(row).collect()
    }

    fn worth(&self, seats: Vec<usize>) -> Option<Worth> {
        let whole = |index: &usize| self.layout.link(*index).is_none_or(|half| seats.contains(&half));
        if !seats.iter().all(whole) {
            return None;
        }
        let leaves = self.leaves(&seats);
        let groups: Vec<&[usize]> =
            seats.chunk_by(|one, other| self.neighbours(*one).contains(other)).collect();
        if let [_] = groups[..] {
            return Some((if leaves { 2 } else { 1 }, leaves, self.distance(&seats), seats));
        }
        let numbers: Vec<_> = seats.iter().map(|index| SeatNo::at(*index)).collect();
        let rules = SelectionRules::default();
        let checked = || check_selection(self.layout, &numbers, |seat| self.free[seat.index()], &rules);
        let allowed = if leaves { checked() } else { Ok(()) };
        let score = self.distance(&seats);
        if let ([one @ [_, _, ..], other @ [_, _, ..]], Ok(())) = (&groups[..], &allowed) {
            let rows = self.rows(&[one[0], other[0]]);
            if rows[1].0 - rows[0].0 <= 1 && rows[0].1 == rows[1].1 {
                let middle = |group: &[usize]| {
                    let at = |index: usize| self.layout.place(index).unwrap().at;
                    let (first, last) = (at(group[0]), at(*group.last().unwrap()));
                    (first.0 + last.0, first.1 + last.1)
                };
                let apart = u128::from(distance(middle(one), middle(other)) / 4);
                return Some((3, leaves, score + apart * seats.len() as u128, seats));
            }
        }
        Some((4, allowed.is_err(), score, seats))
    }

    /// The nearest choice, whatever the orphan rule says: one that it refuses if there is one.
    fn nearest(&self, count: usize) -> Worth {
        let nearest = self.all(count).into_iter().min_by_key(|worth| (self.distance(&worth.3), !worth.1));
        nearest.map(|worth| (worth.0, worth.1, self.distance(&worth.3), worth.3)).unwrap()
    }

    /// The best of all choices of so many wanted seats.
    fn best(&self, count: usize) -> Option<Worth> {
        self.all(count).into_iter().min()
    }

    fn all(&self, count: usize) -> Vec<Worth> {
        let wanted: Vec<usize> = (0..self.free.len())
            .filter(|index| self.free[*index] && !self.kept(*index))
            .filter(|index| self.filter.admits(&self.layout.seats()[*index]))
            .collect();
        let mut all = Vec::new();
        for mask in 0_u32..1 << wanted.len() {
            if mask.count_ones() as usize == count {
                let chosen = wanted.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0);
                all.extend(self.worth(chosen.map(|(_, seat)| *seat).collect()));
            }
        }
        all
    }
}

/// Halls of two sections in which much is taken: where groups have to part.
fn tight_hall() -> impl Strategy<Value = (Layout, Vec<bool>)> {
    let row = "[sp]{1,3}(_?(<>|[sp]{1,2}))?";
    proptest::collection::vec((row, proptest::bool::ANY), 2..5).prop_flat_map(|rows| {
        let mut text = "category s Standard\ncategory p Premium\n".to_owned();
        for ((row, section), name) in rows.iter().zip('A'..) {
            if *section && name > 'B' && !text.contains("section") {
                text += "section Balcony\n";
            }
            text += &format!("{name}: {row}\n");
        }
        let layout = hall(&text);
        let seats = layout.seats().len();
        (Just(layout), proptest::collection::vec(prop_oneof![2 => Just(true), 1 => Just(false)], seats))
    })
}

/// Halls in which no four sit together: whoever comes as a party has to part.
fn parted_hall() -> impl Strategy<Value = (Layout, Vec<bool>)> {
    let row = "_{0,3}([sp]{1,3}|<>)(_{1,4}([sp]{2,3}|<>|s<>|<>s<>)){0,2}";
    let rows = proptest::collection::vec(row, 2..5).prop_map(|rows| {
        let rows = rows.iter().zip('A'..).map(|(row, name)| format!("{name}: {row}\n"));
        hall(&format!("category s Standard\ncategory p Premium\n{}", rows.collect::<String>()))
    });
    rows.prop_filter("as many seats as can be tried", |layout| layout.seats().len() <= 13).prop_flat_map(
        |layout| {
            let seats = layout.seats().len();
            (Just(layout), proptest::collection::vec(prop_oneof![9 => Just(true), 1 => Just(false)], seats))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]
    #[test]
    fn the_best_two_groups_of_all_are_offered((layout, free) in parted_hall(), count in 4..6_usize) {
        let brute = Brute { layout: &layout, free: &free, filter: &SeatFilter::default() };
        let choice = best_available(&layout, &free, count, &SeatFilter::default());
        let best = brute.best(count).filter(|best| best.0 <= 3);
        let found = choice.map(|choice| choice.seats.iter().map(|seat| seat.index()).collect::<Vec<_>>());
        if let Some(best) = best {
            prop_assert_eq!(found, Some(best.3), "step {}", best.0);
        }
    }

    #[test]
    fn the_best_of_all_choices_is_offered(
        (layout, free) in prop_oneof![tight_hall(), any_hall(3, 5)],
        count in 1..6_usize,
        premium in prop_oneof![4 => Just(false), 1 => Just(true)],
    ) {
        let categories = premium.then(|| vec![CategoryId::new("premium").unwrap()]);
        let filter = SeatFilter { categories, ..SeatFilter::default() };
        let brute = Brute { layout: &layout, free: &free, filter: &filter };
        let best = brute.best(count);
        let choice = best_available(&layout, &free, count, &filter);
        prop_assert_eq!(choice.is_some(), best.is_some());
        if let (Some(choice), Some(best)) = (choice, best) {
            let seats: Vec<usize> = choice.seats.iter().map(|seat| seat.index()).collect();
            prop_assert!(seats.iter().all(|seat| free[*seat] && filter.admits(&layout.seats()[*seat])));
            prop_assert_eq!(choice.together, best.0 <= 2);
            if best.0 <= 3 {
                prop_assert_eq!(seats, best.3, "step {}", best.0);
            } else {
                // Nearest of all, unless the orphan rule sends somebody to another seat of the row.
                let (nearest, worth) = (brute.nearest(count), brute.worth(seats).unwrap());
                prop_assert!(worth.0 == 4 && !worth.1, "{worth:?}");
                prop_assert!(worth.2 == nearest.2 || nearest.1, "{worth:?} {nearest:?}");
            }
        }
    }
}
