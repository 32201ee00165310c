//! Layouts from outside: anything may be refused, nothing may panic, and what is taken is whole.
#![no_main]

use kitflik_core::{Layout, LayoutView, SeatNo, limits};
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
    if let Ok(text) = layout.to_text() {
        assert_eq!(Layout::from_text(layout.name(), &text).as_ref(), Ok(layout), "{text}");
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
