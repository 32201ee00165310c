//! What is asked for, which movies have it, and how well they fit.

use super::segment::{Entry, Field, Segment};
use super::typos::{forgiven, near};
use super::words::{STOP_WORDS, alternates, words};

/// Words of a question beyond this are not looked at.
const MOST_WORDS: usize = 12;
/// From so many letters on, a beginning may have slips, too.
const LONG_BEGINNING: usize = 5;
/// Parts of a word that is taken apart have so many bytes.
const SHORTEST_PART: usize = 3;
/// Ways to take a word apart that are tried, of all words together: each is another look at all movies.
const MOST_PARTINGS: usize = 3;
/// Longer questions are not taken apart.
const MOST_WORDS_WITH_PARTINGS: usize = 4;

/// What takes a movie away from the question; less is better. It depends on the movie and the question alone, so that a
/// movie that comes or goes changes nobody's place.
mod away {
    /// A word that is not there.
    pub(super) const MISSING: u32 = 200;
    pub(super) const STOP_WORD_MISSING: u32 = 2;
    /// A word that goes on after what was typed; not counted for each letter, since people stop typing anywhere.
    pub(super) const GOES_ON: u8 = 1;
    pub(super) const GOES_ON_WITHIN: u8 = 6;
    pub(super) const WRITTEN_OTHERWISE: u8 = 1;
    /// Two words of the question that are one in the title.
    pub(super) const JOINED: u8 = 2;
    pub(super) const SLIP_SHORT: u8 = 26;
    pub(super) const SLIP: u8 = 21;
    pub(super) const SLIP_LONG: u8 = 17;
    pub(super) const MORE_SLIPS: u8 = 34;
    /// How the words stand in the title.
    pub(super) const TITLE_STARTS: u32 = 8;
    pub(super) const TITLE_HAS_PHRASE: u32 = 14;
    pub(super) const TITLE_IN_ORDER: u32 = 18;
    pub(super) const TITLE_HAS: u32 = 22;
    /// Words of the title that were not asked for, at most: a long subtitle is no fault.
    pub(super) const MORE_WORDS: u32 = 2;
    pub(super) const PEOPLE: u32 = 20;
    pub(super) const GENRE: u32 = 24;
    pub(super) const IN_SEVERAL: u32 = 26;
}

/// One or more words of the question that are looked up as one: each word, neighbours together, and what was glued.
#[derive(Debug)]
struct Atom {
    text: String,
    first: usize,
    words: usize,
}

/// A question.
#[derive(Debug)]
pub(super) struct Question {
    words: usize,
    /// Whether a movie has to have the word.
    needed: Vec<bool>,
    atoms: Vec<Atom>,
}

impl Question {
    /// `None` if it has no words.
    pub(super) fn new(text: &str) -> Option<Self> {
        let read = words(text);
        let (singles, glued): (Vec<_>, Vec<_>) = read.into_iter().partition(|word| word.places == 1);
        let singles: Vec<String> = singles.into_iter().take(MOST_WORDS).map(|word| word.text).collect();
        let count = singles.len();
        let mut needed: Vec<bool> = singles.iter().map(|word| !STOP_WORDS.contains(&word.as_str())).collect();
        if !needed.contains(&true) {
            needed.fill(true);
        }
        let mut atoms: Vec<Atom> = Vec::new();
        for (first, word) in singles.iter().enumerate() {
            atoms.push(Atom { text: word.clone(), first, words: 1 });
            if let Some(next) = singles.get(first + 1) {
                atoms.push(Atom { text: format!("{word}{next}"), first, words: 2 });
            }
        }
        for word in glued {
            let (first, words) = (usize::from(word.start), usize::from(word.places));
            if words > 2 && first + words <= count {
                atoms.push(Atom { text: word.text, first, words });
            }
        }
        (count > 0).then_some(Self { words: count, needed, atoms })
    }

