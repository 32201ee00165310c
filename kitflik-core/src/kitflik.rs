//! The facade: what a host touches.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::bookings::maps::SeatMaps;
use crate::bookings::{Bookings, CancellationTier, LateMoney};
use crate::catalog::Catalog;
use crate::catalog::cache::CatalogCache;
use crate::ids::{BookingId, ShowId};
use crate::jobs::{JobSchedule, Jobs};
use crate::keyring::{KeyRing, MasterKey};
use crate::notify::{MailTemplates, Notify};
use crate::ports::mailer::Mailer;
use crate::ports::password::{Argon2id, PasswordHasher};
use crate::ports::payments::Payments;
use crate::ports::storage::{Durability, Key, Storage};
use crate::ports::system::{Clock, Entropy};
use crate::reports::Reports;
use crate::store::decoded::Decoded;
use crate::store::keys;
use crate::store::records::{Form, MasterKeyMark, PriceCard, Show};
use crate::store::tx::{Loaded, Mutant};
use crate::time::{Timestamp, Zone};
use crate::users::{AccessTokens, JsonWebKeySet, Staff, TokenAlgorithm, Users};

/// What a house decides.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// How long a hold lives: 10 minutes.
    pub hold: Duration,
    /// How long extensions may stretch it, from its making: 30 minutes.
    pub hold_at_most: Duration,
    /// How long after its end a hold is left alone, so that skewed clocks do not take seats early: 2 seconds.
    pub takeover_grace: Duration,
    /// How long after its end a hold that nobody took may still be confirmed: 30 seconds.
    pub late_confirm_grace: Duration,
    /// Bookings may be confirmed to be paid at the box office: yes.
    pub pay_at_counter: bool,
    /// What becomes of money that arrives once its hold has run out: the seats are taken again if they are all free,
    /// else it goes back.
    pub late_money: LateMoney,
    /// How long a booking keeps its seats while its payment is not decided, from the asking: 30 minutes. Money that
    /// comes later is late.
    pub pending_hold: Duration,
    /// How long before a show starts its bookings can be cancelled by whoever owns them, at the latest: until it
    /// starts. `None`: only staff cancel bookings.
    pub cancel_before: Option<Duration>,
    /// How much of its price a ticket that is taken back gives back, by the time to the start: the best tier that is
    /// not over holds, and after the last of them nothing comes back. Without tiers all of it does, whenever a booking
    /// is cancelled. Staff may decide otherwise.
    pub cancellation: Vec<CancellationTier>,
    /// Fees come back as prices do: yes. Otherwise the house keeps them, unless the house cancels the show.
    pub fees_refundable: bool,
    /// How long an auditorium is taken before the movie, where a show does not say: 15 minutes. Whole minutes count.
    pub trailers: Duration,
    /// How long it is taken after the movie, where a show does not say: 15 minutes.
    pub turnaround: Duration,
    /// How long access tokens are valid: 15 minutes.
    pub access_token: Duration,
    /// How long refresh tokens are valid: 30 days.
    pub refresh_token: Duration,
    /// How long staff's access tokens are valid: 10 minutes.
    pub staff_access_token: Duration,
    /// How long staff's refresh tokens are valid: 12 hours.
    pub staff_refresh_token: Duration,
    /// How access tokens are signed: HS256.
    pub token_algorithm: TokenAlgorithm,
    /// Who signs access tokens, as they say it (`iss`): `kitflik`. Tokens of another are refused.
    pub token_issuer: String,
    /// How old a cached view may be when another process writes to the same store: 1 second. `None`: this is the only
    /// process, and its views are as new as its writes.
    pub view_max_age: Option<Duration>,
    /// The name under which mails and tickets go out.
    pub house_name: String,
    /// Where the house's pages are, such as `https://tickets.example.org`: what links in mails begin with. `None`:
    /// mails have no links, only codes.
    pub public_url: Option<String>,
    /// The language of mails to those who have not chosen one that there are mails in: `en`.
    pub default_locale: String,
    /// The clocks that the house lives by, for schedules that name no zone. `None`: those of its first venue.
    pub zone: Option<Zone>,
    /// When customers who want to hear of offers are told which films are new: Fridays at 12:00. `None`: never.
    pub new_releases: Option<JobSchedule>,
    /// How long before a show its ticket holders are reminded of it: 3 hours. `None`: they are not.
    pub reminder_before: Option<Duration>,
    /// When admins and managers are told how full last week's shows were: Mondays at 8:00. `None`: never.
    pub occupancy_report: Option<JobSchedule>,
}

