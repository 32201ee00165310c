//! Words, the movies they stand in, and where: written once, read often.

use chrono::Datelike;

use super::words::{STOP_WORDS, Word, folded, words};
use crate::ids::MovieId;
use crate::store::records::Movie;

/// Where a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    People,
    Genre,
}

/// A word of a movie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Its place among the terms.
    pub(super) term: u32,
    pub(super) field: Field,
    pub(super) start: u8,
    pub(super) places: u8,
}

#[derive(Debug, Clone, Copy)]
struct Doc {
    id: MovieId,
    entries_end: u32,
    key_end: u32,
    released: Option<i32>,
    title_words: u8,
}

/// Different words in their order.
#[derive(Debug, Default)]
pub(super) struct Terms {
    text: String,
    ends: Vec<u32>,
}

impl Terms {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, term: usize) -> &str {
        span(&self.ends, term).and_then(|span| self.text.get(span)).unwrap_or_default()
    }

    /// The first term from `from` on for which it does not hold, which has to hold for a beginning of them.
    pub(super) fn skip_while(&self, from: usize, holds: impl Fn(&str) -> bool) -> usize {
        let (mut low, mut step) = (from, 1);
        while low + step <= self.len() && holds(self.get(low + step - 1)) {
            low += step;
            step *= 2;
        }
        let mut high = (low + step).min(self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(self.get(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn first_not_below(&self, word: &str) -> usize {
        self.skip_while(0, |term| term < word)
    }

    pub(super) fn exact(&self, word: &str) -> Option<usize> {
        let at = self.first_not_below(word);
        (at < self.len() && self.get(at) == word).then_some(at)
    }

    /// The terms that start with it.
    pub(super) fn starting_with(&self, prefix: &str) -> std::ops::Range<usize> {
        let from = self.first_not_below(prefix);
        from..self.skip_while(from, |term| term.starts_with(prefix))
    }
}

fn span(ends: &[u32], at: usize) -> Option<std::ops::Range<usize>> {
    let end = *ends.get(at)? as usize;
    let start = at.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |start| *start as usize);
    Some(start..end)
}

/// A movie about to be indexed: its words, as text.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) id: MovieId,
    key: String,
    released: Option<i32>,
    title_words: u8,
    entries: Vec<(String, Field, u8, u8)>,
}

impl Draft {
    pub(super) fn new(id: MovieId, movie: &Movie) -> Self {
        let title = words(&movie.title);
        let title_words = title.iter().filter(|word| word.places == 1).count();
        let mut draft = Self {
            id,
            key: folded(&movie.title),
            released: movie.release_date.map(|date| date.calendar().num_days_from_ce()),
            title_words: u8::try_from(title_words).unwrap_or(u8::MAX),
            entries: Vec::with_capacity(title.len() + 4),
        };
        draft.extend(Field::Title, title);
        draft.extend(Field::People, movie.director.as_deref().map(words).unwrap_or_default());
        for genre in &movie.genres {
            draft.extend(Field::Genre, words(genre));
        }
        draft
    }

    fn extend(&mut self, field: Field, words: Vec<Word>) {
        self.entries.extend(words.into_iter().map(|word| (word.text, field, word.start, word.places)));
    }
}

/// Some movies by their words. It never changes.
#[derive(Debug, Default)]
pub(super) struct Segment {
    pub(super) terms: Terms,
    /// The terms that say little, where they are.
    stops: Vec<u32>,
    postings: Vec<u32>,
    postings_ends: Vec<u32>,
    /// By id.
    docs: Vec<Doc>,
    entries: Vec<Entry>,
    keys: String,
}

impl Segment {
    pub(super) fn new(mut drafts: Vec<Draft>) -> Self {
        drafts.sort_unstable_by_key(|draft| draft.id);
        let mut texts: Vec<&str> =
            drafts.iter().flat_map(|draft| &draft.entries).map(|entry| entry.0.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        let mut segment = Self::default();
        for text in &texts {
            segment.terms.text.push_str(text);
            segment.terms.ends.push(small(segment.terms.text.len()));
        }
        segment.stops = STOP_WORDS.iter().filter_map(|stop| segment.terms.exact(stop)).map(small).collect();
        let mut found: Vec<(u32, u32)> = Vec::new();
        for (draft, doc) in drafts.iter().zip(0..) {
            for (text, field, start, places) in &draft.entries {
                let term = small(texts.partition_point(|other| other < &text.as_str()));
                segment.entries.push(Entry { term, field: *field, start: *start, places: *places });
                found.push((term, doc));
            }
            segment.keys.push_str(&draft.key);
            segment.docs.push(Doc {
                id: draft.id,
                entries_end: small(segment.entries.len()),
                key_end: small(segment.keys.len()),
                released: draft.released,
                title_words: draft.title_words,
            });
        }
        found.sort_unstable();
        found.dedup();
        segment.postings = found.iter().map(|(_, doc)| *doc).collect();
        let mut end = 0;
        for term in 0..small(texts.len()) {
            end += found.get(end..).unwrap_or_default().iter().take_while(|found| found.0 == term).count();
            segment.postings_ends.push(small(end));
        }
        segment.shrink();
        segment
    }

    fn shrink(&mut self) {
        self.terms.text.shrink_to_fit();
        self.terms.ends.shrink_to_fit();
        self.postings.shrink_to_fit();
        self.postings_ends.shrink_to_fit();
        self.docs.shrink_to_fit();
        self.entries.shrink_to_fit();
        self.keys.shrink_to_fit();
    }

    pub(super) fn len(&self) -> usize {
        self.docs.len()
    }

    pub(super) fn id(&self, doc: usize) -> Option<MovieId> {
        self.docs.get(doc).map(|doc| doc.id)
    }

    pub(super) fn find(&self, id: MovieId) -> Option<usize> {
        self.docs.binary_search_by_key(&id, |doc| doc.id).ok()
    }

    /// What a movie is sorted by among its equals: its title, folded.
    pub(super) fn key(&self, doc: usize) -> &str {
        let start = doc.checked_sub(1).and_then(|before| self.docs.get(before)).map_or(0, |doc| doc.key_end);
        let end = self.docs.get(doc).map_or(0, |doc| doc.key_end);
        self.keys.get(start as usize..end as usize).unwrap_or_default()
    }

    /// When a movie came out, in days.
    pub(super) fn released(&self, doc: usize) -> Option<i32> {
        self.docs.get(doc).and_then(|doc| doc.released)
    }

    /// The words of a movie: those of its title that take one place first, in their order.
    pub(super) fn entries(&self, doc: usize) -> &[Entry] {
        let before = doc.checked_sub(1).and_then(|before| self.docs.get(before));
        let start = before.map_or(0, |doc| doc.entries_end);
        let end = self.docs.get(doc).map_or(0, |doc| doc.entries_end);
        self.entries.get(start as usize..end as usize).unwrap_or_default()
    }

    pub(super) fn title_words(&self, doc: usize) -> u8 {
        self.docs.get(doc).map_or(0, |doc| doc.title_words)
    }

    /// The movies with a term.
    pub(super) fn postings(&self, term: usize) -> &[u32] {
        span(&self.postings_ends, term).and_then(|span| self.postings.get(span)).unwrap_or_default()
    }

    pub(super) fn says_little(&self, entry: &Entry) -> bool {
        self.stops.contains(&entry.term)
    }

    /// A movie as it was before it was indexed.
    pub(super) fn draft(&self, doc: usize) -> Option<Draft> {
        let text = |entry: &Entry| self.terms.get(entry.term as usize).to_owned();
        Some(Draft {
            id: self.id(doc)?,
            key: self.key(doc).to_owned(),
            released: self.released(doc),
            title_words: self.title_words(doc),
            entries: self
                .entries(doc)
                .iter()
                .map(|entry| (text(entry), entry.field, entry.start, entry.places))
                .collect(),
        })
    }

    /// Bytes that it takes.
    #[cfg(feature = "testing")]
    pub(super) fn bytes(&self) -> usize {
        let words = self.terms.ends.capacity() + self.postings.capacity() + self.postings_ends.capacity();
        self.terms.text.capacity()
            + self.keys.capacity()
            + (words + self.stops.capacity()) * size_of::<u32>()
            + self.docs.capacity() * size_of::<Doc>()
            + self.entries.capacity() * size_of::<Entry>()
    }
}

/// Memory holds fewer than four thousand million words.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
