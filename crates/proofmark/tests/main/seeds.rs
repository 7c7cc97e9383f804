//! Seeds of single tests.

use tokio_postgres::Client;

use super::project::Project;

const SEATED: &str = "select count(*) from seat join show on show.id = show_id";

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[proofmark::test(seed = "tests/seeds/shows.sql")]
async fn a_test_finds_the_rows_of_its_seed_beside_those_of_the_template(client: Client) {
    assert_eq!(count(&client, "select count(*) from show").await, 3);
}

#[proofmark::test(seed = ["tests/seeds/shows.sql", "tests/seeds/seats.sql"])]
async fn several_seeds_run_in_their_order(client: Client) {
    assert_eq!(count(&client, SEATED).await, 2);
}

#[proofmark::test]
async fn a_test_without_a_seed_finds_nothing_of_another_s(client: Client) {
    assert_eq!(count(&client, "select count(*) from show").await, 1);
}

#[test]
fn a_seed_that_fails_names_its_file_and_line() {
    Project::new()
        .run(&["has_a_seed_that_fails"])
        .failed()
        .says("the seed of the test failed")
        .says("tests/seeds/broken.sql:3: column \"titel\" of relation \"show\" does not exist");
}
