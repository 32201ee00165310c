//! The settings that keep the server alive and passwords safe.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use kitflik_core::Argon2id;

use super::super::limits::{Proxies, RateSettings};
use super::{Failure, Layers};

/// What a hash should cost at least: memory in KiB times passes, as OWASP has it for argon2id.
const ENOUGH: u64 = 35_000;

/// How passwords are hashed.
#[derive(Debug, Clone)]
pub(crate) struct Hashing {
    pub(crate) argon2: Argon2id,
    /// At the same time.
    pub(crate) threads: usize,
    /// Waiting for their turn, at most.
    pub(crate) queue: usize,
    /// Whether a stolen store would be too easy to search.
    pub(crate) weak: bool,
}

impl Layers {
    /// A whole number within bounds.
    pub(super) fn number<T>(&self, key: &str, otherwise: T, allowed: RangeInclusive<T>) -> Result<T, Failure>
    where
        T: FromStr + PartialOrd + Display,
    {
        let Some(given) = self.get(key) else { return Ok(otherwise) };
        let number = given.value.parse().ok().filter(|number| allowed.contains(number));
        let bounds = || {
            format!("is not allowed: expected a whole number from {} to {}", allowed.start(), allowed.end())
        };
        number.ok_or_else(|| given.refuse(&bounds()))
    }

    pub(super) fn rates(&self) -> Result<RateSettings, Failure> {
        let mut rates = RateSettings::default();
        for (key, rate) in [
            ("rate_per_address", &mut rates.requests.per_address),
            ("rate_in_all", &mut rates.requests.in_all),
            ("log_in_rate_per_address", &mut rates.log_ins.per_address),
            ("log_in_rate_in_all", &mut rates.log_ins.in_all),
            ("staff_log_in_rate_per_address", &mut rates.staff_log_ins.per_address),
            ("staff_log_in_rate_in_all", &mut rates.staff_log_ins.in_all),
        ] {
            if let Some(given) = self.get(key) {
                let expected =
                    "is no rate: expected A/B, A requests a second and B at once, such as 200/2000";
                *rate = given.value.parse().map_err(|()| given.refuse(expected))?;
            }
        }
        Ok(rates)
    }

    pub(super) fn proxies(&self) -> Result<Proxies, Failure> {
        let Some(given) = self.get("trusted_proxies") else { return Ok(Proxies::default()) };
        given.value.parse().map_err(|error: String| given.refuse(&format!("is not allowed: {error}")))
    }

    pub(super) fn hashing(&self) -> Result<Hashing, Failure> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let memory: u32 = self.number("argon2_memory_kib", 19_456, 8..=4_194_304)?;
        let passes: u32 = self.number("argon2_passes", 2, 1..=1000)?;
        let argon2 = Argon2id::new(memory, passes)
            .map_err(|error| Failure::usage(format!("argon2_memory_kib, argon2_passes: {error}")))?;
        Ok(Hashing {
            argon2,
            // The other half of the cores sells.
            threads: self.number("hashing_threads", (cores / 2).max(1), 1..=1024)?,
            // At 20 ms each, more would wait longer than people do.
            queue: self.number("hashing_queue", 100, 0..=100_000)?,
            weak: u64::from(memory) * u64::from(passes) < ENOUGH,
        })
    }
}
