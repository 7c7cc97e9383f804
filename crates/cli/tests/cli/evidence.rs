//! What a run sees besides promises.

use proofmark_catalog::PromiseId;
use proofmark_coverage::{Coverage, MovesSeen, cover};
use proofmark_trace::Trace;

use crate::machine::has;
use crate::project::{CONFIGURATION, Project};

const SCHEMA: &str = "\
CREATE TABLE job_state (name text CONSTRAINT job_state_key PRIMARY KEY);
INSERT INTO job_state VALUES ('new'), ('done'), ('lost');
CREATE TABLE job_move (
    from_state text REFERENCES job_state, to_state text REFERENCES job_state,
    CONSTRAINT job_move_key PRIMARY KEY (from_state, to_state)
);
INSERT INTO job_move VALUES ('new', 'done'), ('new', 'lost');
CREATE TABLE job (
    id int CONSTRAINT job_key PRIMARY KEY,
    state text NOT NULL DEFAULT 'new' REFERENCES job_state,
    size text CHECK (size IN ('small', 'large')),
    priority int DEFAULT 5 CONSTRAINT job_priority_positive CHECK (priority > 0),
    weight int CONSTRAINT job_weight_positive CHECK (weight > 0),
    note text,
    at timestamptz DEFAULT now()
);
CREATE INDEX job_by_size ON job (size);
CREATE TABLE job_history (
    id int CONSTRAINT job_history_key PRIMARY KEY,
    job_id int REFERENCES job,
    from_state text, to_state text,
    CONSTRAINT job_history_allowed FOREIGN KEY (from_state, to_state) REFERENCES job_move
);
";

const SUITE: &str = "\
run() { psql \"$DATABASE_URL~$1\" -q -o /dev/null -c \"$2\" || true; }
run stores \"INSERT INTO job (id, size) VALUES (1, 'small'); \
UPDATE job SET state = 'done', priority = 7; INSERT INTO job_history VALUES (1, 1, 'new', 'done')\"
run refuses \"INSERT INTO job_history VALUES (1, NULL, 'done', 'new')\"
run reads \"SET enable_seqscan = off; SELECT * FROM job WHERE id = 1\"
run twice \"INSERT INTO job (id) VALUES (1)\"
run twice \"INSERT INTO job (id) VALUES (1) ON CONFLICT DO NOTHING\"
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo \"SELECT note FROM job WHERE id = $i;\"; done \
| psql \"$DATABASE_URL~loops\" -qAt
";

fn covered(isolation: &str) -> Coverage {
    let configuration = format!("isolation = \"{isolation}\"\n{CONFIGURATION}states = []\n");
    let project = Project::empty()
        .file("migrations/1_job.sql", SCHEMA)
        .file("proofmark.toml", &configuration)
        .file("suite.sh", SUITE);
    project.run(&["run", "--quiet"]).ends_with(0);
    let trace = project.path(".proofmark/latest/trace.jsonl");
    cover(&Trace::read(&trace).expect("the run wrote it"))
}

