//! Where a page of movies ends: not a number of movies, but what the last one is sorted by. So the next page goes
//! on behind it, whatever came or went in between.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use crate::catalog::search::folded;
use crate::catalog::{MovieQuery, MovieSort};
use crate::error::Invalid;
use crate::ids::MovieId;
use crate::time::Timestamp;

/// What movies are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place<'a> {
    pub(super) first: i64,
    pub(super) second: i64,
    /// The title, folded.
    pub(super) key: &'a str,
    pub(super) id: MovieId,
}

/// The end of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// What was asked for: another question or order has other places.
    asked: u32,
    pub(super) as_of: Timestamp,
    first: i64,
    second: i64,
    key: String,
    id: MovieId,
}

fn asked(query: &MovieQuery) -> u32 {
    let sort = query.sort.unwrap_or(MovieSort::Relevance);
    let words = query.q.as_deref().map(folded).unwrap_or_default();
    let digest = Sha256::digest(format!("{sort:?}\n{words}"));
    digest.iter().take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

impl Cursor {
    pub(super) fn new(last: Place<'_>, as_of: Timestamp, query: &MovieQuery) -> Self {
        let Place { first, second, key, id } = last;
        Self { asked: asked(query), as_of, first, second, key: key.to_owned(), id }
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place { first: self.first, second: self.second, key: &self.key, id: self.id }
    }

    pub(super) fn read(text: &str, query: &MovieQuery) -> Result<Self, Invalid> {
        let invalid = |detail: &str| Invalid::one("cursor", "invalid", detail);
        let json = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let fields = json.and_then(|json| serde_json::from_slice(&json).ok());
        let (digest, as_of, first, second, key, id): (u32, i64, i64, i64, String, MovieId) =
            fields.ok_or_else(|| invalid("cursor must be the next_cursor of the page before"))?;
        if digest != asked(query) {
            return Err(invalid(
                "cursor is of a page with another q or sort: ask for the first page of this one",
            ));
        }
        Ok(Self { asked: digest, as_of: Timestamp::from_millis(as_of), first, second, key, id })
    }

    /// As text, for callers to hand back.
    pub(super) fn text(&self) -> String {
        let fields = (self.asked, self.as_of.millis(), self.first, self.second, &self.key, self.id);
        BASE64URL_NOPAD.encode(&serde_json::to_vec(&fields).unwrap_or_default())
    }
}
