//! Words that were nearly typed.

use super::segment::Terms;

/// How many slips of the keys are forgiven in a word of so many letters.
pub(super) fn forgiven(letters: usize) -> u8 {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// A letter of the path from the root of the words to the present one.
struct Step {
    letter: char,
    /// Slips between the path up to here and each beginning of the word.
    row: Vec<u8>,
    /// The fewest slips between a beginning of the path and the whole word.
    best: u8,
}

/// Goes through the sorted terms as if they were a tree, and leaves out whatever starts with too many slips. A slip is
/// a letter too many, too few, another one, or two that changed places. Tells each term that is near: its place, the
/// slips, and whether it is near as a whole; with `beginnings`, also those of which a beginning is near.
pub(super) fn near(
    terms: &Terms,
    word: &[char],
    most: u8,
    beginnings: bool,
    mut found: impl FnMut(usize, u8, bool),
) {
    let first: Vec<u8> = (0..=word.len()).map(|slips| u8::try_from(slips).unwrap_or(u8::MAX)).collect();
    let mut path: Vec<Step> = Vec::new();
    let mut at = 0;
    while at < terms.len() {
        let term = terms.get(at);
        let shared = term.chars().zip(&path).take_while(|(letter, step)| *letter == step.letter).count();
        path.truncate(shared);
        let mut dead = None;
        for (depth, (start, letter)) in term.char_indices().enumerate().skip(shared) {
            let step = next(&first, &path, word, letter);
            let too_many = step.row.iter().all(|slips| *slips > most);
            let hopeless = too_many && !(beginnings && step.best <= most);
            path.push(step);
            if hopeless {
                dead = Some(start + letter.len_utf8());
                break;
            }
            debug_assert_eq!(path.len(), depth + 1, "a step for each letter");
        }
        if let Some(prefix) = dead.and_then(|end| term.get(..end)) {
            at = terms.skip_while(at, |term| term.starts_with(prefix));
            continue;
        }
        let (row, best) = path.last().map_or((&first, u8::MAX), |step| (&step.row, step.best));
        let whole = row.last().copied().unwrap_or(u8::MAX);
        if whole <= most {
            found(at, whole, true);
        } else if beginnings && best <= most {
            found(at, best, false);
        }
        at += 1;
    }
}

fn next(first: &[u8], path: &[Step], word: &[char], letter: char) -> Step {
    let above = path.last().map_or(first, |step| &step.row);
    let above_that = path.len().checked_sub(2).and_then(|at| path.get(at)).map(|step| step.row.as_slice());
    let above_that = if path.len() == 1 { Some(first) } else { above_that };
    let before = path.last().map(|step| step.letter);
    let mut row: Vec<u8> = Vec::with_capacity(first.len());
    let of = |row: &[u8], at: usize| row.get(at).copied().unwrap_or(u8::MAX);
    row.push(of(above, 0).saturating_add(1));
    for (at, wanted) in word.iter().enumerate() {
        let other = u8::from(*wanted != letter);
        let mut slips = of(above, at).saturating_add(other);
        slips = slips.min(of(above, at + 1).saturating_add(1)).min(of(&row, at).saturating_add(1));
        let swapped = at > 0 && word.get(at - 1) == Some(&letter) && before == Some(*wanted);
        if let (true, Some(above_that)) = (swapped, above_that) {
            slips = slips.min(of(above_that, at - 1).saturating_add(1));
        }
        row.push(slips);
    }
    let whole = row.last().copied().unwrap_or(u8::MAX);
    let best = path.last().map_or(u8::MAX, |step| step.best).min(whole);
    Step { letter, row, best }
}
