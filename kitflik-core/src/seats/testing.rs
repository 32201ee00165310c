//! Halls for tests.

use proptest::prelude::*;

use super::layout::Layout;

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
