//! Pictures of halls, for every host that can show SVG.

mod color;
mod frame;

use std::fmt::{self, Display, Formatter, Write};

use serde::{Deserialize, Serialize};

use super::layout::{Layout, Seat, SeatKind};
use super::text::letters;
use color::Paint;
use frame::Frame;

pub(super) use frame::pitch;

/// Pixels from a seat to the next.
const STEP: i32 = 28;
/// Pixels of room for a section's name.
const HEADING: i32 = 26;
/// From the top to the first seats.
const ABOVE: i32 = 96;
/// Narrowest picture with a legend.
const LEGEND: i32 = 560;
/// Longest name of a row that is drawn whole.
const ROW_CHARS: usize = 8;

/// How a hall is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct SvgOptions {
    /// What the picture is called, such as the movie and the time. If not set: the layout's name.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub title: Option<String>,
    /// Whether it explains its colours, shapes and marks.
    #[cfg_attr(feature = "uniffi", uniffi(default = true))]
    pub legend: bool,
}

impl Default for SvgOptions {
    fn default() -> Self {
        Self { title: None, legend: true }
    }
}

/// A layout as an SVG picture: the screen, sections, rows and seats, and a legend.
///
/// What a colour says is also said without it: categories by a letter, kinds of seats by their shape. Each seat has a
/// title (`Row A, seat 1, Standard`), the whole a title and a description; marks contrast with what they stand on by
/// at least 4.5 to 1. All is in attributes, without styles, scripts, fonts or links, and names are escaped: a page may
/// show it whatever its content security policy. The same layout gives the same text on every platform, at most
/// 2 kB a seat and usually a tenth of it.
#[must_use]
pub fn layout_svg(layout: &Layout, options: &SvgOptions) -> String {
    Picture::of(layout, None, options).draw()
}

/// The seats of a show as an SVG picture, like [`layout_svg`]: `states` has a character per seat, as in
/// [`SeatMapView::states`](crate::SeatMapView::states). Seats that it says nothing of are drawn as blocked.
///
/// Free seats are in the colour of their category, with its letter; held ones are white with dots, sold ones grey
/// with a cross, blocked ones grey with a bar; one's own have a thick frame and a tick. Titles say it in words.
#[must_use]
pub fn seat_map_svg(layout: &Layout, states: &str, options: &SvgOptions) -> String {
    Picture::of(layout, Some(states), options).draw()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Held,
    Sold,
    Blocked,
    Mine,
}

impl State {
    const ALL: [Self; 5] = [Self::Free, Self::Held, Self::Sold, Self::Blocked, Self::Mine];

    fn of(character: char) -> Self {
        match character {
            '.' => Self::Free,
            'h' => Self::Held,
            's' => Self::Sold,
            'm' => Self::Mine,
            _ => Self::Blocked,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Held => "held",
            Self::Sold => "sold",
            Self::Blocked => "blocked",
            Self::Mine => "yours",
        }
    }
}

/// The shapes that seats and marks are made of. They are the same in every picture, so several pictures in one page
/// may have them under the same names.
const SHAPES: &str = "<defs>\
<rect id=\"kf-standard\" x=\"-11\" y=\"-11\" width=\"22\" height=\"22\" rx=\"5\" stroke=\"#333\"/>\
<path id=\"kf-recliner\" d=\"M-8-14h16M-11 11v-17a5 5 0 0 1 5-5h12a5 5 0 0 1 5 5v17z\" stroke=\"#333\"/>\
<g id=\"kf-wheelchair\" stroke=\"#333\"><circle r=\"12\"/><circle r=\"9\" fill=\"none\"/></g>\
<path id=\"kf-companion\" d=\"M0-13L13 0L0 13L-13 0z\" stroke=\"#333\"/>\
<path id=\"kf-left\" d=\"M14-11h-20a5 5 0 0 0-5 5v12a5 5 0 0 0 5 5h20z\" stroke=\"#333\"/>\
<path id=\"kf-right\" d=\"M-14-11h20a5 5 0 0 1 5 5v12a5 5 0 0 1-5 5h-20z\" stroke=\"#333\"/>\
<circle id=\"kf-plate\" r=\"8\" fill=\"#fff\"/>\
<path id=\"kf-held\" d=\"M-5 0h.1M0 0h.1M5 0h.1\" stroke=\"#333\" stroke-width=\"3\" stroke-linecap=\"round\"/>\
<path id=\"kf-sold\" d=\"M-5-5L5 5M-5 5L5-5\" stroke=\"#333\" stroke-width=\"2\"/>\
<path id=\"kf-blocked\" d=\"M-6 0h12\" stroke=\"#333\" stroke-width=\"4\"/>\
<path id=\"kf-yours\" d=\"M-5 0l4 4l7-8\" fill=\"none\" stroke-width=\"2.5\"/>\
</defs>";

