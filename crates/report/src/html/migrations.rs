//! The migrations as source, with what was tried in the margin, as a coverage view has it.
//!
//! In: the sources of a report and the promises that are declared in them. Out: files of lines.
//!
//! **Invariant:** a line is shown as it is written; a mark stands only where a promise is declared.

use std::collections::HashMap;

use super::address::{address, of_line, of_promise};
use super::promises::{place, words};
use crate::escape::markup;
use crate::number::{counted, grouped};
use crate::terminal::visible;
use crate::{Promise, Report};

/// A migration file.
pub(super) struct File {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) sum: String,
    pub(super) open: bool,
    pub(super) lines: Vec<Line>,
}

/// A line of it.
pub(super) struct Line {
    /// Only lines that somebody may point to have one.
    pub(super) id: Option<String>,
    /// Whether a promise is declared on it that leaves something to try.
    pub(super) open: bool,
    /// Escaped HTML.
    pub(super) text: String,
    pub(super) mark: Option<Mark>,
}

/// What stands in the margin.
pub(super) struct Mark {
    pub(super) sign: &'static str,
    pub(super) text: String,
    /// All of it in words, with the promises' names.
    pub(super) title: String,
    pub(super) href: String,
}

pub(super) fn files(report: &Report) -> Vec<File> {
    let mut declared: HashMap<(&str, &str), HashMap<usize, Vec<&Promise>>> = HashMap::new();
    for owner in &report.listing {
        for promise in &owner.promises {
            if let Some((path, line)) = promise.declared_at.as_deref().and_then(place) {
                let lines = declared.entry((&owner.database, path)).or_default();
                lines.entry(line).or_default().push(promise);
            }
        }
    }
    let files = report.sources.iter().map(|source| {
        let at = declared.get(&(source.database.as_str(), source.path.as_str()));
        let lines: Vec<Line> = (source.text.lines().enumerate())
            .map(|(before, text)| {
                let number = before + 1;
                let promises = at.and_then(|lines| lines.get(&number)).map(Vec::as_slice);
                Line {
                    id: promises.map(|_| of_line(&source.database, &source.path, number)),
                    open: promises.is_some_and(|all| all.iter().any(|one| words(one.state).2)),
                    text: markup(&text.replace('\t', "  ")),
                    mark: promises.map(|promises| mark(&source.database, promises)),
                }
            })
            .collect();
        let promises = at.map_or(0, |lines| lines.values().map(Vec::len).sum());
        let open =
            at.map_or(0, |lines| lines.values().flatten().filter(|p| words(p.state).2).count());
        let all = counted(promises as u64, "promise", "promises");
        File {
            id: address("file", &[&source.database, &source.path]),
            path: visible(&source.path).into(),
            sum: if open == 0 { all } else { format!("{} of {all} open", grouped(open as u64)) },
            open: open > 0,
            lines,
        }
    });
    files.collect()
}

fn mark(database: &str, promises: &[&Promise]) -> Mark {
    // Of several promises on one line the one that leaves something to try is shown.
    let worst = promises.iter().find(|promise| words(promise.state).2).unwrap_or(&promises[0]);
    let (sign, state, open) = words(worst.state);
    let text = match (open, worst.refused.times) {
        (false, times) if times > 0 => format!("refused {}", grouped(times)),
        (true, _) if worst.accepted.times > 0 => {
            format!("{state}, accepted {}", grouped(worst.accepted.times))
        }
        _ => state.to_owned(),
    };
    let all = promises.iter().map(|promise| {
        let (_, state, _) = words(promise.state);
        let (refused, accepted) = (promise.refused.times, promise.accepted.times);
        let name = visible(&promise.name);
        format!("{name}: {state} (refused {}, accepted {})", grouped(refused), grouped(accepted))
    });
    let title = all.collect::<Vec<_>>().join("; ");
    let more = promises.len() - 1;
    Mark {
        sign,
        text: if more == 0 { text } else { format!("{text} +{more}") },
        title,
        href: of_promise(database, &worst.id),
    }
}