/// One word or number per thing that was seen.
fn shown(coverage: &Coverage) -> String {
    let mut lines: Vec<String> = Vec::new();
    let database = coverage.database("shop").expect("it is configured");
    for column in &database.transitions {
        let states: Vec<String> =
            column.states.iter().map(|one| format!("{} {}", one.state, one.stored.times)).collect();
        lines.push(format!("{}: {}", column.address, states.join(", ")));
        for one in &column.moves {
            lines.push(format!(
                "  {} -> {} taken {} refused {} declared {}",
                one.from, one.to, one.taken.times, one.refused.times, one.declared
            ));
        }
    }
    let evidence = &coverage.evidence.databases[0];
    let table = evidence.tables.iter().find(|table| table.table.name == "job");
    for column in &table.expect("it is declared").columns {
        let known = if column.knowable { "" } else { " (not knowable)" };
        lines.push(format!("job.{} {}{known}", column.column, column.written.times));
    }
    for check in &evidence.checks {
        let (as_true, as_null) = (check.as_true.times, check.as_null.times);
        lines.push(format!("{} true {as_true} null {as_null}", check.promise));
    }
    for index in evidence.indexes.iter().filter(|index| index.table.name == "job") {
        lines.push(format!("{} guards {} used {}", index.index, index.guards, index.used.times));
    }
    for statement in coverage.evidence.statements.iter().filter(|one| one.on_conflict.is_some()) {
        lines.push(format!("{} {:?}", statement.shape, statement.on_conflict));
    }
    for one in &coverage.evidence.repeated {
        lines.push(format!("{} {} {}", one.test.as_str(), one.in_a_row, one.shape));
    }
    for one in &coverage.evidence.failed {
        lines.push(format!("{} {:?}", one.sqlstate, one.promise.as_ref().map(PromiseId::as_str)));
    }
    lines.join("\n") + "\n"
}

#[test]
fn a_run_says_what_its_tests_stored_moved_read_and_repeated() {
    if !has(&["psql"]) {
        return;
    }
    let coverage = covered("reset");
    assert!(coverage.evidence.looked.statements && coverage.evidence.looked.indexes);
    assert_eq!(coverage.evidence.looked.unknown_leases, 0);
    let state = &coverage.database("shop").expect("it is configured").transitions[1];
    assert_eq!(
        (state.address.as_str(), state.moves_seen),
        ("public.job.state", MovesSeen::History)
    );
    expect_test::expect![[r#"
        public.job.size: small 1, large 0
        public.job.state: done 1, lost 0, new 1
          new -> done taken 1 refused 0 declared true
          new -> lost taken 0 refused 0 declared true
          done -> new taken 0 refused 1 declared false
        job.id 2
        job.state 1
        job.size 1
        job.priority 1
        job.weight 0
        job.note 0
        job.at 0 (not knowable)
        public.job.job_priority_positive true 2 null 0
        public.job.job_size_check true 1 null 1
        public.job.job_weight_positive true 0 null 2
        job_by_size guards false used 0
        job_key guards true used 2
        INSERT INTO job (id) VALUES (?) ON CONFLICT DO NOTHING Some(OnConflict { knowable: true, taken: 1 })
        loops 12 SELECT note FROM job WHERE id = ?
        23503 Some("public.job_history.job_history_allowed")
    "#]]
    .assert_eq(&shown(&coverage));
}

#[test]
fn a_copy_for_every_test_says_the_same() {
    if !has(&["psql"]) {
        return;
    }
    assert_eq!(shown(&covered("clone")), shown(&covered("reset")));
}

#[test]
fn a_column_of_states_that_is_not_there_is_told() {
    let project = Project::new("true")
        .file("proofmark.toml", &format!("{CONFIGURATION}states = [\"public.item.phase\"]\n"));
    let ran = project.run(&["run"]).ends_with(2);
    assert!(ran.err.contains("no column `public.item.phase`"), "{}", ran.err);
}

#[test]
fn what_is_switched_off_is_not_looked_at() {
    if !has(&["psql"]) {
        return;
    }
    let off = "[evidence]\nstatements = false\nindexes = false\nrows = false\n";
    let project =
        Project::new("psql \"$DATABASE_URL~a\" -qc \"INSERT INTO shelf VALUES (9, 'a')\"")
            .file("proofmark.toml", &format!("{CONFIGURATION}{off}"));
    project.run(&["run", "--quiet"]).ends_with(0);
    let trace = project.path(".proofmark/latest/trace.jsonl");
    let coverage = cover(&Trace::read(&trace).expect("the run wrote it"));
    let looked = coverage.evidence.looked;
    assert_eq!((looked.statements, looked.indexes, looked.rows), (false, false, false));
    assert_eq!(coverage.evidence.statements, []);
}
