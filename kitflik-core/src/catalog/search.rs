//! Search over titles, people and genres, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::MovieId;
use crate::store::records::Movie;

mod question;
mod segment;
mod typos;
mod words;

use question::{Asked, Question, Scratch};
use segment::{Draft, Segment};
pub(super) use words::folded;

/// Changes that are kept apart, before everything is written anew; or a tenth of the movies, if that is more.
const FEW: usize = 64;

/// All movies by their words. A copy is cheap, and so is a copy with a few changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    most: Arc<Segment>,
    /// Movies of `most` that have changed since, or are gone; sorted.
    stale: Arc<Vec<u32>>,
    recent: Arc<Segment>,
}

/// A movie that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit<'a> {
    pub(crate) id: MovieId,
    /// How far it is from the question. It depends on nothing but the two of them.
    pub(crate) distance: u32,
    /// Whether its title has to do with the question.
    pub(crate) by_title: bool,
    /// When it came out, in days.
    pub(crate) released: Option<i32>,
    /// Its title, folded: what equals are sorted by.
    pub(crate) key: &'a str,
}

impl Index {
    /// The index with some movies as they are now; `None` for those that are gone.
    #[must_use]
    pub(crate) fn apply<'m>(&self, changed: impl IntoIterator<Item = (MovieId, Option<&'m Movie>)>) -> Self {
        let changed: BTreeMap<MovieId, Option<&Movie>> = changed.into_iter().collect();
        if changed.is_empty() {
            return self.clone();
        }
        let stale_now =
            changed.keys().filter_map(|id| self.most.find(*id)).filter_map(|doc| doc.try_into().ok());
        let mut stale: Vec<u32> = self.stale.iter().copied().chain(stale_now).collect();
        stale.sort_unstable();
        stale.dedup();
        let kept = (0..self.recent.len())
            .filter(|doc| self.recent.id(*doc).is_some_and(|id| !changed.contains_key(&id)))
            .filter_map(|doc| self.recent.draft(doc));
        let new = changed.iter().filter_map(|(id, movie)| Some(Draft::new(*id, (*movie)?)));
        let mut drafts: Vec<Draft> = kept.chain(new).collect();
        if drafts.len() + stale.len() <= FEW.max(self.most.len() / 10) {
            return Self {
                most: Arc::clone(&self.most),
                stale: Arc::new(stale),
                recent: Arc::new(Segment::new(drafts)),
            };
        }
        let is_stale = |doc: &usize| u32::try_from(*doc).is_ok_and(|doc| stale.binary_search(&doc).is_ok());
        drafts
            .extend((0..self.most.len()).filter(|doc| !is_stale(doc)).filter_map(|doc| self.most.draft(doc)));
        Self { most: Arc::new(Segment::new(drafts)), ..Self::default() }
    }

    fn is_stale(&self, segment: &Arc<Segment>, doc: usize) -> bool {
        Arc::ptr_eq(segment, &self.most)
            && u32::try_from(doc).is_ok_and(|doc| self.stale.binary_search(&doc).is_ok())
    }

    fn segments(&self) -> impl Iterator<Item = &Arc<Segment>> {
        [&self.most, &self.recent].into_iter().filter(|segment| segment.len() > 0)
    }

    /// Every movie, in no order.
    pub(crate) fn all(&self) -> Vec<Hit<'_>> {
        let docs = self.segments().flat_map(|segment| (0..segment.len()).map(move |doc| (segment, doc)));
        let fresh = docs.filter(|(segment, doc)| !self.is_stale(segment, *doc));
        fresh.filter_map(|(segment, doc)| hit(segment, doc, (0, false))).collect()
    }

    /// The movies that have the words of a text, in no order; if none has all of them, those that have at least
    /// half. Nothing for a text without words.
    pub(crate) fn find(&self, text: &str) -> Vec<Hit<'_>> {
        let Some(question) = Question::new(text) else { return Vec::new() };
        let asked = self.ask(&question);
        let all = self.hits(&asked, Asked::all_words);
        if !all.is_empty() {
            return all;
        }
        let known = |word: &str| self.segments().any(|segment| segment.terms.exact(word).is_some());
        for taken_apart in question.taken_apart(known) {
            let found = self.hits(&self.ask(&taken_apart), Asked::all_words);
            if !found.is_empty() {
                return found;
            }
        }
        self.hits(&asked, Asked::half_of_the_words)
    }

    fn ask<'a: 'q, 'q>(&'a self, question: &'q Question) -> Vec<(&'a Arc<Segment>, Asked<'q>)> {
        self.segments().map(|segment| (segment, Asked::new(segment, question))).collect()
    }

    fn hits<'a, 'q>(
        &'a self,
        asked: &[(&'a Arc<Segment>, Asked<'q>)],
        having: impl Fn(&Asked<'q>) -> Vec<usize>,
    ) -> Vec<Hit<'a>> {
        let mut hits = Vec::new();
        let mut scratch = Scratch::default();
        for (segment, asked) in asked {
            let docs = having(asked).into_iter().filter(|doc| !self.is_stale(segment, *doc));
            hits.extend(docs.filter_map(|doc| hit(segment, doc, asked.distance(doc, &mut scratch))));
        }
        hits
    }

    /// Bytes that it takes.
    #[cfg(feature = "testing")]
    pub(crate) fn bytes(&self) -> usize {
        self.most.bytes() + self.recent.bytes() + self.stale.capacity() * size_of::<u32>()
    }
}

fn hit(segment: &Segment, doc: usize, (distance, by_title): (u32, bool)) -> Option<Hit<'_>> {
    let (key, released) = (segment.key(doc), segment.released(doc));
    Some(Hit { id: segment.id(doc)?, distance, by_title, released, key })
}

#[cfg(test)]
mod tests;
