//! Whether something can be stored, for all who ask.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::Refused;

/// How long an answer holds. To find one out costs a write, with
/// `durability: power` a sync: whoever asks again and again must not keep the
/// disk from those who publish.
const HOLDS: Duration = Duration::from_secs(1);

/// What was found out last. One is finding out at a time; who asks meanwhile
/// waits for that and is told the same.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    last: Mutex<Option<(Instant, Result<(), Refused>)>>,
}

impl Readiness {
    /// What was found out less than [`HOLDS`] ago, or what is found out now.
    pub(crate) async fn ask(
        &self,
        find_out: impl Future<Output = Result<(), Refused>>,
    ) -> Result<(), Refused> {
        let mut last = self.last.lock().await;
        if let Some((found, answer)) = &*last
            && found.elapsed() < HOLDS
        {
            return answer.clone();
        }
        let answer = find_out.await;
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time;

    use super::*;

    /// Each one who asked wrote to the disk.
    #[tokio::test(start_paused = true)]
    async fn many_who_ask_at_once_are_told_what_one_has_found_out() {
        let (readiness, writes) = (Readiness::default(), AtomicUsize::new(0));
        let find_out = async || {
            time::sleep(Duration::from_millis(100)).await;
            match writes.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(()),
                _ => Err(Refused::DiskFull),
            }
        };
        let ask = async || readiness.ask(find_out()).await;
        let found = tokio::join!(ask(), ask(), ask());
        assert_eq!(found, (Ok(()), Ok(()), Ok(())));
        time::sleep(HOLDS - Duration::from_millis(1)).await;
        assert_eq!((ask().await, writes.load(Ordering::SeqCst)), (Ok(()), 1));
        time::sleep(Duration::from_millis(1)).await;
        let found = tokio::join!(ask(), ask());
        assert_eq!(found, (Err(Refused::DiskFull), Err(Refused::DiskFull)));
        assert_eq!(writes.load(Ordering::SeqCst), 2);
        // Who goes away in between leaves it to the next.
        time::sleep(HOLDS).await;
        let left = time::timeout(Duration::from_millis(50), ask()).await;
        assert!(left.is_err());
        assert_eq!(ask().await, Err(Refused::DiskFull));
        assert_eq!(writes.load(Ordering::SeqCst), 3);
    }
}