impl Default for Policy {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        Self {
            hold: minutes(10),
            hold_at_most: minutes(30),
            takeover_grace: Duration::from_secs(2),
            late_confirm_grace: Duration::from_secs(30),
            pay_at_counter: true,
            late_money: LateMoney::default(),
            pending_hold: minutes(30),
            cancel_before: Some(Duration::ZERO),
            cancellation: Vec::new(),
            fees_refundable: true,
            trailers: minutes(15),
            turnaround: minutes(15),
            access_token: minutes(15),
            refresh_token: minutes(30 * 24 * 60),
            staff_access_token: minutes(10),
            staff_refresh_token: minutes(12 * 60),
            token_algorithm: TokenAlgorithm::Hs256,
            token_issuer: "kitflik".to_owned(),
            view_max_age: Some(Duration::from_secs(1)),
            house_name: "KitFlik".to_owned(),
            public_url: None,
            default_locale: "en".to_owned(),
            zone: None,
            new_releases: "0 0 12 * * FRI".parse().ok(),
            reminder_before: Some(minutes(3 * 60)),
            occupancy_report: "0 0 8 * * MON".parse().ok(),
        }
    }
}

/// The engine. Cheap to clone: clones share everything.
#[derive(Clone)]
pub struct Kitflik {
    engine: Arc<Engine>,
}

impl fmt::Debug for Kitflik {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kitflik").finish_non_exhaustive()
    }
}

/// What every verb works with.
pub(crate) struct Engine {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) hasher: Arc<dyn PasswordHasher>,
    pub(crate) mailer: Option<Arc<dyn Mailer>>,
    pub(crate) templates: MailTemplates,
    pub(crate) payments: BTreeMap<String, Arc<dyn Payments>>,
    pub(crate) keys: KeyRing,
    pub(crate) access: AccessTokens,
    pub(crate) policy: Policy,
    pub(crate) maps: SeatMaps,
    pub(crate) catalog: CatalogCache,
    pub(crate) shows: Decoded<Show>,
    pub(crate) price_cards: Decoded<PriceCard>,
    pub(crate) mutant: Option<Mutant>,
    /// Until when the mail server is left alone, as the mailer has said.
    pub(crate) mail_rests: Mutex<Option<Timestamp>>,
    /// How far the sweeps for old rows have come.
    pub(crate) swept: Mutex<[Option<Key>; 10]>,
    /// The report that mails of this tick tell, and of which time it is.
    pub(crate) report: Mutex<Option<(Timestamp, Timestamp, minijinja::Value)>>,
    /// Accounts that a job goes through in one commit.
    pub(crate) job_page: u32,
    /// Shows whose holders have been reminded of this start: they need not be looked at again.
    pub(crate) reminded: Mutex<BTreeMap<ShowId, Timestamp>>,
}

impl Engine {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }
}

/// Puts an engine together. From [`Kitflik::builder`].
#[must_use]
pub struct Builder {
    storage: Arc<dyn Storage>,
    master_key: MasterKey,
    accepted_keys: Vec<MasterKey>,
    clock: Option<Arc<dyn Clock>>,
    entropy: Option<Arc<dyn Entropy>>,
    hasher: Arc<dyn PasswordHasher>,
    mailer: Option<Arc<dyn Mailer>>,
    templates: MailTemplates,
    payments: BTreeMap<String, Arc<dyn Payments>>,
    policy: Policy,
    job_page: u32,
    mutant: Option<Mutant>,
}

/// What an engine cannot do without.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the engine needs {what}: give one to the builder, or build with the feature `system`")]
pub struct MissingPort {
    what: &'static str,
}

impl Builder {
    /// The clock; the operating system's if the feature `system` is on.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Other master keys, former ones or the next one: what is new is not signed with them, and what they have signed
    /// is accepted. None if not given.
    pub fn accepted_keys(mut self, keys: Vec<MasterKey>) -> Self {
        self.accepted_keys = keys;
        self
    }

