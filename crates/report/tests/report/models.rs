//! Reports made by hand.

use proofmark_report::{
    BrokenInvariant, DatabaseFacts, Differed, Excerpt, Figure, Finding, Held, Invariants,
    Isolation, IsolationInUse, Kept, Kind, Leases, LeftBehind, Means, Outcome, Owner, Promise,
    RecognisedBy, ReplacedBecause, Report, RunFacts, SCHEMA, Severity, SlowLease, Source, State,
    Suggestion, Tried, TurnedAway, Unattributed, VERSION, Verdict,
};

const MIGRATION: &str = "\
create table inventory_level (
    sku_id      bigint not null references sku (id),
    location_id bigint not null,
    on_hand     bigint not null,
    reserved    bigint not null default 0,
    constraint reserved_within_on_hand check (reserved <= on_hand),
    primary key (sku_id, location_id)
);
";

/// An invariant that one test left broken.
pub(crate) fn broken() -> Report {
    let mut report = covered();
    report.outcome = Outcome::InvariantBroken;
    report.invariants.broken.push(BrokenInvariant {
        test: "orders::cancel_while_shipping".to_owned(),
        database: "shop".to_owned(),
        invariant: "stock_level_equals_its_movements".to_owned(),
        must_hold: "on_hand is the sum of the movements".to_owned(),
        rows: vec!["subject: level 7, problem: on_hand 3, moved 4".to_owned()],
        more: true,
        error: None,
    });
    report
}

/// Most databases were reset, and some compared.
fn isolation() -> Isolation {
    let in_use =
        IsolationInUse { database: "shop".to_owned(), isolation: "reset".to_owned(), why: None };
    Isolation {
        in_use: vec![in_use],
        untouched: 31,
        undone: 380,
        replaced: 1,
        replaced_because: vec![ReplacedBecause {
            why: "it changed pg_proc".to_owned(),
            times: 1,
            first: "admin::installs".to_owned(),
        }],
        verified: 42,
        ..Isolation::default()
    }
}

/// A server without the rights for it, and a test after which something was left.
pub(crate) fn leaked() -> Report {
    let mut report = covered();
    report.outcome = Outcome::NotIsolated;
    report.isolation.in_use = vec![IsolationInUse {
        database: "shop".to_owned(),
        isolation: "clone".to_owned(),
        why: Some("the role is no superuser".to_owned()),
    }];
    report.isolation.setbacks = vec!["proofmark_shop_7f_3: undoing failed".to_owned()];
    report.isolation.direct = vec!["reports::monthly".to_owned()];
    report.isolation.differed = [
        ("table public.orders", "3 rows instead of 2"),
        ("sequence public.orders_id_seq", "stands at 3 instead of 2"),
    ]
    .map(|(what, detail)| Differed {
        test: "orders::refund".to_owned(),
        database: "shop".to_owned(),
        what: what.to_owned(),
        detail: detail.to_owned(),
    })
    .to_vec();
    report
}

/// All is well.
pub(crate) fn covered() -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        version: VERSION,
        outcome: Outcome::Passed,
        run: RunFacts {
            ids: vec!["7f3a91c2".to_owned()],
            proofmark: "0.1.0".to_owned(),
            started_at_unix_ms: 1_795_000_000_000,
            command: "cargo nextest run -p shop".to_owned(),
            exit_code: Some(0),
            signal: None,
            command_ms: 41_230,
            server_version: "15.14".to_owned(),
            server_origin: "/usr/lib/postgresql/15/bin".to_owned(),
            databases: vec![DatabaseFacts {
                name: "shop".to_owned(),
                template: "9c1e77aa01b2".to_owned(),
                reused: true,
                ready_ms: 3,
            }],
        },
        leases: Leases {
            count: 412,
            recognised_by: vec![RecognisedBy { means: Means::TestEnvironment, leases: 412 }],
            statements: 18_204,
            sessions: 431,
            median_us: 11_200,
            slowest: vec![SlowLease { test: "orders::reserve_last_unit".into(), wait_us: 48_100 }],
            turned_away: Vec::new(),
        },
        figures: [
            (Kind::Check, 70),
            (Kind::Unique, 21),
            (Kind::PrimaryKey, 31),
            (Kind::ForeignKey, 44),
            (Kind::NotNull, 96),
        ]
        .map(|(kind, n)| Figure { kind, promises: n, refused: n, accepted: n, never: 0 })
        .to_vec(),
        invariants: Invariants {
            declared: 16,
            checked: 1_204,
            except: vec!["shop::constraints::*".to_owned()],
            broken: Vec::new(),
        },
        isolation: isolation(),
        findings: Vec::new(),
        verdict: Verdict::over(Vec::new()),
        gone: Vec::new(),
        listing: listing(),
        unattributed: Vec::new(),
        kept: Vec::new(),
        left: Vec::new(),
        held: held(),
        states: Vec::new(),
        sources: vec![Source {
            database: "shop".to_owned(),
            path: "migrations/0007_inventory.sql".to_owned(),
            text: MIGRATION.to_owned(),
        }],
        notes: Vec::new(),
    }
}