    /// The question with one long word taken apart in two that are known: `bladerunner`.
    pub(super) fn taken_apart(&self, known: impl Fn(&str) -> bool) -> Vec<Self> {
        let singles: Vec<&str> =
            self.atoms.iter().filter(|atom| atom.words == 1).map(|atom| atom.text.as_str()).collect();
        if singles.len() > MOST_WORDS_WITH_PARTINGS {
            return Vec::new();
        }
        let known = &known;
        let cuts = singles.iter().enumerate().flat_map(|(at, word)| {
            let cuts = word.char_indices().map(|(cut, _)| word.split_at(cut));
            let parts = cuts.filter(|parts| parts.0.len() >= SHORTEST_PART && parts.1.len() >= SHORTEST_PART);
            parts.filter(|parts| known(parts.0) && known(parts.1)).map(move |parts| (at, parts))
        });
        let questions = cuts.take(MOST_PARTINGS).filter_map(|(at, (one, other))| {
            let mut words = singles.clone();
            words.splice(at..=at, [one, other]);
            Self::new(&words.join(" "))
        });
        questions.collect()
    }

    fn covers(atom: &Atom) -> std::ops::Range<usize> {
        atom.first..atom.first + atom.words
    }
}

/// The terms of a segment that an atom means.
struct Meant {
    /// For each term of the segment 0 if it is not meant; or else what that costs, twice, and whether the term goes
    /// on after what was typed, and 1.
    costs: Vec<u8>,
    terms: Vec<usize>,
}

impl Meant {
    fn add(&mut self, term: usize, cost: u8, goes_on: bool) {
        let Some(known) = self.costs.get_mut(term) else { return };
        if *known == 0 {
            self.terms.push(term);
        }
        let new = cost * 2 + u8::from(goes_on) + 1;
        if *known == 0 || new < *known {
            *known = new;
        }
    }

    /// The cost, and whether the term goes on after what was typed.
    fn cost(&self, entry: &Entry) -> Option<(u8, bool)> {
        let both = self.costs.get(entry.term as usize)?.checked_sub(1)?;
        Some((both / 2, both % 2 == 1))
    }
}

fn meant(segment: &Segment, question: &Question, atom: &Atom) -> Meant {
    let terms = &segment.terms;
    let mut meant = Meant { costs: vec![0; terms.len()], terms: Vec::new() };
    let last = atom.first + atom.words == question.words;
    let joined = if atom.words > 1 { away::JOINED } else { 0 };
    if let Some(term) = terms.exact(&atom.text) {
        meant.add(term, joined, false);
    }
    if atom.words > 1 && !last {
        return meant;
    }
    let goes_on = joined + if last { away::GOES_ON } else { away::GOES_ON_WITHIN };
    for term in terms.starting_with(&atom.text) {
        meant.add(term, goes_on, true);
    }
    if atom.words > 1 {
        return meant;
    }
    for other in alternates(&atom.text) {
        if let Some(term) = terms.exact(other) {
            meant.add(term, away::WRITTEN_OTHERWISE, false);
        }
    }
    let letters: Vec<char> = atom.text.chars().collect();
    let most = forgiven(letters.len());
    if most > 0 {
        let slip = match letters.len() {
            0..=5 => away::SLIP_SHORT,
            6..=7 => away::SLIP,
            _ => away::SLIP_LONG,
        };
        let beginnings = last && letters.len() >= LONG_BEGINNING;
        near(terms, &letters, most, beginnings, |term, slips, whole| {
            let cost = match slips {
                0 => 0,
                1 => slip,
                _ => away::MORE_SLIPS,
            };
            if slips > 0 {
                meant.add(term, cost + if whole { 0 } else { away::GOES_ON_WITHIN }, !whole);
            }
        });
    }
    meant
}

/// One bit for each movie of a segment.
#[derive(Debug, Clone)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn set(&mut self, at: u32) {
        if let Some(word) = self.0.get_mut(at as usize / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn keep(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(word, other)| *word &= other);
    }

    fn each(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                rest &= rest.checked_sub(1)?;
                Some(at * 64 + bit as usize)
            })
        })
    }
}

