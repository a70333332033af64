//! How long a message takes from its publisher to a subscriber that waits.

use std::error::Error;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::figures::latencies;
use crate::wire::connection::{Connection, post};

/// Messages a second: far below the limit, so that the way is measured and
/// not a queue.
const RATE: u32 = 1_000;

/// Microseconds from the moment before a publish to the moment after the
/// reply of the long-poll that carries it, one way.
pub(crate) async fn long_poll(
    port: u16,
    duration: Duration,
) -> Result<Histogram<u64>, Box<dyn Error>> {
    let mut subscriber = Connection::open(port).await?;
    let mut publisher = Connection::open(port).await?;
    subscriber
        .call(&post("/SUBSCRIBE", "topic=/bench/delay&client=bench"))
        .await?;
    let poll = post("/PICKUP?encoding=plain", "client=bench&wait=10");
    let base = Instant::now();
    let messages = u64::from(RATE) * duration.as_secs();
    let publish = async {
        let mut ticks = interval(Duration::from_secs(1) / RATE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for _ in 0..messages {
            ticks.tick().await;
            let micros = base.elapsed().as_micros();
            let form = format!("topic=/bench/delay&message={micros}.");
            publisher.call(&post("/POST", &form)).await?;
        }
        Ok::<_, Box<dyn Error>>(())
    };
    let receive = async {
        let mut delays = latencies()?;
        while delays.len() < messages {
            let reply = subscriber.call(&poll).await?;
            let now = base.elapsed().as_micros();
            for sent in sent_at(std::str::from_utf8(reply)?) {
                delays.saturating_record(u64::try_from(now - sent)?);
            }
        }
        Ok::<_, Box<dyn Error>>(delays)
    };
    let (published, delays) = tokio::join!(publish, receive);
    published?;
    delays
}

/// The moments in the messages of a reply.
fn sent_at(reply: &str) -> impl Iterator<Item = u128> {
    reply
        .split("\"message\":\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('.')?.0.parse().ok())
}
