//! A house: the engine, opened with what the host plugs in.

use std::sync::Arc;
use std::time::Duration;

use kitflik_core::{
    BookingId, CancellationTier, Clock, JobKind, KitflikError, LateMoney, MailTemplates, Mailer, MasterKey,
    Payments, Policy, SledStorage, Storage, Timestamp, TokenAlgorithm, Zone,
};

use crate::bookings::Bookings;
use crate::catalog::Catalog;
use crate::door::{Door, memory_storage};
use crate::guard::{guard, guarded};
use crate::hasher::ThreadHasher;
use crate::jobs::Jobs;
use crate::mail::{Mail, MailTemplate};
use crate::reports::Reports;
use crate::staff::StaffAccounts;
use crate::users::Users;

/// Where a house keeps what it knows.
#[derive(Clone, uniffi::Enum)]
pub enum Store {
    /// In memory: gone when the house is.
    Memory,
    /// In a directory of this device, crash-safe, for one process at a time. Opening it blocks, by up to a second for a
    /// large store.
    Sled {
        /// The directory; it is made if it is not there.
        directory: String,
    },
    /// In a storage that the host has written. The conformance suite certifies it.
    Custom {
        /// The storage.
        storage: Arc<dyn Storage>,
    },
}

/// A payment provider, under the name that customers choose it by.
#[derive(Clone, uniffi::Record)]
pub struct PaymentProvider {
    /// The name, such as `card`.
    pub name: String,
    /// What takes the money.
    pub payments: Arc<dyn Payments>,
}

/// What a house decides. What is absent is as the engine has it.
#[derive(Debug, Clone, Default, uniffi::Record)]
pub struct HousePolicy {
    /// How long a hold lives: 10 minutes.
    #[uniffi(default)]
    pub hold: Option<Duration>,
    /// How long extensions may stretch it, from its making: 30 minutes.
    #[uniffi(default)]
    pub hold_at_most: Option<Duration>,
    /// How long after its end a hold is left alone, so that skewed clocks do not take seats early: 2 seconds.
    #[uniffi(default)]
    pub takeover_grace: Option<Duration>,
    /// How long after its end a hold that nobody took may still be confirmed: 30 seconds.
    #[uniffi(default)]
    pub late_confirm_grace: Option<Duration>,
    /// Bookings may be confirmed to be paid at the box office: yes.
    #[uniffi(default)]
    pub pay_at_counter: Option<bool>,
    /// What becomes of money that arrives once its hold has run out: its seats are taken again, or it goes back.
    #[uniffi(default)]
    pub late_money: Option<LateMoney>,
    /// How long a booking keeps its seats while its payment is not decided: 30 minutes.
    #[uniffi(default)]
    pub pending_hold: Option<Duration>,
    /// Whoever owns a booking may cancel it themselves: yes. Otherwise only staff may.
    #[uniffi(default)]
    pub owners_cancel: Option<bool>,
    /// How long before a show starts they may do so, at the latest: until it starts.
    #[uniffi(default)]
    pub cancel_before: Option<Duration>,
    /// How much comes back, by the time to the start: the best tier that is not over. Without tiers, all of it.
    #[uniffi(default)]
    pub cancellation: Option<Vec<CancellationTier>>,
    /// Fees come back as prices do: yes.
    #[uniffi(default)]
    pub fees_refundable: Option<bool>,
    /// How long access tokens are valid: 15 minutes.
    #[uniffi(default)]
    pub access_token: Option<Duration>,
    /// How long refresh tokens are valid: 30 days.
    #[uniffi(default)]
    pub refresh_token: Option<Duration>,
    /// How long staff's access tokens are valid: 10 minutes.
    #[uniffi(default)]
    pub staff_access_token: Option<Duration>,
    /// How long staff's refresh tokens are valid: 12 hours.
    #[uniffi(default)]
    pub staff_refresh_token: Option<Duration>,
    /// How access tokens are signed: HS256. With EdDSA, others can verify them with [`Kitflik::token_keys`].
    #[uniffi(default)]
    pub token_algorithm: Option<TokenAlgorithm>,
    /// Who signs access tokens, as they say it (`iss`): `kitflik`. Tokens of another are refused.
    #[uniffi(default)]
    pub token_issuer: Option<String>,
    /// Where the house's pages are, such as `https://tickets.example.org`: what links in mails begin with. Without it
    /// mails have no links, only codes.
    #[uniffi(default)]
    pub public_url: Option<String>,
    /// The language of mails to those who have not chosen one that there are mails in: `en`.
    #[uniffi(default)]
    pub default_locale: Option<String>,
    /// How old a cached view may be, because another process writes to the same storage: 1 second with a storage of the
    /// host's. The built-in ones have one process, whose views are as new as its writes.
    #[uniffi(default)]
    pub view_max_age: Option<Duration>,
    /// The clocks that the house lives by: those of its first venue.
    #[uniffi(default)]
    pub zone: Option<Zone>,
    /// When customers who want to hear of offers are told which films are new: `0 0 12 * * FRI`, with seconds, and a
    /// zone if it is not the house's; or `off`.
    #[uniffi(default)]
    pub new_releases: Option<String>,
    /// How long before a show its ticket holders are reminded of it: `3h`; or `off`.
    #[uniffi(default)]
    pub show_reminders: Option<String>,
    /// When admins and managers are told how full last week's shows were: `0 0 8 * * MON`; or `off`.
    #[uniffi(default)]
    pub occupancy_report: Option<String>,
}

