//! Layouts in the store: a head, and the seats in chunks that fit a value.

use sha2::{Digest, Sha256};

use super::Catalog;
use crate::error::EngineError;
use crate::ids::LayoutId;
use crate::kitflik::Engine;
use crate::limits;
use crate::ports::storage::Durability;
use crate::seats::layout::{Layout, Seat};
use crate::store::keys;
use crate::store::records::{Form, LayoutChunk, LayoutHead};
use crate::store::tx::Loaded;

/// Room for the braces and the form around the seats of a chunk.
const CHUNK_OVERHEAD: usize = 64;
/// Chunks in one batch: far below the bounds of a batch in count and bytes.
const CHUNKS_PER_BATCH: usize = 24;

impl Engine {
    pub(super) async fn read_layout(&self, id: LayoutId) -> Result<Option<Layout>, EngineError> {
        let Some(head) = self.get(&keys::layout(id)).await? else { return Ok(None) };
        let chunks = self.scan_all(&keys::layout_chunks(id)).await?;
        let damaged = |what: String| EngineError::internal(format!("the layout {id} is damaged: {what}"));
        if chunks.len() != head.chunks as usize {
            return Err(damaged(format!("{} of {} rows are there", chunks.len(), head.chunks)));
        }
        let seats = chunks.into_iter().flat_map(|(_, chunk)| chunk.seats).collect();
        Layout::new(head.name, head.categories, seats).map(Some).map_err(|error| damaged(error.to_string()))
    }
}

impl Catalog<'_> {
    /// Writes a layout under the digest of its content, so that the same layout is stored once. The head comes last:
    /// what a crash leaves before it is no layout, and is written again next time.
    pub(super) async fn store_layout(&self, layout: &Layout) -> Result<LayoutId, EngineError> {
        let id = id_of(layout)?;
        if self.engine.get(&keys::layout(id)).await?.is_some() {
            return Ok(id);
        }
        let chunks = split(layout.seats())?;
        for (batch, group) in chunks.chunks(CHUNKS_PER_BATCH).enumerate() {
            let mut tx = self.engine.begin();
            loop {
                let Loaded::Fresh = tx.load::<()>(Durability::Relaxed, Vec::new()).await? else { break };
                for (place, seats) in group.iter().enumerate() {
                    let key = keys::layout_chunk(id, batch * CHUNKS_PER_BATCH + place);
                    tx.put(&key, &LayoutChunk { v: Form, seats: seats.to_vec() })?;
                }
                if tx.commit(Durability::Relaxed, &()).await?.is_some() {
                    break;
                }
            }
        }
        let head = LayoutHead {
            v: Form,
            name: layout.name().to_owned(),
            categories: layout.categories().to_vec(),
            seats: u32::try_from(layout.seats().len()).unwrap_or(u32::MAX),
            chunks: u32::try_from(chunks.len()).unwrap_or(u32::MAX),
        };
        let mut tx = self.engine.begin();
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, Vec::new()).await? else { break };
            tx.put(&keys::layout(id), &head)?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                break;
            }
        }
        Ok(id)
    }
}

/// The id of a layout: the digest of its content.
pub(super) fn id_of(layout: &Layout) -> Result<LayoutId, EngineError> {
    let content = serde_json::to_vec(layout).map_err(|error| EngineError::internal(error.to_string()))?;
    let mut digest = [0; 16];
    digest.copy_from_slice(&Sha256::digest(&content)[..16]);
    Ok(LayoutId::from_digest(digest))
}

/// Cuts seats into runs whose documents fit a value.
fn split(seats: &[Seat]) -> Result<Vec<&[Seat]>, EngineError> {
    let (mut chunks, mut start, mut bytes) = (Vec::new(), 0, CHUNK_OVERHEAD);
    for (at, seat) in seats.iter().enumerate() {
        let size =
            serde_json::to_vec(seat).map_err(|error| EngineError::internal(error.to_string()))?.len() + 1;
        if bytes + size > limits::MAX_VALUE_BYTES {
            chunks.push(seats.get(start..at).unwrap_or_default());
            (start, bytes) = (at, CHUNK_OVERHEAD);
        }
        bytes += size;
    }
    chunks.push(seats.get(start..).unwrap_or_default());
    Ok(chunks)
}
