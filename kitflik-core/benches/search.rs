//! What it costs to look for movies among 3,200 and 100,000.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking and reports to its terminal"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use kitflik_core::testing::ports::PlainHasher;
use kitflik_core::testing::search::SearchIndex;
use kitflik_core::{
    Actor, Kitflik, MasterKey, MemoryStorage, MovieId, MovieQuery, MovieSort, NewMovie, Policy,
};
use pollster::block_on;

#[path = "../tests/common/films.rs"]
mod films;

const MANY: usize = 100_000;

/// Titles of two to five words of the real ones, every third with a word that no other has, by the real directors.
fn many() -> Vec<NewMovie> {
    let films = films::films();
    let words: Vec<&str> = films.iter().flat_map(|film| film.title.split_whitespace()).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(bound).unwrap()).unwrap()
    };
    let syllables = ["ka", "lo", "mi", "ren", "tos", "vu", "shi", "bar", "den", "quo", "fal", "nim"];
    (0..MANY)
        .map(|number| {
            let mut title: Vec<String> =
                (0..2 + below(4)).map(|_| words[below(words.len())].to_owned()).collect();
            if number % 3 == 0 {
                title.push((0..4).map(|_| syllables[below(syllables.len())]).collect());
            }
            let like = &films[below(films.len())];
            NewMovie { title: title.join(" "), ..like.clone() }
        })
        .collect()
}

/// A name, and what is typed.
const QUESTIONS: [(&str, &str); 9] = [
    ("a word", "alien"),
    ("a common word", "the"),
    ("one letter", "s"),
    ("a word begun", "godf"),
    ("two words", "star wars"),
    ("five words, one begun", "lord of the rings tow"),
    ("a slip", "matirx"),
    ("two slips in a long word", "termniatr"),
    ("nothing", "xyzzyxyzzy"),
];

fn search(criterion: &mut Criterion) {
    for (name, movies) in [("3,200", films::films()), ("100,000", many())] {
        let numbered = |(number, movie): (u128, NewMovie)| (MovieId::from_bytes(number.to_be_bytes()), movie);
        let numbered: Vec<(MovieId, NewMovie)> = (0_u128..).zip(movies.clone()).map(numbered).collect();
        let index = SearchIndex::default().apply(&numbered);
        println!("{name} movies: the index takes {} kB", index.bytes() / 1000);
        let mut group = criterion.benchmark_group(format!("index of {name} movies"));
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(2));
        group.bench_function("made", |bencher| {
            bencher.iter(|| SearchIndex::default().apply(black_box(&numbered)));
        });
        group.bench_function("one movie changed", |bencher| {
            bencher.iter(|| index.apply(black_box(&numbered[..1])));
        });
        for (question, text) in QUESTIONS {
            println!("{question}: {} of {name}", index.count(text));
            group.bench_function(format!("asked: {question}"), |bencher| {
                bencher.iter(|| index.count(black_box(text)));
            });
        }
        group.finish();

        let kitflik = house(&movies);
        let mut group = criterion.benchmark_group(format!("first page of {name} movies"));
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(2));
        let page = |name: &str, query: MovieQuery, group: &mut criterion::BenchmarkGroup<'_, _>| {
            group.bench_function(name, |bencher| {
                bencher.iter(|| block_on(kitflik.catalog().movies(black_box(&query))).unwrap());
            });
        };
        for (question, text) in QUESTIONS {
            let query = MovieQuery { q: Some(text.to_owned()), ..MovieQuery::default() };
            page(question, query, &mut group);
        }
        page("all", MovieQuery::default(), &mut group);
        let newest = MovieQuery {
            genre: Some("Drama".to_owned()),
            sort: Some(MovieSort::ReleaseDate),
            facets: true,
            ..MovieQuery::default()
        };
        page("all dramas, the newest first, with facets", newest, &mut group);
        group.finish();
    }
}

fn house(movies: &[NewMovie]) -> Kitflik {
    let mut policy = Policy::default();
    policy.view_max_age = Some(Duration::from_secs(3600));
    let builder = Kitflik::builder(Arc::new(MemoryStorage::new()), MasterKey::new([7; 32]));
    let kitflik = builder.policy(policy).password_hasher(Arc::new(PlainHasher)).build().unwrap();
    block_on(kitflik.catalog().import_movies(&Actor::System, movies)).unwrap();
    kitflik
}

criterion_group!(benches, search);
criterion_main!(benches);
