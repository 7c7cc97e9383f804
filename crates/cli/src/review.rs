//! `proofmark review`: what of the latest run is accepted, and why.
//!
//! In: the latest run, the baseline, answers of a person. Out: the baseline, written anew after
//! every answer, so that nothing is lost when the person leaves in between.
//!
//! **Invariant**: nothing is accepted without a reason, and without a terminal nothing is asked:
//! the commands are printed instead.

use std::io::{BufRead, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use proofmark::config::Config;
use proofmark_coverage::cover;
use proofmark_findings::{BASELINE_FILE, Baseline, Finding};
use proofmark_report::Report;
use proofmark_report::terminal::visible;
use proofmark_trace::Trace;

use crate::args::ReviewArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judging::{Judging, baseline_path, read_baseline};
use crate::output::latest_trace;
use crate::say::Say;

const KEYS: &str = "[a]ccept  [o]pen  [e]xplain  [s]kip  [q]uit";

pub(crate) fn review(arguments: &ReviewArguments, say: &Say) -> Result<Exit, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::because(Exit::Usage, "there is no current directory", &error))?;
    let config = Config::find(&here)?;
    let mut file =
        BaselineFile { path: baseline_path(&config.root), baseline: read_baseline(&config.root)? };
    if let (Some(id), Some(reason)) = (&arguments.accept, &arguments.reason) {
        file.accept(id, reason, arguments.until.as_deref())
            .map_err(|error| Failure::because(Exit::Usage, "nothing was accepted", &error))?;
        file.write()?;
        say.line("Accepted", &visible(id));
        return Ok(Exit::Clean);
    }
    let report = latest(&config)?;
    if arguments.prune {
        let gone = file.baseline.prune(&report.findings);
        file.write()?;
        for id in &gone {
            say.line("Forgotten", &visible(id));
        }
        say.line("Baseline", &format!("{} no longer there", count(gone.len())));
        return Ok(Exit::Clean);
    }
    let open: Vec<&Finding> = report.findings.iter().filter(|finding| finding.counts()).collect();
    let at_a_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let mut out = std::io::stdout().lock();
    let walked = if at_a_terminal {
        let editor = ["VISUAL", "EDITOR"].iter().find_map(std::env::var_os);
        let mut walk = Walk {
            file: &mut file,
            open: &|path, line| {
                let Some(editor) = &editor else { return false };
                let path = config.root.join(path);
                let status = Command::new(editor).arg(format!("+{line}")).arg(path).status();
                status.is_ok_and(|status| status.success())
            },
        };
        walk.through(&open, &mut std::io::stdin().lock(), &mut out)?
    } else {
        commands(&open, &report.gone).iter().try_for_each(|line| writeln!(out, "{line}"))
    };
    match walked {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::because(Exit::Internal, "the review was broken off", &error))
        }
        _ => Ok(Exit::Clean),
    }
}

/// The report of the latest run. A run in which nothing was observed is none that can be reviewed.
fn latest(config: &Config) -> Result<Report, Failure> {
    let path = latest_trace(&config.output);
    if !path.exists() {
        return Err(
            Failure::new(Exit::Usage, "there is no earlier run to review").help("proofmark run")
        );
    }
    let trace = Trace::read(&path).map_err(|error| {
        let state = format!("the trace {} cannot be read", path.display());
        Failure::because(Exit::Usage, state, &error).help(error.help())
    })?;
    let coverage = cover(&trace);
    if coverage.observed_nothing() {
        return Err(Failure::new(Exit::NothingObserved, "the latest run observed nothing")
            .help("proofmark explain nothing-observed"));
    }
    let mut judging = Judging::of(config, None)?;
    if let Some(run) = path.parent().and_then(|latest| latest.canonicalize().ok()) {
        judging = judging.after(&run);
    }
    Ok(judging.report(&trace, &coverage))
}

/// What to paste, where nobody can be asked.
fn commands(open: &[&Finding], gone: &[String]) -> Vec<String> {
    let mut lines = vec![format!("# {} to review", count(open.len()))];
    for finding in open {
        lines.push(format!("# {}: {}", finding.check, visible(&finding.title)));
        lines.push(visible(&finding.accept).into_owned());
    }
    if !gone.is_empty() {
        lines.push(format!("# accepted, but no longer there: {}", gone.len()));
        lines.push("proofmark review --prune".to_owned());
    }
    lines
}