struct Picture<'a> {
    layout: &'a Layout,
    frame: Frame<'a>,
    title: &'a str,
    legend: bool,
    /// None in a picture of the layout alone.
    states: Option<Vec<State>>,
    paints: Vec<Paint>,
    letters: Vec<char>,
}

impl<'a> Picture<'a> {
    fn of(layout: &'a Layout, states: Option<&str>, options: &'a SvgOptions) -> Self {
        let all = |states: &str| {
            let known = states.chars().map(State::of);
            known.chain(std::iter::repeat(State::Blocked)).take(layout.seats().len()).collect()
        };
        let paint = |(index, category): (usize, &super::layout::Category)| {
            Paint::of(category.color.as_deref(), index)
        };
        Self {
            layout,
            frame: Frame::of(layout),
            title: options.title.as_deref().unwrap_or(layout.name()),
            legend: options.legend,
            states: states.map(all),
            paints: layout.categories().iter().enumerate().map(paint).collect(),
            letters: letters(layout.categories()),
        }
    }

    fn state(&self, index: usize) -> State {
        let state = self.states.as_ref().and_then(|states| states.get(index));
        state.copied().unwrap_or(State::Free)
    }

    fn category(&self, seat: &Seat) -> usize {
        let found = self.layout.categories().iter().position(|category| category.id == seat.category);
        found.unwrap_or_default()
    }