impl HousePolicy {
    fn apply(self, house_name: Option<String>, shared: bool) -> Result<Policy, KitflikError> {
        let mut policy = Policy::default();
        macro_rules! take {
            ($($field:ident)*) => { $(policy.$field = self.$field.unwrap_or(policy.$field);)* };
        }
        take! {
            access_token cancellation default_locale fees_refundable hold hold_at_most late_confirm_grace
            late_money pay_at_counter pending_hold refresh_token staff_access_token staff_refresh_token
            takeover_grace token_algorithm token_issuer
        }
        for (name, time) in [
            ("hold", policy.hold),
            ("hold_at_most", policy.hold_at_most),
            ("access_token", policy.access_token),
            ("refresh_token", policy.refresh_token),
            ("staff_access_token", policy.staff_access_token),
            ("staff_refresh_token", policy.staff_refresh_token),
        ] {
            if time < Duration::from_secs(1) {
                let detail = format!("{name} is {} s, allowed is 1 s and more", time.as_secs_f32());
                return Err(KitflikError::invalid(detail));
            }
        }
        policy.cancel_before = match self.owners_cancel {
            Some(false) => None,
            _ => self.cancel_before.or(policy.cancel_before),
        };
        policy.public_url = self.public_url;
        policy.view_max_age = self.view_max_age.or(policy.view_max_age.filter(|_| shared));
        policy.house_name = house_name.unwrap_or(policy.house_name);
        policy.zone = self.zone;
        for (job, text) in [
            (JobKind::NewReleases, self.new_releases),
            (JobKind::ShowReminders, self.show_reminders),
            (JobKind::OccupancyReport, self.occupancy_report),
        ] {
            if let Some(text) = text {
                policy.set_job(job, &text).map_err(KitflikError::invalid)?;
            }
        }
        Ok(policy)
    }
}

/// 32 random bytes, made once and kept safe.
#[derive(Clone, uniffi::Enum)]
pub enum HouseKey {
    /// As they are.
    Bytes {
        /// The 32 bytes.
        bytes: Vec<u8>,
    },
    /// As text.
    Hex {
        /// 64 hexadecimal digits.
        digits: String,
    },
}

impl HouseKey {
    fn open(self) -> Result<MasterKey, KitflikError> {
        match self {
            Self::Hex { digits } => MasterKey::from_hex(&digits).map_err(KitflikError::invalid),
            Self::Bytes { bytes } => bytes.try_into().map(MasterKey::new).map_err(|bytes: Vec<u8>| {
                KitflikError::invalid(format!("a master key has 32 bytes, this one has {}", bytes.len()))
            }),
        }
    }
}