/// The baseline and where it is.
struct BaselineFile {
    path: PathBuf,
    baseline: Baseline,
}

impl BaselineFile {
    fn accept(
        &mut self,
        id: &str,
        reason: &str,
        until: Option<&str>,
    ) -> Result<(), proofmark_findings::BaselineError> {
        self.baseline.accept(id, reason, until)
    }

    /// Writes beside the file and renames, so that it is never there by half.
    fn write(&self) -> Result<(), Failure> {
        let partial = self.path.with_extension(format!("{}.tmp", std::process::id()));
        let written = std::fs::write(&partial, self.baseline.to_text())
            .and_then(|()| std::fs::rename(&partial, &self.path));
        written.map_err(|error| {
            let state = format!("the baseline {} was not written", self.path.display());
            Failure::because(Exit::Usage, state, &error)
        })
    }
}

/// Goes through findings with a person.
struct Walk<'a> {
    file: &'a mut BaselineFile,
    /// Shows a line of a migration in an editor; whether that worked.
    open: &'a dyn Fn(&Path, usize) -> bool,
}

/// What a person said about the findings.
#[derive(Default)]
struct Answers {
    accepted: usize,
    skipped: usize,
}

impl Walk<'_> {
    fn through(
        &mut self,
        findings: &[&Finding],
        answers: &mut dyn BufRead,
        out: &mut dyn Write,
    ) -> Result<std::io::Result<()>, Failure> {
        let mut said = Answers::default();
        for (n, finding) in findings.iter().enumerate() {
            match self.one(finding, (n + 1, findings.len()), answers, out) {
                Ok(Answer::Accepted) => {
                    self.file.write()?;
                    said.accepted += 1;
                }
                Ok(Answer::Skipped) => said.skipped += 1,
                Ok(Answer::Quit) => break,
                Err(error) => return Ok(Err(error)),
            }
        }
        let left = findings.len() - said.accepted - said.skipped;
        let Answers { accepted, skipped } = said;
        let summary = format!("\n{accepted} accepted, {skipped} skipped, {left} not looked at");
        let written =
            if accepted > 0 { format!("{summary}; commit {BASELINE_FILE}") } else { summary };
        Ok(writeln!(out, "{written}"))
    }

    fn one(
        &mut self,
        finding: &Finding,
        (n, of): (usize, usize),
        answers: &mut dyn BufRead,
        out: &mut dyn Write,
    ) -> std::io::Result<Answer> {
        writeln!(out, "\n{n} of {of}  {}: {}", finding.check, visible(&finding.title))?;
        writeln!(out, "    {}", visible(&finding.subject))?;
        let place = finding.declared.as_ref();
        if let Some(declared) = place {
            writeln!(out, "    {}:{}", visible(&declared.path), declared.line)?;
        }
        for line in finding.notes.iter().chain(Some(&finding.label)).filter(|l| !l.is_empty()) {
            writeln!(out, "    {}", visible(line))?;
        }
        loop {
            let Some(key) = ask(&format!("{KEYS}: "), answers, out)? else {
                return Ok(Answer::Quit);
            };
            match key.as_str() {
                "a" | "accept" => {
                    if self.accept(finding, answers, out)? {
                        return Ok(Answer::Accepted);
                    }
                }
                "s" | "skip" | "" => return Ok(Answer::Skipped),
                "q" | "quit" => return Ok(Answer::Quit),
                "e" | "explain" => {
                    let check = proofmark_findings::check(&finding.check);
                    write!(out, "{}", check.map(proofmark_findings::page).unwrap_or_default())?;
                }
                "o" | "open" => match place {
                    Some(place) if (self.open)(Path::new(&place.path), place.line) => {}
                    Some(place) => {
                        writeln!(out, "{}", visible(&place.text))?;
                        writeln!(out, "(set EDITOR to open {})", visible(&place.path))?;
                    }
                    None => writeln!(out, "no migration declares it")?,
                },
                _ => writeln!(out, "one of: {KEYS}")?,
            }
        }
    }

    /// Asks why and for how long; `false` if the person thought better of it.
    fn accept(
        &mut self,
        finding: &Finding,
        answers: &mut dyn BufRead,
        out: &mut dyn Write,
    ) -> std::io::Result<bool> {
        let Some(reason) = ask("why (empty: back): ", answers, out)?.filter(|r| !r.is_empty())
        else {
            return Ok(false);
        };
        let Some(until) = ask("until, as 2027-06-30 (empty: for good): ", answers, out)? else {
            return Ok(false);
        };
        let until = Some(until.as_str()).filter(|until| !until.is_empty());
        match self.file.accept(&finding.id, &reason, until) {
            Ok(()) => Ok(true),
            Err(error) => {
                writeln!(out, "{error}")?;
                Ok(false)
            }
        }
    }
}

