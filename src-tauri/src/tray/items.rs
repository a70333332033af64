//! The menu as the system has it: built once, then changed in place, because
//! some desktops close an open menu that is replaced.

use std::sync::{Mutex, PoisonError};

use tauri::image::Image;
use tauri::menu::{CheckMenuItem, MenuBuilder, MenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Runtime};

use super::menu::{Icon, Menu};
use crate::{exit, orders, window};

const ADDRESS: &str = "address";
const START: &str = "start";
const STOP: &str = "stop";
const OPEN_MONITOR: &str = "open-monitor";
const OPEN_IN_BROWSER: &str = "open-in-browser";
const START_AT_LOGIN: &str = "start-at-login";
const OPEN_DATA_FOLDER: &str = "open-data-folder";
const QUIT: &str = "quit";

/// The menu and those of its lines that change.
pub(super) struct Items<R: Runtime> {
    all: tauri::menu::Menu<R>,
    status: MenuItem<R>,
    address: MenuItem<R>,
    start: MenuItem<R>,
    stop: MenuItem<R>,
    open_in_browser: MenuItem<R>,
    start_at_login: CheckMenuItem<R>,
    quit: MenuItem<R>,
    shown: Mutex<Menu>,
}

impl<R: Runtime> Items<R> {
    pub(super) fn new(app: &AppHandle<R>, menu: Menu) -> tauri::Result<Self> {
        let item = |id, text: &str, is_enabled| {
            MenuItem::with_id(app, id, label(text), is_enabled, None::<&str>)
        };
        let status = item("status", &menu.status, false)?;
        let address = item(ADDRESS, &menu.address, menu.can_copy)?;
        let start = item(START, "Start broker", menu.can_start)?;
        let stop = item(STOP, "Stop broker", menu.can_stop)?;
        let open_monitor = item(OPEN_MONITOR, "Open monitor", true)?;
        let open_in_browser = item(OPEN_IN_BROWSER, "Open in browser", menu.can_open_in_browser)?;
        let start_at_login = CheckMenuItem::with_id(
            app,
            START_AT_LOGIN,
            "Start at login",
            true,
            menu.starts_at_login,
            None::<&str>,
        )?;
        let open_data_folder = item(OPEN_DATA_FOLDER, "Open data folder", true)?;
        let quit = item(QUIT, &menu.quit, true)?;
        let all = MenuBuilder::new(app)
            .items(&[&status, &address])
            .separator()
            .items(&[&start, &stop])
            .separator()
            .items(&[&open_monitor, &open_in_browser])
            .separator()
            .item(&start_at_login)
            .item(&open_data_folder)
            .separator()
            .item(&quit)
            .build()?;
        Ok(Self {
            all,
            status,
            address,
            start,
            stop,
            open_in_browser,
            start_at_login,
            quit,
            shown: Mutex::new(menu),
        })
    }

    /// Puts the icon into the tray.
    ///
    /// # Errors
    /// When nothing shows a tray.
    pub(super) fn attach(&self, app: &AppHandle<R>) -> tauri::Result<TrayIcon<R>> {
        let (icon, status) = {
            let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
            (image(shown.icon), shown.status.clone())
        };
        let mut builder = TrayIconBuilder::with_id("moustique");
        // Elsewhere the title is text beside the icon, or nothing.
        if cfg!(target_os = "linux") {
            builder = builder.title("Moustique");
        }
        builder
            .tooltip(status)
            .icon(icon)
            .icon_as_template(true)
            .menu(&self.all)
            .show_menu_on_left_click(false)
            .on_menu_event(|app, event| obey(app, event.id.as_ref()))
            .on_tray_icon_event(|icon, event| {
                if let TrayIconEvent::Click {
                    button: MouseButton::Left,
                    button_state: MouseButtonState::Up,
                    ..
                } = event
                {
                    window::show(icon.app_handle());
                }
            })
            .build(app)
    }

    /// Changes what is different.
    pub(super) fn show(&self, icon: &TrayIcon<R>, menu: Menu) -> tauri::Result<()> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if menu.icon != shown.icon {
            icon.set_icon_with_as_template(Some(image(menu.icon)), true)?;
        }
        if menu.status != shown.status {
            icon.set_tooltip(Some(&menu.status))?;
            self.status.set_text(label(&menu.status))?;
        }
        if menu.address != shown.address {
            self.address.set_text(label(&menu.address))?;
        }
        if menu.can_copy != shown.can_copy {
            self.address.set_enabled(menu.can_copy)?;
        }
        if menu.can_start != shown.can_start {
            self.start.set_enabled(menu.can_start)?;
        }
        if menu.can_stop != shown.can_stop {
            self.stop.set_enabled(menu.can_stop)?;
        }
        if menu.can_open_in_browser != shown.can_open_in_browser {
            self.open_in_browser.set_enabled(menu.can_open_in_browser)?;
        }
        // A click has changed the mark already, whatever came of it.
        if self.start_at_login.is_checked()? != menu.starts_at_login {
            self.start_at_login.set_checked(menu.starts_at_login)?;
        }
        if menu.quit != shown.quit {
            self.quit.set_text(label(&menu.quit))?;
        }
        *shown = menu;
        Ok(())
    }
}

fn obey<R: Runtime>(app: &AppHandle<R>, id: &str) {
    match id {
        ADDRESS => super::copy_address(app),
        START => orders::start(app),
        STOP => orders::stop(app),
        OPEN_MONITOR => window::show(app),
        OPEN_IN_BROWSER => {
            if let Err(refusal) = orders::open_in_browser(app) {
                tracing::warn!(code = refusal.code, "{}", refusal.detail);
            }
        }
        START_AT_LOGIN => super::toggle_autostart(app),
        OPEN_DATA_FOLDER => orders::open_data_folder(app),
        QUIT => exit::quit(app),
        _ => {}
    }
}

/// A single `&` would underline the letter after it.
fn label(text: &str) -> String {
    text.replace('&', "&&")
}

#[cfg(not(target_os = "macos"))]
fn image(icon: Icon) -> Image<'static> {
    match icon {
        Icon::Running => tauri::include_image!("../icons/tray/running.png"),
        Icon::Stopped => tauri::include_image!("../icons/tray/stopped.png"),
        Icon::Draining => tauri::include_image!("../icons/tray/draining.png"),
        Icon::Error => tauri::include_image!("../icons/tray/error.png"),
    }
}

/// Black on nothing: the system gives them the colour of its menu bar.
#[cfg(target_os = "macos")]
fn image(icon: Icon) -> Image<'static> {
    match icon {
        Icon::Running => tauri::include_image!("../icons/tray/template-running.png"),
        Icon::Stopped => tauri::include_image!("../icons/tray/template-stopped.png"),
        Icon::Draining => tauri::include_image!("../icons/tray/template-draining.png"),
        Icon::Error => tauri::include_image!("../icons/tray/template-error.png"),
    }
}
