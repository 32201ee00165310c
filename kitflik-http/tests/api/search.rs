//! Looking for movies.

use serde_json::Value;

use crate::house::House;

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|movie| movie["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn movies_are_found_filtered_counted_and_sorted() {
    let house = House::open().await;
    let (one, other) = (house.show("A: ########").await, house.show("A: ##").await);
    let find = async |rest: &str| house.get(&format!("/v1/movies?{rest}")).send().await.expect(200);
    // Two letters of the title changed places.
    let slip = one.title.replacen("Alien", "Alein", 1).replace(' ', "%20");
    let found = find(&format!("q={slip}&venue={}&facets=true", one.venue)).await;
    assert_eq!(titles(&found), [one.title.as_str()]);
    assert_eq!(found["facets"]["total"], 1);
    assert_eq!(found["facets"]["city"][0]["value"], "Berlin");
    assert_eq!(found["facets"]["venue"][0]["value"], one.venue.as_str());
    assert_eq!(found["facets"]["genre"][0]["label"], "Horror");
    let shown = "date_from=2036-11-27&date_to=2036-11-27&time_from=19:00&time_to=20:00&format=2D&city=berlin";
    for (query, count) in [
        (format!("venue={}&{shown}", other.venue), 1),
        (format!("venue={}&max_price_minor=900", other.venue), 1),
        (format!("venue={}&max_price_minor=899", other.venue), 0),
        (format!("venue={}&min_seats_left=2", other.venue), 1),
        (format!("venue={}&min_seats_left=3", other.venue), 0),
        (format!("venue={}&genre=horror", other.venue), 1),
        (format!("venue={}&language=en", other.venue), 0),
        (format!("venue={}&rating=R", other.venue), 0),
    ] {
        assert_eq!(titles(&find(&query).await).len(), count, "{query}");
    }
    let page = find("sort=title&limit=1").await;
    assert!(page.get("facets").is_none());
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = find(&format!("sort=title&limit=1&cursor={cursor}")).await;
    assert_ne!(titles(&page), titles(&next));
    house.get(&format!("/v1/movies?sort=next_show&cursor={cursor}")).send().await.refused_field("cursor");
}
