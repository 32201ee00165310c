//! What a person would expect to find first among 3,200 films.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;
#[path = "common/films.rs"]
mod films;

use common::house;
use films::films;
use kitflik_core::{Actor, MovieQuery, MovieView, PageRequest};
use pollster::block_on;

/// What is typed, and what comes first, in this order. Fewer than three if it does not matter what follows.
const IN_ORDER: &[(&str, &[&str])] = &[
    // A title, whole, in any case, without what nobody types.
    ("alien", &["Alien", "Aliens", "Alien³"]),
    ("ALIENS", &["Aliens"]),
    ("titanic", &["Titanic", "Raise the Titanic", "La femme de chambre du Titanic"]),
    ("the godfather", &["The Godfather", "The Godfather: Part II", "The Godfather: Part III"]),
    ("godfather", &["The Godfather", "The Godfather: Part II", "The Godfather: Part III"]),
    ("matrix", &["The Matrix", "The Matrix Reloaded", "The Matrix Revolutions"]),
    ("avatar", &["Avatar"]),
    ("up", &["Up", "Up in the Air"]),
    ("300", &["300"]),
    ("ring", &["The Ring", "The Ring Two"]),
    ("casino", &["Casino", "Casino Royale", "Casino Royale"]),
    ("friday the 13th", &["Friday the 13th", "Friday the 13th", "Friday the 13th Part 2"]),
    ("the silence of lambs", &["The Silence of the Lambs"]),
    ("requiem dream", &["Requiem for a Dream"]),
    // Parts of a title.
    ("first contact", &["Star Trek: First Contact"]),
    ("empire strikes back", &["Star Wars Ep. V: The Empire Strikes Back"]),
    ("two towers", &["The Lord of the Rings: The Two Towers"]),
    ("space odyssey", &["2001: A Space Odyssey"]),
    ("eternal sunshine", &["Eternal Sunshine of the Spotless Mind"]),
    ("star wars", &["Star Wars Ep. IV: A New Hope", "Star Wars Ep. V: The Empire Strikes Back"]),
    (
        "lord of the rings",
        &[
            "The Lord of the Rings: The Fellowship of the Ring",
            "The Lord of the Rings: The Two Towers",
            "The Lord of the Rings: The Return of the King",
        ],
    ),
    // Begun.
    ("godf", &["The Godfather", "The Godfather: Part II", "The Godfather: Part III"]),
    ("pulp fic", &["Pulp Fiction"]),
    ("gladia", &["Gladiator"]),
    ("harry potter and the pr", &["Harry Potter and the Prisoner of Azkaban"]),
    // In another order.
    ("hidden tiger crouching dragon", &["Crouching Tiger, Hidden Dragon"]),
    ("private ryan saving", &["Saving Private Ryan"]),
    ("towers rings", &["The Lord of the Rings: The Two Towers"]),
    ("goblet potter", &["Harry Potter and the Goblet of Fire"]),
    // Accents, right and wrong: the file has `LÈon` and the like.
    ("léon", &["LÈon"]),
    ("leon", &["LÈon"]),
    ("amelie", &["Le Fabuleux destin d'AmÈlie Poulain", "Amelia"]),
    ("amélie poulain", &["Le Fabuleux destin d'AmÈlie Poulain"]),
    ("déjà vu", &["DÈj‡ Vu"]),
    ("die fälscher", &["Die F‰lscher"]),
    ("la môme", &["La MÙme"]),
    ("wédding crâshers", &["The Wedding Crashers"]),
    // Slips.
    ("jurasic park", &["Jurassic Park", "Jurassic Park 3", "The Lost World: Jurassic Park"]),
    ("matirx", &["The Matrix", "The Matrix Reloaded", "The Matrix Revolutions"]),
    ("gladiater", &["Gladiator"]),
    ("the dark night", &["The Dark Knight"]),
    ("finding nimo", &["Finding Nemo"]),
    ("terminater", &["The Terminator", "Terminator 2: Judgment Day"]),
    ("forest gump", &["Forrest Gump"]),
    ("moulin rogue", &["Moulin Rouge"]),
    ("big lebowsky", &["The Big Lebowski"]),
    ("ratatoullie", &["Ratatouille"]),
    ("star wras empire", &["Star Wars Ep. V: The Empire Strikes Back"]),
    ("momento", &["Memento"]),
    // Numbers.
    ("rocky horror", &["The Rocky Horror Picture Show"]),
    ("ocean's 11", &["Ocean's Eleven"]),
    ("oceans twelve", &["Ocean's Twelve"]),
    ("mission impossible 3", &["Mission: Impossible III"]),
    ("godfather 2", &["The Godfather: Part II"]),
    ("shrek 3", &["Shrek the Third"]),
    ("toy story two", &["Toy Story 2"]),
    ("star wars 5", &["Star Wars Ep. V: The Empire Strikes Back"]),
    ("seven", &["Se7en", "Seven Pounds", "Seven Years in Tibet"]),
    // Hyphens, dots and apostrophes; together and apart.
    ("spiderman", &["Spider-Man", "Spider-Man 2", "Spider-Man 3"]),
    ("spider man 2", &["Spider-Man 2"]),
    ("xmen", &["X-Men"]),
    ("wall e", &["WALL-E"]),
    ("walle", &["WALL-E"]),
    ("mash", &["M*A*S*H"]),
    ("fahrenheit 911", &["Fahrenheit 9/11"]),
    ("e.t.", &["ET: The Extra-Terrestrial"]),
    ("schindlers list", &["Schindler's List"]),
    ("wallace and gromit", &["Wallace & Gromit: The Curse of the Were-Rabbit"]),
    ("bladerunner", &["Blade Runner"]),
    ("ghost busters", &["Ghostbusters"]),
    // A person and a title; a word that is nowhere.
    ("ridley scott alien", &["Alien"]),
    ("cameron avatar", &["Avatar"]),
    ("nolan batman", &["Batman Begins"]),
    ("saving pvt ryan", &["Saving Private Ryan"]),
];

