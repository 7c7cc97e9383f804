//! What a person sees.

use expect_test::{Expect, expect};
use proofmark_report::terminal::{Options, listing, render};
use proofmark_report::{Kind, Report};

use crate::models;

const PLAIN: Options = Options { color: false, width: 100, all: false };

#[track_caller]
fn check(report: &Report, options: Options, expected: &Expect) {
    expected.assert_eq(&render(report, &options));
}

#[test]
fn when_all_is_well_the_page_is_short() {
    check(
        &models::covered(),
        PLAIN,
        &expect![[r#"
            ────────────
              PostgreSQL 15.14 (/usr/lib/postgresql/15/bin)
                Template shop@9c1e77aa (reused)
                  Leased 412 databases, one per test (median 11 ms, slowest 48 ms)
               Isolation reset: 31 untouched, 380 undone, 1 replaced; 42 compared with the template: none differed
                         1 was replaced: it changed pg_proc (first after admin::installs)
              Invariants 16, checked 1204 times after 412 leases: none was broken; not asked of shop::constraints::*
                 Summary [  41.2s] all 166 promises were refused and accepted at least once
        "#]],
    );
}

#[test]
fn a_database_that_differs_from_its_template_is_named_with_its_test_and_table() {
    check(
        &models::leaked(),
        PLAIN,
        &expect![[r#"
        ────────────
              Broken isolation: shop differs from its template after orders::refund
                     table public.orders: 3 rows instead of 2
                     sequence public.orders_id_seq: stands at 3 instead of 2
                     it was replaced and reached no other test; please report it
        ────────────
          PostgreSQL 15.14 (/usr/lib/postgresql/15/bin)
            Template shop@9c1e77aa (reused)
              Leased 412 databases, one per test (median 11 ms, slowest 48 ms)
           Isolation clone: 31 untouched, 380 undone, 1 replaced; 42 compared with the template: after 1 test it differed
                     shop: clone because the role is no superuser
                     1 was replaced: it changed pg_proc (first after admin::installs)
                     could not be undone, so replaced: proofmark_shop_7f_3: undoing failed
                     1 test on the direct lane, where 0 refusals were told: reports::monthly
          Invariants 16, checked 1204 times after 412 leases: none was broken; not asked of shop::constraints::*
             Summary [  41.2s] all 166 promises were refused and accepted at least once; 1 database differed from the template
    "#]],
    );
}

#[test]
fn a_broken_invariant_is_shown_with_its_rows() {
    check(
        &models::broken(),
        Options::default(),
        &expect![[r#"
            ────────────
                  Broken invariant stock_level_equals_its_movements after orders::cancel_while_shipping
                         must hold: on_hand is the sum of the movements
                         subject: level 7, problem: on_hand 3, moved 4
                         ... and more rows
            ────────────
              PostgreSQL 15.14 (/usr/lib/postgresql/15/bin)
                Template shop@9c1e77aa (reused)
                  Leased 412 databases, one per test (median 11 ms, slowest 48 ms)
               Isolation reset: 31 untouched, 380 undone, 1 replaced; 42 compared with the template: none differed
                         1 was replaced: it changed pg_proc (first after admin::installs)
              Invariants 16, checked 1204 times after 412 leases: broken 1 time; not asked of shop::constraints::*
                 Summary [  41.2s] all 166 promises were refused and accepted at least once; 1 invariant broken
        "#]],
    );
}

#[test]
fn the_failed_suite_comes_first_then_the_worst_gaps() {
    check(
        &models::troubled(),
        PLAIN,
        &expect![[r#"
            ────────────
                  FAILED [  41.2s] `cargo nextest run -p shop` ended with exit code 100
                    Kept the database of orders::reserve_last_unit: proofmark psql pm_shop_7f3a_12

            warning[masked]: another promise refused first whenever `refund_within_capture` was broken
             |
             = note: broken 2 times, never refused by this name
             = note: `refund_amount_positive` refused instead, in refunds::too_much and refunds::twice

            warning[never-refused]: no test tried to break `reserved_within_on_hand`
             --> migrations/0007_inventory.sql:6:5
              |
            6 |     constraint reserved_within_on_hand check (reserved <= on_hand),
              |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              |
              = note: accepted 412 rows, refused none of them
              = note: 37 tests wrote to it, first orders::reserve_last_unit
            help: a write that it should refuse; fill it in
                insert into public.inventory_level (sku_id, location_id, on_hand, reserved)
                values (1, 1, 1, /* a value that breaks: reserved <= on_hand */ 0);

            warning[never-tried]: no test came near `dispute_rule_01`
             --> migrations/0007_inventory.sql:5:5
              |
            5 |     reserved    bigint not null default 0,
              |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ no row of this table was ever written

            warning[never-accepted]: no row that keeps `dispute_payment_fkey` was ever written
             |
             = note: refused 3 times, accepted nothing

                     GAP never-tried  public.dispute.dispute_rule_02  migrations/0007_inventory.sql:5
                     GAP never-tried  public.dispute.dispute_rule_03  migrations/0007_inventory.sql:5
                     GAP never-tried  public.dispute.dispute_rule_04  migrations/0007_inventory.sql:5
                     GAP never-tried  public.dispute.dispute_rule_05  migrations/0007_inventory.sql:5
                     GAP never-tried  public.dispute.dispute_rule_06  migrations/0007_inventory.sql:5
                     GAP never-tried  public.dispute.dispute_rule_07  migrations/0007_inventory.sql:5
                     GAP never-tried  public.dispute.dispute_rule_08  migrations/0007_inventory.sql:5
                     GAP never-tried  public.dispute.dispute_rule_09  migrations/0007_inventory.sql:5
                     GAP never-tried  public.dispute.dispute_rule_10  migrations/0007_inventory.sql:5
                     GAP never-tried  public.dispute.dispute_rule_11  migrations/0007_inventory.sql:5
                     GAP never-tried  public.dispute.dispute_rule_12  migrations/0007_inventory.sql:5
                     GAP never-tried  public.dispute.dispute_rule_13  migrations/0007_inventory.sql:5
                         ... and 3 more: proofmark report --all

                     GAP 11 columns were never refused a NULL
                         public.orders: number, customer_id, placed_at, currency, grand_total and 5 more
                         public.refund: amount

                    Note 7 refusals count for no promise
                            7  22P02  the server does not say which type refused the text

                    LEFT admin::exports created the database `export`
            ────────────
              PostgreSQL 15.14 (/usr/lib/postgresql/15/bin)
                Template shop@9c1e77aa (reused)
                  Leased 412 databases (median 11 ms, slowest 480 ms)
                         408: one per test
                         4: one per process; tests of one process shared a database
                 Slowest 480 ms orders::reserve_last_unit
               Isolation reset: 31 untouched, 380 undone, 1 replaced; 42 compared with the template: none differed
                         1 was replaced: it changed pg_proc (first after admin::installs)
                   CHECK 52 refused, 69 accepted of 70, 1 never tried
                  UNIQUE 20 refused, 21 accepted of 21
             PRIMARY KEY 31 refused, 31 accepted of 31
             FOREIGN KEY 43 refused, 44 accepted of 44
                NOT NULL 91 refused, 96 accepted of 96
              Invariants 16, checked 1204 times after 412 leases: none was broken; not asked of shop::constraints::*
                 Summary [  41.2s] 146 of 166 promises refused at least once, 19 gaps; 91 of 96 NOT NULL; the suite failed
                    Next proofmark report --all lists every promise
        "#]],
    );
}

#[test]
fn nothing_observed_says_why_and_never_looks_like_no_gaps() {
    check(
        &models::nothing(),
        PLAIN,
        &expect![[r#"
            ────────────
                 NOTHING the suite never connected through the proxy; nothing is known about 262 promises
                         the most likely reasons:
                         1. the suite takes its database from elsewhere: a file, a constant, another variable
                            let it read DATABASE_URL, or name its variable as `env` of the database in proofmark.toml
                         2. the suite starts a database of its own, such as a container
                            switch that off when DATABASE_URL is set
                         3. no test ran, or none of those that ran needs a database
                            run the command alone and count its tests
            ────────────
              PostgreSQL 15.14 (/usr/lib/postgresql/15/bin)
                Template shop@9c1e77aa (reused)
                    Next proofmark doctor
        "#]],
    );
}

#[test]
fn connections_that_were_turned_away_say_why() {
    check(
        &models::turned_away(),
        PLAIN,
        &expect![[r#"
        ────────────
             NOTHING none of 12 connections was let in; nothing is known about 262 promises
                     12 times: there is no database "postgres" here; the databases are: shop
        ────────────
          PostgreSQL 15.14 (/usr/lib/postgresql/15/bin)
            Template shop@9c1e77aa (reused)
                Next proofmark doctor
    "#]],
    );
}

#[test]
fn the_listing_names_every_promise_with_mark_and_word() {
    expect![[r#"
        ✓ refused and accepted
        ! refused, never accepted
        · accepted, never refused
        ~ broken, but another promise refused
        ✗ never tried
        - refusals have no name

        public.inventory_level
          ✓ PRIMARY KEY  inventory_level_pkey     refused 3, accepted 412           migrations/0007_inventory.sql:6
          ! CHECK        on_hand_not_negative     refused 3, never accepted         migrations/0007_inventory.sql:6
          ~ CHECK        reserved_not_negative    masked 2, never refused           migrations/0007_inventory.sql:6
          · CHECK        reserved_within_on_hand  accepted 412, never refused       migrations/0007_inventory.sql:6
          ✗ NOT NULL     sku_id                   never tried                       migrations/0007_inventory.sql:6

        public.order_status
          - ENUM  order_status  refusals have no name             migrations/0007_inventory.sql:6
    "#]].assert_eq(&listing(&models::covered(), &PLAIN));
}

#[test]
fn all_shows_every_gap_in_full() {
    let report = models::troubled();
    let all = render(&report, &Options { all: true, ..PLAIN });
    for gap in &report.findings {
        assert!(all.contains(&gap.name), "{} is missing", gap.subject);
    }
    assert!(!all.contains("more: proofmark report --all"), "nothing is left out:\n{all}");
}

#[test]
fn what_is_left_out_is_counted() {
    let report = models::troubled();
    let short = render(&report, &PLAIN);
    let left_out = |nulls: bool| {
        let gaps = report.findings.iter().filter(|gap| (gap.kind == Some(Kind::NotNull)) == nulls);
        gaps.filter(|gap| !short.contains(&gap.name)).count()
    };
    assert!(left_out(false) > 0 && left_out(true) > 0, "the model has more than a page shows");
    let more = format!("... and {} more: proofmark report --all", left_out(false));
    assert!(short.contains(&more), "{short}");
    assert!(short.contains(&format!(" and {} more\n", left_out(true))), "{short}");
}

#[test]
fn colour_adds_nothing_but_colour() {
    for report in [models::covered(), models::troubled(), models::nothing(), models::hostile()] {
        let coloured = render(&report, &Options { color: true, ..PLAIN });
        assert!(coloured.contains('\u{1b}'), "there is colour");
        assert_eq!(without_colour(&coloured), render(&report, &PLAIN));
    }
}

#[test]
fn nothing_in_a_name_is_obeyed_by_the_terminal() {
    let report = models::hostile();
    for text in [render(&report, &PLAIN), listing(&report, &PLAIN)] {
        let obeyed =
            |c: &char| c.is_control() && *c != '\n' || ('\u{202a}'..='\u{202e}').contains(c);
        assert_eq!(text.chars().find(obeyed), None, "in:\n{text}");
    }
}

/// Takes the sequences `ESC [ ... m` out.
fn without_colour(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn where_only_nulls_were_not_tried_the_kinds_are_not_listed() {
    let mut report = models::covered();
    report.findings = models::troubled().findings;
    report.findings.retain(|gap| gap.kind == Some(Kind::NotNull));
    report.figures[4].refused -= report.findings.len() as u64;
    check(
        &report,
        PLAIN,
        &expect![[r#"
            ────────────
                     GAP 11 columns were never refused a NULL
                         public.orders: number, customer_id, placed_at, currency, grand_total and 5 more
                         public.refund: amount
            ────────────
              PostgreSQL 15.14 (/usr/lib/postgresql/15/bin)
                Template shop@9c1e77aa (reused)
                  Leased 412 databases, one per test (median 11 ms, slowest 48 ms)
               Isolation reset: 31 untouched, 380 undone, 1 replaced; 42 compared with the template: none differed
                         1 was replaced: it changed pg_proc (first after admin::installs)
              Invariants 16, checked 1204 times after 412 leases: none was broken; not asked of shop::constraints::*
                 Summary [  41.2s] all 166 promises were refused and accepted at least once; 85 of 96 NOT NULL
                    Next proofmark report --all lists every promise
        "#]],
    );
}
