use std::sync::Arc;

use kitflik_core::{MasterKey, MemoryStorage, MovieQuery, PageRequest};

use super::*;

/// Rows shaped like those of vega-datasets, with each kind of dirt. Titles say what is wrong.
const DIRTY: &str = include_str!("../../../../tests/fixtures/movies-dirty.json");

fn engine() -> Kitflik {
    Kitflik::builder(Arc::new(MemoryStorage::default()), MasterKey::new([7; 32])).build().unwrap()
}

fn lines(remarks: &[Remark]) -> Vec<String> {
    remarks.iter().map(ToString::to_string).collect()
}

async fn tally(kitflik: &Kitflik, text: &str) -> (Tally, Vec<Remark>) {
    let (tally, refused, _) = store(kitflik, read(text).unwrap(), |_| {}).await.unwrap();
    (tally, refused)
}

#[test]
fn each_refusal_names_line_field_and_reason() {
    let reading = read(DIRTY).unwrap();
    assert_eq!(
        lines(&reading.refused),
        [
            "line 4, Title: it is missing: nothing tells which film this is",
            "line 5, Release Date: \"12-Jun-98\" is no date: expected one such as Jun 12 1998 or 1998-06-12 \
             (the century of a year of two digits is not known)",
            "line 6, Release Date: \"Summer 1998\" is no date: expected one such as Jun 12 1998 or \
            1998-06-12",
            "line 7, Running Time min: expected a whole number of minutes, found \"two hours\"",
            "line 8, Running Time min: expected a whole number of minutes, found -5",
            "line 9, row: expected an object of fields",
            "line 13, Director: expected text, found [\"A\",\"B\"]",
            "line 16, Title: the same title, director and release date as in line 2",
            "line 17, Title: it is empty: nothing tells which film this is",
        ]
    );
    assert_eq!(
        lines(&reading.notes),
        [
            "line 3, Title: the number 300 was taken as text",
            "line 15, Release Date: 2046 was taken as it stands, and may mean 1946",
        ]
    );
}

#[tokio::test]
async fn what_can_be_read_goes_in_and_a_second_run_changes_nothing() {
    let kitflik = engine();
    let (first, refused) = tally(&kitflik, DIRTY).await;
    assert_eq!(first, Tally { added: 4, changed: 0, unchanged: 0, refused: 11 });
    let bounds: Vec<String> = lines(&refused).into_iter().filter(|line| line.contains("must")).collect();
    assert_eq!(bounds.len(), 1, "{bounds:?}");
    assert!(bounds[0].starts_with("line 18, runtime_minutes: "), "{bounds:?}");
    let (second, _) = tally(&kitflik, DIRTY).await;
    assert_eq!(second, Tally { added: 0, changed: 0, unchanged: 4, refused: 11 });

    let page = PageRequest { cursor: None, limit: Some(100) };
    let query = MovieQuery { page, ..MovieQuery::default() };
    let movies = kitflik.catalog().movies(&query).await.unwrap().items;
    let titles: Vec<&str> = movies.iter().map(|movie| movie.title.as_str()).collect();
    assert_eq!(titles, ["300", "A Film Without Anything Else", "A Later Century", "The Land Girls"]);
    let girls = &movies[3];
    assert_eq!(girls.release_date.unwrap().to_string(), "1998-06-12");
    assert_eq!((girls.rating.as_deref(), girls.runtime_minutes), (Some("R"), None));
}

#[tokio::test]
async fn a_corrected_row_changes_its_film() {
    let kitflik = engine();
    let row = |minutes: u32| format!("[{{\"Title\": \"Ran\", \"Running Time min\": {minutes}}}]");
    let outcome = async |minutes| tally(&kitflik, &row(minutes)).await.0;
    assert_eq!(outcome(160).await, Tally { added: 1, ..Tally::default() });
    assert_eq!(outcome(162).await, Tally { changed: 1, ..Tally::default() });
    assert_eq!(outcome(162).await, Tally { unchanged: 1, ..Tally::default() });
}

#[test]
fn what_is_no_list_is_refused_with_its_place() {
    let refused = read("[\n{\"Title\": \"Ran\"},\n{\"Title\": }\n]").unwrap_err();
    assert!(refused.starts_with("line 3, column "), "{refused}");
    assert!(read("{\"Title\": \"Ran\"}").unwrap_err().contains("no JSON list of movies"));
}
