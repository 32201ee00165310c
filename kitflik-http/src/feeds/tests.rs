use std::net::Ipv4Addr;
use std::time::Duration;

use axum::body::to_bytes;
use kitflik_core::{Argon2id, MasterKey, MemoryStorage, MovieQuery, PageRequest};

use super::*;

/// The demo cinema, and a show of it.
async fn house() -> (Kitflik, ShowId) {
    let hasher = Arc::new(Argon2id::new(8, 1).unwrap());
    let builder = Kitflik::builder(Arc::new(MemoryStorage::new()), MasterKey::new([7; 32]));
    let kitflik = builder.password_hasher(hasher).build().unwrap();
    crate::server::demo::open(&kitflik).await.unwrap();
    let movies = kitflik.catalog().movies(&MovieQuery::default()).await.unwrap();
    let mut shows = Vec::new();
    for movie in movies.items {
        let page = kitflik.catalog().shows_of(movie.id, &PageRequest::default()).await.unwrap();
        shows.extend(page.items);
    }
    (kitflik, shows.first().unwrap().id)
}

fn code(problem: &Problem) -> String {
    let problem = serde_json::to_value(problem).unwrap();
    problem["code"].as_str().unwrap().to_owned()
}

async fn feed() -> Feed {
    let (kitflik, show) = house().await;
    let map = kitflik.bookings().seats(show).await.unwrap();
    Feed::new(SeatFeed::new("test", map))
}

#[tokio::test]
async fn who_does_not_read_is_dropped_and_keeps_nobody_waiting() {
    let feed = feed().await;
    let (first, mut slow) = feed.join(None).unwrap();
    let (_, mut quick) = feed.join(None).unwrap();
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
    assert!(feed.end(true) && feed.join(None).is_none());
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
async fn a_show_is_looked_at_for_a_while_after_the_last_listener() {
    let (kitflik, show) = house().await;
    let feeds = Feeds::new(kitflik, Readiness::default(), 2);
    drop(feeds.listen(show, None, None).await.unwrap());
    tokio::time::advance(BEAT).await;
    tokio::task::yield_now().await;
    assert_eq!(feeds.shows.lock().len(), 1, "somebody may come back");
    while !feeds.shows.lock().is_empty() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
