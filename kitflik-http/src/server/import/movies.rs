//! Movies from a JSON list, as data sets of films have it.
//!
//! What can be read goes in. A row is refused if it does not say which film it is, or if a field that is
//! there cannot be read: a film without its date would be another film in the next import. A refused row is
//! named with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{Datelike, NaiveDate};
use kitflik_core::{Actor, CatalogError, Date, Imported, Kitflik, NewMovie};
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::console;
use super::super::failure::Failure;

/// Movies in one step of the progress bar.
const STEP: usize = 100;
/// A release further ahead than this is more likely a wrong century.
const YEARS_AHEAD: i32 = 5;

/// Something to say about a field of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Remark {
    /// The line of the file, from 1.
    line: usize,
    field: String,
    text: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, {}: {}", self.line, self.field, self.text)
    }
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Each with its line.
    movies: Vec<(usize, NewMovie)>,
    refused: Vec<Remark>,
    /// About rows that are taken all the same.
    notes: Vec<Remark>,
}

/// Reads a file.
pub(super) fn read(text: &str) -> Result<Reading, String> {
    let rows: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("line {line}, column {column}: this is no JSON list of movies: {error}")
    })?;
    let mut reader = Reader { lines: Lines::new(text), reading: Reading::default(), seen: BTreeMap::new() };
    for row in rows {
        if let Err(refusal) = reader.row(row) {
            reader.reading.refused.push(refusal);
        }
    }
    Ok(reader.reading)
}

/// Which line a part of the text is on.
struct Lines<'a> {
    text: &'a str,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after).collect() }
    }

    fn of(&self, part: &str) -> usize {
        // A part borrows from the text, so that its address says where it is.
        let at = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.starts.partition_point(|start| *start <= at)
    }
}

struct Reader<'a> {
    lines: Lines<'a>,
    reading: Reading,
    /// The line of each film so far.
    seen: BTreeMap<(String, Option<String>, Option<Date>), usize>,
}

impl<'a> Reader<'a> {
    fn row(&mut self, row: &'a RawValue) -> Result<(), Remark> {
        let line = self.lines.of(row.get());
        let remark = |field: &str, text: String| Remark { line, field: field.to_owned(), text };
        let fields: BTreeMap<String, &'a RawValue> = serde_json::from_str(row.get())
            .map_err(|_| remark("row", "expected an object of fields".to_owned()))?;
        let row = Row { fields: &fields, lines: &self.lines, line };
        let (title, numeric) = row.title()?;
        let release = row.release_date()?;
        let new = NewMovie {
            command: None,
            title,
            genres: row.text("Major Genre")?.into_iter().collect(),
            director: row.text("Director")?,
            rating: row.text("MPAA Rating")?,
            runtime_minutes: row.minutes()?,
            release_date: release,
            distributor: row.text("Distributor")?,
            synopsis: None,
        };
        let film = (new.title.clone(), new.director.clone(), new.release_date);
        if let Some(first) = self.seen.get(&film) {
            let text = format!("the same title, director and release date as in line {first}");
            return Err(row.remark("Title", text));
        }
        self.seen.insert(film, line);
        if numeric {
            let note = row.remark("Title", format!("the number {} was taken as text", new.title));
            self.reading.notes.push(note);
        }
        if let Some(release) = release.map(Date::calendar).filter(far_ahead) {
            let (year, century) = (release.year(), release.year() - 100);
            let text = format!("{year} was taken as it stands, and may mean {century}");
            self.reading.notes.push(row.remark("Release Date", text));
        }
        self.reading.movies.push((line, new));
        Ok(())
    }
}

fn far_ahead(release: &NaiveDate) -> bool {
    release.year() > chrono::Utc::now().year() + YEARS_AHEAD
}

struct Row<'r, 'a> {
    fields: &'r BTreeMap<String, &'a RawValue>,
    lines: &'r Lines<'a>,
    line: usize,
}

impl Row<'_, '_> {
    fn remark(&self, field: &str, text: String) -> Remark {
        let line = self.fields.get(field).map_or(self.line, |value| self.lines.of(value.get()));
        Remark { line, field: field.to_owned(), text }
    }

    /// A field that is there and not null.
    fn value(&self, field: &str) -> Result<Option<Value>, Remark> {
        let Some(raw) = self.fields.get(field) else { return Ok(None) };
        let value: Value =
            serde_json::from_str(raw.get()).map_err(|error| self.remark(field, error.to_string()))?;
        Ok(Some(value).filter(|value| !value.is_null()))
    }

    /// The title, and whether it was a number: `300` is a film, too.
    fn title(&self) -> Result<(String, bool), Remark> {
        let title = match self.value("Title")? {
            None => {
                return Err(self.remark("Title", "it is missing: nothing tells which film this is".into()));
            }
            Some(Value::String(title)) => (title.trim().to_owned(), false),
            Some(Value::Number(number)) => (number.to_string(), true),
            Some(other) => return Err(self.unexpected("Title", "text or a number", &other)),
        };
        if title.0.is_empty() {
            return Err(self.remark("Title", "it is empty: nothing tells which film this is".into()));
        }
        Ok(title)
    }

