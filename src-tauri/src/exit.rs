//! The one way out: the broker is drained, once, and only then the process
//! ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::{AppHandle, Manager, RunEvent, Runtime, WindowEvent};
use tokio::time::timeout;

use crate::devices::Devices;
use crate::stream::Stream;
use crate::{closing, crash, dock, orders};

/// Longest wait for the broker when the user quits.
const GRACE: Duration = Duration::from_secs(6);

/// Longest wait for the broker when the system ends the session: it waits no
/// longer itself.
const LAST_GRACE: Duration = Duration::from_secs(2);

/// Whether the application is on its way out.
#[derive(Debug, Default)]
pub(crate) struct Leaving(AtomicBool);

/// Whether the application is on its way out.
pub(crate) fn is_leaving<R: Runtime>(app: &AppHandle<R>) -> bool {
    app.state::<Leaving>().0.load(Ordering::Relaxed)
}

/// Drains the broker and ends the application. Returns at once; a second call
/// changes nothing.
pub(crate) fn quit<R: Runtime>(app: &AppHandle<R>) {
    if app.state::<Leaving>().0.swap(true, Ordering::Relaxed) {
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let node = orders::node(&app);
        if timeout(GRACE, node.stop()).await.is_err() {
            tracing::error!(
                "The broker did not stop within {} s; it is left behind.",
                GRACE.as_secs()
            );
        }
        write_devices(&app);
        app.exit(0);
    });
}

/// Writes down who was heard since the last time.
fn write_devices<R: Runtime>(app: &AppHandle<R>) {
    if let Some(devices) = app.try_state::<Devices>()
        && let Err(error) = devices.write()
    {
        tracing::warn!("Who is known cannot be written down: {error}.");
    }
}

/// Handles what the event loop says about windows and the end.
pub(crate) fn on_event<R: Runtime>(app: &AppHandle<R>, event: &RunEvent) {
    match event {
        RunEvent::WindowEvent {
            event: WindowEvent::CloseRequested { api, .. },
            ..
        } => closing::on_wish(app, api),
        RunEvent::WindowEvent {
            event: WindowEvent::Destroyed,
            ..
        } => {
            app.state::<Stream>().end();
            closing::on_gone(app);
            dock::show(app, false);
        }
        // The program was opened again: macOS starts no second one.
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => crate::window::show(app),
        // The last window is gone: the broker stays. Only [`quit`] asks with a
        // code, after the broker has been drained.
        RunEvent::ExitRequested {
            code: None, api, ..
        } => {
            api.prevent_exit();
            closing::on_last_gone(app);
        }
        // On some systems the end of the session leads straight here.
        RunEvent::Exit => {
            let node = orders::node(app);
            tauri::async_runtime::block_on(async {
                let _ = timeout(LAST_GRACE, node.stop()).await;
            });
            write_devices(app);
            crash::end(app);
        }
        _ => {}
    }
}

/// Makes the first signal quit, and the second one end the process at once.
#[cfg(unix)]
pub(crate) fn on_signals<R: Runtime>(app: &AppHandle<R>) {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// What the shell adds to the number of a signal.
    const SIGNAL_CODE: i32 = 128;

    async fn any(signals: &mut [(SignalKind, Signal); 3]) -> SignalKind {
        let [terminate, interrupt, hangup] = signals;
        tokio::select! {
            _ = terminate.1.recv() => terminate.0,
            _ = interrupt.1.recv() => interrupt.0,
            _ = hangup.1.recv() => hangup.0,
        }
    }

    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let listen = |kind| signal(kind).map(|signal| (kind, signal));
        let (Ok(terminate), Ok(interrupt), Ok(hangup)) = (
            listen(SignalKind::terminate()),
            listen(SignalKind::interrupt()),
            listen(SignalKind::hangup()),
        ) else {
            tracing::warn!("Signals cannot be listened to: they end the process undrained.");
            return;
        };
        let mut signals = [terminate, interrupt, hangup];
        any(&mut signals).await;
        quit(&app);
        let kind = any(&mut signals).await;
        crash::end(&app);
        std::process::exit(SIGNAL_CODE + kind.as_raw_value());
    });
}

/// Makes the first event of a console quit, and the second one end the process at
/// once. That the user logs off or the system goes down is told to the window that
/// the event loop has, shown or not, and leads to [`RunEvent::Exit`].
#[cfg(windows)]
pub(crate) fn on_signals<R: Runtime>(app: &AppHandle<R>) {
    use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};

    async fn any((interrupt, stop, close): &mut (CtrlC, CtrlBreak, CtrlClose)) {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = stop.recv() => {}
            _ = close.recv() => {}
        }
    }

    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let (Ok(interrupt), Ok(stop), Ok(close)) = (ctrl_c(), ctrl_break(), ctrl_close()) else {
            tracing::warn!("The console cannot be listened to: it ends the process undrained.");
            return;
        };
        let mut events = (interrupt, stop, close);
        any(&mut events).await;
        quit(&app);
        any(&mut events).await;
        crash::end(&app);
        std::process::exit(1);
    });
}
