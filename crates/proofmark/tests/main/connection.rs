//! The connection that is open already, and what a test finds on it.

use proofmark::Connection;
use tokio_postgres::Client;

use super::project::Project;

#[proofmark::test]
async fn others_see_what_a_kept_connection_commits(connection: Connection, other: Client) {
    connection.batch_execute("insert into show (id, title) values (2, 'Ivanov')").await.unwrap();
    let row = other.query_one("select count(*) from show", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 2);
}

#[proofmark::test]
async fn several_connections_of_a_test_are_several(one: Connection, other: Connection) {
    one.batch_execute("set lock_timeout = 7").await.unwrap();
    let row = other.query_one("select current_setting('lock_timeout')", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "0");
}

/// Runs `first` and then a test that looks at its connection.
fn after(first: &str) -> Project {
    let project = Project::new();
    project.run_in_order(&[first, "takes_a_connection_as_new"]).passed();
    project
}

#[test]
fn nothing_of_an_earlier_test_is_on_a_connection() {
    let project = after("leaves_much_on_its_connection");
    // Where the second test got another database, it got another connection too.
    if project.noted("first_database") == project.noted("second_database") {
        assert_eq!(project.noted("first_backend"), project.noted("second_backend"));
    }
}

#[test]
fn a_statement_prepared_in_sql_is_gone_for_the_next_test() {
    after("prepares_a_statement_in_sql");
}

#[test]
fn a_connection_that_does_not_come_to_rest_is_closed() {
    for first in ["keeps_its_connection_busy", "gives_its_connection_away"] {
        let project = after(first);
        assert_ne!(project.noted("first_backend"), project.noted("second_backend"), "{first}");
    }
}
