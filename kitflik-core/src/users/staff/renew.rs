//! What has to be made anew before a former master key is given up.

use super::Staff;
use crate::actor::Actor;
use crate::error::EngineError;
use crate::ids::StaffId;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{AuditChains, AuditHead, Staff as StaffRecord};
use crate::store::trail::{sealed_chains, sealed_head};
use crate::store::tx::Loaded;
use crate::users::UserError;

impl Staff<'_> {
    /// Seals the log, and covers the secrets of one-time codes, with the current master key wherever a former one did.
    /// After that a former key can be given up: the log verifies, and codes open, without it. Recovery codes do not:
    /// only their hashes are there. What no known key has sealed stays as it is, so that a verification finds it.
    ///
    /// Returns how many rows it wrote.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless the host program asks, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn renew_seals(&self, actor: &Actor) -> Result<u64, UserError> {
        if *actor != Actor::System {
            return Err(actor.denied("seal the log of staff's actions anew").into());
        }
        let mut renewed = u64::from(self.renew_chains(actor).await?);
        for (row, _) in self.engine.scan_all(&keys::audit_heads()).await? {
            if let Some((staff, _)) = keys::audited(&row.key) {
                renewed += u64::from(self.renew_head(actor, staff).await?);
            }
        }
        for (row, _) in self.engine.scan_all(&keys::all_staff()).await? {
            if let Some(staff) = row.key.split('/').nth(1).and_then(|id| id.parse().ok()) {
                renewed += u64::from(self.renew_factor(actor, staff).await?);
            }
        }
        Ok(renewed)
    }

    /// The seal by the current key, if a former one made the one that is there.
    fn seal_anew(&self, sealed: &[u8], seal: &str) -> Option<String> {
        let ring = &self.engine.keys;
        let former =
            !ring.current().is_audit_seal(sealed, seal) && ring.any(|keys| keys.is_audit_seal(sealed, seal));
        former.then(|| ring.current().audit_seal(sealed))
    }

    async fn renew_chains(&self, actor: &Actor) -> Result<bool, EngineError> {
        let key = keys::audit_chains();
        let mut tx = self.engine.begin_command(actor, None, "renew_seals", &())?;
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
                continue;
            };
            let Some(found) = tx.get(&key)? else { return Ok(false) };
            let Some(seal) = self.seal_anew(&sealed_chains(found.chains), &found.seal) else {
                return Ok(false);
            };
            tx.put(&key, &AuditChains { seal, ..found })?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(true);
            }
        }
    }

    async fn renew_head(&self, actor: &Actor, staff: StaffId) -> Result<bool, EngineError> {
        let key = keys::audit_head(staff);
        let mut tx = self.engine.begin_command(actor, None, "renew_seals", &())?;
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
                continue;
            };
            let Some(head) = tx.get(&key)? else { return Ok(false) };
            let sealed = sealed_head(staff, head.count, &head.hash);
            let Some(seal) = self.seal_anew(&sealed, &head.seal) else { return Ok(false) };
            tx.put(&key, &AuditHead { seal, ..head })?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(true);
            }
        }
    }

    async fn renew_factor(&self, actor: &Actor, staff: StaffId) -> Result<bool, EngineError> {
        let (key, ring) = (keys::staff(staff), &self.engine.keys);
        let anew = |masked: &String| {
            let opened = ring.generations().find_map(|keys| keys.unmask(staff, masked));
            opened.map_or_else(|| masked.clone(), |(salt, secret)| ring.current().mask(staff, salt, secret))
        };
        let mut tx = self.engine.begin_command(actor, None, "renew_seals", &())?;
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
                continue;
            };
            let Some(before) = tx.get(&key)? else { return Ok(false) };
            let mut record: StaffRecord = before.clone();
            if let Some(factor) = &mut record.second_factor {
                factor.masked = anew(&factor.masked);
            }
            record.offered_factor = record.offered_factor.as_ref().map(anew);
            if record == before {
                return Ok(false);
            }
            tx.put(&key, &record)?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(true);
            }
        }
    }
}
