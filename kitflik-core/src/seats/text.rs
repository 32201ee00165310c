//! Layouts as text that people write.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::export::inexpressible;
use super::layout::check::{Faults, is_color, retell};
use super::layout::{Category, Layout, Seat, SeatKind};
use crate::error::Invalid;
use crate::ids::{CategoryId, SeatId};
use crate::limits::{MAX_CATEGORIES, MAX_LABEL_CHARS, MAX_SEATS_PER_LAYOUT};

const GAP: char = '_';
const STANDARD: char = '#';
const WHEELCHAIR: char = '@';
const COMPANION: char = '+';
const COUPLE: [char; 2] = ['<', '>'];
const CELLS: &str =
    "_ for a gap, # for a seat, @ for a wheelchair space, + for a companion seat, <> for a couple seat";

/// What a character of a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Standard,
    Recliner,
    Wheelchair,
    Companion,
    CoupleLeft,
    CoupleRight,
}

/// A cell of a row: what it is, and the index of its category.
type Cells = BTreeMap<char, (Mark, usize)>;

#[derive(Default)]
struct Reader {
    faults: Faults,
    categories: Vec<Category>,
    /// What the file's own letters and marks mean; the built-in ones are looked up after these.
    cells: Cells,
    sections: BTreeSet<String>,
    section: String,
    /// The rows of each name, by section.
    rows: BTreeMap<String, BTreeSet<String>>,
    depth: u32,
    /// The next block of seats.
    block: u32,
    seats: Vec<Seat>,
    /// Line and column of each seat, from 1.
    places: Vec<(usize, usize)>,
}

impl Layout {
    /// Reads the text format that people write. The first row is the one nearest to the screen.
    ///
    /// | line | means |
    /// |---|---|
    /// | `# words` | a comment, as is a `#` alone |
    /// | `category p Premium #d4a017` | a price category: its letter, its name and perhaps a colour |
    /// | `category p prem = Premium` | the same with an id; else it is the name in lower case with hyphens |
    /// | `mark [] couple p` | marks for a `wheelchair`, `companion` or `couple` seat of a category |
    /// | `section Stalls` | the rows that follow are in this part of the auditorium |
    /// | `A: ss_pp` | a row, from left to right |
    /// | nothing | between rows: room for one row, such as an aisle across |
    ///
    /// In a row, `_` is a gap. A category's letter (`a` to `z`) is a seat of it, in upper case a recliner.
    /// Of the first category (`standard`, if none is declared) are `#` a seat, `@` a wheelchair space, `+` a
    /// companion seat of the nearest wheelchair space in the row (of two equally near ones that which has
    /// none yet, else the left), and `<>` a couple seat. Seats are numbered from left to right, gaps not
    /// counted: `A1`, `A2`…; a hyphen follows a row name that ends in a digit (`12-1`). Where two sections
    /// have a row of the same name, the ids of the later one begin with the section (`Balcony A1`), the
    /// labels do not.
    ///
    /// ```
    /// use kitflik_core::Layout;
    /// let layout = Layout::from_text("Screen 1", "
    /// category s Standard #7a5cff
    /// category p Premium #d4a017
    /// section Stalls
    /// A: ssss_ssss__@+
    /// B: ssss_ssss__ss
    ///
    /// C: PPPP_<><>__ss
    /// ")?;
    /// assert_eq!(layout.seats().len(), 30);
    /// assert_eq!(layout.seats()[8].label, "A9");
    /// assert_eq!(Layout::from_text("Screen 1", &layout.to_text()?)?, layout);
    /// # Ok::<(), kitflik_core::Invalid>(())
    /// ```
    ///
    /// # Errors
    /// [`Invalid`] names each fault with its line and column and says what is allowed.
    pub fn from_text(name: impl Into<String>, text: &str) -> Result<Self, Invalid> {
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            reader.line(index + 1, line.trim_end());
        }
        if reader.categories.is_empty()
            && let Ok(id) = CategoryId::new("standard")
        {
            reader.categories.push(Category { id, name: "Standard".into(), color: None });
        }
        reader.faults.finish()?;
        let places = reader.places;
        Self::new(name, reader.categories, reader.seats).map_err(|invalid| {
            retell(invalid, |index, _| places.get(index).map(|(line, column)| at(*line, *column)))
        })
    }

    /// Writes the text format of [`Self::from_text`].
    ///
    /// # Errors
    /// [`Invalid`] with the code `not_expressible` names the first seat that the format cannot express, and what of
    /// it: whole columns and rows can be drawn, with the format's own numbering of seats.
    pub fn to_text(&self) -> Result<String, Invalid> {
        let text = write(self)?;
        self.same(&Self::from_text(self.name(), &text), CAN)?;
        Ok(text)
    }
}