enum Answer {
    Accepted,
    Skipped,
    Quit,
}

/// A line without white space around it; `None` at the end of the input.
fn ask(
    question: &str,
    answers: &mut dyn BufRead,
    out: &mut dyn Write,
) -> std::io::Result<Option<String>> {
    write!(out, "{question}")?;
    out.flush()?;
    let mut line = String::new();
    let read = answers.read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

fn count(findings: usize) -> String {
    if findings == 1 { "1 finding".to_owned() } else { format!("{findings} findings") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(subject: &str) -> Finding {
        let json = serde_json::json!({
            "id": format!("never-refused:shop:{subject}"), "check": "never-refused",
            "severity": "warning", "database": "shop", "subject": subject, "kind": "check",
            "owner": "public.t", "name": subject, "title": format!("no test tried to break `{subject}`"),
            "label": "accepted 1 row, refused none", "declared": {
                "path": "1.sql", "first_line": 3, "line": 3, "text": "check (a > 0)",
                "start": 0, "end": 5
            },
            "notes": [], "tests": [], "suggestion": null,
            "accept": format!("proofmark review --accept never-refused:shop:{subject} --reason \"...\""),
            "accepted": null
        });
        serde_json::from_value(json).expect("it is a finding")
    }

    /// What is shown and what the baseline is afterwards.
    fn walked(answers: &str) -> (String, String) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(BASELINE_FILE);
        let mut file = BaselineFile { path: path.clone(), baseline: Baseline::default() };
        let findings = [finding("a"), finding("b\u{1b}[31m"), finding("c")];
        let mut out = Vec::new();
        let mut walk = Walk { file: &mut file, open: &|_, _| false };
        walk.through(&findings.iter().collect::<Vec<_>>(), &mut answers.as_bytes(), &mut out)
            .expect("the baseline can be written")
            .unwrap();
        let written = std::fs::read_to_string(path).unwrap_or_default();
        (String::from_utf8(out).unwrap(), written)
    }

    #[test]
    fn a_person_accepts_skips_and_leaves() {
        let (shown, written) = walked("a\nwe import these\n2027-06-30\ns\nq\n");
        assert!(
            shown.ends_with(
                "1 accepted, 1 skipped, 1 not looked at; commit proofmark.baseline.toml\n"
            )
        );
        assert!(shown.contains("2 of 3  never-refused") && shown.contains(KEYS), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
        assert!(written.contains("id = \"never-refused:shop:a\""), "{written}");
        assert!(written.contains("until = \"2027-06-30\""), "{written}");
    }

    #[test]
    fn nothing_is_accepted_without_a_reason_or_with_a_day_that_is_none() {
        let (shown, written) = walked("a\n\na\nwhy\nsoon\nnonsense\no\ne\nq\n");
        assert_eq!(written, "");
        assert!(shown.contains("is no day"), "{shown}");
        assert!(shown.contains("one of: [a]ccept"), "{shown}");
        assert!(shown.contains("set EDITOR to open 1.sql"), "{shown}");
        assert!(shown.contains("## Why it matters"), "{shown}");
        assert!(shown.ends_with("0 accepted, 0 skipped, 3 not looked at\n"), "{shown}");
    }

    #[test]
    fn the_end_of_the_input_ends_the_review() {
        let (shown, written) = walked("a\nwhy");
        assert_eq!(written, "");
        assert!(shown.ends_with("3 not looked at\n"), "{shown}");
    }

    #[test]
    fn without_a_terminal_the_commands_are_printed() {
        let finding = finding("a");
        assert_eq!(
            commands(&[&finding], &["masked:shop:x".to_owned()]),
            [
                "# 1 finding to review",
                "# never-refused: no test tried to break `a`",
                "proofmark review --accept never-refused:shop:a --reason \"...\"",
                "# accepted, but no longer there: 1",
                "proofmark review --prune",
            ]
        );
    }
}
