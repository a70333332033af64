//! What the page in the window may ask of the program.

use moustique_monitor::{Frame, Refusal, Reloaded, Request};
use moustique_node::Node;
use serde_json::Value;
use tauri::ipc::{Channel, Invoke};
use tauri::{AppHandle, Runtime, State};

use crate::orders;
use crate::stream::Stream;

/// All commands there are.
pub(crate) fn handler<R: Runtime>() -> impl Fn(Invoke<R>) -> bool {
    tauri::generate_handler![rpc, subscribe, unsubscribe]
}

/// Carries out one request of the page. An order is answered with `null`, but for
/// a reload, which tells what came of it.
#[tauri::command]
async fn rpc<R: Runtime>(
    app: AppHandle<R>,
    node: State<'_, Node>,
    request: Request,
) -> Result<Value, Refusal> {
    match request {
        Request::Publish(publish) => node.publish(publish).await?,
        Request::Reload => return answer(&node.reload().await?),
        Request::Start => {
            // A problem is the state of the broker, which every page is told.
            let _ = node.start().await;
        }
        Request::Stop => node.stop().await,
        Request::OpenInBrowser => orders::open_in_browser(&app)?,
    }
    Ok(Value::Null)
}

fn answer(reloaded: &Reloaded) -> Result<Value, Refusal> {
    serde_json::to_value(reloaded).map_err(|error| Refusal::new("unexpected", error.to_string()))
}

/// Begins to send frames into the channel, and to no other.
#[tauri::command]
async fn subscribe(
    node: State<'_, Node>,
    stream: State<'_, Stream>,
    channel: Channel<Vec<Frame>>,
) -> Result<(), Refusal> {
    stream.open(node.source(), channel);
    Ok(())
}

/// Stops sending frames into the channel with this number.
#[tauri::command]
async fn unsubscribe(stream: State<'_, Stream>, id: u32) -> Result<(), Refusal> {
    stream.close(id).await;
    Ok(())
}

#[cfg(test)]
mod tests;
