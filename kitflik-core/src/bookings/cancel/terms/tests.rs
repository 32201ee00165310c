use proptest::prelude::*;

use super::*;

const START: i64 = 1_800_000_000_000;

fn policy(tiers: &[(u64, u32)], fees_refundable: bool) -> Policy {
    let tier =
        |(hours, percent): &(u64, u32)| CancellationTier::new(Duration::from_secs(3600 * hours), *percent);
    Policy { cancellation: tiers.iter().map(tier).collect(), fees_refundable, ..Policy::default() }
}

fn at(hours_before: i64) -> Timestamp {
    Timestamp::from_millis(START - hours_before * 3_600_000)
}

fn percent(policy: &Policy, hours_before: i64) -> u32 {
    terms(at(0), at(hours_before), policy).percent
}

#[test]
fn the_best_tier_that_is_not_over_holds() {
    let tiered = policy(&[(24, 50), (72, 100), (2, 10)], true);
    let found: Vec<u32> = [100, 73, 72, 25, 24, 3, 2, 0, -1].map(|hours| percent(&tiered, hours)).into();
    assert_eq!(found, [100, 100, 50, 50, 10, 10, 0, 0, 0]);
    assert_eq!(terms(at(0), at(73), &tiered).until, Some(at(72)));
    assert_eq!(terms(at(0), at(2), &tiered).until, None);
    // A tier that promises more than an earlier one is the better one from the first.
    let odd = policy(&[(72, 20), (24, 80)], true);
    assert_eq!((percent(&odd, 100), terms(at(0), at(100), &odd).until), (80, Some(at(24))));
    // Nobody gets more than all of it; who has no tiers gives all.
    assert_eq!(percent(&policy(&[(0, 250)], true), 1), 100);
    assert_eq!((percent(&policy(&[], true), 1), percent(&policy(&[], true), -1)), (100, 100));
}

#[test]
fn shares_are_rounded_half_to_even_and_fees_are_kept_if_the_house_says_so() {
    let half = |fees| Terms { percent: 50, fees, until: None };
    let back = |total, fees, of: Terms| of.given_back(Price { total, fees });
    assert_eq!([5, 7, 9, 11].map(|total| back(total, 0, half(true))), [2, 4, 4, 6]);
    assert_eq!((back(2_450, 50, half(true)), back(2_450, 50, half(false))), (1_225, 1_200));
    assert_eq!(back(2_450, 50, Terms::FULL), 2_450);
    // All of it was fees, or nothing was paid.
    assert_eq!((back(50, 90, half(false)), back(0, 0, half(true))), (0, 0));
}

proptest! {
    #[test]
    fn waiting_never_gives_more_and_parts_never_more_than_all(
        tiers in prop::collection::vec((0_u64..200, 0_u32..130), 0..6),
        fees_refundable in any::<bool>(),
        moments in prop::collection::vec(-50_i64..250, 2..8),
        parts in prop::collection::vec((0_i64..100_000, 0_i64..100_000), 1..10),
    ) {
        let policy = policy(&tiers, fees_refundable);
        let mut moments = moments;
        moments.sort_unstable_by(|one, other| other.cmp(one));
        let found: Vec<u32> = moments.iter().map(|hours| percent(&policy, *hours)).collect();
        prop_assert!(found.windows(2).all(|pair| pair[0] >= pair[1]), "{found:?}");
        // What is returned bit by bit, each at its time, is never more than all was at the first of them.
        let all: i64 = parts.iter().map(|(total, _)| total).sum();
        let mut back = 0;
        for ((total, fees), hours) in parts.iter().zip(moments.iter().cycle()) {
            let of = terms(at(0), at(*hours), &policy);
            let given = of.given_back(Price { total: *total, fees: *fees });
            prop_assert!((0..=*total).contains(&given));
            prop_assert!(of.until.is_none_or(|until| until > at(*hours)));
            back += given;
        }
        prop_assert!(back <= all);
    }
}
