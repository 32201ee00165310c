use proptest::prelude::*;

use super::*;
use crate::seats::testing::any_hall;

fn read(text: &str) -> Layout {
    Layout::from_text("Hall 1", text).unwrap_or_else(|invalid| panic!("{invalid:#?}"))
}

/// The faults of a text: place and code.
fn faults(text: &str) -> Vec<String> {
    let invalid = Layout::from_text("Hall 1", text).unwrap_err();
    invalid.errors.into_iter().map(|error| format!("{} {}", error.path, error.code)).collect()
}

/// Each seat in short: id, kind, column and row.
fn brief(layout: &Layout) -> Vec<String> {
    let seat = |seat: &Seat| {
        let kind = match &seat.kind {
            SeatKind::Standard => String::new(),
            SeatKind::Recliner => " recliner".into(),
            SeatKind::Wheelchair => " wheelchair".into(),
            SeatKind::Companion { of } => format!(" of {of}"),
            SeatKind::Couple { with } => format!(" with {with}"),
        };
        format!("{} {}{kind} {},{} b{}", seat.id, seat.category, seat.x, seat.y, seat.block)
    };
    layout.seats().iter().map(seat).collect()
}

#[test]
fn the_shortest_hall_is_one_line() {
    assert_eq!(brief(&read("A: #_##")), ["A1 standard 0,0 b0", "A2 standard 2,0 b1", "A3 standard 3,0 b1"]);
}

#[test]
fn every_kind_of_seat_can_be_drawn() {
    let hall = read(
        "# a comment\n#\ncategory s Standard #7a5cff\n  category p Premium Plus #d4a017\n\
         category x vip = The Best\nmark [] couple p\nmark ! wheelchair x\n\
         section Stalls\n  A: _sP@+<>\n\n\nB 1: []!#x\nsection Balcony\nA: #",
    );
    assert_eq!(
        brief(&hall),
        [
            "A1 standard 1,0 b0",
            "A2 premium-plus recliner 2,0 b0",
            "A3 standard wheelchair 3,0 b1",
            "A4 standard of A3 4,0 b2",
            "A5 standard with A6 5,0 b2",
            "A6 standard with A5 6,0 b2",
            "B 1-1 premium-plus with B 1-2 0,3 b3",
            "B 1-2 premium-plus with B 1-1 1,3 b3",
            "B 1-3 vip wheelchair 2,3 b4",
            "B 1-4 standard 3,3 b5",
            "B 1-5 vip 4,3 b5",
            "Balcony A1 standard 0,4 b6",
        ]
    );
    assert_eq!(hall.seats()[11].label, "A1");
    assert_eq!(hall.seats()[11].section, "Balcony");
    assert_eq!(hall.categories()[1].color.as_deref(), Some("#d4a017"));
    assert_eq!(hall.categories()[2].name, "The Best");
    assert_eq!(read(&hall.to_text().unwrap()), hall);
    insta::assert_snapshot!(hall.to_text().unwrap());
}

#[test]
fn companions_belong_to_the_nearest_wheelchair_space() {
    let of = |row: &str| -> Vec<String> {
        let kinds = read(row).seats().to_vec();
        let of = kinds.iter().filter_map(|seat| match &seat.kind {
            SeatKind::Companion { of } => Some(of.to_string()),
            _ => None,
        });
        of.collect()
    };
    assert_eq!(of("A: @+@"), ["A1"]);
    assert_eq!(of("A: +@+@"), ["A2", "A4"]);
    assert_eq!(of("A: +@_@+"), ["A2", "A3"]);
    assert_eq!(of("A: @++"), ["A1", "A1"]);
}

#[test]
fn numbered_rows_keep_their_seats_apart() {
    let hall = read("1: ############\n11: ##");
    assert_eq!(hall.seats()[10].label, "1-11");
    assert_eq!(hall.seats()[12].label, "11-1");
}

