use serde_json::json;

use super::*;
use crate::seats::layout::SeatNo;

const SCHEMA: &str = include_str!("../../../tests/fixtures/pretix-schema.json");
const EDITOR: &str = include_str!("../../../tests/fixtures/pretix-editor.json");

fn brief(layout: &Layout) -> Vec<String> {
    let seat = |seat: &Seat| {
        format!(
            "{} {} [{}/{}] {} {},{}",
            seat.id, seat.label, seat.section, seat.row, seat.category, seat.x, seat.y
        )
    };
    let runs = (0..layout.seats().len()).map(|index| layout.run_range(SeatNo::at(index)).start);
    layout.seats().iter().zip(runs).map(|(one, run)| format!("{} r{run}", seat(one))).collect()
}

/// The faults of the schema's plan after a change of one place.
fn after(pointer: &str, value: Value) -> Vec<String> {
    let mut plan: Value = serde_json::from_str(SCHEMA).unwrap();
    *plan.pointer_mut(pointer).unwrap() = value;
    faults(&plan)
}

fn without(pointer: &str, key: &str) -> Vec<String> {
    let mut plan: Value = serde_json::from_str(SCHEMA).unwrap();
    plan.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(key).unwrap();
    faults(&plan)
}

fn faults(plan: &Value) -> Vec<String> {
    let invalid = Layout::from_pretix(&plan.to_string()).unwrap_err();
    invalid.errors.into_iter().map(|error| format!("{} {}", error.path, error.code)).collect()
}

#[test]
fn a_plan_by_the_schema_is_read() {
    let layout = Layout::from_pretix(SCHEMA).unwrap();
    assert_eq!(layout.name(), "Kleiner Saal");
    assert_eq!(layout.categories()[1].color.as_deref(), Some("#d4a017"));
    assert_eq!(
        brief(&layout),
        [
            "a-1 A1 [Saal/A] Parkett 110,50 r0",
            "a-2 A2 [Saal/A] Parkett 140,50 r0",
            "a-3 A3 [Saal/A] Parkett 200,50 r2",
            "a-4 A4 [Saal/A] Parkett 230,50 r2",
            "b-1 B1 [Saal/B] Parkett 100,90.5 r4",
            "b-2 b-2 [Saal/B] Parkett 160,90.5 r5",
            "l-1 L1 [Logen/L] Loge 400,0 r6",
            "l-2 L2 [Logen/L] Loge 400,30 r6",
            "l-3 L3 [Logen/L] Loge 400,90 r8",
            "l-4 L4 [Logen/L] Loge 400,120 r8",
        ]
    );
}

#[test]
fn what_the_editor_adds_is_passed_over() {
    let layout = Layout::from_pretix(EDITOR).unwrap();
    assert_eq!(
        brief(&layout),
        [
            "1-1 1-1 [Ground floor/1] Standard 100,100 r0",
            "1-2 1-2 [Ground floor/1] Standard 125,102.5 r0",
            "1-3 1-3 [Ground floor/1] Standard 150,104 r0",
            "1-4 1-4 [Ground floor/1] Standard 200,104 r3",
            "1-5 1-5 [Ground floor/1] Standard 225,102 r3",
            "free-1 7 [Ground floor/Row 3] Standard 100,140 r5",
            "g2-1 1-1 [Ground floor 2/1] Standard 0,300 r6",
        ]
    );
}

#[test]
fn a_zone_needs_no_name() {
    let mut plan: Value = serde_json::from_str(SCHEMA).unwrap();
    plan["zones"][0].as_object_mut().unwrap().remove("name");
    plan["zones"][1]["name"] = Value::Null;
    let layout = Layout::from_pretix(&plan.to_string()).unwrap();
    assert_eq!((layout.seats()[0].section.as_str(), layout.seats()[9].section.as_str()), ("", "Zone 2"));
}

#[test]
fn a_long_guid_still_makes_a_label() {
    let mut plan: Value = serde_json::from_str(SCHEMA).unwrap();
    plan["zones"][0]["rows"][1]["seats"][1]["seat_guid"] = json!("018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77");
    let layout = Layout::from_pretix(&plan.to_string()).unwrap();
    assert_eq!(layout.seats()[5].label, "018f2f6e-7b6a-7c3e-9a51-2f0c8d1e");
}

#[test]
fn junk_is_refused() {
    for junk in ["", "{", "nonsense", "[1,2", "\u{0}", &"[".repeat(10_000)] {
        assert_eq!(Layout::from_pretix(junk).unwrap_err().errors[0].code, "json", "{junk:?}");
    }
    for other in ["[]", "null", "1", "\"plan\""] {
        assert_eq!(Layout::from_pretix(other).unwrap_err().errors[0].code, "wrong_type", "{other}");
    }
    assert_eq!(faults(&json!({})), ["name required", "categories required", "zones required"]);
}

