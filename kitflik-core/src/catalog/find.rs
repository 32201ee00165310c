//! Looking for movies: filters, counts, order and pages.

use std::collections::BTreeMap;

use super::cache::Snapshot;
use super::pricing::{self, ShowFacts};
use super::search::{Hit, folded};
use super::types::{FacetCount, MovieFacets};
use super::{Catalog, CatalogError, MovieQuery, MovieResults, MovieSort, ShowFormat, ShowStatus, page_limit};
use crate::bookings::SalesChannel;
use crate::error::{Invalid, Validation};
use crate::ids::{MovieId, ShowId, VenueId};
use crate::limits;
use crate::store::records::{Movie, Show, Venue};
use crate::time::{Date, LocalTime, TimeOfDay, Timestamp};

mod cursor;

use cursor::{Cursor, Place};

/// Values of one kind that are counted.
const MOST_VALUES: usize = 100;

impl Catalog<'_> {
    /// A page of movies.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] for a query or page out of bounds, a cursor of another query, or a question
    /// about seats in more than [`MAX_SHOWS_LOOKED_AT`](limits::MAX_SHOWS_LOOKED_AT) shows.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn movies(&self, query: &MovieQuery) -> Result<MovieResults, CatalogError> {
        let wanted = Wanted::new(query)?;
        let limit = page_limit(&query.page)?;
        let after = query.page.cursor.as_deref().map(|cursor| Cursor::read(cursor, query)).transpose()?;
        let catalogue = self.engine.catalogue().await?;
        let now = self.engine.now();
        // Pages that follow each other look at the same moment, so that nobody changes places in between.
        let as_of = after.as_ref().map_or(now, |after| after.as_of.min(now));
        let sort = query.sort.unwrap_or(MovieSort::Relevance);
        let shows_matter = wanted.asks_for_shows() || query.facets || sort == MovieSort::NextShow;
        let mut showing = if shows_matter { catalogue.showing(&wanted, as_of, now) } else { BTreeMap::new() };
        let mut hits = match wanted.words {
            Some(words) => catalogue.index.find(words),
            None => catalogue.index.all(),
        };
        hits.retain(|hit| {
            (!wanted.asks_for_shows() || showing.contains_key(&hit.id))
                && catalogue.movies.get(&hit.id).is_some_and(|movie| !movie.archived && wanted.movie(movie))
        });
        if let Some(least) = query.min_seats_left {
            hits.sort_unstable_by_key(|hit| hit.id);
            showing.retain(|id, _| hits.binary_search_by_key(id, |hit| hit.id).is_ok());
            self.keep_with_seats(&mut showing, least, now).await?;
            hits.retain(|hit| showing.contains_key(&hit.id));
        }
        let facets = query.facets.then(|| catalogue.facets(&hits, &showing));
        let lit: Vec<MovieId> = match sort {
            MovieSort::Relevance => catalogue.lit(as_of),
            _ => Vec::new(),
        };
        let place = |hit: &Hit<'_>| {
            let newest = hit.released.map_or(i64::MAX, |days| -i64::from(days));
            let (first, second) = match sort {
                MovieSort::Relevance => {
                    let dark = i64::from(lit.binary_search(&hit.id).is_err());
                    // Of a series the first part comes first, of a director the latest work.
                    let second = match (wanted.words, hit.by_title) {
                        (None, _) => 0,
                        (Some(_), true) => hit.released.map_or(i64::MAX, i64::from),
                        (Some(_), false) => newest,
                    };
                    (i64::from(hit.distance) * 2 + dark, second)
                }
                MovieSort::Title => (0, 0),
                MovieSort::ReleaseDate => (newest, 0),
                MovieSort::NextShow => {
                    let shows = showing.get(&hit.id).into_iter().flatten();
                    let starts = shows.map(|shown| shown.show.starts_at).filter(|start| *start > as_of);
                    (starts.min().map_or(i64::MAX, Timestamp::millis), 0)
                }
            };
            (first, second, hit.id)
        };
        let mut places: Vec<Place<'_>> = hits
            .iter()
            .map(|hit| {
                let (first, second, id) = place(hit);
                Place { first, second, key: hit.key, id }
            })
            .filter(|place| after.as_ref().is_none_or(|after| *place > after.place()))
            .collect();
        let more = places.len() > limit;
        if more {
            places.select_nth_unstable(limit);
            places.truncate(limit);
        }
        places.sort_unstable();
        let last = places.last().filter(|_| more);
        Ok(MovieResults {
            items: places.iter().filter_map(|place| catalogue.movie(place.id)).collect(),
            next_cursor: last.map(|last| Cursor::new(*last, catalogue.since(as_of), query).text()),
            facets,
        })
    }

    /// Leaves the shows that can be booked, with enough free seats.
    async fn keep_with_seats(
        &self,
        showing: &mut BTreeMap<MovieId, Vec<Shown<'_>>>,
        least: u32,
        now: Timestamp,
    ) -> Result<(), CatalogError> {
        for shows in showing.values_mut() {
            shows
                .retain(|shown| matches!(shown.show.status(now), ShowStatus::Scheduled | ShowStatus::OnSale));
        }
        let shows: usize = showing.values().map(Vec::len).sum();
        let most = limits::MAX_SHOWS_LOOKED_AT;
        if shows > most {
            let detail = format!(
                "{shows} shows match the rest of the query, allowed are {most}: ask for a day or a venue, too"
            );
            return Err(Invalid::one("min_seats_left", "too_many", detail).into());
        }
        for shows in showing.values_mut() {
            let mut kept = Vec::with_capacity(shows.len());
            for shown in shows.drain(..) {
                let Some(map) = self.engine.map(shown.id).await? else { continue };
                if map.free(SalesChannel::Online).iter().filter(|free| **free).count() >= least as usize {
                    kept.push(shown);
                }
            }
            *shows = kept;
        }
        showing.retain(|_, shows| !shows.is_empty());
        Ok(())
    }
}

