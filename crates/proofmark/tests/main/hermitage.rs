//! What each isolation level lets through, as the Hermitage suite says for PostgreSQL.
//!
//! Source: github.com/ept/hermitage, `postgres.md`. The cases are two transactions each; the
//! explorer must come to the listed anomaly where the level lets it through, and to none elsewhere.

use proofmark::Lease;
use proofmark::race::Race;
use tokio_postgres::{Client, SimpleQueryMessage};

const LEVELS: [&str; 3] = ["read committed", "repeatable read", "serializable"];

/// What a transaction saw, statement by statement, and whether it was committed.
#[derive(Debug, Default)]
struct Saw {
    rows: Vec<String>,
    committed: bool,
}

impl Saw {
    fn any(&self, value: &str) -> bool {
        self.rows.iter().any(|row| row == value)
    }
}

/// Runs transactions that are separated by their ends; stops at the first error.
async fn transact(db: &Client, level: &str, statements: &[&str]) -> Saw {
    let mut saw = Saw::default();
    let mut is_open = false;
    for statement in statements {
        if !is_open {
            db.batch_execute(&format!("begin isolation level {level}")).await.unwrap();
        }
        is_open = !matches!(*statement, "commit" | "rollback");
        match db.simple_query(statement).await {
            Ok(messages) => saw.rows.extend(messages.iter().filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })),
            Err(error) => {
                let code = error.code().unwrap().code();
                assert!(matches!(code, "40001" | "40P01"), "{statement}: {error:?}");
                db.batch_execute("rollback").await.unwrap();
                return saw;
            }
        }
        saw.committed = *statement == "commit";
    }
    saw
}

struct Case {
    name: &'static str,
    a: &'static [&'static str],
    b: &'static [&'static str],
    /// Whether it is the anomaly, given what both saw and the rows in the end.
    anomaly: fn(&Saw, &Saw, &str) -> bool,
    /// At which levels it comes about.
    expected: [bool; 3],
    /// Schedules with more than one switch that are tried as well.
    tokens: &'static [&'static str],
}

const ONE: &str = "select value from test where id = 1";
const TWO: &str = "select value from test where id = 2";
const THIRDS: &str = "select count(*) from test where value % 3 = 0";

