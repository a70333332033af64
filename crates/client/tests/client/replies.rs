//! What is made of a single answer, or of none.

use std::time::Duration;

use moustique_client::{ANSWER_TIME, Client, ClientError, Pickup, REFUSAL_BYTES, REPLY_BYTES};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::peer::{listen, read_request, reply};

/// Lets a peer answer one request with these bytes and close. What it does
/// with the connection ends with it.
async fn answered_with<T>(
    call: impl AsyncFnOnce(Client) -> Result<T, ClientError>,
    answer: Vec<u8>,
) -> Result<T, ClientError> {
    let (listener, client) = listen().await;
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        // A client that has read enough hangs up.
        let _ = stream.write_all(&answer).await;
    };
    let (result, ()) = tokio::join!(call(client), serve);
    result
}

async fn publish(client: Client) -> Result<(), ClientError> {
    client.publish("/a", "1").await
}

async fn pickup(client: Client) -> Result<usize, ClientError> {
    let received = client.pickup(Pickup::default()).await?;
    Ok(received.len())
}

#[tokio::test]
async fn a_request_is_what_the_protocol_says_and_its_connection_is_kept() {
    let (listener, client) = listen().await;
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut requests = Vec::new();
        for _ in 0..3 {
            requests.push(read_request(&mut stream).await.unwrap());
            stream.write_all(&reply("200 OK", "")).await.unwrap();
        }
        requests
    };
    let calls = async {
        for n in 0..3 {
            client.publish("/å", &n.to_string()).await.unwrap();
        }
    };
    let (requests, ()) = tokio::join!(serve, calls);
    let (head, body) = requests[2].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /POST HTTP/1.1\r\n"), "{head}");
    for header in [
        "moustique-encoding: plain",
        "content-type: application/x-www-form-urlencoded",
    ] {
        assert!(head.lines().any(|line| line == header), "{head}");
    }
    assert_eq!(body, "topic=%2F%C3%A5&message=2&from=c");
}

#[tokio::test]
async fn a_reply_of_something_else_is_not_understood() {
    let page = answered_with(publish, reply("200 OK", "<html>")).await;
    let page = page.unwrap_err();
    assert!(
        page.to_string()
            .ends_with(" is not understood: it has 6 bytes; expected is none"),
        "{page}"
    );
    let page = answered_with(pickup, reply("200 OK", "<html>")).await;
    let page = page.unwrap_err();
    assert!(matches!(page, ClientError::Reply { .. }), "{page}");
    assert!(page.to_string().ends_with("at line 1 column 1"), "{page}");
    assert!(!page.is_transient());
}

#[tokio::test]
async fn a_reply_is_read_up_to_the_limit() {
    let whole = format!("{{{}}}", " ".repeat(REPLY_BYTES - 2));
    assert_eq!(answered_with(pickup, reply("200 OK", &whole)).await, Ok(0));
    let longer = format!("{{{}}}", " ".repeat(REPLY_BYTES - 1));
    let error = answered_with(pickup, reply("200 OK", &longer)).await;
    let error = error.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("has more than 16777216 bytes; at most 16777216 are read"),
        "{error}"
    );
}

#[tokio::test]
async fn the_text_of_a_refusal_is_cut() {
    let answer = reply("503 Service Unavailable", &"x".repeat(REFUSAL_BYTES + 1));
    let error = answered_with(publish, answer).await.unwrap_err();
    assert!(error.is_transient());
    let ClientError::Refused { status, text, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(
        (status, text),
        (503, format!("{}…", "x".repeat(REFUSAL_BYTES)))
    );
}

#[tokio::test]
async fn a_connection_that_breaks_is_no_answer() {
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"] {
        let error = answered_with(pickup, answer.into()).await.unwrap_err();
        assert!(matches!(error, ClientError::Broken { .. }), "{error}");
        assert!(error.is_transient());
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_silent_is_waited_for_as_long_as_the_poll_and_the_answer_take() {
    let (listener, client) = listen().await;
    let begun = Instant::now();
    let wait = Duration::from_secs(25);
    let pickup = Pickup { wait, max: None };
    let silence = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        stream
    };
    let (result, mut stream) = tokio::join!(client.pickup(pickup), silence);
    assert_eq!(begun.elapsed(), wait + ANSWER_TIME);
    let error = result.unwrap_err();
    assert!(error.to_string().ends_with("within 35 s"), "{error}");
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "it hung up");
}

/// What the broker was about to hand over stays there when it sees that.
#[tokio::test]
async fn a_pickup_that_is_dropped_hangs_up() {
    let (listener, client) = listen().await;
    let parked = tokio::spawn(async move {
        let wait = Duration::from_secs(60);
        client.pickup(Pickup { wait, max: None }).await
    });
    let (mut stream, _) = listener.accept().await.unwrap();
    read_request(&mut stream).await.unwrap();
    parked.abort();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}
