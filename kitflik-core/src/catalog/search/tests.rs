use proptest::prelude::*;

use super::typos::{forgiven, near};
use super::*;

fn id(number: u8) -> MovieId {
    MovieId::from_bytes([number; 16])
}

fn movie(title: &str) -> Movie {
    serde_json::from_value(serde_json::json!({ "title": title })).unwrap()
}

fn by(director: &str, title: &str) -> Movie {
    Movie { director: Some(director.to_owned()), ..movie(title) }
}

fn index(movies: &[Movie]) -> Index {
    Index::default().apply((0..).map(id).zip(movies.iter().map(Some)))
}

/// What is found, the nearest first.
fn found<'m>(movies: &'m [Movie], text: &str) -> Vec<&'m str> {
    let index = index(movies);
    let mut hits = index.find(text);
    hits.sort_by_key(|hit| (hit.distance, hit.key));
    hits.iter().map(|hit| movies[usize::from(hit.id.as_bytes()[0])].title.as_str()).collect()
}

#[test]
fn words_match_in_any_order_and_field_and_the_last_may_be_begun() {
    let movies = [
        by("Ridley Scott", "Alien"),
        movie("Aliens"),
        movie("My Stepmother is an Alien"),
        movie("Ocean's Eleven"),
        movie("Élite Squad"),
    ];
    assert_eq!(found(&movies, "ALIEN"), ["Alien", "Aliens", "My Stepmother is an Alien"]);
    assert_eq!(found(&movies, "alien step"), ["My Stepmother is an Alien"]);
    assert_eq!(found(&movies, "the alien"), ["Alien", "Aliens", "My Stepmother is an Alien"]);
    assert_eq!(found(&movies, "scott alien"), ["Alien"]);
    assert_eq!(found(&movies, "oceans 11"), ["Ocean's Eleven"]);
    assert_eq!(found(&movies, "elite"), ["Élite Squad"]);
    assert_eq!(found(&movies, "elitesquad"), ["Élite Squad"], "taken apart");
    assert_eq!(found(&movies, "step mother alien"), ["My Stepmother is an Alien"], "put together");
    assert!(found(&movies, "alienation").is_empty(), "three letters too many");
    assert!(found(&movies, " -- ").is_empty());
    assert!(found(&[], "alien").is_empty());
}

#[test]
fn a_question_is_taken_apart_in_few_ways() {
    let partings =
        |text: &str, known: fn(&str) -> bool| Question::new(text).unwrap().taken_apart(known).len();
    assert_eq!(partings("elitesquad starwars", |word| ["star", "wars"].contains(&word)), 1);
    assert_eq!(partings("elitesquad starwars oceanseleven", |_| true), 3, "in all, not of each word");
    assert_eq!(partings("one two three elitesquad", |_| true), 3);
    assert_eq!(partings("one two three four elitesquad", |_| true), 0);
}

#[test]
fn if_no_movie_has_all_words_half_of_them_will_do() {
    let movies = [movie("Saving Private Ryan"), movie("Ryan's Daughter")];
    assert_eq!(found(&movies, "saving ryan xyzzy"), ["Saving Private Ryan"]);
    assert_eq!(found(&movies, "private daughter"), ["Ryan's Daughter", "Saving Private Ryan"]);
    assert!(found(&movies, "ryan xyzzy quux").is_empty());
}

#[test]
fn slips_are_forgiven_by_length() {
    let movies = [movie("Jaws"), movie("Gladiator"), movie("300"), movie("Fargo")];
    for (typed, title) in [
        ("jwas", Some("Jaws")),
        ("jaw", Some("Jaws")),
        ("jas", None),
        ("jwsa", None),
        ("frago", Some("Fargo")),
        ("farrgo", Some("Fargo")),
        ("fraog", None),
        ("lgaidatro", None),
        ("gladaitro", Some("Gladiator")),
        ("gladiatxx", Some("Gladiator")),
        ("xladiatxr", Some("Gladiator")),
        ("gladeat", Some("Gladiator")), // begun, with a slip
        ("303", None),
    ] {
        assert_eq!(found(&movies, typed).first().copied(), title, "{typed}");
    }
}

