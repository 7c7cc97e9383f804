//! What checks say of traces that no scenario leads to: several runs, and what is no finding.

use proofmark_coverage::{
    Coverage, LeftOpen, MoveCoverage, MovesSeen, StateCoverage, StateStored, Tests, Tried, cover,
};
use proofmark_findings::{Baseline, Finished, Gate, Kind, PastRun, Rules, Settings};
use proofmark_trace::{TestName, Trace};
use serde_json::json;

use crate::made::{Made, catalog, check, table, written};

/// Ids of what a check reports.
fn ids(trace: &Trace, coverage: &Coverage, settings: Settings, check: &str) -> Vec<String> {
    let findings = Finished::with(trace, coverage, settings).findings();
    findings.into_iter().filter(|one| one.check == check).map(|one| one.id).collect()
}

fn found(made: Made, check: &str) -> Vec<String> {
    let trace = made.end();
    ids(&trace, &cover(&trace), Settings::default(), check)
}

#[test]
fn rows_that_nobody_was_seen_to_send_bypass_the_proxy() {
    let mut made = Made::new();
    made.lease(1, "seen", 3, &json!({"written": [written("t", 1)]}));
    made.lease(2, "unseen", 0, &json!({"written": [written("t", 1)]}));
    made.lease(3, "idle", 0, &json!({}));
    assert_eq!(found(made, "suite-bypasses-the-proxy"), ["suite-bypasses-the-proxy:shop:unseen"]);
}

#[test]
fn a_database_that_differs_is_an_error() {
    let mut made = Made::new();
    let differs = json!([{"what": "table public.t", "detail": "3 rows instead of 2"}]);
    made.lease(1, "a", 1, &json!({"differs": differs, "verified": true}));
    made.lease(2, "b", 1, &json!({"differs": differs, "verified": true}));
    assert_eq!(found(made, "not-isolated"), ["not-isolated:shop:table public.t"]);
}

#[test]
fn a_broken_invariant_is_one_finding_however_many_tests_broke_it() {
    let mut made = Made::new();
    let broken = json!([{"invariant": "total", "must_hold": "x", "rows": ["a: 1"], "more": false}]);
    for (number, test) in [(1, "a"), (2, "b")] {
        made.lease(number, test, 1, &json!({"broken": broken, "checked": 1}));
    }
    let trace = made.end();
    let coverage = cover(&trace);
    let findings = Finished::of(&trace, &coverage).findings();
    assert_eq!(findings[0].id, "invariant-broken:shop:total");
    assert_eq!(findings[0].tests, ["a", "b"]);
    assert_eq!(findings[0].notes, ["must hold: x"]);
}

#[test]
fn a_test_that_fails_and_passes_is_flaky_and_one_that_was_mended_is_not() {
    let mut made = Made::new();
    made.lease(1, "retried", 1, &json!({"failed": true}));
    made.lease(2, "retried", 1, &json!({}));
    made.lease(3, "changing", 1, &json!({}));
    made.lease(4, "mended", 1, &json!({}));
    let trace = made.end();
    let past = |changing: bool, mended: bool| PastRun {
        failed: [("changing".to_owned(), changing), ("mended".to_owned(), mended)].into(),
    };
    // Red, green, red, and green now: three changes; red, red, red, and green now: one.
    let history = vec![past(true, true), past(false, true), past(true, true)];
    let settings = Settings { history, ..Settings::default() };
    let flaky = ids(&trace, &cover(&trace), settings, "flaky-test");
    assert_eq!(flaky, ["flaky-test::changing", "flaky-test::retried"]);
}

#[test]
fn a_connection_counts_as_leaked_only_if_the_proxy_had_to_close_it() {
    let mut made = Made::new();
    made.lease(1, "a", 1, &json!({}));
    let trace = made.end();
    let mut coverage = cover(&trace);
    let open = |test: &str, connections| LeftOpen {
        database: "shop".to_owned(),
        test: TestName::new(test),
        transactions: 1,
        connections,
    };
    coverage.evidence.left_open = vec![open("leaks", 2), open("closes", 0)];
    let leaked = ids(&trace, &coverage, Settings::default(), "connection-leaked");
    assert_eq!(leaked, ["connection-leaked:shop:leaks"]);
}

