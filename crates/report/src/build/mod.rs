//! Makes a report of a trace and its coverage.
//!
//! In: a trace, and what the coverage crate made of it. Out: a [`Report`].
//!
//! **Invariant:** whether something was tried is the coverage crate's word; here it is only put
//! in order, worded and shown with its declaration.

mod facts;
mod held;
mod isolation;
mod leases;
mod promises;
mod states;

use proofmark_coverage::Coverage;
use proofmark_findings::{Finished, Rules};
use proofmark_trace::Trace;

use crate::model::{SCHEMA, VERSION};
use crate::{Figure, Report, Unattributed};

impl Report {
    /// The report of a trace, whole, cut off or merged.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use proofmark_report::{Report, terminal};
    ///
    /// let trace = proofmark_trace::Trace::read("trace.jsonl".as_ref())?;
    /// let report = Report::from_trace(&trace, &proofmark_coverage::cover(&trace));
    /// let page = terminal::render(&report, &terminal::Options::default());
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_trace(trace: &Trace, coverage: &Coverage) -> Self {
        Self::judged(&Finished::of(trace, coverage), &Rules::default())
    }

    /// The report of a finished run, judged by the project's rules.
    pub fn judged(finished: &Finished<'_>, rules: &Rules) -> Self {
        let (trace, coverage) = (finished.trace, finished.coverage);
        let judged = rules.judge(finished);
        let (kept, left) = facts::left_over(trace);
        Self {
            schema: SCHEMA.to_owned(),
            version: VERSION,
            outcome: facts::outcome(trace, !coverage.observed_nothing()),
            run: facts::run_facts(trace),
            leases: leases::leases(trace),
            figures: figures(coverage),
            invariants: facts::invariants(trace),
            isolation: isolation::isolation(trace),
            findings: judged.findings,
            verdict: judged.verdict,
            gone: judged.gone,
            listing: promises::listing(finished),
            unattributed: unattributed(coverage),
            kept,
            left,
            held: held::held(trace),
            states: states::states(coverage),
            sources: facts::sources(trace),
            notes: facts::notes(trace),
        }
    }
}

fn figures(coverage: &Coverage) -> Vec<Figure> {
    let summaries = coverage.summaries();
    summaries
        .into_iter()
        .map(|summary| Figure {
            kind: summary.group,
            promises: summary.total,
            refused: summary.refused,
            accepted: summary.accepted,
            never: summary.never,
        })
        .collect()
}

fn unattributed(coverage: &Coverage) -> Vec<Unattributed> {
    let refusals = coverage.unattributed.iter();
    refusals
        .map(|refusals| Unattributed {
            sqlstate: refusals.sqlstate.clone(),
            why: match &refusals.named {
                Some(named) => format!("{} (`{named}`)", refusals.reason.reason()),
                None => refusals.reason.reason().to_owned(),
            },
            times: refusals.tried.times,
            statement: refusals.statement.clone(),
            test: refusals.tried.tests.named.first().map(|test| test.as_str().to_owned()),
        })
        .collect()
}
