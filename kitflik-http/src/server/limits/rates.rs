//! How many requests, per address and of all together.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::Method;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota};

/// Requests after which what is known of quiet addresses is forgotten.
const SWEEP: u32 = 1 << 14;

/// A rate: so many a second on the average, and so many at once after a quiet time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    per_second: NonZeroU32,
    burst: NonZeroU32,
}

impl Rate {
    const fn new(per_second: u32, burst: u32) -> Self {
        const fn at_least_one(number: u32) -> NonZeroU32 {
            match NonZeroU32::new(number) {
                Some(number) => number,
                None => NonZeroU32::MIN,
            }
        }
        Self { per_second: at_least_one(per_second), burst: at_least_one(burst) }
    }

    fn quota(self) -> Quota {
        Quota::per_second(self.per_second).allow_burst(self.burst)
    }
}

impl FromStr for Rate {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (per_second, burst) = text.split_once('/').ok_or(())?;
        let number = |text: &str| text.trim().parse().map_err(|_| ());
        Ok(Self { per_second: number(per_second)?, burst: number(burst)? })
    }
}

/// The rates of a kind of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) per_address: Rate,
    pub(crate) in_all: Rate,
}

/// All rates. The defaults are made for the night on which 5,000 people want the same seats, hundreds of them behind
/// one address of a mobile network: an open plan asks every three seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateSettings {
    /// Requests of every kind.
    pub(crate) requests: Pair,
    /// Customers' log-ins, registrations, refreshes.
    pub(crate) log_ins: Pair,
    /// The same of staff.
    pub(crate) staff_log_ins: Pair,
}

impl Default for RateSettings {
    fn default() -> Self {
        Self {
            requests: Pair { per_address: Rate::new(200, 2000), in_all: Rate::new(10_000, 40_000) },
            log_ins: Pair { per_address: Rate::new(5, 100), in_all: Rate::new(100, 2000) },
            staff_log_ins: Pair { per_address: Rate::new(1, 30), in_all: Rate::new(20, 200) },
        }
    }
}

/// What a request asks for, as far as it has a rate of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    LogIn,
    StaffLogIn,
}

impl Kind {
    /// Routes are found by the very text of a path, so this is too.
    pub(super) fn of(method: &Method, path: &str) -> Self {
        if method.is_safe() && path.ends_with("/auth/session") {
            // Pages ask how their session stands whenever they are opened, and nothing can be guessed by that.
            Self::Any
        } else if path.starts_with("/v1/admin/auth/") {
            Self::StaffLogIn
        } else if path.starts_with("/v1/auth/") || path.starts_with("/v1/me/password") {
            Self::LogIn
        } else {
            Self::Any
        }
    }
}

/// Too many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused {
    pub(super) wait: Duration,
    pub(super) by_address: bool,
}

#[derive(Debug)]
struct Gate {
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    in_all: DefaultDirectRateLimiter,
    seen: AtomicU32,
}

impl Gate {
    fn new(pair: Pair) -> Self {
        Self {
            by_address: DefaultKeyedRateLimiter::keyed(pair.per_address.quota()),
            in_all: DefaultDirectRateLimiter::direct(pair.in_all.quota()),
            seen: AtomicU32::new(0),
        }
    }

    /// The address first: one who asks too much must not use up what all have together.
    fn admit(&self, client: Option<IpAddr>) -> Result<(), Refused> {
        if self.seen.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.by_address.retain_recent();
        }
        let now = || DefaultClock::default().now();
        if let Some(client) = client {
            let refused = self.by_address.check_key(&neighbourhood(client));
            refused.map_err(|until| Refused { wait: until.wait_time_from(now()), by_address: true })?;
        }
        let refused = self.in_all.check();
        refused.map_err(|until| Refused { wait: until.wait_time_from(now()), by_address: false })
    }
}

/// Whoever has one IPv6 address has all 2^64 of its network.
pub(crate) fn neighbourhood(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address @ IpAddr::V4(_) => address,
    }
}

#[derive(Debug)]
pub(super) struct Rates {
    any: Gate,
    log_ins: Gate,
    staff_log_ins: Gate,
}

impl Rates {
    pub(super) fn new(settings: &RateSettings) -> Self {
        Self {
            any: Gate::new(settings.requests),
            log_ins: Gate::new(settings.log_ins),
            staff_log_ins: Gate::new(settings.staff_log_ins),
        }
    }

    pub(super) fn admit(&self, kind: Kind, client: Option<IpAddr>) -> Result<(), Refused> {
        self.any.admit(client)?;
        match kind {
            Kind::Any => Ok(()),
            Kind::LogIn => self.log_ins.admit(client),
            Kind::StaffLogIn => self.staff_log_ins.admit(client),
        }
    }
}
