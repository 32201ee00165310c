//! Whoever guesses waits, longer each time: per account, and per address that guesses come from. Addresses without an
//! account are counted like those that have one, so that the answers do not tell them apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;

use super::UserError;
use super::email::normal_email;
use crate::error::EngineError;
use crate::kitflik::Engine;
use crate::ports::storage::Durability;
use crate::store::keys::{self, Typed};
use crate::store::records::{Form, Tries};
use crate::store::tx::Loaded;
use crate::time::Timestamp;

/// What fails: the failures of one do not slow down the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Log-ins of customers.
    LogIn,
    /// Log-ins of staff.
    StaffLogIn,
    /// Codes that came by mail.
    Code,
    /// Requests for such a mail; each counts as a failure.
    Mail,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::LogIn => "log-in",
            Self::StaffLogIn => "staff-log-in",
            Self::Code => "code",
            Self::Mail => "mail",
        }
    }
}

/// Failures of an account before anybody waits.
const FREE: u32 = 5;
/// Failures from one address before anybody there waits: many people share one.
const FREE_PER_ADDRESS: u32 = 100;
/// A crowd behind one address mistypes all day: it is forgiven a failure every so often.
const FORGIVEN: Duration = Duration::from_secs(2);
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// After so long without a failure all is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

impl Tries {
    pub(crate) fn is_old(&self, now: Timestamp) -> bool {
        now.since(self.last_at) >= FORGOTTEN
    }

    /// How long to wait yet. A clock that was set back makes nobody wait longer than the longest wait.
    fn wait(&self, free: u32, now: Timestamp) -> Option<Duration> {
        let over = self.failures.checked_sub(free)?;
        let wait = FIRST_WAIT.saturating_mul(1 << over.min(16)).min(LONGEST_WAIT);
        let left = self.last_at.plus(wait).since(now).min(LONGEST_WAIT);
        (!left.is_zero()).then_some(left)
    }

    /// As the failures of an address count by now.
    fn forgiven(self, now: Timestamp) -> Self {
        let times = u32::try_from(now.since(self.last_at).as_secs() / FORGIVEN.as_secs()).unwrap_or(u32::MAX);
        Self { failures: self.failures.saturating_sub(times), ..self }
    }

    /// How long everybody at an address waits yet.
    fn address_wait(self, now: Timestamp) -> Option<Duration> {
        if self.is_old(now) { None } else { self.forgiven(now).wait(FREE_PER_ADDRESS, now) }
    }

    /// How long an account waits yet.
    pub(super) fn account_wait(&self, now: Timestamp) -> Option<Duration> {
        if self.is_old(now) { None } else { self.wait(FREE, now) }
    }

    /// With one failure more.
    pub(super) fn more(before: Option<Self>, now: Timestamp, mark: [u8; 4]) -> Self {
        let failures = before.filter(|tries| !tries.is_old(now)).map_or(0, |tries| tries.failures);
        Self { v: Form, failures: failures.saturating_add(1), last_at: now, mark: u32::from_le_bytes(mark) }
    }
}

/// One attempt, between the question whether it may be made and the news of how it went.
#[derive(Debug)]
#[must_use]
pub(crate) struct Attempt {
    account: Typed<Tries>,
    address: Option<Typed<Tries>>,
    /// The attempt stands in the account's row already.
    counted: bool,
}

/// What is kept of an address that a host tells: IPv4 without its last byte, IPv6 without all but its first six.
pub(super) fn coarse_address(address: Option<&str>) -> Option<String> {
    match parsed(address)? {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            Some(format!("{}/24", Ipv4Addr::new(a, b, c, 0)))
        }
        IpAddr::V6(v6) => Some(format!("{}/48", site(v6))),
    }
}

fn site(address: Ipv6Addr) -> Ipv6Addr {
    let [a, b, c, ..] = address.segments();
    Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)
}

