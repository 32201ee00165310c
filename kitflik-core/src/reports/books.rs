//! The house's books, read in bounded steps.

use crate::error::EngineError;
use crate::kitflik::Engine;
use crate::store::keys::{self, Range};
use crate::store::records::MoneyEntry;
use crate::time::Timestamp;

/// Rows that are read at once.
pub(super) const STRIDE: u32 = 500;

/// The lines of the books of some time, in its order.
pub(super) struct Books<'a> {
    engine: &'a Engine,
    /// What is left of it; `None` at the end.
    left: Option<Range<MoneyEntry>>,
}

impl<'a> Books<'a> {
    /// From one time until before another.
    pub(super) fn between(engine: &'a Engine, from: Timestamp, to: Timestamp) -> Self {
        Self { engine, left: Some(keys::money_between(from, to)) }
    }

    /// All of them.
    pub(super) fn all(engine: &'a Engine) -> Self {
        Self::between(engine, Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX))
    }

    /// Some more lines; none at the end.
    pub(super) async fn next(&mut self) -> Result<Vec<MoneyEntry>, EngineError> {
        let Some(range) = &mut self.left else { return Ok(Vec::new()) };
        let rows = self.engine.scan(range, STRIDE, false).await?;
        match rows.last() {
            // The least key after a key is the key with the least byte appended.
            Some((last, _)) if rows.len() == STRIDE as usize => range.start = format!("{}!", last.key),
            _ => self.left = None,
        }
        Ok(rows.into_iter().map(|(_, entry)| entry).collect())
    }
}