/// A text that a value must be equal to, but for case and accents.
struct Same<'a> {
    text: &'a str,
    folded: String,
}

impl<'a> Same<'a> {
    fn new(text: Option<&'a str>) -> Option<Self> {
        text.map(|text| Self { text: text.trim(), folded: folded(text) })
    }

    fn is(&self, value: &str) -> bool {
        value.eq_ignore_ascii_case(self.text) || !self.folded.is_empty() && folded(value) == self.folded
    }
}

fn is(wanted: Option<&Same<'_>>, value: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| value.is_some_and(|value| wanted.is(value)))
}

/// What is wanted, read once.
struct Wanted<'a> {
    words: Option<&'a str>,
    genre: Option<Same<'a>>,
    rating: Option<Same<'a>>,
    language: Option<Same<'a>>,
    city: Option<Same<'a>>,
    format: Option<ShowFormat>,
    venue: Option<VenueId>,
    dates: (Option<Date>, Option<Date>),
    times: (Option<TimeOfDay>, Option<TimeOfDay>),
    max_price: Option<i64>,
    seats: bool,
}

fn filled(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

impl<'a> Wanted<'a> {
    fn new(query: &'a MovieQuery) -> Result<Self, Invalid> {
        let mut fields = Validation::default();
        let words = filled(query.q.as_ref());
        fields.optional_text("q", words, limits::MAX_QUERY_CHARS);
        let [genre, rating, language] =
            [&query.genre, &query.rating, &query.language].map(|text| filled(text.as_ref()));
        fields.optional_text("genre", genre, limits::MAX_LABEL_CHARS);
        fields.optional_text("rating", rating, limits::MAX_LABEL_CHARS);
        fields.optional_text("language", language, limits::MAX_LABEL_CHARS);
        let city = filled(query.city.as_ref());
        fields.optional_text("city", city, limits::MAX_NAME_CHARS);
        if let (Some(from), Some(to)) = (query.date_from, query.date_to)
            && from > to
        {
            fields.refuse(
                "date_to",
                "out_of_range",
                format!("date_to is {to}, which is before date_from, {from}"),
            );
        }
        if query.max_price_minor.is_some_and(|most| most < 0) {
            fields.refuse("max_price_minor", "out_of_range", "max_price_minor must not be negative");
        }
        if query.min_seats_left.is_some_and(|least| least as usize > limits::MAX_SEATS_PER_LAYOUT) {
            let most = limits::MAX_SEATS_PER_LAYOUT;
            fields.refuse("min_seats_left", "out_of_range", format!("min_seats_left must be at most {most}"));
        }
        fields.finish()?;
        Ok(Self {
            words,
            genre: Same::new(genre),
            rating: Same::new(rating),
            language: Same::new(language),
            city: Same::new(city),
            format: query.format,
            venue: query.venue,
            dates: (query.date_from, query.date_to),
            times: (query.time_from, query.time_to),
            max_price: query.max_price_minor,
            seats: query.min_seats_left.is_some(),
        })
    }

    fn movie(&self, movie: &Movie) -> bool {
        is(self.rating.as_ref(), movie.rating.as_deref())
            && self.genre.as_ref().is_none_or(|wanted| movie.genres.iter().any(|genre| wanted.is(genre)))
    }

    fn asks_for_shows(&self) -> bool {
        self.language.is_some()
            || self.city.is_some()
            || self.format.is_some()
            || self.venue.is_some()
            || self.dates != (None, None)
            || self.times != (None, None)
            || self.max_price.is_some()
            || self.seats
    }

    fn show(&self, show: &Show, venue_id: VenueId, venue: &Venue, cheapest: Option<i64>) -> bool {
        is(self.language.as_ref(), show.language.as_deref())
            && self.format.is_none_or(|format| format == show.format)
            && self.venue.is_none_or(|wanted| wanted == venue_id)
            && is(self.city.as_ref(), Some(&venue.city))
            && self.max_price.is_none_or(|most| cheapest.is_some_and(|cheapest| cheapest <= most))
            && self.starts(show.starts_at, venue)
    }

    fn starts(&self, start: Timestamp, venue: &Venue) -> bool {
        if self.dates == (None, None) && self.times == (None, None) {
            return true;
        }
        let local = LocalTime::of(start, venue.zone);
        let day = local.business_day();
        let in_dates = self.dates.0.is_none_or(|from| day >= from) && self.dates.1.is_none_or(|to| day <= to);
        let time = local.time_of_day();
        let in_times = match self.times {
            (Some(from), Some(to)) if from > to => time >= from || time <= to,
            (from, to) => from.is_none_or(|from| time >= from) && to.is_none_or(|to| time <= to),
        };
        in_dates && in_times
    }
}

/// A show that matches.
struct Shown<'a> {
    id: ShowId,
    show: &'a Show,
    venue_id: VenueId,
    venue: &'a Venue,
}