#[test]
fn faults_name_line_and_column() {
    assert_eq!(faults(""), ["seats count"]);
    assert_eq!(faults("A: ##\nhello"), ["line 2, column 1 syntax"]);
    assert_eq!(faults("A: ##?#"), ["line 1, column 6 unknown"]);
    assert_eq!(faults("  A: ##?\nB: p"), ["line 1, column 8 unknown", "line 2, column 4 unknown"]);
    assert_eq!(faults("A: ## ##"), ["line 1, column 6 unknown"], "a gap is drawn");
    assert_eq!(faults("A: #<#>"), ["line 1, column 5 couple", "line 1, column 7 couple"]);
    assert_eq!(faults("A: #<_>"), ["line 1, column 5 couple", "line 1, column 7 couple"]);
    assert_eq!(faults("A: >"), ["line 1, column 4 couple"]);
    assert_eq!(faults("A: @\nB: +"), ["line 2, column 4 companion"]);
    assert_eq!(faults("A: #\nA: #"), ["line 2, column 1 duplicate"]);
    assert_eq!(faults("section S\nA: #\nsection S"), ["line 3, column 1 duplicate"]);
    assert_eq!(faults("B-: #\nC: #\nB: #\n1: #\n1-: #"), ["line 5, column 5 duplicate"], "two seats 1-1");
    assert_eq!(faults("category S Standard\nA: #"), ["line 1, column 1 syntax"]);
    assert_eq!(faults("category s\nA: #"), ["line 1, column 1 syntax"]);
    assert_eq!(faults("category s A\ncategory s B\nA: #"), ["line 2, column 1 duplicate"]);
    assert_eq!(faults("category s A #xyz\nA: #"), ["line 1, column 1 invalid"]);
    assert_eq!(faults("A: #\ncategory s A"), ["line 2, column 1 order"]);
    assert_eq!(faults("mark [] couple s\nA: #"), ["line 1, column 1 unknown"]);
    assert_eq!(faults("category s A\nmark [ couple s\nA: #"), ["line 2, column 1 syntax"]);
    assert_eq!(faults("category s A\nmark x wheelchair s\nA: #"), ["line 2, column 1 syntax"]);
    assert_eq!(
        faults(&format!("{}: #", "R".repeat(33))),
        ["line 1, column 36 too_long", "line 1, column 36 too_long"]
    );
    assert_eq!(faults(&format!("A: {}", "#".repeat(20_001))), ["line 1, column 4 count"]);
    assert_eq!(faults(&format!("A: {}", "?".repeat(500))).len(), 101);
    let shown = Layout::from_text("Hall 1", "A: #?").unwrap_err().to_string();
    assert!(shown.contains("line 1, column 5") && shown.contains("_ for a gap"), "{shown}");
}

#[test]
fn what_cannot_be_drawn_is_refused_by_name() {
    let hall = read("A: ##");
    let mut seats = hall.seats().to_vec();
    seats[1].x = 1.5;
    let odd = Layout::new("Hall 1", hall.categories().to_vec(), seats).unwrap();
    let invalid = odd.to_text().unwrap_err();
    assert_eq!(
        (invalid.errors[0].path.as_str(), invalid.errors[0].code.as_str()),
        ("seats[1]", "not_expressible")
    );
    assert!(invalid.to_string().contains("seat A2"), "{invalid}");
}

#[test]
fn a_large_hall_is_read_and_written() {
    let rows: String = (0..100).map(|row| format!("R{row}: {}\n", "ss_sss_sss_ss".repeat(10))).collect();
    let hall = read(&format!("category s Standard\n{rows}"));
    assert_eq!(hall.seats().len(), 10_000);
    assert_eq!(read(&hall.to_text().unwrap()), hall);
}

proptest! {
    #[test]
    fn what_is_read_can_be_written_and_read_again((hall, _) in any_hall(5, 12)) {
        let text = hall.to_text().unwrap();
        prop_assert_eq!(read(&text), hall);
    }

    #[test]
    fn no_text_panics(text in "([A-C#@+<>_:sp \n]|category |mark |section |\\PC){0,60}") {
        if let Ok(hall) = Layout::from_text("Hall 1", &text) {
            let _ = hall.to_text();
        }
    }
}