/// Gaps of every check, a failed suite, and everything else a page can hold.
pub(crate) fn troubled() -> Report {
    let mut report = covered();
    report.outcome = Outcome::SuiteFailed;
    report.run.exit_code = Some(100);
    report.figures[0] = figure(Kind::Check, 70, 52, 69);
    report.figures[1] = figure(Kind::Unique, 21, 20, 21);
    report.figures[3] = figure(Kind::ForeignKey, 44, 43, 44);
    report.figures[4] = figure(Kind::NotNull, 96, 91, 96);
    report.findings = gaps();
    report.kept = vec![Kept {
        test: "orders::reserve_last_unit".to_owned(),
        database: "pm_shop_7f3a_12".to_owned(),
    }];
    report.left = vec![LeftBehind {
        test: "admin::exports".to_owned(),
        what: "created the database `export`".to_owned(),
    }];
    report.unattributed = vec![Unattributed {
        sqlstate: "22P02".to_owned(),
        why: "the server does not say which type refused the text".to_owned(),
        times: 7,
        statement: Some("select ?::uuid".to_owned()),
        test: Some("orders::finds_by_id".to_owned()),
    }];
    report.leases.slowest[0].wait_us = 480_000;
    report.leases.recognised_by = vec![
        RecognisedBy { means: Means::TestEnvironment, leases: 408 },
        RecognisedBy { means: Means::Process, leases: 4 },
    ];
    report
}

fn figure(kind: Kind, promises: u64, refused: u64, accepted: u64) -> Figure {
    Figure { kind, promises, refused, accepted, never: promises - accepted }
}

/// No test connected.
pub(crate) fn nothing() -> Report {
    let mut report = covered();
    report.outcome = Outcome::NothingObserved;
    report.run.command_ms = 310;
    report.leases = Leases::default();
    for figure in &mut report.figures {
        (figure.refused, figure.accepted, figure.never) = (0, 0, figure.promises);
    }
    report
}

/// Every connection was refused.
pub(crate) fn turned_away() -> Report {
    let mut report = nothing();
    report.leases.turned_away = vec![TurnedAway {
        reason: "there is no database \"postgres\" here; the databases are: shop".to_owned(),
        times: 12,
    }];
    report
}

/// Names that a terminal or a page might obey.
pub(crate) fn hostile() -> Report {
    let mut report = troubled();
    report.findings.truncate(1);
    let gap = &mut report.findings[0];
    let name = "a\u{1b}[31m\"b\nc\u{202e}<script>\u{9b}31m";
    gap.title = format!("no test tried to break `{name}`");
    gap.subject = format!("public.t.{name}");
    name.clone_into(&mut gap.name);
    gap.declared = Some(excerpt(&MIGRATION.replace("on_hand check", &name.replace('\n', " ")), 6));
    name.clone_into(&mut report.kept[0].test);
    name.clone_into(&mut report.listing[0].promises[0].name);
    report
}

fn excerpt(text: &str, line: usize) -> Excerpt {
    let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let declaration = text[before..].lines().next().expect("the text has that line");
    let indent = declaration.len() - declaration.trim_start().len();
    Excerpt {
        path: "migrations/0007_inventory.sql".to_owned(),
        first_line: line,
        line,
        text: declaration.to_owned(),
        start: indent,
        end: declaration.trim_end_matches(',').len(),
    }
}

fn gap(check: &str, kind: Kind, owner: &str, name: &str) -> Finding {
    let subject = format!("public.{owner}.{name}");
    let id = format!("{check}:shop:{subject}");
    Finding {
        accept: format!("proofmark review --accept {id} --reason \"...\""),
        id,
        check: check.to_owned(),
        severity: if kind == Kind::NotNull { Severity::Note } else { Severity::Warning },
        subject,
        database: Some("shop".to_owned()),
        kind: Some(kind),
        tests: Vec::new(),
        accepted: None,
        owner: format!("public.{owner}"),
        name: name.to_owned(),
        title: format!("no test tried to break `{name}`"),
        label: "accepted 412 rows, refused none of them".to_owned(),
        declared: None,
        notes: Vec::new(),
        suggestion: None,
    }
}

