use proptest::prelude::*;

use crate::ids::{CategoryId, SeatId};
use crate::seats::export::LayoutFormat;
use crate::seats::layout::{Category, Layout, SeatKind};
use crate::seats::testing::{any_drawn_hall, any_hall, any_layout, hall};

const SCHEMA: &str = include_str!("../../../tests/fixtures/pretix-schema.json");
const EDITOR: &str = include_str!("../../../tests/fixtures/pretix-editor.json");

fn read(layout: &Layout, format: LayoutFormat, file: &str) -> Layout {
    let read = match format {
        LayoutFormat::Pretix => Layout::from_pretix(file),
        LayoutFormat::Text => Layout::from_text(layout.name(), file),
    };
    read.unwrap_or_else(|invalid| panic!("{invalid:#?}\n{file}"))
}

fn refusal(layout: &Layout, format: LayoutFormat) -> String {
    let invalid = layout.export(format).unwrap_err();
    assert_eq!(invalid.errors.len(), 1);
    let error = &invalid.errors[0];
    assert_eq!(error.code, "not_expressible");
    format!("{} {}", error.path, error.detail)
}

fn changed(text: &str, change: impl FnOnce(&mut Vec<crate::Seat>)) -> Layout {
    let layout = hall(text);
    let mut seats = layout.seats().to_vec();
    change(&mut seats);
    Layout::new(layout.name(), layout.categories().to_vec(), seats).unwrap()
}

#[test]
fn plans_of_pretix_come_out_as_plans_of_pretix() {
    let layout = Layout::from_pretix(SCHEMA).unwrap();
    let file = layout.to_pretix().unwrap();
    assert_eq!(read(&layout, LayoutFormat::Pretix, &file), layout);
    assert!(!file.contains("kitflik"), "{file}");
    insta::assert_snapshot!(file);
    // Rows without numbers are named by the import, and their seats are not called by that name.
    let layout = Layout::from_pretix(EDITOR).unwrap();
    let file = layout.to_pretix().unwrap();
    assert_eq!(read(&layout, LayoutFormat::Pretix, &file), layout);
}

#[test]
fn what_pretix_has_no_place_for_is_added() {
    let layout =
        hall("category s Standard #7a5cff\ncategory x vip = The Best\nsection Stalls\nA: s_@+<>\n1: Xx");
    let file = layout.to_pretix().unwrap();
    assert_eq!(read(&layout, LayoutFormat::Pretix, &file), layout);
    insta::assert_snapshot!(file);
}

#[test]
fn additions_hold_after_an_edit() {
    let layout = hall("A: ##_@+\nB: <>##");
    let mut plan: serde_json::Value = serde_json::from_str(&layout.to_pretix().unwrap()).unwrap();
    let new = |guid: &str, x: i32, y: i32| {
        let position = serde_json::json!({ "x": x, "y": y });
        serde_json::json!({ "seat_guid": guid, "seat_number": guid, "category": "Standard", "position": position })
    };
    // A row that is drawn in an editor, and a seat in one that was there.
    let row = serde_json::json!({ "row_number": "C", "seats": [new("1", 0, 50), new("2", 25, 50), new("3", 100, 50)] });
    plan["zones"][0]["rows"].as_array_mut().unwrap().push(row);
    plan["zones"][0]["rows"][1]["seats"].as_array_mut().unwrap().push(new("9", 100, 25));
    let edited = Layout::from_pretix(&plan.to_string()).unwrap();
    let seat = |id: &str| edited.seat(edited.number(&SeatId::new(id).unwrap()).unwrap()).unwrap();
    assert_eq!(seat("A4").kind, SeatKind::Companion { of: SeatId::new("A3").unwrap() });
    assert_eq!(seat("B1").kind, SeatKind::Couple { with: SeatId::new("B2").unwrap() });
    assert_eq!((seat("9").block, seat("B1").block), (seat("B4").block, seat("B4").block));
    assert_ne!(seat("2").block, seat("3").block);
    assert_eq!(seat("3").x, 4.0);
}

