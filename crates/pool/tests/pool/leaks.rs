//! Random tests that try to leave something behind, two at a time, each return compared completely
//! with the template.
//!
//! `PROOFMARK_LEAKS` is how many (60); `PROOFMARK_LEAKS_SEED` repeats a run.

use proofmark_pool::{Ending, How, Pool, Session};

use crate::majors::newest;
use crate::matrix::{SCHEMA, verified};
use crate::server::pool_on;

/// What a random test is made of; what is refused is refused.
const OPERATIONS: &[&str] = &[
    "insert into customer (name) select 'r' || n from generate_series(1, 5) n",
    "update customer set name = name || '!', amount = null where id % 3 = 0",
    "delete from customer where id % 7 = 1",
    "truncate customer restart identity cascade",
    "insert into orders (customer) select id from customer limit 9",
    "insert into orders (customer) select min(id) from customer, generate_series(1, 900)",
    "delete from orders where id % 2 = 0",
    "insert into line select id, 1 from orders on conflict do nothing",
    "update orders set last_line = 1 where id in (select orders from line)",
    "copy bag from program 'printf \"7\\tx\\n\"'",
    "insert into bag select * from bag",
    "delete from bag where ctid = (select min(ctid) from bag)",
    "update bag set t = t || 'x' where n = 1",
    "truncate bag",
    "insert into history (what) values ('x')",
    "update kept_rule set n = n + 1",
    "insert into part values (3, 'x'), (120, 'y')",
    "update part set n = (n + 100) % 200",
    "delete from base",
    "insert into child values (9, 9)",
    "insert into scratch (n) values (1), (2)",
    "update scratch_seeded set n = n + 1000",
    "truncate scratch_seeded",
    "delete from wide where id % 5 = 0",
    "update wide set body = md5(body)",
    "insert into \"Odd \"\"name\"\" ;--\" values (2, 'y')",
    "select nextval('numbers'), nextval('used')",
    "select setval('customer_id_seq', 3, false)",
    "select setval('scratch_id_seq', 77)",
    "create temp table if not exists t as select * from customer",
    "create temp sequence if not exists ts",
    "vacuum bag",
    "analyze bag",
    "select pg_advisory_lock(7)",
    "listen x",
    "notify x",
    "set session_replication_role = replica",
    "set synchronous_commit = off",
    "set work_mem = '1MB'",
    "set search_path = pg_temp",
    "set default_transaction_isolation = 'serializable'",
    "prepare p as select 1",
    "declare c cursor with hold for select * from customer",
    "select pg_stat_clear_snapshot()",
    "set local work_mem = '2MB'",
    "lock table bag",
    "select * from customer for update",
    "insert into guarded values (1)",
    "checkpoint",
];

/// What ends with a new copy of the template, mostly.
const SPOILING: &[&str] = &[
    "create table if not exists made (n int)",
    "create index if not exists made_index on orders (customer)",
    "alter table customer add column if not exists extra int",
    "alter table customer disable trigger noted",
    "alter sequence used restart with 5",
    "create or replace function f() returns int language sql as 'select 1'",
    "comment on table bag is 'x'",
    "grant select on bag to public",
    "refresh materialized view totals",
    "vacuum full bag",
    "vacuum freeze customer",
    "reindex table orders",
    "select lo_create(0)",
    "select lo_unlink(lo_create(0))",
    "set track_counts = off",
    "select pg_stat_reset()",
    "do $$ begin execute format('alter database %I set work_mem to ''9MB''', current_database()); \
     end $$",
    "create schema if not exists s",
    "create unlogged table if not exists u as select 1 as n",
    "alter table scratch_seeded set logged",
    "cluster customer using customer_pkey",
    "alter type mood add value if not exists 'odd'",
];

/// How a random test groups its operations.
const AROUND: &[(&str, &str)] = &[
    ("", ""),
    ("", ""),
    ("", ""),
    ("begin", "commit"),
    ("begin", "rollback"),
    ("begin", "prepare transaction 'leak_%'"),
    // Left open.
    ("begin", ""),
    ("begin isolation level serializable", "commit"),
];

/// xorshift64*: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).expect("31 bits") % end
    }
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[derive(Debug, Default)]
struct Counts {
    returns: u64,
    verified: u64,
    undone: u64,
    replaced: u64,
}

