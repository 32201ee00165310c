//! From text to words: lower case, without accents, apostrophes and hyphens.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Words of a text beyond this are not looked at.
const MOST_WORDS: usize = 200;
/// After an apostrophe, so many letters are a word of their own (`L'Avventura`), fewer an ending (`Ocean's`).
const OWN_WORD: usize = 3;

/// A word and where it stands. `Spider-Man` is three: `spider`, `man`, and `spiderman` in the place of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) start: u8,
    /// How many places it takes.
    pub(super) places: u8,
}

/// The words of a text: those that take one place first, in their order, then those that are glued together.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut reader = Reader::default();
    let lower = text.chars().flat_map(char::to_lowercase);
    if text.is_ascii() {
        lower.for_each(|c| reader.take(c));
    } else {
        DecomposingNormalizerBorrowed::new_nfd().normalize_iter(lower).for_each(|c| reader.take(c));
    }
    reader.end_run();
    reader.singles.append(&mut reader.glued);
    reader.singles
}

/// What a text is sorted and compared by.
pub(in crate::catalog) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in words(text).into_iter().filter(|word| word.places == 1) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&word.text);
    }
    folded
}

/// Words that say so little that nothing is missing without them.
pub(super) const STOP_WORDS: [&str; 5] = ["a", "an", "and", "of", "the"];

/// Ways to write the same.
const SAME: [&[&str]; 20] = [
    &["1", "i", "one", "first"],
    &["2", "ii", "two", "second"],
    &["3", "iii", "three", "third"],
    &["4", "iv", "four", "fourth"],
    &["5", "v", "five"],
    &["6", "vi", "six"],
    &["7", "vii", "seven"],
    &["8", "viii", "eight"],
    &["9", "ix", "nine"],
    &["10", "x", "ten"],
    &["11", "xi", "eleven"],
    &["12", "xii", "twelve"],
    &["13", "xiii", "thirteen"],
    &["doctor", "dr"],
    &["ep", "episode"],
    &["mister", "mr"],
    &["part", "pt"],
    &["saint", "st"],
    &["versus", "vs"],
    &["vol", "volume"],
];

/// The other ways to write a word.
pub(super) fn alternates(word: &str) -> impl Iterator<Item = &'static str> {
    let same = SAME.iter().find(|same| same.contains(&word)).copied().unwrap_or_default();
    same.iter().copied().filter(move |other| *other != word)
}

/// Figures between letters that stand for letters: `Se7en`, `S1m0ne`.
fn letters(word: String) -> String {
    let figure_within = |window: &[u8]| match window {
        [before, figure, after] => {
            before.is_ascii_alphabetic() && b"013457".contains(figure) && after.is_ascii_alphabetic()
        }
        _ => false,
    };
    if !word.as_bytes().windows(3).any(figure_within) {
        return word;
    }
    let letter = |c: char| match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 'v',
        other => other,
    };
    word.chars().map(letter).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Glue {
    #[default]
    None,
    Hyphen,
    Apostrophe,
}

#[derive(Default)]
struct Reader {
    singles: Vec<Word>,
    glued: Vec<Word>,
    /// The word that is being read, and what holds it to the one before.
    current: String,
    glue: Glue,
    /// Words that hang together so far.
    run: Vec<String>,
}

impl Reader {
    fn take(&mut self, c: char) {
        match c {
            'a'..='z' | '0'..='9' => self.current.push(c),
            '-' | '.' | '*' | '/' | '\u{2010}' | '\u{2011}' => self.hang(Glue::Hyphen),
            '\'' | '`' | '\u{b4}' | '\u{2bc}' | '\u{2018}' | '\u{2019}' => self.hang(Glue::Apostrophe),
            '&' => {
                self.end_run();
                self.current.push_str("and");
                self.end_run();
            }
            // Small figures stand apart: Alien³ is Alien 3.
            '\u{b9}' | '\u{b2}' | '\u{b3}' => {
                self.end_run();
                self.current.push(if c == '\u{b9}' {
                    '1'
                } else if c == '\u{b2}' {
                    '2'
                } else {
                    '3'
                });
                self.end_run();
            }
            _ if c.is_ascii() || c.is_whitespace() => self.end_run(),
            '\u{2012}'..='\u{2015}' | '\u{201c}'..='\u{201f}' | '\u{2026}' | '\u{ab}' | '\u{bb}' => {
                self.end_run();
            }
            '\u{300}'..='\u{36f}' => {} // accents
            'ß' => self.current.push_str("ss"),
            'æ' => self.current.push_str("ae"),
            'œ' => self.current.push_str("oe"),
            'þ' => self.current.push_str("th"),
            'ø' => self.current.push('o'),
            'ł' => self.current.push('l'),
            'đ' | 'ð' => self.current.push('d'),
            'ħ' => self.current.push('h'),
            'ı' => self.current.push('i'),
            '¢' => self.current.push('c'),
            _ if c.is_alphanumeric() => self.current.push(c),
            _ => {} // a sign within a word, mostly the ruins of a letter
        }
    }