    fn draw(&self) -> String {
        let rows = self.layout.rows().filter_map(|row| self.layout.seats().get(row.start));
        let longest = rows.map(|seat| width(&cut(&seat.row, ROW_CHARS))).max().unwrap_or_default();
        let beside = 24 + longest;
        let seats_wide = pixels(self.frame.width);
        let wide = (seats_wide + 2 * (beside + STEP)).max(if self.legend { LEGEND } else { 200 });
        let left = (wide - seats_wide) / 2;
        let bottom = ABOVE + pixels(self.frame.height) + STEP;
        let (legend, high) = self.legend(wide, bottom);
        let mut svg = String::with_capacity(4096 + 200 * self.layout.seats().len());
        // Writing to a String cannot fail.
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" \
             height=\"{high}\" role=\"graphics-document document\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <title>{}</title>\n<desc>{}</desc>\n{SHAPES}\n\
             <rect width=\"{wide}\" height=\"{high}\" fill=\"#fff\"/>\n",
            Escaped(self.title),
            Escaped(&self.description()),
        );
        self.head(&mut svg, wide);
        for section in &self.frame.sections {
            let (x, y) = (left + pixels(section.middle), ABOVE + pixels(section.top) - STEP / 2 - 6);
            let name = Escaped(section.name);
            let _ = writeln!(
                svg,
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" font-weight=\"bold\" fill=\"#222\">{name}</text>"
            );
        }
        let _ = writeln!(
            svg,
            "<g transform=\"translate({left} {ABOVE})\" text-anchor=\"middle\" font-size=\"11\" fill=\"#222\">"
        );
        self.rows(&mut svg);
        svg.push_str("</g>\n");
        svg.push_str(&legend);
        svg.push_str("</svg>\n");
        svg
    }

    /// The name of the picture, and the screen.
    fn head(&self, svg: &mut String, wide: i32) {
        let room = usize::try_from(wide / 10).unwrap_or_default();
        let (middle, third) = (wide / 2, wide / 6);
        let _ = writeln!(
            svg,
            "<g text-anchor=\"middle\" fill=\"#222\">\
             <text x=\"{middle}\" y=\"26\" font-size=\"16\" font-weight=\"bold\">{}</text>\n\
             <path d=\"M{third} 52Q{middle} 36 {} 52\" fill=\"none\" stroke=\"#333\" stroke-width=\"4\"/>\
             <text x=\"{middle}\" y=\"64\">Screen</text></g>",
            Escaped(&cut(self.title, room)),
            wide - third
        );
    }

    fn rows(&self, svg: &mut String) {
        for row in self.layout.rows() {
            let seats = self.layout.seats().get(row.clone()).unwrap_or_default();
            let places = self.frame.seats.get(row.clone()).unwrap_or_default();
            let ([first, ..], [start, ..], [.., end]) = (seats, places, places) else { continue };
            let _ = writeln!(svg, "<g role=\"group\" aria-label=\"{}\">", Escaped(&row_name(first)));
            let label = cut(&first.row, ROW_CHARS);
            // A row that runs away from the screen has its name at its near end only.
            let across = (end.0 - start.0).abs() >= (end.1 - start.1).abs();
            let (leftmost, rightmost) = if start.0 <= end.0 { (start, end) } else { (end, start) };
            let ends = [(leftmost, -180, "end"), (rightmost, 180, "start")];
            for (at, aside, anchor) in ends.into_iter().take(if across { 2 } else { 1 }) {
                let (x, y) = (Tenths(at.0 + aside), Tenths(at.1 + 40));
                let label = Escaped(&label);
                let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{label}</text>");
            }
            for ((index, seat), place) in row.zip(seats).zip(places) {
                let (x, y) = (Tenths(place.0), Tenths(place.1));
                let _ = write!(
                    svg,
                    "<g transform=\"translate({x} {y})\" role=\"img\"><title>{}</title>",
                    Escaped(&self.told(index, seat))
                );
                let category = self.category(seat);
                let mark = match self.letters.as_slice() {
                    [_] => Some(seat.number())
                        .filter(|number| number.chars().count() <= 3)
                        .unwrap_or_default()
                        .to_owned(),
                    letters => letters
                        .get(category)
                        .map(char::to_ascii_uppercase)
                        .map(String::from)
                        .unwrap_or_default(),
                };
                self.seat(svg, self.shape(index, seat), category, self.state(index), &mark);
                svg.push_str("</g>\n");
            }
            svg.push_str("</g>\n");
        }
    }

    /// A shape in a state; `mark` is what a free seat says.
    fn seat(&self, svg: &mut String, shape: &str, category: usize, state: State, mark: &str) {
        let Some(paint) = self.paints.get(category) else { return };
        let fill = match state {
            State::Free | State::Mine => paint.fill.as_str(),
            State::Held => "#fff",
            State::Sold | State::Blocked => "#ddd",
        };
        let frame = if state == State::Mine { " stroke-width=\"4\"" } else { "" };
        let _ = write!(svg, "<use href=\"#kf-{shape}\" fill=\"{fill}\"{frame}/>");
        if paint.plate && matches!(state, State::Free | State::Mine) {
            svg.push_str("<use href=\"#kf-plate\"/>");
        }
        let _ = match state {
            State::Free if mark.is_empty() => Ok(()),
            State::Free => write!(svg, "<text y=\"4\" fill=\"{}\">{}</text>", paint.ink, Escaped(mark)),
            State::Mine => write!(svg, "<use href=\"#kf-yours\" stroke=\"{}\"/>", paint.ink),
            State::Held | State::Sold | State::Blocked => {
                write!(svg, "<use href=\"#kf-{}\"/>", state.word())
            }
        };
    }

    fn shape(&self, index: usize, seat: &Seat) -> &'static str {
        match seat.kind {
            SeatKind::Standard => "standard",
            SeatKind::Recliner => "recliner",
            SeatKind::Wheelchair => "wheelchair",
            SeatKind::Companion { .. } => "companion",
            SeatKind::Couple { .. } if self.layout.link(index) > Some(index) => "left",
            SeatKind::Couple { .. } => "right",
        }
    }

    /// A seat in words.
    fn told(&self, index: usize, seat: &Seat) -> String {
        let row = row_name(seat);
        let category = self.layout.categories().get(self.category(seat));
        let mut told = format!("{row}, seat {}", seat.number());
        if let Some(category) = category {
            let _ = write!(told, ", {}", category.name);
        }
        if let Some(kind) = kind_word(&seat.kind) {
            let _ = write!(told, ", {kind}");
        }
        if self.states.is_some() {
            let _ = write!(told, ", {}", self.state(index).word());
        }
        told
    }

    /// What the whole picture shows, for whoever does not see it.
    fn description(&self) -> String {
        let (seats, rows) = (self.layout.seats(), self.layout.rows().count());
        let mut told = format!("{} in {}.", count(seats.len(), "seat"), count(rows, "row"));
        for category in self.layout.categories() {
            let of = || seats.iter().enumerate().filter(|(_, seat)| seat.category == category.id);
            let all = of().count();
            let _ = match &self.states {
                None => write!(told, " {}: {}.", category.name, count(all, "seat")),
                Some(_) => {
                    let free = of().filter(|(index, _)| self.state(*index) == State::Free).count();
                    write!(told, " {}: {free} of {} free.", category.name, count(all, "seat"))
                }
            };
        }
        if self.states.is_some() {
            let mine = (0..seats.len()).filter(|index| self.state(*index) == State::Mine).count();
            if mine > 0 {
                let _ = write!(
                    told,
                    " {} yours.",
                    if mine == 1 { "One is".into() } else { format!("{mine} are") }
                );
            }
        }
        told
    }

    /// The legend, and the height of the whole.
    fn legend(&self, wide: i32, top: i32) -> (String, i32) {
        if !self.legend {
            return (String::new(), top + 4);
        }
        let mut svg = String::from("<g font-size=\"12\" fill=\"#222\">\n");
        let (mut x, mut y) = (24, top + 14);
        let mut entry = |picture: String, words: &str| {
            let needed = 34 + width(words) + 16;
            if x > 24 && x + needed > wide - 12 {
                (x, y) = (24, y + 30);
            }
            let _ = writeln!(
                svg,
                "<g transform=\"translate({} {y})\"><g text-anchor=\"middle\" font-size=\"11\">{picture}</g>\
                 <text x=\"20\" y=\"4\">{}</text></g>",
                x + 14,
                Escaped(words)
            );
            x += needed;
        };
        let drawn = |shape: &str, category: usize, state: State, mark: &str| {
            let mut picture = String::new();
            self.seat(&mut picture, shape, category, state, mark);
            picture
        };
        let several = self.letters.len() > 1;
        for (index, (category, letter)) in self.layout.categories().iter().zip(&self.letters).enumerate() {
            let mark = if several { letter.to_ascii_uppercase().to_string() } else { String::new() };
            entry(drawn("standard", index, State::Free, &mark), &category.name);
        }
        if let Some(states) = &self.states {
            for state in State::ALL.into_iter().skip(1) {
                if state != State::Mine || states.contains(&State::Mine) {
                    entry(drawn("standard", 0, state, ""), state.word());
                }
            }
        }
        let white = |shape: &str| format!("<use href=\"#kf-{shape}\" fill=\"#fff\"/>");
        let has = |kind: fn(&SeatKind) -> bool| self.layout.seats().iter().any(|seat| kind(&seat.kind));
        if has(|kind| *kind == SeatKind::Recliner) {
            entry(white("recliner"), "recliner");
        }
        if has(|kind| *kind == SeatKind::Wheelchair) {
            entry(white("wheelchair"), "wheelchair space");
        }
        if has(|kind| matches!(kind, SeatKind::Companion { .. })) {
            entry(white("companion"), "companion seat");
        }
        if has(|kind| matches!(kind, SeatKind::Couple { .. })) {
            let pair = "<g transform=\"translate(-2) scale(.5 .8)\"><use href=\"#kf-left\" x=\"-14\" fill=\"#fff\"/>\
                        <use href=\"#kf-right\" x=\"14\" fill=\"#fff\"/></g>";
            entry(pair.to_owned(), "couple seat");
        }
        svg.push_str("</g>\n");
        (svg, y + 28)
    }
}

