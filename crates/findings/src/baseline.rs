//! The findings that were accepted earlier.
//!
//! In: the text of `proofmark.baseline.toml`. Out: a [`Baseline`], and the text again: sorted by
//! id, so that two people who accept different findings do not conflict.
//!
//! **Invariant:** an acceptance holds for one id and no pattern, and has a reason.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Acceptance, Finding};

/// The name of the file, beside `proofmark.toml`.
pub const BASELINE_FILE: &str = "proofmark.baseline.toml";

const HEADER: &str = "\
# Findings that were accepted: `proofmark review` writes this file, and a person reads it.
# `proofmark review --prune` removes what no longer exists.
";

/// Accepted findings by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    accepted: BTreeMap<String, Acceptance>,
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BaselineError {
    /// Not TOML, or a key that does not exist.
    #[error("{0}")]
    Syntax(String),
    /// The same finding twice.
    #[error("`{0}` is accepted twice; help: remove one of the two")]
    Twice(String),
    /// A reason that says nothing.
    #[error("`{0}` has no reason; help: proofmark review --accept '{0}' --reason \"why\"")]
    NoReason(String),
    /// A day that does not exist.
    #[error("`{until}`, until which `{id}` is accepted, is no day; help: until = \"2026-12-31\"")]
    NoDay {
        /// The finding.
        id: String,
        /// What stands there.
        until: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    accepted: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl Baseline {
    /// Reads the file's text.
    ///
    /// # Errors
    /// [`BaselineError`] when it is not what `proofmark review` writes.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let file: File = toml::from_str(text)
            .map_err(|error| BaselineError::Syntax(error.to_string().trim_end().to_owned()))?;
        let mut baseline = Self::default();
        for entry in file.accepted {
            if baseline.accepted.contains_key(&entry.id) {
                return Err(BaselineError::Twice(entry.id));
            }
            baseline.accept(&entry.id, &entry.reason, entry.until.as_deref())?;
        }
        Ok(baseline)
    }

    /// The file's text.
    #[expect(clippy::missing_panics_doc, reason = "three texts per entry are always TOML")]
    pub fn to_text(&self) -> String {
        let accepted = self.accepted.iter().map(|(id, acceptance)| Entry {
            id: id.clone(),
            reason: acceptance.reason.clone(),
            until: acceptance.until.clone(),
        });
        let file = File { accepted: accepted.collect() };
        let entries = toml::to_string(&file).expect("three texts per entry are TOML");
        if file.accepted.is_empty() { HEADER.to_owned() } else { format!("{HEADER}\n{entries}") }
    }

    /// Accepts a finding, or changes why.
    ///
    /// # Errors
    /// [`BaselineError::NoReason`] and [`BaselineError::NoDay`].
    pub fn accept(
        &mut self,
        id: &str,
        reason: &str,
        until: Option<&str>,
    ) -> Result<(), BaselineError> {
        let reason = reason.trim();
        if reason.is_empty() || reason == "..." {
            return Err(BaselineError::NoReason(id.to_owned()));
        }
        if let Some(until) = until
            && (NaiveDate::parse_from_str(until, "%Y-%m-%d").is_err() || until.len() != 10)
        {
            return Err(BaselineError::NoDay { id: id.to_owned(), until: until.to_owned() });
        }
        let acceptance = Acceptance { reason: reason.to_owned(), until: until.map(str::to_owned) };
        self.accepted.insert(id.to_owned(), acceptance);
        Ok(())
    }

    /// Removes what none of the findings is; the ids that were removed.
    pub fn prune(&mut self, findings: &[Finding]) -> Vec<String> {
        let gone = self.gone(findings);
        self.accepted.retain(|id, _| !gone.contains(id));
        gone
    }

    /// The ids that none of the findings has.
    pub fn gone(&self, findings: &[Finding]) -> Vec<String> {
        let there: BTreeSet<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
        self.accepted.keys().filter(|id| !there.contains(id.as_str())).cloned().collect()
    }

    /// Marks the findings that are accepted on `today` (`2026-11-22`). Where an acceptance has
    /// expired, the finding says so and counts again.
    pub(crate) fn apply(&self, findings: &mut [Finding], today: &str) {
        for finding in findings {
            let Some(acceptance) = self.accepted.get(&finding.id) else { continue };
            match &acceptance.until {
                // Days written this way sort as they follow each other.
                Some(until) if until.as_str() < today => finding
                    .notes
                    .push(format!("it was accepted until {until}: {}", acceptance.reason)),
                _ => finding.accepted = Some(acceptance.clone()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CHECKS;

    fn finding(subject: &str) -> Finding {
        CHECKS[0].finding(Some("shop"), subject)
    }

    #[test]
    fn what_is_written_is_read_again_in_a_stable_order() {
        let mut baseline = Baseline::default();
        for id in ["b", "a:shop:it's \"quoted\"\n\u{202e}<b>", "c"] {
            baseline.accept(id, "because", Some("2026-12-31")).unwrap();
        }
        let text = baseline.to_text();
        assert_eq!(Baseline::parse(&text).unwrap(), baseline);
        let places: Vec<usize> =
            ["a:shop", "\"b\"", "\"c\""].iter().map(|id| text.find(id).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
        assert_eq!(Baseline::parse(HEADER).unwrap(), Baseline::default());
    }

    #[test]
    fn an_acceptance_holds_through_its_last_day_and_no_longer() {
        let mut baseline = Baseline::default();
        let one = finding("public.t.a");
        baseline.accept(&one.id, "later", Some("2026-11-22")).unwrap();
        let on = |today: &str| {
            let mut findings = [one.clone()];
            baseline.apply(&mut findings, today);
            let [finding] = findings;
            (finding.counts(), finding.notes)
        };
        assert_eq!(on("2026-11-22"), (false, vec![]));
        let expired = "it was accepted until 2026-11-22: later".to_owned();
        assert_eq!(on("2026-11-23"), (true, vec![expired]));
    }

    #[test]
    fn what_no_longer_exists_is_named_and_can_be_removed() {
        let mut baseline = Baseline::default();
        let (old, new) = (finding("public.t.old"), finding("public.t.new"));
        baseline.accept(&old.id, "why", None).unwrap();
        baseline.accept(&new.id, "why", None).unwrap();
        let found = [new];
        assert_eq!(baseline.gone(&found), [old.id.as_str()]);
        assert_eq!(baseline.prune(&found), [old.id]);
        assert!(!baseline.to_text().contains("old"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_to_do() {
        let entry = |rest: &str| Baseline::parse(&format!("[[accepted]]\nid = \"x\"\n{rest}"));
        assert_eq!(entry("reason = \" \""), Err(BaselineError::NoReason("x".into())));
        let no_day = |until: &str| BaselineError::NoDay { id: "x".into(), until: until.into() };
        for until in ["2026-02-30", "soon", "2026-1-1"] {
            let text = format!("reason = \"r\"\nuntil = \"{until}\"");
            assert_eq!(entry(&text), Err(no_day(until)));
        }
        let twice = "reason = \"r\"\n[[accepted]]\nid = \"x\"\nreason = \"r\"";
        assert_eq!(entry(twice), Err(BaselineError::Twice("x".into())));
        assert!(matches!(entry("reson = \"r\""), Err(BaselineError::Syntax(_))));
    }
}