    /// The randomness; the operating system's if the feature `system` is on.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = Some(entropy);
        self
    }

    /// Hashes passwords; [`Argon2id`] on the calling thread if not given.
    pub fn password_hasher(mut self, hasher: Arc<dyn PasswordHasher>) -> Self {
        self.hasher = hasher;
        self
    }

    /// Sends mail. Without one, mail waits in the store.
    pub fn mailer(mut self, mailer: Arc<dyn Mailer>) -> Self {
        self.mailer = Some(mailer);
        self
    }

    /// What mails say; those templates that come with KitFlik if not given.
    pub fn mail_templates(mut self, templates: MailTemplates) -> Self {
        self.templates = templates;
        self
    }

    /// A payment provider and the name that customers choose it by.
    pub fn payments(mut self, name: impl Into<String>, provider: Arc<dyn Payments>) -> Self {
        self.payments.insert(name.into(), provider);
        self
    }

    /// What the house decides.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Breaks the engine in a named way, as the proof that the simulation sees it.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn mutant(mut self, mutant: Mutant) -> Self {
        self.mutant = Some(mutant);
        self
    }

    /// Accounts that a job goes through in one commit: in a simulation there are few.
    #[cfg(feature = "testing")]
    pub(crate) fn job_page(mut self, accounts: u32) -> Self {
        self.job_page = accounts;
        self
    }

    /// The engine.
    ///
    /// # Errors
    /// [`MissingPort`] if there is no clock or randomness.
    pub fn build(self) -> Result<Kitflik, MissingPort> {
        #[cfg(not(feature = "jwt-rust-crypto"))]
        crate::users::jws::install();
        #[cfg(feature = "system")]
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (
            self.clock.unwrap_or_else(|| Arc::new(crate::SystemClock)),
            self.entropy.unwrap_or_else(|| Arc::new(crate::OsEntropy::default())),
        );
        #[cfg(not(feature = "system"))]
        let (clock, entropy) = (
            self.clock.ok_or(MissingPort { what: "a clock" })?,
            self.entropy.ok_or(MissingPort { what: "a source of randomness" })?,
        );
        let keys = KeyRing::new(&self.master_key, &self.accepted_keys);
        let access = AccessTokens::new(&keys, &self.policy.token_issuer, self.policy.token_algorithm);
        let engine = Engine {
            storage: self.storage,
            clock,
            entropy,
            hasher: self.hasher,
            mailer: self.mailer,
            templates: self.templates,
            payments: self.payments,
            keys,
            access,
            policy: self.policy,
            maps: SeatMaps::default(),
            catalog: CatalogCache::default(),
            shows: Decoded::default(),
            price_cards: Decoded::default(),
            mutant: self.mutant,
            mail_rests: Mutex::default(),
            swept: Mutex::default(),
            report: Mutex::default(),
            job_page: self.job_page,
            reminded: Mutex::default(),
        };
        Ok(Kitflik { engine: Arc::new(engine) })
    }
}

impl Kitflik {
    /// Starts to put an engine together. Every key that it signs with is derived from the master key.
    pub fn builder(storage: Arc<dyn Storage>, master_key: MasterKey) -> Builder {
        Builder {
            storage,
            master_key,
            accepted_keys: Vec::new(),
            clock: None,
            entropy: None,
            hasher: Arc::new(Argon2id::default()),
            mailer: None,
            templates: MailTemplates::default(),
            payments: BTreeMap::new(),
            policy: Policy::default(),
            job_page: crate::jobs::PAGE,
            mutant: None,
        }
    }

