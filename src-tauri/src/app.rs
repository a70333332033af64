//! The application put together.

use std::path::{PathBuf, absolute};
use std::process::ExitCode;

use moustique_node::{ConfigSource, Node, Paths};
use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_window_state::StateFlags;

use crate::arguments::Arguments;
use crate::autostart::Autostart;
use crate::clipboard::Copied;
use crate::devices::Devices;
use crate::notifications::Notifier;
use crate::preferences::Chosen;
use crate::stream::Stream;
use crate::tray::Tray;
use crate::window::Window;
use crate::{
    closing, commands, crash, devices, dock, exit, log, news, notifications, orders, preferences,
    tray, window,
};

/// Runs until the user quits.
///
/// # Errors
/// A sentence for the user when the application cannot begin. That the broker
/// cannot begin is none: tray and window say so.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let paths = paths(arguments)?;
    let window = Window::new(paths.data.join("webview"));
    let placement = paths.data.join("window.json");
    let configuration = ConfigSource {
        // Nobody sees the standard error of what was double-clicked.
        log: Some(paths.logs.join("moustique.log")),
        paths: paths.clone(),
        required: false,
    };
    let node = Node::new(configuration.clone());
    let is_hidden = arguments.hidden;
    let data_dir = arguments.data_dir.as_ref().map(|_| paths.data.clone());
    let mut app = tauri::Builder::default()
        // First: a second launch must end before it does anything else.
        .plugin(tauri_plugin_single_instance::init(|app, arguments, _| {
            if Arguments::want_window(arguments) {
                window::show(app);
            }
        }))
        .plugin(
            tauri_plugin_opener::Builder::new()
                // The page has its own way to ask, and no other.
                .open_js_links_on_click(false)
                .build(),
        )
        .plugin(
            tauri_plugin_window_state::Builder::new()
                .with_filename(placement.to_string_lossy())
                .with_state_flags(StateFlags::POSITION | StateFlags::SIZE | StateFlags::MAXIMIZED)
                .build(),
        )
        .manage(node)
        .manage(paths)
        .manage(Copied::default())
        .manage(window)
        .manage(Tray::default())
        .manage(Stream::default())
        .manage(Notifier::default())
        .manage(exit::Leaving::default())
        .manage(closing::Asking::default())
        .invoke_handler(commands::handler())
        .setup(move |app| {
            // Not earlier: the files belong to the first launch.
            log::begin(&configuration);
            crash::begin(app.handle(), &configuration.paths);
            remember(app.handle());
            keep_autostart(app.handle(), data_dir);
            begin(app.handle(), is_hidden);
            Ok(())
        })
        .build(tauri::generate_context!())
        .map_err(|error| format!("The application cannot begin: {error}."))?;
    dock::stay_out(&mut app);
    let code = app.run_return(|app, event| exit::on_event(app, &event));
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn paths(arguments: &Arguments) -> Result<Paths, String> {
    match &arguments.data_dir {
        Some(folder) => absolute(folder)
            .map(|folder| Paths::in_folder(&folder))
            .map_err(|error| format!("--data-dir {}: {error}.", folder.display())),
        None => Paths::of_user()
            .ok_or_else(|| "This user has no home folder. Name one with --data-dir.".to_owned()),
    }
}

/// Knows from now on what was chosen, and who was heard, in earlier launches.
fn remember<R: Runtime>(app: &AppHandle<R>) {
    let paths = app.state::<Paths>();
    let chosen = Chosen::read(paths.config.with_file_name(preferences::FILE));
    let devices = Devices::read(paths.data.join(devices::FILE));
    app.manage(chosen);
    app.manage(devices);
}

/// Knows from now on how the session would start the application, and corrects
/// what it would do where that is out of date.
fn keep_autostart<R: Runtime>(app: &AppHandle<R>, data_dir: Option<PathBuf>) {
    let Some(autostart) = Autostart::of_this_program(data_dir) else {
        return;
    };
    if let Err(error) = autostart.refresh() {
        tracing::warn!("What starts with the session could not be corrected: {error}.");
    }
    app.manage(autostart);
}

fn begin<R: Runtime>(app: &AppHandle<R>, is_hidden: bool) {
    exit::on_signals(app);
    tray::run(app);
    notifications::run(app);
    news::run(app);
    if !is_hidden {
        window::show(app);
    }
    orders::start(app);
    let node = orders::node(app);
    tauri::async_runtime::spawn(async move { node.start_again().await });
}
