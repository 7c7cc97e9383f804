//! JUnit against the schema of those who read it.
//!
//! In: reports made by hand, hostile names among them. Out: what a schema does not allow, by its
//! place.
//!
//! **Invariant**: the schema is as its authors publish it (`tests/schemas/README.md`), and the test
//! shows that what it does not allow is refused.

use std::collections::HashMap;

use proofmark_report::{Acceptance, Report, junit};
use roxmltree::{Document, Node};

use crate::models;

const JUNIT: &str = include_str!("../schemas/junit-10.xsd");

/// A name that markup or a terminal would obey.
const HOSTILE: &str = "it's \"x\" <b>&amp;]]>\n\u{1b}[31m\u{202e}\u{0}/../%zz";

fn reports() -> Vec<Report> {
    let mut hostile = models::troubled();
    for finding in &mut hostile.findings {
        HOSTILE.clone_into(&mut finding.subject);
        HOSTILE.clone_into(&mut finding.title);
        HOSTILE.clone_into(&mut finding.id);
        finding.notes.push(HOSTILE.to_owned());
        if let Some(declared) = &mut finding.declared {
            HOSTILE.clone_into(&mut declared.path);
        }
    }
    for held in &mut hostile.held {
        HOSTILE.clone_into(&mut held.test);
    }
    let accepted = Acceptance { reason: HOSTILE.to_owned(), until: None };
    hostile.findings[0].accepted = Some(accepted);
    vec![
        models::troubled(),
        models::covered(),
        models::broken(),
        models::leaked(),
        models::nothing(),
        hostile,
    ]
}

/// The part of XML Schema that the schema of JUnit is written in: elements with attributes, some
/// of them required, and the elements that may stand inside.
struct Schema<'a> {
    elements: HashMap<&'a str, Node<'a, 'a>>,
}

impl<'a> Schema<'a> {
    fn of(document: &'a Document<'a>) -> Self {
        let top = document.root_element().children().filter(|node| node.has_tag_name(XS_ELEMENT));
        Self { elements: top.map(|node| (attribute(node, "name"), node)).collect() }
    }

    fn wrong(&self, node: Node<'_, '_>, found: &mut Vec<String>) {
        let name = node.tag_name().name();
        let Some(declared) = self.elements.get(name) else {
            found.push(format!("<{name}> is not declared"));
            return;
        };
        let parts = |tag| declared.descendants().filter(move |part| part.has_tag_name(tag));
        for given in node.attributes() {
            let one = parts(XS_ATTRIBUTE).find(|one| attribute(*one, "name") == given.name());
            match one.map(|one| attribute(one, "type")) {
                None => found.push(format!("<{name}> has {}", given.name())),
                Some("SUREFIRE_TIME") if !is_time(given.value()) => {
                    found.push(format!("<{name}> has the time {}", given.value()));
                }
                Some(_) => {}
            }
        }
        let required = parts(XS_ATTRIBUTE).filter(|one| one.attribute("use") == Some("required"));
        for one in required.map(|one| attribute(one, "name")) {
            if !node.has_attribute(one) {
                found.push(format!("<{name}> has no {one}"));
            }
        }
        for inner in node.children().filter(Node::is_element) {
            let tag = inner.tag_name().name();
            if !parts(XS_ELEMENT).any(|part| part.attribute("ref") == Some(tag)) {
                found.push(format!("<{tag}> stands in <{name}>"));
            }
            self.wrong(inner, found);
        }
        let is_mixed = parts(XS_TYPE).any(|part| part.attribute("mixed") == Some("true"));
        let says =
            |text: Node<'_, '_>| text.is_text() && !text.text().unwrap_or("").trim().is_empty();
        if !is_mixed && node.children().any(says) {
            found.push(format!("<{name}> holds text"));
        }
    }
}

const XS: &str = "http://www.w3.org/2001/XMLSchema";
const XS_ELEMENT: (&str, &str) = (XS, "element");
const XS_ATTRIBUTE: (&str, &str) = (XS, "attribute");
const XS_TYPE: (&str, &str) = (XS, "complexType");

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    node.attribute(name).unwrap_or_default()
}

/// Seconds with at most three decimals, as the pattern of `SUREFIRE_TIME` says.
fn is_time(text: &str) -> bool {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    digits(whole) && digits(decimals) && decimals.len() <= 3
}

fn wrong(schema: &Schema<'_>, xml: &str) -> Vec<String> {
    let document = Document::parse(xml).expect("it is XML");
    let mut found = Vec::new();
    schema.wrong(document.root_element(), &mut found);
    found
}

#[test]
fn junit_is_what_its_schema_allows() {
    let document = Document::parse(JUNIT).expect("it is XML");
    let schema = Schema::of(&document);
    for report in reports() {
        assert_eq!(wrong(&schema, &junit::render(&report)), Vec::<String>::new());
    }
    let odd = "<testsuites time=\"1.2345\"><testsuite name=\"a\" tests=\"1\" failures=\"0\">\
               <testcase line=\"1\">text</testcase><b/></testsuite></testsuites>";
    assert_eq!(
        wrong(&schema, odd),
        [
            "<testsuites> has the time 1.2345",
            "<testsuite> has no errors",
            "<testcase> has line",
            "<testcase> has no name",
            "<testcase> holds text",
            "<b> stands in <testsuite>",
            "<b> is not declared",
        ]
    );
}
