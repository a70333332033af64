//! What a broker made of damaged files, judged by what was published.

use std::collections::BTreeMap;

use moustique_tests::Caller;
use serde_json::Value;

use crate::damage_template::{FILTER, TOPICS, Template};

/// What a broker with damaged files served.
pub(crate) struct Seen {
    pub(crate) values: BTreeMap<String, String>,
    /// What waited for one of the clients.
    pub(crate) picked: Vec<(String, String)>,
}

impl Seen {
    pub(crate) fn by(caller: &Caller, template: &Template) -> Self {
        let topics = template.topics().into_iter();
        let values = topics.filter_map(|topic| Some((topic.to_owned(), caller.value(topic)?)));
        let values = values.collect();
        let text = |field: &Value| field.as_str().unwrap().to_owned();
        let picked = caller.pickup("one", "0");
        let picked = picked[FILTER].as_array().into_iter().flatten();
        Self {
            values,
            picked: picked
                .map(|message| (text(&message["topic"]), text(&message["message"])))
                .collect(),
        }
    }

    /// Each message was published under its topic.
    pub(crate) fn check_truth(&self, template: &Template) -> Result<(), String> {
        let values = self.values.iter().map(|(t, m)| (t.clone(), m.clone()));
        let mut served = values.chain(self.picked.iter().cloned());
        let wrong = served.find(|pair| !template.published.contains(pair));
        wrong.map_or(Ok(()), |(topic, message)| {
            Err(format!("{topic} has a wrong message: {message}"))
        })
    }

    /// All is there.
    pub(crate) fn check_whole(&self, template: &Template) -> Result<(), String> {
        let is_whole = self.is_state_after(template, template.published.len());
        is_whole.then_some(()).ok_or_else(|| self.silence(template))
    }

    /// All is as it was after some publish.
    pub(crate) fn check_older(&self, template: &Template) -> Result<(), String> {
        let is_older = (0..=template.published.len()).any(|n| self.is_state_after(template, n));
        is_older.then_some(()).ok_or_else(|| self.silence(template))
    }

    /// All is as it was after the last publish, or before it.
    pub(crate) fn check_last(&self, template: &Template) -> Result<(), String> {
        let all = template.published.len();
        let is_last = (all - 1..=all).any(|n| self.is_state_after(template, n));
        is_last.then_some(()).ok_or_else(|| self.silence(template))
    }

    pub(crate) fn is_state_after(&self, template: &Template, publishes: usize) -> bool {
        let values = template.values_after(publishes);
        self.values
            .iter()
            .map(|(t, m)| (t.as_str(), m.as_str()))
            .eq(values)
            && self.picked == template.published[..publishes]
    }

    pub(crate) fn silence(&self, template: &Template) -> String {
        format!(
            "lost in silence: {} of {TOPICS} values, {} of {} messages are left",
            self.values.len(),
            self.picked.len(),
            template.published.len()
        )
    }
}