    /// For simulations, which look at what is stored.
    #[cfg(feature = "testing")]
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Seats and bookings.
    #[must_use]
    pub fn bookings(&self) -> Bookings<'_> {
        Bookings { engine: &self.engine }
    }

    /// Movies, venues, auditoriums, prices and shows.
    #[must_use]
    pub fn catalog(&self) -> Catalog<'_> {
        Catalog { engine: &self.engine }
    }

    /// Customers' accounts.
    #[must_use]
    pub fn users(&self) -> Users<'_> {
        Users { engine: &self.engine }
    }

    /// Staff's accounts.
    #[must_use]
    pub fn staff(&self) -> Staff<'_> {
        Staff { engine: &self.engine }
    }

    /// What the house wants to know.
    #[must_use]
    pub fn reports(&self) -> Reports<'_> {
        Reports { engine: &self.engine }
    }

    /// Mail.
    #[must_use]
    pub fn notify(&self) -> Notify<'_> {
        Notify { engine: &self.engine }
    }

    /// What the house does by itself, by the clock.
    #[must_use]
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs { engine: &self.engine }
    }

    /// The current time by the engine's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// The name of the house: [`Policy::house_name`].
    #[must_use]
    pub fn house_name(&self) -> &str {
        &self.engine.policy.house_name
    }

    /// Whether this engine has the master key that the store was last opened with, as its current one or as an accepted
    /// one. The first engine over a store leaves a mark of its key, from which the key cannot be told; after a rotation
    /// the mark becomes the new key's. Hosts ask once, before they let anybody in: without that key no ticket, session
    /// or booking token that was given out would be valid.
    ///
    /// # Errors
    /// [`EngineError`](crate::EngineError) if the storage does not answer.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn has_the_key(&self) -> Result<bool, crate::EngineError> {
        let (key, ring) = (keys::master_key(), &self.engine.keys);
        let mark = ring.current().mark();
        let mut tx = self.engine.begin();
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
                continue;
            };
            match tx.get(&key)? {
                Some(found) if found.mark == mark => return Ok(true),
                Some(found) if !ring.any(|keys| keys.mark() == found.mark) => return Ok(false),
                _ => {}
            }
            tx.put(&key, &MasterKeyMark { v: Form, mark: mark.clone() })?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(true);
            }
        }
    }

    /// The names of the payment providers that a booking can be confirmed with.
    #[must_use]
    pub fn payment_providers(&self) -> Vec<String> {
        let counter = self.engine.policy.pay_at_counter.then(|| crate::bookings::COUNTER.to_owned());
        counter.into_iter().chain(self.engine.payments.keys().cloned()).collect()
    }

    /// The token that proves that a guest's booking is theirs. Only for the system: a host that moves bookings between
    /// devices.
    #[must_use]
    pub fn booking_token(&self, booking: BookingId) -> String {
        self.engine.keys.current().booking_token(booking)
    }

    /// The public half of the key that tickets are signed with: what a scanner at the door needs.
    #[must_use]
    pub fn ticket_key(&self) -> crate::TicketKey {
        self.engine.keys.current().tickets().public_key()
    }

    /// The public halves of all keys whose tickets are accepted, the current one first: what a scanner needs that
    /// outlives a rotation.
    #[must_use]
    pub fn ticket_keys(&self) -> crate::TicketKeys {
        self.engine.ticket_keys()
    }

    /// The public halves of all keys that customers' access tokens are accepted with, the one that signs first; none
    /// with [`TokenAlgorithm::Hs256`].
    #[must_use]
    pub fn token_keys(&self) -> JsonWebKeySet {
        self.engine.access.public_keys()
    }

    /// Does all background work that is due, in bounded steps: sends mail, finds out what became of payments in flight,
    /// tells holders of moved shows, undoes bookings of cancelled ones, runs the [`Jobs`] that are due, goes on with
    /// accounts that are being deleted, forgets what is old. Returns when it wants to be called again; `None` if
    /// nothing waits.
    ///
    /// Correctness never waits for it, and several engines over one store may call it at once.
    ///
    /// # Errors
    /// [`EngineError`](crate::EngineError) if the storage does not answer; call again later.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn tick(&self) -> Result<Option<Timestamp>, crate::EngineError> {
        // Jobs first, so that what they promise goes out at once. Money does not wait for mail servers. What is wrong
        // with one part keeps no other waiting: it is told at the end.
        let parts = [
            self.jobs().run_due().await,
            self.bookings().recover_payments().await,
            self.catalog().undo_cancelled().await,
            self.notify().send_due().await,
            self.catalog().thaw_forgotten().await,
            self.catalog().tell_moved().await,
            self.users().finish_deletions().await,
            self.notify().forget_old().await,
        ];
        let next = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(next.into_iter().flatten().min())
    }
}
