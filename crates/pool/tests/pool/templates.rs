//! Templates: built once, found again, or refused with the place of the mistake.

use proofmark_pool::{BuildError, Migrations, Pool, PoolOptions, Session, Template};

use crate::server::{ensure, project, recipe, target};

#[tokio::test]
async fn a_template_is_built_once_and_found_again_by_its_content() {
    let root = project(&[("1_a.sql", "create table a (id int primary key);")]);
    let recipe = recipe("built_once", root.path());
    let (first, built) = ensure(&recipe).await.unwrap();
    assert!(built);
    let (second, built) = ensure(&recipe).await.unwrap();
    assert!(!built);
    assert_eq!(first, second);
    let found = Template::find(&target().await, "built_once", &first.key).await.unwrap();
    assert_eq!(found, Some(first.clone()));
    std::fs::write(root.path().join("migrations/2_b.sql"), "create table b ();").unwrap();
    let (third, built) = ensure(&recipe).await.unwrap();
    assert!(built && third.key != first.key);
}

#[tokio::test]
async fn many_who_want_the_same_template_get_it_built_by_one() {
    let root = project(&[("1_a.sql", "create table a (); select pg_sleep(0.1);")]);
    let recipe = recipe("wanted_by_many", root.path());
    let all = futures_util::future::join_all((0..6).map(|_| ensure(&recipe))).await;
    let builders = all.iter().filter(|one| one.as_ref().unwrap().1).count();
    assert_eq!(builders, 1);
}

#[tokio::test]
async fn a_syntax_error_is_reported_with_file_line_and_the_server_s_message() {
    let root = project(&[
        ("1_good.sql", "create table good ();"),
        ("2_bad.sql", "create table ä (x text default 'ö');\n\n  creat table b ();\n"),
    ]);
    let error = ensure(&recipe("syntax_error", root.path())).await.unwrap_err();
    let BuildError::Migration(error) = error else { panic!("{error:?}") };
    assert_eq!((error.path.as_str(), error.line), ("migrations/2_bad.sql", 3));
    assert_eq!(error.sqlstate, "42601");
    assert_eq!(error.message, "syntax error at or near \"creat\"");
    assert!(error.text[error.offset..].starts_with("creat table b"));
}

#[tokio::test]
async fn an_error_without_a_position_is_placed_at_the_statement_of_a_file_run_one_by_one() {
    let root = project(&[(
        "1_a.sql",
        "-- no-transaction\ncreate table a ();\n\n/* why */ do $$ begin raise 'no'; end $$;\n",
    )]);
    let error = ensure(&recipe("no_position", root.path())).await.unwrap_err();
    let BuildError::Migration(error) = error else { panic!("{error:?}") };
    assert_eq!(error.line, 4);
    assert_eq!(error.sqlstate, "P0001");
}

#[tokio::test]
async fn a_failed_build_leaves_nothing_and_the_next_one_starts_afresh() {
    let root = project(&[("1_a.sql", "create table a (); select 1/0;")]);
    let recipe = recipe("fails_first", root.path());
    ensure(&recipe).await.unwrap_err();
    let session = Session::open(target().await.maintenance()).await.unwrap();
    let left = session
        .query("select datname from pg_database where datname like '%fails\\_first%'", &[])
        .await
        .unwrap();
    assert!(left.is_empty(), "{left:?}");
    std::fs::write(root.path().join("migrations/1_a.sql"), "create table a ();").unwrap();
    assert!(ensure(&recipe).await.unwrap().1);
}

#[tokio::test]
async fn statements_that_refuse_a_transaction_run_one_by_one() {
    let text = "-- no-transaction\ncreate table a (x int);\n\
                create index concurrently a_x on a (x);\n\
                create function f() returns int language sql begin atomic select 1; end;";
    let root = project(&[("1_a.sql", text)]);
    assert!(ensure(&recipe("concurrently", root.path())).await.unwrap().1);
}

#[tokio::test]
async fn a_command_finds_the_database_and_its_failure_shows_what_it_printed() {
    let root = project(&[("1_a.sql", "")]);
    let mut recipe = recipe("by_command", root.path());
    let script = "echo \"$PGDATABASE $PGUSER\"; echo on stderr >&2; \
                  case $DATABASE_URL in postgresql://*by_command*) exit 7;; esac; exit 8";
    recipe.migrations = Migrations::Command {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        watch: vec![root.path().join("migrations")],
    };
    let error = ensure(&recipe).await.unwrap_err();
    let BuildError::CommandFailed { status, output, .. } = error else { panic!("{error:?}") };
    assert_eq!(status.code(), Some(7));
    assert_eq!(output, "by_command postgres\non stderr");
}

#[tokio::test]
async fn a_command_that_does_not_exist_is_named() {
    let root = project(&[("1_a.sql", "")]);
    let mut recipe = recipe("no_command", root.path());
    recipe.migrations = Migrations::Command {
        argv: vec!["no-such-migration-tool".to_owned()],
        watch: vec![root.path().join("migrations")],
    };
    let error = ensure(&recipe).await.unwrap_err();
    assert!(error.to_string().contains("`no-such-migration-tool`"), "{error}");
}

#[tokio::test]
async fn nobody_can_connect_to_a_sealed_template() {
    let root = project(&[("1_a.sql", "create table a ();")]);
    let (template, _) = ensure(&recipe("sealed", root.path())).await.unwrap();
    let error = Session::open(&target().await.config(&template.name)).await.unwrap_err();
    let refused = error.source.as_db_error().expect("the server's own refusal");
    assert!(refused.message().contains("not currently accepting connections"), "{refused}");
}

#[tokio::test]
async fn a_suite_that_migrates_by_sqlx_itself_finds_its_migrations_noted() {
    let root = project(&[("0001_first_table.sql", "create table a ();")]);
    let (template, _) = ensure(&recipe("noted", root.path())).await.unwrap();
    let options = PoolOptions { run: "noted".to_owned(), ..PoolOptions::default() };
    let pool = Pool::open(target().await, template, options).await.unwrap();
    let lease = pool.lease().await.unwrap();
    let session = Session::open(&pool.target().config(&lease.database)).await.unwrap();
    let row = session
        .query_one(
            "select version, description, success, encode(checksum, 'hex') from _sqlx_migrations",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(row.get::<_, i64>(0), 1);
    assert_eq!(row.get::<_, &str>(1), "first table");
    assert!(row.get::<_, bool>(2));
    // sha384sum of the file's text.
    assert!(row.get::<_, &str>(3).starts_with("4dfae68ba65916ff242fcfb4"));
}
