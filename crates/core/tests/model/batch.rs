//! The sequencer: plan, store, apply.

use std::collections::BTreeMap;

use moustique_core::{Change, ClientName, Command, Plan};
use proptest::prelude::*;

use crate::Checked;
use crate::operation::{Errand, Fate};
use crate::rehearsal::Rehearsal;
use crate::world::World;

impl World {
    /// Carries out the orders as one batch, and whatever the clients do
    /// `meanwhile`.
    pub(crate) fn batch(
        &mut self,
        commands: Vec<Command>,
        meanwhile: Vec<Errand>,
        fate: Fate,
    ) -> Checked {
        let mut rehearsal = Rehearsal::new(&self.model, self.now);
        let mut plan = Plan::new(&self.state);
        for command in commands {
            let outcome = plan.add(command.clone(), self.now);
            rehearsal.check(&command, &outcome)?;
        }
        let changes = plan.into_changes();
        let book = rehearsal.book;
        self.check_settled(&changes)?;
        if fate == Fate::Refused {
            return Ok(());
        }
        for change in &changes {
            self.disk.write(change);
        }
        for errand in meanwhile {
            self.run_errand(errand)?;
            self.compare()?;
        }
        if fate == Fate::Crashed {
            for change in &changes {
                self.model.apply(change, self.now, |_| 0);
            }
            self.restart(true)?;
        } else {
            self.apply(&changes)?;
        }
        prop_assert_eq!(&self.model.book, &book);
        Ok(())
    }

    fn apply(&mut self, changes: &[Change]) -> Checked {
        for change in changes {
            let mut woken = Vec::new();
            self.state.apply(change.clone(), self.now, &mut woken);
            let state = &self.state;
            let waiting = |client: &ClientName| state.client(client.as_str()).unwrap().waiting();
            for client in self.model.apply(change, self.now, waiting) {
                let key = self.state.key(client.as_str()).unwrap();
                prop_assert!(woken.contains(&key), "{:?} sleeps on", client);
            }
        }
        Ok(())
    }

    /// With each batch the log learns what every client has let go of: after a
    /// restart that does not come again, and everything else does.
    fn check_settled(&self, changes: &[Change]) -> Checked {
        let mut told = BTreeMap::new();
        for change in changes {
            if let Change::Settled { client, settled } = change {
                prop_assert_eq!(told.insert(client, settled), None, "{:?} twice", client);
            }
        }
        for (client, recipient) in &self.model.recipients {
            let stored = told.get(client).copied();
            let stored = stored.unwrap_or(&self.disk.clients[client].settled);
            let mut ids = recipient
                .messages
                .iter()
                .map(|unsettled| unsettled.message.id);
            let lost = ids.find(|id| stored.contains(*id));
            prop_assert!(lost.is_none(), "{:?} of {:?}: {:?}", lost, client, stored);
            let mut settled = recipient.settled.iter();
            let again = settled.find(|id| !stored.contains(**id));
            prop_assert!(again.is_none(), "{:?} of {:?}: {:?}", again, client, stored);
        }
        Ok(())
    }
}
