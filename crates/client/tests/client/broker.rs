//! The client with a real broker, as long as that is there.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use moustique_client::{ClientError, Messages, Pickup, Received};
use tokio::time;

use crate::home::{Home, PATIENCE};

/// A pickup that need not wait.
const AT_ONCE: Pickup = Pickup {
    wait: Duration::ZERO,
    max: None,
};

/// A pickup that waits for longer than any test may take.
const PATIENT: Pickup = Pickup {
    wait: Duration::from_secs(60),
    max: None,
};

fn texts(received: &[Received]) -> Vec<(&str, &str)> {
    received
        .iter()
        .map(|received| (received.filter.as_str(), received.message.message.as_str()))
        .collect()
}

async fn next(messages: &mut Messages) -> Received {
    let next = time::timeout(PATIENCE, messages.next());
    next.await.unwrap().unwrap()
}

#[tokio::test]
async fn overlapping_filters_bring_a_message_each_in_the_order_of_publishing() {
    let home = Home::start().await;
    let client = home.client("c");
    client.subscribe("/home/+/temperature").await.unwrap();
    client.subscribe("/home/#").await.unwrap();
    let publisher = home.client("thermometer");
    for (topic, message) in [
        ("/home/door", "open"),
        ("/home/kitchen/temperature", "21"),
        ("/elsewhere", "unheard"),
        ("/home/door", "shut"),
    ] {
        publisher.publish(topic, message).await.unwrap();
    }
    let received = client.pickup(AT_ONCE).await.unwrap();
    assert_eq!(
        texts(&received),
        [
            ("/home/#", "open"),
            ("/home/#", "21"),
            ("/home/+/temperature", "21"),
            ("/home/#", "shut"),
        ]
    );
    let door = &received[0].message;
    assert_eq!(
        (door.topic.as_str(), door.from.as_str()),
        ("/home/door", "thermometer")
    );
    assert_eq!(door.address, Some([127, 0, 0, 1].into()));
    assert!(door.id < received[1].message.id);
    assert_eq!(received[1].message, received[2].message);
    assert_eq!(client.pickup(AT_ONCE).await.unwrap(), []);
}

#[tokio::test]
async fn a_pickup_takes_no_more_than_it_asked_for() {
    let home = Home::start().await;
    let client = home.client("c");
    client.subscribe("#").await.unwrap();
    for n in 0..5 {
        client.publish("/n", &n.to_string()).await.unwrap();
    }
    let two = Pickup {
        max: NonZeroUsize::new(2),
        ..AT_ONCE
    };
    let mut counts = Vec::new();
    for _ in 0..4 {
        counts.push(client.pickup(two).await.unwrap().len());
    }
    assert_eq!(counts, [2, 2, 1, 0]);
}

