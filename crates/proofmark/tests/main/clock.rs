//! The clock and the database.

use std::time::{Duration, SystemTime};

use proofmark::{Clock, FromLease, Lease};
use tokio_postgres::Client;

#[proofmark::test]
async fn what_a_clock_tells_can_be_stored_and_compared(client: Client, clock: Clock) {
    let until = clock.now().into_literal();
    let hold = format!("create temp table hold as select {until} as until");
    client.batch_execute(&hold).await.unwrap();
    clock.advance(Duration::from_mins(1));
    let expired = "select until < $1, until = $1 - interval '1 minute', until < now() from hold";
    let row = client.query_one(expired, &[&clock.system_time()]).await.unwrap();
    assert_eq!([0, 1, 2].map(|column| row.get::<_, bool>(column)), [true; 3]);
    let text = "select $1::text::timestamptz = $2";
    let now = clock.now();
    let same = client.query_one(text, &[&now.into_text(), &SystemTime::from(now)]).await.unwrap();
    assert!(same.get::<_, bool>(0));
}

/// Code under test that was given a clock of its own.
struct Told(Clock);

impl FromLease for Told {
    type Error = std::convert::Infallible;

    async fn from_lease(lease: &Lease) -> Result<Self, Self::Error> {
        Clock::from_lease(lease).await.map(Self)
    }
}

#[proofmark::test]
async fn a_fixture_and_its_test_have_one_clock(Told(told): Told, clock: Clock) {
    clock.set(SystemTime::UNIX_EPOCH);
    assert_eq!(told.system_time(), SystemTime::UNIX_EPOCH);
}

#[proofmark::test]
async fn every_test_begins_at_the_same_time(clock: Clock) {
    assert_eq!(clock.now().into_text(), "2020-01-01 00:00:00.000000+00");
}