    /// The next word hangs on to this one, if there is one and it follows at once.
    fn hang(&mut self, glue: Glue) {
        if self.current.is_empty() {
            self.end_run();
        } else {
            self.end_word();
            self.glue = glue;
        }
    }

    fn end_word(&mut self) {
        let word = letters(std::mem::take(&mut self.current));
        if word.is_empty() {
            return;
        }
        let ending = self.glue == Glue::Apostrophe && word.chars().count() < OWN_WORD;
        match self.run.last_mut() {
            Some(before) if ending => before.push_str(&word),
            _ => self.run.push(word),
        }
    }

    fn end_run(&mut self) {
        self.end_word();
        self.glue = Glue::None;
        let run = std::mem::take(&mut self.run);
        if self.singles.len() + run.len() > MOST_WORDS {
            return;
        }
        let start = u8::try_from(self.singles.len()).unwrap_or(u8::MAX);
        if run.len() > 1 {
            let places = u8::try_from(run.len()).unwrap_or(u8::MAX);
            self.glued.push(Word { text: run.concat(), start, places });
        }
        for (text, start) in run.into_iter().zip(start..) {
            self.singles.push(Word { text, start, places: 1 });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let written = |word: Word| match word.places {
            1 => word.text,
            places => format!("{}@{}+{places}", word.text, word.start),
        };
        words(text).into_iter().map(written).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn accents_case_and_signs_make_no_difference() {
        assert_eq!(
            read("Le Fabuleux Destin d'Amélie POULAIN"),
            "le fabuleux destin d amelie poulain damelie@3+2"
        );
        assert_eq!(read("Straße nach Łódź"), "strasse nach lodz");
        assert_eq!(read("e\u{301}lite"), "elite", "an accent of its own");
        assert_eq!(read("Ёлки"), "елки");
        assert_eq!(read("İstanbul"), "istanbul");
        assert_eq!(read("アバター"), "アハター", "voicing is an accent, too");
        assert_eq!(read("Alien³"), "alien 3");
        assert_eq!(read("Ri¢hie Ri¢h"), "richie rich");
        assert_eq!(read("Se7en S1m0ne 2001 8MM MI6"), "seven simone 2001 8mm mi6");
        assert_eq!(read("Mr. & Mrs. Smith"), "mr and mrs smith");
        assert_eq!(read(" -- … 'n' *"), "n");
    }

    #[test]
    fn what_hangs_together_is_found_both_ways() {
        assert_eq!(read("The Spider-Man 2"), "the spider man 2 spiderman@1+2");
        assert_eq!(read("M*A*S*H"), "m a s h mash@0+4");
        assert_eq!(
            read("E.T. the Extra-Terrestrial"),
            "e t the extra terrestrial et@0+2 extraterrestrial@3+2"
        );
        assert_eq!(read("Ocean's Don't Rock 'n' Roll"), "oceans dont rock n roll");
        assert_eq!(read("L’Avventura"), "l avventura lavventura@0+2");
        assert_eq!(read("Wait... what"), "wait what");
    }

    #[test]
    fn endless_texts_end() {
        assert_eq!(words(&"a ".repeat(5000)).len(), MOST_WORDS);
        assert_eq!(words(&"a-".repeat(5000)).len(), 0);
    }

    #[test]
    fn numbers_are_written_in_several_ways() {
        assert_eq!(alternates("ii").collect::<Vec<_>>(), ["2", "two", "second"]);
        assert_eq!(alternates("alien").count(), 0);
    }
}