impl Snapshot {
    /// The last moment at which a show began or was over: since then the time has changed nothing. So a page is the
    /// same, with its cursor, until something has changed.
    fn since(&self, as_of: Timestamp) -> Timestamp {
        let times = self.shows.values().flat_map(|show| [show.starts_at, show.ends_at]);
        times.filter(|time| *time <= as_of).max().unwrap_or(Timestamp::from_millis(0))
    }

    /// The movies with coming shows, sorted.
    fn lit(&self, as_of: Timestamp) -> Vec<MovieId> {
        let movies = self.shows_of.keys().copied();
        movies.filter(|movie| self.coming(*movie, as_of).next().is_some()).collect()
    }

    /// The shows that are not over and match, of each movie that has one; by their prices as they are now.
    fn showing(
        &self,
        wanted: &Wanted<'_>,
        as_of: Timestamp,
        now: Timestamp,
    ) -> BTreeMap<MovieId, Vec<Shown<'_>>> {
        let matching = |movie: MovieId| {
            let coming = self.coming(movie, as_of).filter_map(|id| Some((id, self.shows.get(&id)?)));
            let placed = coming.filter(|(_, show)| !show.cancelled).filter_map(|(id, show)| {
                let venue_id = self.auditoriums.get(&show.auditorium)?.venue;
                Some(Shown { id, show, venue_id, venue: self.venues.get(&venue_id)? })
            });
            let fits = |shown: &Shown<'_>| {
                let cheapest = wanted.max_price.and_then(|_| self.cheapest(shown, now));
                wanted.show(shown.show, shown.venue_id, shown.venue, cheapest)
            };
            placed.filter(fits).collect::<Vec<_>>()
        };
        let movies = self.shows_of.keys().map(|movie| (*movie, matching(*movie)));
        movies.filter(|(_, shows)| !shows.is_empty()).collect()
    }

    fn cheapest(&self, shown: &Shown<'_>, now: Timestamp) -> Option<i64> {
        let card = self.price_cards.get(&shown.show.price_card)?;
        let facts = ShowFacts::of(shown.show, shown.venue.zone, now);
        card.prices.iter().map(|price| pricing::apply(card, price, &facts).0).min()
    }

    fn facets(&self, hits: &[Hit<'_>], showing: &BTreeMap<MovieId, Vec<Shown<'_>>>) -> MovieFacets {
        let mut counts: [Counts; 6] = Default::default();
        let [genre, rating, language, format, city, venue] = &mut counts;
        for hit in hits {
            let Some(movie) = self.movies.get(&hit.id) else { continue };
            genre.movie(movie.genres.iter().map(|genre| (genre.as_str(), genre.as_str())));
            rating.movie(movie.rating.iter().map(|rating| (rating.as_str(), rating.as_str())));
            let shows = || showing.get(&hit.id).into_iter().flatten();
            language.movie(shows().filter_map(|shown| shown.show.language.as_deref()).map(|of| (of, of)));
            format.movie(shows().map(|shown| (shown.show.format.name(), shown.show.format.name())));
            city.movie(shows().map(|shown| (shown.venue.city.as_str(), shown.venue.city.as_str())));
            let ids: Vec<(String, &str)> =
                shows().map(|shown| (shown.venue_id.to_string(), shown.venue.name.as_str())).collect();
            venue.movie(ids.iter().map(|(id, name)| (id.as_str(), *name)));
        }
        let total = u32::try_from(hits.len()).unwrap_or(u32::MAX);
        let [genre, rating, language, format, city, venue] = counts.map(Counts::finish);
        MovieFacets { total, genre, rating, language, format, city, venue }
    }
}

