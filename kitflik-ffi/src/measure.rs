//! The same calls without a crossing: what the benchmarks of the packages compare with.

use std::hint::black_box;
use std::time::Instant;

use futures_util::FutureExt;
use kitflik_core::{KitflikError, MovieId};

use crate::house::Kitflik;

/// Nanoseconds of one call, made in Rust.
#[derive(Debug, Clone, Copy, uniffi::Record)]
pub struct NativeCallTimes {
    /// Of `Kitflik.now`.
    pub sync_ns: f64,
    /// Of `Catalog.movie` on a store in memory.
    pub async_ns: f64,
}

/// Makes two calls as often as is asked, in Rust, and says what one of them takes: for benchmarks of the crossing.
///
/// # Errors
/// What the calls answer, and `Invalid` unless the house is in memory, where nothing waits.
#[uniffi::export]
pub fn native_call_times(
    house: &Kitflik,
    movie: MovieId,
    calls: u32,
) -> Result<NativeCallTimes, KitflikError> {
    let each = |start: Instant| start.elapsed().as_secs_f64() * 1e9 / f64::from(calls.max(1));
    let start = Instant::now();
    for _ in 0..calls {
        black_box(house.now()?);
    }
    let sync_ns = each(start);
    let (catalog, start) = (house.catalog(), Instant::now());
    for _ in 0..calls {
        let answer = catalog.movie(movie).now_or_never();
        black_box(answer.ok_or_else(|| KitflikError::invalid("this is measured in memory"))??);
    }
    Ok(NativeCallTimes { sync_ns, async_ns: each(start) })
}
