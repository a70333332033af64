//! The broker dies, and starts again from what its disk knows.

use moustique_core::{ClientName, State};
use proptest::prelude::*;

use crate::Checked;
use crate::model::Model;
use crate::recipient::Recipient;
use crate::words::retention;
use crate::world::World;

impl World {
    /// Replies on their way and leases are gone, and with them their messages
    /// would be, if the disk did not have them.
    pub(crate) fn restart(&mut self, is_clock_stored: bool) -> Checked {
        self.check_nothing_is_lost()?;
        self.replies.clear();
        self.now.time.0 += 1;
        if !is_clock_stored {
            self.now.run = self.disk.run;
        }
        let limits = self.model.limits.clone();
        let loaded = self.disk.load();
        self.state = State::new(limits.clone(), retention(), loaded, self.now);
        let mut model = Model::new(limits);
        model.book = self.model.book.clone();
        for (taken, key) in self.disk.repeats() {
            model.remember_repeat(key, *taken);
        }
        for (client, row) in &self.disk.clients {
            let recipient = Recipient::new(row.settled.clone(), self.now.run);
            model.recipients.insert(client.clone(), recipient);
        }
        for message in self.disk.after_the_oldest_cursor() {
            self.state.replay(message);
            let state = &self.state;
            let waiting = |client: &ClientName| state.client(client.as_str()).unwrap().waiting();
            model.deliver(message, waiting);
        }
        self.model = model;
        self.compare()
    }

    /// Whatever a client still has to get is in the log, after its cursor.
    fn check_nothing_is_lost(&self) -> Checked {
        prop_assert!(self.disk.clients.keys().eq(self.model.recipients.keys()));
        for (client, recipient) in &self.model.recipients {
            let settled = &self.disk.clients[client].settled;
            for unsettled in &recipient.messages {
                let id = unsettled.message.id;
                let is_wanted = !unsettled.filters.is_empty();
                let is_logged = self.disk.log.iter().any(|message| message.id == id);
                prop_assert!(!is_wanted || is_logged, "{:?} of {:?}", id, client);
                let comes_again = !settled.contains(id);
                prop_assert!(comes_again, "{:?} of {:?}", id, client);
            }
        }
        Ok(())
    }
}
