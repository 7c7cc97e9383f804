//! Joins the traces of several machines that ran parts of one suite.
//!
//! In: traces. Out: one trace with all their runs, if they worked on the same templates.
//!
//! **Invariant:** joining only puts runs side by side. No record is changed, so a lease stays
//! distinct by its run and number.

use std::collections::{BTreeMap, BTreeSet};

use crate::{RunId, TemplateHash, Trace};

/// Why traces do not belong together.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is nothing to join.
    #[error("no trace was given; name at least one trace file")]
    Nothing,
    /// Coverage of one schema says nothing about another.
    #[error(
        "the database `{database}` is of template {first_template} in run {first_run} \
         and of template {second_template} in run {second_run}; \
         join only traces of runs from the same commit",
        first_template = .first.1.short(),
        first_run = .first.0,
        second_template = .second.1.short(),
        second_run = .second.0
    )]
    DifferentTemplates {
        /// The database, as clients ask for it.
        database: String,
        /// The run that named it first, and its template there.
        first: (RunId, TemplateHash),
        /// The run that disagrees, and its template there.
        second: (RunId, TemplateHash),
    },
    /// The same run is in two of the files; it would be counted twice.
    #[error("run {0} is there twice; give each trace once")]
    SameRunTwice(RunId),
}

/// Joins traces of one suite, in the order given.
///
/// # Errors
/// When there are none, one run is there twice, or a database is of different templates.
pub fn merge(traces: Vec<Trace>) -> Result<Trace, MergeError> {
    let runs: Vec<_> = traces.into_iter().flat_map(|trace| trace.runs).collect();
    if runs.is_empty() {
        return Err(MergeError::Nothing);
    }
    let mut seen = BTreeSet::new();
    let mut templates: BTreeMap<&str, (&RunId, &TemplateHash)> = BTreeMap::new();
    for run in &runs {
        let id = &run.header.run;
        if !seen.insert(id) {
            return Err(MergeError::SameRunTwice(id.clone()));
        }
        for database in run.started().into_iter().flat_map(|started| &started.databases) {
            let (run, template) =
                *templates.entry(&database.name).or_insert((id, &database.template));
            if *template != database.template {
                return Err(MergeError::DifferentTemplates {
                    database: database.name.clone(),
                    first: (run.clone(), template.clone()),
                    second: (id.clone(), database.template.clone()),
                });
            }
        }
    }
    Ok(Trace { runs })
}