fn parsed(address: Option<&str>) -> Option<IpAddr> {
    address?.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

impl Engine {
    /// The row in which failures of an account are counted.
    pub(super) fn tries_of(&self, scope: Scope, email: &str) -> Typed<Tries> {
        keys::tries(scope.name(), &normal_email(email))
    }

    /// One site with IPv6 has more addresses than could be counted. Keyed, because there are few addresses of IPv4.
    fn tries_from(&self, scope: Scope, address: Option<&str>) -> Option<Typed<Tries>> {
        let address = match parsed(address)? {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => site(v6).octets().to_vec(),
        };
        let mac = self.keys.current().account_secret("address", &[&address]);
        Some(keys::tries(scope.name(), &BASE64URL_NOPAD.encode(&mac)))
    }

    /// Asks whether an attempt may be made. Tell [`Engine::tried`] how it went.
    ///
    /// After a failure each further attempt at the account is counted before it is made, under a check: a race of
    /// guesses is as slow as one after the other.
    pub(super) async fn may_try(
        &self,
        scope: Scope,
        email: &str,
        address: Option<&str>,
    ) -> Result<Attempt, UserError> {
        let account = self.tries_of(scope, email);
        let address = self.tries_from(scope, address);
        let mut tx = self.begin();
        loop {
            let wanted = [Some(&account), address.as_ref()].into_iter().flatten();
            let wanted = wanted.map(|typed| typed.key.clone()).collect();
            let Loaded::Fresh = tx.load::<()>(Durability::Relaxed, wanted).await? else { continue };
            let now = tx.now();
            let known = tx.get(&account)?.filter(|tries| !tries.is_old(now));
            let there = match &address {
                Some(address) => {
                    tx.uncheck(address);
                    tx.get(address)?
                }
                None => None,
            };
            let waits = [
                known.as_ref().and_then(|tries| tries.wait(FREE, now)),
                there.and_then(|tries| tries.address_wait(now)),
            ];
            if let Some(retry_after) = waits.into_iter().flatten().max() {
                return Err(UserError::TooManyAttempts { retry_after });
            }
            if known.is_none() {
                return Ok(Attempt { account, address, counted: false });
            }
            tx.put(&account, &Tries::more(known, now, self.random()))?;
            if tx.commit(Durability::Relaxed, &()).await?.is_some() {
                return Ok(Attempt { account, address, counted: true });
            }
        }
    }

    /// Tells how an attempt went. A success forgets the account's failures, not those of the address: with one account
    /// of their own, guessers could go on for ever.
    pub(super) async fn tried(&self, attempt: Attempt, right: bool) -> Result<(), UserError> {
        let Attempt { account, address, counted } = attempt;
        if right {
            return self.count(&account, |_, _| None).await;
        }
        if let Some(address) = &address {
            self.count_there(address).await?;
        }
        let more = |before, now| Some(Tries::more(before, now, self.random()));
        if counted { Ok(()) } else { self.count(&account, more).await }
    }

    /// As [`Engine::may_try`], for verbs that count the account's attempts in a batch of their own.
    pub(super) async fn may_try_from(&self, scope: Scope, address: Option<&str>) -> Result<(), UserError> {
        let Some(row) = self.tries_from(scope, address) else { return Ok(()) };
        let (found, now) = (self.get(&row).await?, self.now());
        found
            .and_then(|tries| tries.address_wait(now))
            .map_or(Ok(()), |retry_after| Err(UserError::TooManyAttempts { retry_after }))
    }

    /// Counts a failure from an address, for the same.
    pub(super) async fn failed_from(&self, scope: Scope, address: Option<&str>) -> Result<(), UserError> {
        match self.tries_from(scope, address) {
            Some(row) => self.count_there(&row).await,
            None => Ok(()),
        }
    }

    /// Counts a failure of an address.
    async fn count_there(&self, row: &Typed<Tries>) -> Result<(), UserError> {
        let more = |before: Option<Tries>, now| {
            Some(Tries::more(before.map(|tries| tries.forgiven(now)), now, self.random()))
        };
        self.count(row, more).await
    }

    async fn count(
        &self,
        row: &Typed<Tries>,
        next: impl Fn(Option<Tries>, Timestamp) -> Option<Tries> + Send + Sync,
    ) -> Result<(), UserError> {
        let mut tx = self.begin();
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Relaxed, vec![row.key.clone()]).await? else {
                continue;
            };
            let before = tx.get(row)?;
            match next(before.clone(), tx.now()) {
                Some(tries) => tx.put(row, &tries)?,
                None if before.is_none() => return Ok(()),
                None => tx.delete(row),
            }
            match tx.commit(Durability::Relaxed, &()).await {
                Ok(None) => {}
                // Each race that was lost is somebody else's attempt that was counted.
                Ok(Some(_)) | Err(EngineError::Contended) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let now = Timestamp::from_millis(1_000_000);
        let wait = |failures| {
            Tries { v: Form, failures, last_at: now, mark: 0 }.wait(FREE, now).map(|w| w.as_secs())
        };
        assert_eq!([0, 4, 5, 6, 7, 14].map(wait), [None, None, Some(1), Some(2), Some(4), Some(512)]);
        assert_eq!([15, 16, 1_000, u32::MAX].map(wait), [Some(900); 4]);
        let five = Tries { v: Form, failures: 5, last_at: now, mark: 0 };
        assert_eq!(five.wait(FREE, now.plus(FIRST_WAIT)), None);
        assert_eq!(five.wait(FREE, now.minus(FORGOTTEN)), Some(LONGEST_WAIT));
        let later = now.plus(FORGOTTEN);
        assert_eq!(Tries::more(Some(five.clone()), now, [0; 4]).failures, 6);
        assert_eq!(Tries::more(Some(five), later, [0; 4]).failures, 1);
    }

    #[test]
    fn of_an_address_only_the_site_is_kept() {
        let coarse = |text| coarse_address(Some(text));
        assert_eq!(coarse("203.0.113.77").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(coarse("::ffff:203.0.113.77").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(coarse("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(coarse("somewhere"), None);
        assert_eq!(coarse_address(None), None);
    }
}
