//! Traces of several machines that ran parts of one suite.

use std::collections::BTreeSet;

use expect_test::expect;
use proofmark_trace::{LeaseKey, MergeError, Record, Trace, merge};

use crate::runs::written;

fn trace(run: &str, template: &str) -> Trace {
    Trace::from_lines(written(run, template).as_slice()).expect("it was just written")
}

#[test]
fn leases_with_the_same_number_stay_distinct() {
    let merged = merge(vec![trace("r1", "aa"), trace("r2", "aa")]).expect("same template");
    let leases: BTreeSet<LeaseKey> = merged
        .entries()
        .filter_map(|(run, entry)| match &entry.record {
            Record::LeaseReturned(returned) => {
                Some(LeaseKey { run: run.clone(), lease: returned.lease })
            }
            _ => None,
        })
        .collect();
    assert_eq!(leases.len(), 2);
}

#[test]
fn a_merged_trace_is_a_trace_file_and_merges_again() {
    let merged = merge(vec![trace("r1", "aa"), trace("r2", "aa")]).expect("same template");
    let mut bytes = Vec::new();
    merged.write(&mut bytes).expect("memory takes it");
    let read = Trace::from_lines(bytes.as_slice()).expect("it was just written");
    assert_eq!(read, merged);
    assert_eq!(merge(vec![read, trace("r3", "aa")]).expect("same template").runs.len(), 3);
}

#[test]
fn different_templates_are_refused_with_both_names() {
    let error = merge(vec![trace("r1", "9c1e77aa01"), trace("r2", "51f0aa23bc")]);
    let text = error.expect_err("the templates differ").to_string();
    expect![[
        "the database `shop` is of template 9c1e77aa in run r1 and of template 51f0aa23 in run \
         r2; join only traces of runs from the same commit"
    ]]
    .assert_eq(&text);
}

#[test]
fn one_run_is_not_counted_twice() {
    let error = merge(vec![trace("r1", "aa"), trace("r1", "aa")]).expect_err("twice the same");
    assert_eq!(error.to_string(), "run r1 is there twice; give each trace once");
    assert_eq!(merge(Vec::new()), Err(MergeError::Nothing));
}
