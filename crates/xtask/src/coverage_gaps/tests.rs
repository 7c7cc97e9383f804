//! Pages, as they are written, read back, and compared with a later run.

use serde_json::{Value, json};

use super::*;

fn tried(tests: &[&str]) -> Value {
    json!({"times": tests.len(), "tests": tests.len(), "first": tests})
}

fn promise(name: &str, state: &str, refused: &[&str], accepted: &[&str]) -> Value {
    json!({
        "id": format!("public.orders.{name}"), "state": state, "declared_at": "migrations/1.sql:7",
        "refused": tried(refused), "accepted": tried(accepted),
    })
}

fn report(promises: &[Value], held: &[&str]) -> Report {
    let held: Vec<Value> = held.iter().map(|test| json!({"test": test})).collect();
    let step = json!({"from": "a", "to": "b", "declared": true, "taken": tried(&[])});
    let state = json!({"state": "b", "declared": true, "stored": tried(&["t::one"])});
    let report = json!({
        "listing": [{"name": "public.orders", "promises": promises}], "held": held,
        "states": [{"address": "public.orders.state", "states": [state], "moves": [step]}],
    });
    serde_json::from_value(report).expect("a report")
}

const HELD: [&str; 2] = ["t::one", "t::two"];

fn both() -> Report {
    let first = promise("total", "covered", &["t::two", "t::one"], &["t::two"]);
    report(&[first, promise("open", "never-refused", &[], &["t::one"])], &HELD)
}

#[test]
fn what_is_written_is_read_back() {
    let page = Page::read(&page::text(&both()));
    let gaps: Vec<&str> = page.gaps.iter().map(String::as_str).collect();
    assert_eq!(
        gaps,
        [
            "`public.orders.open` (migrations/1.sql): never refused",
            "`public.orders.state`: the move from `a` to `b` is never taken",
        ]
    );
    let test = |name: &str| Some(name.to_owned());
    assert_eq!(page.rows["public.orders.total"], (test("t::one"), test("t::two")));
    assert_eq!(page.rows["public.orders.open"], (None, test("t::one")));
    assert_eq!(differences(&page, &both()), Vec::<String>::new());
}

#[test]
fn another_of_several_tests_is_no_difference() {
    let page = Page::read(&page::text(&both()));
    let first = promise("total", "covered", &["t::two"], &["t::one"]);
    let now = report(&[first, promise("open", "never-refused", &[], &["t::two"])], &HELD);
    assert_eq!(differences(&page, &now), Vec::<String>::new());
}

#[test]
fn a_gap_that_opened_a_promise_that_is_new_and_a_test_that_is_gone_are_told() {
    let page = Page::read(&page::text(&both()));
    let open = promise("open", "covered", &["t::two"], &["t::two"]);
    let new = promise("new", "never-tried", &[], &[]);
    let now = report(&[open, new], &["t::two"]);
    assert_eq!(
        differences(&page, &now),
        [
            "no test tries this, which the page does not say: \
             `public.orders.new` (migrations/1.sql): never tried",
            "no longer so: `public.orders.open` (migrations/1.sql): never refused",
            "is missing: public.orders.new",
            "has changed: public.orders.open",
            "there is no such promise: public.orders.total",
            "there is no such test: t::one (public.orders.open)",
            "there is no such test: t::one (public.orders.total)",
        ]
    );
}
