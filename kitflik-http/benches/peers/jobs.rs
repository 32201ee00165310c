//! Who books what: worked out beforehand, the same for every peer.

pub(crate) const CLIENTS: usize = 64;

/// What a round is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scene {
    /// Every client has a show of its own, in halls of 300 seats.
    Spread { each: usize },
    /// All clients want seats of the same show, in a hall of 10,000; when it is sold out, of the next.
    Hot { halls: usize },
}

impl Scene {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Spread { .. } => "spread",
            Self::Hot { .. } => "hot",
        }
    }
}

/// A hall: rows of so many seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hall {
    rows: usize,
    seats: usize,
}

const SMALL: Hall = Hall { rows: 15, seats: 20 };
const LARGE: Hall = Hall { rows: 100, seats: 100 };

impl Hall {
    pub(crate) fn seats(self) -> usize {
        self.rows * self.seats
    }

    /// As the text format of layouts.
    pub(crate) fn plan(self) -> String {
        let letter = |number: usize| char::from(b'A' + u8::try_from(number % 26).unwrap());
        let row = |row: usize| format!("{}{}: {}\n", letter(row / 26), letter(row), "#".repeat(self.seats));
        (0..self.rows).map(row).collect()
    }
}

/// Two seats that stand together, by the number of the first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job {
    pub(crate) show: usize,
    pub(crate) first_seat: usize,
}

#[derive(Debug)]
pub(crate) struct Jobs {
    pub(crate) hall: Hall,
    pub(crate) shows: usize,
    pub(crate) of_client: Vec<Vec<Job>>,
}

impl Jobs {
    pub(crate) fn new(scene: Scene) -> Self {
        match scene {
            Scene::Spread { each } => {
                let pairs = SMALL.seats() / 2;
                let shows_each = each.div_ceil(pairs);
                let job = |client: usize, at: usize| Job {
                    show: client * shows_each + at / pairs,
                    first_seat: at % pairs * 2,
                };
                let of_client = (0..CLIENTS).map(|client| (0..each).map(|at| job(client, at)).collect());
                Self { hall: SMALL, shows: CLIENTS * shows_each, of_client: of_client.collect() }
            }
            Scene::Hot { halls } => {
                let pairs = LARGE.seats() / 2;
                let job = |at: usize| Job { show: at / pairs, first_seat: at % pairs * 2 };
                let all = halls * pairs;
                let of_client = (0..CLIENTS).map(|client| (client..all).step_by(CLIENTS).map(job).collect());
                Self { hall: LARGE, shows: halls, of_client: of_client.collect() }
            }
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.of_client.iter().map(Vec::len).sum()
    }
}
