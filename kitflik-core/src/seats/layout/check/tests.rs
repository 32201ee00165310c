use super::super::Layout;
use super::*;
use crate::ids::CategoryId;

fn categories() -> Vec<Category> {
    vec![Category {
        id: CategoryId::new("standard").unwrap(),
        name: "Standard".into(),
        color: Some("#7a5cff".into()),
    }]
}

fn id(text: &str) -> SeatId {
    SeatId::new(text).unwrap()
}

/// Rows of seats `A1`, `A2`… one block each.
fn plan(rows: usize, seats: usize) -> Vec<Seat> {
    let mut plan = Vec::new();
    for row in 0..rows {
        for seat in 0..seats {
            let name = if rows <= 26 { char::from(b'A' + row as u8).to_string() } else { format!("R{row}-") };
            plan.push(Seat {
                id: id(&format!("{name}{}", seat + 1)),
                label: format!("{name}{}", seat + 1),
                section: "Stalls".into(),
                row: name,
                category: CategoryId::new("standard").unwrap(),
                kind: SeatKind::Standard,
                x: seat as f64,
                y: row as f64,
                block: row as u32,
            });
        }
    }
    plan
}

fn faults(categories: Vec<Category>, seats: Vec<Seat>) -> Vec<String> {
    let invalid = Layout::new("Hall 1", categories, seats).unwrap_err();
    invalid.errors.into_iter().map(|error| format!("{} {}", error.path, error.code)).collect()
}

/// The faults of a good plan after one change.
fn after(change: impl FnOnce(&mut Vec<Seat>)) -> Vec<String> {
    let mut seats = plan(2, 4);
    change(&mut seats);
    faults(categories(), seats)
}

#[test]
fn a_good_plan_knows_its_rows_and_neighbours() {
    let mut seats = plan(2, 6);
    for seat in &mut seats[3..6] {
        seat.block = 7;
    }
    seats[1].kind = SeatKind::Wheelchair;
    seats[2].kind = SeatKind::Companion { of: id("A2") };
    seats[8].kind = SeatKind::Couple { with: id("B4") };
    seats[9].kind = SeatKind::Couple { with: id("B3") };
    let layout = Layout::new("Hall 1", categories(), seats).unwrap();
    let no = |text: &str| layout.number(&id(text)).unwrap();
    assert_eq!(layout.row_range(no("A3")), 0..6);
    assert_eq!(layout.row_range(no("B1")), 6..12);
    assert_eq!(layout.run_range(no("A1")), 0..1, "a wheelchair space parts blocks");
    assert_eq!(layout.run_range(no("A2")), 1..2);
    assert_eq!(layout.run_range(no("A4")), 3..6);
    assert_eq!(layout.neighbours(no("A4")), (None, Some(no("A5"))), "an aisle to the left");
    assert_eq!(layout.neighbours(no("B1")), (None, Some(no("B2"))));
    assert_eq!(layout.neighbours(no("B6")), (Some(no("B5")), None));
    assert_eq!(layout.linked(no("A3")), Some(no("A2")));
    assert_eq!(layout.linked(no("B4")), Some(no("B3")));
    assert_eq!(layout.linked(no("B5")), None);
    assert_eq!(layout.rows().collect::<Vec<_>>(), [0..6, 6..12]);
    assert_eq!(layout.row_range(SeatNo(99)), 0..0);
    assert_eq!(layout.neighbours(SeatNo(u16::MAX)), (None, None));
}

#[test]
fn every_fault_is_named_with_its_place() {
    assert_eq!(faults(categories(), vec![]), ["seats count"]);
    assert_eq!(after(|seats| seats[3].id = id("A1")), ["seats[3].id duplicate"]);
    let other = CategoryId::new("gold").unwrap();
    assert_eq!(after(|seats| seats[3].category = other), ["seats[3].category unknown"]);
    assert_eq!(after(|seats| seats[0].label = String::new()), ["seats[0].label required"]);
    assert_eq!(after(|seats| seats[0].label = "x".repeat(33)), ["seats[0].label too_long"]);
    assert_eq!(after(|seats| seats[0].label = "x\n".into()), ["seats[0].label invalid"]);
    assert_eq!(after(|seats| seats.iter_mut().for_each(|seat| seat.section = "y".repeat(33))).len(), 8);
    assert_eq!(after(|seats| seats[2].x = f64::NAN), ["seats[2].x out_of_range"]);
    assert_eq!(after(|seats| seats[2].y = f64::INFINITY), ["seats[2].y out_of_range"]);
    assert_eq!(after(|seats| seats[2].y = -100_001.0), ["seats[2].y out_of_range"]);
    assert_eq!(after(|seats| seats[2].x = 1.000_01), ["seats[2].x overlap"]);
    assert_eq!(after(|seats| seats[1].block = 9), ["seats[2].block not_contiguous"]);
    assert_eq!(
        after(|seats| seats.iter_mut().for_each(|seat| seat.block = 0)),
        ["seats[4].block spans_rows"]
    );
    assert_eq!(after(|seats| seats[1].row = "B".into())[0], "seats[1].block spans_rows");
    assert!(after(|seats| seats.swap(2, 6)).contains(&"seats[3].row not_contiguous".into()));
}

