//! The menu as the system has it: built once, then changed in place, because
//! some desktops close an open menu that is replaced.

use std::sync::{Mutex, PoisonError};

use tauri::image::Image;
use tauri::menu::{CheckMenuItem, MenuBuilder, MenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Runtime};

use super::clicks::{
    self, ADDRESS, OPEN_DATA_FOLDER, OPEN_IN_BROWSER, OPEN_LOG_FOLDER, OPEN_MONITOR, PAUSE, QUIT,
    SETTINGS, START, START_AT_LOGIN, STOP,
};
use super::lines::{Recent, label};
use super::menu::{Icon, Menu};
use crate::window;

/// The menu and those of its lines that change.
pub(super) struct Items<R: Runtime> {
    all: tauri::menu::Menu<R>,
    status: MenuItem<R>,
    address: MenuItem<R>,
    start: MenuItem<R>,
    stop: MenuItem<R>,
    open_in_browser: MenuItem<R>,
    recent: Recent<R>,
    pause: CheckMenuItem<R>,
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
        let recent = Recent::new(app, &menu.recent)?;
        let mark = |id, text, is_checked| {
            CheckMenuItem::with_id(app, id, text, true, is_checked, None::<&str>)
        };
        let pause = mark(PAUSE, "Pause notifications", menu.is_paused)?;
        let start_at_login = mark(START_AT_LOGIN, "Start at login", menu.starts_at_login)?;
        let open_log_folder = item(OPEN_LOG_FOLDER, "Open log folder", true)?;
        let open_data_folder = item(OPEN_DATA_FOLDER, "Open data folder", true)?;
        let settings = item(SETTINGS, "Settings…", true)?;
        let quit = item(QUIT, &menu.quit, true)?;
        let all = MenuBuilder::new(app)
            .items(&[&status, &address])
            .separator()
            .items(&[&start, &stop])
            .separator()
            .items(&[&open_monitor, &open_in_browser])
            .separator()
            .item(recent.submenu())
            .separator()
            .items(&[&pause, &start_at_login])
            .separator()
            .items(&[&open_log_folder, &open_data_folder, &settings])
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
            recent,
            pause,
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
            .on_menu_event(|app, event| clicks::obey(app, event.id.as_ref()))
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
        if menu.recent != shown.recent {
            self.recent.show(&menu.recent)?;
        }
        // A click has changed the mark already, whatever came of it.
        for (mark, is_checked) in [
            (&self.pause, menu.is_paused),
            (&self.start_at_login, menu.starts_at_login),
        ] {
            if mark.is_checked()? != is_checked {
                mark.set_checked(is_checked)?;
            }
        }
        if menu.quit != shown.quit {
            self.quit.set_text(label(&menu.quit))?;
        }
        *shown = menu;
        Ok(())
    }
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
