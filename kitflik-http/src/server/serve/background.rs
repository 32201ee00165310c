//! What is done without being asked: mail, payments in flight, cleaning up.

use std::time::Duration;

use kitflik_core::Kitflik;
use tokio::sync::watch;
use tracing::warn;

/// Somebody who has just bought waits for the mail: it is looked for this often.
const LOOK: Duration = Duration::from_secs(1);
/// The shortest pause, so that a queue of mail does not keep a core to itself.
const BREATH: Duration = Duration::from_millis(10);
/// How long a store that does not answer is left alone.
const PAUSE: Duration = Duration::from_secs(5);

/// Ticks until it is told to stop. What a tick has begun it ends.
pub(super) async fn run(kitflik: Kitflik, mut stopped: watch::Receiver<bool>) {
    loop {
        let pause = match kitflik.tick().await {
            Ok(next) => next.map_or(LOOK, |next| next.since(kitflik.now())).clamp(BREATH, LOOK),
            Err(error) => {
                warn!(code = %error.code(), "background work has to wait");
                PAUSE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}
