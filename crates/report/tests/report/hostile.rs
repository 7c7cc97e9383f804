//! Names that a browser, a terminal, Markdown or an XML parser might obey, in every text of a
//! report, through every format.

use proofmark_report::{
    Report, badge, html, junit, lcov, markdown, prometheus, sarif, terminal, to_json,
};
use serde_json::Value;

use crate::models;

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'&\u{1b}[31m\u{9b}1m\
    \u{202e}\u{2066}\n@all **x** [l](https://e.x) | `x` ``` ]]> -->\r\n- a,b\\";

/// Fields whose texts are words of the format, not somebody's.
const WORDS: [&str; 7] = ["schema", "outcome", "kind", "state", "means", "severity", "moves_seen"];

/// A report in which every text begins with the hostile one.
fn report() -> Report {
    fn poison(value: &mut Value) {
        match value {
            Value::String(text) => *text = format!("{HOSTILE}{text}"),
            Value::Array(items) => items.iter_mut().for_each(poison),
            Value::Object(fields) => {
                let fields = fields.iter_mut().filter(|(key, _)| !WORDS.contains(&key.as_str()));
                fields.for_each(|(_, value)| poison(value));
            }
            _ => {}
        }
    }
    let mut report = models::troubled();
    report.invariants = models::broken().invariants;
    let mut value: Value = serde_json::from_str(&to_json(&report)).expect("it is JSON");
    poison(&mut value);
    serde_json::from_value(value).expect("only texts were changed")
}

#[track_caller]
fn shows_no_controls(text: &str) {
    let obeyed = |c: &char| {
        c.is_control() && *c != '\n'
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if let Some(at) = text.find(|c| obeyed(&c)) {
        panic!("{:?}", text[..at].lines().last());
    }
    assert!(text.contains("202e"), "the name itself is shown");
}

#[test]
fn a_page_holds_no_element_of_a_name() {
    let page = html::render(&report());
    shows_no_controls(&page);
    for (tag, times) in [("<script", 1), ("</script", 1), ("<img", 0), ("<style", 1)] {
        assert_eq!(page.matches(tag).count(), times, "{tag}");
    }
    balanced(&page[page.find("<body>").expect("it has a body")..page.find("<script>").unwrap()]);
}

#[test]
fn xml_stays_well_formed() {
    let xml = junit::render(&report());
    shows_no_controls(&xml);
    balanced(xml.split_once("?>").expect("it is XML").1);
    let svg = badge::render(&report());
    balanced(&svg);
}

#[test]
fn sarif_is_json_and_its_texts_are_safe_to_show() {
    fn texts(value: &Value) {
        match value {
            Value::String(text) => assert!(!text.contains(['\u{1b}', '\u{202e}', '\n']), "{text}"),
            Value::Array(items) => items.iter().for_each(texts),
            Value::Object(fields) => fields.values().for_each(texts),
            _ => {}
        }
    }
    let log: Value = serde_json::from_str(&sarif::render(&report())).expect("it is JSON");
    texts(&log);
    let first = &log["runs"][0]["results"][1]["locations"][0]["physicalLocation"];
    let uri = first["artifactLocation"]["uri"].as_str().expect("it has a place");
    assert!(uri.chars().all(|c| c.is_ascii_alphanumeric() || "%-._~/".contains(c)), "{uri}");
}

#[test]
fn markdown_has_no_markup_of_a_name() {
    let page = markdown::render(&report(), Some(&models::covered()));
    shows_no_controls(&page);
    for markup in ["<script", "<img", "**x**", "](", "@all", "https://", "```", "`x`"] {
        assert!(!page.contains(markup), "{markup}");
    }
    let tables = page.lines().filter(|line| line.starts_with('|'));
    for row in tables {
        assert_eq!(row.matches('|').count(), 7, "{row}");
    }
}

#[test]
fn line_formats_have_only_their_own_lines() {
    let text = lcov::render(&report());
    shows_no_controls(&text);
    let known =
        ["TN:", "SF:", "FN:", "FNDA:", "FNF:", "FNH:", "DA:", "LF:", "LH:", "end_of_record"];
    for line in text.lines() {
        assert!(known.iter().any(|start| line.starts_with(start)), "{line}");
    }
    let text = prometheus::render(&report());
    text.lines().for_each(crate::outputs::exposition_line);
}

#[test]
fn a_terminal_is_told_nothing_to_obey() {
    let options = terminal::Options { all: true, ..terminal::Options::default() };
    shows_no_controls(&terminal::render(&report(), &options));
}

/// Every element is closed in its order, and every `&` begins an entity.
#[track_caller]
fn balanced(markup: &str) {
    const VOID: [&str; 3] = ["br", "input", "meta"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = markup;
    while let Some((text, after)) = rest.split_once('<') {
        entities(text);
        let (tag, after) = after.split_once('>').expect("a tag is closed");
        entities(tag);
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes are in pairs: <{tag}>");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "<{tag}>");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "before: {text}");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        rest = after;
    }
    assert!(open.iter().all(|name| *name == "body"), "left open: {open:?}");
}

#[track_caller]
fn entities(text: &str) {
    for after in text.split('&').skip(1) {
        let (name, _) = after.split_once(';').expect("an entity ends");
        let known = ["amp", "lt", "gt", "quot", "#39"].contains(&name)
            || name.starts_with('#') && name[1..].chars().all(|c| c.is_ascii_digit());
        assert!(known, "&{name};");
    }
}