#[test]
fn wrong_additions_are_named_with_their_place() {
    let refused = |pointer: &str, value: serde_json::Value| {
        let mut plan: serde_json::Value = serde_json::from_str(&hall("A: #@").to_pretix().unwrap()).unwrap();
        *plan.pointer_mut(pointer).unwrap() = value;
        let error = Layout::from_pretix(&plan.to_string()).unwrap_err().errors.remove(0);
        format!("{} {}", error.path, error.code)
    };
    let seat = "zones[0].rows[0].seats[0].kitflik";
    assert_eq!(refused("/kitflik/scale", 0.into()), "kitflik.scale out_of_range");
    assert_eq!(refused("/kitflik/scale", "x".into()), "kitflik.scale wrong_type");
    assert_eq!(refused("/kitflik", 7.into()), "kitflik wrong_type");
    assert_eq!(refused("/categories/0/kitflik/id", "".into()), "categories[0].kitflik.id wrong_type");
    assert_eq!(refused("/zones/0/kitflik/section", 1.into()), "zones[0].kitflik.section wrong_type");
    assert_eq!(
        refused("/zones/0/rows/0/kitflik/ordered", 1.into()),
        "zones[0].rows[0].kitflik.ordered wrong_type"
    );
    assert_eq!(
        refused("/zones/0/rows/0/seats/0/kitflik/block", (-1).into()),
        format!("{seat}.block wrong_type")
    );
    let kind = serde_json::json!({ "type": "throne" });
    assert_eq!(
        refused("/zones/0/rows/0/seats/1/kitflik/kind", kind),
        "zones[0].rows[0].seats[1].kitflik.kind wrong_type"
    );
    let dangling = serde_json::json!({ "type": "couple", "with": "Z9" });
    assert_eq!(
        refused("/zones/0/rows/0/seats/1/kitflik/kind", dangling),
        "zones[0].rows[0].seats[1] dangling"
    );
}

#[test]
fn what_cannot_be_written_is_refused_by_name() {
    let two = hall("category a a = Seats\ncategory b b = Seats\nA: ab");
    assert_eq!(
        refusal(&two, LayoutFormat::Pretix),
        "categories[1].name two categories are called Seats; a pretix plan knows categories by name, and \
         positions to a thousandth"
    );
    let fine = changed("A: ##", |seats| seats[1].x = 1.000_25);
    assert!(
        refusal(&fine, LayoutFormat::Pretix)
            .starts_with("seats[1] seat A2 cannot be written: its position would")
    );
    for (change, told) in [
        ((|seats| seats[1].x = 1.5) as fn(&mut Vec<crate::Seat>), "position"),
        (|seats| seats[1].label = "Throne".into(), "label"),
        (|seats| seats[1].id = SeatId::new("x").unwrap(), "id"),
        (|seats| seats[1].block = 5, "block"),
    ] {
        let refusal = refusal(&changed("A: ##", change), LayoutFormat::Text);
        assert!(refusal.contains(&format!(" cannot be written: its {told} would")), "{refusal}");
    }
    let named = Category { id: CategoryId::new("x").unwrap(), name: "X #7a5cff".into(), color: None };
    let mut seats = hall("A: #").seats().to_vec();
    seats[0].category = named.id.clone();
    let refusal = refusal(&Layout::new("Hall", vec![named], seats).unwrap(), LayoutFormat::Text);
    assert!(refusal.starts_with("categories[0] category x cannot be written"), "{refusal}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn pretix_plans_carry_every_hall(
        layout in prop_oneof![any_layout(), any_drawn_hall(), any_hall(4, 9).prop_map(|hall| hall.0)],
    ) {
        let file = layout.to_pretix().unwrap();
        let again = read(&layout, LayoutFormat::Pretix, &file);
        prop_assert_eq!(&again, &layout);
        prop_assert_eq!(again.to_pretix().unwrap(), file, "and so does the second export");
    }

    #[test]
    fn text_carries_every_drawn_hall(layout in any_drawn_hall()) {
        let file = layout.to_text().unwrap();
        prop_assert_eq!(read(&layout, LayoutFormat::Text, &file), layout);
    }

    #[test]
    fn text_carries_a_hall_or_says_what_it_cannot(layout in any_layout()) {
        match layout.to_text() {
            Ok(file) => prop_assert_eq!(read(&layout, LayoutFormat::Text, &file), layout),
            Err(invalid) => prop_assert_eq!(&invalid.errors[0].code, "not_expressible"),
        }
    }
}
