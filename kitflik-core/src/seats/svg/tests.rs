use proptest::prelude::*;

use super::*;
use crate::ids::{CategoryId, SeatId};
use crate::seats::layout::Category;
use crate::seats::testing::{any_hall, hall};

const HALL: &str = "category s Standard #7a5cff\ncategory p Premium #d4a017\nsection Stalls\nA: sss_<>\nB: @+s_sP\n\
                    section Balcony\nA: pp_pp";

/// The elements of a document that is well-formed; enough of XML for what is written here.
fn elements(svg: &str) -> Vec<(String, String)> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    let mut rest = svg;
    while let Some((text, after)) = rest.split_once('<') {
        assert!(!text.contains('>'), "{text}");
        if let Some(title) = open.last().filter(|name| *name == "title" || *name == "text") {
            found.push((format!("{title}:"), text.to_owned()));
        }
        let (tag, after) = after.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{svg}");
            continue;
        }
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap().to_owned();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        found.push((name.clone(), tag.to_owned()));
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    found
}

fn titles(svg: &str) -> Vec<String> {
    elements(svg).into_iter().filter(|(name, _)| name == "title:").map(|(_, text)| text).collect()
}

#[test]
fn a_layout_is_drawn() {
    let svg = layout_svg(&hall(HALL), &SvgOptions::default());
    assert_eq!(
        titles(&svg)[..3],
        ["Hall 1", "Stalls, Row A, seat 1, Standard", "Stalls, Row A, seat 2, Standard"]
    );
    insta::assert_snapshot!(svg);
}

#[test]
fn a_seat_map_is_drawn() {
    let options = SvgOptions { title: Some("Alien & friends".into()), ..SvgOptions::default() };
    let svg = seat_map_svg(&hall(HALL), ".hs#m.s", &options);
    let titles = titles(&svg);
    assert_eq!(titles[0], "Alien &amp; friends");
    for told in [
        "Stalls, Row A, seat 1, Standard, free",
        "Stalls, Row A, seat 2, Standard, held",
        "Stalls, Row A, seat 3, Standard, sold",
        "Stalls, Row A, seat 4, Standard, half of a couple seat, blocked",
        "Stalls, Row A, seat 5, Standard, half of a couple seat, yours",
        "Stalls, Row B, seat 1, Standard, wheelchair space, free",
        "Stalls, Row B, seat 5, Premium, recliner, blocked",
        "Balcony, Row A, seat 4, Premium, blocked",
    ] {
        assert!(titles.iter().any(|title| title == told), "{told}: {titles:#?}");
    }
    let described =
        "<desc>14 seats in 3 rows. Standard: 2 of 9 seats free. Premium: 0 of 5 seats free. One is yours.";
    assert!(svg.contains(described), "{svg}");
    insta::assert_snapshot!(svg);
}

#[test]
fn states_and_kinds_are_told_without_colour() {
    let layout = hall("A: #####__@+_<>");
    let svg = seat_map_svg(&layout, ".hs#m", &SvgOptions { legend: false, ..SvgOptions::default() });
    let seats: Vec<&str> = svg.lines().filter(|line| line.contains("role=\"img\"")).collect();
    for (seat, mark) in seats.iter().zip([">1</text>", "kf-held", "kf-sold", "kf-blocked", "kf-yours"]) {
        assert!(seat.contains(mark), "{seat}");
    }
    for (seat, shape) in seats.iter().skip(5).zip(["kf-wheelchair", "kf-companion", "kf-left", "kf-right"]) {
        assert!(seat.contains(shape), "{seat}");
    }
    let legend = seat_map_svg(&layout, ".hs#m", &SvgOptions::default());
    for word in ["held", "sold", "blocked", "yours", "wheelchair space", "companion seat", "couple seat"] {
        assert!(legend.contains(&format!(">{word}</text>")), "{word}");
    }
}

#[test]
fn names_cannot_alter_the_picture() {
    let evil = "</title><script>\"'&";
    let category = Category { id: CategoryId::new("c").unwrap(), name: evil.into(), color: None };
    let seat = Seat {
        id: SeatId::new(evil).unwrap(),
        label: evil.into(),
        section: evil.into(),
        row: evil.into(),
        category: category.id.clone(),
        kind: SeatKind::Standard,
        x: 0.0,
        y: 0.0,
        block: 0,
    };
    let layout = Layout::new(format!("{evil}\u{ffff}"), vec![category], vec![seat]).unwrap();
    let title = Some("a\u{0}\u{1b}b".to_owned());
    for svg in [
        layout_svg(&layout, &SvgOptions::default()),
        seat_map_svg(&layout, ".", &SvgOptions { title, legend: true }),
    ] {
        assert!(!elements(&svg).iter().any(|(name, _)| name == "script"), "{svg}");
        assert!(!svg.contains(|c: char| c.is_control() && c != '\n') && !svg.contains('\u{ffff}'));
    }
}

#[test]
fn curved_rows_and_large_plans_fit_the_picture() {
    let plan = include_str!("../../../tests/fixtures/pretix-editor.json");
    let curved = layout_svg(&Layout::from_pretix(plan).unwrap(), &SvgOptions::default());
    insta::assert_snapshot!(curved);
    let rows: String = (0..100).map(|row| format!("R{row}: {}\n", "#".repeat(100))).collect();
    let svg = seat_map_svg(&hall(&rows), &"s".repeat(10_000), &SvgOptions::default());
    assert!(svg.len() < 2_500_000, "{}", svg.len());
    assert_eq!(titles(&svg).len(), 10_001);
}

#[test]
fn far_seats_do_not_make_endless_pictures() {
    let mut seats = hall("A: ##\nB: #").seats().to_vec();
    (seats[0].x, seats[1].x, seats[2].x) = (-100_000.0, -99_999.999, 100_000.0);
    seats[2].y = 100_000.0;
    let layout = Layout::new("Far", hall("A: #").categories().to_vec(), seats).unwrap();
    let svg = layout_svg(&layout, &SvgOptions::default());
    let size = svg.split_once(" width=\"").unwrap().1.split_once('"').unwrap().0.parse::<i32>().unwrap();
    assert!((10_000..32_000).contains(&size), "{size}");
}

#[test]
fn numbers_have_a_decimal_where_they_need_one() {
    let shown = |tenths| Tenths(tenths).to_string();
    assert_eq!([0, 5, -5, 10, -15, 123].map(shown), ["0", "0.5", "-0.5", "1", "-1.5", "12.3"]);
}

proptest! {
    #[test]
    fn every_seat_is_drawn_once((layout, free) in any_hall(4, 9), legend in any::<bool>()) {
        let states: String = free.iter().map(|free| if *free { '.' } else { 's' }).collect();
        let options = SvgOptions { legend, ..SvgOptions::default() };
        let svg = seat_map_svg(&layout, &states, &options);
        let told = titles(&svg);
        prop_assert_eq!(told.len(), layout.seats().len() + 1);
        let count = told.iter().filter(|title| title.ends_with(", free")).count();
        prop_assert_eq!(count, free.iter().filter(|free| **free).count());
        prop_assert_eq!(titles(&layout_svg(&layout, &options)).len(), layout.seats().len() + 1);
    }
}
