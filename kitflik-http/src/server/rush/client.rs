//! A customer's view of the API.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use reqwest::{RequestBuilder, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::Pair;

/// Why something did not work.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server refused, with a status and a code.
    Refused(u16, String),
    /// No answer, or none that can be understood.
    Broken(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status, code) => write!(f, "{status} {code}"),
            Self::Broken(text) => f.write_str(text),
        }
    }
}

#[derive(Deserialize)]
struct Problem {
    code: String,
}

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Show {
    id: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    layout_id: String,
}

#[derive(Deserialize)]
struct Layout {
    seats: Vec<Seat>,
}

#[derive(Deserialize)]
struct Seat {
    id: String,
    row: String,
    section: String,
    kind: serde_json::Value,
    #[serde(default)]
    block: Option<u32>,
}

#[derive(Deserialize)]
struct Seats {
    states: String,
}

/// What a customer has of a hold.
#[derive(Deserialize)]
pub(super) struct Held {
    id: String,
    booking_token: Option<String>,
}

pub(super) struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    pub(super) fn new(http: reqwest::Client, url: &Url) -> Self {
        Self { http, base: format!("{}/v1", url.as_str().trim_end_matches('/')) }
    }

    /// The shows on sale, soonest first.
    pub(super) async fn shows(&self) -> Result<Vec<String>, Trouble> {
        let mut shows = Vec::new();
        let movies: Vec<Id> = self.list("/movies").await?;
        for movie in movies {
            let of_movie: Vec<Show> = self.list(&format!("/movies/{}/shows", movie.id)).await?;
            if of_movie.is_empty() {
                // Those with shows come first.
                break;
            }
            shows.extend(of_movie.into_iter().filter(|show| show.status == "on_sale").map(|show| show.id));
        }
        Ok(shows)
    }

    async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Trouble> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let list: List<T> = self.get(&format!("{path}?limit=100{cursor}")).await?;
            items.extend(list.items);
            match list.next_cursor {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(items),
            }
        }
    }

    /// Neighbours of the ordinary kind, each seat in one pair; free ones only, unless `taken` ones are wanted
    /// too.
    pub(super) async fn free_pairs(&self, show: &str, taken: bool) -> Result<Vec<Pair>, Trouble> {
        let of_show: Show = self.get(&format!("/shows/{show}")).await?;
        let layout: Layout = self.get(&format!("/layouts/{}", of_show.layout_id)).await?;
        let seats: Seats = self.get(&format!("/shows/{show}/seats")).await?;
        let show: Arc<str> = show.into();
        let mut blocks: BTreeMap<_, Vec<(&Seat, char)>> = BTreeMap::new();
        for (seat, state) in layout.seats.iter().zip(seats.states.chars()) {
            let place = (seat.section.as_str(), seat.row.as_str(), seat.block);
            blocks.entry(place).or_default().push((seat, state));
        }
        let mut pairs = Vec::new();
        for block in blocks.values() {
            // From the edge of a block on, and three are left over if they are odd: so that no single seat is
            // left behind, whatever the order.
            let even = block.len().saturating_sub(block.len() % 2 * 3);
            for two in block.chunks_exact(2).take(even / 2) {
                let [(first, one), (second, other)] = two else { continue };
                let ordinary = [first, second].iter().all(|seat| is_ordinary(&seat.kind));
                if ordinary && (taken || (*one == '.' && *other == '.')) {
                    let seats = [Arc::from(first.id.as_str()), Arc::from(second.id.as_str())];
                    pairs.push(Pair { show: Arc::clone(&show), seats });
                }
            }
        }
        Ok(pairs)
    }

    pub(super) async fn hold(&self, pair: &Pair) -> Result<Held, Trouble> {
        let body = json!({ "show_id": &*pair.show, "seats": [&*pair.seats[0], &*pair.seats[1]] });
        self.send(self.http.post(format!("{}/bookings", self.base)).json(&body)).await
    }

    pub(super) async fn confirm(&self, held: &Held) -> Result<(), Trouble> {
        let mut request = self.http.post(format!("{}/bookings/{}/confirm", self.base, held.id));
        if let Some(token) = &held.booking_token {
            request = request.header("authorization", format!("Booking {token}"));
        }
        let body = json!({ "payment": { "provider": "counter" } });
        self.send::<Id>(request.json(&body)).await.map(|_| ())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Trouble> {
        let broken = |error: &dyn fmt::Display| Trouble::Broken(error.to_string());
        let response = request.send().await.map_err(|error| broken(&error))?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| broken(&error))?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| broken(&error));
        }
        let problem: Option<Problem> = serde_json::from_slice(&body).ok();
        let code = problem.map_or_else(|| "no_code".to_owned(), |problem| problem.code);
        Err(Trouble::Refused(status.as_u16(), code))
    }
}

fn is_ordinary(kind: &serde_json::Value) -> bool {
    ["standard", "recliner"]
        .iter()
        .any(|name| kind == name || kind.get("type").is_some_and(|kind| kind == name))
}