    fn text(&self, field: &str) -> Result<Option<String>, Remark> {
        match self.value(field)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            Some(other) => Err(self.unexpected(field, "text", &other)),
        }
    }

    fn minutes(&self) -> Result<Option<u32>, Remark> {
        let field = "Running Time min";
        let Some(value) = self.value(field)? else { return Ok(None) };
        match value.as_u64().and_then(|minutes| u32::try_from(minutes).ok()) {
            Some(minutes) => Ok(Some(minutes)),
            None => Err(self.unexpected(field, "a whole number of minutes", &value)),
        }
    }

    fn release_date(&self) -> Result<Option<Date>, Remark> {
        let field = "Release Date";
        let Some(text) = self.text(field)? else { return Ok(None) };
        if let Some(date) = date(&text) {
            return Ok(Some(Date::new(date)));
        }
        let expected = "is no date: expected one such as Jun 12 1998 or 1998-06-12";
        let two_digits = text.rsplit([' ', '-', '/', '.', '\'']).next().is_some_and(|year| year.len() == 2);
        let hint = if two_digits { " (the century of a year of two digits is not known)" } else { "" };
        Err(self.remark(field, format!("{text:?} {expected}{hint}")))
    }

    fn unexpected(&self, field: &str, expected: &str, found: &Value) -> Remark {
        let found: String = found.to_string().chars().take(60).collect();
        self.remark(field, format!("expected {expected}, found {found}"))
    }
}

/// With a year of four digits.
fn date(text: &str) -> Option<NaiveDate> {
    let four_digits = |date: &NaiveDate| (1000..=9999).contains(&date.year());
    ["%b %d %Y", "%Y-%m-%d", "%d %b %Y", "%b %d, %Y"]
        .into_iter()
        .find_map(|form| NaiveDate::parse_from_str(text, form).ok().filter(four_digits))
}

/// How often something came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    added: usize,
    changed: usize,
    unchanged: usize,
    refused: usize,
}

/// Puts what was read into the catalogue, and tells what became of it.
pub(super) async fn import(kitflik: &Kitflik, reading: Reading) -> Result<(), Failure> {
    let bar = console::progress(reading.movies.len() as u64, "movies");
    let stored = store(kitflik, reading, |count| bar.inc(count as u64)).await;
    bar.finish_and_clear();
    let (tally, refused, notes) = stored.map_err(Failure::doing("store the movies"))?;
    for note in notes {
        console::complain(&format!("note: {note}"));
    }
    for refusal in refused {
        console::complain(&format!("refused: {refusal}"));
    }
    let Tally { added, changed, unchanged, refused } = tally;
    console::say(&format!("{added} added, {changed} changed, {unchanged} unchanged, {refused} refused"));
    Ok(())
}

async fn store(
    kitflik: &Kitflik,
    reading: Reading,
    mut done: impl FnMut(usize),
) -> Result<(Tally, Vec<Remark>, Vec<Remark>), CatalogError> {
    let Reading { mut movies, mut refused, notes } = reading;
    let mut tally = Tally::default();
    while !movies.is_empty() {
        let rest = movies.split_off(movies.len().min(STEP));
        let count = movies.len();
        let (lines, mut step): (Vec<usize>, Vec<NewMovie>) = movies.into_iter().unzip();
        let mut lines = lines;
        let outcomes = loop {
            match kitflik.catalog().import_movies(&Actor::System, &step).await {
                Ok(outcomes) => break outcomes,
                Err(CatalogError::Invalid(invalid)) => {
                    // The engine knows bounds that this reader does not: the rows that exceed them are left
                    // out.
                    let mut bad = BTreeSet::new();
                    for error in &invalid.errors {
                        let place = error.path.trim_start_matches('[').split_once("].");
                        let Some((at, field)) =
                            place.and_then(|(at, field)| Some((at.parse::<usize>().ok()?, field)))
                        else {
                            return Err(CatalogError::Invalid(invalid));
                        };
                        let line = lines.get(at).copied().unwrap_or_default();
                        bad.insert(at);
                        refused.push(Remark { line, field: field.to_owned(), text: error.detail.clone() });
                    }
                    if bad.is_empty() {
                        return Err(CatalogError::Invalid(invalid));
                    }
                    let mut at = 0..;
                    step.retain(|_| !at.next().is_some_and(|at| bad.contains(&at)));
                    let mut at = 0..;
                    lines.retain(|_| !at.next().is_some_and(|at| bad.contains(&at)));
                }
                Err(error) => return Err(error),
            }
        };
        for outcome in outcomes {
            match outcome {
                Imported::Added => tally.added += 1,
                Imported::Changed => tally.changed += 1,
                Imported::Unchanged => tally.unchanged += 1,
            }
        }
        done(count);
        movies = rest;
    }
    refused.sort_by_key(|remark| remark.line);
    let mut rows: Vec<usize> = refused.iter().map(|remark| remark.line).collect();
    rows.dedup();
    tally.refused = rows.len();
    Ok((tally, refused, notes))
}

#[cfg(test)]
mod tests;
