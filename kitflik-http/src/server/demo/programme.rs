//! What the demo cinema shows. All of it is invented.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike};
use kitflik_core::{Date, LocalTime, MovieId, NewMovie};

/// Trailers before and cleaning after a movie, as the engine reckons them.
const EXTRA_MINUTES: u32 = 30;
/// No show begins after this hour and a half.
const LAST: (u32, u32) = (22, 30);

struct Film {
    title: &'static str,
    director: &'static str,
    genres: &'static [&'static str],
    rating: &'static str,
    minutes: u32,
    released: (i32, u32, u32),
    synopsis: &'static str,
}

const FILMS: [Film; 8] = [
    Film {
        title: "The Lighthouse Ledger",
        director: "Ines Halvorsen",
        genres: &["Drama", "Mystery"],
        rating: "12",
        minutes: 118,
        released: (2026, 9, 17),
        synopsis: "The new keeper of a lighthouse finds the accounts of thirty years of ships that were \
                   never reported missing, and one entry dated tomorrow.",
    },
    Film {
        title: "Paper Kites over Lagos",
        director: "Tunde Adebayo-Reyes",
        genres: &["Comedy", "Family"],
        rating: "6",
        minutes: 97,
        released: (2026, 10, 8),
        synopsis: "Three cousins enter the city's kite championship with a design stolen from their \
                   grandmother, who enters too.",
    },
    Film {
        title: "Null Island",
        director: "Marta Kowalczyk",
        genres: &["Science Fiction", "Thriller"],
        rating: "16",
        minutes: 131,
        released: (2026, 11, 5),
        synopsis: "Every parcel with a broken address ends up at the same buoy in the Gulf of Guinea. \
                   Somebody has begun to answer the mail.",
    },
    Film {
        title: "A Season of Small Fires",
        director: "Jun Ishikawa",
        genres: &["Drama"],
        rating: "12",
        minutes: 142,
        released: (2026, 8, 27),
        synopsis: "Two potters share a kiln, a mountain and a long silence, until an apprentice arrives who \
                   asks about both.",
    },
    Film {
        title: "Robo Roller Derby",
        director: "Petra Lindqvist",
        genres: &["Animation", "Family"],
        rating: "0",
        minutes: 88,
        released: (2026, 10, 22),
        synopsis: "Retired warehouse robots find a second life on eight wheels. The finals are against the \
                   machines that replaced them.",
    },
    Film {
        title: "The Understudy's Alibi",
        director: "Claude Marchetti",
        genres: &["Crime", "Comedy"],
        rating: "12",
        minutes: 109,
        released: (2026, 9, 3),
        synopsis: "On the night of the murder four hundred people saw her on stage. None of them had a \
                   programme with her name in it.",
    },
    Film {
        title: "Salt Road North",
        director: "Amina Belkacem",
        genres: &["Adventure", "Western"],
        rating: "12",
        minutes: 124,
        released: (2026, 11, 12),
        synopsis: "A caravan cook, a cartographer and a stubborn camel cross the desert with a cargo that \
                   grows lighter every day.",
    },
    Film {
        title: "Midnight at the Repair Café",
        director: "Oskar Weidmann",
        genres: &["Romance", "Comedy"],
        rating: "6",
        minutes: 101,
        released: (2026, 11, 19),
        synopsis: "She mends clocks, he mends radios, and on the last Friday of each month they argue over \
                   one soldering iron.",
    },
];

pub(super) fn movies() -> Vec<NewMovie> {
    let movie = |film: &Film| {
        let (year, month, day) = film.released;
        NewMovie {
            command: None,
            title: film.title.into(),
            genres: film.genres.iter().map(|genre| (*genre).into()).collect(),
            director: Some(film.director.into()),
            rating: Some(film.rating.into()),
            runtime_minutes: Some(film.minutes),
            release_date: NaiveDate::from_ymd_opt(year, month, day).map(Date::new),
            distributor: Some("Nordstern".into()),
            synopsis: Some(film.synopsis.into()),
        }
    };
    FILMS.iter().map(movie).collect()
}

/// A hall's shows of a day: which movie, and when. The same for a date whenever it is asked for.
pub(super) fn day(
    date: NaiveDate,
    hall: usize,
    opening: &str,
    movies: &[(MovieId, u32)],
) -> Vec<(usize, LocalTime)> {
    let mut shows = Vec::new();
    let Ok(mut time) = NaiveTime::parse_from_str(opening, "%H:%M") else { return shows };
    let first = usize::try_from(date.num_days_from_ce()).unwrap_or_default() * 3 + hall * 2;
    for turn in 0.. {
        let place = (first + turn) % movies.len().max(1);
        let Some((_, minutes)) = movies.get(place) else { return shows };
        shows.push((place, LocalTime::new(date.and_time(time))));
        // The next quarter of an hour.
        let until = time.num_seconds_from_midnight() / 60 + minutes + EXTRA_MINUTES;
        let next = until.div_ceil(15) * 15;
        if next > LAST.0 * 60 + LAST.1 {
            return shows;
        }
        time = NaiveTime::MIN + TimeDelta::minutes(i64::from(next));
    }
    shows
}