/// How a house is opened.
#[derive(Clone, uniffi::Record)]
pub struct KitflikOptions {
    /// Where it keeps what it knows.
    pub store: Store,
    /// What every key that the house signs with is derived from.
    pub master_key: HouseKey,
    /// Other master keys, former ones or the next one: what is new is not signed with them, and what they have signed
    /// is accepted.
    #[uniffi(default)]
    pub accepted_keys: Vec<HouseKey>,
    /// The name under which mails and tickets go out.
    #[uniffi(default)]
    pub house_name: Option<String>,
    /// Sends mail. Without one, mail waits in the store.
    #[uniffi(default)]
    pub mailer: Option<Arc<dyn Mailer>>,
    /// The house's own templates of mails, over those that come with KitFlik.
    #[uniffi(default)]
    pub mail_templates: Vec<MailTemplate>,
    /// Payment providers.
    #[uniffi(default)]
    pub payments: Vec<PaymentProvider>,
    /// The clock; the device's if absent.
    #[uniffi(default)]
    pub clock: Option<Arc<dyn Clock>>,
    /// What the house decides.
    #[uniffi(default)]
    pub policy: Option<HousePolicy>,
}

/// A house: the engine in this process. Its parts share it, and any thread may call them.
#[derive(uniffi::Object)]
pub struct Kitflik {
    engine: kitflik_core::Kitflik,
    door: Arc<Door>,
}

#[uniffi::export]
impl Kitflik {
    /// Opens a house.
    ///
    /// # Errors
    /// `Invalid` for a master key that is not 32 bytes, a schedule that cannot be read, a template of a mail that
    /// cannot be used, or a provider's name that is empty or there twice; `Retry` with `unavailable` if the directory
    /// is in use or cannot be written; `Refused` with `internal` if the store is damaged.
    #[uniffi::constructor]
    pub fn new(options: KitflikOptions) -> Result<Arc<Self>, KitflikError> {
        guard(|| Self::open(options)).map(Arc::new)
    }

    /// Whether this house has the master key that its store was last opened with, as its current one or as an accepted
    /// one. Ask once, before anybody is let in: with another key no ticket, session or booking token that was given out
    /// is valid. The first house over a store leaves a mark of its key, from which the key cannot be told.
    ///
    /// # Errors
    /// `Retry` if the storage does not answer.
    pub async fn has_the_key(&self) -> Result<bool, KitflikError> {
        guarded(self.engine.has_the_key()).await
    }

    /// Seats and bookings.
    pub fn bookings(&self) -> Arc<Bookings> {
        Arc::new(Bookings { kitflik: self.engine.clone() })
    }

