//! Best available in halls of 300, 2,000 and 20,000 seats that are empty, half sold and nearly full, and pictures and
//! files of them. How to run it and what it said: `docs/benchmarks.md`.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a benchmark stops on errors")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use kitflik_core::{Layout, SeatFilter, SvgOptions, best_available, seat_map_svg};

/// Rows and seats in a row.
const HALLS: [(&str, usize, usize); 3] =
    [("300 seats", 15, 20), ("2,000 seats", 40, 50), ("20,000 seats", 200, 100)];

/// Rows with an aisle in the middle.
fn hall(rows: usize, seats: usize) -> Layout {
    let row = |row: usize| format!("R{row}: {0}_{0}\n", "#".repeat(seats / 2));
    Layout::from_text("Hall", &(0..rows).map(row).collect::<String>()).unwrap()
}

/// Sold at random, in pairs and threes as people buy, until so many of a hundred are.
fn sold(seats: usize, percent: usize) -> Vec<bool> {
    let mut free = vec![true; seats];
    let (mut state, mut left) = (1_u64, seats * percent / 100);
    while left > 0 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (at, group) = ((state >> 33) as usize % seats, 2 + (state >> 20) as usize % 2);
        for seat in free.iter_mut().skip(at).take(group.min(left)).filter(|free| **free) {
            *seat = false;
            left -= 1;
        }
    }
    free
}

fn choices(criterion: &mut Criterion) {
    for (name, rows, seats) in HALLS {
        let layout = hall(rows, seats);
        for percent in [0, 50, 95] {
            let free = sold(layout.seats().len(), percent);
            for count in [2, 4, 10] {
                let name = format!("best available, {count} of {name}, {percent} % sold");
                criterion.bench_function(&name, |bencher| {
                    bencher.iter(|| best_available(&layout, black_box(&free), count, &SeatFilter::default()));
                });
            }
        }
    }
}

fn files(criterion: &mut Criterion) {
    for (name, rows, seats) in HALLS {
        let layout = hall(rows, seats);
        let states: String =
            sold(rows * seats, 50).into_iter().map(|free| if free { '.' } else { 's' }).collect();
        criterion.bench_function(&format!("seat map as SVG, {name}"), |bencher| {
            bencher.iter(|| seat_map_svg(&layout, black_box(&states), &SvgOptions::default()));
        });
        criterion.bench_function(&format!("pretix plan, written, {name}"), |bencher| {
            bencher.iter(|| layout.to_pretix().unwrap());
        });
        let plan = layout.to_pretix().unwrap();
        criterion.bench_function(&format!("pretix plan, read, {name}"), |bencher| {
            bencher.iter(|| Layout::from_pretix(black_box(&plan)).unwrap());
        });
    }
}

criterion_group!(benches, choices, files);
criterion_main!(benches);