#[test]
fn companions_and_couples_are_checked_both_ways() {
    let companion = |of: &str| SeatKind::Companion { of: id(of) };
    let couple = |with: &str| SeatKind::Couple { with: id(with) };
    assert_eq!(after(|seats| seats[1].kind = companion("Z9")), ["seats[1].kind dangling"]);
    assert_eq!(after(|seats| seats[1].kind = companion("A1")), ["seats[1].kind not_a_wheelchair"]);
    assert_eq!(after(|seats| seats[1].kind = couple("Z9")), ["seats[1].kind dangling"]);
    assert_eq!(after(|seats| seats[1].kind = couple("A2")), ["seats[1].kind with_itself"]);
    assert_eq!(after(|seats| seats[1].kind = couple("A3")), ["seats[1].kind not_mutual"]);
    let apart = |one: usize, other: usize| {
        after(|seats| {
            let (one_id, other_id) = (seats[one].id.clone(), seats[other].id.clone());
            seats[one].kind = SeatKind::Couple { with: other_id };
            seats[other].kind = SeatKind::Couple { with: one_id };
        })
    };
    assert_eq!(apart(0, 2), ["seats[0].kind not_adjacent", "seats[2].kind not_adjacent"]);
    assert_eq!(apart(3, 4), ["seats[3].kind not_adjacent", "seats[4].kind not_adjacent"]);
}

#[test]
fn categories_are_checked() {
    assert_eq!(faults(vec![], plan(1, 1)), ["categories count", "seats[0].category unknown"]);
    let twice = vec![categories().remove(0), categories().remove(0)];
    assert_eq!(faults(twice, plan(1, 1)), ["categories[1].id duplicate"]);
    for (color, good) in [
        ("#7a5cff", true),
        ("#75f", true),
        ("teal", true),
        ("#7a5cf", false),
        ("red;", false),
        ("url(x)", false),
        ("", false),
        ("#7a5cfg", false),
    ] {
        let mut categories = categories();
        categories[0].color = Some(color.into());
        assert_eq!(Layout::new("Hall 1", categories, plan(1, 1)).is_ok(), good, "{color}");
    }
    let many: Vec<_> = (0..33)
        .map(|n| Category { id: CategoryId::new(format!("c{n}")).unwrap(), name: "C".into(), color: None })
        .collect();
    assert!(faults(many, plan(1, 1)).contains(&"categories count".into()));
    assert!(Layout::new(" ", categories(), plan(1, 1)).is_err());
}

#[test]
fn twenty_thousand_seats_pass_and_ten_thousand_faults_are_counted() {
    assert!(Layout::new("Arena", categories(), plan(200, 100)).is_ok());
    let mut over = plan(201, 100);
    over.truncate(20_001);
    assert_eq!(faults(categories(), over), ["seats count"]);
    let mut seats = plan(100, 100);
    seats.iter_mut().for_each(|seat| seat.x = f64::NAN);
    let invalid = Layout::new("Arena", categories(), seats).unwrap_err();
    assert_eq!(invalid.errors.len(), 101);
    assert!(invalid.errors[100].detail.starts_with("and "), "{:?}", invalid.errors[100]);
}

#[test]
fn the_focal_point_is_in_the_middle_two_thirds_back() {
    let layout = Layout::new("Hall 1", categories(), plan(7, 9)).unwrap();
    let best = (0..63).min_by_key(|index| layout.place(*index).unwrap().distance).unwrap();
    assert_eq!(layout.seats()[best].label, "E5");
}
