//! A run of a size that no suite here has.

use std::fmt::Write as _;
use std::time::Instant;

use proofmark_coverage::cover;
use proofmark_findings::Finished;
use serde_json::json;

use crate::made::{Made, catalog, check, table, written};

const TABLES: u64 = 1_000;
const CHECKS_PER_TABLE: usize = 10;
const TESTS: u64 = 100_000;

/// Measures and prints; how long it may take is no test's business. To be run by hand:
/// `cargo test --release -p proofmark-findings -- --ignored --nocapture large`.
#[test]
#[ignore = "a measurement"]
fn large_runs_are_judged_in_seconds() {
    let (mut tables, mut checks, mut sql) = (Vec::new(), Vec::new(), String::new());
    for n in 0..TABLES {
        let name = format!("table_{n}");
        write!(sql, "create table {name} (\n    a int").expect("a text");
        for m in 0..CHECKS_PER_TABLE {
            let rule = format!("{name}_rule_{m}");
            write!(sql, ",\n    constraint {rule} check (a > 0)").expect("a text");
            checks.push(check(&name, &rule));
        }
        sql += "\n);\n";
        tables.push(table(&name));
    }
    let migrations = json!([{"path": "1.sql", "text": sql}]);
    let mut made = Made::with(&catalog(&tables, &checks), &migrations);
    for n in 0..TESTS {
        let table = format!("table_{}", n % TABLES);
        let test = format!("suite::module_{}::a_row_is_stored_{n}", n % 100);
        made.lease(n + 1, &test, 5, &json!({"written": [written(&table, 1)]}));
    }
    let begun = Instant::now();
    let trace = made.end();
    let read = begun.elapsed();
    let begun = Instant::now();
    let coverage = cover(&trace);
    let covered = begun.elapsed();
    let begun = Instant::now();
    let finished = Finished::of(&trace, &coverage);
    let put = begun.elapsed();
    let begun = Instant::now();
    let findings = finished.findings();
    let found = begun.elapsed();
    eprintln!(
        "{TESTS} tests, {} promises: read {read:?}, covered {covered:?}, \
         put in order {put:?}, {} findings in {found:?}",
        checks.len(),
        findings.len()
    );
    assert_eq!(findings.iter().filter(|one| one.check == "never-refused").count(), checks.len());
}
