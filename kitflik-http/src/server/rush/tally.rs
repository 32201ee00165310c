//! What was seen.

use std::collections::BTreeMap;
use std::time::Duration;

use super::client::Trouble;

#[derive(Debug, Default)]
pub(super) struct Tally {
    holds: Vec<Duration>,
    confirms: Vec<Duration>,
    refusals: BTreeMap<(u16, String), u64>,
    broken: u64,
}

impl Tally {
    pub(super) fn held(&mut self, after: Duration) {
        self.holds.push(after);
    }

    pub(super) fn confirmed(&mut self, after: Duration) {
        self.confirms.push(after);
    }

    pub(super) fn trouble(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::Refused(status, code) => *self.refusals.entry((status, code)).or_default() += 1,
            Trouble::Broken(_) => self.broken += 1,
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.holds.extend(other.holds);
        self.confirms.extend(other.confirms);
        for (refusal, count) in other.refusals {
            *self.refusals.entry(refusal).or_default() += count;
        }
        self.broken += other.broken;
    }

    pub(super) fn server_errors(&self) -> u64 {
        self.refusals.iter().filter(|((status, _), _)| *status >= 500).map(|(_, count)| count).sum()
    }

    /// Whether a rate limit was met: then it was the limit that was measured.
    pub(super) fn limited(&self) -> bool {
        self.refusals.keys().any(|(status, _)| *status == 429)
    }

    pub(super) fn report(&mut self, took: Duration) -> Vec<String> {
        let seconds = took.as_secs_f64().max(1e-9);
        let bookings = self.confirms.len();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = bookings as f64 / seconds;
        let mut lines =
            vec![format!("{bookings} bookings in {seconds:.2} s: {rate:.0} a second, two seats each")];
        for (what, times) in [("hold", &mut self.holds), ("confirm", &mut self.confirms)] {
            times.sort_unstable();
            let (half, most) = (percentile(times, 50), percentile(times, 99));
            lines.push(format!("{what:8} p50 {half:.2} ms, p99 {most:.2} ms"));
        }
        for ((status, code), count) in &self.refusals {
            lines.push(format!("refused  {status} {code}: {count}"));
        }
        if self.broken > 0 {
            lines.push(format!("broken   {} requests got no answer that can be read", self.broken));
        }
        lines.push(format!("5xx      {}", self.server_errors()));
        lines
    }
}

/// In milliseconds, of sorted times.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_seen() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!((percentile(&times, 50), percentile(&times, 99)), (100.0, 198.0));
        assert_eq!(percentile(&[], 99), 0.0);
    }
}
