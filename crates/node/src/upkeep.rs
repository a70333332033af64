//! What is done beside the serving, for as long as the broker runs.

use std::sync::Arc;

use moustique_http::ReloadOrder;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::run::Inner;

/// Carries out what the monitor asks for, one order after another, until the
/// broker stops. In a task of its own: whoever asked may go away meanwhile.
pub(crate) async fn run(
    node: Arc<Inner>,
    mut orders: mpsc::Receiver<ReloadOrder>,
    stop: CancellationToken,
) {
    loop {
        let order = tokio::select! {
            () = stop.cancelled() => return,
            order = orders.recv() => order,
        };
        // None when nobody is left to ask.
        let Some(reply) = order else { return };
        // An error would say that nobody waits any more.
        let _ = reply.send(node.reload().await);
    }
}
