//! Waiting for an order on a plain thread, but not for ever.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use tokio::sync::mpsc::Receiver;

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The next order, if there is one until the deadline. The channel itself knows
/// deadlines only within a runtime, which this thread is to outlive.
pub(crate) fn receive<T>(orders: &mut Receiver<T>, deadline: Instant) -> Option<T> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        let polled = orders.poll_recv(&mut context);
        let left = deadline.saturating_duration_since(Instant::now());
        match polled {
            Poll::Ready(Some(order)) => return Some(order),
            Poll::Pending if left.is_zero() => return None,
            // Nobody is left who could order anything.
            Poll::Ready(None) => {
                thread::sleep(left);
                return None;
            }
            Poll::Pending => thread::park_timeout(left),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn an_order_ends_the_wait_and_so_does_the_deadline() {
        let (sender, mut orders) = mpsc::channel(1);
        let begun = Instant::now();
        assert_eq!(receive(&mut orders, begun), None);
        let soon = begun + Duration::from_millis(20);
        assert_eq!(receive(&mut orders, soon), None);
        assert!(Instant::now() >= soon);
        let late = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            sender.blocking_send(7).unwrap();
        });
        let far = Instant::now() + Duration::from_secs(60);
        assert_eq!(receive(&mut orders, far), Some(7));
        assert!(Instant::now() < far);
        late.join().unwrap();
        assert_eq!(receive(&mut orders, Instant::now()), None);
    }
}