/// A question put to a segment.
pub(super) struct Asked<'a> {
    segment: &'a Segment,
    question: &'a Question,
    meant: Vec<Meant>,
    /// For each word of the question the movies that have it.
    having: Vec<Bits>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(segment: &'a Segment, question: &'a Question) -> Self {
        let meant: Vec<Meant> = question.atoms.iter().map(|atom| meant(segment, question, atom)).collect();
        let mut having = vec![Bits::new(segment.len()); question.words];
        for (atom, meant) in question.atoms.iter().zip(&meant) {
            for term in &meant.terms {
                for doc in segment.postings(*term) {
                    let covered = having.get_mut(Question::covers(atom)).unwrap_or_default();
                    covered.iter_mut().for_each(|bits| bits.set(*doc));
                }
            }
        }
        Self { segment, question, meant, having }
    }

    fn needed(&self) -> impl Iterator<Item = &Bits> {
        self.having.iter().zip(&self.question.needed).filter(|(_, needed)| **needed).map(|(bits, _)| bits)
    }

    /// The movies that have every word that is needed.
    pub(super) fn all_words(&self) -> Vec<usize> {
        let mut needed = self.needed();
        let Some(mut having) = needed.next().cloned() else { return Vec::new() };
        needed.for_each(|bits| having.keep(bits));
        having.each().collect()
    }

    /// The movies that have at least half of the words that are needed.
    pub(super) fn half_of_the_words(&self) -> Vec<usize> {
        let mut counts = vec![0_usize; self.segment.len()];
        let mut needed = 0;
        for bits in self.needed() {
            needed += 1;
            bits.each().for_each(|doc| counts.get_mut(doc).into_iter().for_each(|count| *count += 1));
        }
        let enough = |count: &usize| *count > 0 && count * 2 >= needed;
        counts.iter().enumerate().filter(|(_, count)| enough(count)).map(|(doc, _)| doc).collect()
    }

    /// How far a movie is from the question, and whether its title has to do with it.
    pub(super) fn distance(&self, doc: usize, scratch: &mut Scratch) -> (u32, bool) {
        let mut near = Nearness::new(self, doc, scratch);
        let mut at = 0;
        while at < self.question.words {
            at += near.word(at);
        }
        (near.sum(), near.titles > 0)
    }
}

/// Room for looking at a movie, used again for the next.
#[derive(Default)]
pub(super) struct Scratch {
    in_title: Vec<InTitle>,
    /// For each word of the question the best there is among people and genres.
    elsewhere: Vec<Option<(u8, Field)>>,
}

/// A word of the title that answers a word of the question.
#[derive(Clone, Copy)]
struct InTitle {
    first: usize,
    words: usize,
    start: usize,
    end: usize,
    cost: u8,
    goes_on: bool,
}

struct Nearness<'a> {
    asked: &'a Asked<'a>,
    entries: &'a [Entry],
    title_words: usize,
    scratch: &'a Scratch,
    sum: u32,
    titles: usize,
    people: usize,
    genres: usize,
    begin: usize,
    end: usize,
    taken: usize,
    in_order: bool,
    a_phrase: bool,
    ends_whole: bool,
}

