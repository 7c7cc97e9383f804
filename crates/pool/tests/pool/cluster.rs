//! What tests leave on the rest of the server: told once, by who can have left it, and removed on
//! a server of our own.

use std::sync::Arc;

use proofmark_pool::{Cluster, Leftover, Session, Target};
use proofmark_postgres::Server;

use crate::server::start;

/// A server of the test's own, watched; `a` and `b` are out.
struct Watched {
    _server: Server,
    target: Target,
    cluster: Arc<Cluster>,
    session: Session,
}

impl Watched {
    async fn new(before: &str) -> Self {
        let server = start();
        let target = Target::private(server.address()).await.expect("it has just been started");
        let session = Session::open(target.maintenance()).await.expect("it answers");
        for database in ["a", "b"] {
            let sql = format!("create database proofmark_{database}");
            session.batch_execute(&sql).await.expect("a database");
        }
        session.batch_execute(before).await.expect("the state before");
        let cluster = Cluster::join(&target).await.expect("it answers");
        cluster.leased("proofmark_a");
        Self { _server: server, target, cluster, session }
    }

    async fn run(&self, database: &str, sql: &str) {
        let config = self.target.config(&format!("proofmark_{database}"));
        let session = Session::open(&config).await.expect("it is there");
        for statement in sql.split(';').filter(|statement| !statement.trim().is_empty()) {
            session.batch_execute(statement).await.expect(statement);
        }
        session.close().await;
    }

    async fn returned(&self, database: &str) -> Vec<Leftover> {
        self.cluster.returned(&format!("proofmark_{database}"), false).await.expect("it answers")
    }

    /// Roles, memberships, slots, settings of the server and of databases.
    async fn state(&self) -> Vec<String> {
        let rows = self
            .session
            .query(
                "select (to_jsonb(r) - 'oid' - 'rolvaliduntil')::text from pg_roles r \
                 union all select roleid::regrole || ' ' || member::regrole from pg_auth_members \
                  where member >= 16384 \
                 union all select slot_name::text from pg_replication_slots \
                 union all select subname::text from pg_subscription \
                 union all select setdatabase || ' ' || setrole || setconfig::text \
                   from pg_db_role_setting where setrole = 0 \
                 union all select name || setting from pg_file_settings \
                  where sourcefile ~ 'auto.conf' order by 1",
                &[],
            )
            .await
            .expect("superuser");
        rows.iter().map(|row| row.get(0)).collect()
    }
}

fn shown(left: &[Leftover]) -> Vec<String> {
    left.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn what_one_test_left_is_told_once_and_removed() {
    let watched = Watched::new(
        "create role there createdb connection limit 3; alter role there set work_mem = '5MB'; \
         create role grouped; create role going",
    )
    .await;
    let before = watched.state().await;
    watched
        .run(
            "a",
            "create role app login; create table mine (n int); alter table mine owner to app;
             alter role there nocreatedb connection limit 9; alter role there set work_mem = '6MB';
             alter role there set datestyle = 'German'; grant there to grouped; drop role going;
             select pg_create_physical_replication_slot('physical');
             alter system set work_mem = '7MB'; alter database postgres set jit = off;
             create subscription sub connection 'dbname=x' publication p with (connect = false)",
        )
        .await;
    let left = watched.returned("a").await;
    assert_eq!(
        shown(&left),
        [
            "left the subscription `sub`",
            "left the replication slot `physical`",
            "changed the membership of `grouped in there`",
            "changed settings of postgres",
            "changed `work_mem` for the server",
            "created the role `app`",
            "dropped the role `going`",
            "changed the role `there`",
        ]
    );
    assert_eq!(watched.state().await, before);
    watched.cluster.leased("proofmark_a");
    assert_eq!(watched.returned("a").await, []);
}

#[tokio::test]
async fn a_test_beside_others_is_not_accused_and_nothing_is_removed_that_they_may_use() {
    let watched = Watched::new("").await;
    let before = watched.state().await;
    watched.cluster.leased("proofmark_b");
    watched.run("b", "create role app").await;
    let left = watched.returned("a").await;
    assert_eq!(left, [Leftover::Perhaps(Box::new(Leftover::Role("app".to_owned())))]);
    assert_ne!(watched.state().await, before, "`b` is still out and may use it");
    assert_eq!(watched.returned("b").await, []);
    assert_eq!(watched.state().await, before);
}

#[tokio::test]
async fn nothing_is_removed_while_another_process_uses_the_server_or_a_tool_does() {
    let watched = Watched::new("").await;
    let lock = "select pg_advisory_lock_shared(l.objid::bigint | (l.classid::bigint << 32))
                  from pg_locks l where locktype = 'advisory' limit 1";
    watched.session.query(lock, &[]).await.unwrap();
    watched.run("a", "create role app").await;
    let left = watched.returned("a").await;
    assert_eq!(left, [Leftover::Perhaps(Box::new(Leftover::Role("app".to_owned())))]);
    assert!(watched.state().await.iter().any(|one| one.contains("\"app\"")));
    watched.session.batch_execute("select pg_advisory_unlock_all()").await.unwrap();
    watched.cluster.tools_came();
    watched.cluster.leased("proofmark_a");
    watched.returned("a").await;
    assert!(watched.state().await.iter().any(|one| one.contains("\"app\"")));
}

#[tokio::test]
async fn on_a_server_of_the_user_s_it_is_told_and_stays() {
    let server = start();
    let url = Target::private(server.address()).await.unwrap().url("postgres");
    let target = Target::external(&url).await.unwrap();
    let cluster = Cluster::join(&target).await.unwrap();
    cluster.leased("proofmark_a");
    let session = Session::open(target.maintenance()).await.unwrap();
    session.batch_execute("create role app").await.unwrap();
    session.batch_execute("create database made").await.unwrap();
    let left = cluster.returned("proofmark_a", false).await.unwrap();
    let expected = [
        "created the role `app`, or a test did that ran at the same time",
        "created the database `made`, or a test did that ran at the same time",
    ];
    assert_eq!(shown(&left), expected);
    let role = session.query("select from pg_roles where rolname = 'app'", &[]).await.unwrap();
    assert_eq!(role.len(), 1);
    assert_eq!(cluster.returned("proofmark_a", false).await.unwrap(), []);
}

#[tokio::test]
async fn a_notification_stays_in_its_database() {
    let watched = Watched::new("").await;
    let mut config = watched.target.config("proofmark_a");
    let (listener, mut connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let driver = tokio::spawn(async move {
        while let Some(message) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            if let Ok(tokio_postgres::AsyncMessage::Notification(told)) = message {
                drop(sender.send(told.payload().to_owned()));
            }
        }
    });
    listener.batch_execute("listen news").await.unwrap();
    watched.run("b", "notify news, 'from b'").await;
    config.dbname("proofmark_a");
    watched.run("a", "notify news, 'from a'").await;
    assert_eq!(heard.recv().await.as_deref(), Some("from a"));
    drop(listener);
    driver.await.unwrap();
}