    /// Movies, venues, auditoriums, prices and shows.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::new(Catalog { kitflik: self.engine.clone() })
    }

    /// Customers' accounts.
    pub fn users(&self) -> Arc<Users> {
        Arc::new(Users { kitflik: self.engine.clone() })
    }

    /// Staff's accounts.
    pub fn staff(&self) -> Arc<StaffAccounts> {
        Arc::new(StaffAccounts { kitflik: self.engine.clone() })
    }

    /// Mail that has not been sent, for staff.
    pub fn mail(&self) -> Arc<Mail> {
        Arc::new(Mail { kitflik: self.engine.clone() })
    }

    /// Reports for staff.
    pub fn reports(&self) -> Arc<Reports> {
        Arc::new(Reports { kitflik: self.engine.clone() })
    }

    /// What the house does by itself, by the clock.
    pub fn jobs(&self) -> Arc<Jobs> {
        Arc::new(Jobs { kitflik: self.engine.clone() })
    }

    /// The current time by the house's clock.
    ///
    /// # Errors
    /// `internal` if a clock of the host's fails.
    pub fn now(&self) -> Result<Timestamp, KitflikError> {
        guard(|| Ok::<_, KitflikError>(self.engine.now()))
    }

    /// The names of the payment providers that a booking can be confirmed with.
    pub fn payment_providers(&self) -> Vec<String> {
        self.engine.payment_providers()
    }

    /// The public half of the key that tickets are signed with.
    pub fn ticket_key(&self) -> String {
        self.engine.ticket_key().to_string()
    }

    /// The public halves of all keys whose tickets are accepted, the current one first: what a `Gate` needs.
    pub fn ticket_keys(&self) -> Vec<String> {
        self.engine.ticket_keys().0.iter().map(ToString::to_string).collect()
    }

    /// The public halves of all keys that customers' access tokens are accepted with, as a JSON Web Key Set (RFC 7517)
    /// that a host may publish. It is empty unless tokens are signed with EdDSA.
    ///
    /// # Errors
    /// None that is known.
    pub fn token_keys(&self) -> Result<String, KitflikError> {
        guard(|| serde_json::to_string(&self.engine.token_keys()).map_err(KitflikError::invalid))
    }

    /// The token that proves that a guest's booking is theirs. Only for the host itself, which moves bookings between
    /// devices.
    pub fn booking_token(&self, booking: BookingId) -> String {
        self.engine.booking_token(booking)
    }

    /// Does all background work that is due, in bounded steps: sends mail, finds out what became of payments in flight,
    /// forgets what is old. Returns when it wants to be called again; nothing if nothing waits. Correctness never waits
    /// for it.
    ///
    /// # Errors
    /// `unavailable` or `outcome_unknown` if the storage does not answer; call again later.
    pub async fn tick(&self) -> Result<Option<Timestamp>, KitflikError> {
        guarded(self.engine.tick()).await
    }

    /// Lets no call in any more, waits for those under way, and closes the store, so that its directory can be opened
    /// again. What needs the store is refused as `unavailable` from then on.
    pub async fn shut_down(&self) {
        self.door.shut().await;
    }
}

impl Kitflik {
    fn open(options: KitflikOptions) -> Result<Self, KitflikError> {
        let master_key = options.master_key.open()?;
        let accepted_keys =
            options.accepted_keys.into_iter().map(HouseKey::open).collect::<Result<_, _>>()?;
        let mut names: Vec<&str> = Vec::new();
        for PaymentProvider { name, .. } in &options.payments {
            if name.is_empty() || name == kitflik_core::COUNTER || names.contains(&name.as_str()) {
                return Err(KitflikError::invalid(format!(
                    "a payment provider is named {name:?}: names are unique, not empty and not {:?}",
                    kitflik_core::COUNTER
                )));
            }
            names.push(name);
        }
        let shared = matches!(options.store, Store::Custom { .. });
        let storage: Arc<dyn Storage> = match options.store {
            Store::Memory => memory_storage(),
            Store::Sled { directory } => Arc::new(SledStorage::open(directory)?),
            Store::Custom { storage } => storage,
        };
        let door = Arc::new(Door::new(storage));
        let policy = options.policy.unwrap_or_default().apply(options.house_name, shared)?;
        let mut builder = kitflik_core::Kitflik::builder(door.clone(), master_key)
            .accepted_keys(accepted_keys)
            .password_hasher(Arc::new(ThreadHasher::default()))
            .policy(policy);
        if !options.mail_templates.is_empty() {
            let own = options.mail_templates.into_iter().map(|own| (own.name, own.source));
            let templates = MailTemplates::with_own(own).map_err(KitflikError::invalid)?;
            builder = builder.mail_templates(templates);
        }
        if let Some(mailer) = options.mailer {
            builder = builder.mailer(mailer);
        }
        if let Some(clock) = options.clock {
            builder = builder.clock(clock);
        }
        for provider in options.payments {
            builder = builder.payments(provider.name, provider.payments);
        }
        let engine = builder.build().map_err(KitflikError::invalid)?;
        Ok(Self { engine, door })
    }
}