fn kind_word(kind: &SeatKind) -> Option<&'static str> {
    match kind {
        SeatKind::Standard => None,
        SeatKind::Recliner => Some("recliner"),
        SeatKind::Wheelchair => Some("wheelchair space"),
        SeatKind::Companion { .. } => Some("companion seat"),
        SeatKind::Couple { .. } => Some("half of a couple seat"),
    }
}

/// The row with its section.
fn row_name(seat: &Seat) -> String {
    let named = seat.row.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("row"));
    let row = if named { seat.row.clone() } else { format!("Row {}", seat.row) };
    if seat.section.is_empty() { row } else { format!("{}, {row}", seat.section) }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The text, or as much of it as fits with an ellipsis.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// About how wide a text of 12 pixels is.
fn width(text: &str) -> i32 {
    text.chars().map(|letter| if letter.is_ascii() { 7 } else { 12 }).sum()
}

fn pixels(tenths: i64) -> i32 {
    i32::try_from((tenths + 9) / 10).unwrap_or(i32::MAX / 4)
}

/// A number of tenths with a decimal where it needs one.
struct Tenths(i64);

impl Display for Tenths {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 10, (self.0 % 10).abs());
        let sign = if self.0 < 0 && whole == 0 { "-" } else { "" };
        if rest == 0 { write!(f, "{whole}") } else { write!(f, "{sign}{whole}.{rest}") }
    }
}

/// A text for XML, in an element or an attribute.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // No XML may have these.
                '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                letter if letter.is_control() => f.write_char('\u{fffd}')?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
