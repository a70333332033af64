//! The part of a desktop that shows the tray, played by the test.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use zbus::blocking::{Connection, Proxy, connection};
use zbus::interface;
use zbus::zvariant::{OwnedValue, Structure, Value};

use super::bus::Bus;
use super::wait::{LONG, SHORT, until};

/// How a menu answers to a number that no line has.
const INVALID: &str = "org.freedesktop.DBus.Error.InvalidArgs";

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// The host of a tray.
pub(crate) struct TrayHost {
    connection: Connection,
    registered: Arc<Mutex<Vec<String>>>,
}

struct Watcher {
    registered: Arc<Mutex<Vec<String>>>,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: String) {
        self.registered.lock().unwrap().push(service);
    }

    fn register_status_notifier_host(&self, _service: String) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.registered.lock().unwrap().clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

/// A line of a menu as the bus carries it: its number, its properties, its
/// children.
type Line = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

/// One line of a menu.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: i32,
    pub(crate) label: String,
    pub(crate) is_enabled: bool,
    /// Whether it has a mark, as what is on has.
    pub(crate) is_checked: bool,
}

/// One icon in the tray with its menu.
pub(crate) struct Item {
    item: Proxy<'static>,
    menu: Proxy<'static>,
}

impl TrayHost {
    pub(crate) fn on(bus: &Bus) -> Self {
        let registered = Arc::default();
        let watcher = Watcher {
            registered: Arc::clone(&registered),
        };
        let connection = connection::Builder::address(bus.address())
            .unwrap()
            .serve_at("/StatusNotifierWatcher", watcher)
            .unwrap()
            .name(WATCHER)
            .unwrap()
            .build()
            .expect("the test becomes the host of the tray");
        Self {
            connection,
            registered,
        }
    }

    /// The icon that an application puts there.
    #[track_caller]
    pub(crate) fn item(&self) -> Item {
        let name = until(LONG, "an icon in the tray", || {
            self.registered.lock().unwrap().last().cloned()
        });
        let proxy = |path: &str, interface: &str| {
            let (path, interface) = (path.to_owned(), interface.to_owned());
            Proxy::new(&self.connection, name.clone(), path, interface).unwrap()
        };
        let item = proxy("/StatusNotifierItem", "org.kde.StatusNotifierItem");
        let path: zbus::zvariant::OwnedObjectPath = item.get_property("Menu").unwrap();
        let menu = proxy(path.as_str(), "com.canonical.dbusmenu");
        Item { item, menu }
    }
}

impl Item {
    pub(crate) fn title(&self) -> String {
        self.item.get_property("Title").unwrap()
    }

    /// Width, height and pixels of the icon.
    pub(crate) fn icon(&self) -> (i32, i32, Vec<u8>) {
        let mut icons: Vec<(i32, i32, Vec<u8>)> = self.fresh("IconPixmap").try_into().unwrap();
        icons.pop().expect("an icon")
    }

    /// The lines of the menu, without the separators.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let properties: Vec<&str> = Vec::new();
        let (_, (_, _, children)): (u32, Line) = self
            .menu
            .call("GetLayout", &(0i32, -1i32, properties))
            .unwrap();
        children.iter().filter_map(entry).collect()
    }

    /// The lines of a menu within the menu.
    pub(crate) fn entries_below(&self, label: &str) -> Vec<Entry> {
        let parent = self.wait_for(label).id;
        let properties: Vec<&str> = Vec::new();
        let (_, (_, _, children)): (u32, Line) = self
            .menu
            .call("GetLayout", &(parent, -1i32, properties))
            .unwrap();
        children.iter().filter_map(entry).collect()
    }

    /// The first line of the menu: how the broker is.
    pub(crate) fn status(&self) -> String {
        self.entries()[0].label.clone()
    }

    /// Waits for a line that begins like this.
    #[track_caller]
    pub(crate) fn wait_for(&self, beginning: &str) -> Entry {
        let mut last = Vec::new();
        let what = format!("a line of the menu that begins with {beginning:?}");
        until(SHORT, &what, || {
            last = self.entries();
            last.iter()
                .find(|entry| entry.label.starts_with(beginning))
                .cloned()
        })
    }

    /// Clicks on a line once it can be clicked on.
    #[track_caller]
    pub(crate) fn click(&self, label: &str) {
        until(SHORT, &format!("{label:?} can be clicked on"), || {
            let entry = self
                .entries()
                .into_iter()
                .find(|entry| entry.label.starts_with(label) && entry.is_enabled)?;
            let click = (entry.id, "clicked", Value::from(0i32), 0u32);
            match self.menu.call::<_, _, ()>("Event", &click) {
                Ok(()) => Some(()),
                // A menu that gets another line in this moment numbers its lines
                // anew: whoever has it open is shown the new one and clicks there.
                Err(zbus::Error::MethodError(name, ..)) if name == INVALID => None,
                Err(error) => panic!("{label:?}: {error}"),
            }
        });
    }

    /// Clicks on a line.
    pub(crate) fn click_on(&self, entry: &Entry) {
        self.menu
            .call::<_, _, ()>("Event", &(entry.id, "clicked", Value::from(0i32), 0u32))
            .unwrap();
    }

    /// A click on the icon itself.
    pub(crate) fn activate(&self) {
        self.item
            .call::<_, _, ()>("Activate", &(0i32, 0i32))
            .unwrap();
    }

    /// A property as it is now, not as it was remembered.
    fn fresh(&self, name: &str) -> OwnedValue {
        let properties = Proxy::new(
            self.item.connection(),
            self.item.destination().to_owned(),
            self.item.path().to_owned(),
            "org.freedesktop.DBus.Properties",
        )
        .unwrap();
        properties
            .call("Get", &("org.kde.StatusNotifierItem", name))
            .unwrap()
    }
}

/// Reads a [`Line`] that is a child of another.
fn entry(line: &OwnedValue) -> Option<Entry> {
    let line: &Structure<'_> = line.downcast_ref().ok()?;
    let [Value::I32(id), Value::Dict(properties), _] = line.fields() else {
        panic!("not a line of a menu: {line:?}");
    };
    let text = |name| properties.get::<_, String>(&name).ok().flatten();
    if text("type").as_deref() == Some("separator") {
        return None;
    }
    Some(Entry {
        id: *id,
        // A single one would underline the letter after it.
        label: text("label")?.replace("__", "_"),
        is_enabled: properties.get(&"enabled").ok().flatten().unwrap_or(true),
        is_checked: properties.get(&"toggle-state").ok().flatten() == Some(1i32),
    })
}