/// Optimal string alignment, by its definition.
fn slips(one: &[char], other: &[char]) -> usize {
    match (one, other) {
        ([], rest) | (rest, []) => rest.len(),
        ([a, one_rest @ ..], [b, other_rest @ ..]) => {
            let mut least = slips(one_rest, other_rest) + usize::from(a != b);
            least = least.min(slips(one_rest, other) + 1).min(slips(one, other_rest) + 1);
            if let ([_, c, one_rest @ ..], [_, d, other_rest @ ..]) = (one, other)
                && (a, c) == (d, b)
            {
                least = least.min(slips(one_rest, other_rest) + 1);
            }
            least
        }
    }
}

const TITLES: [&str; 12] = [
    "Alien",
    "Aliens",
    "The Thing",
    "Star Wars",
    "Wars of Stars",
    "Spider-Man",
    "Amélie",
    "Léon",
    "Rocky II",
    "Up",
    "",
    "The",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn near_words_are_those_of_the_definition(
        words in proptest::collection::btree_set("[abé]{0,5}", 0..12),
        typed in "[abé]{1,5}",
        most in 0_u8..3,
    ) {
        let typed: Vec<char> = typed.chars().collect();
        let movies: Vec<Movie> = words.iter().map(|word| movie(word)).collect();
        let segment = Segment::new((0..).zip(&movies).map(|(at, movie)| Draft::new(id(at), movie)).collect());
        let terms: Vec<Vec<char>> =
            (0..segment.terms.len()).map(|term| segment.terms.get(term).chars().collect()).collect();
        for beginnings in [false, true] {
            let mut found = Vec::new();
            near(&segment.terms, &typed, most, beginnings, |term, slips, whole| found.push((term, slips, whole)));
            let mut expected = Vec::new();
            for (at, term) in terms.iter().enumerate() {
                let whole = u8::try_from(slips(term, &typed)).unwrap();
                let begun = (1..=term.len()).map(|end| u8::try_from(slips(&term[..end], &typed)).unwrap()).min();
                if whole <= most {
                    expected.push((at, whole, true));
                } else if let Some(begun) = begun.filter(|begun| beginnings && *begun <= most) {
                    expected.push((at, begun, false));
                }
            }
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn an_index_that_was_changed_is_one_that_was_made_anew(
        steps in proptest::collection::vec(
            proptest::collection::vec((0_u8..200, proptest::option::of(0..TITLES.len())), 0..40),
            1..8,
        ),
    ) {
        let mut movies: BTreeMap<MovieId, Movie> = BTreeMap::new();
        let mut index = Index::default();
        for step in steps {
            let step: BTreeMap<MovieId, Option<Movie>> =
                step.into_iter().map(|(at, title)| (id(at), title.map(|title| movie(TITLES[title])))).collect();
            index = index.apply(step.iter().map(|(id, movie)| (*id, movie.as_ref())));
            for (id, movie) in step {
                match movie {
                    Some(movie) => movies.insert(id, movie),
                    None => movies.remove(&id),
                };
            }
            let anew = Index::default().apply(movies.iter().map(|(id, movie)| (*id, Some(movie))));
            let sorted = |mut hits: Vec<Hit<'_>>| {
                hits.sort_by_key(|hit| hit.id);
                hits.into_iter().map(|hit| (hit.id, hit.distance, hit.key.to_owned())).collect::<Vec<_>>()
            };
            prop_assert_eq!(sorted(index.all()), sorted(anew.all()));
            for text in ["alien", "alein", "star wars", "stra", "spiderman", "the", "rocky 2", "starwars", "up star"] {
                prop_assert_eq!(sorted(index.find(text)), sorted(anew.find(text)), "{}", text);
            }
        }
    }

    #[test]
    fn whatever_is_typed_has_an_answer(text in "\\PC{0,60}", title in "\\PC{0,60}") {
        let movies = [movie(&title), movie("Alien")];
        let index = index(&movies);
        prop_assert!(index.find(&text).len() <= 2);
        if !folded(&title).is_empty() {
            let hits = index.find(&title);
            prop_assert!(hits.iter().any(|hit| hit.id == id(0)), "a title finds its movie");
        }
    }
}

#[test]
fn forgiveness_grows() {
    assert_eq!([3, 4, 7, 8, 40].map(forgiven), [0, 1, 1, 2, 2]);
}
