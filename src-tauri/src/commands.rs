//! What the page in the window may ask of the program.

use moustique_monitor::{Frame, Refusal, Request};
use moustique_node::Node;
use serde::Serialize;
use serde_json::Value;
use tauri::async_runtime::spawn_blocking;
use tauri::ipc::{Channel, Invoke};
use tauri::{AppHandle, Manager, Runtime, State};

use crate::preferences::Chosen;
use crate::stream::Stream;
use crate::{closing, crash, orders};

/// All commands there are.
pub(crate) fn handler<R: Runtime>() -> impl Fn(Invoke<R>) -> bool {
    tauri::generate_handler![rpc, subscribe, unsubscribe]
}

/// Carries out one request of the page. An order that has nothing to tell is
/// answered with `null`.
#[tauri::command]
async fn rpc<R: Runtime>(
    app: AppHandle<R>,
    node: State<'_, Node>,
    request: Request,
) -> Result<Value, Refusal> {
    match request {
        Request::Publish(publish) => node.publish(publish).await?,
        Request::Reload => return answer(&node.reload().await?),
        Request::Settings => return answer(&node.settings().await?),
        Request::ChangeSettings(changes) => {
            return answer(&node.change_settings(changes).await?);
        }
        Request::ChangePassword(change) => {
            return answer(&node.change_password(change.password).await?);
        }
        Request::UseFreePort => {
            node.use_free_port().await?;
            let _ = node.start().await;
        }
        Request::Start => {
            // A problem is the state of the broker, which every page is told.
            let _ = node.start().await;
        }
        Request::Stop => node.stop().await,
        Request::OpenInBrowser => orders::open_in_browser(&app)?,
        Request::Application => {
            let application = with_disk(&app, |app| Ok(orders::application(app)));
            return answer(&application.await?);
        }
        Request::SetPreferences(preferences) => {
            with_disk(&app, |app| app.state::<Chosen>().set(preferences)).await?;
        }
        Request::SetStartAtLogin(is_on) => {
            with_disk(&app, move |app| orders::set_start_at_login(app, is_on)).await?;
        }
        Request::ForgetCrash => crash::forget(&app),
        Request::OpenFolder(folder) => {
            with_disk(&app, move |app| orders::open_folder(app, folder)).await?;
        }
        Request::Close(answer) => closing::answer(&app, answer).await?,
    }
    Ok(Value::Null)
}

/// Does what waits for the disk, off the async threads.
async fn with_disk<R: Runtime, T: Send + 'static>(
    app: &AppHandle<R>,
    order: impl FnOnce(&AppHandle<R>) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let app = app.clone();
    let done = spawn_blocking(move || order(&app)).await;
    done.unwrap_or_else(|error| Err(Refusal::new("unexpected", error.to_string())))
}

fn answer(answer: &impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(answer).map_err(|error| Refusal::new("unexpected", error.to_string()))
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
