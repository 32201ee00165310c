use proptest::prelude::*;

use super::*;
use crate::catalog::PriceRule;
use crate::money::Currency;
use crate::store::records::Form;

fn card(rules: Vec<PriceRule>) -> PriceCard {
    PriceCard {
        v: Form,
        name: "Card".to_owned(),
        currency: Currency::EUR,
        prices: vec![price("standard", "adult", 1_000)],
        booking_fee_minor: 0,
        ticket_fee_minor: 0,
        rules,
        tax: None,
        archived: false,
    }
}

fn price(category: &str, ticket_type: &str, amount_minor: i64) -> CategoryPrice {
    CategoryPrice {
        category: category.parse().unwrap(),
        ticket_type: ticket_type.parse().unwrap(),
        amount_minor,
    }
}

fn rule(name: &str, when: serde_json::Value, change: PriceChange) -> PriceRule {
    PriceRule { name: name.to_owned(), when: serde_json::from_value(when).unwrap(), change }
}

fn facts(local: &str, format: ShowFormat, minutes: i64) -> ShowFacts {
    let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M").unwrap();
    ShowFacts { local, format, millis_before_start: minutes * 60_000 }
}

/// 2026-11-27 is a Friday.
#[test]
fn a_rule_applies_where_all_that_it_says_holds() {
    use ShowFormat::{Imax, ThreeD, TwoD};
    let cases = [
        // (conditions, start, format, minutes before, category, ticket type, applies)
        (r#"{}"#, "2026-11-27T20:00", TwoD, 600, "standard", "adult", true),
        (r#"{"weekdays":["friday"]}"#, "2026-11-27T20:00", TwoD, 600, "standard", "adult", true),
        (r#"{"weekdays":["friday"]}"#, "2026-11-28T00:30", TwoD, 600, "standard", "adult", false),
        (r#"{"weekdays":["monday","saturday"]}"#, "2026-11-28T00:30", TwoD, 600, "standard", "adult", true),
        (r#"{"from_time":"17:00"}"#, "2026-11-27T17:00", TwoD, 600, "standard", "adult", true),
        (r#"{"from_time":"17:00"}"#, "2026-11-27T16:59", TwoD, 600, "standard", "adult", false),
        (r#"{"to_time":"17:00"}"#, "2026-11-27T16:59", TwoD, 600, "standard", "adult", true),
        (r#"{"to_time":"17:00"}"#, "2026-11-27T17:00", TwoD, 600, "standard", "adult", false),
        (
            r#"{"from_time":"11:00","to_time":"14:00"}"#,
            "2026-11-27T12:00",
            TwoD,
            600,
            "standard",
            "adult",
            true,
        ),
        (
            r#"{"from_time":"11:00","to_time":"14:00"}"#,
            "2026-11-27T14:00",
            TwoD,
            600,
            "standard",
            "adult",
            false,
        ),
        (
            r#"{"from_time":"22:00","to_time":"02:00"}"#,
            "2026-11-27T23:59",
            TwoD,
            600,
            "standard",
            "adult",
            true,
        ),
        (
            r#"{"from_time":"22:00","to_time":"02:00"}"#,
            "2026-11-28T00:00",
            TwoD,
            600,
            "standard",
            "adult",
            true,
        ),
        (
            r#"{"from_time":"22:00","to_time":"02:00"}"#,
            "2026-11-28T01:59",
            TwoD,
            600,
            "standard",
            "adult",
            true,
        ),
        (
            r#"{"from_time":"22:00","to_time":"02:00"}"#,
            "2026-11-28T02:00",
            TwoD,
            600,
            "standard",
            "adult",
            false,
        ),
        (
            r#"{"from_time":"22:00","to_time":"02:00"}"#,
            "2026-11-27T21:59",
            TwoD,
            600,
            "standard",
            "adult",
            false,
        ),
        (r#"{"from_date":"2026-11-27"}"#, "2026-11-27T00:00", TwoD, 600, "standard", "adult", true),
        (r#"{"from_date":"2026-11-28"}"#, "2026-11-27T23:59", TwoD, 600, "standard", "adult", false),
        (r#"{"to_date":"2026-11-27"}"#, "2026-11-27T23:59", TwoD, 600, "standard", "adult", true),
        (r#"{"to_date":"2026-11-26"}"#, "2026-11-27T00:00", TwoD, 600, "standard", "adult", false),
        (r#"{"formats":["3D","IMAX"]}"#, "2026-11-27T20:00", Imax, 600, "standard", "adult", true),
        (r#"{"formats":["3D","IMAX"]}"#, "2026-11-27T20:00", TwoD, 600, "standard", "adult", false),
        (r#"{"minutes_before_start_at_most":30}"#, "2026-11-27T20:00", TwoD, 30, "standard", "adult", true),
        (r#"{"minutes_before_start_at_most":30}"#, "2026-11-27T20:00", TwoD, 31, "standard", "adult", false),
        (r#"{"minutes_before_start_at_most":30}"#, "2026-11-27T20:00", TwoD, -5, "standard", "adult", true),
        (r#"{"categories":["premium"]}"#, "2026-11-27T20:00", TwoD, 600, "premium", "adult", true),
        (r#"{"categories":["premium"]}"#, "2026-11-27T20:00", TwoD, 600, "standard", "adult", false),
        (r#"{"ticket_types":["child"]}"#, "2026-11-27T20:00", TwoD, 600, "standard", "child", true),
        (r#"{"ticket_types":["child"]}"#, "2026-11-27T20:00", TwoD, 600, "standard", "adult", false),
        (
            r#"{"weekdays":["friday"],"formats":["3D"],"ticket_types":["adult"]}"#,
            "2026-11-27T20:00",
            ThreeD,
            600,
            "standard",
            "child",
            false,
        ),
    ];
    for (when, local, format, minutes, category, ticket_type, applies) in cases {
        let rule = rule("Rule", serde_json::from_str(when).unwrap(), PriceChange::AmountMinor(100));
        let card = card(vec![rule]);
        let price = price(category, ticket_type, 1_000);
        let (amount, _) = apply(&card, &price, &facts(local, format, minutes));
        assert_eq!(amount == 1_100, applies, "{when} at {local}, {format:?}, {minutes} minutes before");
    }
}

#[test]
fn a_show_is_judged_by_the_clocks_of_its_venue() {
    let berlin: Zone = "Europe/Berlin".parse().unwrap();
    let start: Timestamp = "2026-11-27T23:30:00Z".parse().unwrap();
    let local = start.in_zone(berlin).naive_local();
    let facts = ShowFacts { local, format: ShowFormat::TwoD, millis_before_start: 0 };
    let saturday = rule("Sat", serde_json::json!({ "weekdays": ["saturday"] }), PriceChange::SetMinor(1));
    assert_eq!(apply(&card(vec![saturday]), &price("standard", "adult", 1_000), &facts).0, 1);
}

#[test]
fn rules_apply_in_order_each_to_what_is_left() {
    let always = || serde_json::json!({});
    let card = card(vec![
        rule("3D", always(), PriceChange::AmountMinor(300)),
        rule("Tuesday", always(), PriceChange::BasisPoints(-1_250)),
        rule("Nothing", always(), PriceChange::BasisPoints(0)),
        rule("Voucher day", always(), PriceChange::AmountMinor(-5_000)),
        rule("Set", always(), PriceChange::SetMinor(250)),
    ]);
    let facts = facts("2026-11-27T20:00", ShowFormat::TwoD, 600);
    let (amount, trace) = apply(&card, &price("standard", "adult", 1_000), &facts);
    assert_eq!(amount, 250);
    let trace: Vec<_> = trace.iter().map(|applied| (applied.rule, applied.amount_minor)).collect();
    // 12.5 % of 1300 are 162.5, which is 162; the price stops at zero; what changes nothing leaves no trace.
    assert_eq!(trace, [("3D", 300), ("Tuesday", -162), ("Voucher day", -1_138), ("Set", 250)]);
}

pub(crate) fn changes() -> impl Strategy<Value = PriceChange> {
    prop_oneof![
        (-2_000_000_000_i64..2_000_000_000).prop_map(PriceChange::AmountMinor),
        (-3_000_i64..3_000).prop_map(PriceChange::AmountMinor),
        (-10_000_i32..=100_000).prop_map(PriceChange::BasisPoints),
        (0_i64..=limits::MAX_PRICE_MINOR).prop_map(PriceChange::SetMinor),
    ]
}

proptest! {
    #[test]
    fn a_price_is_never_below_zero_and_is_the_sum_of_its_trace(
        base in 0..=limits::MAX_PRICE_MINOR,
        changes in prop::collection::vec(changes(), 0..=limits::MAX_PRICE_RULES),
    ) {
        let rules = changes.into_iter().map(|change| rule("Rule", serde_json::json!({}), change));
        let card = card(rules.collect());
        let facts = facts("2026-11-27T20:00", ShowFormat::TwoD, 600);
        let (amount, trace) = apply(&card, &price("standard", "adult", base), &facts);
        prop_assert!((0..=limits::MAX_PRICE_MINOR).contains(&amount));
        prop_assert_eq!(base + trace.iter().map(|applied| applied.amount_minor).sum::<i64>(), amount);
    }
}
