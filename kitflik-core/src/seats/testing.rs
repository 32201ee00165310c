//! Halls for tests.

use proptest::prelude::*;

use super::layout::{Category, Layout, Seat, SeatKind};
use crate::ids::{CategoryId, SeatId};

/// The hall that a text draws.
pub(crate) fn hall(text: &str) -> Layout {
    Layout::from_text("Hall 1", text).unwrap()
}

/// Halls of up to so many rows of up to so many columns, with every kind of seat and two categories, and
/// which of the seats are free.
pub(crate) fn any_hall(rows: usize, columns: usize) -> impl Strategy<Value = (Layout, Vec<bool>)> {
    let piece = prop_oneof![
        8 => Just("s"), 2 => Just("p"), 2 => Just("_"), 2 => Just("<>"),
        1 => Just("@"), 1 => Just("@+"), 1 => Just("+@"),
    ];
    let row = proptest::collection::vec(piece, 1..=columns).prop_map(move |pieces| {
        let mut row = pieces.concat();
        row.truncate(columns);
        // What the cut left of a pair.
        if row.ends_with('<') || (row.ends_with('+') && !row.contains('@')) {
            row.replace_range(row.len() - 1.., "s");
        }
        if row.bytes().all(|byte| byte == b'_') { "s".into() } else { row }
    });
    let hall = proptest::collection::vec(row, 1..=rows).prop_map(|rows| {
        let rows = rows.iter().zip('A'..).map(|(row, name)| format!("{name}: {row}\n"));
        hall(&format!("category s Standard\ncategory p Premium\n{}", rows.collect::<String>()))
    });
    hall.prop_flat_map(|layout| {
        let seats = layout.seats().len();
        (Just(layout), proptest::collection::vec(prop_oneof![3 => Just(true), 1 => Just(false)], seats))
    })
}

/// Halls that are drawn with sections, aisles across and categories of any name and colour.
pub(crate) fn any_drawn_hall() -> impl Strategy<Value = Layout> {
    let row = "_{0,2}[ApP#]{1,4}(_{1,2}(<>|@\\+|[pP]{1,3})){0,2}(_\\[\\])?_{0,1}";
    let rows = proptest::collection::vec((row, 0..3_usize), 1..5);
    let name = "[A-Z][a-z]{0,5}( [A-Z][a-z]{1,5})?";
    let header = (name, name, proptest::option::of("#[0-9a-f]{6}"), any::<bool>(), any::<bool>());
    (header, proptest::collection::vec(rows, 1..4)).prop_map(|((one, other, color, ids, named), sections)| {
        let color = color.map(|color| format!(" {color}")).unwrap_or_default();
        let id = if ids { "x 1 = " } else { "" };
        let mut text = format!("category a {id}One {one}{color}\ncategory p Two {other}\nmark [] couple p\n");
        for (index, rows) in sections.iter().enumerate() {
            if named || index > 0 {
                text += &format!("section Part {index}\n");
            }
            for (letter, (row, space)) in ('A'..).zip(rows) {
                let row = row.replace('A', "a");
                text += &format!("{letter}{}: {row}\n{}", index * 7, "\n".repeat(*space));
            }
        }
        hall(&text)
    })
}

/// Halls of any kind: odd positions, rows that run anywhere, names beyond ASCII, sections that come again.
pub(crate) fn any_layout() -> impl Strategy<Value = Layout> {
    let seat = (0..4_u8, 1..60_000_i32, any::<bool>(), "[a-z0-9 é張&<-]{0,3}", any::<bool>());
    let row = (proptest::collection::vec(seat, 1..6), 0..3_usize, "[ ]?[A-Z0-9é]{1,3}[ ]?", any::<bool>());
    let start = (any::<u32>(), -90_000_000..0_i32, any::<bool>());
    (start, proptest::collection::vec(row, 1..6)).prop_map(|((block, from, ids), rows)| {
        let category = |index: usize, name: &str| Category {
            id: CategoryId::new(if ids { format!("c{index}") } else { name.to_owned() }).unwrap(),
            name: name.into(),
            color: (index == 1).then(|| "teal".into()),
        };
        let categories = vec![category(0, "Parkett"), category(1, "Loge é")];
        let mut block = block / 2;
        let mut seats: Vec<Seat> = Vec::new();
        for (number, (places, section, name, reversed)) in rows.into_iter().enumerate() {
            let (mut x, first) = (from, seats.len());
            for (index, (kind, gap, aisle, label, second)) in places.into_iter().enumerate() {
                x += if reversed { -gap } else { gap };
                block += u32::from(aisle || index == 0);
                let id = |index: usize| SeatId::new(format!("{number}/{index}")).unwrap();
                let space = seats.get(first).is_some_and(|seat| seat.kind == SeatKind::Wheelchair);
                let kind = match kind {
                    0 if index == 0 => SeatKind::Wheelchair,
                    1 if space => SeatKind::Companion { of: id(0) },
                    2 => SeatKind::Recliner,
                    _ => SeatKind::Standard,
                };
                seats.push(Seat {
                    id: id(index),
                    label: if label.trim().is_empty() { format!("{name}{index}") } else { label },
                    section: ["", "Stalls", " Gallery "][section].into(),
                    row: format!("{name}{number}"),
                    category: categories[usize::from(second)].id.clone(),
                    kind,
                    x: f64::from(x) / 1000.0,
                    y: number as f64 * 1.5,
                    block,
                });
            }
        }
        Layout::new("Any hall", categories, seats).unwrap()
    })
}
