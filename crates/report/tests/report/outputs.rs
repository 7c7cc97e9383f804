//! What machines read, over reports made by hand.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expect_test::{Expect, expect};
use flate2::read::GzDecoder;
use proofmark_report::{
    Acceptance, Finding, Report, RuleOutcome, Verdict, badge, html, junit, lcov, markdown,
    prometheus, sarif, to_json,
};
use serde_json::Value;

use crate::models;

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called")]
fn check(text: &str, expected: Expect) {
    expected.assert_eq(text);
}

/// One finding of each fate, so that the expected texts stay short.
fn few() -> Report {
    let mut report = models::troubled();
    report.findings.truncate(3);
    report.findings[2].accepted = Some(Acceptance {
        reason: "the importer is retired".to_owned(),
        until: Some("2027-01-31".to_owned()),
    });
    report
}

#[test]
fn junit_has_a_case_for_each_lease_and_each_finding() {
    check(
        &junit::render(&few()),
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="cargo nextest run -p shop" tests="6" failures="3" time="41.230">
              <testsuite name="cargo nextest run -p shop" tests="3" failures="1" errors="0">
                <testcase classname="orders" name="places" time="0.890"/>
                <testcase classname="orders" name="reserve_last_unit" time="2.380">
                  <failure message="the test said that it failed; its database `shop` saw 42 statements and refused 3"/>
                </testcase>
                <testcase classname="orders" name="ships"/>
              </testsuite>
              <testsuite name="proofmark findings" tests="3" failures="2" errors="0" skipped="1">
                <testcase classname="proofmark.masked" name="public.refund.refund_within_capture">
                  <failure type="masked" message="another promise refused first whenever `refund_within_capture` was broken">broken 2 times, never refused by this name
            `refund_amount_positive` refused instead, in refunds::too_much and refunds::twice
            accept it: proofmark review --accept masked:shop:public.refund.refund_within_capture --reason &quot;...&quot;</failure>
                </testcase>
                <testcase classname="proofmark.never-refused" name="public.inventory_level.reserved_within_on_hand">
                  <failure type="never-refused" message="no test tried to break `reserved_within_on_hand`">accepted 412 rows, refused none of them
            migrations/0007_inventory.sql:6
            37 tests wrote to it, first orders::reserve_last_unit
            a write that it should refuse; fill it in:
            insert into public.inventory_level (sku_id, location_id, on_hand, reserved)
            values (1, 1, 1, /* a value that breaks: reserved &lt;= on_hand */ 0);
            accept it: proofmark review --accept never-refused:shop:public.inventory_level.reserved_within_on_hand --reason &quot;...&quot;</failure>
                </testcase>
                <testcase classname="proofmark.never-tried" name="public.dispute.dispute_rule_01">
                  <skipped message="accepted: the importer is retired"/>
                </testcase>
              </testsuite>
            </testsuites>
        "#]],
    );
}

