//! Money: integer minor units with a currency.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// An ISO 4217 currency, such as `EUR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "typescript", tsify(type = "string"))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);

    /// The three letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the decimal point when written for people.
    #[must_use]
    pub fn digits(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(0))
    }
}

/// A text that is not a currency.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a currency: expected an ISO 4217 code such as EUR")]
pub struct InvalidCurrency(String);

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, InvalidCurrency> {
        iso_currency::Currency::from_code(text)
            .map(Self)
            .ok_or_else(|| InvalidCurrency(text.chars().take(16).collect()))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount of money.
///
/// ```
/// use kitflik_core::{Currency, Money};
/// let price = Money::new(1250, Currency::EUR);
/// assert_eq!(price.to_string(), "12.50 EUR");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Money {
    /// In the smallest unit of the currency, such as cents.
    pub amount_minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// An amount in minor units.
    #[must_use]
    pub fn new(amount_minor: i64, currency: Currency) -> Self {
        Self { amount_minor, currency }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.digits();
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let (amount, unit) = (self.amount_minor.unsigned_abs(), 10_u64.pow(digits));
        if digits == 0 {
            return write!(f, "{sign}{amount} {}", self.currency);
        }
        let (whole, rest) = (amount / unit, amount % unit);
        write!(f, "{sign}{whole}.{rest:0width$} {}", self.currency, width = digits as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        let yen: Currency = "JPY".parse().unwrap();
        let dinar: Currency = "KWD".parse().unwrap();
        assert_eq!(Money::new(5, Currency::EUR).to_string(), "0.05 EUR");
        assert_eq!(Money::new(-1250, Currency::EUR).to_string(), "-12.50 EUR");
        assert_eq!(Money::new(1250, yen).to_string(), "1250 JPY");
        assert_eq!(Money::new(1250, dinar).to_string(), "1.250 KWD");
    }

    #[test]
    fn unknown_currencies_are_refused() {
        assert!("eur".parse::<Currency>().is_err());
        assert!("ZZZ".parse::<Currency>().is_err());
        assert!("".parse::<Currency>().is_err());
    }
}
