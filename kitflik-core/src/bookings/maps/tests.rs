use super::*;

fn show(number: u16) -> ShowId {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    ShowId::from_bytes(bytes)
}

fn empty() -> Arc<ShowMap> {
    let hint =
        ShowHint { layout: LayoutId::from_bytes([1; 16]), price_card: PriceCardId::from_bytes([1; 16]) };
    Arc::new(ShowMap { hint, live: Mutex::default() })
}

fn look(maps: &SeatMaps, id: ShowId) -> Arc<SeatMap> {
    let map = maps.show(id).unwrap();
    map.live.lock().make(map.hint.layout, Timestamp::from_millis(0))
}

fn polled(maps: &SeatMaps, id: ShowId, after: &SeatMap) -> Poll<()> {
    maps.poll_touched(id, after, &mut Context::from_waker(Waker::noop()))
}

#[test]
fn maps_that_somebody_waits_for_are_the_last_to_go() {
    let maps = SeatMaps::default();
    let all: Vec<ShowId> = (0..1024).map(show).collect();
    maps.shows.write().extend(all.iter().map(|id| (*id, empty())));
    for id in &all[..2] {
        assert!(polled(&maps, *id, &look(&maps, *id)).is_pending());
    }
    make_room(&mut maps.shows.write());
    let kept: Vec<ShowId> = maps.shows.read().keys().copied().collect();
    assert_eq!(kept, [&all[..2], &all[3..]].concat());
    make_room(&mut maps.shows.write());
    assert_eq!(maps.shows.read().len(), 1023, "there was room");

    maps.shows.write().insert(show(2000), empty());
    for id in maps.shows.read().keys() {
        assert!(polled(&maps, *id, &look(&maps, *id)).is_pending());
    }
    make_room(&mut maps.shows.write());
    assert!(maps.show(all[0]).is_none(), "all are waited for: the oldest goes");
}

#[test]
fn a_map_that_went_for_others_is_no_news_but_one_of_a_show_that_changed_is() {
    let maps = SeatMaps::default();
    maps.shows.write().insert(show(1), empty());
    let seen = look(&maps, show(1));
    assert!(polled(&maps, show(1), &seen).is_pending());
    maps.shows.write().pop_first();
    assert!(polled(&maps, show(1), &seen).is_pending());

    maps.shows.write().insert(show(1), empty());
    maps.forget(show(1));
    assert!(polled(&maps, show(1), &seen).is_ready());
    // Whoever looked after that has seen it.
    let other = empty();
    maps.shows.write().insert(show(1), Arc::clone(&other));
    maps.touch(other.live.lock());
    let seen = look(&maps, show(1));
    maps.shows.write().pop_first();
    assert!(polled(&maps, show(1), &seen).is_pending());
}
