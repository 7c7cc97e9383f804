//! Deep mode: what neither the wire nor the rows show.

use proofmark_coverage::{ActionOn, Coverage, cover};
use proofmark_trace::Trace;

use crate::machine::has;
use crate::project::{CONFIGURATION, Project};

const SCHEMA: &str = "\
CREATE TABLE customer (id int CONSTRAINT customer_key PRIMARY KEY);
CREATE TABLE payment (
    id int CONSTRAINT payment_key PRIMARY KEY,
    customer_id int CONSTRAINT payment_customer REFERENCES customer
        ON DELETE CASCADE ON UPDATE CASCADE,
    friend_id int CONSTRAINT payment_friend REFERENCES customer ON DELETE SET NULL,
    captured int NOT NULL DEFAULT 100,
    refunded int NOT NULL DEFAULT 0,
    note text,
    CONSTRAINT refunded_within_captured CHECK (refunded >= 0 AND refunded <= captured),
    CONSTRAINT note_short CHECK (note IS NULL OR length(note) < 5) NO INHERIT
);
CREATE TABLE animal (legs int, CONSTRAINT legs_even CHECK (legs % 2 = 0));
CREATE TABLE dog (CONSTRAINT legs_even CHECK (legs % 2 = 0)) INHERITS (animal);
CREATE TABLE event (at int, kind text, CONSTRAINT event_kind CHECK (kind <> ''))
    PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (10);
INSERT INTO customer VALUES (1);
INSERT INTO payment (id, note) VALUES (1, 'seed');
CREATE ROLE cashier;
GRANT ALL ON payment TO cashier;
";

/// Each test shows one thing that leaves no trace, and what it counts is its own.
const SUITE: &str = "\
run() { psql \"$DATABASE_URL~$1\" -q -o /dev/null -c \"$2\" || true; }
run rolls_back \"BEGIN; INSERT INTO payment (id, refunded) VALUES (2, 100); ROLLBACK\"
run swallows \"DO \\$\\$ BEGIN INSERT INTO payment (id, refunded) VALUES (3, 101); \
EXCEPTION WHEN check_violation THEN NULL; END \\$\\$\"
run conflicts \"INSERT INTO payment (id, refunded) VALUES (1, 7) ON CONFLICT DO NOTHING\"
run is_another \"SET ROLE cashier; UPDATE payment SET note = 'long enough' WHERE id = 1\"
run edits_a_seed \"UPDATE payment SET note = NULL\"
run follows \"BEGIN; INSERT INTO payment (id, customer_id) VALUES (4, 1); \
UPDATE customer SET id = 2; ROLLBACK\"
run lets_go \"INSERT INTO payment (id, friend_id) VALUES (5, 1), (6, 1); DELETE FROM customer\"
run asks_partitions \"INSERT INTO event VALUES (1, 'x')\"
run reads \"SELECT 1\"
";

fn covered(isolation: &str) -> Coverage {
    let configuration = format!("isolation = \"{isolation}\"\nverify_every = 1\n{CONFIGURATION}");
    let project = Project::empty()
        .file("migrations/1_shop.sql", SCHEMA)
        .file("proofmark.toml", &configuration)
        .file("suite.sh", SUITE);
    project.run(&["run", "--quiet", "--deep"]).ends_with(0);
    let trace = project.path(".proofmark/latest/trace.jsonl");
    cover(&Trace::read(&trace).expect("the run wrote it"))
}

fn shown(coverage: &Coverage) -> String {
    let evidence = &coverage.evidence.databases[0];
    let mut lines = Vec::new();
    for clause in &evidence.clauses {
        let tests = |tried: &proofmark_coverage::Tried| {
            let names: Vec<&str> =
                tried.tests.named.iter().map(proofmark_trace::TestName::as_str).collect();
            names.join("+")
        };
        lines.push(format!(
            "{}: {} true[{}] false[{}] null[{}] bound{:?}",
            clause.promise,
            clause.clause,
            tests(&clause.as_true),
            tests(&clause.as_false),
            tests(&clause.as_null),
            clause.at_bound.as_ref().map(tests)
        ));
    }
    for action in &evidence.actions {
        let on = if action.on == ActionOn::Delete { "delete" } else { "update" };
        let (calls, rows) = (action.asked.times, action.rows);
        lines.push(format!(
            "{} on {on} {}: {calls} calls, {rows} rows",
            action.promise, action.action
        ));
    }
    let left_out: Vec<&str> =
        evidence.clauses_left_out.iter().map(proofmark_catalog::PromiseId::as_str).collect();
    lines.push(format!("left out: {}", left_out.join(", ")));
    lines.join("\n") + "\n"
}

#[test]
fn what_is_rolled_back_swallowed_or_left_to_the_server_is_counted() {
    if !has(&["psql"]) {
        return;
    }
    let coverage = covered("reset");
    let looked = coverage.evidence.looked;
    assert!(looked.deep && looked.actions, "{looked:?}");
    expect_test::expect![[r#"
        public.event.event_kind: kind <> ''::text true[asks_partitions] false[] null[] boundNone
        public.payment.note_short: note IS NULL true[conflicts+edits_a_seed+follows+lets_go+rolls_back+swallows] false[is_another] null[] boundNone
        public.payment.note_short: length(note) < 5 true[] false[is_another] null[] boundSome("")
        public.payment.refunded_within_captured: refunded >= 0 true[conflicts+edits_a_seed+follows+lets_go+rolls_back+swallows] false[] null[] boundSome("edits_a_seed+follows+lets_go")
        public.payment.refunded_within_captured: refunded <= captured true[conflicts+edits_a_seed+follows+lets_go+rolls_back] false[swallows] null[] boundSome("rolls_back")
        public.payment.payment_customer on delete CASCADE: 1 calls, 0 rows
        public.payment.payment_customer on update CASCADE: 1 calls, 1 rows
        public.payment.payment_friend on delete SET NULL: 1 calls, 2 rows
        left out: public.animal.legs_even
    "#]]
    .assert_eq(&shown(&coverage));
}

#[test]
fn a_copy_for_every_test_counts_the_same() {
    if !has(&["psql"]) {
        return;
    }
    assert_eq!(shown(&covered("clone")), shown(&covered("reset")));
}

#[test]
fn the_declarations_stay_those_of_the_migrations() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::empty()
        .file("migrations/1_shop.sql", SCHEMA)
        .file("proofmark.toml", CONFIGURATION)
        .file("suite.sh", SUITE);
    project.run(&["run", "--quiet", "--deep"]).ends_with(0);
    let report = project.report();
    let listing = report["listing"].to_string();
    assert!(!listing.contains("nextval"), "{listing}");
    assert!(listing.contains("refunded <= captured"), "{listing}");
    let page = project.text(".proofmark/latest/report.html");
    assert!(page.contains("at its bound in 1 test"), "the page shows what became of clauses");
    // A run without it is the same schema, and says nothing of clauses.
    project.run(&["run", "--quiet"]).ends_with(0);
    let plain = project.report();
    assert_eq!(plain["run"]["databases"][0]["template"], report["run"]["databases"][0]["template"]);
    assert!(!plain["listing"].to_string().contains("clauses"));
}
