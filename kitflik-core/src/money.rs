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

/// What `parts` of ten thousand of an amount are, rounded half to even: 2.5 is 2 and 3.5 is 4, so that rounding favours
/// nobody in the long run.
pub(crate) fn share(amount_minor: i64, parts: i64) -> i64 {
    rounded(i128::from(amount_minor) * i128::from(parts), 10_000)
}

/// The part of an amount that was added to it at a rate of `parts` in ten thousand, rounded half to even.
pub(crate) fn included(amount_minor: i64, parts: i64) -> i64 {
    rounded(i128::from(amount_minor) * i128::from(parts), 10_000 + i128::from(parts.max(0)))
}

/// `divisor` is positive.
fn rounded(dividend: i128, divisor: i128) -> i64 {
    let (whole, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    let up = 2 * rest > divisor || (2 * rest == divisor && whole % 2 != 0);
    i64::try_from(whole + i128::from(up)).unwrap_or(i64::MAX)
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
    fn shares_are_rounded_half_to_even() {
        let halves =
            [(250, 2), (350, 4), (150, 2), (50, 0), (-50, 0), (-150, -2), (-250, -2), (251, 3), (249, 2)];
        for (amount, rounded) in halves {
            assert_eq!(share(amount, 100), rounded, "1 % of {amount}");
        }
        assert_eq!((share(999, 10_000), share(999, 0), share(-999, -10_000)), (999, 0, 999));
        assert_eq!((included(119, 1_900), included(107, 700), included(0, 1_900)), (19, 7, 0));
        // 1 in 11: 5 / 11 rounds down, 6 / 11 up; 110 holds exactly 10.
        assert_eq!((included(5, 1_000), included(6, 1_000), included(110, 1_000)), (0, 1, 10));
    }

    #[test]
    fn unknown_currencies_are_refused() {
        assert!("eur".parse::<Currency>().is_err());
        assert!("ZZZ".parse::<Currency>().is_err());
        assert!("".parse::<Currency>().is_err());
    }
}
