//! What a check is: what it looks for, and all that a person may ask about it.
//!
//! In: nothing. Out: [`Check`], the value that every file beside this one gives.
//!
//! **Invariant:** a check is known by its id alone: in findings, in baselines, in the documents.

use crate::model::{Finding, Severity};
use crate::{Finished, Kind};

/// One rule that is applied to a finished run.
///
/// The texts are Markdown, a sentence per line, and make up the check's page in the documents and
/// what `proofmark explain` prints.
#[derive(Debug)]
pub struct Check {
    /// Its id, such as `never-refused`.
    pub id: &'static str,
    /// How bad its findings are.
    pub severity: Severity,
    /// What it reports, in one line without a full stop.
    pub what: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// How it comes about.
    pub example: &'static str,
    /// What to do about a finding.
    pub what_to_do: &'static str,
    /// What it does not see, and when it is wrong.
    pub limits: &'static str,
    /// When to accept a finding.
    pub accept: &'static str,
    /// A schema and a suite in which it finds something.
    pub scenario: Scenario,
    pub(crate) find: fn(&Finished<'_>) -> Vec<Finding>,
}

/// A small schema and a small suite, and the finding that they lead to. It is shown on the check's
/// page and runs as a test.
#[derive(Debug)]
pub struct Scenario {
    /// The migration.
    pub schema: &'static str,
    /// The suite: after each line `-- test: name` what that test's `psql` reads.
    pub suite: &'static str,
    /// What stands in `proofmark.toml` behind `[database.shop]`.
    pub configuration: &'static str,
    /// What `invariants.sql` holds.
    pub invariants: &'static str,
    /// What `proofmark run` is given.
    pub arguments: &'static [&'static str],
    /// The id of the finding.
    pub finds: &'static str,
}

impl Scenario {
    /// A scenario that needs nothing but a schema and a suite, still without both.
    pub(crate) const PLAIN: Self = Self {
        schema: "",
        suite: "",
        configuration: "",
        invariants: "",
        arguments: &[],
        finds: "",
    };
}

impl Check {
    /// A finding of this check, still without words.
    pub(crate) fn finding(&self, database: Option<&str>, subject: &str) -> Finding {
        let id = match database {
            Some(database) => format!("{}:{database}:{subject}", self.id),
            None => format!("{}::{subject}", self.id),
        };
        Finding {
            accept: accept_command(&id),
            id,
            check: self.id.to_owned(),
            severity: self.severity,
            database: database.map(str::to_owned),
            subject: subject.to_owned(),
            kind: None::<Kind>,
            owner: String::new(),
            name: subject.to_owned(),
            title: String::new(),
            label: String::new(),
            declared: None,
            notes: Vec::new(),
            tests: Vec::new(),
            suggestion: None,
            accepted: None,
        }
    }
}

/// The command that accepts a finding, for a shell.
fn accept_command(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/=@%+,".contains(c);
    let id = if !id.is_empty() && id.chars().all(plain) {
        id.to_owned()
    } else {
        format!("'{}'", id.replace('\'', r"'\''"))
    };
    format!("proofmark review --accept {id} --reason \"...\"")
}

#[cfg(test)]
mod tests {
    use super::accept_command;

    #[test]
    fn a_name_is_quoted_for_the_shell_where_it_must_be() {
        assert_eq!(
            accept_command("masked:shop:public.t.c"),
            "proofmark review --accept masked:shop:public.t.c --reason \"...\""
        );
        assert_eq!(
            accept_command("masked:shop:public.t.it's $(x)"),
            r#"proofmark review --accept 'masked:shop:public.t.it'\''s $(x)' --reason "...""#
        );
    }
}