#[tokio::test]
async fn a_parked_pickup_is_woken_by_a_message() {
    let home = Home::start().await;
    let client = home.client("c");
    client.subscribe("/a").await.unwrap();
    let begun = Instant::now();
    let (received, published) = tokio::join!(client.pickup(PATIENT), client.publish("/a", "now"));
    published.unwrap();
    assert_eq!(texts(&received.unwrap()), [("/a", "now")]);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_pickup_for_which_nothing_comes_waits_its_time() {
    let home = Home::start().await;
    let client = home.client("c");
    client.subscribe("/a").await.unwrap();
    let begun = Instant::now();
    let wait = Duration::from_millis(300);
    let received = client.pickup(Pickup { wait, max: None }).await.unwrap();
    assert_eq!(received, []);
    assert!(begun.elapsed() >= wait, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn values_are_put_published_and_read() {
    let home = Home::start().await;
    let client = home.client("c");
    client.subscribe("#").await.unwrap();
    assert_eq!(client.value("/v").await.unwrap(), None);
    client.put_value("/v", "put").await.unwrap();
    assert_eq!(client.pickup(AT_ONCE).await.unwrap(), [], "nobody is told");
    let put = client.value("/v").await.unwrap().unwrap();
    assert_eq!((put.topic.as_str(), put.message.as_str()), ("/v", "put"));
    assert_eq!((put.from.as_str(), put.address), ("c", None));
    client.publish("/v", "published").await.unwrap();
    let published = client.value("/v").await.unwrap().unwrap();
    assert_eq!(published.message, "published");
    assert!(published.id > put.id);
    assert!(published.updated_time > 1_700_000_000, "{published:?}");
}

#[tokio::test]
async fn any_text_arrives_as_it_was() {
    let home = Home::start().await;
    let client = home.client("köks&klient=+%");
    let topic = "/köket/ugn & spis/100%2B1=?";
    client.subscribe("/köket/+/#").await.unwrap();
    client.subscribe(topic).await.unwrap();
    let texts = [
        "åäö €😀 ä\u{301} \u{feff}",
        "a + b & c=d% %41 \"\\",
        "line\r\n\ttab \u{0}\u{1b}",
        "",
        "L24vbw==",
    ];
    for text in texts {
        client.publish(topic, text).await.unwrap();
        let value = client.value(topic).await.unwrap().unwrap();
        assert_eq!(
            (value.topic.as_str(), value.message.as_str()),
            (topic, text)
        );
    }
    let received = client.pickup(AT_ONCE).await.unwrap();
    assert_eq!(received.len(), 2 * texts.len());
    for (received, text) in received.iter().zip(texts.iter().flat_map(|text| [text; 2])) {
        assert_eq!(&received.message.message, text);
        assert_eq!(received.message.from, "köks&klient=+%");
    }
}

#[tokio::test]
async fn the_text_of_a_refusal_is_passed_on() {
    let home = Home::start().await;
    let client = home.client("c");
    let broker = home.url();
    let wildcard = client.publish("/a/#", "1").await.unwrap_err();
    assert_eq!(
        wildcard.to_string(),
        format!(
            "cannot publish to '/a/#': {broker} refused it with status 400: \
             the field 'topic' is '/a/#', which is not valid: \
             it contains the wildcard '#', which only a filter may"
        )
    );
    assert!(!wildcard.is_transient());
    let long = client
        .publish("/a", &"x".repeat(300_000))
        .await
        .unwrap_err();
    let ClientError::Refused { status, text, .. } = long else {
        panic!("{long}");
    };
    assert_eq!(
        (status, text.as_str()),
        (
            413,
            "the message has 300000 bytes; at most 262144 are allowed"
        )
    );
    // Refused before it was sent to its end.
    let body = client.publish("/a", &"x".repeat(8 * 1024 * 1024)).await;
    let body = body.unwrap_err();
    assert!(
        body.to_string().contains("the body has more than"),
        "{body}"
    );
    let nameless = home.client("").subscribe("/a").await.unwrap_err();
    assert!(nameless.to_string().contains("it is empty"), "{nameless}");
    let wait = Duration::from_secs(61);
    let hasty = client.pickup(Pickup { wait, max: None }).await.unwrap_err();
    assert!(
        hasty
            .to_string()
            .ends_with("is '61'; expected is seconds from 0 to 60"),
        "{hasty}"
    );
    assert_eq!(client.value("/a").await.unwrap(), None, "nothing was kept");
}

/// A `select!` drops the future of `next` again and again.
#[tokio::test]
async fn a_message_survives_the_future_that_waited_for_it() {
    const COUNT: usize = 200;
    let home = Home::start().await;
    let client = home.client("c");
    client.subscribe("/n").await.unwrap();
    let publisher = home.client("p");
    let publishing = tokio::spawn(async move {
        for n in 0..COUNT {
            publisher.publish("/n", &n.to_string()).await.unwrap();
        }
    });
    let mut messages = client.messages();
    let mut arrived = Vec::new();
    let begun = Instant::now();
    while arrived.len() < COUNT {
        assert!(begun.elapsed() < PATIENCE, "{arrived:?}");
        tokio::select! {
            biased;
            received = messages.next() => arrived.push(received.unwrap().message.message),
            () = tokio::task::yield_now() => {}
        }
    }
    publishing.await.unwrap();
    let published: Vec<_> = (0..COUNT).map(|n| n.to_string()).collect();
    assert_eq!(arrived, published);
}

#[tokio::test]
async fn messages_wait_for_the_first_subscription() {
    let home = Home::start().await;
    let client = home.client("c");
    let mut messages = client.messages();
    let publish = async {
        client.subscribe("/a").await.unwrap();
        client.publish("/a", "first").await.unwrap();
    };
    let (received, ()) = tokio::join!(next(&mut messages), publish);
    assert_eq!(texts(&[received]), [("/a", "first")]);
}

#[tokio::test]
async fn a_broker_that_forgot_the_client_is_subscribed_to_again() {
    let mut home = Home::start().await;
    let client = home.client("c");
    client.subscribe("/a").await.unwrap();
    client.subscribe("/b/#").await.unwrap();
    let mut messages = client.messages();
    client.publish("/a", "before").await.unwrap();
    assert_eq!(texts(&[next(&mut messages).await]), [("/a", "before")]);

    home.stop().await;
    home.forget_everything();
    home.start_again().await;
    let word = client.pickup(AT_ONCE).await.unwrap();
    assert!(word[0].is_resubscribe(), "{word:?}");

    // Both subscriptions are made again before the poll that parks, and
    // nothing of the broker's word reaches the user.
    let publish = async {
        home.wait_for_filters("c", &["/a", "/b/#"]).await;
        client.publish("/b/c", "after").await.unwrap();
        client.publish("/a", "at last").await.unwrap();
    };
    let (received, ()) = tokio::join!(next(&mut messages), publish);
    assert_eq!(texts(&[received]), [("/b/#", "after")]);
    assert_eq!(texts(&[next(&mut messages).await]), [("/a", "at last")]);
}

/// It came back without its memory, and heard of the client from a single
/// subscription: it knows the client then, and says nothing.
#[tokio::test]
async fn a_broker_that_was_away_is_told_all_subscriptions() {
    let mut home = Home::start().await;
    let client = home.client("c");
    client.subscribe("/old").await.unwrap();
    let mut messages = client.messages();
    let waiting = tokio::spawn(async move { next(&mut messages).await });
    home.stop().await;
    home.wait_for_an_attempt().await;
    home.forget_everything();
    home.start_again().await;
    client.subscribe("/new").await.unwrap();
    home.wait_for_filters("c", &["/old", "/new"]).await;
    client.publish("/old", "heard").await.unwrap();
    assert_eq!(texts(&[waiting.await.unwrap()]), [("/old", "heard")]);
}

#[tokio::test]
async fn a_broker_that_was_away_is_found_again() {
    let mut home = Home::start().await;
    let client = home.client("c");
    client.subscribe("/a").await.unwrap();
    let mut messages = client.messages();
    client.publish("/a", "before").await.unwrap();
    assert_eq!(texts(&[next(&mut messages).await]), [("/a", "before")]);

    let waiting = tokio::spawn(async move { next(&mut messages).await });
    home.stop().await;
    let away = client.publish("/a", "lost").await.unwrap_err();
    assert!(matches!(away, ClientError::Unreachable { .. }), "{away}");
    assert!(away.is_transient());
    assert!(away.to_string().contains("refused"), "{away}");
    home.wait_for_an_attempt().await;
    home.start_again().await;
    client.publish("/a", "after").await.unwrap();
    assert_eq!(texts(&[waiting.await.unwrap()]), [("/a", "after")]);
}
