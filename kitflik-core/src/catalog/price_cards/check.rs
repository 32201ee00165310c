//! What a price card may say, and its forms.

use super::super::{CategoryPrice, NewPriceCard, PriceCardView, PriceChange, PriceRule, PriceTax};
use crate::error::{Invalid, Validation};
use crate::ids::PriceCardId;
use crate::limits;
use crate::money::Money;
use crate::store::records::{Form, PriceCard};

/// Room in a stored card for everything but its prices and rules.
const ROOM_FOR_THE_REST: usize = 1_280;

impl PriceCard {
    /// The card as it is stored.
    pub(crate) fn of(new: &NewPriceCard) -> Self {
        Self {
            v: Form,
            name: new.name.clone(),
            currency: new.currency,
            prices: new.prices.clone(),
            booking_fee_minor: new.booking_fee_minor,
            ticket_fee_minor: new.ticket_fee_minor,
            rules: new.rules.clone(),
            tax: new.tax.clone(),
            archived: false,
        }
    }

    /// The card as callers see it.
    pub(crate) fn view(&self, id: PriceCardId, revision: u64) -> PriceCardView {
        PriceCardView {
            id,
            revision,
            name: self.name.clone(),
            currency: self.currency,
            prices: self.prices.clone(),
            booking_fee: Money::new(self.booking_fee_minor, self.currency),
            ticket_fee: Money::new(self.ticket_fee_minor, self.currency),
            rules: self.rules.clone(),
            tax: self.tax.clone(),
            archived: self.archived,
        }
    }
}

/// Names everything that is wrong with a card.
pub(crate) fn check_prices(new: &NewPriceCard) -> Result<(), Invalid> {
    let mut fields = Validation::default();
    fields.text("name", &new.name, limits::MAX_NAME_CHARS);
    if new.prices.is_empty() || new.prices.len() > limits::MAX_PRICES {
        let detail = format!("{} prices, allowed are 1 to {}", new.prices.len(), limits::MAX_PRICES);
        fields.refuse("prices", "count", detail);
    }
    check_size(new, &mut fields);
    for (at, price) in new.prices.iter().enumerate() {
        check_amount(&mut fields, format!("prices[{at}].amount_minor"), price.amount_minor);
        let same = |other: &&CategoryPrice| {
            other.category == price.category && other.ticket_type == price.ticket_type
        };
        if new.prices.iter().take(at).any(|other| same(&other)) {
            let detail = format!("{} {} has a price already", price.category, price.ticket_type);
            fields.refuse(format!("prices[{at}]"), "duplicate", detail);
        }
    }
    check_amount(&mut fields, "booking_fee_minor".to_owned(), new.booking_fee_minor);
    check_amount(&mut fields, "ticket_fee_minor".to_owned(), new.ticket_fee_minor);
    if new.rules.len() > limits::MAX_PRICE_RULES {
        let detail = format!("{} rules, allowed are 0 to {}", new.rules.len(), limits::MAX_PRICE_RULES);
        fields.refuse("rules", "count", detail);
    }
    for (at, rule) in new.rules.iter().enumerate().take(limits::MAX_PRICE_RULES) {
        check_rule(new, rule, &format!("rules[{at}]"), &mut fields);
    }
    if let Some(tax) = &new.tax {
        check_tax(tax, &mut fields);
    }
    fields.finish()
}

fn check_amount(fields: &mut Validation, path: String, amount: i64) {
    if !(0..=limits::MAX_PRICE_MINOR).contains(&amount) {
        let detail = format!("{path} is {amount}, allowed are 0 to {}", limits::MAX_PRICE_MINOR);
        fields.refuse(path, "out_of_range", detail);
    }
}

/// As stored: in JSON a quotation mark takes two bytes.
fn check_size(new: &NewPriceCard, fields: &mut Validation) {
    fn size<T: serde::Serialize>(all: &[T]) -> usize {
        let one = |it: &T| serde_json::to_vec(it).map_or(limits::MAX_VALUE_BYTES, |json| json.len() + 1);
        all.iter().map(one).sum()
    }
    let most = limits::MAX_VALUE_BYTES - ROOM_FOR_THE_REST;
    let prices = size(&new.prices);
    if prices > most {
        let detail = "the names of categories and ticket types are too long together";
        fields.refuse("prices", "too_large", detail);
    } else if prices + size(&new.rules) > most {
        let detail = format!(
            "the rules take {} bytes, the prices leave {}: use shorter names or fewer conditions",
            size(&new.rules),
            most - prices
        );
        fields.refuse("rules", "too_large", detail);
    }
}

fn check_rule(card: &NewPriceCard, rule: &PriceRule, path: &str, fields: &mut Validation) {
    fields.text(&format!("{path}.name"), &rule.name, limits::MAX_LABEL_CHARS);
    let when = &rule.when;
    if when.from_time.is_some() && when.from_time == when.to_time {
        let detail = "from_time and to_time are the same: leave both out for the whole day";
        fields.refuse(format!("{path}.when.to_time"), "contradictory", detail);
    }
    if let (Some(from), Some(to)) = (when.from_date, when.to_date)
        && to < from
    {
        let detail = format!("to_date {to} is before from_date {from}");
        fields.refuse(format!("{path}.when.to_date"), "contradictory", detail);
    }
    if let Some(minutes) = when.minutes_before_start_at_most.filter(|minutes| *minutes > MOST_MINUTES) {
        let detail = format!("{minutes} minutes, allowed are 0 to {MOST_MINUTES}");
        fields.refuse(format!("{path}.when.minutes_before_start_at_most"), "out_of_range", detail);
    }
    // A rule that can never apply is a slip of the pen.
    for (at, category) in when.categories.iter().enumerate() {
        if !card.prices.iter().any(|price| price.category == *category) {
            let detail = format!("the card has no price for the category {category}");
            fields.refuse(format!("{path}.when.categories[{at}]"), "unknown", detail);
        }
    }
    for (at, ticket_type) in when.ticket_types.iter().enumerate() {
        if !card.prices.iter().any(|price| price.ticket_type == *ticket_type) {
            let detail = format!("the card has no price for the ticket type {ticket_type}");
            fields.refuse(format!("{path}.when.ticket_types[{at}]"), "unknown", detail);
        }
    }
    let most = limits::MAX_PRICE_MINOR;
    let (name, value, allowed) = match rule.change {
        PriceChange::AmountMinor(by) => ("amount_minor", by, -most..=most),
        PriceChange::BasisPoints(by) => ("basis_points", i64::from(by), -10_000..=100_000),
        PriceChange::SetMinor(price) => ("set_minor", price, 0..=most),
    };
    if !allowed.contains(&value) {
        let detail = format!("{name} is {value}, allowed are {} to {}", allowed.start(), allowed.end());
        fields.refuse(format!("{path}.change.{name}"), "out_of_range", detail);
    }
}

/// The longest before a start that a rule may begin: a year.
const MOST_MINUTES: u32 = 366 * 24 * 60;

fn check_tax(tax: &PriceTax, fields: &mut Validation) {
    fields.text("tax.name", &tax.name, limits::MAX_TAX_NAME_CHARS);
    if tax.rate_basis_points > 10_000 {
        let detail = format!("tax.rate_basis_points is {}, allowed are 0 to 10000", tax.rate_basis_points);
        fields.refuse("tax.rate_basis_points", "out_of_range", detail);
    }
}
