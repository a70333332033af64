//! A display that nobody looks at.

use std::process::{Command, Stdio};

use x11rb::CURRENT_TIME;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, CLIENT_MESSAGE_EVENT, ClientMessageData, ClientMessageEvent, ConfigureWindowAux,
    ConnectionExt, CreateWindowAux, EventMask, ImageFormat, MapState, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use super::process::Process;

/// A private display, and what is shown on it.
pub(crate) struct Display {
    name: String,
    connection: RustConnection,
    root: Window,
    // Dropped last: the connection says goodbye to it.
    _server: Process,
}

/// Where a window is on the display, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) x: i16,
    pub(crate) y: i16,
    pub(crate) width: u16,
    pub(crate) height: u16,
}

impl Display {
    pub(crate) fn start() -> Self {
        let mut server = Process::start(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", "1400x1000x24"])
                .args(["-nolisten", "tcp", "-noreset"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
        );
        let name = format!(":{}", server.first_line());
        let (connection, screen) = x11rb::connect(Some(&name)).expect("the display answers");
        let root = connection.setup().roots[screen].root;
        Self {
            name,
            connection,
            root,
            _server: server,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The windows with this title that can be seen.
    pub(crate) fn windows(&self, title: &str) -> Vec<Window> {
        let tree = self.connection.query_tree(self.root).unwrap().reply();
        tree.unwrap()
            .children
            .into_iter()
            .filter(|window| self.is_seen(*window) && self.title(*window).as_deref() == Some(title))
            .collect()
    }

    /// Another program's window in front of all others.
    pub(crate) fn cover(&self) -> Window {
        let connection = &self.connection;
        let window = connection.generate_id().unwrap();
        let looks = CreateWindowAux::new();
        let class = WindowClass::INPUT_OUTPUT;
        connection
            .create_window(0, window, self.root, 0, 0, 1400, 1000, 0, class, 0, &looks)
            .unwrap();
        connection.map_window(window).unwrap();
        // It is there once the server has answered.
        connection.get_input_focus().unwrap().reply().unwrap();
        window
    }

    /// The window in front of all others that can be seen.
    pub(crate) fn top(&self) -> Window {
        let tree = self.connection.query_tree(self.root).unwrap().reply();
        let mut windows = tree.unwrap().children;
        windows.retain(|window| self.is_seen(*window));
        windows.pop().expect("a window that can be seen")
    }

    /// Asks a window to close, as the button in its title bar does.
    pub(crate) fn close(&self, window: Window) {
        let event = ClientMessageEvent {
            response_type: CLIENT_MESSAGE_EVENT,
            format: 32,
            sequence: 0,
            window,
            type_: self.atom("WM_PROTOCOLS"),
            data: ClientMessageData::from([self.atom("WM_DELETE_WINDOW"), 0, 0, 0, 0]),
        };
        self.connection
            .send_event(false, window, EventMask::NO_EVENT, event)
            .unwrap();
        self.connection.flush().unwrap();
    }

    /// Moves a window, as the user does with the mouse.
    pub(crate) fn put(&self, window: Window, place: Place) {
        let change = ConfigureWindowAux::new()
            .x(i32::from(place.x))
            .y(i32::from(place.y))
            .width(u32::from(place.width))
            .height(u32::from(place.height));
        self.connection.configure_window(window, &change).unwrap();
        self.connection.flush().unwrap();
    }

    /// Where a window is.
    pub(crate) fn place(&self, window: Window) -> Option<Place> {
        let place = self.connection.get_geometry(window).unwrap().reply().ok()?;
        Some(Place {
            x: place.x,
            y: place.y,
            width: place.width,
            height: place.height,
        })
    }

    /// The text in the clipboard, as a program that pastes gets it.
    pub(crate) fn clipboard(&self) -> String {
        let connection = &self.connection;
        let window = connection.generate_id().unwrap();
        let looks = CreateWindowAux::new();
        let class = WindowClass::INPUT_ONLY;
        connection
            .create_window(0, window, self.root, 0, 0, 1, 1, 0, class, 0, &looks)
            .unwrap();
        let (clipboard, text) = (self.atom("CLIPBOARD"), self.atom("UTF8_STRING"));
        connection
            .convert_selection(window, clipboard, text, text, CURRENT_TIME)
            .unwrap();
        connection.flush().unwrap();
        while !matches!(
            connection.wait_for_event().unwrap(),
            Event::SelectionNotify(_)
        ) {}
        let property = connection
            .get_property(true, window, text, AtomEnum::ANY, 0, 1_024)
            .unwrap();
        String::from_utf8(property.reply().unwrap().value).unwrap()
    }

    /// The colour of a pixel as it is seen: red, green, blue.
    pub(crate) fn colour(&self, x: i16, y: i16) -> [u8; 3] {
        let image = self
            .connection
            .get_image(ImageFormat::Z_PIXMAP, self.root, x, y, 1, 1, u32::MAX)
            .unwrap()
            .reply()
            .unwrap();
        // The server keeps a pixel as blue, green, red and nothing.
        [image.data[2], image.data[1], image.data[0]]
    }

    /// A window may be gone between two questions about it.
    fn is_seen(&self, window: Window) -> bool {
        self.connection
            .get_window_attributes(window)
            .unwrap()
            .reply()
            .is_ok_and(|attributes| attributes.map_state == MapState::VIEWABLE)
    }

    fn title(&self, window: Window) -> Option<String> {
        let reply = self
            .connection
            .get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64)
            .unwrap()
            .reply()
            .ok()?;
        String::from_utf8(reply.value).ok()
    }

    fn atom(&self, name: &str) -> u32 {
        let cookie = self.connection.intern_atom(false, name.as_bytes()).unwrap();
        cookie.reply().unwrap().atom
    }
}
