//! What waits to be sent, for several workers to take from.

use tokio::sync::{Mutex, mpsc};

/// Callers await their answers, so there is one job for each of them at most.
pub(super) struct Inbox<T>(Mutex<Waiting<T>>);

struct Waiting<T> {
    receiver: mpsc::UnboundedReceiver<T>,
    /// What did not fit into the last group.
    held: Option<T>,
}

impl<T> Inbox<T> {
    pub(super) fn new(receiver: mpsc::UnboundedReceiver<T>) -> Self {
        Self(Mutex::new(Waiting { receiver, held: None }))
    }

    /// Waits for a job and takes all that wait behind it, as long as they fit. The first is asked too, but
    /// taken in any case. `None` when nothing comes any more.
    pub(super) async fn next_group(&self, mut fits: impl FnMut(&T) -> bool) -> Option<Vec<T>> {
        let mut waiting = self.0.lock().await;
        let first = match waiting.held.take() {
            Some(held) => held,
            None => waiting.receiver.recv().await?,
        };
        let mut open = fits(&first);
        let mut group = vec![first];
        while open && let Ok(next) = waiting.receiver.try_recv() {
            open = fits(&next);
            if open {
                group.push(next);
            } else {
                waiting.held = Some(next);
            }
        }
        Some(group)
    }
}