#[test]
fn lcov_has_the_lines_that_declare_promises() {
    check(
        &lcov::render(&few()),
        expect![[r#"
        TN:proofmark
        SF:migrations/0007_inventory.sql
        FN:6,public.inventory_level.inventory_level_pkey
        FN:6,public.inventory_level.on_hand_not_negative
        FN:6,public.inventory_level.reserved_not_negative
        FN:6,public.inventory_level.reserved_within_on_hand
        FN:6,public.inventory_level.sku_id
        FNDA:3,public.inventory_level.inventory_level_pkey
        FNDA:3,public.inventory_level.on_hand_not_negative
        FNDA:0,public.inventory_level.reserved_not_negative
        FNDA:0,public.inventory_level.reserved_within_on_hand
        FNDA:0,public.inventory_level.sku_id
        FNF:5
        FNH:2
        DA:6,0
        LF:1
        LH:0
        end_of_record
    "#]],
    );
}

#[test]
fn prometheus_has_the_figures() {
    let text = prometheus::render(&few());
    text.lines().for_each(exposition_line);
    check(
        &text,
        expect![[r##"
        # HELP proofmark_passed Whether the suite and the gate passed.
        # TYPE proofmark_passed gauge
        proofmark_passed 0
        # HELP proofmark_promises Promises of the schema, by kind and what was tried.
        # TYPE proofmark_promises gauge
        proofmark_promises{kind="check",state="all"} 70
        proofmark_promises{kind="check",state="refused"} 52
        proofmark_promises{kind="check",state="accepted"} 69
        proofmark_promises{kind="check",state="never"} 1
        proofmark_promises{kind="unique",state="all"} 21
        proofmark_promises{kind="unique",state="refused"} 20
        proofmark_promises{kind="unique",state="accepted"} 21
        proofmark_promises{kind="unique",state="never"} 0
        proofmark_promises{kind="primary key",state="all"} 31
        proofmark_promises{kind="primary key",state="refused"} 31
        proofmark_promises{kind="primary key",state="accepted"} 31
        proofmark_promises{kind="primary key",state="never"} 0
        proofmark_promises{kind="foreign key",state="all"} 44
        proofmark_promises{kind="foreign key",state="refused"} 43
        proofmark_promises{kind="foreign key",state="accepted"} 44
        proofmark_promises{kind="foreign key",state="never"} 0
        proofmark_promises{kind="not null",state="all"} 96
        proofmark_promises{kind="not null",state="refused"} 91
        proofmark_promises{kind="not null",state="accepted"} 96
        proofmark_promises{kind="not null",state="never"} 0
        # HELP proofmark_findings Findings by check and severity.
        # TYPE proofmark_findings gauge
        proofmark_findings{check="masked",severity="warning",accepted="false"} 1
        proofmark_findings{check="never-refused",severity="warning",accepted="false"} 1
        proofmark_findings{check="never-tried",severity="warning",accepted="true"} 1
        # HELP proofmark_invariants Invariants that are declared.
        # TYPE proofmark_invariants gauge
        proofmark_invariants 16
        # HELP proofmark_invariants_broken Times one did not hold after a test.
        # TYPE proofmark_invariants_broken gauge
        proofmark_invariants_broken 0
        # HELP proofmark_leases Databases that were handed out.
        # TYPE proofmark_leases gauge
        proofmark_leases 412
        # HELP proofmark_statements Statements seen.
        # TYPE proofmark_statements gauge
        proofmark_statements 18204
        # HELP proofmark_lease_wait_seconds Median and longest wait for a database.
        # TYPE proofmark_lease_wait_seconds gauge
        proofmark_lease_wait_seconds{quantile="0.5"} 0.011200
        proofmark_lease_wait_seconds{quantile="1"} 0.480000
        # HELP proofmark_suite_seconds Wall time of the suite.
        # TYPE proofmark_suite_seconds gauge
        proofmark_suite_seconds 41.230000
        # HELP proofmark_started_timestamp_seconds When the run started.
        # TYPE proofmark_started_timestamp_seconds gauge
        proofmark_started_timestamp_seconds 1795000000.000000
    "##]],
    );
}

/// A line of the text exposition format, version 0.0.4.
#[track_caller]
pub(crate) fn exposition_line(line: &str) {
    let name_end = |text: &str| {
        text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len())
    };
    if let Some(comment) = line.strip_prefix("# ") {
        assert!(comment.starts_with("HELP proofmark_") || comment.starts_with("TYPE proofmark_"));
        return;
    }
    assert!(line.starts_with("proofmark_"), "{line}");
    let mut rest = &line[name_end(line)..];
    if let Some(labels) = rest.strip_prefix('{') {
        rest = labels;
        while !rest.starts_with('}') {
            let (name, after) = rest.split_once("=\"").expect("a label has a value");
            assert_eq!(name_end(name), name.len(), "{line}");
            let mut escaped = false;
            let end = after.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            rest = after[end.expect("the value ends") + 1..].trim_start_matches(',');
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').expect("a value follows");
    assert!(value.parse::<f64>().is_ok(), "{line}");
}

#[test]
fn sarif_has_an_alert_on_the_line_that_declares_the_promise() {
    let log: Value = serde_json::from_str(&sarif::render(&few())).expect("it is JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("it has rules");
    for result in run["results"].as_array().expect("it has results") {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
    }
    let result = &run["results"][1];
    assert_eq!(result["level"], "warning");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "migrations/0007_inventory.sql");
    assert_eq!(
        place["region"],
        serde_json::json!({ "startLine": 6, "startColumn": 5, "endLine": 6, "endColumn": 67 })
    );
    assert_eq!(run["results"][2]["suppressions"][0]["justification"], "the importer is retired");
}

#[test]
fn markdown_shows_figures_and_findings() {
    check(
        &markdown::render(&few(), None),
        expect![[r#"
        ## ✗ Suite failed: 146 of 166 promises refused

        | kind | refused | of | | accepted | never tried |
        |---|--:|--:|--:|--:|--:|
        | CHECK | 52 | 70 | 74 % | 69 | 1 |
        | UNIQUE | 20 | 21 | 95 % | 21 | 0 |
        | PRIMARY KEY | 31 | 31 | 100 % | 31 | 0 |
        | FOREIGN KEY | 43 | 44 | 97 % | 44 | 0 |
        | NOT NULL | 91 | 96 | 94 % | 96 | 0 |

        <details><summary>2 findings</summary>

        - **<code>masked</code>** another promise refused first whenever <code>refund_within_capture</code> was broken
          <br>broken 2 times, never refused by this name
          <br><code>refund_amount_positive</code> refused instead, in refunds::too_much and refunds::twice
        - **<code>never-refused</code>** no test tried to break <code>reserved_within_on_hand</code>, <code>migrations/0007_inventory.sql&#58;6</code>
          <br>accepted 412 rows, refused none of them
          <br>37 tests wrote to it, first orders::reserve_last_unit
          <br>a write that it should refuse; fill it in:<br><code>insert into public.inventory_level (sku_id, location_id, on_hand, reserved)</code><br><code>values (1, 1, 1, /&#42; a value that breaks&#58; reserved &#60;&#61; on_hand &#42;/ 0);</code>

        </details>

        <sub><code>cargo nextest run &#45;p shop</code> · PostgreSQL <code>15.14</code> · 412 leases · 41.2 s</sub>
    "#]],
    );
}

#[test]
fn markdown_says_what_has_changed_since_the_base() {
    let mut base = few();
    base.findings.remove(0);
    base.findings[0].id = "never-refused:shop:public.gone.x".to_owned();
    base.findings[0].subject = "public.gone.x".to_owned();
    base.figures[0].refused -= 2;
    base.listing[0].promises.pop();
    let page = markdown::render(&few(), Some(&base));
    assert!(page.contains("2 new findings, 1 no longer there; 1 promise came, 0 went."), "{page}");
    assert!(page.contains("| CHECK | 52 (+2) | 70 |"), "{page}");
    assert!(page.contains("- <code>public.gone.x</code>"), "{page}");
    let same = markdown::render(&few(), Some(&few()));
    assert!(same.contains("Since the base: nothing has changed."), "{same}");
}

#[test]
fn the_badge_says_its_number_and_does_not_round_it_up() {
    let mut report = models::covered();
    assert!(badge::render(&report).contains("aria-label=\"constraints tried: 100 %\""));
    report.figures[0].refused -= 1;
    assert!(badge::render(&report).contains("constraints tried: 99 %"));
    assert!(badge::render(&models::nothing()).contains("constraints tried: unknown"));
}

#[test]
fn the_page_is_small_asks_nobody_and_carries_its_data() {
    let page = html::render(&few());
    assert!(page.len() < 200 * 1024, "{} bytes", page.len());
    for request in [" src=", "url(", "@import", "<link", "http://", "fetch("] {
        assert!(!page.contains(request), "{request}");
    }
    assert!(page.contains("default-src &#39;none&#39;;"));
    let data = page.split("href=\"data:application/gzip;base64,").nth(1).expect("it has data");
    let data = STANDARD.decode(data.split('"').next().unwrap()).expect("it is base64");
    let mut json = String::new();
    GzDecoder::new(&*data).read_to_string(&mut json).expect("it is gzip");
    let embedded: Report = serde_json::from_str(&json).expect("it is a report");
    assert_eq!(embedded, few());
}

/// A browser that runs scripts reads a `<noscript>` as text up to its end, one that does not reads
/// elements: both must find the same, so none stands within another or across an element.
#[test]
fn what_is_folded_is_inert_and_whole() {
    let mut report = models::troubled();
    let one = report.findings[0].clone();
    report.findings.extend((0..450).map(|n| Finding { id: format!("more:{n}"), ..one.clone() }));
    let page = html::render(&report);
    let inert: Vec<&str> = page.split("<noscript>").skip(1).collect();
    assert!(inert.len() > 200, "only {} parts are inert", inert.len());
    let shown = page.matches("<article").count();
    let together: usize = inert.iter().map(|part| part.matches("<article").count() / 50).sum();
    assert_eq!((shown, together > 3), (report.findings.len(), true), "rows are inert together");
    for part in inert {
        let (part, _) = part.split_once("</noscript>").expect("it ends before the next begins");
        let count = |what: &str| part.matches(what).count();
        for tag in ["section", "main", "article", "details", "div", "table", "svg", "pre", "a"] {
            let opened = count(&format!("<{tag} ")) + count(&format!("<{tag}>"));
            assert_eq!(opened, count(&format!("</{tag}>")), "<{tag}> in: {part}");
        }
    }
}

#[test]
fn every_finding_and_promise_has_an_address_and_every_link_leads_somewhere() {
    let page = html::render(&models::troubled());
    let report = models::troubled();
    let ids: Vec<&str> =
        page.split(" id=\"").skip(1).map(|s| s.split('"').next().unwrap()).collect();
    let distinct: std::collections::HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "an id is there once");
    let count = |kind: &str| ids.iter().filter(|id| id.starts_with(kind)).count();
    assert_eq!(count("finding:"), report.findings.len());
    let promises = report.listing.iter().map(|owner| owner.promises.len()).sum::<usize>();
    assert_eq!(count("promise:"), promises);
    for link in page.split("href=\"#").skip(1).map(|s| s.split('"').next().unwrap()) {
        assert!(distinct.contains(link), "#{link} leads nowhere");
    }
}

#[test]
fn the_head_of_the_page_says_how_it_went_and_why() {
    let head = |report: &Report| {
        let page = html::render(report);
        let text = page.split("<header").nth(1).unwrap().split("</header>").next().unwrap();
        text.to_owned()
    };
    assert!(head(&models::covered()).contains("All 166 promises were refused at least once."));
    let failed = head(&models::troubled());
    assert!(failed.contains("Suite failed") && failed.contains("exit code 100"), "{failed}");
    let broken = head(&models::broken());
    assert!(broken.contains("Gate failed") && broken.contains("stock_level_equals_its_movements"));
    assert!(head(&models::leaked()).contains("not equal to the template"));
    let nothing = head(&models::nothing());
    assert!(nothing.contains("nothing is known about 166 promises"), "{nothing}");
    let mut gated = models::covered();
    gated.verdict = Verdict::over(vec![RuleOutcome {
        rule: "check".to_owned(),
        limit: "90 %".to_owned(),
        actual: "74 %".to_owned(),
        passed: false,
        sentence: "`check` wants 90 % refused, 74 % are".to_owned(),
    }]);
    let gated = head(&gated);
    assert!(gated.contains("Gate failed") && gated.contains("wants 90 % refused"), "{gated}");
}

#[test]
fn an_older_report_without_leases_is_still_read() {
    let mut value: Value = serde_json::from_str(&to_json(&few())).expect("it is JSON");
    let fields = value.as_object_mut().expect("it is an object");
    for key in ["held", "states", "sources"] {
        assert!(fields.remove(key).is_some(), "{key}");
    }
    let report: Report = serde_json::from_value(value).expect("they may be missing");
    assert!(report.held.is_empty() && !report.findings.is_empty());
}
