//! Values page by page and by a regular expression.

use std::time::{Duration, Instant};

use moustique_broker::SearchError;
use moustique_core::Limits;

use crate::fixture::{draft, filter, publish, start};

#[tokio::test]
async fn values_come_page_by_page_and_each_once() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let topics = ["/a", "/ab", "/a/1", "/a/2", "/a/2/x", "/b/1", "$sys", "c"];
    for topic in topics {
        broker.publish(draft(topic, "")).await.unwrap();
    }
    // More than is looked at under one lock.
    for page in 0..3 {
        let drafts = (0..1_000).map(|n| draft(&format!("/many/{page}/{n}"), ""));
        broker.publish_all(drafts.collect()).await.unwrap();
    }
    let cases: [(&str, &[&str]); 6] = [
        ("/a/#", &["/a", "/a/1", "/a/2", "/a/2/x"]),
        ("/a/+", &["/a/1", "/a/2"]),
        ("/+/1", &["/a/1", "/b/1"]),
        ("+", &["c"]),
        ("/a", &["/a"]),
        ("/none/#", &[]),
    ];
    for (text, expected) in cases {
        for limit in [1, 2, 1_000] {
            let (mut found, mut after) = (Vec::<String>::new(), None::<String>);
            loop {
                let page = broker.values(&filter(text), after.as_deref(), limit).await;
                found.extend(page.messages.iter().map(|m| m.topic.to_string()));
                after = found.last().cloned();
                assert!(page.messages.len() <= limit);
                if !page.more {
                    break;
                }
            }
            assert_eq!(found, expected, "{text} by {limit}");
        }
    }
    let all = broker.values(&filter("/many/#"), None, usize::MAX).await;
    assert_eq!((all.messages.len(), all.more), (1_000, true));
}

#[tokio::test]
async fn values_are_found_by_a_regular_expression_in_the_order_of_their_topics() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    // More than the broker looks at under one lock.
    for number in (0..600).rev() {
        publish(&broker, &format!("/v/{number:03}"), "x").await;
    }
    let limits = Limits::default();
    let topics = async |pattern: &str, limits: &Limits| {
        let found = broker.search(pattern, limits).await.unwrap();
        let topics = found.messages.iter().map(|m| m.topic.to_string());
        (topics.collect::<Vec<_>>(), found.is_cut)
    };
    let three = ["/v/255", "/v/256", "/v/599"].map(String::from).to_vec();
    assert_eq!(
        topics("^/v/(25[56]|599)$", &limits).await,
        (three.clone(), false)
    );
    assert_eq!(
        topics("25[56]|599", &limits).await,
        (three, false),
        "anywhere"
    );
    assert_eq!(topics("", &limits).await.0.len(), 600);
    assert_eq!(topics("nothing", &limits).await, (vec![], false));
    for limits in [
        Limits {
            regex_results: 2,
            ..limits.clone()
        },
        Limits {
            regex_result_bytes: 14,
            ..limits.clone()
        },
    ] {
        let first = ["/v/000", "/v/001"].map(String::from).to_vec();
        assert_eq!(topics("^/v/", &limits).await, (first.clone(), true));
        assert_eq!(topics("00[01]$", &limits).await, (first, false));
    }
    let one = Limits {
        regex_result_bytes: 1,
        ..limits.clone()
    };
    assert_eq!(topics("1$", &one).await, (vec!["/v/001".into()], true));
    let refused = broker.search(&"a".repeat(257), &limits).await.unwrap_err();
    let (bytes, limit) = (257, 256);
    assert_eq!(refused, SearchError::TooLong { bytes, limit });
    let hurried = Limits {
        regex_time: Duration::ZERO,
        ..limits
    };
    let refused = broker.search("^/v/", &hurried).await.unwrap_err();
    assert!(matches!(refused, SearchError::TooSlow { .. }), "{refused}");
}

/// It may find nothing in the time, but it may not take more.
#[tokio::test]
async fn a_search_through_100_000_topics_ends_in_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let mut published = tokio::task::JoinSet::new();
    for number in 0..100_000 {
        let (broker, topic) = (broker.clone(), format!("/plant/{number}/temperature"));
        published.spawn(async move { publish(&broker, &topic, "21.5").await });
        if number % 4_000 == 3_999 {
            while published.join_next().await.is_some() {}
        }
    }
    assert_eq!(broker.topic_count(), 100_000);
    let limits = Limits::default();
    for pattern in [
        "^/plant/99999/",
        "/999.*pressure$",
        r"(\w+/){9}",
        "9{1,9}[aeiou]{1,99}x",
    ] {
        let begun = Instant::now();
        let found = broker.search(pattern, &limits).await;
        let took = begun.elapsed();
        println!(
            "{pattern}: {took:?} {:?}",
            found.map(|found| found.messages.len())
        );
        // Twice the time, for a machine that has other things to do.
        assert!(took < limits.regex_time * 2, "{took:?} for {pattern}");
    }
    let patient = Limits {
        regex_time: Duration::from_secs(60),
        ..limits
    };
    let found = broker.search("^/plant/99999/", &patient).await.unwrap();
    assert_eq!(found.messages.len(), 1);
}