#[test]
fn states_and_moves_are_findings_only_where_they_could_be_seen() {
    let catalog = catalog(&[table("orders")], &[check("orders", "orders_a")]);
    let mut made = Made::with(&catalog, &json!([]));
    made.lease(1, "a", 1, &json!({"written": [written("orders", 1)]}));
    let trace = made.end();
    let mut coverage = cover(&trace);
    coverage.databases[0].transitions = vec![states(MovesSeen::History)];
    let all = |coverage: &Coverage| {
        let checks = ["state-never-stored", "transition-never-taken", "transition-never-refused"];
        let found = checks.map(|check| ids(&trace, coverage, Settings::default(), check));
        found.concat()
    };
    assert_eq!(
        all(&coverage),
        [
            "state-never-stored:shop:public.orders.state = paid",
            "transition-never-taken:shop:public.orders.state: new -> paid",
            "transition-never-refused:shop:public.orders.state: paid",
            "transition-never-refused:shop:public.orders.state: gone",
        ]
    );
    let mut unseen = states(MovesSeen::No);
    unseen.states_seen = false;
    coverage.databases[0].transitions = vec![unseen];
    assert_eq!(all(&coverage), Vec::<String>::new());
}

/// new -> paid, new -> gone; `gone` was stored, a move from `new` was refused.
fn states(moves_seen: MovesSeen) -> StateCoverage {
    let tried = |times| Tried { times, tests: Tests::default() };
    let state = |state: &str, times| StateStored {
        state: state.to_owned(),
        declared: true,
        stored: tried(times),
    };
    let one = |from: &str, to: &str, declared, taken, refused| MoveCoverage {
        from: from.to_owned(),
        to: to.to_owned(),
        declared,
        taken: tried(taken),
        refused: tried(refused),
    };
    StateCoverage {
        address: "public.orders.state".to_owned(),
        table: proofmark_catalog::TableName::new("public", "orders"),
        column: "state".to_owned(),
        from: proofmark_catalog::StateSource::Table(proofmark_catalog::TableName::new(
            "public", "state",
        )),
        states: vec![state("new", 3), state("paid", 0), state("gone", 1)],
        states_seen: true,
        moves_declared: true,
        moves: vec![
            one("new", "paid", true, 0, 0),
            one("new", "gone", true, 1, 0),
            one("new", "new", false, 0, 1),
        ],
        moves_seen,
    }
}

#[test]
fn a_gate_judges_by_kind_and_by_what_nobody_has_accepted() {
    let catalog = catalog(&[table("t")], &[check("t", "t_a"), check("t", "t_b")]);
    let mut made = Made::with(&catalog, &json!([]));
    made.lease(1, "stores", 1, &json!({"written": [written("t", 2)]}));
    let trace = made.end();
    let coverage = cover(&trace);
    let finished = Finished::of(&trace, &coverage);
    let mut baseline = Baseline::default();
    baseline.accept("never-refused:shop:public.t.t_a", "later", None).unwrap();
    baseline.accept("never-refused:shop:public.t.gone", "later", None).unwrap();
    let rules = Rules {
        gate: Gate {
            new_findings: Some(0),
            refused: [(Kind::Check, 1.0), (Kind::Exclude, 100.0)].into(),
            accepted: [(Kind::Check, 100.0)].into(),
            changed: None,
            suite_s: Some(2),
        },
        baseline,
        today: "2026-11-22".to_owned(),
        diff: None,
    };
    let judged = rules.judge(&finished);
    let outcomes: Vec<(&str, bool, &str)> = judged
        .verdict
        .rules
        .iter()
        .map(|rule| (rule.rule.as_str(), rule.passed, rule.sentence.as_str()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (
                "new_findings",
                false,
                "1 finding is new, at most 0 may be, first never-refused:shop:public.t.t_b"
            ),
            (
                "refused.check",
                false,
                "0 of 2 CHECK promises were refused: 0 %, at least 1 % must be"
            ),
            (
                "accepted.check",
                true,
                "2 of 2 CHECK promises were accepted: 100 %, at least 100 % must be"
            ),
            ("suite_s", false, "the suite took 2.5 s, at most 2 s are allowed"),
        ]
    );
    assert!(!judged.verdict.passed);
    assert_eq!(judged.gone, ["never-refused:shop:public.t.gone"]);
}

#[test]
fn names_that_a_shell_or_a_terminal_would_obey_stay_names() {
    let name = "it's \"x\"\n\u{1b}[31m\u{202e}<b>$(rm)";
    let catalog = catalog(&[table("t")], &[check("t", name)]);
    let mut made = Made::with(&catalog, &json!([]));
    made.lease(1, "stores", 1, &json!({"written": [written("t", 2)]}));
    let trace = made.end();
    let coverage = cover(&trace);
    let findings = Finished::of(&trace, &coverage).findings();
    let id = format!("never-refused:shop:public.t.{name}");
    let finding = findings.iter().find(|finding| finding.id == id).expect("it is found");
    assert!(finding.accept.contains(r#"'never-refused:shop:public.t.it'\''s "x""#));
    let mut baseline = Baseline::default();
    baseline.accept(&id, "odd", None).unwrap();
    assert_eq!(Baseline::parse(&baseline.to_text()).unwrap(), baseline);
}
