//! Search over titles, in memory.

use crate::ids::MovieId;

/// The words of all titles, sorted, so that those with a prefix stand together.
#[derive(Debug, Default)]
pub(crate) struct TitleIndex {
    words: Vec<(String, MovieId)>,
}

/// The words of a text: runs of letters and digits, in lower case.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'')
        .map(|word| word.replace('\'', "").to_lowercase())
        .filter(|word| !word.is_empty())
}

impl TitleIndex {
    pub(crate) fn new<'a>(titles: impl Iterator<Item = (MovieId, &'a str)>) -> Self {
        let mut index: Vec<(String, MovieId)> =
            titles.flat_map(|(id, title)| words(title).map(move |word| (word, id))).collect();
        index.sort_unstable();
        index.dedup();
        Self { words: index }
    }

    /// The movies whose titles have, for each word of the query, a word that starts with it; sorted.
    pub(crate) fn find(&self, query: &str) -> Vec<MovieId> {
        let mut found: Option<Vec<MovieId>> = None;
        for prefix in words(query) {
            let from = self.words.partition_point(|(word, _)| word.as_str() < prefix.as_str());
            let rest = self.words.get(from..).unwrap_or_default();
            let matching = rest.iter().take_while(|(word, _)| word.starts_with(&prefix));
            let mut ids: Vec<MovieId> = matching.map(|(_, id)| *id).collect();
            ids.sort_unstable();
            ids.dedup();
            found = Some(match found {
                None => ids,
                Some(before) => before.into_iter().filter(|id| ids.binary_search(id).is_ok()).collect(),
            });
        }
        found.unwrap_or_default()
    }
}

/// How near a title is to a query: smaller is nearer.
pub(crate) fn distance(title: &str, query: &str) -> u8 {
    let title: Vec<String> = words(title).collect();
    let query: Vec<String> = words(query).collect();
    if title == query {
        0
    } else if title.starts_with(&query) {
        1
    } else if query.iter().all(|word| title.contains(word)) {
        2
    } else {
        3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> MovieId {
        MovieId::from_bytes([number; 16])
    }

    #[test]
    fn each_word_matches_as_a_prefix() {
        let titles = ["Alien", "Aliens", "My Stepmother is an Alien", "Ocean's Eleven", "Élite Squad"];
        let numbered = titles.iter().enumerate().map(|(at, title)| (id(at as u8), *title));
        let index = TitleIndex::new(numbered);
        assert_eq!(index.find("ALIEN"), [id(0), id(1), id(2)]);
        assert_eq!(index.find("alien step"), [id(2)]);
        assert_eq!(index.find("oceans"), [id(3)]);
        assert_eq!(index.find("élite"), [id(4)]);
        assert_eq!(index.find("alienation"), []);
        assert_eq!(index.find(" -- "), []);
    }

    #[test]
    fn exact_titles_come_first() {
        let mut titles = ["My Stepmother is an Alien", "Aliens", "Alien Resurrection", "Alien"];
        titles.sort_by_key(|title| distance(title, "alien"));
        assert_eq!(titles, ["Alien", "Alien Resurrection", "My Stepmother is an Alien", "Aliens"]);
    }
}
