//! cargo nextest gives every test a process, and so Proofmark gives every test a database.

use meters::{connect, install, read};

/// The constraint that refused.
fn refused_by(error: &tokio_postgres::Error) -> Option<&str> {
    error.as_db_error()?.constraint()
}

#[tokio::test]
async fn numbers_begin_at_one() {
    let client = connect().await.unwrap();
    assert_eq!(install(&client, "A-1").await.unwrap(), 1);
}

#[tokio::test]
async fn and_here_too() {
    let client = connect().await.unwrap();
    assert_eq!(install(&client, "A-1").await.unwrap(), 1);
}

#[tokio::test]
async fn a_meter_is_read_once_a_day() {
    let client = connect().await.unwrap();
    let meter = install(&client, "A-1").await.unwrap();
    read(&client, meter, 5).await.unwrap();
    // Another connection of the same test sees what the first committed.
    let refused = read(&connect().await.unwrap(), meter, 6).await.unwrap_err();
    assert_eq!(refused_by(&refused), Some("reading_once_a_day"));
}

#[tokio::test]
async fn nothing_is_read_from_a_meter_that_is_not_there() {
    let client = connect().await.unwrap();
    let refused = read(&client, 7, 5).await.unwrap_err();
    assert_eq!(refused_by(&refused), Some("reading_of_meter"));
}
