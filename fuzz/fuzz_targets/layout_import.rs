//! Layouts from outside: anything may be refused, nothing may panic, and what is taken is whole.
#![no_main]

use kitflik_core::{Layout, LayoutView, SeatNo, SvgOptions, layout_svg, limits, seat_map_svg};
use libfuzzer_sys::fuzz_target;

fn check(layout: &Layout) {
    assert!((1..=limits::MAX_SEATS_PER_LAYOUT).contains(&layout.seats().len()));
    for seat in layout.seats() {
        let number: SeatNo = layout.number(&seat.id).expect("every seat has a number");
        assert_eq!(layout.seat(number), Some(seat));
        assert!(layout.categories().iter().any(|category| category.id == seat.category));
        if let (_, Some(right)) = layout.neighbours(number) {
            assert_eq!(layout.neighbours(right).0, Some(number), "neighbours are mutual");
        }
    }
    // A layout is stored as its parts, and read back through the same checks.
    let again = Layout::new(layout.name(), layout.categories().to_vec(), layout.seats().to_vec());
    assert_eq!(again.as_ref(), Ok(layout));
    // What is written reads as the same layout; what cannot be written is refused by name.
    match layout.to_text() {
        Ok(text) => assert_eq!(Layout::from_text(layout.name(), &text).as_ref(), Ok(layout), "{text}"),
        Err(invalid) => assert_eq!(invalid.errors[0].code, "not_expressible"),
    }
    match layout.to_pretix() {
        Ok(plan) => assert_eq!(Layout::from_pretix(&plan).as_ref(), Ok(layout), "{plan}"),
        Err(invalid) => assert_eq!(invalid.errors[0].code, "not_expressible"),
    }
    let options = SvgOptions::default();
    for picture in [layout_svg(layout, &options), seat_map_svg(layout, ".hs#m", &options)] {
        // A title for each seat and one for the whole: names bring no markup along.
        assert_eq!(picture.matches("<title>").count(), layout.seats().len() + 1);
        assert_eq!(picture.matches("</title>").count(), layout.seats().len() + 1);
        assert!(picture.len() <= 32_768 + 2048 * layout.seats().len());
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(layout) = Layout::from_pretix(text) {
        check(&layout);
    }
    if let Ok(layout) = Layout::from_text("Hall", text) {
        check(&layout);
    }
    // The form in which layouts travel: JSON of any positions, kinds and blocks.
    if let Ok(view) = serde_json::from_str::<LayoutView>(text)
        && let Ok(layout) = Layout::new(view.name, view.categories, view.seats)
    {
        check(&layout);
    }
});