const CASES: &[Case] = &[
    Case {
        name: "G0, dirty write",
        a: &[
            "update test set value = 11 where id = 1",
            "update test set value = 21 where id = 2",
            "commit",
        ],
        b: &[
            "update test set value = 12 where id = 1",
            "update test set value = 22 where id = 2",
            "commit",
        ],
        anomaly: |_, _, rows| !matches!(rows, "11,21" | "12,22"),
        expected: [false; 3],
        tokens: &[],
    },
    Case {
        name: "G1a, aborted read",
        a: &["update test set value = 101 where id = 1", "rollback"],
        b: &[ONE, ONE, "commit"],
        anomaly: |_, b, _| b.any("101"),
        expected: [false; 3],
        tokens: &["a2b2a*b*"],
    },
    Case {
        name: "G1b, intermediate read",
        a: &[
            "update test set value = 101 where id = 1",
            "update test set value = 11 where id = 1",
            "commit",
        ],
        b: &[ONE, ONE, "commit"],
        anomaly: |_, b, _| b.any("101"),
        expected: [false; 3],
        tokens: &["a2b2a1b1a*b*"],
    },
    Case {
        name: "G1c, circular information flow",
        a: &["update test set value = 11 where id = 1", TWO, "commit"],
        b: &["update test set value = 22 where id = 2", ONE, "commit"],
        anomaly: |a, b, _| a.any("22") && b.any("11"),
        expected: [false; 3],
        tokens: &["a2b2a1b1a1b1"],
    },
    Case {
        name: "OTV, an observed transaction vanishes",
        a: &[
            "update test set value = 11 where id = 1",
            "update test set value = 19 where id = 2",
            "commit",
            "update test set value = 12 where id = 1",
            "update test set value = 18 where id = 2",
            "commit",
        ],
        b: &[ONE, TWO, TWO, ONE, "commit"],
        anomaly: |_, b, _| {
            let newest = |seen: &[&str]| seen.iter().any(|value| matches!(*value, "12" | "18"));
            let rows: Vec<&str> = b.rows.iter().map(String::as_str).collect();
            (1..rows.len()).any(|index| newest(&rows[..index]) && !newest(&rows[index..=index]))
        },
        expected: [false; 3],
        tokens: &["a4b2a1b1a1b1a*b*", "a4b2a2b1a*b*", "a6b2a1b*"],
    },
    Case {
        name: "PMP, predicate-many-preceders",
        a: &[THIRDS, THIRDS, "commit"],
        b: &["insert into test values (3, 30)", "commit"],
        anomaly: |a, _, _| a.rows[0] != a.rows[1],
        expected: [true, false, false],
        tokens: &[],
    },
    Case {
        name: "P4, lost update",
        a: &[ONE, "update test set value = 11 where id = 1", "commit"],
        b: &[ONE, "update test set value = 11 where id = 1", "commit"],
        anomaly: |a, b, _| a.committed && b.committed && a.rows == b.rows,
        expected: [true, false, false],
        tokens: &[],
    },
    Case {
        name: "G-single, read skew",
        a: &[ONE, TWO, "commit"],
        b: &[
            "update test set value = 12 where id = 1",
            "update test set value = 18 where id = 2",
            "commit",
        ],
        anomaly: |a, _, _| a.rows == ["10", "18"],
        expected: [true, false, false],
        tokens: &[],
    },
    Case {
        name: "G2-item, write skew",
        a: &[ONE, TWO, "update test set value = 11 where id = 1", "commit"],
        b: &[ONE, TWO, "update test set value = 21 where id = 2", "commit"],
        anomaly: |a, b, _| a.committed && b.committed && a.rows == b.rows,
        expected: [true, true, false],
        tokens: &[],
    },
    Case {
        name: "G2, anti-dependency cycle",
        a: &[THIRDS, "insert into test values (3, 30)", "commit"],
        b: &[THIRDS, "insert into test values (4, 42)", "commit"],
        anomaly: |a, b, _| a.committed && b.committed && a.rows == b.rows,
        expected: [true, true, false],
        tokens: &[],
    },
];

async fn comes_about(lease: &Lease, race: Race, case: &Case, level: &str) -> bool {
    let explored = race
        .explore(
            async |db: Client| {
                let sql = "drop table if exists test;
                           create table test (id int primary key, value int);
                           insert into test values (1, 10), (2, 20)";
                db.batch_execute(sql).await.unwrap();
            },
            async |db: Client, ()| transact(&db, level, case.a).await,
            async |db: Client, ()| transact(&db, level, case.b).await,
            async |db: Client, (), a: &Saw, b: &Saw| {
                let sql = "select string_agg(value::text, ',' order by id) from test";
                let rows: String = db.query_one(sql, &[]).await.unwrap().get(0);
                if (case.anomaly)(a, b, &rows) {
                    Err(format!("{a:?} {b:?} {rows}"))
                } else {
                    Ok(())
                }
            },
        )
        .await;
    assert!(!lease.test().is_empty());
    let witness = explored.witnesses().next().map(|witness| format!("{level}\n{witness}"));
    if witness.is_none() {
        explored.assert_holds();
    }
    witness.is_some()
}

async fn check(lease: &Lease, level: usize) {
    for case in CASES {
        let mut found = comes_about(lease, Race::new(lease), case, LEVELS[level]).await;
        for token in case.tokens {
            let race = Race::new(lease).schedule(token);
            found |= comes_about(lease, race, case, LEVELS[level]).await;
        }
        assert_eq!(found, case.expected[level], "{} at {}", case.name, LEVELS[level]);
    }
}

#[proofmark::test]
async fn read_committed_lets_through_what_hermitage_says(lease: Lease) {
    check(&lease, 0).await;
}

#[proofmark::test]
async fn repeatable_read_lets_through_write_skew_alone(lease: Lease) {
    check(&lease, 1).await;
}

#[proofmark::test]
async fn serializable_lets_nothing_through(lease: Lease) {
    check(&lease, 2).await;
}