impl ShowFormat {
    /// Its name on the wire.
    fn name(self) -> &'static str {
        match self {
            Self::TwoD => "2D",
            Self::ThreeD => "3D",
            Self::Imax => "IMAX",
        }
    }
}

/// How many movies have each value.
#[derive(Default)]
struct Counts {
    /// What each spelling is a spelling of.
    spellings: BTreeMap<String, String>,
    counts: BTreeMap<String, FacetCount>,
}

impl Counts {
    /// Counts each value of a movie once.
    fn movie<'v>(&mut self, values: impl Iterator<Item = (&'v str, &'v str)>) {
        let mut seen: Vec<String> = Vec::new();
        for (value, label) in values {
            let folded = match self.spellings.get(value) {
                Some(folded) => folded.clone(),
                None => {
                    let folded = Some(folded(value)).filter(|text| !text.is_empty());
                    let folded = folded.unwrap_or_else(|| value.to_owned());
                    self.spellings.insert(value.to_owned(), folded.clone());
                    folded
                }
            };
            let new = || FacetCount { value: value.to_owned(), label: label.to_owned(), count: 0 };
            let count = self.counts.entry(folded.clone()).or_insert_with(new);
            if value < count.value.as_str() {
                (count.value, count.label) = (value.to_owned(), label.to_owned());
            }
            if !seen.contains(&folded) {
                count.count += 1;
                seen.push(folded);
            }
        }
    }

    fn finish(self) -> Vec<FacetCount> {
        let mut counts: Vec<FacetCount> = self.counts.into_values().collect();
        counts.sort_by_key(|count| std::cmp::Reverse(count.count));
        counts.truncate(MOST_VALUES);
        counts
    }
}
