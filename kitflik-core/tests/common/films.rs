//! The films of a well-known data set: see `fixtures/movies.md`.
#![allow(unreachable_pub, missing_docs, clippy::unwrap_used, clippy::panic, reason = "for tests")]

use kitflik_core::NewMovie;

/// All of them.
pub fn films() -> Vec<NewMovie> {
    include_str!("../fixtures/movies.tsv").lines().map(film).collect()
}

fn film(line: &str) -> NewMovie {
    let fields: Vec<&str> = line.split('\t').collect();
    let [title, director, genre, rating, date] = fields.as_slice() else { panic!("{line}") };
    let some = |text: &&str| Some((*text).to_owned()).filter(|text| !text.is_empty());
    NewMovie {
        title: (*title).to_owned(),
        director: some(director),
        genres: some(genre).into_iter().collect(),
        rating: some(rating),
        release_date: some(date).map(|date| date.parse().unwrap()),
        ..NewMovie::default()
    }
}