impl<'a> Nearness<'a> {
    fn new(asked: &'a Asked<'a>, doc: usize, scratch: &'a mut Scratch) -> Self {
        let entries = asked.segment.entries(doc);
        let Scratch { in_title, elsewhere } = scratch;
        in_title.clear();
        elsewhere.clear();
        elsewhere.resize(asked.question.words, None);
        for (atom, meant) in asked.question.atoms.iter().zip(&asked.meant) {
            for entry in entries {
                let Some((cost, goes_on)) = meant.cost(entry) else { continue };
                if entry.field == Field::Title {
                    let start = usize::from(entry.start);
                    let end = start + usize::from(entry.places);
                    let (first, words) = (atom.first, atom.words);
                    in_title.push(InTitle { first, words, start, end, cost, goes_on });
                    continue;
                }
                for known in elsewhere.get_mut(Question::covers(atom)).unwrap_or_default() {
                    if known.is_none_or(|(known, _)| cost < known) {
                        *known = Some((cost, entry.field));
                    }
                }
            }
        }
        Self {
            asked,
            entries,
            title_words: usize::from(asked.segment.title_words(doc)),
            scratch,
            sum: 0,
            titles: 0,
            people: 0,
            genres: 0,
            begin: 0,
            end: 0,
            taken: 0,
            in_order: true,
            a_phrase: true,
            ends_whole: true,
        }
    }

    /// Whether only words that say little stand between two places of the title.
    fn nothing_between(&self, from: usize, to: usize) -> bool {
        from <= to
            && self
                .entries
                .get(from..to)
                .unwrap_or_default()
                .iter()
                .all(|e| self.asked.segment.says_little(e))
    }

    /// Looks for a word of the question; answers how many were found with it, at least one.
    fn word(&mut self, at: usize) -> usize {
        let order = |found: &InTitle| match (self.titles > 0, found.start >= self.end) {
            (true, true) if self.nothing_between(self.end, found.start) => 0,
            (false, _) if self.nothing_between(0, found.start) => 0,
            (false, _) | (_, true) => 1,
            _ => 3,
        };
        let here = self.scratch.in_title.iter().filter(|found| found.first == at);
        let best = here.min_by_key(|found| (u32::from(found.cost) * 4 + order(found), found.start)).copied();
        let elsewhere = self.scratch.elsewhere.get(at).copied().flatten();
        let elsewhere_cost = elsewhere.map_or(u32::MAX, |(cost, field)| {
            u32::from(cost) + if field == Field::People { away::PEOPLE } else { away::GENRE }
        });
        match (best, elsewhere) {
            (Some(found), _) if u32::from(found.cost) <= elsewhere_cost => {
                self.sum += u32::from(found.cost);
                if self.titles == 0 {
                    self.begin = found.start;
                } else if found.start < self.end {
                    self.in_order = false;
                } else if !self.nothing_between(self.end, found.start) {
                    self.a_phrase = false;
                }
                self.end = found.end;
                self.taken += found.end - found.start;
                self.ends_whole = !found.goes_on;
                self.titles += found.words;
                found.words
            }
            (_, Some((cost, field))) => {
                self.sum += u32::from(cost);
                match field {
                    Field::People => self.people += 1,
                    _ => self.genres += 1,
                }
                1
            }
            _ => {
                let needed = self.asked.question.needed.get(at).copied().unwrap_or_default();
                self.sum += if needed { away::MISSING } else { away::STOP_WORD_MISSING };
                1
            }
        }
    }

    fn sum(&self) -> u32 {
        let place = match (self.titles, self.people, self.genres) {
            (1.., 0, 0) => {
                let from_the_start = self.nothing_between(0, self.begin);
                let to_the_end = self.end == self.title_words;
                match (self.in_order, self.a_phrase) {
                    (true, true) if from_the_start && to_the_end && self.ends_whole => 0,
                    (true, true) if from_the_start => away::TITLE_STARTS,
                    (true, true) => away::TITLE_HAS_PHRASE,
                    (true, false) => away::TITLE_IN_ORDER,
                    (false, _) => away::TITLE_HAS,
                }
            }
            (0, 1.., 0) => away::PEOPLE,
            (0, 0, 1..) => away::GENRE,
            _ => away::IN_SEVERAL,
        };
        let more = if self.titles == 0 { 0 } else { self.title_words.saturating_sub(self.taken) };
        let more = u32::try_from(more).unwrap_or(away::MORE_WORDS).min(away::MORE_WORDS);
        self.sum + place + more
    }
}
