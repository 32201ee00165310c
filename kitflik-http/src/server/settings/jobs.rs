//! When the house does what it does by itself.

use kitflik_core::{JobKind, Policy};

use super::{Failure, Layers};

/// The part of the house's policy that says so.
#[derive(Debug, Clone)]
pub(crate) struct Jobs(Policy);

impl Jobs {
    /// Takes it over.
    pub(crate) fn apply(&self, policy: &mut Policy) {
        policy.zone = self.0.zone;
        policy.new_releases.clone_from(&self.0.new_releases);
        policy.reminder_before = self.0.reminder_before;
        policy.occupancy_report.clone_from(&self.0.occupancy_report);
    }
}

impl Layers {
    pub(super) fn jobs(&self) -> Result<Jobs, Failure> {
        let mut policy = Policy::default();
        if let Some(given) = self.get("zone") {
            let zone = given.value.parse();
            policy.zone =
                Some(zone.map_err(|_| given.refuse("is no zone: expected one such as Europe/Berlin"))?);
        }
        for job in JobKind::ALL {
            if let Some(given) = self.get(job.as_str()) {
                policy
                    .set_job(job, &given.value)
                    .map_err(|error| Failure::usage(format!("{}: {error}", given.name)))?;
            }
        }
        Ok(Jobs(policy))
    }
}