#[test]
fn every_fault_is_named_with_its_place_in_the_file() {
    let seat = "/zones/0/rows/0/seats/0";
    let path = "zones[0].rows[0].seats[0]";
    assert_eq!(
        after("/zones/0/rows/0/seats/0/seat_guid", json!("a-1")),
        [format!("{path}.seat_guid duplicate")]
    );
    assert_eq!(after("/zones/0/rows/0/seats/0/seat_guid", json!("")), [format!("{path}.seat_guid invalid")]);
    assert_eq!(
        after("/zones/0/rows/0/seats/0/category", json!("Gold")),
        [format!("{path}.category unknown")]
    );
    assert_eq!(after("/zones/0/rows/0/seats/0/category", json!(7)), [format!("{path}.category wrong_type")]);
    assert_eq!(
        after("/zones/0/rows/0/seats/0/seat_number", json!(4)),
        [format!("{path}.seat_number wrong_type")]
    );
    assert_eq!(
        after("/zones/0/rows/0/seats/0/position/x", json!("1")),
        [format!("{path}.position.x wrong_type")]
    );
    assert_eq!(
        after("/zones/0/rows/0/seats/0/position/x", json!(1e300)),
        [format!("{path}.position out_of_range")]
    );
    assert_eq!(
        after("/zones/0/rows/0/seats/0/position/x", json!(90)),
        ["zones[0].rows[0].seats[3].position overlap"]
    );
    assert_eq!(after(seat, json!([])), [format!("{path} wrong_type")]);
    for key in ["seat_guid", "category", "position"] {
        assert_eq!(without(seat, key), [format!("{path}.{key} required")]);
    }
    assert_eq!(without("/zones/1/rows/0", "seats"), ["zones[1].rows[0].seats required"]);
    assert_eq!(without("/zones/1", "rows"), ["zones[1].rows required"]);
    assert_eq!(after("/zones/1", json!("x")), ["zones[1] wrong_type"]);
    assert_eq!(after("/zones/0/name", json!("x".repeat(33)))[0], "zones[0].name too_long");
    assert_eq!(
        after("/zones/1/rows/0/row_number", json!("x".repeat(33)))[0],
        "zones[1].rows[0].seats[0].seat_number too_long"
    );
    assert_eq!(after("/categories/1/color", json!("red; }")), ["categories[1].color invalid"]);
    assert_eq!(after("/categories/1", json!({})), ["categories[1].name required"]);
    assert_eq!(after("/categories/1/name", json!("Parkett"))[0], "categories[1].id duplicate");
    assert_eq!(after("/name", json!("")), ["name required"]);
    assert_eq!(after("/zones", json!([])), ["seats count"]);
    let told = Layout::from_pretix(&SCHEMA.replace("\"Loge\" }", "\"Gold\" }")).unwrap_err().to_string();
    assert!(told.contains("zones[1].rows[0].seats[0].category: category Gold is not declared"), "{told}");
}

/// A plan of so many rows of a hundred seats.
fn arena(rows: usize) -> Value {
    let seat = |row: usize, seat: usize| {
        json!({
            "seat_guid": format!("00000000-0000-4000-8000-{row:06}{seat:06}"),
            "seat_number": seat.to_string(),
            "position": { "x": seat * 20 + seat / 25 * 40, "y": 0 }, "category": "Standard", "radius": 8,
        })
    };
    let row = |row: usize| {
        let seats: Vec<_> = (0..100).map(|number| seat(row, number)).collect();
        json!({ "row_number": row.to_string(), "position": { "x": 0, "y": row * 25 }, "seats": seats })
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    let zones = json!([{ "name": "Arena", "rows": rows }]);
    json!({ "name": "Arena", "categories": [{ "name": "Standard" }], "zones": zones })
}

#[test]
fn twenty_thousand_seats_are_read_and_no_more() {
    let layout = Layout::from_pretix(&arena(200).to_string()).unwrap();
    assert_eq!(layout.seats().len(), 20_000);
    assert_eq!(layout.seats().last().unwrap().block, 800, "four blocks a row");
    assert_eq!(faults(&arena(201)), ["seats count"]);
}

#[test]
fn names_that_repeat_are_numbered_without_searching() {
    let zone = json!({ "name": "Hall", "rows": [{ "row_number": "", "seats": [] }] });
    let mut plan =
        json!({ "name": "Hall", "categories": [{ "name": "Standard" }], "zones": vec![zone; 20_000] });
    plan["zones"][19_999] = arena(1)["zones"][0].clone();
    plan["zones"][19_999]["name"] = json!("Hall");
    let layout = Layout::from_pretix(&plan.to_string()).unwrap();
    assert_eq!(layout.seats()[0].section, "Hall 20000");
    plan["zones"] = json!([{ "rows": vec![json!({ "seats": [] }); 20_000] }]);
    assert_eq!(faults(&plan), ["seats count"]);
}

#[test]
fn a_thousand_faults_are_told_shortly() {
    let plan = arena(10).to_string().replace("\"Standard\",\"position\"", "7,\"position\"");
    let invalid = Layout::from_pretix(&plan).unwrap_err();
    assert_eq!(invalid.errors.len(), 101);
    assert_eq!(invalid.errors[100].detail, "and 900 more faults");
}
