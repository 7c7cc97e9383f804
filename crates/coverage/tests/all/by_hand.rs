//! What a coverage says of small traces.

use expect_test::{Expect, expect};
use proofmark_catalog::PromiseId;
use proofmark_coverage::{State, Tests, cover};
use proofmark_trace::{Event, LeaseId, Record, SessionId, Trace};

use crate::made::{Lease, catalog, run, trace};
use crate::shown::{counts, show};

fn check(tests: &[(&str, Lease)], expected: &Expect) {
    expected.assert_eq(&show(&cover(&trace(tests))));
}

fn lease() -> Lease {
    Lease::default()
}

#[test]
fn a_suite_that_tries_nothing_leaves_every_promise_at_never() {
    check(
        &[("idle", lease())],
        &expect![[r#"
        public.mood:enum Never
        public.positive.is_positive Never
        public.t.name:not-null Never
        public.t.t_a Never
        public.t.t_b Never
        public.t.t_key Never
        public.t.t_late Never
        public.t.id:not-null left out: ImpliedByPrimaryKey
        public.t.t_relaxed left out: NotEnforced
    "#]],
    );
}

#[test]
fn each_state_has_its_evidence() {
    check(
        &[
            ("positive", lease().wrote("t", 2, 0, 2)),
            ("negative", lease().refused("23514", "t", "t_a").refused("23514", "t", "t_a")),
            ("again", lease().refused("23514", "t", "t_a")),
            ("hidden", lease().refused("23514", "t", "t_a").masked("public.t.t_b", "public.t.t_a")),
            ("null", lease().refused_null("t_1", "name")),
        ],
        &expect![[r#"
            public.mood:enum Never
            public.positive.is_positive Never
            public.t.name:not-null RefusedAndAccepted refused 1 in 1: null accepted 2 in 1: positive
            public.t.t_a RefusedAndAccepted refused 4 in 3: again hidden negative accepted 2 in 1: positive
            public.t.t_b Masked accepted 2 in 1: positive masked 1 in 1: hidden by public.t.t_a
            public.t.t_key AcceptedOnly accepted 2 in 1: positive
            public.t.t_late AcceptedOnly accepted 2 in 1: positive
            public.t.id:not-null left out: ImpliedByPrimaryKey
            public.t.t_relaxed left out: NotEnforced
        "#]],
    );
}

#[test]
fn a_row_that_an_index_refused_was_not_accepted() {
    check(
        &[("duplicate of a seed", lease().refused("23505", "t", "t_key").wrote("t", 1, 0, 0))],
        &expect![[r#"
            public.mood:enum Never
            public.positive.is_positive Never
            public.t.name:not-null Never
            public.t.t_a Never
            public.t.t_b Never
            public.t.t_key RefusedOnly refused 1 in 1: duplicate of a seed
            public.t.t_late Never
            public.t.id:not-null left out: ImpliedByPrimaryKey
            public.t.t_relaxed left out: NotEnforced
        "#]],
    );
}

#[test]
fn a_row_beside_the_one_that_an_index_refused_was_accepted() {
    check(
        &[("rolled back", lease().refused("23505", "t_1", "t_1_pkey").wrote("t_1", 2, 0, 0))],
        &expect![[r#"
            public.mood:enum Never
            public.positive.is_positive Never
            public.t.name:not-null AcceptedOnly accepted 1 in 1: rolled back
            public.t.t_a AcceptedOnly accepted 1 in 1: rolled back
            public.t.t_b AcceptedOnly accepted 1 in 1: rolled back
            public.t.t_key RefusedAndAccepted refused 1 in 1: rolled back accepted 1 in 1: rolled back
            public.t.t_late Never
            public.t.id:not-null left out: ImpliedByPrimaryKey
            public.t.t_relaxed left out: NotEnforced
        "#]],
    );
}

#[test]
fn a_row_that_was_rolled_back_says_nothing_about_a_deferred_promise() {
    check(
        &[("rolled back", lease().wrote("t", 5, 0, 0))],
        &expect![[r#"
        public.mood:enum Never
        public.positive.is_positive Never
        public.t.name:not-null AcceptedOnly accepted 5 in 1: rolled back
        public.t.t_a AcceptedOnly accepted 5 in 1: rolled back
        public.t.t_b AcceptedOnly accepted 5 in 1: rolled back
        public.t.t_key AcceptedOnly accepted 5 in 1: rolled back
        public.t.t_late Never
        public.t.id:not-null left out: ImpliedByPrimaryKey
        public.t.t_relaxed left out: NotEnforced
    "#]],
    );
}

#[test]
fn the_number_of_rows_that_analyze_writes_is_not_taken_for_rows_of_the_test() {
    check(
        &[("analyze", lease().refused("23505", "t", "t_key").wrote("t", 1, 0, 900))],
        &expect![[r#"
            public.mood:enum Never
            public.positive.is_positive Never
            public.t.name:not-null Never
            public.t.t_a Never
            public.t.t_b Never
            public.t.t_key RefusedOnly refused 1 in 1: analyze
            public.t.t_late Never
            public.t.id:not-null left out: ImpliedByPrimaryKey
            public.t.t_relaxed left out: NotEnforced
        "#]],
    );
}

#[test]
fn what_names_no_promise_is_listed_with_its_reason() {
    check(
        &[
            ("a", lease().failed("22P02", "enum_in").failed("22P02", "enum_in")),
            ("b", lease().refused("23514", "own", "own_check")),
            ("c", lease().failed("22P02", "enum_in").failed("42601", "scanner_yyerror")),
        ],
        &expect![[r#"
            public.mood:enum Never
            public.positive.is_positive Never
            public.t.name:not-null Never
            public.t.t_a Never
            public.t.t_b Never
            public.t.t_key Never
            public.t.t_late Never
            public.t.id:not-null left out: ImpliedByPrimaryKey
            public.t.t_relaxed left out: NotEnforced
            22P02 Error(EnumLabel) - refused 3 in 2: a c
            23514 Error(UnknownConstraint) own_check refused 1 in 1: b
        "#]],
    );
}

#[test]
fn errors_that_are_no_refusals_are_only_counted() {
    let coverage = cover(&trace(&[("typo", lease().failed("42601", "scanner_yyerror"))]));
    assert_eq!(coverage.unattributed, []);
    assert_eq!(coverage.observed.other_errors, 1);
}

#[test]
fn each_group_has_its_denominator() {
    let tests = [
        ("positive", lease().wrote("t", 2, 0, 2)),
        ("negative", lease().refused("23514", "t", "t_a")),
    ];
    expect![[r#"
        Check: 2 promises, 1 refused, 2 accepted, 1 both, 0 masked, 0 never
        PrimaryKey: 1 promises, 0 refused, 1 accepted, 0 both, 0 masked, 0 never
        ForeignKey: 1 promises, 0 refused, 1 accepted, 0 both, 0 masked, 0 never
        Domain: 1 promises, 0 refused, 0 accepted, 0 both, 0 masked, 1 never
        NotNull: 1 promises, 0 refused, 1 accepted, 0 both, 0 masked, 0 never
        Enum: 1 promises, 0 refused, 0 accepted, 0 both, 0 masked, 1 never
    "#]]
    .assert_eq(&counts(&cover(&trace(&tests))));
}

#[test]
fn runs_of_several_machines_are_one_coverage() {
    let tests = [
        [("left", lease().refused("23514", "t", "t_a"))],
        [("right", lease().wrote("t", 1, 0, 1))],
    ];
    let runs = [run("one", Some(catalog()), &tests[0]), run("two", Some(catalog()), &tests[1])];
    let coverage = cover(&Trace { runs: runs.to_vec() });
    let database = coverage.database("shop").expect("both runs have it");
    let both = database.promise(&PromiseId::new("public.t.t_a")).expect("it is in the catalog");
    assert_eq!(both.state, State::RefusedAndAccepted);
    assert_eq!(coverage.observed.leases, 2, "the leases have the same number on both machines");
}

#[test]
fn many_tests_are_counted_and_some_are_named() {
    let tests: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]
        .map(|name| (name, lease().refused("23514", "t", "t_a")))
        .to_vec();
    let coverage = cover(&trace(&tests));
    let database = coverage.database("shop").expect("the run has it");
    let refused = &database.promise(&PromiseId::new("public.t.t_a")).expect("it is there").refused;
    assert_eq!(refused.tests.total, 12);
    assert_eq!(refused.tests.named.len(), Tests::NAMED_MAX);
}

#[test]
fn nothing_observed_is_not_the_same_as_nothing_tried() {
    let nothing = cover(&trace(&[("never connects", lease())]));
    assert!(nothing.observed_nothing());
    let something = cover(&trace(&[("writes", lease().wrote("elsewhere", 1, 0, 1))]));
    assert!(!something.observed_nothing());
    assert_eq!(counts(&nothing), counts(&something), "no promise was tried by either");
}

#[test]
fn a_session_that_only_reads_is_something() {
    let mut trace = trace(&[("reads", lease())]);
    let mut closed = trace.runs[0].entries[0].clone();
    closed.record = Record::Proxy(Event::SessionClosed {
        session: SessionId(1),
        lease: LeaseId(1),
        statements: 1,
        errors: 0,
        left_in_transaction: false,
        abrupt: false,
    });
    trace.runs[0].push(closed);
    assert!(!cover(&trace).observed_nothing());
}

#[test]
fn refusals_without_a_catalog_count_for_nothing() {
    let tests = [("early", lease().refused("23514", "t", "t_a"))];
    let coverage = cover(&Trace { runs: vec![run("one", None, &tests)] });
    expect![[r#"
        23514 NoCatalog t_a refused 1 in 1: early
    "#]]
    .assert_eq(&show(&coverage));
}