fn gaps() -> Vec<Finding> {
    let mut masked = gap("masked", Kind::Check, "refund", "refund_within_capture");
    masked.title =
        "another promise refused first whenever `refund_within_capture` was broken".into();
    masked.label = "broken 2 times, never refused by this name".into();
    masked.notes = vec![
        "`refund_amount_positive` refused instead, in refunds::too_much and refunds::twice".into(),
    ];
    let mut refused =
        gap("never-refused", Kind::Check, "inventory_level", "reserved_within_on_hand");
    refused.declared = Some(excerpt(MIGRATION, 6));
    refused.notes = vec!["37 tests wrote to it, first orders::reserve_last_unit".to_owned()];
    refused.suggestion = Some(Suggestion {
        title: "a write that it should refuse; fill it in".to_owned(),
        sql: "insert into public.inventory_level (sku_id, location_id, on_hand, reserved)\n\
              values (1, 1, 1, /* a value that breaks: reserved <= on_hand */ 0);"
            .to_owned(),
    });
    let mut accepted = gap("never-accepted", Kind::ForeignKey, "dispute", "dispute_payment_fkey");
    accepted.title = "no row that keeps `dispute_payment_fkey` was ever written".into();
    accepted.label = "refused 3 times, accepted nothing".into();
    let mut gaps = vec![masked, refused];
    for n in 1..=16 {
        let mut gap = gap("never-tried", Kind::Check, "dispute", &format!("dispute_rule_{n:02}"));
        gap.title = format!("no test came near `dispute_rule_{n:02}`");
        gap.label = "no row of this table was ever written".into();
        gap.declared = Some(excerpt(MIGRATION, 5));
        gaps.push(gap);
    }
    gaps.push(accepted);
    let columns = "number customer_id placed_at currency grand_total lines_subtotal lines_tax \
                   lines_discount shipping_amount shipping_discount";
    for column in columns.split(' ') {
        gaps.push(gap("never-refused", Kind::NotNull, "orders", column));
    }
    gaps.push(gap("never-refused", Kind::NotNull, "refund", "amount"));
    gaps
}

/// Two workers, three tests, of which one failed and one has no end.
fn held() -> Vec<Held> {
    let one = |test: &str, given_us, returned_us, failed| Held {
        test: test.to_owned(),
        database: "shop".to_owned(),
        run: 0,
        means: Means::TestEnvironment,
        wait_us: 11_200,
        given_us,
        returned_us,
        failed,
        statements: 42,
        refusals: 3,
        rows: 7,
    };
    vec![
        one("orders::places", 10_000, Some(900_000), false),
        one("orders::reserve_last_unit", 20_000, Some(2_400_000), true),
        one("orders::ships", 1_000_000, None, false),
    ]
}

fn tried(times: u64, tests: u64) -> Tried {
    Tried { times, tests, first: vec!["orders::reserve_last_unit".to_owned()] }
}

fn listing() -> Vec<Owner> {
    let promise = |name: &str, kind, state| Promise {
        id: format!("public.inventory_level.{name}"),
        name: name.to_owned(),
        kind,
        definition: "CHECK (reserved <= on_hand)".to_owned(),
        declared_at: Some("migrations/0007_inventory.sql:6".to_owned()),
        state,
        refused: match state {
            State::Covered | State::NeverAccepted => tried(3, 2),
            _ => Tried::default(),
        },
        accepted: match state {
            State::Covered | State::NeverRefused => tried(412, 37),
            _ => Tried::default(),
        },
        masked: if state == State::Masked { tried(2, 1) } else { Tried::default() },
        clauses: Vec::new(),
    };
    vec![
        Owner {
            database: "shop".to_owned(),
            name: "public.inventory_level".to_owned(),
            promises: vec![
                promise("inventory_level_pkey", Kind::PrimaryKey, State::Covered),
                promise("on_hand_not_negative", Kind::Check, State::NeverAccepted),
                promise("reserved_not_negative", Kind::Check, State::Masked),
                promise("reserved_within_on_hand", Kind::Check, State::NeverRefused),
                promise("sku_id", Kind::NotNull, State::NeverTried),
            ],
        },
        Owner {
            database: "shop".to_owned(),
            name: "public.order_status".to_owned(),
            promises: vec![promise("order_status", Kind::Enum, State::Unattributable)],
        },
    ]
}