/// What is typed, and films that are among the first three.
const AMONG: &[(&str, &[&str])] = &[
    ("batman", &["Batman"]),
    ("king kong", &["King Kong", "King Kong", "King Kong (1933)"]),
    ("planet of the apes", &["Planet of the Apes", "The Planet of the Apes"]),
    ("kill bill", &["Kill Bill: Volume 1", "Kill Bill: Volume 2"]),
    ("indianna jones", &["Indiana Jones and the Temple of Doom", "Indiana Jones and the Last Crusade"]),
    ("harry potter", &["Harry Potter and the Sorcerer's Stone"]),
    ("fast furious", &["The Fast and the Furious", "2 Fast 2 Furious"]),
    ("titan", &["Titan A.E.", "Titanic"]),
];

/// What is typed, and who directed the first three.
const DIRECTED: &[(&str, &str)] = &[
    ("spielberg", "Steven Spielberg"),
    ("steven speilberg", "Steven Spielberg"),
    ("hitchcock", "Alfred Hitchcock"),
    ("alfred hitch", "Alfred Hitchcock"),
    ("woody allen", "Woody Allen"),
    ("allen woody", "Woody Allen"),
    ("tarentino", "Quentin Tarantino"),
    ("scorcese", "Martin Scorsese"),
    ("kubrick", "Stanley Kubrick"),
    ("tim burton", "Tim Burton"),
];

/// What is typed, and the genre of the first three.
const OF_GENRE: &[(&str, &str)] = &[
    ("western", "Western"),
    ("documentary", "Documentary"),
    ("black comedy", "Black Comedy"),
    ("thriller", "Thriller/Suspense"),
];

#[test]
fn the_first_three_are_what_a_person_expects() {
    let house = house();
    block_on(house.kitflik.catalog().import_movies(&Actor::System, &films())).unwrap();
    let first_three = |q: &str| -> Vec<MovieView> {
        let page = PageRequest { limit: Some(3), cursor: None };
        let query = MovieQuery { q: Some(q.to_owned()), page, ..MovieQuery::default() };
        block_on(house.kitflik.catalog().movies(&query)).unwrap().items
    };
    let mut faults = Vec::new();
    for (q, expected) in IN_ORDER {
        let found = first_three(q);
        let titles: Vec<&str> = found.iter().map(|movie| movie.title.as_str()).collect();
        if !titles.starts_with(expected) {
            faults.push(format!("{q}: expected {expected:?}, found {titles:?}"));
        }
    }
    for (q, expected) in AMONG {
        let mut found: Vec<String> = first_three(q).into_iter().map(|movie| movie.title).collect();
        for title in *expected {
            match found.iter().position(|of| of == title) {
                Some(at) => drop(found.remove(at)),
                None => faults.push(format!("{q}: {title} is missing, and there is {found:?}")),
            }
        }
    }
    for (q, director) in DIRECTED {
        let found = first_three(q);
        if found.len() != 3 || found.iter().any(|movie| movie.director.as_deref() != Some(*director)) {
            faults.push(format!("{q}: {found:?}"));
        }
    }
    for (q, genre) in OF_GENRE {
        let found = first_three(q);
        if found.len() != 3 || found.iter().any(|movie| movie.genres != [*genre]) {
            faults.push(format!("{q}: {found:?}"));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(IN_ORDER.len() + AMONG.len() + DIRECTED.len() + OF_GENRE.len() >= 60);
}