const CAN: &str = "the text format knows whole columns and rows, and seats numbered from left to right";

fn at(line: usize, column: usize) -> String {
    format!("line {line}, column {column}")
}

impl Reader {
    fn refuse(&mut self, line: usize, column: usize, code: &'static str, detail: &str) {
        let path = at(line, column);
        let detail = format!("{path}: {detail}");
        self.faults.add(path, code, detail);
    }

    fn line(&mut self, number: usize, line: &str) {
        let trimmed = line.trim_start();
        let indent = line.chars().count() - trimmed.chars().count();
        let (word, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        match word {
            "" => self.depth += u32::from(!self.rows.is_empty()),
            "#" => {}
            "category" if !rest.is_empty() => self.category(number, rest.trim()),
            "mark" if !rest.is_empty() => self.mark(number, rest.trim()),
            "section" if !rest.is_empty() => self.section(number, rest.trim()),
            _ => match trimmed.split_once(':') {
                Some((row, cells)) if !row.trim_end().is_empty() => {
                    let skipped =
                        row.chars().count() + 1 + cells.chars().take_while(|c| c.is_whitespace()).count();
                    self.row(number, row.trim_end(), cells.trim_start(), indent + skipped + 1);
                }
                _ => self.refuse(
                    number,
                    indent + 1,
                    "syntax",
                    "expected a row such as A: ###_###, a comment after \"# \", category, mark or section",
                ),
            },
        }
    }

    fn category(&mut self, line: usize, rest: &str) {
        let usage = "expected category, a letter from a to z, a name, and perhaps a colour such as #7a5cff";
        let Some((letter, rest)) = rest.split_once(char::is_whitespace) else {
            return self.refuse(line, 1, "syntax", usage);
        };
        let mut letters = letter.chars();
        let (Some(letter @ 'a'..='z'), None) = (letters.next(), letters.next()) else {
            return self.refuse(line, 1, "syntax", usage);
        };
        let (rest, color) = match rest.trim().rsplit_once(char::is_whitespace) {
            Some((rest, color)) if color.starts_with('#') => (rest.trim_end(), Some(color.to_owned())),
            _ => (rest.trim(), None),
        };
        if let Some(color) = color.as_deref().filter(|color| !is_color(color)) {
            let detail = format!("{color} is not a colour: allowed are #7a5cff and #75f");
            return self.refuse(line, 1, "invalid", &detail);
        }
        let (id, name) = match rest.split_once(" = ") {
            Some((id, name)) => (id.trim().to_owned(), name.trim()),
            None => (slug(rest), rest),
        };
        let id = match CategoryId::new(id) {
            Ok(id) if (1..=MAX_LABEL_CHARS).contains(&name.chars().count()) => id,
            Ok(_) => {
                let detail = format!("a category's name has 1 to {MAX_LABEL_CHARS} characters");
                return self.refuse(line, 1, "too_long", &detail);
            }
            Err(error) => return self.refuse(line, 1, "invalid", &error.to_string()),
        };
        if self.cells.contains_key(&letter) || self.categories.iter().any(|category| category.id == id) {
            let detail = format!("a category with the letter {letter} or the id {id} is declared already");
            return self.refuse(line, 1, "duplicate", &detail);
        }
        if self.seats.is_empty() && self.categories.len() < MAX_CATEGORIES {
            let index = self.categories.len();
            self.cells.insert(letter, (Mark::Standard, index));
            self.cells.insert(letter.to_ascii_uppercase(), (Mark::Recliner, index));
            self.categories.push(Category { id, name: name.to_owned(), color });
        } else {
            self.refuse(line, 1, "order", "categories are declared before the first row");
        }
    }

    fn mark(&mut self, line: usize, rest: &str) {
        let usage = "expected mark, the marks, wheelchair, companion or couple, and the letter of a \
                     category, such as mark [] couple p; a mark is a visible ASCII character, but no letter \
                     and none of _ : #";
        let words: Vec<_> = rest.split_whitespace().collect();
        let &[marks, kind, letter] = &*words else { return self.refuse(line, 1, "syntax", usage) };
        let category = match (self.cells.get(&letter.chars().next().unwrap_or(GAP)), letter.len()) {
            (Some((Mark::Standard, category)), 1) => *category,
            _ => {
                let detail = format!("{letter} is not the letter of a category that is declared above");
                return self.refuse(line, 1, "unknown", &detail);
            }
        };
        let kinds: &[Mark] = match kind {
            "wheelchair" => &[Mark::Wheelchair],
            "companion" => &[Mark::Companion],
            "couple" => &[Mark::CoupleLeft, Mark::CoupleRight],
            _ => return self.refuse(line, 1, "syntax", usage),
        };
        let free =
            |c: char| c.is_ascii_graphic() && !c.is_ascii_alphabetic() && ![GAP, STANDARD, ':'].contains(&c);
        if marks.chars().count() != kinds.len() || !marks.chars().all(free) {
            return self.refuse(line, 1, "syntax", usage);
        }
        for (mark, kind) in marks.chars().zip(kinds) {
            if self.cells.insert(mark, (*kind, category)).is_some() {
                self.refuse(line, 1, "duplicate", &format!("{mark} is declared already"));
            }
        }
    }

    fn section(&mut self, line: usize, name: &str) {
        if name.chars().count() > MAX_LABEL_CHARS || name.contains(char::is_control) {
            let detail = format!("a section's name has 1 to {MAX_LABEL_CHARS} visible characters");
            return self.refuse(line, 1, "too_long", &detail);
        }
        if !self.sections.insert(name.to_owned()) {
            self.refuse(
                line,
                1,
                "duplicate",
                &format!("section {name} is there already; its rows belong together"),
            );
        }
        name.clone_into(&mut self.section);
    }

    fn cell(&self, c: char) -> Option<(Mark, usize)> {
        self.cells.get(&c).copied().or(match c {
            STANDARD => Some((Mark::Standard, 0)),
            WHEELCHAIR => Some((Mark::Wheelchair, 0)),
            COMPANION => Some((Mark::Companion, 0)),
            _ if c == COUPLE[0] => Some((Mark::CoupleLeft, 0)),
            _ if c == COUPLE[1] => Some((Mark::CoupleRight, 0)),
            _ => None,
        })
    }

    /// Reads a row; `from` is the column of its first cell.
    fn row(&mut self, line: usize, row: &str, cells: &str, from: usize) {
        let sections = self.rows.entry(row.to_owned()).or_default();
        let elsewhere = sections.iter().any(|section| *section != self.section);
        if !sections.insert(self.section.clone()) {
            return self.refuse(line, 1, "duplicate", &format!("row {row} is there already in this section"));
        }
        let mut found = Vec::new();
        for (column, c) in cells.chars().enumerate() {
            match self.cell(c) {
                Some((mark, category)) => found.push((column, mark, category)),
                None if c == GAP => {}
                None => {
                    let letters: String = self.cells.keys().collect();
                    let detail =
                        format!("{c:?} is not a seat: allowed are {CELLS}, and of this file: {letters}");
                    self.refuse(line, from + column, "unknown", &detail);
                }
            }
        }
        if self.seats.len() + found.len() > MAX_SEATS_PER_LAYOUT {
            let detail = format!("a layout has 1 to {MAX_SEATS_PER_LAYOUT} seats");
            return self.refuse(line, from, "count", &detail);
        }
        let prefix = if elsewhere { format!("{} ", self.section) } else { String::new() };
        let hyphen = if row.ends_with(|c: char| c.is_ascii_digit()) { "-" } else { "" };
        let label = |index: usize| format!("{row}{hyphen}{}", index + 1);
        let id = |index: usize| SeatId::new(format!("{prefix}{}", label(index)));
        let kinds = self.kinds(line, from, &found, id);
        let mut before: Option<(usize, bool)> = None;
        for (index, (&(column, mark, category), kind)) in found.iter().zip(kinds).enumerate() {
            let parts = mark == Mark::Wheelchair;
            if before.is_none_or(|(last, parted)| last + 1 != column || parted || parts) {
                self.block += 1;
            }
            before = Some((column, parts));
            let category = match self.categories.get(category) {
                Some(category) => Ok(category.id.clone()),
                None => CategoryId::new("standard"),
            };
            match (id(index), category, kind) {
                (Ok(id), Ok(category), Some(kind)) => {
                    self.places.push((line, from + column));
                    self.seats.push(Seat {
                        id,
                        label: label(index),
                        section: self.section.clone(),
                        row: row.to_owned(),
                        category,
                        kind,
                        x: f64::from(u32::try_from(column).unwrap_or(u32::MAX)),
                        y: f64::from(self.depth),
                        block: self.block - 1,
                    });
                }
                (Err(error), ..) | (_, Err(error), _) => self.refuse(line, 1, "too_long", &error.to_string()),
                (_, _, None) => {}
            }
        }
        self.depth += 1;
    }

    /// What each of a row's seats is; none where that is refused.
    fn kinds<E>(
        &mut self,
        line: usize,
        from: usize,
        found: &[(usize, Mark, usize)],
        id: impl Fn(usize) -> Result<SeatId, E>,
    ) -> Vec<Option<SeatKind>> {
        let is = |index: usize, column: usize, mark: Mark| {
            found.get(index).is_some_and(|seat| seat.0 == column && seat.1 == mark)
        };
        let spaces: Vec<_> =
            found.iter().enumerate().filter(|(_, seat)| seat.1 == Mark::Wheelchair).collect();
        let mut accompanied = BTreeSet::new();
        let mut kinds = Vec::with_capacity(found.len());
        for (index, &(column, mark, _)) in found.iter().enumerate() {
            let couple = |other: usize| id(other).ok().map(|with| SeatKind::Couple { with });
            let kind = match mark {
                Mark::Standard => Some(SeatKind::Standard),
                Mark::Recliner => Some(SeatKind::Recliner),
                Mark::Wheelchair => Some(SeatKind::Wheelchair),
                Mark::CoupleLeft if is(index + 1, column + 1, Mark::CoupleRight) => couple(index + 1),
                Mark::CoupleRight
                    if column > 0 && is(index.wrapping_sub(1), column - 1, Mark::CoupleLeft) =>
                {
                    couple(index - 1)
                }
                Mark::CoupleLeft | Mark::CoupleRight => {
                    self.refuse(
                        line,
                        from + column,
                        "couple",
                        "a couple seat is two marks side by side, such as <>",
                    );
                    None
                }
                Mark::Companion => {
                    let near = |(space, seat): &&(usize, &(usize, Mark, usize))| {
                        (seat.0.abs_diff(column), accompanied.contains(space), seat.0)
                    };
                    // The next one on either side is as near as any.
                    let right = spaces.partition_point(|(_, seat)| seat.0 < column);
                    let beside = spaces.get(right.saturating_sub(1)..spaces.len().min(right + 1));
                    let beside = beside.unwrap_or_default().iter();
                    let space = beside.min_by_key(near).map(|(space, _)| *space);
                    if space.is_none() {
                        let detail = "a companion seat needs a wheelchair space in its row";
                        self.refuse(line, from + column, "companion", detail);
                    }
                    accompanied.extend(space);
                    space.and_then(|space| id(space).ok()).map(|of| SeatKind::Companion { of })
                }
            };
            kinds.push(kind);
        }
        kinds
    }
}

fn slug(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// A letter for each category, a letter of its name where one is left.
pub(super) fn letters(categories: &[Category]) -> Vec<char> {
    let mut letters: Vec<char> = Vec::new();
    for category in categories {
        let of_name = category.name.chars().map(|c| c.to_ascii_lowercase()).filter(char::is_ascii_lowercase);
        letters.extend(of_name.chain('a'..='z').find(|letter| !letters.contains(letter)));
    }
    letters
}

/// Marks for what the built-in ones do not say, in the order of their use.
const SPARE: &str = "!$%&*=;?/|^~-.,0123456789";
const SPARE_PAIRS: &str = "[](){}";

/// Longest row of gaps, and longest text, that are drawn.
const MOST_GAPS: u32 = 20_000;
const MOST_BYTES: usize = 4 * 1024 * 1024;

struct Writer<'a> {
    layout: &'a Layout,
    letters: Vec<char>,
    marks: BTreeMap<(usize, u8), String>,
    spare: [std::str::Chars<'static>; 2],
}

fn write(layout: &Layout) -> Result<String, Invalid> {
    let mut text = String::new();
    let letters = letters(layout.categories());
    if letters.len() < layout.categories().len() {
        return Err(inexpressible("categories", "there are more categories than letters", CAN));
    }
    for (category, letter) in layout.categories().iter().zip(&letters) {
        let id = if slug(&category.name) == category.id.as_str() {
            String::new()
        } else {
            format!("{} = ", category.id)
        };
        let color = category.color.as_deref().map(|color| format!(" {color}")).unwrap_or_default();
        let _ = writeln!(text, "category {letter} {id}{}{color}", category.name);
    }
    let mut writer =
        Writer { layout, letters, marks: BTreeMap::new(), spare: [SPARE.chars(), SPARE_PAIRS.chars()] };
    let mut rows = String::new();
    let (mut section, mut depth) = ("", 0_u32);
    for row in layout.rows() {
        let Some(seats @ [first, ..]) = layout.seats().get(row) else { continue };
        if first.section != section {
            section = &first.section;
            let _ = writeln!(rows, "section {section}");
        }
        // Within a hall that can be written, rows are whole numbers apart; any other shows when the text is
        // read again.
        while f64::from(depth) < first.y && depth < MOST_GAPS {
            rows.push('\n');
            depth += 1;
        }
        depth += 1;
        let cells = writer.cells(seats)?;
        if rows.len() + cells.len() > MOST_BYTES {
            let what = format!("row {}: the gaps to be drawn are too wide", first.row);
            return Err(inexpressible("seats", &what, CAN));
        }
        let _ = writeln!(rows, "{}: {cells}", first.row);
    }
    for ((category, kind), marks) in &writer.marks {
        let kind = ["wheelchair", "companion", "couple"].get(usize::from(*kind)).unwrap_or(&"");
        let letter = writer.letters.get(*category).unwrap_or(&'?');
        let _ = writeln!(text, "mark {marks} {kind} {letter}");
    }
    Ok(text + &rows)
}

impl Writer<'_> {
    fn cells(&mut self, seats: &[Seat]) -> Result<String, Invalid> {
        let mut cells = String::new();
        let mut column = 0_u32;
        for seat in seats {
            let category = self.layout.categories().iter().position(|category| category.id == seat.category);
            let category = category.unwrap_or_default();
            while f64::from(column) < seat.x && column < MOST_GAPS {
                cells.push(GAP);
                column += 1;
            }
            column += 1;
            let letter = self.letters.get(category).copied().unwrap_or('?');
            let mark = match &seat.kind {
                SeatKind::Standard => Some(letter),
                SeatKind::Recliner => Some(letter.to_ascii_uppercase()),
                SeatKind::Wheelchair => self.marks(category, 0, "@").chars().next(),
                SeatKind::Companion { .. } => self.marks(category, 1, "+").chars().next(),
                SeatKind::Couple { with } => {
                    let left = self.layout.number(with) > self.layout.number(&seat.id);
                    self.marks(category, 2, "<>").chars().nth(usize::from(!left))
                }
            };
            let Some(mark) = mark else {
                return Err(inexpressible(
                    "categories",
                    "there are too many kinds of seats in too many categories",
                    CAN,
                ));
            };
            cells.push(mark);
        }
        Ok(cells)
    }

    /// The marks of a kind of seat in a category.
    fn marks(&mut self, category: usize, kind: u8, standard: &str) -> String {
        if category == 0 {
            return standard.to_owned();
        }
        let [single, pair] = &mut self.spare;
        let spare = if standard.len() == 1 { single } else { pair };
        let marks = self.marks.entry((category, kind));
        marks.or_insert_with(|| spare.by_ref().take(standard.len()).collect()).clone()
    }
}

#[cfg(test)]
mod tests;
