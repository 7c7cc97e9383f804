//! Random rows that break several promises at once, against an oracle.
//!
//! The server reports the first that is broken, in its own order: NOT NULLs by column, CHECKs by
//! name, unique indexes by age, foreign keys. The oracle knows that order and nothing of errors.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use proofmark_catalog::{Attributor, RefusalFields, read};

use crate::servers::on_every_major;

/// Violations per major version.
const TRIED: usize = 1_000;

const TABLES: u64 = 8;
/// From this one on, tables are partitioned.
const PARTITIONED: u64 = 5;
/// Columns with a CHECK; their names sort in another order than the columns stand.
const CHECKED: [(&str, &str); 5] = [
    ("a", "m_a_small"),
    ("b", "c_b_small"),
    ("c", "z_c_small"),
    ("d", "a_d_small"),
    ("e", "k_e_small"),
];

fn schema() -> String {
    let mut sql = String::from("CREATE TABLE top (id int CONSTRAINT top_key PRIMARY KEY);\n");
    sql.push_str("INSERT INTO top VALUES (1);\n");
    for table in 0..TABLES {
        let checks = CHECKED.map(|(column, name)| {
            format!("{column} int NOT NULL CONSTRAINT {name} CHECK ({column} < 10)")
        });
        let checks = checks.join(", ");
        let (unique, partitions) = if table < PARTITIONED {
            (format!("CONSTRAINT t{table}_once UNIQUE"), String::new())
        } else {
            (String::new(), " PARTITION BY HASH (id)".to_owned())
        };
        writeln!(
            sql,
            "CREATE TABLE t{table} (id int CONSTRAINT t{table}_key PRIMARY KEY, \
             u int NOT NULL {unique}, {checks}, \
             top int NOT NULL CONSTRAINT t{table}_top REFERENCES top){partitions};"
        )
        .expect("a String takes any text");
        for part in 0..if table < PARTITIONED { 0 } else { 2 } {
            writeln!(
                sql,
                "CREATE TABLE t{table}_{part} PARTITION OF t{table} \
                 FOR VALUES WITH (MODULUS 2, REMAINDER {part});"
            )
            .expect("a String takes any text");
        }
        writeln!(sql, "INSERT INTO t{table} VALUES (1, 1, 1, 1, 1, 1, 1, 1);")
            .expect("a String takes any text");
    }
    sql
}

/// The same numbers on every machine (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A statement, and the address of the promise that must refuse it; none: it is accepted.
fn row(numbers: &mut Numbers, id: u64) -> (String, Option<String>) {
    let table = numbers.below(TABLES);
    let mut value = |fine: u64, broken: u64| match numbers.below(12) {
        0 => None,
        1..=3 => Some(broken),
        _ => Some(fine),
    };
    let mut values = vec![("id", value(id, 1)), ("u", value(id, 1))];
    values.extend(CHECKED.map(|(column, _)| (column, value(1, 50))));
    values.push(("top", value(1, 99)));
    let texts: Vec<String> = values
        .iter()
        .map(|(_, value)| value.map_or_else(|| "NULL".to_owned(), |value| value.to_string()))
        .collect();
    let sql = format!("INSERT INTO t{table} VALUES ({})", texts.join(", "));
    let at = |name: &str| values.iter().find(|(column, _)| *column == name).and_then(|(_, v)| *v);
    let is_null = values.iter().find(|(_, value)| value.is_none());
    let mut checks = CHECKED.to_vec();
    checks.sort_by_key(|(_, name)| *name);
    let check = checks.iter().find(|(column, _)| at(column).is_some_and(|value| value >= 10));
    let name = if let Some((column, _)) = is_null {
        Some(format!("{column}:not-null"))
    } else if let Some((_, name)) = check {
        Some((*name).to_owned())
    } else if at("id") == Some(1) {
        Some(format!("t{table}_key"))
    } else if table < PARTITIONED && at("u") == Some(1) {
        Some(format!("t{table}_once"))
    } else {
        (at("top") == Some(99)).then(|| format!("t{table}_top"))
    };
    (sql, name.map(|name| format!("public.t{table}.{name}")))
}

#[tokio::test]
async fn a_thousand_random_violations_are_all_named_as_an_oracle_says() -> Result<()> {
    on_every_major(async |running| {
        let client = running.database(&schema()).await?;
        let catalog = read(&client).await?;
        let attributor = Attributor::new(&catalog);
        let (mut numbers, mut tried, mut names) =
            (Numbers(7), 0, std::collections::BTreeSet::new());
        for id in 100.. {
            if tried == TRIED {
                break;
            }
            let (sql, expected) = row(&mut numbers, id);
            let refused = client.batch_execute(&sql).await;
            let Some(expected) = expected else {
                refused.with_context(|| sql.clone())?;
                continue;
            };
            tried += 1;
            let error = refused.err().with_context(|| format!("not refused: {sql}"))?;
            let error = error.as_db_error().with_context(|| sql.clone())?;
            let actual = attributor.attribute(&RefusalFields {
                sqlstate: error.code().code(),
                schema: error.schema(),
                table: error.table(),
                column: error.column(),
                datatype: error.datatype(),
                constraint: error.constraint(),
                routine: error.routine(),
            });
            let actual = actual.map(|promise| promise.id.as_str());
            ensure!(actual == Ok(expected.as_str()), "{sql}: {actual:?} instead of {expected}");
            names.insert(expected);
        }
        ensure!(names.len() > 80, "only {} different promises were tried", names.len());
        Ok(())
    })
    .await
}
