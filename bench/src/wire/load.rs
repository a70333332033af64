//! Many connections that publish as fast as they are answered.

use std::error::Error;
use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::task::LocalSet;
use tokio::time::Instant;

use crate::figures::latencies;
use crate::wire::connection::{Connection, post};

/// A classic POST of `/home/kitchen/temp`, `21.5`, from `esp32`.
const FORM: &str = "topic=Y2uioJHin2y0L2uyov90MJ1j&message=ZwRhAD%3D%3D&from=MKAjZmV%3D";

/// Microseconds from a request to its reply; their count is that of requests.
pub(crate) async fn publish(
    port: u16,
    connections: usize,
    duration: Duration,
) -> Result<Histogram<u64>, Box<dyn Error>> {
    let request: Rc<[u8]> = post("/POST", FORM).into();
    let tasks = LocalSet::new();
    let end = Instant::now() + duration;
    let mut running = Vec::new();
    for _ in 0..connections {
        let (request, mut connection) = (Rc::clone(&request), Connection::open(port).await?);
        running.push(tasks.spawn_local(async move {
            let mut taken = latencies().map_err(|error| error.to_string())?;
            while Instant::now() < end {
                let begun = Instant::now();
                connection
                    .call(&request)
                    .await
                    .map_err(|error| error.to_string())?;
                let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
                taken.saturating_record(micros);
            }
            Ok::<_, String>(taken)
        }));
    }
    tasks
        .run_until(async {
            let mut all = latencies()?;
            for task in running {
                all.add(task.await??)?;
            }
            Ok(all)
        })
        .await
}
