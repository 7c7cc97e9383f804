//! Two instances of the service on one database: what is once stays once, whoever is asked.

use std::collections::BTreeSet;
use std::num::NonZeroI32;
use std::sync::Arc;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;
use shop::event::webhook::{Reach, Sender};
use shop::http::{Limits, forget_windows};
use shop::telemetry::Metrics;
use shop::worker::{self, Work};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::chaos::books;
use crate::chaos::buying::{Buyer, Whereabouts};
use crate::client::{Client, Service, every_scope, key, limited_key};
use crate::make::Make;
use crate::make::payment::eur;

async fn two(make: &Make, limits: &Limits) -> [Service; 2] {
    let start = || Service::start(make, limits.clone());
    [start().await, start().await]
}

async fn count(db: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

/// A request that is sent to both, many times at once, is done once; all are told the same.
#[proofmark::test(worker_threads = 2)]
async fn a_key_is_taken_once_by_whichever_instance(make: Make) {
    let services = two(&make, &Limits::default()).await;
    let order = make.order().await;
    let token = key(&make, &every_scope(&make).await).await;
    let body = json!({
        "order": order.id, "amount": order.total, "method_type": "card", "provider": "fake",
    });
    let mut asked = JoinSet::new();
    for n in 0..8 {
        let client = Client::new(&services[n % 2].url).with_token(&token);
        let body = body.clone();
        asked.spawn(async move {
            loop {
                let request = client.request(Method::POST, "/v1/payments").key("both-of-them");
                let answer = request.json(&body).send().await;
                if answer.body["code"] != "request_in_progress" {
                    return answer.text_of(201, "id");
                }
            }
        });
    }
    let told: BTreeSet<String> = asked.join_all().await.into_iter().collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(count(&make.db, "SELECT count(*) FROM payment").await, 1);
}

/// Buyers at both, of fewer units than they want, and a worker of each beside: nothing is sold
/// twice, every hold ends once, every event is published once.
#[proofmark::test(worker_threads = 2)]
async fn the_last_units_are_sold_once_by_whichever_instance(make: Make) {
    let services = two(&make, &Limits::default()).await;
    make.german_tax().await;
    let variant = make.variant().priced(eur(1_000)).in_stock(6).await;
    let token = key(&make, &every_scope(&make).await).await;
    let (stop, told) = watch::channel(false);
    let workers = services.clone().map(|service| {
        let work = Work {
            pool: make.db.clone(),
            context: make.context.clone(),
            providers: vec![Arc::new(service.fake)],
            sender: Sender::new(Reach::Public).unwrap(),
            metrics: Arc::new(Metrics::new()),
        };
        let mut told = told.clone();
        tokio::spawn(worker::run(work, async move {
            drop(told.wait_for(|stop| *stop).await);
        }))
    });
    let mut buying = JoinSet::new();
    for n in 0..10 {
        let at = Whereabouts::new(&services[n % 2].url);
        let buyer = Buyer::new(&at, &token, &variant.to_string());
        buying.spawn(async move { buyer.visit().await });
    }
    let (bought, refused): (Vec<_>, Vec<_>) =
        buying.join_all().await.into_iter().partition(Result::is_ok);
    let bought: Vec<_> = bought.into_iter().flatten().collect();
    assert_eq!(bought.len(), 6, "{refused:?}");
    let why = |one: &Result<_, String>| one.as_ref().is_err_and(|why| why.contains("out_of_stock"));
    assert!(refused.iter().all(why), "{refused:?}");
    make.clock.advance(TimeDelta::hours(2));
    for (what, open) in [
        ("holds", "SELECT count(*) FROM reservation WHERE state = 'active'"),
        ("events", "SELECT count(*) FROM outbox WHERE published_at IS NULL"),
    ] {
        let end = std::time::Instant::now() + std::time::Duration::from_mins(1);
        while count(&make.db, open).await > 0 {
            assert!(std::time::Instant::now() < end, "{what} stay open");
            tokio::task::yield_now().await;
        }
    }
    stop.send_replace(true);
    for worker in workers {
        worker.await.unwrap();
    }
    books::kept(&make.db, &bought).await;
    books::shelf(&make.db, variant, 6).await;
    books::invariants(&make.db).await;
    let twice = "SELECT count(*) FROM (SELECT reservation_id, to_state FROM reservation_history
                  GROUP BY reservation_id, to_state HAVING count(*) > 1) AS twice";
    assert_eq!(count(&make.db, twice).await, 0, "a hold ends once");
}

