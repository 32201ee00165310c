//! What a host chooses, as JSON: the names are those of the options of `Kitflik.open`.

use std::collections::BTreeMap;
use std::time::Duration;

use kitflik_core::{
    Argon2id, CancellationTier, JobKind, LateMoney, MailTemplates, MasterKey, Policy, TokenAlgorithm, Zone,
};
use kitflik_http::{Cors, RouterOptions, read_json};
use serde::{Deserialize, Deserializer};

use crate::failure::Failure;

/// The longest time that can be chosen, in seconds: ten years.
const LONGEST: u64 = 10 * 366 * 24 * 60 * 60;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Options {
    master_key: String,
    #[serde(default)]
    accepted_keys: Vec<String>,
    #[serde(default)]
    policy: PolicyOptions,
    #[serde(default)]
    password_hashing: Option<Hashing>,
    #[serde(default)]
    mail_templates: BTreeMap<String, String>,
    #[serde(default)]
    http: HttpOptions,
    #[serde(default)]
    pub(crate) test_payments: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct PolicyOptions {
    house_name: Option<String>,
    hold_seconds: Option<u64>,
    hold_at_most_seconds: Option<u64>,
    takeover_grace_seconds: Option<u64>,
    late_confirm_grace_seconds: Option<u64>,
    pay_at_counter: Option<bool>,
    /// `null` is a choice, so it is told from no choice.
    #[serde(deserialize_with = "present")]
    cancel_before_seconds: Option<Option<u64>>,
    cancellation: Option<Vec<TierOptions>>,
    fees_refundable: Option<bool>,
    pending_hold_seconds: Option<u64>,
    late_money: Option<LateMoney>,
    access_token_seconds: Option<u64>,
    refresh_token_seconds: Option<u64>,
    staff_access_token_seconds: Option<u64>,
    staff_refresh_token_seconds: Option<u64>,
    token_algorithm: Option<TokenAlgorithm>,
    token_issuer: Option<String>,
    public_url: Option<String>,
    default_locale: Option<String>,
    zone: Option<Zone>,
    new_releases: Option<String>,
    show_reminders: Option<String>,
    occupancy_report: Option<String>,
    #[serde(deserialize_with = "present")]
    view_max_age_millis: Option<Option<u64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TierOptions {
    before_seconds: u64,
    refund_percent: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Hashing {
    memory_kib: u32,
    passes: u32,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct HttpOptions {
    cors: bool,
    https: bool,
    instance: String,
    /// Not a choice: the package itself brings the text.
    openapi: String,
}

fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::deserialize(value).map(Some)
}

impl Options {
    pub(crate) fn read(json: &str) -> Result<Self, Failure> {
        Ok(read_json(json)?)
    }

    pub(crate) fn master_key(&self) -> Result<MasterKey, Failure> {
        MasterKey::from_hex(&self.master_key).map_err(|error| Failure::field("masterKey", "invalid", error))
    }

    /// Former master keys, or the next one.
    pub(crate) fn accepted_keys(&self) -> Result<Vec<MasterKey>, Failure> {
        let read = |(at, key): (usize, &String)| {
            let refused = |error| Failure::field(&format!("acceptedKeys[{at}]"), "invalid", error);
            MasterKey::from_hex(key).map_err(refused)
        };
        self.accepted_keys.iter().enumerate().map(read).collect()
    }

    pub(crate) fn policy(&self) -> Result<Policy, Failure> {
        let (chosen, mut policy) = (&self.policy, Policy::default());
        let set = |name: &str, seconds: Option<u64>, least: u64, place: &mut Duration| {
            let Some(seconds) = seconds else { return Ok(()) };
            if !(least..=LONGEST).contains(&seconds) {
                let detail = format!("policy.{name} is {seconds}, allowed are {least} to {LONGEST} seconds");
                return Err(Failure::field(&format!("policy.{name}"), "out_of_range", detail));
            }
            *place = Duration::from_secs(seconds);
            Ok(())
        };
        set("holdSeconds", chosen.hold_seconds, 1, &mut policy.hold)?;
        set("holdAtMostSeconds", chosen.hold_at_most_seconds, 1, &mut policy.hold_at_most)?;
        set("takeoverGraceSeconds", chosen.takeover_grace_seconds, 0, &mut policy.takeover_grace)?;
        set("lateConfirmGraceSeconds", chosen.late_confirm_grace_seconds, 0, &mut policy.late_confirm_grace)?;
        set("accessTokenSeconds", chosen.access_token_seconds, 1, &mut policy.access_token)?;
        set("refreshTokenSeconds", chosen.refresh_token_seconds, 1, &mut policy.refresh_token)?;
        let staff = (&mut policy.staff_access_token, &mut policy.staff_refresh_token);
        set("staffAccessTokenSeconds", chosen.staff_access_token_seconds, 1, staff.0)?;
        set("staffRefreshTokenSeconds", chosen.staff_refresh_token_seconds, 1, staff.1)?;
        match chosen.cancel_before_seconds {
            Some(None) => policy.cancel_before = None,
            Some(seconds) => {
                let mut before = Duration::ZERO;
                set("cancelBeforeSeconds", seconds, 0, &mut before)?;
                policy.cancel_before = Some(before);
            }
            None => {}
        }
        if let Some(tiers) = &chosen.cancellation {
            for tier in tiers {
                let mut before = Duration::ZERO;
                set("cancellation", Some(tier.before_seconds), 0, &mut before)?;
                policy.cancellation.push(CancellationTier::new(before, tier.refund_percent));
            }
        }
        policy.fees_refundable = chosen.fees_refundable.unwrap_or(policy.fees_refundable);
        set("pendingHoldSeconds", chosen.pending_hold_seconds, 0, &mut policy.pending_hold)?;
        policy.late_money = chosen.late_money.unwrap_or(policy.late_money);
        policy.token_algorithm = chosen.token_algorithm.unwrap_or(policy.token_algorithm);
        if let Some(issuer) = &chosen.token_issuer {
            policy.token_issuer.clone_from(issuer);
        }
        policy.public_url.clone_from(&chosen.public_url);
        if let Some(locale) = &chosen.default_locale {
            policy.default_locale.clone_from(locale);
        }
        policy.zone = chosen.zone;
        for (name, job, text) in [
            ("newReleases", JobKind::NewReleases, &chosen.new_releases),
            ("showReminders", JobKind::ShowReminders, &chosen.show_reminders),
            ("occupancyReport", JobKind::OccupancyReport, &chosen.occupancy_report),
        ] {
            if let Some(text) = text {
                let refused = |error| Failure::field(&format!("policy.{name}"), "invalid", error);
                policy.set_job(job, text).map_err(refused)?;
            }
        }
        if let Some(allowed) = chosen.pay_at_counter {
            policy.pay_at_counter = allowed;
        }
        if let Some(age) = chosen.view_max_age_millis {
            policy.view_max_age = age.map(Duration::from_millis);
        }
        if let Some(name) = &chosen.house_name {
            policy.house_name.clone_from(name);
        }
        Ok(policy)
    }

    /// What mails say.
    pub(crate) fn mail_templates(&self) -> Result<MailTemplates, Failure> {
        if self.mail_templates.is_empty() {
            return Ok(MailTemplates::default());
        }
        let own = self.mail_templates.iter().map(|(name, source)| (name.clone(), source.clone()));
        MailTemplates::with_own(own).map_err(|error| Failure::field("mailTemplates", "invalid", error))
    }

    /// What hashes passwords, if it is not the default.
    pub(crate) fn hasher(&self) -> Result<Option<Argon2id>, Failure> {
        let Some(Hashing { memory_kib, passes }) = self.password_hashing else { return Ok(None) };
        let hasher = Argon2id::new(memory_kib, passes);
        hasher.map(Some).map_err(|error| Failure::field("passwordHashing", "out_of_range", error))
    }

    pub(crate) fn router(&self) -> RouterOptions {
        let cors = if self.http.cors { Cors::Any } else { Cors::Off };
        let options =
            RouterOptions::default().cors(cors).https(self.http.https).instance(self.http.instance.clone());
        options.document(self.http.openapi.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(json: &str) -> Result<Policy, Failure> {
        Options::read(&format!(r#"{{"masterKey":"00","policy":{json}}}"#))?.policy()
    }

    #[test]
    fn what_is_not_chosen_stays_as_it_is() {
        assert_eq!(policy("{}").unwrap(), Policy::default());
        let chosen = policy(r#"{"houseName":"Odeon","holdSeconds":60,"viewMaxAgeMillis":null}"#).unwrap();
        assert_eq!((chosen.house_name.as_str(), chosen.hold), ("Odeon", Duration::from_secs(60)));
        assert_eq!(chosen.view_max_age, None);
        let chosen = policy(r#"{"newReleases":"off","showReminders":"2h","zone":"Asia/Kathmandu"}"#).unwrap();
        assert_eq!((chosen.new_releases, chosen.zone), (None, "Asia/Kathmandu".parse().ok()));
        assert_eq!(chosen.reminder_before, Some(Duration::from_secs(2 * 3600)));
        let chosen = policy(r#"{"cancelBeforeSeconds":3600,"tokenAlgorithm":"eddsa"}"#).unwrap();
        assert_eq!(chosen.cancel_before, Some(Duration::from_secs(3600)));
        assert_eq!(chosen.token_algorithm, TokenAlgorithm::EdDsa);
        assert_eq!(policy(r#"{"cancelBeforeSeconds":null}"#).unwrap().cancel_before, None);
    }

    #[test]
    fn a_wrong_choice_is_refused_by_name() {
        for (json, name) in [
            (r#"{"holdSeconds":0}"#, "policy.holdSeconds"),
            (r#"{"holdSeconds":-1}"#, "policy.holdSeconds"),
            (r#"{"holdMinutes":1}"#, "policy.holdMinutes"),
            (r#"{"cancelBeforeSeconds":-1}"#, "policy.cancelBeforeSeconds"),
            (r#"{"newReleases":"0 12 * * FRI"}"#, "policy.newReleases"),
            (r#"{"showReminders":"3"}"#, "policy.showReminders"),
            (r#"{"zone":"Mars/Olympus"}"#, "policy.zone"),
            (r#"{"tokenAlgorithm":"none"}"#, "policy.tokenAlgorithm"),
            (r#"{"accessTokenSeconds":9999999999}"#, "policy.accessTokenSeconds"),
        ] {
            let failure = serde_json::to_string(&policy(json).unwrap_err()).unwrap();
            assert!(failure.contains("validation_failed") && failure.contains(name), "{failure}");
        }
        let own = r#"{"masterKey":"00","mailTemplates":{"de/wellcome.txt":"Subject: Hi"}}"#;
        let unknown = Options::read(own).unwrap().mail_templates();
        assert!(serde_json::to_string(&unknown.unwrap_err()).unwrap().contains("no mail \\\"wellcome"));
        let short = Options::read(r#"{"masterKey":"00"}"#).unwrap().master_key();
        assert!(serde_json::to_string(&short.unwrap_err()).unwrap().contains("masterKey"));
        let json = format!(r#"{{"masterKey":"00","acceptedKeys":["{}","07"]}}"#, "07".repeat(32));
        let short = Options::read(&json).unwrap().accepted_keys();
        assert!(serde_json::to_string(&short.unwrap_err()).unwrap().contains("acceptedKeys[1]"));
    }
}
