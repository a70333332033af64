//! How the loop of polls behaves when the answers are not what it hopes for.

use std::time::Duration;

use moustique_client::{Messages, SHORTEST_PAUSE};
use tokio::sync::mpsc::Receiver;
use tokio::time::{self, Instant};

use crate::peer::{self, Asked};

/// What a broker says to a client that it does not know.
const RESUBSCRIBE: &str = r#"{"/server/action/resubscribe":[
    {"topic":"/server/action/resubscribe","message":"resubscribe"}]}"#;

/// What a clock may be off by.
const NEAR: Duration = Duration::from_millis(20);

/// Checks that polls which get this answer follow one another after these
/// pauses, in multiples of the shortest; what else is asked is answered with
/// success. Returns when the last poll has come, unanswered.
async fn check_pauses(asked: &mut Receiver<Asked>, status: &str, body: &str, pauses: &[u32]) {
    let mut last = None;
    let mut pauses = pauses.iter();
    loop {
        let request = asked.recv().await.unwrap();
        if request.path() != "/PICKUP" {
            request.answer("200 OK", "");
            continue;
        }
        assert_eq!(request.body(), "client=c&wait=25");
        let now = Instant::now();
        if let Some(last) = last.replace(now) {
            let pause = SHORTEST_PAUSE * *pauses.next().unwrap();
            assert!(now - last + NEAR >= pause, "{:?}", now - last);
        }
        if pauses.len() == 0 {
            return;
        }
        request.answer(status, body);
    }
}

/// The loop, of which nothing is expected.
async fn nothing(messages: &mut Messages) {
    let received = messages.next().await.unwrap();
    panic!("{received:?}");
}

#[tokio::test]
async fn a_broker_that_cannot_do_it_now_is_asked_after_pauses_that_double() {
    let (mut asked, client) = peer::serve().await;
    let mut messages = client.messages();
    tokio::select! {
        () = nothing(&mut messages) => {}
        () = check_pauses(&mut asked, "503 Service Unavailable", "busy", &[1, 2]) => {}
    }
}

#[tokio::test]
async fn a_refusal_that_does_not_pass_is_the_users_to_hear() {
    let (mut asked, client) = peer::serve().await;
    let mut messages = client.messages();
    let hear = async {
        loop {
            let error = messages.next().await.unwrap_err().to_string();
            assert!(error.ends_with("with status 401: not you"), "{error}");
        }
    };
    tokio::select! {
        () = hear => {}
        () = check_pauses(&mut asked, "401 Unauthorized", "not you", &[1, 2]) => {}
    }
}

/// A broker that is about to stop knows no waiting, and some proxies do not.
#[tokio::test]
async fn polls_that_bring_nothing_at_once_keep_their_distance() {
    let (mut asked, client) = peer::serve().await;
    let mut messages = client.messages();
    tokio::select! {
        () = nothing(&mut messages) => {}
        () = check_pauses(&mut asked, "200 OK", "{}", &[1, 1]) => {}
    }
}

#[tokio::test]
async fn a_broker_that_keeps_forgetting_is_not_flooded() {
    let (mut asked, client) = peer::serve().await;
    let mut messages = client.messages();
    let ask = async {
        client.subscribe("/a").await.unwrap();
        nothing(&mut messages).await;
    };
    tokio::select! {
        () = ask => {}
        () = check_pauses(&mut asked, "200 OK", RESUBSCRIBE, &[0, 1, 2]) => {}
    }
}

#[tokio::test]
async fn a_client_without_a_subscription_is_not_polled_for() {
    let (mut asked, client) = peer::serve().await;
    let mut messages = client.messages();
    let serve = async {
        asked.recv().await.unwrap().answer("200 OK", RESUBSCRIBE);
        let silence = time::timeout(SHORTEST_PAUSE * 2, asked.recv()).await;
        assert!(silence.is_err());
        let subscribe = tokio::spawn(async move { client.subscribe("/a").await });
        let mut paths = Vec::new();
        loop {
            let request = asked.recv().await.unwrap();
            paths.push(request.path().to_owned());
            if request.path() == "/PICKUP" {
                break;
            }
            request.answer("200 OK", "");
        }
        subscribe.await.unwrap().unwrap();
        paths
    };
    tokio::select! {
        () = nothing(&mut messages) => {}
        paths = serve => assert_eq!(paths, ["/SUBSCRIBE", "/SUBSCRIBE", "/PICKUP"]),
    }
}
