//! The map from constraints to codes, and the codes themselves: complete in both directions.

use std::collections::BTreeSet;

use shop::http::{Code, constraints, of_constraint};

use crate::make::Make;

#[proofmark::test]
async fn every_constraint_has_a_code_and_no_other_name_has(make: Make) {
    let declared: Vec<(String, String, Option<String>)> =
        sqlx::query_as(include_str!("../../constraints/promises.sql"))
            .fetch_all(&make.db)
            .await
            .unwrap();
    let declared: BTreeSet<&str> = declared.iter().map(|(name, ..)| name.as_str()).collect();
    let mapped: BTreeSet<&str> = constraints().collect();
    let without: Vec<_> = declared.difference(&mapped).collect();
    let unknown: Vec<_> = mapped.difference(&declared).collect();
    assert!(without.is_empty(), "no code: {without:#?}");
    assert!(unknown.is_empty(), "no such constraint: {unknown:#?}");
    assert!(of_constraint("no_such_constraint").is_none());
}

#[test]
fn no_code_is_written_twice_and_each_is_given_somewhere() {
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), Code::ALL.len());
    let mut source = String::new();
    read(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut source);
    let unused: Vec<String> = Code::ALL
        .iter()
        .map(|code| format!("{code:?}"))
        .filter(|name| {
            let given = [format!("Code::{name}"), format!("=> {name}")];
            !given.iter().any(|text| {
                source.match_indices(text.as_str()).any(|(at, _)| {
                    !source[at + text.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
                })
            })
        })
        .collect();
    assert!(unused.is_empty(), "no error has the code {unused:?}");
}

fn read(folder: &std::path::Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, into);
        } else if path.file_name().is_some_and(|name| name != "code.rs") {
            into.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
