//! Pictures that were drawn. One of 20,000 seats takes a good while, and is the same for all until a seat changes.

use std::collections::VecDeque;

use axum::http::HeaderValue;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::Problem;

/// Bytes of pictures that are kept.
const KEPT: usize = 16 * 1024 * 1024;
/// Pictures that are kept, however small.
const MOST: usize = 256;

/// The last pictures by their tags, which say all that they are made of.
#[derive(Debug)]
pub(crate) struct Pictures {
    /// The oldest first.
    kept: Mutex<VecDeque<(HeaderValue, Bytes)>>,
    /// One is drawn at a time: others are served meanwhile, and whoever waits may find that it is drawn.
    turns: Semaphore,
}

impl Default for Pictures {
    fn default() -> Self {
        Self { kept: Mutex::default(), turns: Semaphore::new(1) }
    }
}

impl Pictures {
    pub(super) async fn get(
        &self,
        tag: &HeaderValue,
        draw: impl Future<Output = Result<String, Problem>>,
    ) -> Result<Bytes, Problem> {
        if let Some(kept) = self.kept(tag) {
            return Ok(kept);
        }
        let _turn = self.turn().await;
        if let Some(kept) = self.kept(tag) {
            return Ok(kept);
        }
        let picture = Bytes::from(draw.await?);
        self.keep(tag.clone(), picture.clone());
        Ok(picture)
    }

    /// Waits until nobody draws.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    fn kept(&self, tag: &HeaderValue) -> Option<Bytes> {
        self.kept.lock().iter().find(|(kept, _)| kept == tag).map(|(_, picture)| picture.clone())
    }

    fn keep(&self, tag: HeaderValue, picture: Bytes) {
        let mut kept = self.kept.lock();
        kept.push_back((tag, picture));
        let mut bytes: usize = kept.iter().map(|(_, picture)| picture.len()).sum();
        while bytes > KEPT || kept.len() > MOST {
            let Some((_, oldest)) = kept.pop_front() else { return };
            bytes -= oldest.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_picture_is_drawn_once_however_many_ask() {
        let (pictures, drawn) = (Pictures::default(), AtomicUsize::new(0));
        let tag = HeaderValue::from_static("\"1\"");
        let get = || {
            pictures.get(&tag, async {
                drawn.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok("<svg/>".to_owned())
            })
        };
        let all = futures_util::future::join_all((0..10).map(|_| get())).await;
        assert!(all.iter().all(|picture| picture.as_ref().is_ok_and(|picture| picture == "<svg/>")));
        assert_eq!(drawn.load(Ordering::Relaxed), 1);
        let failed = pictures.get(&HeaderValue::from(2), async { Err(Problem::internal(&"no")) }).await;
        assert!(failed.is_err() && pictures.kept(&HeaderValue::from(2)).is_none());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let pictures = Pictures::default();
        for number in 0..1000 {
            pictures.keep(HeaderValue::from(number), Bytes::from(vec![0; 1_000_000]));
        }
        let count = pictures.kept.lock().len();
        assert_eq!(count, KEPT / 1_000_000);
        assert!(pictures.kept(&HeaderValue::from(999)).is_some());
        pictures.keep(HeaderValue::from(1000), Bytes::from(vec![0; KEPT + 1]));
        assert!(pictures.kept.lock().is_empty());
        for number in 0..1000 {
            pictures.keep(HeaderValue::from(number), Bytes::from_static(b"x"));
        }
        assert_eq!(pictures.kept.lock().len(), MOST);
    }
}
