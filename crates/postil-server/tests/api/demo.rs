//! The demo goes the way of real clients, so every one of its requests must be taken.

use postil::human_review;
use postil::params;
use postil_server::demo;

use crate::app::TestApp;

#[tokio::test]
async fn the_demo_fills_an_empty_project_once() {
    let test = TestApp::start().await;
    let clock = test.clock.clone();
    test.app.db.write(move |tx| human_review::create_defaults(tx, &clock, 1)).await.unwrap();
    let clock = test.clock.clone();
    let home = test.app.db.write(move |tx| human_review::home(tx, &clock)).await.unwrap();
    demo::fill(test.app.clone(), home.clone()).await.unwrap();
    let counts = || {
        test.app.db.read(|tx| {
            let one = |tx: &mut postil::Tx<'_>, sql: &str| tx.query_one(sql, params![])?.int(0);
            Ok([
                one(tx, "select count(*) from trace")?,
                one(tx, "select count(*) from span where is_log = 1")?,
                one(tx, "select count(*) from annotation where removed_at is null")?,
                one(tx, "select count(*) from evaluator_result")?,
                one(tx, "select count(*) from human_review where key in ('confidence_score', 'categories')")?,
                one(tx, "select count(*) from api_key")?,
                one(tx, "select count(*) from queue where open_to_all = 1 and correction = 'optional'")?,
                one(tx, "select count(*) from queue_item where kind = 'span'")?,
            ])
        })
    };
    let filled = counts().await.unwrap();
    let [traces, logs, annotations, verdicts, reviews, keys, queues, items] = filled;
    assert!(traces >= 60 && logs >= 60 && annotations >= 20 && verdicts >= 20, "{filled:?}");
    assert_eq!((reviews, keys), (2, 0), "the two definitions are there, the key of the demo is not");
    assert_eq!((queues, items), (1, 40), "a queue to begin with");
    demo::fill(test.app.clone(), home).await.unwrap();
    assert_eq!(counts().await.unwrap(), filled);
}
