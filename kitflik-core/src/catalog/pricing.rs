//! What a seat costs by a price card: pure functions over records.

use chrono::NaiveDateTime;

use super::{CategoryPrice, DiscountKind, PriceChange, PriceCondition, ShowFormat};
use crate::ids::{CategoryId, TicketType};
use crate::limits;
use crate::money::share;
use crate::store::records::{PriceCard, Show};
use crate::time::{Date, TimeOfDay, Timestamp, Zone};

/// What rules ask about a show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShowFacts {
    /// When it starts, on the venue's clocks.
    pub(crate) local: NaiveDateTime,
    pub(crate) format: ShowFormat,
    /// From now until it starts; less than nothing once it has.
    pub(crate) millis_before_start: i64,
}

impl ShowFacts {
    pub(crate) fn of(show: &Show, zone: Zone, now: Timestamp) -> Self {
        Self {
            local: show.starts_at.in_zone(zone).naive_local(),
            format: show.format,
            millis_before_start: show.starts_at.millis() - now.millis(),
        }
    }
}

/// What a rule did to the price of a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Applied<'a> {
    pub(crate) rule: &'a str,
    pub(crate) amount_minor: i64,
}

/// The price of a card for a seat once its rules have been applied, and what each of them did. What changes nothing
/// leaves no trace.
pub(crate) fn apply<'a>(
    card: &'a PriceCard,
    price: &CategoryPrice,
    facts: &ShowFacts,
) -> (i64, Vec<Applied<'a>>) {
    let (mut amount, mut trace) = (price.amount_minor, Vec::new());
    for rule in &card.rules {
        if !applies(&rule.when, &price.category, &price.ticket_type, facts) {
            continue;
        }
        let changed = match rule.change {
            PriceChange::AmountMinor(by) => amount.saturating_add(by),
            PriceChange::BasisPoints(by) => amount.saturating_add(share(amount, i64::from(by))),
            PriceChange::SetMinor(price) => price,
        };
        let changed = changed.clamp(0, limits::MAX_PRICE_MINOR);
        if changed != amount {
            trace.push(Applied { rule: &rule.name, amount_minor: changed - amount });
        }
        amount = changed;
    }
    (amount, trace)
}

/// The prices of a show as they are now.
pub(crate) fn current(card: &PriceCard, facts: &ShowFacts) -> Vec<CategoryPrice> {
    let now =
        |price: &CategoryPrice| CategoryPrice { amount_minor: apply(card, price, facts).0, ..price.clone() };
    card.prices.iter().map(now).collect()
}

impl DiscountKind {
    /// How much it is of an amount; it may be more than all of it.
    pub(crate) fn of(self, amount_minor: i64) -> i64 {
        match self {
            Self::BasisPoints(points) => share(amount_minor, i64::from(points)),
            Self::AmountMinor(amount) => amount,
        }
    }
}

fn applies(
    when: &PriceCondition,
    category: &CategoryId,
    ticket_type: &TicketType,
    facts: &ShowFacts,
) -> bool {
    fn among<T: PartialEq>(allowed: &[T], it: &T) -> bool {
        allowed.is_empty() || allowed.contains(it)
    }
    let date = Date::new(facts.local.date());
    let soon = |minutes: u32| facts.millis_before_start <= i64::from(minutes) * 60_000;
    among(&when.weekdays, &date.weekday())
        && within(when, TimeOfDay::of(facts.local.time()))
        && when.from_date.is_none_or(|from| from <= date)
        && when.to_date.is_none_or(|to| date <= to)
        && among(&when.formats, &facts.format)
        && when.minutes_before_start_at_most.is_none_or(soon)
        && among(&when.categories, category)
        && among(&when.ticket_types, ticket_type)
}

fn within(when: &PriceCondition, time: TimeOfDay) -> bool {
    match (when.from_time, when.to_time) {
        (Some(from), Some(to)) if to < from => from <= time || time < to,
        (from, to) => from.is_none_or(|from| from <= time) && to.is_none_or(|to| time < to),
    }
}

#[cfg(test)]
mod tests;
