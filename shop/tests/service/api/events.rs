//! `/v1/events`: who reads on after the last one they know misses none.

use serde_json::Value;

use crate::client::AuthedClient;

async fn ids(shop: &AuthedClient, after: Option<&str>) -> Vec<String> {
    let mut path = "/v1/events?limit=100".to_owned();
    if let Some(after) = after {
        path = format!("{path}&after={after}");
    }
    let page = shop.get(&path).await;
    let ids = |event: &Value| event["id"].as_str().unwrap().to_owned();
    page.expect(200)["data"].as_array().unwrap().iter().map(ids).collect()
}

#[proofmark::test]
async fn an_event_that_commits_late_is_behind_what_was_read(shop: AuthedClient) {
    shop.make.variant().await;
    let known = ids(&shop, None).await;
    let last = known.last().unwrap().clone();
    // Somebody writes an event and stays open, while others begin and commit.
    let mut late = shop.make.db.begin().await.unwrap();
    let written: shop::id::EventId = shop.make.context.id();
    sqlx::query(
        "INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, version, payload)
         SELECT $1, aggregatetype, gen_random_uuid(), 1, type, version, payload
           FROM outbox ORDER BY position LIMIT 1",
    )
    .bind(written)
    .execute(&mut *late)
    .await
    .unwrap();
    shop.make.variant().await;
    assert_eq!(ids(&shop, Some(&last)).await, <[String; 0]>::default(), "not before the late one");
    late.commit().await.unwrap();
    let next = ids(&shop, Some(&last)).await;
    assert_eq!(next[0], written.to_string(), "first what began first: {next:?}");
    assert!(next.len() > 1, "{next:?}");
    let all = ids(&shop, None).await;
    assert_eq!(all, [known, next].concat(), "nothing appeared in front of what was read");
    // One page after the other gives the same.
    let mut paged = Vec::new();
    let mut path = "/v1/events?limit=2".to_owned();
    loop {
        let page = shop.get(&path).await;
        let events = page.expect(200)["data"].as_array().unwrap();
        paged.extend(events.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("/v1/events?limit=2&after={next}");
    }
    assert_eq!(paged, all);
    let nobody: shop::id::EventId = shop.make.context.id();
    let unknown = shop.get(&format!("/v1/events?after={nobody}")).await;
    unknown.expect_problem(400, "query_invalid");
}
