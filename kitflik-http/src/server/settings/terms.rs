//! The terms on which the house sells, and takes tickets back.

use std::time::Duration;

use kitflik_core::{CancellationTier, LateMoney, Policy};

use super::{Failure, Given, Layers};

/// As long as shows can be sold ahead.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// The part of the house's policy that says so.
#[derive(Debug, Clone)]
pub(crate) struct Terms(Policy);

impl Terms {
    /// Takes it over.
    pub(crate) fn apply(&self, policy: &mut Policy) {
        policy.hold = self.0.hold;
        policy.hold_at_most = self.0.hold_at_most;
        policy.pay_at_counter = self.0.pay_at_counter;
        policy.late_money = self.0.late_money;
        policy.cancel_before = self.0.cancel_before;
        policy.cancellation.clone_from(&self.0.cancellation);
        policy.fees_refundable = self.0.fees_refundable;
    }
}

/// A time such as `48h` or `90m`.
fn time(text: &str) -> Option<Duration> {
    let unit = |unit: char, seconds: u64| {
        let count = text.strip_suffix(unit)?.parse::<u64>().ok()?;
        count.checked_mul(seconds).map(Duration::from_secs)
    };
    unit('h', 3600).or_else(|| unit('m', 60)).filter(|time| *time <= LONGEST)
}

/// A tier such as `48h 100%`.
fn tier(text: &str) -> Option<CancellationTier> {
    let (before, percent) = text.trim().split_once(' ')?;
    let percent = percent.trim_start().strip_suffix('%')?.parse().ok().filter(|percent| *percent <= 100)?;
    Some(CancellationTier::new(time(before)?, percent))
}

impl Layers {
    pub(super) fn terms(&self) -> Result<Terms, Failure> {
        let mut policy = Policy::default();
        if let Some(given) = self.get("hold") {
            let hold = time(&given.value).filter(|hold| !hold.is_zero());
            let why = "is no time to hold seats: expected one such as 10m or 1h, up to 8784h";
            policy.hold = hold.ok_or_else(|| given.refuse(why))?;
            // It may still be extended, as the default may: to three times as long.
            policy.hold_at_most = policy.hold * 3;
        }
        policy.pay_at_counter = self.switch("pay_at_counter", policy.pay_at_counter)?;
        policy.fees_refundable = self.switch("fees_refundable", policy.fees_refundable)?;
        if let Some(given) = self.get("late_money") {
            policy.late_money = late_money(&given)?;
        }
        if let Some(given) = self.get("cancel_before") {
            policy.cancel_before = match given.value.as_str() {
                "off" => None,
                text => {
                    let why =
                        "is no time before the show: expected one such as 2h or 90m, up to 8784h, or off";
                    Some(time(text).ok_or_else(|| given.refuse(why))?)
                }
            };
        }
        if let Some(given) = self.get("cancellation") {
            let why = "are no terms: expected times before the show and how much comes back until then, such \
                as 48h 100%, 24h 50%";
            let tiers: Option<_> = given.value.split(',').map(tier).collect();
            policy.cancellation = tiers.ok_or_else(|| given.refuse(why))?;
        }
        Ok(Terms(policy))
    }
}

fn late_money(given: &Given) -> Result<LateMoney, Failure> {
    match given.value.as_str() {
        "retake_or_refund" => Ok(LateMoney::RetakeOrRefund),
        "refund" => Ok(LateMoney::Refund),
        "manual" => Ok(LateMoney::Manual),
        _ => Err(given.refuse("is no way with late money; allowed are retake_or_refund, refund and manual")),
    }
}
