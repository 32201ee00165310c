use std::net::Ipv4Addr;

use axum::body::to_bytes;
use futures_util::StreamExt;
use kitflik_core::{Actor, Argon2id, HoldSeats, MasterKey, MemoryStorage, MovieQuery, PageRequest};

use super::*;

/// The demo cinema, and a show of it.
async fn house() -> (Kitflik, ShowId) {
    let (kitflik, shows) = shows().await;
    (kitflik, shows[0])
}

async fn shows() -> (Kitflik, Vec<ShowId>) {
    let hasher = Arc::new(Argon2id::new(8, 1).unwrap());
    let builder = Kitflik::builder(Arc::new(MemoryStorage::new()), MasterKey::new([7; 32]));
    let kitflik = builder.password_hasher(hasher).build().unwrap();
    crate::server::demo::open(&kitflik).await.unwrap();
    let movies = kitflik.catalog().movies(&MovieQuery::default()).await.unwrap();
    let mut shows = Vec::new();
    for movie in movies.items {
        let page = kitflik.catalog().shows_of(movie.id, &PageRequest::default()).await.unwrap();
        shows.extend(page.items.iter().map(|show| show.id));
    }
    (kitflik, shows)
}

fn code(problem: &Problem) -> String {
    let problem = serde_json::to_value(problem).unwrap();
    problem["code"].as_str().unwrap().to_owned()
}

async fn feed() -> (Feed, Arc<SeatMap>) {
    let (kitflik, show) = house().await;
    let map = kitflik.bookings().seats(show).await.unwrap();
    (Feed::new(SeatFeed::new("test", Arc::clone(&map))), map)
}

#[tokio::test]
async fn who_does_not_read_is_dropped_and_keeps_nobody_waiting() {
    let (feed, map) = feed().await;
    let (first, mut slow) = feed.join(&map, None).unwrap();
    let (_, mut quick) = feed.join(&map, None).unwrap();
    assert!(matches!(first[..], [SeatEvent::Map { .. }]));
    for _ in 0..QUEUE {
        assert_eq!(feed.beat(), 2);
        quick.try_recv().unwrap();
    }
    assert_eq!(feed.beat(), 1, "the queue was full");
    quick.try_recv().unwrap();
    let mut waiting = 0;
    while slow.recv().await.is_some() {
        waiting += 1;
    }
    assert_eq!(waiting, QUEUE, "what waited is told, then the stream ends");
    drop(quick);
    assert_eq!(feed.beat(), 0, "who is gone is forgotten");
    assert!(feed.end(true) && feed.join(&map, None).is_none());
}

#[tokio::test]
async fn listeners_are_bounded_in_all_and_by_address() {
    let (kitflik, show) = house().await;
    let feeds = Feeds::new(kitflik.clone(), Readiness::default(), 2);
    let one = feeds.listen(show, None, None).await.unwrap();
    let _other = feeds.listen(show, None, None).await.unwrap();
    let refused = feeds.listen(show, None, None).await.unwrap_err();
    assert_eq!(code(&refused), "unavailable");
    drop(one);
    drop(feeds.listen(show, None, None).await.unwrap());

    let feeds = Feeds::new(kitflik, Readiness::default(), 256);
    let address = |last: u8| Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)));
    let mut listening = Vec::new();
    for _ in 0..64 {
        listening.push(feeds.listen(show, None, address(1)).await.unwrap());
    }
    let refused = feeds.listen(show, None, address(1)).await.unwrap_err();
    assert_eq!(code(&refused), "too_many_requests");
    listening.push(feeds.listen(show, None, address(2)).await.unwrap());
    assert_eq!(feeds.shows.lock().len(), 1, "one driver for all");
    drop(listening);
    assert_eq!(feeds.listeners.lock().all, 0);
    assert!(feeds.listeners.lock().by_address.is_empty());
    let nowhere = feeds.listen("018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77".parse().unwrap(), None, None);
    assert_eq!(code(&nowhere.await.unwrap_err()), "not_found");
    assert_eq!(feeds.listeners.lock().all, 0);
}

#[tokio::test]
async fn a_server_that_ends_ends_its_streams() {
    let (kitflik, show) = house().await;
    let readiness = Readiness::default();
    let feeds = Feeds::new(kitflik, readiness.clone(), 2);
    let body = feeds.listen(show, None, None).await.unwrap();
    readiness.set(false);
    let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    assert!(text.starts_with("retry: ") && text.contains("event: map\n"), "{text}");
    let refused = feeds.listen(show, None, None).await.unwrap_err();
    assert_eq!(code(&refused), "unavailable");
    assert!(feeds.shows.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_show_that_nobody_listens_to_is_remembered_for_a_while_but_not_looked_at() {
    let (kitflik, show) = house().await;
    let feeds = Feeds::new(kitflik.clone(), Readiness::default(), 2);
    let feed = || feeds.shows.lock().get(&show).cloned();
    let number = || feed().map(|feed| feed.state.lock().feed.resume(None)[0].id().to_owned());
    let body = feeds.listen(show, None, None).await.unwrap();
    let first = number().unwrap();
    drop(body);
    let seat = kitflik.catalog().layout(kitflik.bookings().seats(show).await.unwrap().view().layout_id).await;
    let seat = seat.unwrap().seats[0].id.clone();
    let request = HoldSeats::seats(show, vec![seat]);
    kitflik.bookings().hold(&Actor::System, &request).await.unwrap();
    sleep(IDLE / 2).await;
    assert_eq!(number().unwrap(), first, "nobody asked");

    let body = feeds.listen(show, Some(&first), None).await.unwrap();
    assert_ne!(number().unwrap(), first, "somebody came back, and is told nothing old");
    let told = body.into_data_stream().next().await.unwrap().unwrap();
    let told = String::from_utf8(told.to_vec()).unwrap();
    assert!(told.contains("event: seats\n") && told.contains("\"0\":\"h\""), "{told}");
    let body = feeds.listen(show, None, None).await.unwrap();
    sleep(IDLE * 10).await;
    assert!(feed().is_some(), "somebody listens");
    drop(body);
    sleep(IDLE * 3).await;
    assert!(feed().is_none());
}

#[tokio::test]
async fn as_many_shows_are_followed_as_there_is_room_for() {
    let (kitflik, shows) = shows().await;
    let feeds = Feeds::new(kitflik, Readiness::default(), 8);
    let followed = || feeds.shows.lock().keys().copied().collect::<Vec<_>>();
    let first = feeds.listen(shows[0], None, None).await.unwrap();
    let _second = feeds.listen(shows[1], None, None).await.unwrap();
    let refused = feeds.listen(shows[2], None, None).await.unwrap_err();
    assert_eq!(code(&refused), "unavailable");
    let _same = feeds.listen(shows[1], None, None).await.unwrap();
    drop(first);
    let _third = feeds.listen(shows[2], None, None).await.unwrap();
    assert_eq!(followed().len(), 2);
    assert!(!followed().contains(&shows[0]), "the one that nobody listened to made room");
}

#[tokio::test]
async fn whoever_asks_for_the_head_takes_nobodys_place() {
    let (kitflik, show) = house().await;
    let router = crate::router::router(kitflik, crate::RouterOptions::default().listeners_at_once(0));
    for (method, status) in [("HEAD", 200), ("GET", 503)] {
        let request = axum::http::Request::builder().method(method);
        let request = request.uri(format!("/v1/shows/{show}/seats/events")).body(Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
        assert_eq!(response.status(), status, "{method}");
    }
}
