//! A desktop for one test: a bus, a display, a tray and a browser's driver that
//! nothing else uses.

mod app;
mod bus;
mod desk;
mod display;
mod driver;
mod notices;
mod process;
mod request;
mod tray;
mod wait;

pub(crate) use app::App;
pub(crate) use desk::{Desk, Parts};
pub(crate) use display::Place;
pub(crate) use driver::Page;
pub(crate) use notices::Notices;
#[cfg(feature = "long")]
pub(crate) use process::children;
pub(crate) use wait::{LONG, SHORT, until};