/// One random test; what it did.
async fn random_test(session: &Session, dice: &mut Dice, number: u64) -> Vec<String> {
    // A copy takes as long as many comparisons: most tests leave something to compare.
    let spoils = dice.below(10) == 0;
    let (before, after) = match AROUND[dice.below(AROUND.len())] {
        (before, after) if !spoils && after.starts_with("prepare") => (before, "rollback"),
        around => around,
    };
    let mut done = vec![before.to_owned()];
    for _ in 0..=dice.below(4) {
        let operations = if spoils && dice.below(2) == 0 { SPOILING } else { OPERATIONS };
        done.push(operations[dice.below(operations.len())].to_owned());
        match dice.below(5) {
            0 => done.push("savepoint s".to_owned()),
            1 => done.push("rollback to s".to_owned()),
            _ => {}
        }
    }
    done.push(after.replace('%', &number.to_string()));
    for statement in &done {
        // Many are refused: after an error, outside of a transaction, by what came before.
        drop(session.batch_execute(statement).await);
    }
    done
}

async fn worker(pool: &Pool, first: u64, count: u64, seed: u64) -> Counts {
    let mut counts = Counts::default();
    for number in (first..count).step_by(2) {
        // The lowest bit is taken: a seed of zero would stay zero.
        let mut dice = Dice(((seed << 1) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1);
        let lease = pool.lease().await.expect("a lease");
        let mut done = Vec::new();
        if dice.below(2) == 0 {
            let connection = pool.connection(&lease).await.expect("a connection");
            let sane = "select current_setting('work_mem'), to_regclass('pg_temp.t') is null";
            let row = connection.query_one(sane, &[]).await.expect("it is recycled");
            let found: (&str, bool) = (row.get(0), row.get(1));
            assert_eq!(found, ("4MB", true), "test {number} of seed {seed}");
            done.push("warm".to_owned());
        }
        let session = Session::open(&pool.target().config(&lease.database)).await.expect("it");
        done.extend(random_test(&session, &mut dice, number).await);
        if dice.below(2) == 0 {
            session.close().await;
        } else {
            // The server is told, and nobody waits until it has noticed.
            drop(session);
        }
        let returned = pool.give_back(&lease, Ending::default()).await.expect("it comes back");
        let differs = &returned.differs;
        assert!(differs.is_empty(), "test {number} of seed {seed}: {done:#?} left {differs:#?}");
        counts.returns += 1;
        counts.verified += u64::from(returned.verified);
        match returned.how {
            How::Undone { .. } => counts.undone += 1,
            How::Replaced { .. } => counts.replaced += 1,
            _ => {}
        }
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_tests_leave_nothing_to_the_next() {
    let count = from_environment("PROOFMARK_LEAKS", 60);
    let seed = from_environment("PROOFMARK_LEAKS_SEED", 20_261_122);
    let own = newest();
    let pool = pool_on(&own.private().await, "leaks", verified(), SCHEMA).await;
    let (one, other) =
        futures_util::future::join(worker(&pool, 0, count, seed), worker(&pool, 1, count, seed))
            .await;
    println!("{one:?} {other:?} setbacks: {:?}", pool.setbacks());
    assert_eq!(one.returns + other.returns, count);
    // Every one that was not replaced has been compared.
    let compared = one.verified + other.verified;
    assert_eq!(compared + one.replaced + other.replaced, count);
    assert!(one.undone + other.undone > 0);
}

#[tokio::test]
async fn without_the_undo_the_comparison_finds_every_test_that_wrote() {
    let own = newest();
    let pool = pool_on(&own.private().await, "control", verified(), SCHEMA).await;
    pool.leave_undone();
    for sql in [
        "insert into bag values (3, 'c')",
        "update customer set name = 'x' where id = 3",
        "delete from part where n = 1",
        "select nextval('used')",
        "insert into scratch (n) values (1)",
        "truncate kept_rule",
    ] {
        let lease = pool.lease().await.expect("a lease");
        let session = Session::open(&pool.target().config(&lease.database)).await.expect("it");
        session.batch_execute(sql).await.expect(sql);
        session.close().await;
        let returned = pool.give_back(&lease, Ending::default()).await.expect("it comes back");
        assert!(!returned.differs.is_empty(), "{sql}");
        assert!(matches!(returned.how, How::Replaced { .. }), "{sql}: {:?}", returned.how);
    }
}
