//! The stream of frames that the page listens to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use moustique_monitor::{Frame, Frames, Source};
use tauri::ipc::Channel;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// The one stream there is: a page opens one, and a page that is loaded anew
/// does not close the one of the page before. So a new one ends the old one,
/// and the end of the window the last one.
#[derive(Debug, Default)]
pub(crate) struct Stream(Mutex<Option<Open>>);

#[derive(Debug)]
struct Open {
    /// The number of the channel.
    id: u32,
    /// The task that sends frames into it; ends when it is dropped.
    task: AbortOnDropHandle<()>,
}

impl Stream {
    /// Begins to send frames, in a task of the runtime this is called in.
    pub(crate) fn open(&self, source: watch::Receiver<Source>, channel: Channel<Vec<Frame>>) {
        let id = channel.id();
        let task = AbortOnDropHandle::new(tokio::spawn(send(source, channel)));
        *self.lock() = Some(Open { id, task });
    }

    /// Ends the stream into the channel with this number, if that is the one.
    /// When this returns, nothing more is sent.
    pub(crate) async fn close(&self, id: u32) {
        let open = self.lock().take_if(|open| open.id == id);
        if let Some(Open { task, .. }) = open {
            task.abort();
            // An error is how a task tells that it was ended.
            let _ = task.await;
        }
    }

    /// Ends whatever stream there is: nobody is left to listen.
    pub(crate) fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        // What it guards is replaced whole: no panic leaves half of it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send(source: watch::Receiver<Source>, channel: Channel<Vec<Frame>>) {
    let mut frames = Frames::new(source);
    while let Some(news) = frames.next().await {
        if channel.send(news).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use moustique_monitor::{BrokerState, BrokerStatus};
    use tokio::sync::mpsc;

    use super::*;

    fn stopped() -> Source {
        Source {
            status: BrokerStatus {
                state: BrokerState::Stopped,
                addresses: Vec::new(),
                tls: None,
                problem: None,
                retries_at: None,
                configuration: None,
                version: "1.0.0".to_owned(),
            },
            broker: None,
        }
    }

    /// A channel, and what a page hears in it: `None` once it is closed.
    fn channel() -> (Channel<Vec<Frame>>, mpsc::UnboundedReceiver<()>) {
        let (sender, heard) = mpsc::unbounded_channel();
        let channel = Channel::new(move |_| {
            let _ = sender.send(());
            Ok(())
        });
        (channel, heard)
    }

    #[tokio::test]
    async fn a_page_hears_the_state_and_each_change_of_it() {
        let (state, source) = watch::channel(stopped());
        let stream = Stream::default();
        let (page, mut heard) = channel();

        stream.open(source, page);
        assert_eq!(heard.recv().await, Some(()));
        state.send_replace(stopped());
        assert_eq!(heard.recv().await, Some(()));
        drop(state);

        assert_eq!(heard.recv().await, None, "there is no more news");
    }

    #[tokio::test]
    async fn a_new_stream_ends_the_one_before() {
        let (state, source) = watch::channel(stopped());
        let stream = Stream::default();
        let (first, mut heard_by_first) = channel();
        let (second, mut heard_by_second) = channel();
        let of_first = first.id();

        stream.open(source.clone(), first);
        assert_eq!(heard_by_first.recv().await, Some(()));
        stream.open(source, second);
        assert_eq!(heard_by_second.recv().await, Some(()));

        assert_eq!(heard_by_first.recv().await, None);
        // A page that comes late with its farewell ends no other page's stream.
        stream.close(of_first).await;
        state.send_replace(stopped());
        assert_eq!(heard_by_second.recv().await, Some(()));
    }

    #[tokio::test]
    async fn nothing_is_heard_after_the_end() {
        let (state, source) = watch::channel(stopped());
        let stream = Stream::default();
        for by_number in [true, false] {
            let (page, mut heard) = channel();
            let id = page.id();
            stream.open(source.clone(), page);
            assert_eq!(heard.recv().await, Some(()));

            match by_number {
                true => stream.close(id).await,
                false => stream.end(),
            }
            state.send_replace(stopped());

            assert_eq!(heard.recv().await, None);
        }
    }
}