/// How many of so many requests are let in, asked of the services in turn.
async fn let_in(services: &[&Service], token: &str, requests: usize) -> usize {
    let clients: Vec<_> =
        services.iter().map(|service| Client::new(&service.url).with_token(token)).collect();
    let mut let_in = 0;
    for n in 0..requests {
        let answer = clients[n % clients.len()].get("/v1/locations").await;
        if answer.status.as_u16() == 200 {
            let_in += 1;
        } else {
            answer.expect_problem(429, "rate_limited");
            let after: u32 = answer.header("retry-after").parse().unwrap();
            assert!((1..=60).contains(&after), "{after}");
        }
    }
    let_in
}

/// A key's own limit is one for all instances together, to the request.
#[proofmark::test]
async fn a_keys_limit_is_one_over_both_instances(make: Make) {
    let services = two(&make, &Limits::default()).await;
    let [one, other] = [&services[0], &services[1]];
    let token = limited_key(&make, &every_scope(&make).await, 10).await;
    assert_eq!(let_in(&[one, other], &token, 30).await, 10);
    // The service's own limit is not that of the key, and another key is not concerned.
    let free = key(&make, &every_scope(&make).await).await;
    assert_eq!(let_in(&[one, other], &free, 30).await, 30);
    make.clock.advance(TimeDelta::minutes(1));
    assert_eq!(let_in(&[other], &token, 12).await, 10);
    assert_eq!(let_in(&[one], &token, 2).await, 0);
}

/// Requests are taken in twentieths: what an instance has not spent of its last one is all that the
/// others may miss, and a minute costs few writes.
#[proofmark::test]
async fn a_limit_is_never_exceeded_and_missed_by_a_twentieth_at_most(make: Make) {
    let limits = Limits { per_minute: NonZeroI32::new(107).unwrap(), ..Limits::default() };
    let services = two(&make, &limits).await;
    let token = key(&make, &every_scope(&make).await).await;
    // One request here leaves the rest of a twentieth of 107, which is 5.
    assert_eq!(let_in(&[&services[0]], &token, 1).await, 1);
    assert_eq!(let_in(&[&services[1]], &token, 120).await, 107 - 5);
    assert_eq!(let_in(&[&services[0]], &token, 10).await, 4);
    let used: (i32, i32) = sqlx::query_as("SELECT used, allowed FROM rate_limit_window")
        .fetch_one(&make.db)
        .await
        .unwrap();
    assert_eq!(used, (107, 107));
    // Many at once take no more than one after the other.
    make.clock.advance(TimeDelta::minutes(1));
    let mut asking = JoinSet::new();
    for service in &services {
        for _ in 0..8 {
            let (service, token) = (service.clone(), token.clone());
            asking.spawn(async move { let_in(&[&service], &token, 10).await });
        }
    }
    let let_in: usize = asking.join_all().await.iter().sum();
    assert!((107 - 5..=107).contains(&let_in), "{let_in}");
}

/// When a key was used is written once a minute, and minutes that are over are forgotten.
#[proofmark::test]
async fn the_last_use_of_a_key_is_written_once_a_minute(make: Make) {
    let services = two(&make, &Limits::default()).await;
    let [one, other] = [&services[0], &services[1]];
    let token = key(&make, &every_scope(&make).await).await;
    let used = "SELECT extract(epoch FROM last_used_at)::bigint FROM api_key";
    let written =
        async || -> Option<i64> { sqlx::query_scalar(used).fetch_one(&make.db).await.unwrap() };
    assert_eq!(written().await, None);
    let first = make.context.now().timestamp();
    assert_eq!(let_in(&[one], &token, 1).await, 1);
    assert_eq!(written().await, Some(first));
    make.clock.advance(TimeDelta::seconds(59));
    assert_eq!(let_in(&[one, other], &token, 2).await, 2);
    assert_eq!(written().await, Some(first), "not within the minute");
    make.clock.advance(TimeDelta::seconds(1));
    assert_eq!(let_in(&[other], &token, 1).await, 1);
    assert_eq!(written().await, Some(first + 60));
    let windows = "SELECT count(*) FROM rate_limit_window";
    assert_eq!(count(&make.db, windows).await, 2);
    make.clock.advance(TimeDelta::minutes(11));
    assert_eq!(forget_windows(&make.db, &make.context, 10).await.unwrap(), 2);
    assert_eq!(count(&make.db, windows).await, 0);
}
