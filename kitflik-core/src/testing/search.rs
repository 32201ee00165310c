//! The index of movies by their words, by itself: to measure it.

use crate::catalog::NewMovie;
use crate::catalog::search::Index;
use crate::ids::MovieId;
use crate::store::records::Movie;

/// Movies by their words.
#[derive(Debug, Clone, Default)]
pub struct SearchIndex(Index);

impl SearchIndex {
    /// The index with some movies more, or as they are now.
    #[must_use]
    pub fn apply(&self, movies: &[(MovieId, NewMovie)]) -> Self {
        let record = |new: &NewMovie| -> Option<Movie> {
            let fields = serde_json::json!({
                "title": new.title, "director": new.director, "genres": new.genres,
                "release_date": new.release_date,
            });
            serde_json::from_value(fields).ok()
        };
        let records: Vec<(MovieId, Option<Movie>)> =
            movies.iter().map(|(id, new)| (*id, record(new))).collect();
        Self(self.0.apply(records.iter().map(|(id, movie)| (*id, movie.as_ref()))))
    }

    /// How many movies a text finds.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        self.0.find(text).len()
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }
}
