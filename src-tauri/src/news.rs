//! What happens to the broker that the user may want to be told of.
//!
//! Nothing here is in the way of a publish. Who publishes the broker knows by
//! itself, and is asked from time to time; messages that a rule is about are
//! followed as any client would.

mod alerts;
mod devices;
mod failures;

use moustique_broker::Broker;
use moustique_monitor::Source;
use tauri::async_runtime::spawn;
use tauri::{AppHandle, Runtime};
use tokio::sync::watch;

/// Watches for as long as the application runs.
pub(crate) fn run<R: Runtime>(app: &AppHandle<R>) {
    spawn(failures::watch(app.clone()));
    spawn(devices::watch(app.clone()));
    spawn(alerts::watch(app.clone()));
}

/// Waits until a broker runs. `None` when there will be none any more.
async fn running(source: &mut watch::Receiver<Source>) -> Option<Broker> {
    let running = source.wait_for(|source| source.broker.is_some()).await;
    running.ok()?.broker.clone()
}
