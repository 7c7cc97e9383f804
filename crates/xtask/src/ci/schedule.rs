//! Runs gates as a graph.
//!
//! In: the selected gates and how many may run at once. Out: each gate with what came of it, in the
//! order of the file; lines on the terminal as they end.
//!
//! **Invariant:** a failed gate stops only the gates that need it, and those are SKIPPED.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;
use std::time::Duration;

use super::console::say;
use super::gates::Gate;
use super::process::{self, Ended, Outcome, Workplace};

/// Lines of a failed gate's log that are shown; the rest is in the log.
const LINES_SHOWN: usize = 80;

/// Every gate with what came of it.
pub(crate) type Results<'a> = Vec<(&'a Gate, Ended)>;

/// Runs `gates` with at most `slots` at the same time.
pub(crate) fn run<'a>(
    gates: &[&'a Gate],
    place: &Workplace,
    slots: usize,
) -> anyhow::Result<Results<'a>> {
    let mut waiting: Vec<&Gate> = gates.to_vec();
    let mut running: BTreeMap<&str, &Gate> = BTreeMap::new();
    let mut ended: BTreeMap<&str, Ended> = BTreeMap::new();
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| -> anyhow::Result<()> {
        while ended.len() < gates.len() {
            let mut held: BTreeSet<&str> =
                running.values().filter_map(|gate| gate.lock.as_deref()).collect();
            let mut rest = Vec::new();
            for gate in std::mem::take(&mut waiting) {
                let need = gate.needs.iter().find(|need| {
                    ended.get(need.as_str()).is_some_and(|ended| ended.outcome != Outcome::Pass)
                });
                let ready = gate.needs.iter().all(|need| ended.contains_key(need.as_str()));
                let free = gate.lock.as_deref().is_none_or(|lock| !held.contains(lock));
                if let Some(need) = need {
                    let skipped = Ended::skipped(format!("{need} has not passed"));
                    announce(gate, &skipped);
                    ended.insert(&gate.id, skipped);
                } else if ready && free && running.len() < slots {
                    held.extend(gate.lock.as_deref());
                    running.insert(&gate.id, gate);
                    let sender = sender.clone();
                    scope.spawn(move || {
                        let result = process::run(gate, &gate.run, place);
                        // The receiver outlives every gate unless one of them could not be started.
                        drop(sender.send((gate, result)));
                    });
                } else {
                    rest.push(gate);
                }
            }
            waiting = rest;
            if running.is_empty() {
                continue;
            }
            if let Ok((gate, result)) = receiver.recv_timeout(Duration::from_mins(1)) {
                let result = result?;
                running.remove(gate.id.as_str());
                announce(gate, &result);
                ended.insert(&gate.id, result);
            } else {
                // Some services end a job that says nothing for too long.
                let names: Vec<&str> = running.keys().copied().collect();
                say(&format!("     running  {}", names.join(", ")));
            }
        }
        Ok(())
    })?;
    let results = gates.iter().filter_map(|gate| Some((*gate, ended.remove(gate.id.as_str())?)));
    Ok(results.collect())
}

fn announce(gate: &Gate, ended: &Ended) {
    let text = || {
        let bytes = std::fs::read(&ended.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    match &ended.outcome {
        Outcome::Pass if gate.show => say(&format!("==> {}: {}\n{}", gate.id, gate.run, text())),
        Outcome::Fail(_) => {
            let all = text();
            let lines: Vec<&str> = all.lines().collect();
            let first = if gate.show { 0 } else { lines.len().saturating_sub(LINES_SHOWN) };
            say(&format!("==> {}: {}\n{}", gate.id, gate.run, lines[first..].join("\n")));
        }
        _ => {}
    }
    let (word, why) = match &ended.outcome {
        Outcome::Pass => ("PASS", String::new()),
        Outcome::Fail(why) => ("FAIL", format!(": {why}, {}", ended.log.display())),
        Outcome::Skipped(why) => ("SKIPPED", format!(": {why}")),
    };
    say(&format!("{word:>12} [{:7.1}s] {}{why}", ended.wall_s, gate.id));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::gates::Gates;

    fn outcomes(rows: &[(&str, &str, &str)], slots: usize) -> Vec<Outcome> {
        let row = |(id, run, more): &(&str, &str, &str)| {
            format!(
                "[[gate]]\nid = \"{id}\"\nsays = \"s\"\nrun = '''{run}'''\nclass = \"fast\"\n\
                 inputs = [\"**\"]\nbudget_s = 1\ngroup = \"lint\"\n\
                 proof = {{ expect = \"x\" }}\n{more}\n"
            )
        };
        let text = rows.iter().map(row).collect::<Vec<_>>().concat();
        let gates = Gates::parse(&text).expect("gates");
        let selected: Vec<&Gate> = gates.all.iter().collect();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = Workplace {
            folder: folder.path().to_path_buf(),
            logs: folder.path().join("logs"),
            path: std::env::var_os("PATH").expect("a PATH"),
            variables: Vec::new(),
        };
        let results = run(&selected, &place, slots).expect("bash starts");
        results.into_iter().map(|(_, ended)| ended.outcome).collect()
    }

    #[test]
    fn a_failure_stops_only_what_needs_it() {
        let rows = [
            ("a", "false", ""),
            ("b", "true", "needs = [\"a\"]"),
            ("c", "true", "needs = [\"b\"]"),
            ("d", "true", ""),
        ];
        let skipped = |need: &str| Outcome::Skipped(format!("{need} has not passed"));
        let expected =
            [Outcome::Fail("exit code 1".to_owned()), skipped("a"), skipped("b"), Outcome::Pass];
        assert_eq!(outcomes(&rows, 2), expected);
    }

    #[test]
    fn gates_with_one_lock_are_never_inside_at_once_and_others_are() {
        // Each holder makes a folder that must not be there yet, and takes it away.
        let alone = "mkdir held; for i in $(seq 50); do :; done; rmdir held";
        let lock = "lock = \"l\"";
        let rows = [("a", alone, lock), ("b", alone, lock), ("c", alone, lock)];
        assert_eq!(outcomes(&rows, 3), [Outcome::Pass, Outcome::Pass, Outcome::Pass]);
        // Two that wait for each other end only if they run at the same time.
        let rows = [
            ("a", "mkfifo one; echo x >one", ""),
            ("b", "until [ -p one ]; do :; done; read -r y <one; [ \"$y\" = x ]", ""),
        ];
        assert_eq!(outcomes(&rows, 2), [Outcome::Pass, Outcome::Pass]);
    }
}
